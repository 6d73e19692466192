"""Measures: COUNT, SUM and AVG of bare columns, with FILTER or the CASE that means the same."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal as TypingLiteral

from sqlglot import exp

from cleanroom.contracts.model import ColumnType
from cleanroom.errors import Span
from cleanroom.shape import Aggregate, And, Fn, Predicate
from queries.binding.context import bare
from queries.binding.literals import is_constant
from queries.binding.predicates import equality, predicate
from queries.binding.scope import Resolved, Scope
from queries.refusal import Refusal, refusal

_NUMBERS = (ColumnType.INTEGER, ColumnType.DECIMAL)
_SMALL = re.compile(r"[01](?:\.0{0,9})?\Z")


def is_aggregate(node: exp.Expr) -> bool:
    """Whether an aggregate stands anywhere in ``node``."""
    return any(True for _ in node.find_all(exp.AggFunc))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Argument:
    """What an aggregate is over: a column, or a constant row marker (None), under a condition."""

    column: exp.Expr | None
    condition: Predicate | None


def aggregate(node: exp.Expr, scope: Scope) -> Aggregate:
    """The aggregate ``node``, with CASE arguments turned into FILTER.

    Raises:
        Refusal: CR-Q125 MIN or MAX, CR-Q153 not over a bare column, CR-Q155 nested, CR-Q156 SUM or AVG of no number.
    """
    span = scope.context.span(node)
    condition: Predicate | None = None
    inner = node
    if isinstance(node, exp.Filter):
        inner, condition = node.this, predicate(node.expression.this, scope)
    if isinstance(inner, exp.Min | exp.Max):
        raise refusal(
            "CR-Q125", "released_aggregates", "MIN and MAX are a single row's value and are not released",
            help="use AVG, or counts per CASE bucket", span=span,
        )  # fmt: skip
    if is_aggregate_inside(inner):
        raise refusal(
            "CR-Q155", "flat_aggregates", "an aggregate stands inside an aggregate", help="aggregate a column",
            span=span,
        )  # fmt: skip
    fn, argument = _function(inner, scope, span)
    both = _both(argument.condition, condition)
    if argument.column is None:
        return Aggregate(fn=fn, column=None, filter=both, span=span)
    resolved = _bare_column(argument.column, scope)
    if fn in (Fn.SUM, Fn.AVG):
        _number_column(resolved, node, fn, scope)
    return Aggregate(fn=fn, column=resolved.ref, filter=both, span=span)


def is_aggregate_inside(node: exp.Expr) -> bool:
    """Whether an aggregate stands strictly inside ``node``."""
    return any(found is not node for found in node.find_all(exp.AggFunc))


def _function(node: exp.Expr, scope: Scope, span: Span | None) -> tuple[Fn, _Argument]:
    argument = bare(node.this) if isinstance(node.this, exp.Expr) else None
    if argument is None:
        raise refusal(
            "CR-Q153", "bare_arguments", "COUNT needs an argument", help="write COUNT(*)", span=span,
            rewrite="COUNT(*)",
        )  # fmt: skip
    if isinstance(node, exp.Count):
        return _count(argument, scope, span)
    if isinstance(node, exp.Sum):
        return _sum(argument, scope, span)
    if isinstance(argument, exp.Case):
        column, condition, otherwise = _when(argument, scope)
        if otherwise is not None or _is_number(column):
            share = _is_number(column, 1) and otherwise is not None and _is_number(otherwise, 0)
            raise _case_argument(
                span,
                "a share is a quotient of counts: COUNT(*) FILTER (WHERE condition) / COUNT(*)"
                if share
                else "write AVG(column) FILTER (WHERE condition)",
                f"(COUNT(*) FILTER (WHERE {_condition_text(argument, scope)}) / COUNT(*))" if share else None,
            )
        return Fn.AVG, _Argument(column=column, condition=condition)
    return Fn.AVG, _Argument(column=argument, condition=None)


def _count(argument: exp.Expr, scope: Scope, span: Span | None) -> tuple[Fn, _Argument]:
    if isinstance(argument, exp.Distinct):
        columns = argument.expressions
        if len(columns) != 1:
            raise refusal(
                "CR-Q153", "bare_arguments", "COUNT(DISTINCT ...) takes one column", help="count one column at a time",
                span=span,
            )  # fmt: skip
        only = bare(columns[0])
        if not isinstance(only, exp.Case):
            return Fn.COUNT_DISTINCT, _Argument(column=only, condition=None)
        column, condition, otherwise = _when(only, scope)
        if otherwise is not None or _is_number(column):
            raise _case_argument(span, "write COUNT(DISTINCT column) FILTER (WHERE condition)")
        return Fn.COUNT_DISTINCT, _Argument(column=column, condition=condition)
    if isinstance(argument, exp.Star | exp.Literal | exp.Boolean):
        return Fn.COUNT_STAR, _Argument(column=None, condition=None)
    if isinstance(argument, exp.Case):
        column, condition, otherwise = _when(argument, scope)
        if otherwise is not None:
            raise _case_argument(
                span,
                "COUNT counts the ELSE as well; write COUNT(*) FILTER (WHERE condition)",
                f"COUNT(*) FILTER (WHERE {_condition_text(argument, scope)})" if _is_number(otherwise, 0) else None,
            )
        if isinstance(column, exp.Literal | exp.Boolean):
            return Fn.COUNT_STAR, _Argument(column=None, condition=condition)
        return Fn.COUNT, _Argument(column=column, condition=condition)
    return Fn.COUNT, _Argument(column=argument, condition=None)


def _sum(argument: exp.Expr, scope: Scope, span: Span | None) -> tuple[Fn, _Argument]:
    if not isinstance(argument, exp.Case):
        return Fn.SUM, _Argument(column=argument, condition=None)
    column, condition, otherwise = _when(argument, scope)
    if otherwise is not None and not _is_number(otherwise, 0):
        raise _case_argument(span, "add up what is meant: SUM(a) FILTER (WHERE ...) + SUM(b) FILTER (WHERE NOT (...))")
    if _is_number(column, 1):
        return Fn.COUNT_STAR, _Argument(column=None, condition=condition)
    if is_constant(column):
        raise _case_argument(span, "multiply the count: 5 * COUNT(*) FILTER (WHERE condition)")
    return Fn.SUM, _Argument(column=column, condition=condition)


def _when(case: exp.Case, scope: Scope) -> tuple[exp.Expr, Predicate, exp.Expr | None]:
    """The only branch's result and condition, and the ELSE where it is not NULL."""
    branches = case.args.get("ifs") or []
    if len(branches) != 1:
        raise _case_argument(
            scope.context.span(case), "inside an aggregate, CASE has one WHEN; write FILTER (WHERE condition)"
        )
    default = case.args.get("default")
    otherwise = None if default is None or isinstance(bare(default), exp.Null) else bare(default)
    when, subject = branches[0].this, case.args.get("this")
    condition = predicate(when, scope) if subject is None else equality(subject, when, scope)
    return bare(branches[0].args["true"]), condition, otherwise


