"""One transaction: all or nothing, frozen records out, typed failures."""

import os
import signal
import subprocess
import sys
import threading
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from state_case import ANN, HARBOR, T0, at

from cleanroom.errors import Conflict, IntegrityFailure, NotFound, Unavailable, UsageProblem
from cleanroom.names import MemberName, UserName
from cleanroom.state import MemberKind, MemberStatus, State, UserRole
from cleanroom.state.database import connect, writing
from cleanroom.state.members import MemberRecord
from cleanroom.state.migrate import bring_up
from cleanroom.state.tables import metadata


def test_a_member_comes_back_as_the_frozen_record_it_was(state: State) -> None:
    """What was added is read back whole, and cannot be changed in place."""
    with state.read() as tx:
        found = tx.members.get(HARBOR)
    assert found == MemberRecord(
        name=HARBOR,
        kind=MemberKind.RETAILER,
        status=MemberStatus.ACTIVE,
        signing_key=None,
        sealing_key=None,
        wrapped_data_key=b"wrapped",
        added_at=T0,
    )
    with pytest.raises(FrozenInstanceError, match="cannot assign"):
        found.kind = MemberKind.SERVICER  # type: ignore[misc]


def test_a_record_s_repr_shows_no_wrapped_key(state: State) -> None:
    """INVARIANT I5: not even a wrapped key is printed."""
    with state.read() as tx:
        assert "wrapped" not in repr(tx.members.get(HARBOR)).replace("wrapped_data_key", "")


def test_an_exception_in_the_block_leaves_nothing(state: State) -> None:
    """Neither the row nor its log entry survives a failure before the end of the block."""
    with pytest.raises(RuntimeError, match="stop here"):
        _add_and_fail(state)
    with state.read() as tx:
        assert [member.name for member in tx.members.all()] == ["harbor"]
        assert tx.log.head()[0] == 3


def _add_and_fail(state: State) -> None:
    with state.change(ANN, at(1)) as tx:
        tx.members.add(MemberName("solstice"), kind=MemberKind.MANUFACTURER, wrapped_data_key=b"x")
        raise RuntimeError("stop here")


def test_adding_what_exists_is_a_conflict(state: State) -> None:
    """The unique key of a noun holds, and the failure names no value."""
    with pytest.raises(Conflict, match="CR-L004") as caught, state.change(ANN, at(1)) as tx:
        tx.members.add(HARBOR, kind=MemberKind.RETAILER, wrapped_data_key=b"canary-key")
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_user_needs_a_member_that_exists(state: State) -> None:
    """Foreign keys are enforced in both stores."""
    with pytest.raises(Conflict, match="CR-L004"), state.change(ANN, at(1)) as tx:
        tx.users.add(UserName("bob"), member=MemberName("nobody"), roles=(UserRole.ANALYST,))


def test_what_is_not_there_is_not_found(state: State) -> None:
    """Reading and changing what does not exist are told alike."""
    with pytest.raises(NotFound, match="CR-L003"), state.read() as tx:
        tx.members.get(MemberName("nobody"))
    with pytest.raises(NotFound, match="CR-L003"), state.change(ANN, at(1)) as change:
        change.members.remove(MemberName("nobody"))


def test_removing_a_member_twice_is_a_conflict_and_destroys_the_key_once(state: State) -> None:
    """The second change finds the row not as expected; the wrapped key is gone."""
    with state.change(ANN, at(1)) as tx:
        tx.members.remove(HARBOR)
    with pytest.raises(Conflict, match="CR-L002"), state.change(ANN, at(2)) as tx:
        tx.members.remove(HARBOR)
    with state.read() as tx:
        assert tx.members.get(HARBOR).wrapped_data_key is None


def test_a_destroyed_key_is_in_no_file(tmp_path: Path) -> None:
    """Shredding: SQLite's pages and write-ahead file keep no copy of the wrapped key."""
    state = State.open(f"sqlite:///{tmp_path / 'state.db'}")
    with state.change(ANN, T0) as tx:
        tx.members.add(HARBOR, kind=MemberKind.RETAILER, wrapped_data_key=b"wrapped-canary-0123456789")
    with state.change(ANN, at(1)) as tx:
        tx.members.remove(HARBOR)
    state.forget_deleted()
    assert all(b"wrapped-canary" not in file.read_bytes() for file in tmp_path.iterdir())


