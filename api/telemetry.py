"""Logs and metrics that carry no value: routes by pattern, statuses, durations. No bodies, no addresses, no names.

INVARIANT I15: a label is a closed set of our own words, or a route's pattern, never what a client sent.
"""

import logging
import sys
import time
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import route_of
from api.room import Room
from cleanroom.state import UploadState

_logger = structlog.get_logger("cleanroom.http")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def configure_logs(level: int = logging.INFO) -> None:
    """One JSON object per line on standard error, from all of our loggers."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # Looked up per logger, not once: tests and supervisors exchange standard error.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


class Metrics:
    """Counters of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "cleanroom_http_requests_total", "Requests.", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "cleanroom_http_request_seconds", "Duration of requests.", ("method", "route"), registry=self.registry
        )
        self.open_runs = Gauge("cleanroom_runs_open", "Runs that have not ended.", registry=self.registry)
        self.open_uploads = Gauge("cleanroom_uploads_open", "Uploads that have not ended.", registry=self.registry)
        self.log_size = Gauge("cleanroom_log_entries", "Entries of the log.", registry=self.registry)

    def render(self, room: Room) -> bytes:
        """The text format; state is looked up when asked for."""
        with room.state.read() as tx:
            self.open_runs.set(len(tx.runs.open()))
            waiting = tx.uploads.in_state(UploadState.RECEIVING, UploadState.RECEIVED, UploadState.INGESTING)
            self.open_uploads.set(len(waiting))
            self.log_size.set(tx.log.head()[0])
        return generate_latest(self.registry)


class Observed:
    """Counts and logs every request, after it ended."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            self._note(scope, status, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        labels: dict[str, Any] = {"method": method, "route": route_of(scope)}
        self._metrics.requests.labels(**labels, status=str(status)).inc()
        self._metrics.seconds.labels(**labels).observe(seconds)
        _logger.info("request", **labels, status=status, milliseconds=round(seconds * 1000, 1))
