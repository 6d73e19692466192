"""The application: routes, failures, limits, headers and workers put together around one room."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import pages, problems
from api.auth import InRoom
from api.limits import RateLimiter
from api.room import Room
from api.routes import V1
from api.telemetry import Metrics, Observed
from api.worker import Worker
from cleanroom.errors import CleanroomError, Unavailable

API_VERSION = "1.0.0"
MAX_BODY_BYTES = 4_000_000
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_API_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")


def create_app(room: Room, *, limiter: RateLimiter | None = None, threads: int = 2) -> FastAPI:
    """The HTTP application of ``room``.

    Args:
        room: an open room; it stays the caller's to close.
        limiter: how often people may ask; the default limits if not given.
        threads: workers that run while the application does; 0 leaves the queue to somebody else.
    """
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        worker = Worker(room, threads=threads)
        worker.start()
        try:
            yield
        finally:
            await run_in_threadpool(worker.stop)

    app = _RoomApp(
        title="Cleanroom",
        version=API_VERSION,
        description="A data clean room for makers of durable goods and the retailers that sell them.",
        openapi_url="/v1/openapi.json",
        docs_url=None,  # the interactive pages load scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
        max_body_size=MAX_BODY_BYTES,
        responses=_PROBLEMS,
    )
    app.state.room = room
    app.state.limiter = limiter or RateLimiter()
    app.state.metrics = metrics
    problems.install(app)
    for router in V1:
        app.include_router(router, prefix="/v1")
    _add_probes(app, metrics)
    pages.install(app)
    return app


class _RoomApp(FastAPI):
    """FastAPI with our own layers outside all of its own: what it answers by itself (413) passes them too."""

    def build_middleware_stack(self) -> ASGIApp:
        """The framework's stack inside counting, headers and problems."""
        return Observed(Headers(problems.PlainTextIsAProblem(super().build_middleware_stack())), self.state.metrics)


class Headers:
    """Headers that every response carries; a page that sets its own content policy keeps it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message["headers"])
                present = {name.lower() for name, _ in headers}
                headers += [pair for pair in (*_HEADERS, _API_POLICY) if pair[0] not in present]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, with_headers)


def _add_probes(app: FastAPI, metrics: Metrics) -> None:
    @app.get("/healthz", tags=["operation"])
    def healthz() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @app.get("/readyz", tags=["operation"])
    def readyz(room: InRoom) -> Response:
        """The room's state answers and its workers work; 503 when not."""
        try:
            with room.state.read() as tx:
                tx.room.get()
            if room.health.trouble is not None:
                raise Unavailable(
                    room.health.trouble, "the room's workers cannot work", help="docs/errors says what to do"
                )
        except CleanroomError as failure:
            return problems.problem_response(failure)
        return JSONResponse({"status": "ready"})

    @app.get("/metrics", tags=["operation"], response_class=Response)
    def get_metrics(room: InRoom) -> Response:
        """Prometheus text: counts only, no names."""
        return Response(metrics.render(room), media_type="text/plain; version=0.0.4; charset=utf-8")


_PROBLEMS: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "A problem (RFC 9457)",
        "content": {
            problems.MEDIA_TYPE: {
                "schema": {
                    "type": "object",
                    "required": ["type", "title", "status", "code", "help"],
                    "properties": {
                        "type": {"type": "string"},
                        "title": {"type": "string"},
                        "status": {"type": "integer"},
                        "code": {"type": "string"},
                        "help": {"type": "string"},
                        "retryable": {"type": "boolean"},
                        "violations": {"type": "array", "items": {"type": "object"}},
                    },
                }
            }
        },
    }
}
