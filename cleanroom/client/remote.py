"""A room over HTTP: the one client that the CLI, notebooks and the demo use.

Comes in: an address and an API key. Goes out: JSON of ``/v1``, released answers as bytes, uploads that resume. Problems
come back as the errors of ``cleanroom.errors``, with the same codes and exit codes as on the server.
"""

import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import httpx2

from cleanroom.errors import (
    CleanroomError,
    Conflict,
    DataRefused,
    IntegrityFailure,
    NotAuthorised,
    NotFound,
    OutcomeUnknown,
    PolicyRefused,
    Span,
    Unavailable,
    UsageProblem,
    Violation,
)

_TUS = {"Tus-Resumable": "1.0.0"}
_CHUNK_BYTES = 64 * 1024 * 1024
"""One request's share of an upload. A torn one loses nothing: the room keeps what came."""
_PIECE_BYTES = 256 * 1024
_SECONDS = httpx2.Timeout(60.0, connect=10.0)
_BY_STATUS: Mapping[int, type[CleanroomError]] = {
    HTTPStatus.BAD_REQUEST: UsageProblem,
    HTTPStatus.UNAUTHORIZED: NotAuthorised,
    HTTPStatus.FORBIDDEN: NotAuthorised,
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.CONFLICT: Conflict,
    HTTPStatus.UNPROCESSABLE_ENTITY: DataRefused,
    HTTPStatus.TOO_MANY_REQUESTS: Unavailable,
    HTTPStatus.SERVICE_UNAVAILABLE: Unavailable,
    HTTPStatus.INTERNAL_SERVER_ERROR: IntegrityFailure,
}

Json = dict[str, Any]
"""One JSON object of the published API (OpenAPI at ``/v1/openapi.json``)."""


@cache
def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context()


