"""A grid's SQL: distinct units of everything in play, at the coarsest fineness that tells it apart.

In: a ``GridSpec``. Out: its ``EngineSql``, and where what stands in a row. The SQL consists only of quoted names and numbers
rendered here and of fold SQL made by ``cleanroom.engine.rows`` (INVARIANT I7); hashes, never tokens, come out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from cleanroom.engine.literals import quote_name, quote_text
from cleanroom.engine.rows import TableReference
from cleanroom.engine.sql import EngineSql
from cleanroom.privacy.ledger.grid import CONTRIBUTOR, MAX_GRID_CELLS, GridSpec
from cleanroom.privacy.ledger.pinned_rows import CONTRIBUTOR_SQL, Changes, Pins, Selected, constant_bits, united
from cleanroom.privacy.ledger.terms import Fineness, Term
from cleanroom.privacy.ledger.views import Hop, Place

_TRUNCATED = {Fineness.YEAR: "year", Fineness.QUARTER: "quarter", Fineness.MONTH: "month"}

RowsOf = Callable[[Sequence[Pins], Sequence[Selected]], str]
"""A place's rows at all its pin sets, as SQL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GridColumns:
    """Where things stand in a grid row: ``bits`` and ``any`` per place, one column per term; units come last."""

    bits: Mapping[Place, int]
    any_bits: Mapping[Place, int]
    terms: Mapping[Term, int]
    units: int


def grid_query(spec: GridSpec, reference: TableReference, changes: Changes) -> tuple[EngineSql, GridColumns]:
    """The grid's SQL, and where its columns stand."""
    name = {place: f"p{index}" for index, place in enumerate(spec.places)}
    order = sorted(spec.places, key=lambda place: place is None)  # tokens are read off the other places
    tables = [
        f"{name[place]} AS (\n{_place_table(spec, place, name, partial(united, reference=reference, changes=changes))}\n)"
        for place in order
    ]
    joins = [_join(place, name) for place in spec.places if place is not None]
    way: dict[Place, str] = {None: name[None]}
    for at, (hop, _) in enumerate(spec.reached_by):
        way[hop] = f"r{at}"
        tables.append(f"{way[hop]} AS (\n{_reached_rows(spec, at, reference)}\n)")
        joins.append(_join(hop, way))
    select: list[str] = []
    bits: dict[Place, int] = {}
    any_bits: dict[Place, int] = {}
    terms: dict[Term, int] = {}
    for place in spec.places:
        bits[place] = _add(select, f"{name[place]}._bits")
        if place is not None:
            any_bits[place] = _add(select, f"{name[place]}._any")
    for term, fineness in spec.terms.items():
        if fineness > Fineness.CONTENT:
            terms[term] = _add(select, f"{name[term.place]}.{_term_name(term)}")
    grouped = ", ".join(str(index + 1) for index in range(len(select)))
    # Rows about nobody are in no cell: every base cell has units, so no later step need tell empty cells apart.
    units = f"min(DISTINCT hash({name[None]}._unit), {int(spec.k)})"
    if spec.reach and not spec.reach.zeros:
        units = _reached_units(f"{way[spec.reached_by[-1][0]]}._unit", spec.k)
    listed = ",\n  ".join(f"{expression} AS g{index}" for index, expression in enumerate([*select, units]))
    tied = "\n".join(joins)
    counted = [f"{name[None]}._unit IS NOT NULL"]
    if spec.reached_by:
        counted.append(f"({name[None]}._own OR {way[spec.reached_by[-1][0]]}._unit IS NOT NULL)")
    text = (
        f"WITH {', '.join(tables)}\nSELECT\n  {listed}\nFROM {name[None]}\n{tied}\n"
        f"WHERE {' AND '.join(counted)}\nGROUP BY {grouped}\nORDER BY {grouped}\nLIMIT {MAX_GRID_CELLS + 1}"
    )
    columns = GridColumns(bits=bits, any_bits=any_bits, terms=terms, units=len(select))
    return EngineSql(text=text, keys=len(select)), columns


def _add(select: list[str], expression: str) -> int:
    select.append(expression)
    return len(select) - 1


def _term_name(term: Term) -> str:
    return quote_name(f"_{'c' if term.raw else 't'}_{term.column}")


def _term(column: str, fineness: Fineness) -> str:
    if fineness is Fineness.PRESENCE:
        return f"({column} IS NOT NULL)"
    if fineness in _TRUNCATED:
        return f"CAST(date_trunc('{_TRUNCATED[fineness]}', {column}) AS DATE)"
    return column


def _join(hop: Hop, name: Mapping[Place, str]) -> str:
    # A fold of the focused rows holds its NULL key too; other joins never match NULL.
    equal = "IS NOT DISTINCT FROM" if hop.of_focus else "="
    pairs = " AND ".join(
        f"{name[link.parent]}.{quote_name(link.column)} {equal} {name[hop]}.{quote_name(link.own)}"
        for link in hop.links
    )
    return f"LEFT JOIN {name[hop]} ON {pairs}"


