"""Every failure on a page leaves as a page: who is not signed in is asked to, everything else is said in words.

The same errors leave ``/v1`` as problem+json (``api.problems``); status, code, message and help are the same.
"""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from inspect import isawaitable
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from api.auth import session_principal
from api.pages.chrome import HEADERS, is_part, page, see
from api.principal import Principal
from api.problems import problem_of
from api.usecases.run_story import log_defect
from cleanroom.errors import CleanroomError, IntegrityFailure, NotFound, PolicyRefused, UsageProblem, Violation

_SAFE = frozenset({"GET", "HEAD"})


class PageRoute(APIRoute):
    """A route whose failures are pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The framework's handler, with our own border around it."""
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await inner(request)
            except CleanroomError as failure:
                return failure_page(request, failure)
            except (RequestValidationError, HTTPException):
                # The framework's texts repeat what was sent; ours does not (I15).
                return failure_page(request, UsageProblem("CR-A009", "the request is malformed"))
            except Exception as defect:  # noqa: BLE001 - a defect is a page too; its text may quote a cell (I15)
                log_defect(defect)
                return failure_page(
                    request,
                    IntegrityFailure("CR-A012", "something went wrong on our side", help="report it with the time"),
                )

        return handler


def failure_page(request: Request, failure: CleanroomError) -> Response:
    """``failure`` in words; sign-in where nobody is signed in."""
    status, _ = problem_of(failure)
    if status is HTTPStatus.UNAUTHORIZED and request.url.path != "/sign-in":
        return _to_sign_in(request)
    violations: tuple[Violation, ...] = failure.violations if isinstance(failure, PolicyRefused) else ()
    return page(
        request,
        "failure.html",
        who=_who(request),
        status=status,
        failure=failure,
        violations=violations,
    )


def answer_browsers(app: FastAPI) -> None:
    """An address that does not exist is a page to a browser; to everybody else it stays problem+json."""
    inner = app.exception_handlers[HTTPException]

    async def handler(request: Request, error: Exception) -> Response:
        is_missing = isinstance(error, HTTPException) and error.status_code == HTTPStatus.NOT_FOUND
        is_page = request.method in _SAFE and not request.url.path.startswith("/v1/")
        if is_missing and is_page and "text/html" in request.headers.get("accept", ""):
            missing = NotFound("CR-A011", "there is no such address")
            return await run_in_threadpool(failure_page, request, missing)
        answer = inner(request, error)
        found = await answer if isawaitable(answer) else answer
        if not isinstance(found, Response):
            raise TypeError("the handlers of api.problems answer")
        return found

    app.add_exception_handler(HTTPException, handler)


def _to_sign_in(request: Request) -> Response:
    address = "/sign-in"
    if request.method in _SAFE and request.url.path != "/":
        address += "?" + urlencode({"next": request.url.path})
    if is_part(request):
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={**HEADERS, "HX-Redirect": address})
    return see(address)


def _who(request: Request) -> Principal | None:
    try:
        return session_principal(request)
    except CleanroomError:
        return None
