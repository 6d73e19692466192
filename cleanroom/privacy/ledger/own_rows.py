"""A joined result -> which of the receiver's own rows each number asks about, whatever their partners are (pure).

Attack stopped: a member puts a mark of its own on each person of its list and asks how many of the list another member
knows, with and without one mark. Whether the second number is withheld (the person is known, one unit differs) or the
same (it is not) would tell of that person. So numbers are also held against each other as questions about the
receiver's own rows alone: which of them a number would count if every partner there could be were there. A difference
of 1 .. k-1 of their tokens is withheld whether or not anybody is known; the other members' rows have no say in it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray

from cleanroom.engine.counts import number_needs
from cleanroom.engine.expressions import dimension_columns, predicate_columns
from cleanroom.names import ColumnName, MemberName
from cleanroom.plan import PinnedTable, Plan
from cleanroom.privacy.ledger.entry import CellKey, LedgerEntry
from cleanroom.privacy.ledger.retarget import on_first
from cleanroom.shape import (
    Aggregate,
    AggregateValue,
    And,
    Case,
    Coalesced,
    ColumnRef,
    Compare,
    Dimension,
    Fn,
    In,
    IsNull,
    JoinKind,
    Not,
    Or,
    Output,
    PlainColumn,
    Predicate,
    QueryShape,
)

MAX_OTHERS = 4
"""Conditions on others' rows that stand between own ones in one filter: each doubles what is looked at."""

IsToken = Callable[[PinnedTable, ColumnName], bool]
Number = tuple[int, int]
"""A cell and an aggregate, by position."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRows:
    """A result as asked of the receiver's own rows; ``parts`` says, per number of the result, which ones it became."""

    token: ColumnName
    entry: LedgerEntry
    parts: Mapping[Number, frozenset[Number]]

    def allows(self, number: Number, allowed: NDArray[np.bool_]) -> bool:
        """Whether all that ``number`` became may leave, ``allowed`` being by cell and aggregate of ``entry``."""
        return all(bool(allowed[part]) for part in self.parts[number])


class Entangled(Exception):
    """Own and others' columns in one condition that cannot be told apart; such a number does not leave."""


def joins_others(plan: Plan, source: int, receiver: MemberName) -> bool:
    """Whether ``source`` holds rows of ``receiver`` and the question joins it to rows of others."""
    return any(table.member == receiver for table in plan.tables[source]) and any(
        table.member != receiver for at, tables in enumerate(plan.tables) if at != source for table in tables
    )


def own_rows(entry: LedgerEntry, source: int, receiver: MemberName, is_token: IsToken) -> Iterator[OwnRows]:
    """``entry`` from the receiver's own rows of ``source``, once per token column that it is joined by.

    Raises:
        Entangled: as above.
    """
    mine = tuple(table for table in entry.plan.tables[source] if table.member == receiver)
    tokens = [c for c in _joined_by(entry.plan.shape, source) if any(is_token(table, c) for table in mine)]
    if not tokens:
        return
    dimensions = _own_dimensions(entry.plan.shape, source)
    aggregates, parts_of = _own_aggregates(entry.plan, source, receiver)
    if dimensions and any(parts_of) and _may_be_missing(entry.plan.shape, source):
        raise Entangled  # the cell of rows without own partner is what all cells of own rows leave out
    keys = [tuple(key[at] for at in dimensions) for key in entry.cells]
    place: dict[CellKey, int] = {}
    for key in keys:
        place.setdefault(key, len(place))
    parts = {
        (cell, number): frozenset((place[key], at) for at in parts_of[number])
        for cell, key in enumerate(keys)
        for number in range(len(entry.plan.shape.aggregates))
    }
    asked = {part for number, found in parts.items() if entry.shown[number[0]][number[1]] for part in found}
    shape = QueryShape(
        sources=(replace(entry.plan.shape.sources[source], join=None),),
        where=None,
        dimensions=tuple(on_first(entry.plan.shape.dimensions[at]) for at in dimensions),
        aggregates=tuple(aggregates),
        outputs=(Output(name="own", value=AggregateValue(index=0)),),
    )
    obligations = replace(entry.plan.obligations, sources=(entry.plan.obligations.sources[source],))
    asked_of_own = LedgerEntry(
        plan=replace(entry.plan, shape=shape, obligations=obligations, tables=(mine,)),
        cells=tuple(place),
        shown=tuple(tuple((at, number) in asked for number in range(len(aggregates))) for at in range(len(place))),
    )
    for token in tokens:
        yield OwnRows(token=token, entry=asked_of_own, parts=parts)


def _joined_by(shape: QueryShape, source: int) -> list[ColumnName]:
    pairs = [pair for one in shape.sources if one.join is not None for pair in one.join.pairs]
    return sorted({side.column for pair in pairs for side in (pair.left, pair.right) if side.source == source})


def _own_dimensions(shape: QueryShape, source: int) -> list[int]:
    """Dimensions read off own rows alone. One of both (months between two dates) narrows own rows by its partner's."""
    for dimension in shape.dimensions:
        _need_apart(dimension, source)
    return [at for at, dimension in enumerate(shape.dimensions) if _is_own(dimension_columns(dimension), source)]


