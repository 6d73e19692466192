"""A chart for a page: its picture, the specification it is drawn from, and the library that draws it in a browser.

The library (Vega, Vega-Lite, BSD-3-Clause) comes out of the installed ``vl_convert``, the one that draws the server's
pictures: nothing is vendored and nothing is fetched. It runs under our content policy: expressions are interpreted,
never compiled (no ``eval``), and no style is written into the page.
"""

import gzip
import hashlib
import json
from functools import lru_cache
from importlib.metadata import version

import vl_convert
from fastapi import APIRouter, Request, Response

from api.insights.charts import chart_specification, chart_svg
from api.pages.chrome import HEADERS
from cleanroom.errors import NotFound
from queries.insights.model import ChartSpec, InsightResult

router = APIRouter()

_SNIPPET = """
window.cleanroomChart = (place, specification, tooltip) =>
  vegaEmbed(place, specification, {
    mode: "vega-lite", renderer: "svg", actions: false, ast: true, defaultStyle: false, tooltip,
    loader: { load: () => Promise.reject(new Error("nothing is loaded")) },
  }).then((made) => made.view);
"""
_NEVER_CHANGES = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
_THEMES = ("light", "dark")


def svg_response(chart: ChartSpec, result: InsightResult, *, theme: str) -> Response:
    """The picture of a chart; CR-A011 for a theme there is not."""
    svg = chart_svg(chart, result, dark=_is_dark(theme))
    return Response(svg, media_type="image/svg+xml", headers={**HEADERS, "Cache-Control": "private, max-age=3600"})


def specification_response(chart: ChartSpec, result: InsightResult, *, theme: str) -> Response:
    """What the picture is drawn from, for the page's own drawing."""
    content = json.dumps(chart_specification(chart, result, dark=_is_dark(theme)))
    return Response(
        content, media_type="application/json", headers={**HEADERS, "Cache-Control": "private, max-age=3600"}
    )


@router.get("/static/{digest}/chart-view.js")
def get_library(request: Request, digest: str) -> Response:  # noqa: ARG001 - the digest is there for caches
    """The library, made on first use and kept."""
    packed = "gzip" in request.headers.get("accept-encoding", "")
    headers = _NEVER_CHANGES | ({"Content-Encoding": "gzip"} if packed else {})
    content = _packed() if packed else gzip.decompress(_packed())
    return Response(content, media_type="text/javascript; charset=utf-8", headers=headers)


def make_library() -> None:
    """Make the library now: some seconds of work that the first reader need not wait for."""
    _packed()


def library_address() -> str:
    """Where pages find the library: named by what it is made of, so that it need not be made to be named."""
    made_of = f"{version('vl-convert-python')}{_SNIPPET}".encode()
    return f"/static/{hashlib.sha256(made_of).hexdigest()[:16]}/chart-view.js"


@lru_cache(maxsize=1)
def _packed() -> bytes:
    return gzip.compress(str(vl_convert.javascript_bundle(_SNIPPET)).encode(), mtime=0)


def _is_dark(theme: str) -> bool:
    if theme not in _THEMES:
        raise NotFound("CR-A011", "there is no such address")
    return theme == "dark"
