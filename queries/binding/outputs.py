"""SELECT and GROUP BY: which columns the answer has, and what its cells are grouped by."""

from dataclasses import dataclass

from sqlglot import exp

from cleanroom.errors import Violation
from cleanroom.shape import DimensionValue, Output, Value
from queries.binding.aggregates import is_aggregate
from queries.binding.cells import Cells
from queries.binding.context import Context, bare
from queries.binding.dimensions import Typed, dimension
from queries.binding.literals import is_constant
from queries.binding.names import default_name, legal_name
from queries.binding.output_refusals import no_group, no_measure, two_meanings, ungrouped
from queries.binding.scope import Scope, column_of
from queries.binding.values import Released, measure
from queries.limits import LIMITS
from queries.refusal import Refusal, refusal
from queries.render import quoted


@dataclass(kw_only=True)
class _Item:
    """One item of the SELECT list: a dimension (``typed``), a measure, or refused; and the name it gets."""

    node: exp.Expr
    written: exp.Expr
    name: str
    alias: str
    refused: Violation | None = None
    typed: Typed | None = None
    value: Value | None = None


def outputs(select: exp.Select, scope: Scope, cells: Cells) -> tuple[tuple[Output, ...], Released]:
    """The outputs of ``select``; dimensions and aggregates go to ``cells``, violations to the context."""
    context = scope.context
    items = _items(select, scope)
    group_read = _group(select, items, scope, cells)
    named: dict[str, Value] = {}
    broken = {item.name.lower(): item.refused for item in items if item.refused is not None}
    released = Released(scope=scope, cells=cells, named=named, broken=broken)
    found: list[Output] = []
    for item in items:
        if item.refused is not None:
            continue
        with context.found.collecting() as refused:
            if item.typed is not None:
                index = cells.find(item.typed)
                if index is None and not group_read:
                    continue  # what it would be grouped by was refused, and that is enough to say
                if index is None:
                    raise ungrouped(item.node, select, context)
                item.value = DimensionValue(index=index)
            elif item.value is None:
                item.value = measure(item.node, released)
            name = _unused(item, named, context)
            named[name.lower()] = item.value
            found.append(Output(name=name, value=item.value))
        broken.update({item.name.lower(): violation for violation in refused if item.name.lower() not in named})
    if not any(is_aggregate(item.node) for item in items):
        context.found.add(no_measure(context, is_empty=not items).violation)
    return tuple(found), released


def _items(select: exp.Select, scope: Scope) -> list[_Item]:
    context = scope.context
    items: list[_Item] = []
    for node in select.expressions[: LIMITS.max_outputs + 1]:
        alias = node.alias if isinstance(node, exp.Alias) else ""
        inner = bare(node.this) if isinstance(node, exp.Alias) else bare(node)
        item = _Item(node=inner, written=node, name=alias or default_name(inner), alias=alias)
        items.append(item)
        with context.found.collecting() as refused:
            if alias and not legal_name(alias):
                raise refusal(
                    "CR-Q158", "output_names", f"an output's name has at most {LIMITS.max_name_chars} readable characters",
                    help="choose a shorter, plain name", span=context.span(node),
                )  # fmt: skip
            if not is_aggregate(inner) and not _reuses_alias(inner, items[:-1], scope):
                item.typed = _dimension(inner, scope)
        item.refused = refused[0] if refused else None
    if len(select.expressions) > LIMITS.max_outputs:
        context.found.add(refusal(
            "CR-Q103", "text_length", f"a question has at most {LIMITS.max_outputs} outputs",
            help="ask two questions", span=context.span(select.expressions[-1]),
        ).violation)  # fmt: skip
    return items


def _reuses_alias(node: exp.Expr, items: list[_Item], scope: Scope) -> bool:
    """Whether ``node`` computes with earlier measures by their names, as DuckDB allows: ``COUNT(*) AS n, n / 2``."""
    measures = {item.name.lower() for item in items if item.typed is None}
    columns = list(node.find_all(exp.Column))
    known = {name for source in scope.sources for name in source.columns}
    return bool(columns) and all(
        not column.table and column.name.lower() in measures and column.name.lower() not in known for column in columns
    )


def _dimension(node: exp.Expr, scope: Scope) -> Typed:
    if is_constant(node):
        raise refusal(
            "CR-Q166", "dimensions", "an output is a dimension or a measure, not a constant", help="leave it out",
            span=scope.context.span(node),
        )  # fmt: skip
    if isinstance(node, exp.Binary | exp.Neg | exp.Round | exp.Nullif) and not isinstance(
        node, exp.And | exp.Or | exp.EQ | exp.NEQ | exp.LT | exp.LTE | exp.GT | exp.GTE | exp.Is
    ):
        raise refusal(
            "CR-Q157", "measures", "arithmetic is over aggregates and numbers only",
            help="group by the column itself, or by CASE WHEN ... THEN 'bucket' END", span=scope.context.span(node),
        )  # fmt: skip
    return grouped(node, scope)


