"""A joined question -> what it asks of the receiver's own rows, whatever their partners are (pure).

Attack stopped: a member puts a mark of its own on each person of its list and asks how many of the list another member
knows, with and without one mark. What comes back (a number, a zero, a mark, a row that is not listed) would tell of that
person. So a question is first held against what was asked before as a question about the receiver's own rows alone:
which of them it would count if every partner there could be were there. A difference of too few of them, or of too few
that anybody knows, is not answered, whatever the answer would be; the other members' rows have no say in it beyond that.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cleanroom.engine.counts import joined_sources, number_needs
from cleanroom.names import ColumnName, MemberName
from cleanroom.plan import PinnedTable, Plan
from cleanroom.privacy.ledger.own_conditions import OWN, Entangled, own_dimensions, variants
from cleanroom.privacy.ledger.reach import Domain, Reach, reach_to
from cleanroom.privacy.ledger.retarget import on_source
from cleanroom.shape import (
    Aggregate,
    AggregateValue,
    And,
    ColumnRef,
    Fn,
    IsNull,
    Join,
    JoinKind,
    JoinPair,
    Not,
    Output,
    PlainColumn,
    Predicate,
    QueryShape,
    Source,
)

IsToken = Callable[[PinnedTable, ColumnName], bool]
Parts = frozenset[int] | None
"""What one number asks of own rows: aggregates of ``OwnQuestion.plan``; none where it does not ask about both sides;
None where own and others' columns cannot be told apart: such a number does not leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnQuestion:
    """A question as asked of the receiver's own rows of one source, joined by the tokens of one ``domain``.

    ``plan`` has the tokens as its first source and those rows (with other members' rows of the same source beside them) as its
    second, and nothing else. ``dimensions`` are those of the question that they decide, in order. ``numbers`` is parallel
    to the question's aggregates, ``whole`` is what decides whether a cell is listed. ``reached`` holds, per aggregate of
    ``plan``, the others' rows that it is about.
    """

    receiver: MemberName
    domain: Domain
    plan: Plan
    dimensions: tuple[int, ...]
    whole: Parts
    numbers: tuple[Parts, ...]
    reached: tuple[frozenset[Reach], ...]

    @property
    def reaches(self) -> tuple[Reach, ...]:
        """Every way to others' rows that some number is about."""
        return tuple(dict.fromkeys(reach for reaches in self.reached for reach in sorted(reaches, key=repr)))

    @property
    def token(self) -> ColumnName:
        """The column of the tokens whose values count."""
        return self.plan.obligations.sources[0].privacy_unit

    def is_like(self, plan: Plan) -> bool:
        """Whether an earlier own question is about the same tokens."""
        return self.domain.name == plan.shape.sources[0].dataset


def joins_others(plan: Plan, source: int, receiver: MemberName) -> bool:
    """Whether ``source`` holds rows of ``receiver`` and the question joins it to rows of others."""
    return any(table.member == receiver for table in plan.tables[source]) and bool(
        _others_sources(plan, source, receiver)
    )


def own_questions(plan: Plan, source: int, receiver: MemberName, is_token: IsToken) -> Iterator[OwnQuestion]:
    """``plan`` as asked of the receiver's own rows of ``source``, once per tokens that join it to others' rows."""
    ways = {other: reach_to(plan, source, other, receiver) for other in _others_sources(plan, source, receiver)}
    for domain in sorted({domain for domain, _ in ways.values()}, key=repr):
        tokens = [theirs for theirs, own in domain.pairs if is_token(plan.tables[source][0], own)]
        if tokens:
            reaches = {other: reach for other, (at, reach) in ways.items() if at == domain}
            asked = _Asked(
                plan=plan, source=source, receiver=receiver, domain=domain, token=tokens[0], reaches=reaches, found={}
            )
            yield asked.question()


def _others_sources(plan: Plan, source: int, receiver: MemberName) -> frozenset[int]:
    return frozenset(
        at
        for at, tables in enumerate(plan.tables)
        if at != source and any(table.member != receiver for table in tables)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What ``plan`` asks of own rows of ``source``: counts of them, numbered in ``found``, each with the others' sources
    it is about, of those in ``reaches``.
    """

    plan: Plan
    source: int
    receiver: MemberName
    domain: Domain
    token: ColumnName
    reaches: Mapping[int, Reach]
    found: dict[tuple[Aggregate, frozenset[int]], int]

    def question(self) -> OwnQuestion:
        """All of it."""
        shape = self.plan.shape
        try:
            dimensions = own_dimensions(shape, self.source)
        except Entangled:
            dimensions = None
        # The cell of rows without own partner is what all cells of own rows leave out: no own dimension of such rows.
        is_apart = dimensions is not None and not (dimensions and _may_be_missing(shape, self.source))
        whole = self.parts(self.partners({0}), None) if is_apart else None
        numbers = tuple(self.number(aggregate) if is_apart else None for aggregate in shape.aggregates)
        return OwnQuestion(
            receiver=self.receiver,
            domain=self.domain,
            plan=self.own_plan(dimensions or ()),
            dimensions=tuple(dimensions or ()),
            whole=whole,
            numbers=numbers,
            reached=tuple(frozenset(self.reaches[other] for other in about) for _, about in self.found),
        )

    def own_plan(self, dimensions: Sequence[int]) -> Plan:
        """What was found, of own rows joined to their tokens; the tokens are no stored table."""
        pairs = tuple(
            JoinPair(left=ColumnRef(source=0, column=theirs), right=ColumnRef(source=OWN, column=own))
            for theirs, own in self.domain.pairs
        )
        shape = self.plan.shape
        rows = replace(self.plan.obligations.sources[self.source], contributors=None)
        tokens = replace(rows, dataset=self.domain.name, members=(), privacy_unit=self.token)
        return replace(
            self.plan,
            shape=QueryShape(
                sources=(
                    Source(alias="tokens", dataset=self.domain.name),
                    replace(shape.sources[self.source], join=Join(kind=JoinKind.INNER, pairs=pairs)),
                ),
                where=None,
                dimensions=tuple(on_source(shape.dimensions[at], OWN) for at in dimensions),
                aggregates=tuple(aggregate for aggregate, _ in self.found),
                outputs=(Output(name="own", value=AggregateValue(index=0)),),
            ),
            obligations=replace(self.plan.obligations, sources=(tokens, rows), receivers=(self.receiver,)),
            tables=((), self.plan.tables[self.source]),
            querier=self.receiver,
        )

    def number(self, aggregate: Aggregate) -> Parts:
        """What ``aggregate`` asks of own rows."""
        needs = number_needs(self.plan, aggregate)
        about = self.partners({*needs.draws, *needs.multipliers})
        return self.parts(about, aggregate)

    def partners(self, drawn: set[int]) -> frozenset[int]:
        """The others' sources that a number which draws on ``drawn`` is about, if it is about own rows at all."""
        about = joined_sources(self.plan.shape, drawn)
        return about.intersection(self.reaches) if self.source in about else frozenset()

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
            found = list(variants(whole, self.source))
        except Entangled:
            return None
        counted = [Aggregate(fn=Fn.COUNT_STAR, column=None, filter=test) for test in found]
        if _may_be_missing(shape, self.source):  # a row without own partner is counted by what own rows leave out
            counted.append(Aggregate(fn=Fn.COUNT_STAR, column=None))
        return frozenset(self.found.setdefault((one, about), len(self.found)) for one in counted)


def _may_be_missing(shape: QueryShape, source: int) -> bool:
    return source > 0 and any(one.join is not None and one.join.kind is JoinKind.LEFT for one in shape.sources)
