"""ReleasedTable -> XLSX: sheet "Answer" with the rows, sheet "About" with the run and what was withheld.

Attack stopped: live formulas and links; every text is written as text (``strings_to_formulas`` and ``strings_to_urls``
off). The same table gives the same bytes: the workbook's creation time is fixed.
"""

import io
from datetime import date, datetime
from decimal import Decimal

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from cleanroom.delivery.about import REASON_TEXTS, About, summary
from cleanroom.delivery.names import distinct_names
from cleanroom.errors import UsageProblem
from cleanroom.released import ReleasedTable, ShownValue, Withheld

MAX_ROWS = 1_048_575
MAX_TEXT = 32_767
_EXACT_DIGITS = 15
_CREATED = datetime(2000, 1, 1)  # noqa: DTZ001 - the format has no zone
_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def render_xlsx(table: ReleasedTable, about: About) -> bytes:
    """``table`` as a workbook. A number of more than 15 digits is written as text: Excel would change it.

    Raises:
        UsageProblem: CR-R502 more rows than a sheet has.
    """
    if len(table.rows) > MAX_ROWS:
        raise UsageProblem("CR-R502", "the answer has more rows than a sheet can hold", help="ask for csv or parquet")
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, _OPTIONS) as workbook:
        workbook.set_properties({"created": _CREATED})
        bold = workbook.add_format({"bold": True})
        day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        mark = workbook.add_format({"italic": True, "font_color": "#666666"})
        answer = workbook.add_worksheet("Answer")
        for position, name in enumerate(distinct_names(table)):
            answer.write_string(0, position, name[:MAX_TEXT], bold)
        for at, row in enumerate(table.rows, start=1):
            for position, value in enumerate(row):
                _write(answer, at, position, value, day, mark)
        answer.freeze_panes(1, 0)
        _write_about(workbook.add_worksheet("About"), table, about, bold)
    return target.getvalue()


def _write(sheet: Worksheet, row: int, column: int, value: ShownValue | Withheld, day: Format, mark: Format) -> None:
    match value:
        case None:
            sheet.write_blank(row, column, None)
        case Withheld(reason=reason):
            sheet.write_string(row, column, f"withheld: {REASON_TEXTS[reason]}", mark)
        case bool():
            sheet.write_boolean(row, column, value)
        case date():
            sheet.write_datetime(row, column, value, day)
        case int() | Decimal() | float():
            digits = len(Decimal(value).as_tuple().digits)
            if digits > _EXACT_DIGITS:
                sheet.write_string(row, column, format(Decimal(value), "f"))
            else:
                sheet.write_number(row, column, float(value))
        case _:
            sheet.write_string(row, column, value[:MAX_TEXT])


def _write_about(sheet: Worksheet, table: ReleasedTable, about: About, bold: Format) -> None:
    sheet.set_column(0, 0, 60)
    for row, (name, text) in enumerate(summary(table, about)):
        sheet.write_string(row, 0, name, bold)
        sheet.write_string(row, 1, text[:MAX_TEXT])
