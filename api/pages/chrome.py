"""A page put together: template, navigation, content policy. The only place that makes HTML responses.

Everything shown is escaped by the template engine; no template marks text as safe. The policy admits our own files
only: no inline script or style, nothing from elsewhere (a test holds every page to it).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

import jinja2
from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse

from api.pages import words
from api.pages.articles import has_rule_page
from api.pages.static import address_of
from api.pages.titles import title_of
from api.principal import Principal
from cleanroom.state import UserRole

CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "Cache-Control": "no-store",
    # Not no-referrer: under that a browser sends our own forms with `Origin: null`, and they would look foreign.
    "Referrer-Policy": "same-origin",
}
_EVERYBODY = frozenset(UserRole)
_ASKERS = frozenset({UserRole.ANALYST, UserRole.STEWARD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """One entry of the navigation; ``roles`` are who can do something there."""

    address: str
    title: str
    roles: frozenset[UserRole]


AREAS = (
    Area(address="/", title="Home", roles=_EVERYBODY),
    Area(address="/insights", title="Insights", roles=_ASKERS),
    Area(address="/reports", title="Reports", roles=_ASKERS),
    Area(address="/data", title="Data", roles=_EVERYBODY),
    Area(address="/queries", title="Queries", roles=_EVERYBODY),
    Area(address="/runs", title="Runs", roles=_ASKERS),
    Area(address="/privacy", title="Privacy", roles=_EVERYBODY),
    Area(address="/log", title="Log", roles=frozenset({UserRole.AUDITOR, UserRole.STEWARD, UserRole.OPERATOR})),
    Area(address="/help", title="Help", roles=_EVERYBODY),
)


def page(
    request: Request,
    template: str,
    /,
    *,
    who: Principal | None,
    status: HTTPStatus = HTTPStatus.OK,
    **values: object,
) -> HTMLResponse:
    """``template`` with ``values`` inside the frame all pages share, for ``who``; None while nobody is signed in."""
    areas = [area for area in AREAS if who is not None and area.roles & who.roles]
    html = _TEMPLATES.get_template(template).render(
        who=who,
        room_name=request.app.state.room.name,
        areas=areas,
        here=_area_of(request.url.path, areas),
        **values,
    )
    return HTMLResponse(html, status_code=status, headers=HEADERS)


def is_part(request: Request) -> bool:
    """Whether our own script asks for a piece of the page, not a browser for all of it."""
    return request.headers.get("hx-request") == "true"


def see(address: str) -> RedirectResponse:
    """Go on at ``address`` after a form was sent; a reload does not send it again."""
    return RedirectResponse(address, status_code=HTTPStatus.SEE_OTHER, headers=HEADERS)


def _area_of(path: str, areas: Sequence[Area]) -> str:
    fits = (a.address for a in areas if path == a.address or (a.address != "/" and path.startswith(f"{a.address}/")))
    return next(fits, "")


def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("api.pages", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(words.FILTERS)
    made.tests.update(words.TESTS)
    made.tests["rule_page"] = has_rule_page
    made.globals["title_of"] = title_of
    made.globals["static"] = address_of
    return made


_TEMPLATES = _environment()
