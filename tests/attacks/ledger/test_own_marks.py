"""What comes back of questions about a member's own list: not only numbers, but zeros, marks and rows that are not listed.

Two worlds: in one harbor knows the person with seal 6 and not the one with 7, in the other it is the other way round. All
else is equal. An adversary that asks through the real release, in whatever order, must see the same in both.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pyarrow as pa
import pytest

from cleanroom.engine.control import RunControl
from cleanroom.engine.session import Session
from cleanroom.names import ColumnName, DatasetName, MemberName, SnapshotId
from cleanroom.plan import Mechanism, Obligations, PinnedTable, Plan, SourceObligations
from cleanroom.privacy.ledger.review import Ledger
from cleanroom.privacy.ledger.store import MemoryStore
from cleanroom.privacy.ledger_port import LedgerPort, NoLedger
from cleanroom.release import release
from cleanroom.released import ReleasedTable
from cleanroom.shape import DimensionValue, Output, Predicate, QueryShape
from tests.cleanroom.ledger.room import ask, both, cmp, count, distinct, either, joined, no, null, plain, within

HARBOR, SOLSTICE = MemberName("harbor"), MemberName("solstice")
K = 4
STRANGERS = range(100, 140)


def _world(known: int) -> dict[tuple[MemberName, DatasetName], pa.Table]:
    """Harbor knows 1 to 30 but for one of 6 and 7; solstice lists 1 to 20 and many whom nobody knows."""
    buyers = [n for n in range(1, 31) if n not in (6, 7) or n == known]
    sales = {"buyer": _tokens(buyers), "region": ["n" if n % 2 else "s" for n in buyers]}
    # Seals 6 and 7 stand for the persons 6 and 7; both live in the same region, so that nothing else tells them apart.
    sales["region"] = ["n" if n in (6, 7) else region for n, region in zip(buyers, sales["region"], strict=True)]
    listed = [*range(1, 21), *STRANGERS]
    kinds = [f"only {n}" if n in (6, 7) else "known" if n < 100 else f"only {6 + n % 2}" for n in listed]
    registrations = {"owner": _tokens(listed), "seal": listed, "kind": kinds}
    # Another list of solstice's lacks the person with seal 6 alone.
    seen = [n for n in range(1, 21) if n != 6]
    tickets = {"owner": _tokens(seen), "seal": seen}
    return {
        (HARBOR, DatasetName("sales")): pa.table(sales),
        (SOLSTICE, DatasetName("registrations")): pa.table(registrations),
        (SOLSTICE, DatasetName("tickets")): pa.table(tickets),
    }


def _tokens(people: Sequence[int]) -> pa.Array:
    return pa.array([UUID(int=n).bytes for n in people], type=pa.uuid())


def _plan(shape: QueryShape, *, zeros: bool) -> Plan:
    units = {"sales": ("buyer", HARBOR), "registrations": ("owner", SOLSTICE), "tickets": ("owner", SOLSTICE)}
    sources = tuple(
        SourceObligations(
            dataset=source.dataset,
            members=(units[source.dataset][1],),
            privacy_unit=ColumnName(units[source.dataset][0]),
            # One's own policy may ask for next to nothing.
            minimum_units=K if source.dataset == "sales" else 1,
            contributors=None,
            clamps={},
            zeros=zeros,
            policies=(),
        )
        for source in shape.sources
    )
    return Plan(
        shape=shape,
        obligations=Obligations(sources=sources, receivers=(SOLSTICE,), mechanism=Mechanism.SUPPRESS),
        tables=tuple(
            (PinnedTable(member=source.members[0], dataset=source.dataset, snapshot=SnapshotId(1)),)
            for source in sources
        ),
        querier=SOLSTICE,
        purpose="warranty",
    )


def _seen(known: int, questions: Sequence[QueryShape], ledger: LedgerPort, *, zeros: bool) -> list[ReleasedTable]:
    with Session.over_tables(_world(known)) as session:
        return [
            release(_plan(shape, zeros=zeros), session=session, ledger=ledger, control=RunControl(limit_seconds=30))
            for shape in questions
        ]


def _listed(where: Predicate | None = None, by: str = "", kind: str = "inner") -> QueryShape:
    """How many of the list harbor knows, from the list's side."""
    shape = ask(
        distinct("buyer", 1),
        count("seal"),
        by=[plain(by, 1 if by == "region" else 0)] if by else [],
        where=where,
        of="registrations",
        joins=[joined("sales", "owner", "buyer", kind)],
    )
    return _with_dimensions(shape)


def _sold(where: Predicate | None = None, by: str = "", kind: str = "inner") -> QueryShape:
    """The same from harbor's side, beside a number about all its buyers."""
    shape = ask(
        distinct("buyer"),
        count("seal", 1),
        by=[plain(by, 0 if by == "region" else 1)] if by else [],
        where=where,
        joins=[joined("registrations", "buyer", "owner", kind)],
    )
    return _with_dimensions(shape)


def _with_dimensions(shape: QueryShape) -> QueryShape:
    keys = tuple(Output(name=f"d{at}", value=DimensionValue(index=at)) for at in range(len(shape.dimensions)))
    return replace(shape, outputs=(*keys, *shape.outputs))


