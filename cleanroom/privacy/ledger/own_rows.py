"""A joined question -> what it asks of the receiver's own rows, whatever their partners are (pure).

Attack stopped: a member puts a mark of its own on each person of its list and asks how many of the list another member
knows, with and without one mark. What comes back (a number, a zero, a mark, a row that is not listed) would tell of that
person. So a question is first held against what was asked before as a question about the receiver's own rows alone:
which of them it would count if every partner there could be were there. A difference of too few of them, or of too few
that anybody knows, is not answered, whatever the answer would be; the other members' rows have no say in it beyond that.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TypeGuard

from cleanroom.engine.counts import joined_sources, number_needs
from cleanroom.engine.expressions import dimension_columns, predicate_columns
from cleanroom.names import ColumnName, MemberName
from cleanroom.plan import PinnedTable, Plan
from cleanroom.privacy.ledger.reach import Reach, reach_to
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
Parts = frozenset[int] | None
"""What one number asks of own rows: aggregates of ``OwnQuestion.plan``; none where it does not ask about both sides;
None where own and others' columns cannot be told apart: such a number does not leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnQuestion:
    """A question as asked of the receiver's own rows of one source.

    ``plan`` is about those rows (and what other members' rows of the source stand beside them) and nothing else; its
    privacy unit is the ``token`` they are joined by. ``dimensions`` are those of the question that they decide, in order.
    ``numbers`` is parallel to the question's aggregates, ``whole`` is what decides whether a cell is listed. ``reached``
    holds, per aggregate of ``plan``, the others' rows that it is about.
    """

    receiver: MemberName
    token: ColumnName
    plan: Plan
    dimensions: tuple[int, ...]
    whole: Parts
    numbers: tuple[Parts, ...]
    reached: tuple[frozenset[Reach], ...]

    @property
    def reaches(self) -> tuple[Reach, ...]:
        """Every way to others' rows that some number is about."""
        return tuple(dict.fromkeys(reach for reaches in self.reached for reach in sorted(reaches, key=repr)))

    def is_like(self, plan: Plan) -> bool:
        """Whether an earlier own question is about the same rows, joined by the same token."""
        mine, theirs = self.plan, plan
        return (
            mine.shape.sources[0].dataset == theirs.shape.sources[0].dataset
            and mine.obligations.sources[0].privacy_unit == theirs.obligations.sources[0].privacy_unit
        )


class Entangled(Exception):
    """Own and others' columns in one condition that cannot be told apart."""


def joins_others(plan: Plan, source: int, receiver: MemberName) -> bool:
    """Whether ``source`` holds rows of ``receiver`` and the question joins it to rows of others."""
    return any(table.member == receiver for table in plan.tables[source]) and bool(
        _others_sources(plan, source, receiver)
    )


def own_questions(plan: Plan, source: int, receiver: MemberName, is_token: IsToken) -> Iterator[OwnQuestion]:
    """``plan`` as asked of the receiver's own rows of ``source``, once per token column that it is joined by."""
    for token in _joined_by(plan.shape, source):
        if any(is_token(table, token) for table in plan.tables[source]):
            yield _asked_of(plan, source, receiver, token)


def _asked_of(plan: Plan, source: int, receiver: MemberName, token: ColumnName) -> OwnQuestion:
    shape = plan.shape
    asked = _Asked(plan=plan, source=source, receiver=receiver, found={})
    try:
        dimensions = _own_dimensions(shape, source)
    except Entangled:
        dimensions = None
    is_apart = dimensions is not None and not (dimensions and _may_be_missing(shape, source))
    # The cell of rows without own partner is what all cells of own rows leave out: no own dimension of such rows.
    whole = asked.parts(asked.partners({0}), None) if is_apart else None
    numbers = tuple(asked.number(aggregate) if is_apart else None for aggregate in shape.aggregates)
    obligations = replace(plan.obligations.sources[source], privacy_unit=token, contributors=None)
    own_shape = QueryShape(
        sources=(replace(shape.sources[source], join=None),),
        where=None,
        dimensions=tuple(on_first(shape.dimensions[at]) for at in dimensions or ()),
        aggregates=tuple(aggregate for aggregate, _ in asked.found),
        outputs=(Output(name="own", value=AggregateValue(index=0)),),
    )
    return OwnQuestion(
        receiver=receiver,
        token=token,
        plan=replace(
            plan,
            shape=own_shape,
            obligations=replace(plan.obligations, sources=(obligations,), receivers=(receiver,)),
            tables=(plan.tables[source],),
            querier=receiver,
        ),
        dimensions=tuple(dimensions or ()),
        whole=whole,
        numbers=numbers,
        reached=tuple(
            frozenset(reach_to(plan, source, other, receiver) for other in about) for _, about in asked.found
        ),
    )


def _others_sources(plan: Plan, source: int, receiver: MemberName) -> frozenset[int]:
    return frozenset(
        at
        for at, tables in enumerate(plan.tables)
        if at != source and any(table.member != receiver for table in tables)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Counts of own rows that numbers ask for, each with the others' sources it is about; ``found`` numbers them."""

    plan: Plan
    source: int
    receiver: MemberName
    found: dict[tuple[Aggregate, frozenset[int]], int]

    def number(self, aggregate: Aggregate) -> Parts:
        """What ``aggregate`` asks of own rows."""
        needs = number_needs(self.plan, aggregate)
        about = self.partners({*needs.draws, *needs.multipliers})
        return self.parts(about, aggregate)

    def partners(self, drawn: set[int]) -> frozenset[int]:
        """The others' sources that a number which draws on ``drawn`` is about, if it is about own rows at all."""
        about = joined_sources(self.plan.shape, drawn)
        return about & _others_sources(self.plan, self.source, self.receiver) if self.source in about else frozenset()

    def parts(self, about: frozenset[int], aggregate: Aggregate | None) -> Parts:
        """Counts of own rows, one for each way the conditions on others may turn out; ``aggregate`` None: the cell's."""
        if not about:
            return frozenset()
        shape, column = self.plan.shape, aggregate.column if aggregate else None
        tests = [test for test in (shape.where, aggregate.filter if aggregate else None) if test is not None]
        if column is not None and column.source == self.source:
            tests.append(Not(term=IsNull(left=PlainColumn(column=replace(column, span=None)))))
        whole: Predicate | None = tests[0] if len(tests) == 1 else And(terms=tuple(tests)) if tests else None
        try:
            variants = list(_variants(whole, self.source))
        except Entangled:
            return None
        counted = [Aggregate(fn=Fn.COUNT_STAR, column=None, filter=test) for test in variants]
        if _may_be_missing(shape, self.source):  # a row without own partner is counted by what own rows leave out
            counted.append(Aggregate(fn=Fn.COUNT_STAR, column=None))
        return frozenset(self.found.setdefault((one, about), len(self.found)) for one in counted)


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