def _place_table(spec: GridSpec, place: Place, name: Mapping[Place, str], rows: RowsOf) -> str:
    if place is None and spec.reach:
        return _tokens(spec, name)
    columns = _place_columns(spec, place)
    if place is None:
        unit = (CONTRIBUTOR_SQL if spec.unit == CONTRIBUTOR else quote_name(spec.unit), "_unit")
        # Whose rows are its own counts as nobody there, and rows of nobody are in no cell.
        pins = tuple(tuple(table for table in tables if table.member != spec.own) for tables in spec.pins[place])
        return rows(pins, [*columns, unit])
    if place.fold:
        listed = ", ".join(f"{expression} AS {alias}" for expression, alias in columns)
        # Whose rows were folded is not known; taken for own, they can only be withheld the more.
        own = ", TRUE AS _own" if spec.reach else ""
        always = constant_bits("1")
        return f"SELECT {listed}{own}, {always} AS _bits, {always} AS _any FROM (\n{place.fold}\n)"
    # ``_any``: at which pins the joined row has any partner; without one there it is a row without a partner.
    keys = ", ".join(quote_name(own) for own in sorted({link.own for link in place.links}))
    if spec.reach:
        columns.append((f"({CONTRIBUTOR_SQL} = {quote_text(spec.reach.receiver)})", "_own"))
    stored = rows(spec.pins[place], columns)
    if spec.reach:
        stored = f"SELECT DISTINCT * FROM (\n{stored}\n)"
    if len(spec.pins[place]) == 1:
        return f"SELECT *, _bits AS _any FROM (\n{stored}\n)"
    return f"SELECT *, bit_or(_bits) OVER (PARTITION BY {keys}) AS _any FROM (\n{stored}\n)"


def _tokens(spec: GridSpec, name: Mapping[Place, str]) -> str:
    """The distinct tokens of all places joined to them, and which of them own rows have."""
    tied = [place for place in spec.places if place is not None and any(link.parent is None for link in place.links)]
    columns = sorted({link.column for place in tied for link in place.links if link.parent is None})
    parts = []
    for place in tied:
        own = {link.column: link.own for link in place.links if link.parent is None}
        listed = ", ".join(f"{quote_name(own[column])} AS {quote_name(column)}" for column in columns)
        parts.append(f"SELECT {listed}, _own FROM {name[place]}")
    named = ", ".join(map(quote_name, columns))
    united = "\nUNION ALL\n".join(parts)
    return (
        f"SELECT {named}, {quote_name(spec.unit)} AS _unit, bool_or(_own) AS _own, {constant_bits('1')} AS _bits\n"
        f"FROM (\n{united}\n)\nGROUP BY {named}"
    )


def _reached_rows(spec: GridSpec, at: int, reference: TableReference) -> str:
    """Stored rows on the way: what joins them, and at its end the unit."""
    hop, tables = spec.reached_by[at]
    columns = {link.own for link in hop.links}
    columns |= {link.column for further, _ in spec.reached_by for link in further.links if link.parent == hop}
    listed = [quote_name(column) for column in sorted(columns)]
    if spec.reach and at == len(spec.reached_by) - 1:
        listed.append(f"{quote_name(spec.reach.unit)} AS _unit")
    return "\nUNION ALL\n".join(f"SELECT {', '.join(listed)} FROM {reference(table)}" for table in tables)


def _reached_units(unit: str, k: int) -> str:
    """Two hashes of each unit, and one for all rows that reach nobody: two lists are exact for "at least k", as one is."""
    once, again = (
        f"min(DISTINCT {hashed}, {int(k)}) FILTER (WHERE {unit} IS NOT NULL)"
        for hashed in (f"hash({unit})", f"hash(hash({unit}))")
    )
    nobody = f"min(DISTINCT CAST(0 AS UBIGINT), 1) FILTER (WHERE {unit} IS NULL)"
    return f"list_concat(list_concat({once}, {again}), {nobody})"


def _place_columns(spec: GridSpec, place: Place) -> list[Selected]:
    """Join columns as they are, terms as coarse as they matter."""
    joined = {link.column for hop in spec.places if hop is not None for link in hop.links if link.parent == place}
    joined |= {link.own for link in place.links} if place is not None else set()
    columns = [(quote_name(column), quote_name(column)) for column in sorted(joined)]
    for term, fineness in spec.terms.items():
        if term.place == place:
            stored = CONTRIBUTOR_SQL if term.column == CONTRIBUTOR else quote_name(term.column)
            columns.append((_term(stored, fineness), _term_name(term)))
    return columns
