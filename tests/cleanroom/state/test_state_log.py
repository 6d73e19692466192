"""The log: every change has its entry, nothing rewrites it, tampering shows."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from state_case import ANN, HARBOR, T0, at

from cleanroom.crypto import SigningKey
from cleanroom.errors import DataRefused, IntegrityFailure
from cleanroom.names import UserName
from cleanroom.state import State, UserRole
from cleanroom.state.chain import GENESIS, link, walk
from cleanroom.state.checkpoint import Checkpoint, check, take
from cleanroom.state.merkle import consistency_proof, includes, inclusion_proof, leaf_hash, tree_head
from cleanroom.state.tables import users


def test_every_change_leaves_one_linked_entry(state: State) -> None:
    """Room, member, user: three entries, each pointing to the one before, with ids only."""
    with state.read() as tx:
        entries = tx.log.entries()
    assert [(e.seq, e.actor, e.kind, e.noun, e.subject) for e in entries] == [
        (1, "ann@harbor", "room.created", "room", "1"),
        (2, "ann@harbor", "member.added", "members", "harbor"),
        (3, "ann@harbor", "user.added", "users", "ann"),
    ]
    assert entries[0].previous == GENESIS
    assert [e.previous for e in entries[1:]] == [e.hash for e in entries[:-1]]


@pytest.mark.parametrize("statement", ["UPDATE log SET actor = 'eve' WHERE seq = 2", "DELETE FROM log WHERE seq = 3"])
def test_the_database_itself_refuses_to_rewrite_the_log(state: State, url: str, statement: str) -> None:
    """Even with the room's own connection."""
    engine = create_engine(url)
    with pytest.raises(Exception, match="append-only"), engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()
    with state.read() as tx:
        assert tx.log.verify()[0] == 3


