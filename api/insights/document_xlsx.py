"""Document -> XLSX: a sheet per table and a sheet ``About``.

Attack stopped: live formulas and links; every text is written as text. The same document gives the same bytes.
"""

import io
import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from api.insights.document import Document, head
from cleanroom.delivery.about import REASON_TEXTS
from cleanroom.released import Withheld
from queries.insights.model import Cell, ShownTable

_CREATED = datetime(2000, 1, 1)  # noqa: DTZ001 - the format has no zone
_MAX_TEXT = 32_767
_MAX_NAME = 31
_EXACT_DIGITS = 15
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def write_xlsx(document: Document) -> bytes:
    """The document as a workbook."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, _OPTIONS) as workbook:
        workbook.set_properties({"created": _CREATED, "title": document.title})
        bold = workbook.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        mark = workbook.add_format({"italic": True, "font_color": "#7a5200"})
        for name, table in zip(_names(document.tables), document.tables, strict=True):
            _table(workbook.add_worksheet(name), table, bold, day, mark)
        _about(
            workbook.add_worksheet("About"), document, bold, workbook.add_format({"text_wrap": True, "valign": "top"})
        )
    return target.getvalue()


def _table(sheet: Worksheet, table: ShownTable, bold: Format, day: Format, mark: Format) -> None:
    for at, column in enumerate(table.columns):
        sheet.write_string(0, at, head(column.title, column.unit)[:_MAX_TEXT], bold)
    for line, row in enumerate(table.rows, start=1):
        for at, cell in enumerate(row):
            _cell(sheet, line, at, cell, day, mark)
    sheet.set_column(0, max(len(table.columns) - 1, 0), 16)
    sheet.freeze_panes(1, 0)


def _cell(sheet: Worksheet, line: int, at: int, cell: Cell, day: Format, mark: Format) -> None:
    match cell:
        case None:
            sheet.write_blank(line, at, None)
        case Withheld(reason=reason):
            sheet.write_string(line, at, f"withheld: {REASON_TEXTS[reason]}", mark)
        case bool():
            sheet.write_boolean(line, at, cell)
        case date():
            sheet.write_datetime(line, at, cell, day)
        case int() | Decimal() if len(Decimal(cell).as_tuple().digits) > _EXACT_DIGITS:
            sheet.write_string(line, at, format(Decimal(cell), "f"))  # a spreadsheet would change it
        case int() | Decimal() | float():
            sheet.write_number(line, at, float(cell))
        case _:
            sheet.write_string(line, at, str(cell)[:_MAX_TEXT])


def _about(sheet: Worksheet, document: Document, bold: Format, wrapped: Format) -> None:
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 90)
    pairs = [("Title", document.title), ("Question", document.question), ("Headline", document.headline)]
    pairs += [*document.reading, *(("Note", note) for note in document.notes), *document.withheld, *document.facts]
    for line, (name, text) in enumerate((name, text) for name, text in pairs if text):
        sheet.write_string(line, 0, name[:_MAX_TEXT], bold)
        sheet.write_string(line, 1, text[:_MAX_TEXT], wrapped)


def _names(tables: Sequence[ShownTable]) -> list[str]:
    """Sheet names: titles without what Excel does not take, short, distinct."""
    found: list[str] = []
    for table in tables:
        base = re.sub(r"[\[\]:*?/\\']", " ", table.title).strip()[:_MAX_NAME] or "Table"
        name, number = base, 2
        while name.casefold() in {known.casefold() for known in [*found, "About", "History"]}:
            name, number = f"{base[: _MAX_NAME - 4]} {number}", number + 1
        found.append(name)
    return found
