"""An index page -> the files it names: links of HTML to files directly below it, or a plain list of addresses, one a line."""

from collections import Counter
from html.parser import HTMLParser
from urllib.parse import unquote, urljoin, urlsplit

from cleanroom.errors import UsageProblem
from connectors.places.place import IGNORED_ENDINGS

_LISTS = ("text/uri-list", "text/plain")


def links_of(url: str, media_type: str, content: bytes) -> list[tuple[str, str]]:
    """Name and address of each file, sorted by name.

    A page of links, as web servers make of a folder: only files directly below the index, on its own host. A list of
    addresses (``text/uri-list`` or ``text/plain``, ``#`` begins a comment): any host, never from TLS to plain text.

    Raises:
        UsageProblem: CR-D220 neither of them; CR-D226 the list leaves TLS.
    """
    kind = media_type.partition(";")[0].strip().lower()
    text = content.decode("utf-8", "replace")
    if kind in _LISTS:
        listed = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
        addresses = [_kept_safe(url, urljoin(url, line)) for line in listed]
    elif kind == "text/html":
        addresses = [there for there in _hrefs(url, text) if _is_below(url, there)]
    else:
        raise UsageProblem(
            "CR-D220", "the address is no index of files", help="a page of links, or a list of addresses"
        )
    return _named(sorted(set(addresses)))


def _hrefs(url: str, text: str) -> list[str]:
    found: list[str] = []

    class Links(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.extend(value for name, value in attrs if tag == "a" and name == "href" and value)

    Links().feed(text)
    joined = []
    for link in found:
        try:
            joined.append(urljoin(url, link).partition("#")[0])
        except ValueError:  # what stands there is no address
            continue
    return joined


def _is_below(url: str, there: str) -> bool:
    """A file directly in the index's folder; sorting links, parents and sub-folders are not."""
    index, link = urlsplit(url), urlsplit(there)
    name = unquote(link.path.removeprefix(index.path))
    same_place = (link.scheme, link.netloc) == (index.scheme, index.netloc) and link.path.startswith(index.path)
    is_data = bool(name) and "/" not in name and not name.startswith(".") and not name.endswith(IGNORED_ENDINGS)
    return same_place and is_data and not link.query


def _kept_safe(url: str, there: str) -> str:
    if urlsplit(there).scheme not in ("https", urlsplit(url).scheme) or not urlsplit(there).hostname:
        raise UsageProblem("CR-D226", "the list leads away from https", help="list https addresses")
    return there


def _named(addresses: list[str]) -> list[tuple[str, str]]:
    """By the last part of the path; by host and path where two files would be called alike."""
    short = [unquote(urlsplit(address).path).rpartition("/")[2] for address in addresses]
    counts = Counter(short)
    long = (f"{urlsplit(address).netloc}{unquote(urlsplit(address).path)}" for address in addresses)
    names = (name if name and counts[name] == 1 else whole for name, whole in zip(short, long, strict=True))
    return sorted(zip(names, addresses, strict=True))