_DROP = {
    "sqlite": ("DROP TRIGGER log_no_update", "DROP TRIGGER log_no_delete"),
    "postgresql": ("DROP TRIGGER log_no_change ON log",),
}


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE log SET actor = 'eve@harbor' WHERE seq = 2", "CR-L007"),
        ("UPDATE log SET facts = '[]' WHERE seq = 1", "CR-L007"),
        ("DELETE FROM log WHERE seq = 2", "CR-L007"),
        ("DELETE FROM log WHERE seq = 3", "CR-L008"),
        ('UPDATE users SET roles = \'["operator","steward"]\'', "CR-L008"),
        ("DELETE FROM users", "CR-L008"),
        ("INSERT INTO contracts VALUES ('x', '1', 'd', 'sha256:0', '2026-01-01T00:00:00.000000Z')", "CR-L008"),
    ],
)
def test_an_administrator_s_tampering_shows(state: State, url: str, statement: str, code: str) -> None:
    """Whoever drops the triggers still cannot change log or state unseen."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for drop in _DROP[engine.dialect.name]:
            connection.execute(text(drop))
        connection.execute(text(statement))
    engine.dispose()
    with pytest.raises(IntegrityFailure, match=code), state.read() as tx:
        tx.log.verify()


def test_volatile_columns_change_without_entries_and_others_do_not(state: State) -> None:
    """Only progress, offsets and leases may move unlogged."""
    with pytest.raises(AssertionError, match="only volatile"), state.change(ANN, at(1)) as tx:
        tx.put(users, None, {"name": "ann"}, roles=("operator",))


def test_a_checkpoint_holds_while_the_log_grows(state: State) -> None:
    """Taken, written, read back, and true of the longer log."""
    key = SigningKey.generate(lambda n: b"k" * n)
    with state.read() as tx:
        taken = Checkpoint.from_text(take(tx.log, room="pier", at=T0, key=key).to_text())
    with state.change(ANN, at(1)) as tx:
        tx.users.add(UserName("bob"), member=HARBOR, roles=(UserRole.AUDITOR,))
    with state.read() as tx:
        check(taken, tx.log, room="pier", key=key.verify_key)
        assert (taken.size, tx.log.head()[0]) == (3, 4)


def test_a_log_cut_short_verifies_by_itself_but_not_against_a_checkpoint(state: State, url: str) -> None:
    """The one thing a chain cannot show, its checkpoint does."""
    key = SigningKey.generate(lambda n: b"k" * n)
    with state.read() as tx:
        taken = take(tx.log, room="pier", at=T0, key=key)
    engine = create_engine(url)
    with engine.begin() as connection:
        for drop in _DROP[engine.dialect.name]:
            connection.execute(text(drop))
        connection.execute(text("DELETE FROM log WHERE seq = 3"))
        connection.execute(text("DELETE FROM users"))
    engine.dispose()
    with state.read() as tx:
        assert tx.log.verify()[0] == 2
        with pytest.raises(IntegrityFailure, match="CR-L014: the log is shorter"):
            check(taken, tx.log, room="pier", key=key.verify_key)


def test_a_checkpoint_of_somebody_else_is_refused(state: State) -> None:
    """Another key, another room, other content, no checkpoint at all."""
    key, other = (SigningKey.generate(lambda n, fill=fill: fill * n) for fill in (b"k", b"o"))
    with state.read() as tx:
        taken = take(tx.log, room="pier", at=T0, key=key)
        with pytest.raises(IntegrityFailure, match="CR-K011"):
            check(taken, tx.log, room="pier", key=other.verify_key)
        with pytest.raises(IntegrityFailure, match="CR-L014: the checkpoint is another room's"):
            check(taken, tx.log, room="quay", key=key.verify_key)
        bent = Checkpoint.from_text(taken.to_text().replace('"size": 3', '"size": 2'))
        with pytest.raises(IntegrityFailure, match="CR-K011"):
            check(bent, tx.log, room="pier", key=key.verify_key)
    for wrong in ("", "[]", "{}", json.dumps({**json.loads(taken.to_text()), "size": "3"})):
        with pytest.raises(DataRefused, match="CR-L009"):
            Checkpoint.from_text(wrong)


@given(size=st.integers(1, 40), data=st.data())
def test_any_changed_entry_breaks_the_walk(size: int, data: st.DataObject) -> None:
    """Swapping, dropping or doubling any entry of a chain is found."""
    chain, previous = [], GENESIS
    for seq in range(1, size + 1):
        entry = link(
            seq=seq, at=at(seq), actor="a@b", kind="k", noun="n", subject=str(seq), facts={"rows": seq},
            state_digest=None, previous=previous,
        )  # fmt: skip
        chain.append(entry)
        previous = entry.hash
    assert list(walk(chain)) == chain
    index = data.draw(st.integers(0, size - 1))
    doubled = [*chain[: index + 1], *chain[index:]]
    dropped = [*chain[:index], *chain[index + 1 :]]
    with pytest.raises(IntegrityFailure, match="CR-L007"):
        list(walk(doubled))
    if index < size - 1:
        with pytest.raises(IntegrityFailure, match="CR-L007"):
            list(walk(dropped))


# RFC 6962 publishes no vectors; these are the tree of the reference implementation's eight test leaves.
_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
_HEADS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


@pytest.mark.parametrize(("size", "head"), _HEADS.items())
def test_tree_heads_are_the_published_ones(size: int, head: str) -> None:
    """Section 2.1 of RFC 6962."""
    leaves = [leaf_hash(bytes.fromhex(leaf)) for leaf in _LEAVES[:size]]
    assert tree_head(leaves).hex() == head


@given(size=st.integers(1, 40), data=st.data())
def test_inclusion_proofs_hold_for_their_leaf_only(size: int, data: st.DataObject) -> None:
    """A path proves the leaf at its index, and neither another leaf nor another index."""
    leaves = [leaf_hash(bytes([number])) for number in range(size)]
    index = data.draw(st.integers(0, size - 1))
    proof, head = inclusion_proof(leaves, index), tree_head(leaves)
    assert includes(leaf=leaves[index], index=index, size=size, proof=proof, head=head)
    assert not includes(leaf=leaf_hash(b"other"), index=index, size=size, proof=proof, head=head)
    assert all(
        not includes(leaf=leaves[index], index=wrong, size=size, proof=proof, head=head)
        for wrong in range(-1, size + 1)
        if wrong != index
    )


def test_consistency_proofs_are_those_of_the_rfc_s_example() -> None:
    """Section 2.1.3: from 3 of 7, from 4 of 7, from 6 of 7 leaves."""
    d = [leaf_hash(bytes([number])) for number in range(7)]
    a, b, c, e, f = d[0], d[1], d[2], d[3], d[4]
    g, h, i, j = tree_head([a, b]), tree_head([c, e]), tree_head([f, d[5]]), d[6]
    k, l2 = tree_head([a, b, c, e]), tree_head([f, d[5], j])
    assert consistency_proof(d, 3) == (c, e, g, l2)
    assert consistency_proof(d, 4) == (l2,)
    assert consistency_proof(d, 6) == (i, j, k)
    assert h not in consistency_proof(d, 6)
