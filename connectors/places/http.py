"""``https://...`` -> the one file it answers with. Bounded while reading; redirects are few and never leave TLS."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO
from urllib.parse import unquote, urljoin, urlsplit

import httpx2

from cleanroom.errors import CleanroomError, NotAuthorised, NotFound, UsageProblem
from connectors.limits import CHUNK_BYTES, HTTP_TIMEOUT_SECONDS, MAX_REDIRECTS
from connectors.places.place import Located, PlaceOptions, spooled, too_large, unreachable

_OK, _MOVED, _NOT_FOUND = 200, (301, 302, 303, 307, 308), (404, 410)


def http(url: str, options: PlaceOptions) -> Iterator[Located]:
    """The file behind an address; asked for once here (headers only) and again when it is opened.

    Raises:
        UsageProblem: CR-D220 bad address, CR-D226 too many or unsafe redirects; NotFound: CR-D221;
        NotAuthorised: CR-D222; Unavailable: CR-D223; DataRefused: CR-D224 too large.
    """
    _check(url)
    with httpx2.Client(timeout=HTTP_TIMEOUT_SECONDS, follow_redirects=False) as client:
        response = _answer(client, url)
        try:
            size = response.headers.get("content-length", "")
            etag = response.headers.get("etag") or response.headers.get("last-modified") or size
        finally:
            response.close()
    known = int(size) if size.isdecimal() and "content-encoding" not in response.headers else None
    if known is not None and known > options.max_bytes:
        raise too_large(options.max_bytes)
    name = PurePosixPath(unquote(urlsplit(url).path)).name or "download"
    yield Located(name=name, size=known, etag=etag, open=lambda: _download(url, known, options))


def _check(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageProblem("CR-D220", "this is not an http or https address", help="for example https://host/file.csv")


def _answer(client: httpx2.Client, url: str) -> httpx2.Response:
    """The final answer with its body unread."""
    here = url
    for _ in range(MAX_REDIRECTS + 1):
        try:
            response = client.send(client.build_request("GET", here), stream=True)
        except httpx2.HTTPError:
            raise unreachable("the server") from None
        if response.status_code not in _MOVED:
            return _checked(response)
        response.close()
        there = urljoin(here, response.headers.get("location", ""))
        # Attack: a redirect from TLS to plain text, or to another scheme such as file:, would leak or read elsewhere.
        if urlsplit(there).scheme not in ("https", urlsplit(here).scheme) or not urlsplit(there).hostname:
            raise UsageProblem("CR-D226", "the server redirects away from https", help="use the final address")
        here = there
    raise UsageProblem("CR-D226", f"more than {MAX_REDIRECTS} redirects", help="use the final address")


def _checked(response: httpx2.Response) -> httpx2.Response:
    status = response.status_code
    if status == _OK:
        return response
    response.close()
    if status in _NOT_FOUND:
        raise NotFound("CR-D221", "there is no such file on the server", help="check the address")
    if status in (401, 403):
        raise NotAuthorised("CR-D222", "the server refuses the credentials", help="check address and token")
    raise unreachable(f"the server answers with status {status} and so")


def _download(url: str, known: int | None, options: PlaceOptions) -> BinaryIO:
    with httpx2.Client(timeout=HTTP_TIMEOUT_SECONDS, follow_redirects=False) as client:
        response = _answer(client, url)
        try:
            stream = spooled(response.iter_bytes(CHUNK_BYTES), options)
        except CleanroomError:
            raise
        except httpx2.HTTPError:
            raise unreachable("the server broke off: it") from None
        finally:
            response.close()
    # A connection that closes early can look complete: the announced length has to have arrived.
    if known is not None and stream.seek(0, 2) != known:
        stream.close()
        raise unreachable("the server sent less or more than it announced: it")
    stream.seek(0)
    return stream
