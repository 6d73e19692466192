"""Plan and one source -> the SQL that counts its privacy units exactly, in whole and by member, in one pass.

Rows are folded to one per cell and unit, with one bit per member and contributing condition; the folded rows are then
counted. One hash table serves every number and every member, where ``count(DISTINCT ...)`` fills one for each of them.
Sources that are LEFT-joined and that nothing here mentions are not read: they drop no row.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cleanroom.engine.counts import Condition, joined_sources, mixing_sources
from cleanroom.engine.expressions import predicate_columns, render_dimension
from cleanroom.engine.literals import quote_shown
from cleanroom.engine.rows import TableReference, from_where, joined_rows, member_bit, member_words
from cleanroom.engine.sql import MAX_CELLS, EngineSql, SelectList, UnitLayout, filtered
from cleanroom.plan import Plan
from cleanroom.released import CellKey


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPass:
    """``counts`` is parallel to the conditions asked for: where each one's units stand in a result row."""

    sql: EngineSql
    counts: tuple[UnitLayout, ...]


def unit_pass(
    plan: Plan,
    reference: TableReference,
    source: int,
    conditions: Sequence[Condition],
    *,
    only: Sequence[CellKey] | None = None,
) -> UnitPass:
    """The query that counts the units of ``source`` under each of ``conditions``, in every cell or those in ``only``.

    A cell without any unit is not among its rows.
    """
    dimensions = [render_dimension(dimension) for dimension in plan.shape.dimensions]
    words = member_words(plan.tables[source])
    several = len(plan.tables[source]) > 1
    inner = [f"{dimension} AS k{n}" for n, dimension in enumerate(dimensions)]
    for number, condition in enumerate(conditions):
        for word in range(words):
            bits = f"bit_or(r{source}._members_{word})" if several else "bit_or(1::UBIGINT)"
            inner.append(f"{filtered(bits, condition)} AS f{number}_{word}")
    select = SelectList()
    select.expressions.extend(f"k{n}" for n in range(len(dimensions)))
    counts = tuple(_counts(plan, select, source, number) for number in range(len(conditions)))
    tables, _ = joined_rows(plan, reference)
    positions = [str(n + 1) for n in range(len(dimensions))]
    folded = ",\n  ".join(inner)
    grouped = ", ".join([*positions, f"r{source}._unit"])
    text = (
        f"WITH {tables},\nu AS (\nSELECT\n  {folded}\n{_rows(plan, source, conditions, only)}\nGROUP BY {grouped}\n)\n"
        f"SELECT\n  {select.text()}\nFROM u"
        + ("\nGROUP BY " + ", ".join(positions) if positions else "")
        + f"\nLIMIT {MAX_CELLS + 1}"
    )
    return UnitPass(sql=EngineSql(text=text, keys=len(dimensions)), counts=counts)


def _counts(plan: Plan, select: SelectList, source: int, condition: int) -> UnitLayout:
    words = range(member_words(plan.tables[source]))
    somebody = " OR ".join(f"f{condition}_{word} <> 0" for word in words)
    mixing = source in mixing_sources(plan)
    bits = [member_bit(member) for member in range(len(plan.tables[source]))] if mixing else []
    return UnitLayout(
        source=source,
        column=select.add(f"count(*) FILTER (WHERE {somebody})"),
        exact=True,
        by_member=tuple(
            select.add(f"count(*) FILTER (WHERE (f{condition}_{word} & {bit}) <> 0)") for word, bit in bits
        ),
    )


def _rows(plan: Plan, source: int, conditions: Sequence[Condition], only: Sequence[CellKey] | None) -> str:
    mentioned = {source}
    for condition in conditions:
        mentioned |= {reference.source for reference in predicate_columns(condition.filter)}
        mentioned |= {condition.argument.source} if condition.argument is not None else set()
    tests = [f"r{source}._unit IS NOT NULL"] if only is None else [f"r{source}._unit IS NOT NULL", _cells(plan, only)]
    word = "WHERE" if plan.shape.where is None else "AND"
    return f"{from_where(plan.shape, joined_sources(plan.shape, mentioned))}\n{word} {' AND '.join(tests)}"


def _cells(plan: Plan, only: Sequence[CellKey]) -> str:
    expressions = [render_dimension(dimension) for dimension in plan.shape.dimensions]
    cells = " OR ".join(
        "("
        + " AND ".join(
            f"{expression} IS NOT DISTINCT FROM {quote_shown(value)}"
            for expression, value in zip(expressions, key, strict=True)
        )
        + ")"
        for key in only
    )
    return f"({cells})"