def _padded(seal: int) -> Predicate:
    return either(cmp("seal", "=", seal), cmp("seal", ">=", 100))


ATTACKS: dict[str, list[QueryShape]] = {
    "a window that grows by one": [_listed(cmp("seal", "<=", n)) for n in range(1, 21)],
    "a window that shrinks by one": [_listed(cmp("seal", "<=", n)) for n in range(20, 0, -1)],
    "a window that grows at its other end": [_listed(cmp("seal", ">=", n)) for n in range(20, 0, -1)],
    "all, then all but one": [_listed(), _listed(cmp("seal", "<>", 6)), _listed(cmp("seal", "<>", 7))],
    "one alone": [_listed(cmp("seal", "=", 6)), _listed(cmp("seal", "=", 7))],
    "one among strangers": [_listed(_padded(6)), _listed(_padded(7))],
    "strangers, then one more": [_listed(cmp("seal", ">=", 100)), _listed(_padded(6)), _listed(_padded(7))],
    "all, then all but one and strangers": [
        _listed(cmp("seal", "<", 100)),
        _listed(no(_padded(6))),
        _listed(no(_padded(7))),
    ],
    "one among strangers, by region": [_listed(_padded(6), "region"), _listed(_padded(7), "region")],
    "all and all but one, by region": [
        _listed(by="region"),
        _listed(cmp("seal", "<>", 6), "region"),
        _listed(cmp("seal", "<>", 7), "region"),
    ],
    "groups of one and strangers": [_listed(by="kind"), _listed(cmp("seal", "<", 100), "kind")],
    "groups beside those nobody knows": [_listed(by="kind", kind="left")],
    "from the other side": [
        _sold(),
        _sold(cmp("seal", "<>", 6, 1)),
        _sold(cmp("seal", "<>", 7, 1)),
        _sold(by="kind"),
        _sold(by="kind", kind="left"),
        _sold(by="region", kind="left"),
        _sold(cmp("seal", "=", 6, 1), "region"),
        _sold(cmp("seal", "=", 7, 1), "region"),
    ],
    "two lists of one's own that differ by one": [
        _listed(cmp("seal", "<", 100)),
        ask(distinct("buyer"), joins=[joined("tickets", "buyer", "owner")]),
        ask(distinct("buyer", 1), of="tickets", joins=[joined("sales", "owner", "buyer", "left")]),
        ask(
            count(where=null("seal", 2)),
            joins=[joined("registrations", "buyer", "owner"), joined("tickets", "buyer", "owner", "left", at=2)],
        ),
    ],
    "one's mark among others' conditions": [
        _listed(either(cmp("seal", "=", 6), cmp("region", "=", "nowhere", 1))),
        _listed(either(cmp("seal", "=", 7), cmp("region", "=", "nowhere", 1))),
        _listed(no(both(cmp("seal", "=", 6), cmp("region", "=", "n", 1)))),
        _listed(no(both(cmp("seal", "=", 7), cmp("region", "=", "n", 1)))),
    ],
    "in a filter": [
        _with_dimensions(
            ask(
                count(where=within("seal", *range(1, n))),
                of="registrations",
                joins=[joined("sales", "owner", "buyer")],
            )
        )
        for n in range(2, 20)
    ],
}
"""Sequences of questions that try to tell 6 from 7."""


WITH_STRANGERS = {attack for attack in ATTACKS if "strangers" in attack or "side" in attack}
"""Where zeros are released, people who do not exist may help: a zero then says of all of a group that nobody is known."""


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_that_comes_back_tells_one_person_of_a_list(attack: str) -> None:
    """INVARIANT I13: whoever of two persons harbor knows, all answers are the same, marks and missing rows included."""
    one, other = (_seen(known, ATTACKS[attack], Ledger(MemoryStore()), zeros=False) for known in (6, 7))
    assert one == other


@pytest.mark.parametrize("attack", sorted(set(ATTACKS) - WITH_STRANGERS))
def test_released_zeros_tell_nothing_either_without_people_who_do_not_exist(attack: str) -> None:
    """The owner's choice is to tell of groups that nobody in them is known; not of one person, by any question."""
    one, other = (_seen(known, ATTACKS[attack], Ledger(MemoryStore()), zeros=True) for known in (6, 7))
    assert one == other


def test_without_a_ledger_answers_tell() -> None:
    """The attacks are able: thresholds alone tell 6 from 7."""
    told = {
        attack
        for attack, questions in ATTACKS.items()
        if _seen(6, questions, NoLedger(), zeros=True) != _seen(7, questions, NoLedger(), zeros=True)
    }
    assert told == set(ATTACKS) - {"groups of one and strangers"}  # a cell that too few are behind is not listed anyway


def test_honest_questions_about_a_list_are_answered() -> None:
    """How many of the list are known, in all and by region: nothing is withheld; a wide zero is shown where owners do."""
    ledger = Ledger(MemoryStore())
    nowhere = _listed(cmp("region", "=", "nowhere", 1))
    whole, by_region, none = _seen(6, [_listed(), _listed(by="region"), nowhere], ledger, zeros=True)
    assert whole.rows == ((19, 19),)
    assert by_region.rows == (("n", 10, 10), ("s", 9, 9))
    assert none.rows == ((0, 0),)
