"""The row tables ``r0``, ``r1``, ... of a plan as SQL: one per source, only the columns that are needed.

A source is the UNION ALL of its members' pinned tables. Beside contract columns a row table has physical ones that no
question can name: ``_unit`` (the privacy unit), ``_unit_mask`` and ``_mask_<token>`` (occupancy masks, where stored),
``contributor`` and ``_members_<word>`` (one bit per member that the row, or the rows folded into it, came from).

A folded (per-unit) source has one row per token, of possibly several privacy units; it counts for one of them, the
least. The set of least units is a subset of all contributing units, so its size is a sound lower bound: a fold can
only make a threshold harder to reach, never easier.
"""

import hashlib
from collections.abc import Callable, Container, Iterable, Sequence
from decimal import Decimal

from cleanroom.engine.counts import CONTRIBUTOR
from cleanroom.engine.expressions import column_of, dimension_columns, predicate_columns, render_predicate
from cleanroom.engine.literals import quote_name, quote_number, quote_text
from cleanroom.names import MemberName
from cleanroom.plan import PinnedTable, Plan, SourceObligations
from cleanroom.shape import ColumnRef, PerUnit, PerUnitFn, PerUnitOutput, QueryShape

_LONGEST_ALIASED = 50
_WORD_BITS = 64

TableReference = Callable[[PinnedTable], str]
"""How a pinned table is spelled in FROM; the session knows."""


def lake_alias(member: MemberName) -> str:
    """The catalogue name of a member's lake: ``lake_<member>``, or a digest where that is no plain short name."""
    if "-" not in member and len(member) <= _LONGEST_ALIASED:
        return f"lake_{member}"
    return f"lakex_{hashlib.sha256(member.encode()).hexdigest()[:48]}"


def table_name(table: PinnedTable) -> str:
    """A pinned table's name, without its snapshot."""
    return f"{quote_name(lake_alias(table.member))}.main.{quote_name(table.dataset)}"


def lake_reference(table: PinnedTable) -> str:
    """A pinned table as the locked session attaches it: one catalogue per member, at its snapshot."""
    return f"{table_name(table)} AT (VERSION => {int(table.snapshot)})"


def used_columns(shape: QueryShape) -> frozenset[ColumnRef]:
    """Every column the question mentions outside its per-unit tables."""
    found: set[ColumnRef] = set(predicate_columns(shape.where))
    for dimension in shape.dimensions:
        found |= dimension_columns(dimension)
    for aggregate in shape.aggregates:
        found |= predicate_columns(aggregate.filter)
        if aggregate.column is not None:
            found.add(aggregate.column)
    for source in shape.sources:
        for pair in source.join.pairs if source.join else ():
            found |= {pair.left, pair.right}
    return frozenset(found)


def clamped(expression: str, bounds: tuple[Decimal, Decimal] | None, *, null: bool = True) -> str:
    """``expression`` held within inclusive ``bounds``; NULL stays NULL (``greatest`` alone would skip it).

    ``null`` says whether it can be NULL at all.
    """
    if bounds is None:
        return expression
    low, high = bounds
    held = f"least(greatest({expression}, {quote_number(low)}), {quote_number(high)})"
    return f"CASE WHEN {expression} IS NOT NULL THEN {held} END" if null else held


def member_words(tables: Sequence[PinnedTable]) -> int:
    """How many ``_members_<word>`` columns the bits of ``tables`` fill."""
    return (len(tables) - 1) // _WORD_BITS + 1


def member_bit(member: int) -> tuple[int, str]:
    """The word that the ``member``-th pinned table's bit stands in, and the bit."""
    return member // _WORD_BITS, f"{1 << member % _WORD_BITS}::UBIGINT"


def member_test(source: int, member: int) -> str:
    """Whether a row of ``r<source>`` holds rows of the ``member``-th pinned table."""
    word, bit = member_bit(member)
    return f"(r{source}._members_{word} & {bit}) <> 0"


def row_table(plan: Plan, source: int, reference: TableReference, masks: Iterable[str] = ()) -> str:
    """The body of ``r<source>``; ``masks`` are the token columns whose stored masks are wanted."""
    described, obligations = plan.shape.sources[source], plan.obligations.sources[source]
    if described.per_unit is not None:
        return _folded(plan, source, described.per_unit, obligations, reference)
    names = sorted({ref.column for ref in used_columns(plan.shape) if ref.source == source} - {CONTRIBUTOR})
    columns = [quote_name(name) for name in names]
    columns.append(f"{quote_name(obligations.privacy_unit)} AS _unit")
    columns += [f"{quote_name(mask_column(token))}" for token in sorted(set(masks))]
    return _union(plan.tables[source], columns, reference)


