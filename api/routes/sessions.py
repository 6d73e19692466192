"""/v1/sessions: sign in and out with a cookie, for the pages."""

from fastapi import APIRouter, Request, Response, status
from pydantic import BaseModel, ConfigDict, Field

from api.auth import SESSION_COOKIE, InRoom, Who, client_address, limiter_of, require_same_origin
from api.usecases.people import SESSION_HOURS, sign_in, sign_out

router = APIRouter(tags=["sessions"])


class Credentials(BaseModel):
    """A name and a password."""

    model_config = ConfigDict(extra="forbid")
    user: str = Field(max_length=64)
    password: str = Field(max_length=1024)


@router.post("/sessions", status_code=status.HTTP_204_NO_CONTENT)
def open_session(request: Request, room: InRoom, given: Credentials) -> Response:
    """Sign in; the session's secret is set as a cookie that scripts cannot read."""
    require_same_origin(request)
    limiter_of(request).sign_in(client_address(request), given.user)
    response = Response(status_code=status.HTTP_204_NO_CONTENT)
    set_session_cookie(request, response, sign_in(room, given.user, given.password))
    return response


@router.delete("/sessions", status_code=status.HTTP_204_NO_CONTENT)
def close_session(request: Request, room: InRoom, who: Who) -> Response:
    """Sign out."""
    sign_out(room, who, request.cookies.get(SESSION_COOKIE, ""))
    response = Response(status_code=status.HTTP_204_NO_CONTENT)
    response.delete_cookie(SESSION_COOKIE, path="/")
    return response


def set_session_cookie(request: Request, response: Response, secret: str) -> None:
    """Hand the session's secret to the browser: not to scripts, not to other sites, not in clear where TLS is used."""
    response.set_cookie(
        SESSION_COOKIE,
        secret,
        max_age=SESSION_HOURS * 3600,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        path="/",
    )
