"""Numbers as a headline says them: to one decimal; a range where the number itself is withheld. Pure."""

from queries.insights.model import Cell, number


def said(point: Cell, low: Cell, high: Cell) -> str:
    """``14.5``, or ``13.3 to 14.5`` where ``point`` is not known."""
    return _short(point) if number(point) is not None else f"{_short(low)} to {_short(high)}"


def _short(cell: Cell) -> str:
    known = number(cell)
    return "unknown" if known is None else f"{known:,.1f}"