def written_empty(node: exp.Expr) -> TypingLiteral["zero", "null"] | None:
    """What SUM(CASE ...) says of a cell where no row meets its condition, if FILTER does not say the same.

    ``ELSE 0`` says 0 where SUM ... FILTER says NULL; a 1 without ELSE says NULL where COUNT ... FILTER says 0.
    """
    case = bare(node.this) if isinstance(node, exp.Sum) and isinstance(node.this, exp.Expr) else None
    if not isinstance(case, exp.Case):
        return None
    counted = _is_number(bare(case.args["ifs"][0].args["true"]), 1)
    default = case.args.get("default")
    has_zero = default is not None and _is_number(bare(default), 0)
    if counted:
        return None if has_zero else "null"
    return "zero" if has_zero else None


def _condition_text(case: exp.Case, scope: Scope) -> str:
    """What stands between WHEN and THEN, as written; with a subject, as the equality it means."""
    subject, condition = scope.context.parsed.places.first_when(scope.context.span(case))
    return f"{subject} = {condition}" if subject else condition


def _is_number(node: exp.Expr, value: int | None = None) -> bool:
    if not isinstance(node, exp.Literal) or node.is_string:
        return False
    return value is None or (_SMALL.match(str(node.this)) is not None and Decimal(str(node.this)) == value)


