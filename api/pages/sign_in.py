"""Sign in and out."""

import re
from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from api.auth import SESSION_COOKIE, InRoom, Who, client_address, limiter_of, require_same_origin, session_principal
from api.pages.chrome import page, see
from api.pages.forms import Form
from api.pages.route import PageRoute
from api.routes.sessions import set_session_cookie
from api.usecases.people import sign_in, sign_out
from cleanroom.errors import NotAuthorised

router = APIRouter(route_class=PageRoute)

# One of our own pages: no scheme, no host, no doubled slash that a browser would read as one.
_OWN_PAGE = re.compile(r"/(?!/)[A-Za-z0-9/_.@-]{0,200}")


@router.get("/sign-in")
def ask(request: Request, next: str = "") -> Response:  # noqa: A002 - what the field is called everywhere
    """The form; who is signed in already goes home."""
    if session_principal(request) is not None:
        return see("/")
    return page(request, "sign_in.html", who=None, refused="", name="", goes_to=_own(next))


@router.post("/sign-in")
def enter(request: Request, room: InRoom, form: Form) -> Response:
    """Check the password and open a session."""
    require_same_origin(request)
    name, goes_to = form.get("user", "")[:64], _own(form.get("next", ""))
    limiter_of(request).sign_in(client_address(request), name)
    try:
        secret = sign_in(room, name, form.get("password", "")[:1024])
    except NotAuthorised as refusal:
        return page(
            request,
            "sign_in.html",
            who=None,
            status=HTTPStatus.UNAUTHORIZED,
            refused=refusal.message,
            name=name,
            goes_to=goes_to,
        )
    response = see(goes_to or "/")
    set_session_cookie(request, response, secret)
    return response


@router.post("/sign-out")
def leave(request: Request, room: InRoom, who: Who) -> Response:
    """End the session."""
    sign_out(room, who, request.cookies.get(SESSION_COOKIE, ""))
    response = see("/sign-in")
    response.delete_cookie(SESSION_COOKIE, path="/")
    return response


def _own(address: str) -> str:
    return address if _OWN_PAGE.fullmatch(address) else ""
