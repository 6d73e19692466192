"""``ParsedQuery`` -> ``QueryShape``: the story of binding, and the last step that brings spellings together.

Nothing else makes a ``QueryShape`` from a text. INVARIANT I8: every column in the shape is exactly one column of one
contract that the querier may see.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from sqlglot import exp

from cleanroom.contracts.model import Contract
from cleanroom.names import DatasetName
from cleanroom.shape import (
    AggregateValue,
    And,
    Arithmetic,
    CoalesceValue,
    DimensionValue,
    Having,
    HavingCompare,
    HavingIsNull,
    HavingLogic,
    HavingNot,
    Literal,
    NullIf,
    NumberValue,
    Parameter,
    Predicate,
    QueryShape,
    Rounded,
    Source,
    Value,
)
from policies.model import Mode
from queries.binding.cells import Cells
from queries.binding.context import Context
from queries.binding.outputs import outputs
from queries.binding.per_unit import unit_tables
from queries.binding.predicates import chain, predicate
from queries.binding.released import having, limit, order_by
from queries.binding.scope import Scope
from queries.binding.sources import sources
from queries.canonical import canonical_predicate, sort_key
from queries.limits import LIMITS
from queries.parameters import Parameters, unused
from queries.parse import ParsedQuery
from queries.refusal import Refusals, refusal
from queries.verify import verify


def bind(
    parsed: ParsedQuery,
    *,
    contracts: Mapping[DatasetName, Contract],
    mode: Mode,
    parameters: Parameters | None = None,
) -> QueryShape:
    """Return the question in ``parsed``.

    Args:
        parsed: one SELECT inside the grammar.
        contracts: what the querier may see: pass ``policies.visible.visible_contracts`` where policies apply.
        mode: ``TEMPLATES`` also allows per-unit tables.
        parameters: declarations and values; a declared parameter without a value stays in the shape.

    Raises:
        PolicyRefused: every violation found, sorted by place: CR-Q14x joins, CR-Q15x outputs, CR-Q16x comparisons,
            CR-Q17x parameters, CR-Q18x HAVING, ORDER BY, LIMIT, CR-Q20x names, CR-Q21x per-unit tables.
    """
    found = Refusals()
    context = Context(parsed=parsed, contracts=contracts, mode=mode, parameters=parameters or Parameters(), found=found)
    select, cells = parsed.select, Cells()
    for violation in unused(context.parameters, frozenset(str(one.this) for one in select.find_all(exp.Placeholder))):
        found.add(violation)
    # 1. per-unit tables, which FROM may name
    tables = unit_tables(select, context)
    # 2. sources and joins: from here on there are columns to name
    bound_sources, scope = sources(select, tables, context)
    _per_unit_joins(bound_sources, scope, context)
    # 3. which rows count
    where = _where(select, scope)
    # 4. what cells are grouped by and what is measured in them
    bound_outputs, released = outputs(select, scope, cells)
    # 5. what is done to released numbers
    condition: Having | None = None
    with found.collecting():
        clause = select.args.get("having")
        condition = having(clause.this, released) if clause is not None else None
    order = order_by(select, bound_outputs, released)
    rows: int | None = None
    with found.collecting():
        rows = limit(select, released)
    if len(cells.aggregates) > LIMITS.max_aggregates:
        found.add(refusal(
            "CR-Q103", "text_length", f"a question has at most {LIMITS.max_aggregates} measures",
            help="ask two questions", span=context.span(select),
        ).violation)  # fmt: skip
    found.raise_if_any()
    # 6. one value per question
    shape = _numbered(
        QueryShape(
            sources=tuple(_sorted_pairs(source) for source in bound_sources),
            where=where,
            dimensions=tuple(cells.dimensions),
            aggregates=tuple(cells.aggregates),
            outputs=bound_outputs,
            having=condition,
            order_by=order,
            limit=rows,
        )
    )
    # 7. the result held to the vocabulary and the contracts once more, by code that shares nothing with the binder
    verify(shape, contracts)
    return shape


def _where(select: exp.Select, scope: Scope) -> Predicate | None:
    """WHERE, each ANDed term checked on its own so that all of them can be wrong at once."""
    clause = select.args.get("where")
    if clause is None:
        return None
    terms: list[Predicate] = []
    for node in list(chain(clause.this, exp.And))[: LIMITS.max_predicate_terms + 1]:
        with scope.context.found.collecting():
            terms.append(predicate(node, scope))
    if len(terms) > LIMITS.max_predicate_terms:
        scope.context.found.add(refusal(
            "CR-Q103", "text_length", f"a condition has more than {LIMITS.max_predicate_terms} terms",
            help="use IN or a range", span=scope.context.span(clause),
        ).violation)  # fmt: skip
    if not terms:
        return None
    return canonical_predicate(And(terms=tuple(terms)))


def _per_unit_joins(bound: tuple[Source, ...], scope: Scope, context: Context) -> None:
    """A per-unit table is tied to the rest by its token and by nothing else: it adds facts to units, not a way around."""
    pairs = [pair for source in bound if source.join is not None for pair in source.join.pairs]
    sides = [side for pair in pairs for side in (pair.left, pair.right)]
    for index, (source, entry) in enumerate(zip(bound, scope.sources, strict=True)):
        if source.per_unit is None:
            continue
        key = source.per_unit.key
        used = {side.column for side in sides if side.source == index}
        if used != {key}:
            context.found.add(refusal(
                "CR-Q213", "per_unit", f"the per-unit table `{entry.alias}` is joined on its token and nothing else",
                help=f"write JOIN ... ON other.{key} = {entry.alias}.{key}", span=source.span,
            ).violation)  # fmt: skip


def _sorted_pairs(source: Source) -> Source:
    if source.join is None:
        return source
    once = {sort_key(pair): pair for pair in source.join.pairs}
    return replace(source, join=replace(source.join, pairs=tuple(once[key] for key in sorted(once))))


def _numbered(shape: QueryShape) -> QueryShape:
    """Dimensions and aggregates in canonical order, with every reference to them renumbered."""
    dimensions = sorted(shape.dimensions, key=sort_key)
    aggregates = sorted(shape.aggregates, key=sort_key)
    moves = _Moves(
        dimensions=[dimensions.index(one) for one in shape.dimensions],
        aggregates=[aggregates.index(one) for one in shape.aggregates],
    )
    return replace(
        shape,
        dimensions=tuple(dimensions),
        aggregates=tuple(aggregates),
        outputs=tuple(replace(one, value=moves.value(one.value)) for one in shape.outputs),
        having=moves.having(shape.having) if shape.having is not None else None,
        order_by=tuple(replace(one, value=moves.value(one.value)) for one in shape.order_by),
    )


class _Moves:
    """Old numbers to new ones."""

    def __init__(self, *, dimensions: list[int], aggregates: list[int]) -> None:
        self._dimensions = dimensions
        self._aggregates = aggregates

    def value(self, value: Value) -> Value:
        match value:
            case AggregateValue(index=index):
                return AggregateValue(index=self._aggregates[index])
            case DimensionValue(index=index):
                return DimensionValue(index=self._dimensions[index])
            case NumberValue():
                return value
            case Arithmetic():
                return replace(value, left=self.value(value.left), right=self.value(value.right))
            case Rounded():
                return replace(value, value=self.value(value.value))
            case NullIf() | CoalesceValue():
                return replace(value, value=self.value(value.value), other=self.value(value.other))
            case _:
                assert_never(value)

    def having(self, condition: Having) -> Having:
        match condition:
            case HavingCompare(right=Literal() | Parameter()):
                return replace(condition, left=self.value(condition.left))
            case HavingCompare(left=left, right=right):
                moved = right if isinstance(right, Literal | Parameter) else self.value(right)
                return replace(condition, left=self.value(left), right=moved)
            case HavingIsNull():
                return replace(condition, value=self.value(condition.value))
            case HavingNot(term=term):
                inner = self.having(term)
                return inner.term if isinstance(inner, HavingNot) else HavingNot(term=inner)
            case HavingLogic(op=op, terms=terms):
                flat: list[Having] = []
                for term in terms:
                    moved_term = self.having(term)
                    same = isinstance(moved_term, HavingLogic) and moved_term.op == op
                    flat.extend(moved_term.terms if same and isinstance(moved_term, HavingLogic) else (moved_term,))
                once = {sort_key(term): term for term in flat}
                ordered = tuple(once[key] for key in sorted(once))
                return ordered[0] if len(ordered) == 1 else HavingLogic(op=op, terms=ordered)
            case _:
                assert_never(condition)
