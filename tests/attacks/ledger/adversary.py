"""An independent adversary: clear rows, nested loops and rational arithmetic; shares no code with the ledger.

``counted`` evaluates a question over clear rows one by one. ``Adversary`` keeps what each number it received says about
every row of a dataset (how much the number would fall if that row went), and looks for a combination of its numbers
that speaks about fewer than ``k`` people only.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from cleanroom.shape import (
    Aggregate,
    And,
    Case,
    Coalesced,
    ColumnRef,
    Compare,
    DateDiff,
    DatePart,
    Dimension,
    Grain,
    In,
    IsNull,
    JoinKind,
    Literal,
    Not,
    Or,
    PlainColumn,
    Predicate,
    QueryShape,
    Truncated,
)

Row = Mapping[str, object]
Joined = tuple[Row | None, ...]


def cell(row: Joined, reference: ColumnRef) -> object:
    """A column's value in a joined row; NULL where nothing was joined."""
    held = row[reference.source]
    return None if held is None else held.get(reference.column)


def value(row: Joined, dimension: Dimension) -> object:
    """A dimension of one joined row."""
    match dimension:
        case PlainColumn(column=column):
            return cell(row, column)
        case Truncated(grain=grain, column=column):
            day = cell(row, column)
            return None if day is None else _floor(day, grain)
        case DatePart(part=part, column=column):
            day = cell(row, column)
            return (
                None if day is None else {"year": day.year, "month": day.month, "quarter": (day.month + 2) // 3}[part]
            )
        case DateDiff(start=start, end=end):
            first, last = cell(row, start), cell(row, end)
            if first is None or last is None:
                return None
            return (last.year - first.year) * 12 + last.month - first.month
        case Case(branches=branches, otherwise=otherwise):
            for branch in branches:
                if holds(row, branch.when) is True:
                    return branch.then.value
            return None if otherwise is None else otherwise.value
        case Coalesced(dimension=inner, default=default):
            found = value(row, inner)
            return default.value if found is None else found


def _floor(day: date, grain: Grain) -> date:
    if grain is Grain.YEAR:
        return date(day.year, 1, 1)
    if grain is Grain.QUARTER:
        return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    return date(day.year, day.month, 1)


def holds(row: Joined, predicate: Predicate | None) -> bool | None:
    """SQL's three-valued truth of a predicate on one joined row."""
    match predicate:
        case None:
            return True
        case And(terms=terms):
            found = [holds(row, term) for term in terms]
            return False if False in found else None if None in found else True
        case Or(terms=terms):
            found = [holds(row, term) for term in terms]
            return True if True in found else None if None in found else False
        case Not(term=term):
            inner = holds(row, term)
            return None if inner is None else not inner
        case IsNull(left=left):
            return value(row, left) is None
        case In(left=left, options=options):
            found = value(row, left)
            return None if found is None else found in [option.value for option in options]
        case Compare(op=op, left=left, right=Literal(value=constant)):
            found = value(row, left)
            if found is None:
                return None
            tests = {
                "=": found == constant,
                "<>": found != constant,
                "<": found < constant,
                "<=": found <= constant,
                ">": found > constant,
                ">=": found >= constant,
            }
            return tests[op]
    raise AssertionError("not a predicate of these tests")


def joined_rows(shape: QueryShape, tables: Sequence[Sequence[Row]]) -> Iterator[Joined]:
    """Every row of FROM with its joins."""
    rows: list[Joined] = [(row,) for row in tables[0]]
    for index, source in enumerate(shape.sources[1:], start=1):
        grown: list[Joined] = []
        for row in rows:
            partners = [
                other
                for other in tables[index]
                if all(
                    cell(row, pair.left) is not None and cell(row, pair.left) == other.get(pair.right.column)
                    for pair in source.join.pairs
                )
            ]
            grown += [(*row, other) for other in partners]
            if not partners and source.join.kind is JoinKind.LEFT:
                grown.append((*row, None))
        rows = grown
    yield from rows


def counts(shape: QueryShape, aggregate: Aggregate, key: tuple[object, ...], row: Joined) -> bool:
    """Whether one number of one cell counts a joined row."""
    return (
        holds(row, shape.where) is True
        and holds(row, aggregate.filter) is True
        and (aggregate.column is None or cell(row, aggregate.column) is not None)
        and tuple(value(row, dimension) for dimension in shape.dimensions) == key
    )


def falls_by(
    shape: QueryShape, aggregate: Aggregate, key: tuple[object, ...], tables: Sequence[Sequence[Row]], source: int
) -> dict[int, int]:
    """Per row of ``source`` (by position) how much the number would fall if that row had never been uploaded.

    The rows it takes part in go; rows of a LEFT JOIN that lose their last partner come back with NULLs.
    """
    joined = list(joined_rows(shape, tables))
    whole = {id(row): counts(shape, aggregate, key, row) for row in joined}
    found = {}
    for position, gone in enumerate(tables[source]):
        touching = [row for row in joined if any(part is gone for part in row)]
        change = sum(whole[id(row)] for row in touching)
        if source > 0 and touching:
            less = [list(table) for table in tables]
            del less[source][position]
            # Only the first source's rows that it touched can come back.
            less[0] = [row for row in less[0] if any(row is one[0] for one in touching)]
            after = sum(counts(shape, aggregate, key, row) for row in joined_rows(shape, less))
            before = sum(whole[id(row)] for row in joined if any(row[0] is one for one in less[0]))
            change = before - after
        if change:
            found[position] = change
    return found


@dataclass
class Adversary:
    """Numbers received about one dataset, as amounts per row, and who each row is about."""

    k: int
    person_of: dict[object, object] = field(default_factory=dict)
    numbers: list[dict[object, int]] = field(default_factory=list)

    def learn(self, amounts: Mapping[object, int], person_of: Mapping[object, object]) -> None:
        """A number was received; ``amounts`` and ``person_of`` are by row name."""
        self.person_of.update(person_of)
        if amounts:
            self.numbers.append(dict(amounts))

    def isolates(self) -> bool:
        """Whether some combination of the numbers is nonzero and speaks about fewer than ``k`` people only."""
        atoms: dict[tuple[int, ...], set[object]] = {}
        for name, person in self.person_of.items():
            pattern = tuple(number.get(name, 0) for number in self.numbers)
            if any(pattern) and person is not None:
                atoms.setdefault(pattern, set()).add(person)
        patterns = list(atoms)
        large = [p for p in patterns if len(atoms[p]) >= self.k]
        small = [p for p in patterns if len(atoms[p]) < self.k]
        rows = [[Fraction(p[i]) for p in (*large, *small)] for i in range(len(self.numbers))]
        hidden = [row[len(large) :] for row in _eliminated(rows, len(large))]
        whole = len(_eliminated(hidden, len(small), pivots_only=True))
        if not whole:
            return False
        people = [frozenset(atoms[p]) for p in small]
        for group in _light(people, self.k):
            outside = [c for c in range(len(small)) if c not in group]
            left = [[row[c] for c in outside] for row in hidden]
            if len(_eliminated(left, len(outside), pivots_only=True)) < whole:
                return True
        return False


def _eliminated(rows: list[list[Fraction]], width: int, *, pivots_only: bool = False) -> list[list[Fraction]]:
    """Rows without their first ``width`` columns' influence: those left after elimination, or the pivot rows."""
    rest, used = [list(row) for row in rows if any(row)], []
    for column in range(width):
        pivot = next((row for row in rest if row[column]), None)
        if pivot is None:
            continue
        rest = [row for row in rest if row is not pivot]
        used.append(pivot)
        for row in rest:
            if row[column]:
                factor = row[column] / pivot[column]
                row[:] = [a - factor * b for a, b in zip(row, pivot, strict=True)]
    return used if pivots_only else [row for row in rest if any(row)]


def _light(people: Sequence[frozenset[object]], k: int) -> Iterator[frozenset[int]]:
    """Maximal sets of small atoms about fewer than ``k`` people together."""

    def grow(start: int, chosen: frozenset[int], held: frozenset[object]) -> Iterator[frozenset[int]]:
        if all(c in chosen or len(held | people[c]) >= k for c in range(len(people))):
            yield chosen
        for column in range(start, len(people)):
            if len(held | people[column]) < k:
                yield from grow(column + 1, chosen | {column}, held | people[column])

    yield from grow(0, frozenset(), frozenset())
