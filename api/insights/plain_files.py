"""CSV files -> an insight's inputs, so that anybody can check one against a published worked example.

Cells become whole numbers, exact decimals or text; an empty cell is NULL, and the word ``withheld`` a withheld number.
Columns may be spelled as books do (``queries.insights.spellings``). Lines that begin with ``#`` are remarks.
"""

import csv
import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib import resources
from pathlib import Path

import yaml

from cleanroom.errors import DataRefused, NotFound
from cleanroom.released import Reason, Withheld
from queries.insights.model import Cell, Inputs, Insight, Table
from queries.insights.spellings import spelled

_MAX_BYTES = 16_000_000
_GROUPED = re.compile(r"^[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?$")
_ONLY_IN_FILES = ("weight",)
_WITHHELD = frozenset({"withheld", "suppressed", "*"})


def read_inputs(insight: Insight, given: Sequence[str]) -> Inputs:
    """The tables in ``given``: ``TEMPLATE=FILE``, or one ``FILE`` alone.

    Raises:
        NotFound: CR-A080. DataRefused: CR-B002 the input is not one of the insight's, CR-B006 not a CSV table.
    """
    tables: dict[str, Table] = {}
    for item in given:
        name, equals, place = item.partition("=")
        if not equals:
            name, place = (insight.templates[0] if len(insight.templates) == 1 else "file"), item
        elif name not in insight.templates:
            raise DataRefused(
                "CR-B002", f"`{insight.name}` has no such input", help="one of " + ", ".join(insight.templates)
            )
        table = read_table(Path(place))
        tables[name] = spelled(table, _columns(name)) if name in insight.templates else table
    missing = [name for name in insight.templates if name not in tables]
    if missing and not ("file" in tables and len(tables) == 1 and insight.takes_one_file):
        raise DataRefused(
            "CR-B002",
            f"`{insight.name}` lacks the input " + ", ".join(missing),
            help="give each as TEMPLATE=FILE",
            place=insight.name,
        )
    return tables


def read_table(path: Path) -> Table:
    """One CSV file with a header row."""
    if not path.is_file():
        raise NotFound("CR-A080", "no such file or folder", place=path.name)
    content = path.read_bytes()
    refused = DataRefused(
        "CR-B006", "this is not a CSV table", help="UTF-8, a header row, as many cells in each row", place=path.name
    )
    if len(content) > _MAX_BYTES:
        raise refused
    try:
        text = content.decode("utf-8-sig")
        dialect = csv.Sniffer().sniff(text[:4096], delimiters=",;\t") if "\n" in text else csv.excel
    except UnicodeDecodeError:
        raise refused from None
    except csv.Error:
        dialect = csv.excel
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    rows = [row for row in csv.reader(lines, dialect) if any(cell.strip() for cell in row)]
    if len(rows) < 2:
        raise refused
    head = tuple(name.strip() for name in rows[0])
    body = [[*row, *[""] * (len(head) - len(row))] for row in rows[1:]]
    if any(len(row) != len(head) for row in body) or len(set(head)) != len(head):
        raise refused
    return Table(columns=head, rows=tuple(tuple(_cell(cell) for cell in row) for row in body))


@cache
def _columns(template: str) -> tuple[str, ...]:
    """The output columns a library template declares."""
    text = (resources.files("queries") / "library" / f"{template}.sql").read_text("utf-8")
    front = yaml.safe_load(text.removeprefix("/* ---").split("--- */", 1)[0])
    return (*front["outputs"], *_ONLY_IN_FILES)


def _cell(text: str) -> Cell:
    bare = text.strip()
    if not bare or bare in ("-", "NA", "NULL"):
        return None
    if bare.casefold() in _WITHHELD:
        return Withheld(Reason.UNITS)
    if _GROUPED.match(bare):
        bare = bare.replace(",", "")
    if bare.lstrip("+-").isdigit() and len(bare) < 19:
        return int(bare)
    try:
        value = Decimal(bare)
    except InvalidOperation:
        return bare
    return value if value.is_finite() else bare
