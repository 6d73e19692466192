"""Row conditions: AND, OR, NOT over a dimension beside literals. Aggregates and columns beside columns do not exist here."""

from collections.abc import Iterator

from sqlglot import exp

from cleanroom.errors import Span
from cleanroom.shape import (
    And,
    Compare,
    CompareOp,
    In,
    IsNull,
    Literal,
    LiteralType,
    Not,
    Operand,
    Or,
    Predicate,
)
from queries.binding.context import bare
from queries.binding.dimensions import Typed, dimension
from queries.binding.literals import is_constant, operand
from queries.binding.scope import Scope
from queries.limits import LIMITS
from queries.refusal import Refusal, refusal

OPERATORS: dict[type[exp.Expr], CompareOp] = {
    exp.EQ: CompareOp.EQ,
    exp.NEQ: CompareOp.NE,
    exp.LT: CompareOp.LT,
    exp.LTE: CompareOp.LE,
    exp.GT: CompareOp.GT,
    exp.GTE: CompareOp.GE,
}
FLIPPED = {
    CompareOp.EQ: CompareOp.EQ,
    CompareOp.NE: CompareOp.NE,
    CompareOp.LT: CompareOp.GT,
    CompareOp.LE: CompareOp.GE,
    CompareOp.GT: CompareOp.LT,
    CompareOp.GE: CompareOp.LE,
}
"""``5 < x`` is ``x > 5``."""


def predicate(node: exp.Expr, scope: Scope) -> Predicate:
    """The predicate ``node``.

    Raises:
        Refusal: CR-Q154 an aggregate, CR-Q161..163 and CR-Q166 not a predicate of the grammar, and as ``dimension``.
    """
    node = bare(node)
    if type(node) in OPERATORS:
        return _compare(node, scope)
    match node:
        case exp.And():
            return And(terms=tuple(predicate(term, scope) for term in _limited(chain(node, exp.And), scope)))
        case exp.Or():
            return Or(terms=tuple(predicate(term, scope) for term in _limited(chain(node, exp.Or), scope)))
        case exp.Not():
            return Not(term=predicate(node.this, scope))
        case exp.Between():
            left, span = _side(node.this, scope), scope.context.span(node)
            _ordered_type(left, span)
            low = Compare(op=CompareOp.GE, left=left.dimension, right=_beside(left, node.args["low"], scope), span=span)
            high = Compare(
                op=CompareOp.LE, left=left.dimension, right=_beside(left, node.args["high"], scope), span=span
            )
            return And(terms=(low, high))
        case exp.In():
            left = _side(node.this, scope)
            options = tuple(_beside(left, option, scope) for option in node.args.get("expressions") or ())
            if not options:
                raise _not_a_predicate(node, scope)
            return In(left=left.dimension, options=options, span=scope.context.span(node))
        case exp.Is():
            return _is(node, scope)
        case exp.Column() | exp.Coalesce() | exp.Case():
            return _flag(node, scope)
        case _:
            raise _not_a_predicate(node, scope)


def equality(subject: exp.Expr, value: exp.Expr, scope: Scope) -> Predicate:
    """``subject = value`` for ``CASE subject WHEN value``.

    Raises:
        Refusal: as ``predicate``.
    """
    left = _side(subject, scope)
    return Compare(
        op=CompareOp.EQ, left=left.dimension, right=_beside(left, value, scope), span=scope.context.span(value)
    )


def chain(node: exp.Expr, kind: type[exp.Expr]) -> Iterator[exp.Expr]:
    """The terms of a left-leaning chain of ``kind``, in order, without recursion."""
    pending, terms = [node], []
    while pending:
        current = bare(pending.pop())
        if type(current) is kind:
            pending += [current.args["this"], current.args["expression"]]
        else:
            terms.append(current)
    return reversed(terms)


def _limited(terms: Iterator[exp.Expr], scope: Scope) -> list[exp.Expr]:
    found = list(terms)
    if len(found) > LIMITS.max_predicate_terms:
        raise refusal(
            "CR-Q103", "text_length", f"a condition has more than {LIMITS.max_predicate_terms} terms",
            help="use IN or a range", span=scope.context.span(found[0]),
        )  # fmt: skip
    return found


