"""The closed grammar as data: which node may stand in which argument of which node. The else branch refuses.

Comes in: sqlglot's tree. Goes out: violations, all of them; none means every node and argument is in ``GRAMMAR``.
sqlglot keeps surprising syntax in arguments nobody looks at (``Select.into``, ``Table.when``, ``Star.except_``), so an
argument is allowed by being listed here and in no other way. ``known_args`` records what sqlglot had when this table
was read line by line; a test fails when an upgrade adds one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sqlglot import exp

from cleanroom.errors import Violation
from queries.instead import instead_of
from queries.limits import LIMITS
from queries.not_in_language import refused_argument, refused_node
from queries.places import Places
from queries.refusal import ROOM

_LOGIC: frozenset[type] = frozenset({exp.And, exp.Or, exp.Not, exp.Between, exp.In, exp.Is})
_COMPARE: frozenset[type] = frozenset({exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE})
_CONSTANT: frozenset[type] = frozenset({exp.Literal, exp.Boolean, exp.Null, exp.Placeholder, exp.Cast, exp.Neg})
_ROW: frozenset[type] = frozenset(
    {exp.Column, exp.TimestampTrunc, exp.Year, exp.Quarter, exp.Month, exp.Extract, exp.DateDiff, exp.Case}
)
_NUMBER: frozenset[type] = frozenset({exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Round, exp.Nullif, exp.Coalesce})
# MIN and MAX exist inside per-unit tables only; binding says so where they stand elsewhere.
_AGGREGATE: frozenset[type] = frozenset({exp.Count, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.Filter})
ANY_VALUE: frozenset[type] = _LOGIC | _COMPARE | _CONSTANT | _ROW | _NUMBER | _AGGREGATE | {exp.Paren}

_NAME: frozenset[type] = frozenset({exp.Identifier})
_UNIT: frozenset[type] = frozenset({exp.Var, exp.Literal})
_SCALAR: frozenset[type] = frozenset({str, bool, exp.DType})
_TWO_VALUES: Mapping[str, frozenset[type]] = {"this": ANY_VALUE, "expression": ANY_VALUE}
_ONE_VALUE: Mapping[str, frozenset[type]] = {"this": ANY_VALUE}

GRAMMAR: Mapping[type[exp.Expr], Mapping[str, frozenset[type]]] = {
    exp.Select: {
        "expressions": ANY_VALUE | {exp.Alias},
        "from_": frozenset({exp.From}),
        "joins": frozenset({exp.Join}),
        "where": frozenset({exp.Where}),
        "group": frozenset({exp.Group}),
        "having": frozenset({exp.Having}),
        "order": frozenset({exp.Order}),
        "limit": frozenset({exp.Limit}),
        "with_": frozenset({exp.With}),
    },
    exp.With: {"expressions": frozenset({exp.CTE})},
    exp.CTE: {"this": frozenset({exp.Select}), "alias": frozenset({exp.TableAlias})},
    exp.From: {"this": frozenset({exp.Table})},
    exp.Table: {"this": _NAME, "alias": frozenset({exp.TableAlias})},
    exp.TableAlias: {"this": _NAME},
    exp.Join: {"this": frozenset({exp.Table}), "on": ANY_VALUE, "using": _NAME, "side": _SCALAR, "kind": _SCALAR},
    exp.Where: _ONE_VALUE,
    exp.Having: _ONE_VALUE,
    exp.Group: {"expressions": ANY_VALUE, "all": _SCALAR},
    exp.Order: {"expressions": frozenset({exp.Ordered})},
    exp.Ordered: {"this": ANY_VALUE, "desc": _SCALAR, "nulls_first": _SCALAR},
    exp.Limit: {"expression": frozenset({exp.Literal})},
    exp.Alias: {"this": ANY_VALUE, "alias": _NAME},
    exp.Column: {"this": _NAME, "table": _NAME},
    exp.Identifier: {"this": _SCALAR, "quoted": _SCALAR},
    exp.Literal: {"this": _SCALAR, "is_string": _SCALAR},
    exp.Boolean: {"this": _SCALAR},
    exp.Null: {},
    exp.Placeholder: {"this": _SCALAR},
    exp.Paren: _ONE_VALUE,
    exp.And: _TWO_VALUES,
    exp.Or: _TWO_VALUES,
    exp.Not: _ONE_VALUE,
    exp.EQ: _TWO_VALUES,
    exp.NEQ: _TWO_VALUES,
    exp.LT: _TWO_VALUES,
    exp.LTE: _TWO_VALUES,
    exp.GT: _TWO_VALUES,
    exp.GTE: _TWO_VALUES,
    exp.Between: {"this": ANY_VALUE, "low": ANY_VALUE, "high": ANY_VALUE},
    exp.In: {"this": ANY_VALUE, "expressions": ANY_VALUE},
    exp.Is: {"this": ANY_VALUE, "expression": frozenset({exp.Null, exp.Boolean})},
    exp.Count: {"this": ANY_VALUE | {exp.Star, exp.Distinct}, "big_int": _SCALAR},
    exp.Distinct: {"expressions": ANY_VALUE},
    exp.Star: {},
    exp.Sum: _ONE_VALUE,
    exp.Avg: _ONE_VALUE,
    exp.Min: _ONE_VALUE,
    exp.Max: _ONE_VALUE,
    exp.Filter: {
        "this": frozenset({exp.Count, exp.Sum, exp.Avg, exp.Min, exp.Max}),
        "expression": frozenset({exp.Where}),
    },
    exp.Case: {"this": ANY_VALUE, "ifs": frozenset({exp.If}), "default": ANY_VALUE},
    exp.If: {"this": ANY_VALUE, "true": ANY_VALUE},
    exp.Coalesce: {"this": ANY_VALUE, "expressions": ANY_VALUE},
    exp.Nullif: _TWO_VALUES,
    exp.Round: {"this": ANY_VALUE, "decimals": ANY_VALUE},
    exp.Add: _TWO_VALUES,
    exp.Sub: _TWO_VALUES,
    exp.Mul: _TWO_VALUES,
    exp.Div: {**_TWO_VALUES, "typed": _SCALAR, "safe": _SCALAR},
    exp.Neg: _ONE_VALUE,
    # The one cast there is, to DATE: a literal is folded while binding, and what is a date already stays what it is.
    # Nothing is cast when rows are read.
    exp.Cast: {
        "this": frozenset({exp.Literal, exp.Column, exp.TimestampTrunc, exp.Paren}),
        "to": frozenset({exp.DataType}),
    },
    exp.DataType: {"this": _SCALAR, "nested": _SCALAR},
    exp.TimestampTrunc: {"this": ANY_VALUE, "unit": _UNIT},
    exp.Year: _ONE_VALUE,
    exp.Quarter: _ONE_VALUE,
    exp.Month: _ONE_VALUE,
    exp.Extract: {"this": _UNIT, "expression": ANY_VALUE},
    exp.DateDiff: {"this": ANY_VALUE, "expression": ANY_VALUE, "unit": _UNIT, "date_part_boundary": _SCALAR},
    exp.Var: {"this": _SCALAR},
}
"""Node type -> argument -> types that may stand there. ``str``, ``bool`` and ``DType`` are plain values, not nodes."""


def grammar_violations(root: exp.Expr, places: Places) -> tuple[Violation, ...]:
    """Everything in the tree that ``GRAMMAR`` does not list, outermost first; empty when all of it is listed.

    Iterative on purpose: a tree deeper than the limit is a refusal here, never a ``RecursionError``.
    """
    if type(root) is not exp.Select:
        return (_refuse(root, None, places),)
    found: list[Violation] = []
    pending: list[tuple[exp.Expr, int]] = [(root, 1)]
    while pending:
        node, depth = pending.pop()
        if depth > LIMITS.max_tree_depth:
            found.append(_too_deep(node, places))
            break
        permitted = GRAMMAR.get(type(node), {})
        if (
            isinstance(node, exp.Cast)
            and isinstance(node.this, exp.Expr)
            and type(node.this) not in permitted.get("this", ())
        ):
            found.append(_refuse_cast(node, places))
            continue
        for name, value in _present(node):
            if name not in permitted:
                found.append(_refuse_argument(node, name, value, places))
                continue
            for child in value if isinstance(value, list) else [value]:
                if type(child) not in permitted[name]:
                    found.append(_refuse(child, node, places))
                elif isinstance(child, exp.Expr):
                    # AND and OR chains lean to the left, one level per term; they are flattened, not recursed into.
                    chained = type(child) in (exp.And, exp.Or) and type(child) is type(node)
                    pending.append((child, depth if chained else depth + 1))
    return tuple(found)


def _present(node: exp.Expr) -> Iterator[tuple[str, object]]:
    return (
        (name, value) for name, value in node.args.items() if value is not None and value is not False and value != []
    )


def _refuse(child: object, parent: exp.Expr | None, places: Places) -> Violation:
    if not isinstance(child, exp.Expr):
        raise TypeError("the tree holds a plain value where only nodes may stand")
    words = refused_node(child, parent)
    place = places.of_node(child)
    span = place or places.around(child if parent is None else parent)
    rewrite = words.rewrite
    if rewrite is None and place is not None and isinstance(child, exp.Func):
        rewrite = instead_of(places.text[place.start : place.end])
    return Violation(
        code=words.code, rule=words.rule, owner=ROOM, message=words.message, help=words.help, span=span,
        rewrite=rewrite,
    )  # fmt: skip


def _refuse_cast(node: exp.Cast, places: Places) -> Violation:
    """A cast of what is never cast; around a released number it is left out. What it casts to is not looked at."""
    violation = _refuse(node.this, node, places)
    whole, inner = places.of_node(node), places.of_node(node.this)
    if whole is None or inner is None or not isinstance(node.this, exp.AggFunc | exp.Filter):
        return violation
    return replace(violation, span=whole, rewrite=places.text[inner.start : inner.end])


def _refuse_argument(node: exp.Expr, name: str, value: object, places: Places) -> Violation:
    words = refused_argument(node, name)
    inner = value[0] if isinstance(value, list) and value else value
    # sqlglot reads some types from a text of its own: what stands inside one has no place in this text.
    is_type = isinstance(node, exp.DataType)
    span = places.of_node(inner) if isinstance(inner, exp.Expr) and not is_type else None
    node = node.parent if is_type and node.parent is not None else node
    return Violation(
        code=words.code, rule=words.rule, owner=ROOM, message=words.message, help=words.help,
        span=span or places.around(node),
    )  # fmt: skip


def _too_deep(node: exp.Expr, places: Places) -> Violation:
    return Violation(
        code="CR-Q104", rule="text_depth", owner=ROOM,
        message=f"the question is nested deeper than {LIMITS.max_tree_depth} levels",
        help="remove brackets that change nothing, or ask two questions", span=places.of_node(node),
    )  # fmt: skip