def mask_column(token: str) -> str:
    """The stored occupancy mask of a token column: one bit of 64 per row, 0 or NULL for no token."""
    return f"_mask_{token}"


def joined_rows(plan: Plan, reference: TableReference, masks: Iterable[tuple[int, str]] = ()) -> tuple[str, str]:
    """The WITH items and the FROM ... WHERE that together are all rows the question is about."""
    wanted = tuple(masks)
    tables = ",\n".join(
        f"r{index} AS (\n{row_table(plan, index, reference, [token for at, token in wanted if at == index])}\n)"
        for index in range(len(plan.shape.sources))
    )
    return tables, from_where(plan.shape)


def from_where(shape: QueryShape, needed: Container[int] | None = None) -> str:
    """FROM, joins and WHERE over ``r0``, ``r1``, ...; of ``needed`` sources only, where given."""
    lines = ["FROM r0"]
    for index, source in enumerate(shape.sources):
        if source.join is not None and (needed is None or index in needed):
            pairs = " AND ".join(f"{column_of(pair.left)} = {column_of(pair.right)}" for pair in source.join.pairs)
            lines.append(f"{source.join.kind.value.upper()} JOIN r{index} ON {pairs}")
    if shape.where is not None:
        lines.append(f"WHERE {render_predicate(shape.where)}")
    return "\n".join(lines)


def _union(tables: tuple[PinnedTable, ...], columns: list[str], reference: TableReference) -> str:
    listed = ", ".join(columns)
    return "\nUNION ALL\n".join(
        f"SELECT {_origin(tables, number)}, {listed}\nFROM {reference(table)}" for number, table in enumerate(tables)
    )


def _origin(tables: Sequence[PinnedTable], number: int) -> str:
    """Whose rows these are: by name, and as bits where there are several members."""
    name = f"{quote_text(tables[number].member)} AS {CONTRIBUTOR}"
    if len(tables) == 1:
        return name
    word, bit = member_bit(number)
    bits = (bit if n == word else "0::UBIGINT" for n in range(member_words(tables)))
    return ", ".join([name, *(f"{bits_of_word} AS _members_{n}" for n, bits_of_word in enumerate(bits))])


def _folded(plan: Plan, source: int, fold: PerUnit, obligations: SourceObligations, reference: TableReference) -> str:
    inner = {ref.column for output in fold.outputs for ref in predicate_columns(output.filter)}
    inner |= {output.column.column for output in fold.outputs if output.column is not None}
    inner |= {ref.column for ref in predicate_columns(fold.where)} | {fold.key}
    columns = [quote_name(name) for name in sorted(inner - {CONTRIBUTOR})]
    columns.append(f"{quote_name(obligations.privacy_unit)} AS _unit")
    outputs = [f"{_fold_output(output, obligations)} AS {quote_name(output.name)}" for output in fold.outputs]
    tables = plan.tables[source]
    words = range(member_words(tables)) if len(tables) > 1 else ()
    flags = [f"bit_or(t._members_{n}) AS _members_{n}" for n in words]
    key = _fold_column(ColumnRef(source=0, column=fold.key))
    listed = ", ".join([f"{key} AS {quote_name(fold.key)}", *outputs, "min(t._unit) AS _unit", *flags])
    where = "" if fold.where is None else f"\nWHERE {render_predicate(fold.where, _fold_column)}"
    return f"SELECT {listed}\nFROM (\n{_union(tables, columns, reference)}\n) AS t{where}\nGROUP BY {key}"


def _fold_column(reference: ColumnRef) -> str:
    return f"t.{quote_name(reference.column)}"


def _fold_output(output: PerUnitOutput, obligations: SourceObligations) -> str:
    argument = "*" if output.column is None else _fold_column(output.column)
    match output.fn:
        case PerUnitFn.COUNT:
            call = f"count({argument})"
        case PerUnitFn.COUNT_DISTINCT:
            call = f"count(DISTINCT {argument})"
        case PerUnitFn.SUM:
            bounds = obligations.clamps.get(output.column.column) if output.column is not None else None
            call = f"sum({clamped(argument, bounds)})"
        case PerUnitFn.MIN | PerUnitFn.MAX:
            call = f"{output.fn.value}({argument})"
    filtered = "" if output.filter is None else f" FILTER (WHERE {render_predicate(output.filter, _fold_column)})"
    return call + filtered