def _compare(node: exp.Expr, scope: Scope) -> Compare:
    op, left, right = OPERATORS[type(node)], node.args["this"], node.args["expression"]
    if is_constant(left) and not is_constant(right):
        op, left, right = FLIPPED[op], right, left
    side, span = _side(left, scope), scope.context.span(node)
    if op not in (CompareOp.EQ, CompareOp.NE):
        _ordered_type(side, span)
    return Compare(op=op, left=side.dimension, right=_beside(side, right, scope), span=span)


def _ordered_type(side: Typed, span: Span) -> None:
    if side.type is LiteralType.BOOLEAN:
        raise refusal(
            "CR-Q160", "comparable_types", "true and false have no order", help="write column = TRUE", span=span
        )


def _side(node: exp.Expr, scope: Scope) -> Typed:
    node = bare(node)
    span = scope.context.span(node)
    if any(True for _ in node.find_all(exp.AggFunc)):
        raise refusal(
            "CR-Q154", "row_conditions", "an aggregate stands in a condition about rows",
            help="conditions on aggregates go into HAVING, which speaks about released numbers", span=span,
        )  # fmt: skip
    if is_constant(node):
        raise refusal(
            "CR-Q162",
            "literal_operands",
            "two literals are compared",
            help="compare a column with a literal; what is always true is left out",
            span=span,
        )
    if _is_condition(node):
        raise refusal(
            "CR-Q166", "predicates", "a condition is compared or tested as if it were a column",
            help="write the condition by itself, with NOT in front to turn it round", span=span,
        )  # fmt: skip
    return dimension(node, scope)


def _is_condition(node: exp.Expr) -> bool:
    return type(node) in OPERATORS or isinstance(node, exp.And | exp.Or | exp.Not | exp.Between | exp.In | exp.Is)


def _beside(left: Typed, node: exp.Expr, scope: Scope) -> Operand:
    if left.type is None and is_constant(node):
        raise refusal(
            "CR-Q161", "no_token_literals", "a token is never compared with a literal: it stands for one person or unit",
            help="join on it or count it", span=scope.context.span(node),
        )  # fmt: skip
    return operand(node, left.type or LiteralType.TEXT, scope.context)


def _is(node: exp.Is, scope: Scope) -> Predicate:
    left, span = _side(node.this, scope), scope.context.span(node)
    missing = IsNull(left=left.dimension, span=span)
    if isinstance(node.expression, exp.Null):
        return missing
    if left.type is not LiteralType.BOOLEAN:
        raise refusal(
            "CR-Q160", "comparable_types", "IS TRUE and IS FALSE need a boolean column", help="write column = value",
            span=span,
        )  # fmt: skip
    value = Literal(type=LiteralType.BOOLEAN, value=bool(node.expression.this), span=span)
    return And(terms=(Not(term=missing), Compare(op=CompareOp.EQ, left=left.dimension, right=value, span=span)))


def _flag(node: exp.Expr, scope: Scope) -> Compare:
    """A boolean by itself; ``coalesce(flag, FALSE)`` and a CASE of TRUE and FALSE are booleans, too."""
    left, span = _side(node, scope), scope.context.span(node)
    if left.type is not LiteralType.BOOLEAN:
        name = node.name if isinstance(node, exp.Column) else "this"
        raise refusal(
            "CR-Q166", "predicates", f"`{name}` is not a condition by itself: it is not a boolean column",
            help="compare it with a literal", span=span,
        )  # fmt: skip
    true = Literal(type=LiteralType.BOOLEAN, value=True, span=span)
    return Compare(op=CompareOp.EQ, left=left.dimension, right=true, span=span)


def _not_a_predicate(node: exp.Expr, scope: Scope) -> Refusal:
    aggregate = any(True for _ in node.find_all(exp.AggFunc))
    return refusal(
        "CR-Q154" if aggregate else "CR-Q166", "row_conditions" if aggregate else "predicates",
        "an aggregate stands in a condition about rows" if aggregate else "this is not a condition of the language",
        help="conditions on aggregates go into HAVING" if aggregate
        else "leave out what is always true or always false" if is_constant(node)
        else "write column = literal, IN, BETWEEN, IS NULL, joined with AND, OR, NOT", span=scope.context.span(node),
    )  # fmt: skip