class RoomClient:
    """One signed-in connection to a room. Use it as a context manager."""

    def __init__(self, url: str, api_key: str, *, transport: httpx2.BaseTransport | None = None) -> None:
        self._http = httpx2.Client(
            base_url=url.rstrip("/") + "/v1",
            headers={"Authorization": f"Bearer {api_key}", "Accept": "application/json"},
            timeout=_SECONDS,
            follow_redirects=False,
            transport=transport,
            trust_env=False,
            verify=_trusted()
            if url.startswith("https:")
            else False,  # nothing to verify without TLS; a context costs 0.1 s
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def get(self, path: str, **query: str) -> Json:
        """``GET path``: one object."""
        return self._json("GET", path, params=query)

    def post(self, path: str, content: Json | None = None, **headers: str) -> Json:
        """``POST path`` with a JSON body; header names are written with ``_`` for ``-``."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._json("POST", path, json=content if content is not None else {}, headers=named)

    def put(self, path: str, content: Json) -> Json:
        """``PUT path`` with a JSON body."""
        return self._json("PUT", path, json=content)

    def delete(self, path: str) -> Json:
        """``DELETE path``."""
        return self._json("DELETE", path)

    def every(self, path: str, **query: str) -> list[Json]:
        """All items of a listing, page after page (or the whole list where it has no pages)."""
        found: list[Json] = []
        cursor: str | None = None
        while True:
            answer = self._request("GET", path, params=query | ({"cursor": cursor} if cursor else {})).json()
            if isinstance(answer, list):
                return answer
            found += answer["items"]
            cursor = answer.get("next_cursor")
            if cursor is None:
                return found

    def bytes_of(self, path: str, *, accept: str = "*/*", **query: str) -> bytes:
        """``GET path`` as bytes: a release, a quarantine list, a report."""
        return self._request("GET", path, params=query, headers={"Accept": accept}).content

    def send_package(
        self,
        folder: Path,
        *,
        mode: str = "append",
        period: str | None = None,
        resume: str | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> str:
        """Upload a prepared package and return its upload id; goes on where a torn one of the same id stands.

        Args:
            folder: holds ``manifest.json`` and ``rows.parquet``.
            mode: append, upsert or replace; replace names a ``period``.
            resume: an upload id to go on with.
            progress: called with bytes sent and bytes in all.
        """
        rows = folder / "rows.parquet"
        size = rows.stat().st_size
        upload = resume or self._create(folder / "manifest.json", size, mode, period)
        place = f"/uploads/{upload}"
        with rows.open("rb") as file:
            offset = self._offset(place)
            while offset < size:
                if progress is not None:
                    progress(offset, size)
                offset = self._send_chunk(place, file, offset, size)
        if progress is not None:
            progress(size, size)
        return upload

    def _create(self, manifest: Path, size: int, mode: str, period: str | None) -> str:
        body = {"manifest": manifest.read_text("utf-8"), "mode": mode} | ({"period": period} if period else {})
        answer = self._request("POST", "/uploads", json=body, headers=_TUS | {"Upload-Length": str(size)})
        return answer.headers["Location"].rsplit("/", 1)[1]

    def _offset(self, place: str) -> int:
        return int(self._request("HEAD", place, headers=_TUS).headers["Upload-Offset"])

    def _send_chunk(self, place: str, file: BinaryIO, offset: int, size: int) -> int:
        """One PATCH. Whether a torn one arrived is looked up, never guessed."""
        end = min(size, offset + _CHUNK_BYTES)
        headers = _TUS | {
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(end - offset),
        }
        try:
            answer = self._request("PATCH", place, content=_pieces(file, offset, end), headers=headers)
        except OutcomeUnknown:
            return self._offset(place)
        return int(answer.headers["Upload-Offset"])

    def _json(self, method: str, path: str, **arguments: Any) -> Json:
        answer = self._request(method, path, **arguments)
        if answer.status_code == HTTPStatus.NO_CONTENT or not answer.content:
            return {}
        found = answer.json()
        return found if isinstance(found, dict) else {"items": found}

    def _request(self, method: str, path: str, **arguments: Any) -> httpx2.Response:
        try:
            answer = self._http.request(method, path, **arguments)
        except httpx2.ConnectError:
            raise Unavailable(
                "CR-A070", "the room cannot be reached", help="check the address and that it is running"
            ) from None
        except httpx2.HTTPError:
            raise OutcomeUnknown(
                "CR-A071", "the connection broke; whether it was carried out is not known", help="look, then try again"
            ) from None
        if answer.is_success:
            return answer
        raise _error_of(answer)


def _pieces(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    file.seek(start)
    left = end - start
    while left > 0:
        piece = file.read(min(_PIECE_BYTES, left))
        if not piece:
            return
        left -= len(piece)
        yield piece


def _error_of(answer: httpx2.Response) -> CleanroomError:
    try:
        problem = answer.json() if answer.content else {}
    except ValueError:
        problem = {}
    if not isinstance(problem, dict) or "code" not in problem:
        return Unavailable(
            "CR-A072",
            f"the room answered {answer.status_code} without saying why",
            help="is this the address of a room?",
        )
    if problem.get("violations"):
        refused = PolicyRefused(violations_of(problem["violations"]))
        refused.place = str(problem.get("place", ""))
        return refused
    kind = _BY_STATUS.get(answer.status_code, UsageProblem)
    return kind(
        str(problem["code"]),
        str(problem.get("title", "")),
        help=str(problem.get("help", "")),
        place=str(problem.get("place", "")),
    )


def violations_of(items: Iterable[Mapping[str, Any]]) -> tuple[Violation, ...]:
    """Violations as the API writes them, as ours."""
    return tuple(_violation(item) for item in items)


def _violation(item: Mapping[str, Any]) -> Violation:
    span = item.get("span")
    fields = {name: str(item.get(name) or "") for name in ("code", "rule", "owner", "message", "help")}
    return Violation(
        **fields,
        span=Span(**{name: int(span[name]) for name in ("start", "end", "line", "column")}) if span else None,
        rewrite=item.get("rewrite"),
        retryable=bool(item.get("retryable")),
    )
