"""Refusals about SELECT and GROUP BY, each with the text that was probably meant."""

from sqlglot import exp

from cleanroom.errors import Span
from queries.binding.context import Context
from queries.refusal import Refusal, refusal


def two_meanings(node: exp.Column, position: str, context: Context) -> Refusal:
    """Some systems group by the column and some by the output of that name: whichever was meant, it is said."""
    return refusal(
        "CR-Q203", "one_column", f"`{node.name}` is a column and also the name of another output",
        help="give the output another name; for the column write `source.column`, for the output its position",
        span=context.span(node), rewrite=position,
    )  # fmt: skip


def ungrouped(node: exp.Expr, select: exp.Select, context: Context) -> Refusal:
    """CR-Q151 for a dimension that GROUP BY does not name, with the GROUP BY that does."""
    text = context.text(node)
    last = select.args["group"].expressions[-1] if select.args["group"].expressions else None
    span = context.span(last) if last is not None else None
    return refusal(
        "CR-Q151", "grouped_dimensions", f"`{text}` is selected but not grouped by", help="add it to GROUP BY, or write GROUP BY ALL",
        span=span or context.span(node),
        rewrite=f"{context.text(last)}, {text}" if last is not None and span is not None else None,
    )  # fmt: skip


def no_group(context: Context) -> Refusal:
    """CR-Q151 for dimensions without any GROUP BY, with the clause where it belongs."""
    at = _before_keyword(context, ("HAVING", "ORDER BY", "LIMIT"))
    return refusal(
        "CR-Q151", "grouped_dimensions", "dimensions are selected without GROUP BY", help="write GROUP BY ALL",
        span=at, rewrite=" GROUP BY ALL",
    )  # fmt: skip


def no_measure(context: Context, *, is_empty: bool) -> Refusal:
    """CR-Q150, with a count where the SELECT list ends."""
    at = _before_keyword(context, ("FROM",))
    return refusal(
        "CR-Q150", "a_measure", "the question has no measure", help="add COUNT(*), COUNT(DISTINCT c), SUM(c) or AVG(c)",
        span=at, rewrite=None if is_empty else ", COUNT(*) AS n",
    )  # fmt: skip


def _before_keyword(context: Context, keywords: tuple[str, ...]) -> Span:
    """The empty span directly before the first of ``keywords`` outside brackets, or at the end of the text."""
    depth, end = 0, 0
    for token in context.parsed.tokens:
        word = " ".join(token.text.upper().split())
        if depth == 0 and (word in keywords or word == ";"):
            break
        depth += (word == "(") - (word == ")")
        end = token.end + 1
    return context.parsed.places.span(end, end)
