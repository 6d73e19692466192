"""Document -> one HTML file that stands alone: no script, nothing to fetch; charts inside as pictures."""

import base64
from functools import lru_cache
from importlib import resources

import jinja2

from api.insights.charts import chart_svg
from api.insights.document import Document
from api.insights.shown import as_text, is_numeric, is_withheld, reason_text


def write_html(document: Document) -> bytes:
    """The document as HTML."""
    pictures = [
        (
            chart,
            _address(chart_svg(chart, document.drawn_from)),
            _address(chart_svg(chart, document.drawn_from, dark=True)),
        )
        for chart in document.charts
    ]
    return _template().render(document=document, pictures=pictures).encode()


def _address(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


@lru_cache(maxsize=1)
def _template() -> jinja2.Template:
    made = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {"shown": as_text, "reason": reason_text}
    made.tests |= {"withheld": is_withheld, "numeric": is_numeric}
    return made.from_string((resources.files("api.insights") / "templates" / "document.html").read_text("utf-8"))
