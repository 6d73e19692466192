"""Excel workbooks (.xlsx and .xls) -> records, through calamine.

``_row`` is the row number that Excel shows. Dates arrive as ISO text. What a spreadsheet does to data behind its
owner's back is reported: zeros lost from ids, digits lost from long numbers, formulas never calculated, failed lookups.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import fastexcel

from cleanroom.errors import DataRefused, UsageProblem
from connectors.formats.dialects import header_names
from connectors.formats.layout_rows import is_total, repeats
from connectors.formats.opening import foreign_errors, open_file, whole_document
from connectors.formats.source import ROW, Record, RecordSource, SourceOptions, new_tally
from connectors.formats.tally import Tally
from connectors.formats.workbook import SheetFacts, sheet_facts

Grid = list[list[str | None]]
Spoiled = dict[tuple[int, int], str]
"""Grid place (0-based row and column) -> the code of what is wrong with its value."""
_SAMPLE_ROWS = 200
_MIDNIGHT = " 00:00:00"
_GTIN = re.compile(r"gtin|upc|ean\b|ean[ _-]?1?[38]|barcode|bar code", re.IGNORECASE)
_FIXED = re.compile(
    r"zip|post(al)?[ _-]?code|plz|imei|serial|phone|mobile|store[ _-]?(no|nr|num|id|code)|sku", re.IGNORECASE
)
_GTIN_LENGTHS = frozenset((8, 12, 13, 14))
_EXACT_DIGITS = 15  # a spreadsheet number keeps 15 significant digits


def open_excel(file: Path | BinaryIO, options: SourceOptions) -> RecordSource:
    """Open one sheet of a workbook.

    Raises:
        DataRefused: CR-D102 empty sheet, CR-D103 over a limit, CR-D104 not a workbook (or encrypted);
        UsageProblem: CR-D109 no such sheet or header row.
    """
    stream = open_file(file)
    try:
        data = whole_document(stream, options.limits)
        if not data:
            raise DataRefused("CR-D102", "the file is empty", help="check that the export ran")
        with foreign_errors("an Excel workbook"):
            names = fastexcel.read_excel(data).sheet_names
        name = _sheet(names, options.sheet)
        is_xlsx = data[:2] == b"PK"
        stream.seek(0)
        facts = sheet_facts(stream, name, options.limits) if is_xlsx else None
    finally:
        if isinstance(file, Path):
            stream.close()
    tally = new_tally(options)
    if options.sheet is None and len(names) > 1:
        tally.note("CR-D133")
    return _records_of(_grid(data, name), facts, options, tally)


def _sheet(names: Sequence[str], wanted: str | int | None) -> str:
    if not names:
        raise DataRefused("CR-D102", "the workbook has no sheet")
    if wanted is None:
        return names[0]
    if isinstance(wanted, int) and 1 <= wanted <= len(names):
        return names[wanted - 1]
    if isinstance(wanted, str):
        found = [name for name in names if name.strip().lower() == wanted.strip().lower()]
        if found:
            return wanted if wanted in names else found[0]
    raise UsageProblem(
        "CR-D109", "the workbook has no such sheet", help=f"it has {len(names)}: give a name or 1, 2, ..."
    )


def _grid(data: bytes, sheet: str) -> Grid:
    """All cells as text; row i of the grid is row i+1 of the sheet."""
    with foreign_errors("an Excel workbook"):
        loaded = fastexcel.read_excel(data).load_sheet(sheet, header_row=None, skip_rows=0, dtypes="string")
        batch = loaded.to_arrow()
        columns = [column.to_pylist() for column in batch.columns]
    return [list(row) for row in zip(*columns, strict=True)] if columns else []


def _records_of(grid: Grid, facts: SheetFacts | None, options: SourceOptions, tally: Tally) -> RecordSource:
    if not any(any(row) for row in grid):
        raise DataRefused("CR-D102", "the sheet is empty", help="choose another with `sheet`")
    at = _header_at(grid, options)
    header = [cell.strip() if cell else "" for cell in grid[at - 1]] if at else list(options.columns)
    keep = [i for i in range(len(header)) if header[i] or any(row[i] for row in grid[at:] if i < len(row))]
    names, changed = header_names([header[i] for i in keep], ROW)
    if changed:
        tally.note("CR-D124", row=at or None, count=changed)
    if len(keep) < len(header):
        tally.note("CR-D127")
    if at > 1 and options.header_row is None and not options.preamble_rows:
        tally.note("CR-D135", row=at)
    if facts is not None and facts.has_hidden:
        tally.note("CR-D136")
    spoiled: Spoiled = {}
    if facts is not None:
        spoiled = dict.fromkeys(_shift(facts.errors, facts), "CR-D132")
        spoiled.update(dict.fromkeys(_shift(facts.uncalculated, facts), "CR-D131"))
    return RecordSource(names, options, tally, _rows(grid, at, keep, names, spoiled, options, tally))


def _shift(cells: frozenset[tuple[int, int]], facts: SheetFacts) -> frozenset[tuple[int, int]]:
    """Sheet places -> grid places: the grid starts at the leftmost column that holds a value."""
    return frozenset((row, column - facts.first_column) for row, column in cells)


def _header_at(grid: Grid, options: SourceOptions) -> int:
    """The 1-based row of the header; 0 if there is none."""
    if options.header_row is not None or options.preamble_rows:
        at = options.header_row if options.header_row is not None else options.preamble_rows + 1
        if at > len(grid) or (at == 0 and not options.columns):
            raise UsageProblem("CR-D109", "`header_row` is outside the sheet, or 0 without `columns`")
        return at
    widths = [sum(1 for cell in row if cell and cell.strip()) for row in grid[:_SAMPLE_ROWS]]
    usual = Counter(width for width in widths if width).most_common(1)[0][0]
    return next(i for i, width in enumerate(widths, start=1) if width and width >= usual * 0.6)


def _rows(
    grid: Grid,
    at: int,
    keep: Sequence[int],
    names: Sequence[str],
    spoiled: Spoiled,
    options: SourceOptions,
    tally: Tally,
) -> Iterator[Record]:
    for number in range(1, at):
        tally.skip(number, "CR-D123")
    last = len(grid)
    while last > at and not any(grid[last - 1]):
        last -= 1
    kinds = [_kind(name) for name in names]
    longest = _longest(grid, at, last, keep, kinds)
    header = [(grid[at - 1][i] or "").strip() for i in keep] if at else []
    for number in range(at + 1, last + 1):
        cells = [grid[number - 1][i] if i < len(grid[number - 1]) else None for i in keep]
        if not any(cell and cell.strip() for cell in cells):
            tally.skip(number, "CR-D120")
        elif number > last - options.footer_rows or is_total(cells):
            tally.skip(number, "CR-D122")
        elif repeats(header, cells):
            tally.skip(number, "CR-D121")
        else:
            for place, column in enumerate(keep):
                cells[place] = _cell(cells[place], spoiled.get((number - 1, column), ""), number, names[place], tally)
                if kinds[place]:
                    _look(cells[place], kinds[place], longest[place], number, names[place], tally)
            yield number, cells


def _cell(cell: str | None, damage: str, number: int, name: str, tally: Tally) -> str | None:
    if damage:
        tally.note(damage, row=number, column=name)
        return None
    if cell is None or cell == "":
        return None
    if len(cell) == 19 and cell.endswith(_MIDNIGHT) and cell[4] == "-":  # a date cell
        return cell[:10]
    return cell


def _kind(name: str) -> str:
    return "gtin" if _GTIN.search(name) else "fixed" if _FIXED.search(name) else ""


def _longest(grid: Grid, at: int, last: int, keep: Sequence[int], kinds: Sequence[str]) -> list[int]:
    """Per column: the length of its values if they are all digits without leading zero (so: numbers), else 0."""
    found = []
    for column, kind in zip(keep, kinds, strict=True):
        cells = [row[column] for row in grid[at:last] if column < len(row) and row[column]] if kind else []
        is_numeric = bool(cells) and all(cell and cell.isdecimal() and cell[0] != "0" for cell in cells)
        found.append(max(map(len, filter(None, cells))) if is_numeric else 0)
    return found


def _look(cell: str | None, kind: str, longest: int, number: int, name: str, tally: Tally) -> None:
    """Report ids that a spreadsheet has probably shortened."""
    if not kind or not cell or not cell.isdecimal():
        return
    if len(cell) > _EXACT_DIGITS and longest:
        tally.note("CR-D134", row=number, column=name)
    elif (kind == "gtin" and len(cell) not in _GTIN_LENGTHS) or (kind == "fixed" and 0 < len(cell) < longest):
        tally.note("CR-D130", row=number, column=name)