def test_two_writers_take_turns(state: State) -> None:
    """Forty changes from four threads all land, in one unbroken chain."""

    def work(worker: int) -> None:
        for number in range(10):
            with state.change(ANN, at(worker)) as tx:
                tx.users.add(UserName(f"u{worker}-{number}"), member=HARBOR, roles=(UserRole.ANALYST,))

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with state.read() as tx:
        assert len(tx.users.all()) == 41
        assert tx.log.verify()[0] == 43


def test_a_reader_sees_one_moment(state: State) -> None:
    """A change committed while a reader reads is not half seen."""
    with state.read() as tx:
        before = tx.users.all()
        with state.change(ANN, at(1)) as change:
            change.users.add(UserName("bob"), member=HARBOR, roles=(UserRole.ANALYST,))
        assert tx.users.all() == before


def test_migrations_make_exactly_the_tables(url: str) -> None:
    """From empty to head, alembic's own comparison finds no difference; a second time nothing happens."""
    engine = connect(url)
    with writing(engine) as connection:
        bring_up(connection)
    with writing(engine) as connection:
        bring_up(connection)
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_a_newer_store_is_refused(url: str) -> None:
    """A store with a revision we do not know is not opened."""
    State.open(url).close()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(UsageProblem, match="CR-L013"):
        State.open(url)


@pytest.mark.parametrize("bad", ["mysql://host/name", "not a url", "duckdb:///x"])
def test_other_stores_are_refused(bad: str) -> None:
    """Only SQLite and PostgreSQL."""
    with pytest.raises(UsageProblem, match="CR-L012"):
        State.open(bad)


def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    """The driver's text, with host and user in it, does not come through."""
    with pytest.raises(Unavailable, match="CR-L001") as caught:
        State.open(f"postgresql+psycopg://canary@/x?host={tmp_path}")
    assert "canary" not in str(caught.value)


def test_a_file_that_is_no_database_is_an_integrity_failure(tmp_path: Path) -> None:
    """Damage is told as damage."""
    (tmp_path / "state.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(IntegrityFailure, match="CR-L011"):
        State.open(f"sqlite:///{tmp_path / 'state.db'}")


def test_a_full_disk_changes_nothing(tmp_path: Path) -> None:
    """SQLite's page limit stands in for the disk: typed, nothing half written, fine again afterwards."""
    url = f"sqlite:///{tmp_path / 'state.db'}"
    state = State.open(url)
    engine = state._engine
    with engine.connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        connection.execute(text(f"PRAGMA max_page_count={pages + 1}"))
    with pytest.raises(Unavailable, match="CR-L005"), state.change(ANN, T0) as tx:
        tx.members.add(HARBOR, kind=MemberKind.RETAILER, wrapped_data_key=b"x" * 100_000)
    with state.read() as tx:
        assert tx.members.all() == ()
    state.close()
    reopened = State.open(url)
    with reopened.change(ANN, T0) as tx:
        tx.members.add(HARBOR, kind=MemberKind.RETAILER, wrapped_data_key=b"x" * 100_000)
    with reopened.read() as tx:
        assert tx.log.verify()[0] == 1


_KILLED = """
import os, signal, sys
from datetime import datetime, UTC
from cleanroom.state import Actor, MemberKind, State
state = State.open(sys.argv[1])
with state.change(Actor(user="ann", member="harbor"), datetime(2026, 1, 3, tzinfo=UTC)) as tx:
    tx.members.add("solstice", kind=MemberKind.MANUFACTURER, wrapped_data_key=b"x")
    if sys.argv[2] == "sealed":
        tx.seal()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("step", ["row", "sealed"])
def test_a_kill_between_statements_leaves_nothing(state: State, url: str, step: str) -> None:
    """kill -9 after the row, or after row and log entry but before commit: neither is there, the chain holds."""
    env = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run([sys.executable, "-c", _KILLED, url, step], env=env, check=False)
    assert done.returncode == -signal.SIGKILL
    with state.read() as tx:
        assert [member.name for member in tx.members.all()] == ["harbor"]
        assert tx.log.verify()[0] == 3
