"""Upload a prepared package with a browser: the form; the bytes go to ``/v1/uploads`` in pieces, by our own script."""

from fastapi import APIRouter, Request, Response

from api.auth import InRoom, Who
from api.pages.chrome import page
from api.pages.route import PageRoute
from api.usecases.uploads import list_uploads
from cleanroom.state import UploadState, UserRole

router = APIRouter(route_class=PageRoute)


@router.get("/data/upload")
def choose(request: Request, room: InRoom, who: Who) -> Response:
    """The form, and what has begun and not ended."""
    who.need(UserRole.UPLOADER)
    begun = [view for view in list_uploads(room, who, limit=40) if view.state is UploadState.RECEIVING]
    return page(request, "upload_form.html", who=who, begun=begun)
