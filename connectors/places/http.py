"""``https://...`` -> the one file it answers with, or, for an address that ends in ``/``, the files its index names.

Bounded while reading; redirects are few and never leave TLS. Credentials come from the settings (``token``, or ``user``
and ``password``), go to the host of the address alone, and are never repeated.
"""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from pathlib import PurePosixPath
from typing import BinaryIO
from urllib.parse import unquote, urljoin, urlsplit

import httpx2

from cleanroom.errors import NotAuthorised, NotFound, UsageProblem
from connectors.limits import CHUNK_BYTES, HTTP_TIMEOUT_SECONDS, MAX_INDEX_BYTES, MAX_REDIRECTS
from connectors.places.http_index import links_of
from connectors.places.place import Located, PlaceOptions, spooled, too_large, too_many, unreachable

_OK, _MOVED, _NOT_FOUND = 200, (301, 302, 303, 307, 308), (404, 410)


def http(url: str, options: PlaceOptions) -> Iterator[Located]:
    """The file behind an address, or each file that an index (a page of links, or a plain list of addresses) names.

    Each is asked for once here (headers only) and again when it is opened.

    Raises:
        UsageProblem: CR-D220 bad address, CR-D226 too many or unsafe redirects; NotFound: CR-D221;
        NotAuthorised: CR-D222; Unavailable: CR-D223; DataRefused: CR-D224 too large, CR-D228 too many files.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageProblem("CR-D220", "this is not an http or https address", help="for example https://host/file.csv")
    if parts.password:
        raise UsageProblem("CR-D220", "an address holds no password", help="a password belongs into the settings")
    caller = _Caller(parts.netloc, options)
    if not parts.path.endswith("/"):
        yield caller.located(url)
        return
    links = links_of(url, *caller.index(url))
    if len(links) > options.max_files:
        raise too_many(options.max_files)
    for name, address in links:
        yield caller.located(address, name)


class _Caller:
    """Asks one host, with the credentials that are for it."""

    def __init__(self, host: str, options: PlaceOptions) -> None:
        self._host, self._options = host, options

    def located(self, url: str, name: str = "") -> Located:
        """One file, by its headers. Without ETag and Last-Modified only its content can tell whether it changed."""
        with self._client() as client, closing(self._answer(client, url)) as response:
            size = response.headers.get("content-length", "")
            etag = response.headers.get("etag") or response.headers.get("last-modified") or ""
            known = int(size) if size.isdecimal() and "content-encoding" not in response.headers else None
        if known is not None and known > self._options.max_bytes:
            raise too_large(self._options.max_bytes)
        name = name or PurePosixPath(unquote(urlsplit(url).path)).name or "download"
        return Located(name=name, size=known, etag=etag, open=lambda: self._download(url, known, etag))

    def index(self, url: str) -> tuple[str, bytes]:
        """Media type and bytes of an index."""
        with self._client() as client, closing(self._answer(client, url)) as response:
            index = spooled(self._pieces(response), PlaceOptions(max_bytes=MAX_INDEX_BYTES))
            with index:
                return response.headers.get("content-type", ""), index.read()

    def _client(self) -> httpx2.Client:
        return httpx2.Client(timeout=HTTP_TIMEOUT_SECONDS, follow_redirects=False)

    def _answer(self, client: httpx2.Client, url: str) -> httpx2.Response:
        """The final answer with its body unread."""
        here = url
        for _ in range(MAX_REDIRECTS + 1):
            try:
                request = client.build_request("GET", here, headers=self._credentials(here))
                response = client.send(request, stream=True)
            except (httpx2.HTTPError, httpx2.InvalidURL):
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

    def _credentials(self, url: str) -> dict[str, str]:
        # Attack: a redirect or a link to another host would be handed the credentials.
        if urlsplit(url).netloc != self._host:
            return {}
        config = self._options.config
        if "token" in config:
            return {"Authorization": f"Bearer {config['token']}"}
        if "password" in config:
            pair = f"{config.get('user', '')}:{config['password']}".encode()
            return {"Authorization": f"Basic {b64encode(pair).decode()}"}
        return {}

    def _download(self, url: str, known: int | None, etag: str) -> BinaryIO:
        with self._client() as client, closing(self._answer(client, url)) as response:
            if etag not in ("", response.headers.get("etag"), response.headers.get("last-modified")):
                raise unreachable("the file changed since it was listed: it")
            stream = spooled(self._pieces(response), self._options)
        # A connection that closes early can look complete: the announced length has to have arrived.
        if known is not None and stream.seek(0, 2) != known:
            stream.close()
            raise unreachable("the server sent less or more than it announced: it")
        stream.seek(0)
        return stream

    def _pieces(self, response: httpx2.Response) -> Iterator[bytes]:
        try:
            yield from response.iter_bytes(CHUNK_BYTES)
        except httpx2.HTTPError:
            raise unreachable("the server broke off: it") from None


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