def _both(first: Predicate | None, second: Predicate | None) -> Predicate | None:
    if first is None or second is None:
        return first or second
    return And(terms=(first, second))


def _bare_column(node: exp.Expr, scope: Scope) -> Resolved:
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.Column):
        raise refusal(
            "CR-Q126", "no_cast", "a column is not cast before it is aggregated: it can fail on a row",
            help="leave the cast out", span=scope.context.span(node), rewrite=scope.context.text(node.this),
        )  # fmt: skip
    if isinstance(node, exp.Add | exp.Sub) and _columns_only(node) and isinstance(node.parent, exp.Sum):
        first, second = (f"SUM({scope.context.text(part)})" for part in (node.this, node.expression))
        sign = "+" if isinstance(node, exp.Add) else "-"
        if not _between_dates(node, scope):
            raise refusal(
                "CR-Q153", "bare_arguments", "an aggregate takes a bare column",
                help="add up each column, and compute with the sums", span=scope.context.span(node.parent),
                rewrite=f"({first} {sign} {second})",
            )  # fmt: skip
    if isinstance(node, exp.Sub | exp.DateDiff) and _between_dates(node, scope):
        raise refusal(
            "CR-Q153", "bare_arguments", "time between two dates is a dimension and is not aggregated",
            help="count per month of it: SELECT date_diff('month', d1, d2) AS months, COUNT(*) ... GROUP BY months",
            span=scope.context.span(node),
        )  # fmt: skip
    if not isinstance(node, exp.Column):
        raise refusal(
            "CR-Q153", "bare_arguments", "an aggregate takes a bare column",
            help="aggregate one column; arithmetic goes outside, over the released numbers: SUM(a) - SUM(b)",
            span=scope.context.span(node),
        )  # fmt: skip
    return scope.resolve(node)


def _columns_only(node: exp.Expr) -> bool:
    return isinstance(node.args.get("this"), exp.Column) and isinstance(node.args.get("expression"), exp.Column)


def _between_dates(node: exp.Expr, scope: Scope) -> bool:
    columns = list(node.find_all(exp.Column))
    kinds = {scope.resolve(column).column.type for column in columns}
    return bool(columns) and kinds <= {ColumnType.DATE, ColumnType.TIMESTAMP}


def _number_column(resolved: Resolved, node: exp.Expr, fn: Fn, scope: Scope) -> None:
    kind, span = resolved.column.type, scope.context.span(node)
    if kind in _NUMBERS:
        return
    name, filtered = resolved.column.name, isinstance(node, exp.Filter)
    if kind is ColumnType.BOOLEAN and not filtered and isinstance(node.this, exp.Column):
        written = scope.context.text(node.this)
        count = f"COUNT(*) FILTER (WHERE {written})"
        raise refusal(
            "CR-Q156", "numbers_summed", f"`{name}` is true or false, not a number",
            help="count the rows where it is true; a share is a quotient of two counts", span=span,
            rewrite=count if fn is Fn.SUM else f"({count} / COUNT({written}))",
        )  # fmt: skip
    raise refusal("CR-Q156", "numbers_summed", f"`{name}` is not a number", help="COUNT it instead", span=span)


def _case_argument(span: Span | None, help: str, rewrite: str | None = None) -> Refusal:  # noqa: A002
    return refusal(
        "CR-Q153", "bare_arguments", "this CASE inside an aggregate has no FILTER that means the same", help=help,
        span=span, rewrite=rewrite,
    )  # fmt: skip
