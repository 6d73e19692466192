"""Our own style, scripts and pictures, from inside the package; nothing is ever fetched from elsewhere.

An address carries the file's digest, so a browser keeps it for good and a new version has a new address.
"""

import hashlib
from functools import lru_cache
from importlib import resources

from fastapi import APIRouter, Response

from cleanroom.errors import NotFound

router = APIRouter()

_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
FILES = ("site.css", "upload.js", "chart.js", "icon.svg", "vendor/htmx-4.0.1.min.js")
"""All there is: a name that is not here does not exist, whatever it spells."""


@router.get("/static/{digest}/{name:path}")
def get_static(digest: str, name: str) -> Response:  # noqa: ARG001 - the digest is there for caches
    """One file of ours."""
    if name not in FILES:
        raise NotFound("CR-A011", "there is no such address")
    kind = next(media for suffix, media in _KINDS.items() if name.endswith(suffix))
    return Response(_content(name), media_type=kind, headers={"Cache-Control": "public, max-age=31536000, immutable"})


def address_of(name: str) -> str:
    """Where a page finds the file ``name``."""
    return f"/static/{_digest(name)}/{name}"


@lru_cache(maxsize=len(FILES))
def _content(name: str) -> bytes:
    if name not in FILES:
        raise AssertionError("pages name files of FILES only")
    return resources.files("api.pages").joinpath("static", *name.split("/")).read_bytes()


@lru_cache(maxsize=len(FILES))
def _digest(name: str) -> str:
    return hashlib.sha256(_content(name)).hexdigest()[:16]