def _need_apart(dimension: Dimension, source: int) -> None:
    """Raises Entangled where a CASE has conditions on own rows beside others."""
    match dimension:
        case Coalesced(dimension=inner):
            _need_apart(inner, source)
        case Case(branches=branches) if _is_mixed(dimension_columns(dimension), source):
            leaves = [leaf for branch in branches for leaf in _leaves(branch.when)]
            if any(_is_own(predicate_columns(leaf), source) for leaf in leaves):
                raise Entangled
            for leaf in leaves:
                _need_apart(leaf.left, source)


def _leaves(test: Predicate) -> list[Compare | In | IsNull]:
    match test:
        case And(terms=terms) | Or(terms=terms):
            return [leaf for term in terms for leaf in _leaves(term)]
        case Not(term=term):
            return _leaves(term)
        case _:
            return [test]


def _own_aggregates(plan: Plan, source: int, receiver: MemberName) -> tuple[list[Aggregate], list[frozenset[int]]]:
    """Counts of own rows, and per aggregate of ``shape`` which of them its numbers ask about."""
    shape = plan.shape
    found: dict[Aggregate, int] = {}
    parts: list[frozenset[int]] = []
    for aggregate in shape.aggregates:
        if not _is_about_both(plan, aggregate, source, receiver):
            parts.append(frozenset())
            continue
        tests = [test for test in (shape.where, aggregate.filter) if test is not None]
        if aggregate.column is not None and aggregate.column.source == source:
            tests.append(Not(term=IsNull(left=PlainColumn(column=replace(aggregate.column, span=None)))))
        whole: Predicate | None = tests[0] if len(tests) == 1 else And(terms=tuple(tests)) if tests else None
        counted = [Aggregate(fn=Fn.COUNT_STAR, column=None, filter=test) for test in _variants(whole, source)]
        if _may_be_missing(shape, source):  # a row without own partner is counted by what own rows leave out
            counted.append(Aggregate(fn=Fn.COUNT_STAR, column=None))
        parts.append(frozenset(found.setdefault(one, len(found)) for one in counted))
    return list(found) or [Aggregate(fn=Fn.COUNT_STAR, column=None)], parts


def _is_about_both(plan: Plan, aggregate: Aggregate, source: int, receiver: MemberName) -> bool:
    """Whether a number draws on own rows of ``source`` and on others' rows of another source."""
    needs = number_needs(plan, aggregate)
    about = {*needs.draws, *needs.multipliers}
    others = (table for at in about - {source} for table in plan.tables[at])
    return source in about and any(table.member != receiver for table in others)


def _may_be_missing(shape: QueryShape, source: int) -> bool:
    return source > 0 and any(one.join is not None and one.join.kind is JoinKind.LEFT for one in shape.sources)


def _variants(whole: Predicate | None, source: int) -> Iterator[Predicate | None]:
    """What ``whole`` asks of own rows, for each way the conditions on others may turn out."""
    if whole is None:
        yield None
        return
    positive = _positive(whole, source, negated=False)
    others = _others(positive, source)
    if len(others) > MAX_OTHERS:
        raise Entangled
    for truth in product((True, False), repeat=len(others)):
        given = iter(truth)
        found = _given(positive, source, given)
        if found is True:
            yield None
        elif found is not False:
            yield on_first(found)


def _positive(test: Predicate, source: int, *, negated: bool) -> Predicate:
    """``test`` with its negations at what is all own or all others': unknown there then counts as untrue."""
    columns = predicate_columns(test)
    if not _is_mixed(columns, source):
        return Not(term=test) if negated else test
    match test:
        case Not(term=term):
            return _positive(term, source, negated=not negated)
        case And(terms=terms) | Or(terms=terms):
            turned = tuple(_positive(term, source, negated=negated) for term in terms)
            return And(terms=turned) if isinstance(test, And) != negated else Or(terms=turned)
        case _:
            _need_apart(test.left, source)
            return Not(term=test) if negated else test


def _others(test: Predicate, source: int) -> list[Predicate]:
    if _is_split(test, source):
        return [other for term in test.terms for other in _others(term, source)]
    return [] if _is_own(predicate_columns(test), source) else [test]


def _given(test: Predicate, source: int, given: Iterator[bool]) -> Predicate | bool:
    """``test`` where the conditions on others turn out as ``given``, in their order."""
    if _is_split(test, source):
        return _joined([_given(term, source, given) for term in test.terms], test)
    return test if _is_own(predicate_columns(test), source) else next(given)


def _joined(terms: Sequence[Predicate | bool], of: And | Or) -> Predicate | bool:
    decides = isinstance(of, Or)
    if any(term is decides for term in terms):
        return decides
    left = tuple(term for term in terms if not isinstance(term, bool))
    return not decides if not left else left[0] if len(left) == 1 else replace(of, terms=left)


def _is_split(test: Predicate, source: int) -> TypeGuard[And | Or]:
    return isinstance(test, And | Or) and _is_mixed(predicate_columns(test), source)


def _is_own(columns: frozenset[ColumnRef], source: int) -> bool:
    return {column.source for column in columns} <= {source}


def _is_mixed(columns: frozenset[ColumnRef], source: int) -> bool:
    sources = {column.source for column in columns}
    return source in sources and len(sources) > 1
