"""Answers and refusals as a notebook shows them: HTML in which every text is escaped, and plain text.

Attack stopped: a cell, a column or a message that spells markup. Everything passes ``html.escape``; nothing is marked safe.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from html import escape

from cleanroom.delivery.about import REASON_TEXTS
from cleanroom.errors import Violation
from cleanroom.released import Reason, ShownValue, Withheld

MAX_ROWS = 50
Cell = ShownValue | Withheld


def table_html(title: str, heads: Sequence[str], rows: Sequence[Sequence[Cell]], lines: Sequence[str]) -> str:
    """A table with its caption, at most ``MAX_ROWS`` rows of it, and lines of what the reader must know below it."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    body = "".join("<tr>" + "".join(_cell(cell) for cell in row) + "</tr>" for row in rows[:MAX_ROWS])
    more = [f"the first {MAX_ROWS} of {len(rows):,} rows"] if len(rows) > MAX_ROWS else []
    below = "".join(f"<p>{escape(line)}</p>" for line in (*more, *lines))
    return (
        f"<table><caption>{escape(title)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{below}"
    )


def table_text(title: str, heads: Sequence[str], rows: Sequence[Sequence[Cell]], lines: Sequence[str]) -> str:
    """The same as plain text, ten rows of it."""
    shown = [list(heads), *([as_text(cell) for cell in row] for row in rows[:10])]
    widths = [max(len(line[at]) for line in shown) for at in range(len(heads))]
    body = ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in shown]
    more = [f"... {len(rows) - 10:,} rows more"] if len(rows) > 10 else []
    return "\n".join([title, *body, *more, *lines])


def as_text(cell: Cell) -> str:
    """A cell for reading; a withheld number says so."""
    match cell:
        case None:
            return ""
        case Withheld(reason=reason):
            return f"withheld ({reason.value})"
        case Decimal():
            digits = format(cell, "f")
            return digits.rstrip("0").rstrip(".") if "." in digits else digits
        case date():
            return cell.isoformat()
        case _:
            return str(cell)


def _cell(cell: Cell) -> str:
    if isinstance(cell, Withheld):
        return f'<td title="{escape(REASON_TEXTS[cell.reason])}"><i>withheld</i></td>'
    align = (
        ' style="text-align:right"' if isinstance(cell, int | float | Decimal) and not isinstance(cell, bool) else ""
    )
    return f"<td{align}>{escape(as_text(cell))}</td>"


def withheld_lines(withheld: Mapping[Reason, int], dropped: Mapping[Reason, int]) -> list[str]:
    """What was withheld and what is not listed, by reason."""
    lines = [f"{count:,} withheld: {REASON_TEXTS[reason]}" for reason, count in withheld.items()]
    return lines + [f"{count:,} rows not listed: {REASON_TEXTS[reason]}" for reason, count in dropped.items()]


def violation_lines(violation: Violation) -> list[str]:
    """One violation as lines: code and message, who says so, what helps, what would be allowed."""
    owner = "the room" if violation.owner == "room" else f"policy of {violation.owner}"
    lines = [f"{violation.code} {violation.message}", f"    rule {violation.rule}, {owner}"]
    if violation.span is not None:
        lines[1] += f", line {violation.span.line}, column {violation.span.column}"
    if violation.help:
        lines.append(f"    help: {violation.help}")
    if violation.rewrite is not None:
        lines.append(f"    write instead: {violation.rewrite}")
    return lines