def grouped(node: exp.Expr, scope: Scope) -> Typed:
    """A dimension that cells are grouped by.

    Raises:
        Refusal: as ``dimension``; CR-Q161 a token, CR-Q212 a per-unit output that is not bucketed.
    """
    typed = dimension(node, scope)
    if typed.per_unit:
        raise refusal(
            "CR-Q212", "per_unit", "a per-unit value is a dimension in buckets only",
            help="write CASE WHEN u.claims = 0 THEN 'none' ... END", span=scope.context.span(node),
        )  # fmt: skip
    if typed.type is None:
        raise refusal(
            "CR-Q161", "no_token_literals", "a token is never a dimension: it stands for one person or unit",
            help="count it: COUNT(DISTINCT token)", span=scope.context.span(node),
        )  # fmt: skip
    return typed


def _group(select: exp.Select, items: list[_Item], scope: Scope, cells: Cells) -> bool:
    """Fill ``cells`` with what is grouped by; whether all of GROUP BY was read."""
    clause = select.args.get("group")
    if clause is None:
        if not any(item.typed for item in items):
            return True
        scope.context.found.add(no_group(scope.context).violation)
    elif bool(clause.args.get("all")) is bool(clause.expressions):
        scope.context.found.add(refusal(
            "CR-Q159", "ordinals", "GROUP BY takes dimensions, or ALL and nothing else",
            help="write GROUP BY ALL, or the dimensions themselves", span=scope.context.span(clause),
        ).violation)  # fmt: skip
        return False
    if clause is None or clause.args.get("all"):
        for item in items:
            if item.typed is not None:
                cells.dimension(item.typed)
        return True
    is_read = True
    for node in clause.expressions:
        with scope.context.found.collecting() as refused:
            cells.dimension(_grouped_item(node, items, scope))
        is_read = is_read and not refused
    if len(cells.dimensions) > LIMITS.max_dimensions:
        scope.context.found.add(refusal(
            "CR-Q103", "text_length", f"a question has at most {LIMITS.max_dimensions} dimensions",
            help="ask two questions", span=scope.context.span(clause),
        ).violation)  # fmt: skip
    return is_read


def _grouped_item(node: exp.Expr, items: list[_Item], scope: Scope) -> Typed:
    node = bare(node)
    context = scope.context
    if is_aggregate(node):
        raise refusal(
            "CR-Q154", "row_conditions", "an aggregate stands in GROUP BY", help="group by dimensions",
            span=context.span(node),
        )  # fmt: skip
    if isinstance(node, exp.Literal) and not node.is_string:
        position = int(node.this) if str(node.this).isdecimal() and len(str(node.this)) < 6 else 0
        if 1 <= position <= len(items):
            _again(items[position - 1])
        if not 1 <= position <= len(items) or items[position - 1].typed is None:
            raise refusal(
                "CR-Q159", "ordinals", "this position is not a dimension of the SELECT list",
                help="write GROUP BY ALL, or the dimensions themselves", span=context.span(node), rewrite="ALL",
            )  # fmt: skip
        return _typed(items[position - 1])
    if isinstance(node, exp.Column) and not node.table:
        for position, item in enumerate(items, start=1):
            if item.name.lower() != node.name.lower():
                continue
            _again(item)
            if item.typed is not None:
                if scope.called(node) and column_of(item.typed.dimension) not in scope.called(node):
                    raise two_meanings(node, str(position), context)
                return item.typed
    return grouped(node, scope)


def _again(item: _Item) -> None:
    """A reference to a refused item repeats that refusal, which is said once."""
    if item.refused is not None:
        raise Refusal(item.refused)


def _typed(item: _Item) -> Typed:
    if item.typed is None:
        raise AssertionError("only dimensions are grouped by")
    return item.typed


def _unused(item: _Item, named: dict[str, Value], context: Context) -> str:
    if item.name.lower() not in named:
        return item.name
    if not item.alias:
        for number in range(2, LIMITS.max_outputs + 2):
            if f"{item.name}_{number}".lower() not in named:
                return f"{item.name}_{number}"
    raise refusal(
        "CR-Q158", "output_names", f"two outputs are called `{item.name}`", help="give each a name of its own with AS",
        span=context.span(item.written), rewrite=f"{context.text(item.node)} AS {quoted(item.name + '_2')}",
    )  # fmt: skip
