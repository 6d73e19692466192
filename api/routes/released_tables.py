"""/v1/released.duckdb: everything one's member may hold, as one file of tables."""

from fastapi import APIRouter, Response

from api.auth import InRoom, Who
from api.usecases.released_tables import released_file

router = APIRouter(tags=["releases"])
_MEDIA_TYPE = "application/vnd.duckdb"


@router.get("/released.duckdb", response_class=Response, responses={200: {"content": {_MEDIA_TYPE: {}}}})
def get_released(room: InRoom, who: Who) -> Response:
    """A DuckDB file: ``releases`` lists what is in it, a view per question holds its newest answer."""
    headers = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="released.duckdb"'}
    return Response(released_file(room, who), media_type=_MEDIA_TYPE, headers=headers)
