"""HAVING, ORDER BY and LIMIT: they speak about released outputs and run after suppression, never in the engine."""

from decimal import Decimal

from sqlglot import exp

from cleanroom.shape import (
    CompareOp,
    DimensionValue,
    Having,
    HavingCompare,
    HavingIsNull,
    HavingLogic,
    HavingNot,
    Literal,
    LiteralType,
    NumberValue,
    Operand,
    OrderItem,
    Output,
    Value,
)
from queries.binding.aggregates import is_aggregate
from queries.binding.context import bare
from queries.binding.dimensions import dimension
from queries.binding.literals import is_constant, operand
from queries.binding.predicates import FLIPPED, OPERATORS, chain
from queries.binding.scope import column_of
from queries.binding.values import Released, measure
from queries.limits import LIMITS
from queries.refusal import Refusal, refusal


def having(node: exp.Expr, released: Released) -> Having:
    """The HAVING condition ``node``.

    Raises:
        Refusal: CR-Q180 not a condition over released outputs, and as ``measure`` and ``operand``.
    """
    node = bare(node)
    context = released.scope.context
    if type(node) in OPERATORS:
        return _compare(node, released)
    match node:
        case exp.And() | exp.Or():
            terms = list(chain(node, type(node)))
            if len(terms) > LIMITS.max_predicate_terms:
                raise _not_having(node, released)
            return HavingLogic(
                op="and" if isinstance(node, exp.And) else "or", terms=tuple(having(term, released) for term in terms)
            )
        case exp.Not():
            return HavingNot(term=having(node.this, released))
        case exp.Between():
            left = _value(node.this, released)
            low, high = (_right(left, node.args[side], released) for side in ("low", "high"))
            return HavingLogic(
                op="and",
                terms=(
                    HavingCompare(op=CompareOp.GE, left=left, right=low),
                    HavingCompare(op=CompareOp.LE, left=left, right=high),
                ),
            )
        case exp.In():
            left = _value(node.this, released)
            options = tuple(
                HavingCompare(op=CompareOp.EQ, left=left, right=_right(left, option, released))
                for option in node.args.get("expressions") or ()
            )
            if not options:
                raise _not_having(node, released)
            return options[0] if len(options) == 1 else HavingLogic(op="or", terms=options)
        case exp.Is() if isinstance(node.expression, exp.Null):
            return HavingIsNull(value=_value(node.this, released))
        case _:
            raise refusal(
                "CR-Q180", "having", "this is not a condition over released outputs",
                help="write HAVING COUNT(*) >= 100, or a dimension compared with a literal", span=context.span(node),
            )  # fmt: skip


def order_by(select: exp.Select, outputs: tuple[Output, ...], released: Released) -> tuple[OrderItem, ...]:
    """The sort order; a value sorted by twice counts once. Violations go to the context."""
    context = released.scope.context
    clause = select.args.get("order")
    items: list[OrderItem] = []
    for ordered in clause.expressions if clause is not None else ():
        with context.found.collecting():
            value = _ordered(bare(ordered.this), outputs, released)
            if all(item.value != value for item in items):
                items.append(
                    OrderItem(
                        value=value,
                        descending=bool(ordered.args.get("desc")),
                        nulls_first=bool(ordered.args.get("nulls_first")),
                    )
                )
    return tuple(items)


def limit(select: exp.Select, released: Released) -> int | None:
    """The LIMIT.

    Raises:
        Refusal: CR-Q182 not a whole number from 1.
    """
    clause = select.args.get("limit")
    if clause is None:
        return None
    text = str(clause.expression.this)
    rows = int(text) if not clause.expression.is_string and text.isdecimal() and len(text) <= 9 else 0
    if not 1 <= rows <= LIMITS.max_rows:
        raise refusal(
            "CR-Q182", "limit", f"LIMIT takes a whole number from 1 to {LIMITS.max_rows:,}", help="write LIMIT 100",
            span=released.scope.context.span(clause),
        )  # fmt: skip
    return rows


def _compare(node: exp.Expr, released: Released) -> Having:
    op, left, right = OPERATORS[type(node)], node.args["this"], node.args["expression"]
    if is_constant(left) and not is_constant(right):
        op, left, right = FLIPPED[op], right, left
    value = _value(left, released)
    return HavingCompare(op=op, left=value, right=_right(value, right, released))


def _value(node: exp.Expr, released: Released) -> Value:
    node = bare(node)
    if is_constant(node):
        raise _not_having(node, released)
    named = released.by_name(node)
    if named is not None:
        _one_meaning(node, named, released)
        return named
    if is_aggregate(node) or released.computes(node):
        return measure(node, released)
    return _grouped(node, released)


def _one_meaning(node: exp.Expr, named: Value, released: Released) -> None:
    """Refuse a name of an output that is another dimension's too: systems differ in which of them HAVING means."""
    called = released.scope.called(node) if isinstance(node, exp.Column) else ()
    dimensions = released.cells.dimensions
    if isinstance(named, DimensionValue):
        clear = not called or column_of(dimensions[named.index]) in called
    else:
        clear = not any(column_of(one) in called for one in dimensions)
    if not clear:
        raise refusal(
            "CR-Q203", "one_column", f"`{node.name}` is a column and also the name of another output",
            help="give the output another name with AS", span=released.scope.context.span(node),
        )  # fmt: skip


def _right(left: Value, node: exp.Expr, released: Released) -> Value | Operand:
    node = bare(node)
    if not isinstance(left, DimensionValue):
        if isinstance(node, exp.Placeholder):
            found = operand(node, LiteralType.DECIMAL, released.scope.context)
            if isinstance(found, Literal) and isinstance(found.value, Decimal):
                return NumberValue(value=found.value)
            return found
        return measure(node, released)
    kind = released.cells.types[left.index]
    if kind is None:
        raise _not_having(node, released)
    return operand(node, kind, released.scope.context)


def _grouped(node: exp.Expr, released: Released) -> Value:
    index = released.cells.find(dimension(node, released.scope))
    if index is None:
        raise refusal(
            "CR-Q181", "released_outputs", "this is neither grouped by nor an aggregate",
            help="HAVING and ORDER BY speak about outputs: use a grouped dimension, an aggregate, or an output's name; "
            "conditions about rows go into WHERE", span=released.scope.context.span(node),
        )  # fmt: skip
    return DimensionValue(index=index)


def _ordered(node: exp.Expr, outputs: tuple[Output, ...], released: Released) -> Value:
    named = released.by_name(node)
    if named is not None:
        return named
    if is_constant(node):
        text = str(node.this) if isinstance(node, exp.Literal) and not node.is_string else ""
        position = int(text) if text.isdecimal() and len(text) < 6 else 0
        if not 1 <= position <= len(outputs):
            raise refusal(
                "CR-Q159", "ordinals", "this position is not an output", help="order by an output's name",
                span=released.scope.context.span(node),
            )  # fmt: skip
        return outputs[position - 1].value
    return _value(node, released)


def _not_having(node: exp.Expr, released: Released) -> Refusal:
    return refusal(
        "CR-Q180", "having", "a released output is compared with a literal or another output",
        help="write HAVING COUNT(*) >= 100", span=released.scope.context.span(node),
    )  # fmt: skip
