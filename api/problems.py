"""Every failure as RFC 9457 problem+json: the one place where errors become HTTP.

Comes in: our errors, and whatever the framework raises. Goes out: status, code, message, help, never a value
(INVARIANT I15): what a client sent, what a driver said and where a program stood are left out.
"""

from collections.abc import Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cleanroom.errors import CleanroomError, PolicyRefused

MEDIA_TYPE = "application/problem+json"

# Codes whose status is not their class's.
_STATUS_OF_CODE: Mapping[str, HTTPStatus] = {
    "CR-A001": HTTPStatus.UNAUTHORIZED,
    "CR-A004": HTTPStatus.UNAUTHORIZED,
    "CR-A006": HTTPStatus.TOO_MANY_REQUESTS,
    "CR-A007": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "CR-A008": HTTPStatus.NOT_ACCEPTABLE,
    "CR-A013": HTTPStatus.PRECONDITION_FAILED,
    "CR-A020": HTTPStatus.GONE,
    "CR-A022": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
}
# The framework's own failures, in our words: status -> code, message.
_FRAMEWORK: Mapping[int, tuple[str, str]] = {
    400: ("CR-A009", "the request is malformed"),
    404: ("CR-A011", "there is no such address"),
    405: ("CR-A010", "this address does not take this method"),
    406: ("CR-A008", "none of the accepted formats is available"),
    413: ("CR-A007", "the request is too large"),
    415: ("CR-A022", "this address does not take this content type"),
    422: ("CR-A009", "the request is malformed"),
}
_RETRY_SECONDS = "5"
_logger = structlog.get_logger("cleanroom.api")


def install(app: FastAPI) -> None:
    """Make every failure of ``app`` leave through here."""
    app.add_exception_handler(CleanroomError, _ours)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _framework)
    app.add_exception_handler(Exception, _unexpected)


class PlainTextIsAProblem:
    """Failures that the framework sends as plain text, without asking any handler, leave as problems too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on but a plain-text failure."""
        replaced: Response | None = None

        async def exchanged(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and message["status"] in _FRAMEWORK:
                kinds = [value for name, value in message["headers"] if name.lower() == b"content-type"]
                if any(kind.startswith(b"text/plain") for kind in kinds):
                    replaced = _framework_problem(message["status"], {})
                    await replaced(scope, receive, send)
                    return
            if replaced is None:
                await send(message)

        await self._app(scope, receive, exchanged)


def problem_of(error: CleanroomError) -> tuple[HTTPStatus, dict[str, object]]:
    """The status and body of one of our errors; violations of a refusal come all at once."""
    status = _STATUS_OF_CODE.get(error.code, HTTPStatus(error.http_status))
    extra: dict[str, object] = {"retryable": error.retryable}
    if error.place:
        extra["place"] = error.place
    if isinstance(error, PolicyRefused):
        extra["violations"] = [asdict(violation) for violation in error.violations]
    return status, _body(status, error.code, error.message, error.help, extra)


def problem_response(error: CleanroomError) -> Response:
    """``error`` as a response, for code that is not inside a route."""
    status, body = problem_of(error)
    headers = {"Cache-Control": "no-store"}
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="cleanroom"'
    if error.retryable or status is HTTPStatus.TOO_MANY_REQUESTS:
        headers["Retry-After"] = _RETRY_SECONDS
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)


async def _ours(_request: Request, error: Exception) -> Response:
    if not isinstance(error, CleanroomError):
        raise TypeError("installed for our errors")
    return problem_response(error)


async def _malformed(_request: Request, error: Exception) -> Response:
    # Only where it is malformed and how: pydantic's own answer repeats the input.
    found = error.errors() if isinstance(error, RequestValidationError) else ()
    fields = [{"place": _place(item["loc"]), "rule": str(item["type"])} for item in found]
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    body = _body(status, "CR-A009", "the request is malformed", "see the OpenAPI document", {"fields": fields})
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE)


async def _framework(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise TypeError("installed for the framework's errors")
    allowed = {key: value for key, value in (error.headers or {}).items() if key.lower() in {"allow", "accept"}}
    return _framework_problem(error.status_code, allowed)


def _framework_problem(number: int, headers: Mapping[str, str]) -> Response:
    code, message = _FRAMEWORK.get(number, ("CR-A009", "the request cannot be answered"))
    status = HTTPStatus(number)
    return JSONResponse(
        _body(status, code, message, "", {}), status_code=status, media_type=MEDIA_TYPE, headers=dict(headers)
    )


async def _unexpected(request: Request, error: Exception) -> Response:
    # The kind of the error and where it was raised; its text may quote a cell.
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}" if trace else ""
    _logger.error("unexpected", kind=type(error).__name__, place=place, route=route_of(request.scope))
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    body = _body(status, "CR-A012", "something went wrong on our side", "report it with the time", {})
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE)


def route_of(scope: Mapping[str, Any]) -> str:
    """The route's pattern, for logs and metrics: never the address itself, whose parts a client chose."""
    return str(getattr(scope.get("route"), "path", "none"))


def _place(location: tuple[int | str, ...]) -> str:
    # Keys of an unknown shape are the client's own text: only our field names and positions are repeated.
    return ".".join(str(part) for part in location[:3] if isinstance(part, int) or str(part).isidentifier())[:120]


def _body(status: HTTPStatus, code: str, message: str, advice: str, extra: Mapping[str, object]) -> dict[str, object]:
    return {
        "type": f"urn:cleanroom:error:{code}",
        "title": message,
        "status": int(status),
        "code": code,
        "help": advice,
        **extra,
    }
