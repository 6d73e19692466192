"""The formats an answer can be delivered in, as data: name, media type, file suffix, renderer."""

from collections.abc import Callable
from dataclasses import dataclass

from cleanroom.delivery.about import About
from cleanroom.delivery.arrow_stream import render_arrow
from cleanroom.delivery.csv_text import render_csv
from cleanroom.delivery.json_document import render_json
from cleanroom.delivery.parquet_file import render_parquet
from cleanroom.errors import UsageProblem
from cleanroom.released import ReleasedTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One way to write an answer down."""

    name: str
    media_type: str
    suffix: str
    render: Callable[[ReleasedTable, About], bytes]


def _render_xlsx(table: ReleasedTable, about: About) -> bytes:
    # A member's client reads answers too, and is installed without the workbook writer.
    from cleanroom.delivery.xlsx_workbook import render_xlsx

    return render_xlsx(table, about)


FORMATS: tuple[Format, ...] = (
    Format(name="json", media_type="application/json", suffix=".json", render=render_json),
    Format(name="csv", media_type="text/csv; charset=utf-8", suffix=".csv", render=render_csv),
    Format(name="parquet", media_type="application/vnd.apache.parquet", suffix=".parquet", render=render_parquet),
    Format(name="arrow", media_type="application/vnd.apache.arrow.stream", suffix=".arrows", render=render_arrow),
    Format(
        name="xlsx",
        media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        suffix=".xlsx",
        render=_render_xlsx,
    ),
)


def format_named(name: str) -> Format:
    """The format called ``name``.

    Raises:
        UsageProblem: CR-R501 there is none.
    """
    for known in FORMATS:
        if known.name == name:
            return known
    raise UsageProblem("CR-R501", "no such format", help="one of " + ", ".join(known.name for known in FORMATS))


def deliver(table: ReleasedTable, name: str, about: About | None = None) -> bytes:
    """``table`` as a file of the format called ``name``.

    Raises:
        UsageProblem: CR-R501 no such format, CR-R502 too large for the format.
    """
    return format_named(name).render(table, about or About())
