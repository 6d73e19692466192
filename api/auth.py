"""Who a request comes from: an API key in the header, or a session cookie from one of our own pages.

Comes in: headers. Goes out: a ``Principal``, or a refusal. Cookies are believed on unsafe methods only when the
browser says that the request comes from our own origin: a foreign page cannot use somebody's session.
"""

from typing import Annotated

from fastapi import Depends, Request

from api.limits import RateLimiter
from api.principal import Principal
from api.room import Room
from api.usecases.people import not_signed_in, principal_of_key, principal_of_session
from cleanroom.errors import NotAuthorised

SESSION_COOKIE = "cleanroom_session"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_MAX_CREDENTIAL = 200


def room_of(request: Request) -> Room:
    """The room this application serves."""
    room = request.app.state.room
    if not isinstance(room, Room):
        raise TypeError("create_app put the room there")
    return room


def limiter_of(request: Request) -> RateLimiter:
    """The application's rate limiter."""
    limiter = request.app.state.limiter
    if not isinstance(limiter, RateLimiter):
        raise TypeError("create_app put the limiter there")
    return limiter


def client_address(request: Request) -> str:
    """Where the connection comes from; a proxy's headers are the server's business (uvicorn --proxy-headers)."""
    return request.client.host if request.client else "unknown"


def principal(request: Request) -> Principal:
    """Who asks.

    Raises:
        NotAuthorised: CR-A001 nobody we know, CR-A005 a foreign page's request with a cookie.
        Unavailable: CR-A006 too many requests.
    """
    limiter = limiter_of(request)
    try:
        found = _authenticate(request)
    except NotAuthorised as refusal:
        if refusal.code == "CR-A001":
            limiter.failed_credential(client_address(request))
        raise
    limiter.request(found.user)
    return found


def session_principal(request: Request) -> Principal | None:
    """Who is signed in to the pages, None when nobody is; for pages that offer the sign-in form instead."""
    try:
        return principal(request)
    except NotAuthorised:
        return None


def require_same_origin(request: Request) -> None:
    """Return only if a browser did not send this from another site.

    Raises:
        NotAuthorised: CR-A005.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    # A browser sends at least one of the two with every unsafe request; a program that is no browser has no cookies
    # to be borrowed, so absence of both refuses only cookie-borne requests (the caller is one).
    if site is not None:
        is_ours = site in {"same-origin", "none"}
    else:
        is_ours = origin is not None and origin == f"{request.url.scheme}://{request.url.netloc}"
    if not is_ours:
        raise NotAuthorised("CR-A005", "the request comes from another site", help="use the room's own pages")


def _authenticate(request: Request) -> Principal:
    room = room_of(request)
    header = request.headers.get("authorization", "")
    if header:
        scheme, _, key = header.partition(" ")
        if scheme.lower() != "bearer" or not key or len(key) > _MAX_CREDENTIAL:
            raise not_signed_in()
        return principal_of_key(room, key.strip())
    cookie = request.cookies.get(SESSION_COOKIE)
    if not cookie or len(cookie) > _MAX_CREDENTIAL:
        raise not_signed_in()
    found = principal_of_session(room, cookie)
    if request.method not in _SAFE:
        require_same_origin(request)
    return found


Who = Annotated[Principal, Depends(principal)]
"""A route's parameter: the person who asks."""

InRoom = Annotated[Room, Depends(room_of)]
"""A route's parameter: the room."""
