"""A session's statements can be watched, cancelled and timed, and end as typed errors."""

import threading

import pyarrow as pa
import pytest

from cleanroom.engine.control import RunCancelled, RunControl, RunFailed, RunOutOfMemory, RunTimedOut
from cleanroom.engine.rows import lake_alias
from cleanroom.engine.session import Session, SessionLimits
from cleanroom.engine.sql import EngineSql
from cleanroom.names import DatasetName, MemberName, SnapshotId
from cleanroom.plan import PinnedTable

HARBOR = MemberName("harbor")
SALES = DatasetName("sales")
ENDLESS = EngineSql(text="SELECT count(DISTINCT md5(CAST(range AS VARCHAR))) FROM range(10000000000)", keys=0)


def plain_session(limits: SessionLimits | None = None) -> Session:
    """A session over one small table."""
    return Session.over_tables({(HARBOR, SALES): pa.table({"region": ["n", "s"], "n": [1, 2]})}, limits)


def test_cancel_stops_a_running_statement() -> None:
    """Another thread's cancel ends the run as RunCancelled, and the session goes on working."""
    control = RunControl(limit_seconds=60)
    with plain_session() as session:
        timer = threading.Timer(0.2, control.cancel)
        timer.start()
        with pytest.raises(RunCancelled, match="CR-R301"):
            session.fetch(ENDLESS, control)
        assert session.fetch(EngineSql(text="SELECT 1", keys=0), RunControl(limit_seconds=60)) == [(1,)]


def test_cancel_before_the_statement_is_not_lost() -> None:
    """A run cancelled between two statements does not start the second."""
    control = RunControl(limit_seconds=60)
    control.cancel()
    with plain_session() as session, pytest.raises(RunCancelled, match="CR-R301"):
        session.fetch(ENDLESS, control)


def test_time_limit_ends_the_run() -> None:
    """The limit counts from the first statement over the whole run."""
    control = RunControl(limit_seconds=0.2)
    with plain_session() as session:
        with pytest.raises(RunTimedOut, match="CR-R302"):
            session.fetch(ENDLESS, control)
        with pytest.raises(RunTimedOut, match="CR-R302"):
            session.fetch(EngineSql(text="SELECT 1", keys=0), control)


def test_memory_limit_ends_the_run() -> None:
    """Without a spill folder a run that needs more than its memory ends as RunOutOfMemory."""
    limits = SessionLimits(memory_bytes=40_000_000)
    text = "SELECT count(DISTINCT md5(CAST(range AS VARCHAR))) FROM range(20000000)"
    with plain_session(limits) as session, pytest.raises(RunOutOfMemory, match="CR-R303"):
        session.fetch(EngineSql(text=text, keys=0), RunControl(limit_seconds=120))


def test_progress_is_a_share_while_running_and_none_otherwise() -> None:
    """progress() answers from any thread and never raises."""
    control = RunControl(limit_seconds=60)
    seen: list[float | None] = [control.progress()]
    with plain_session() as session:
        running = threading.Thread(target=lambda: _ended(session, control))
        running.start()
        watched = threading.Event()
        for _ in range(10):
            watched.wait(0.02)
            seen.append(control.progress())
        control.cancel()
        running.join()
    assert seen[0] is None
    assert control.progress() is None
    assert all(share is None or 0 <= share <= 1 for share in seen)


def _ended(session: Session, control: RunControl) -> None:
    with pytest.raises(RunCancelled, match="CR-R301"):
        session.fetch(ENDLESS, control)


def test_columns_are_the_physical_ones() -> None:
    """What a table holds, by name and DuckDB type; an absent table is a typed error."""
    with plain_session() as session:
        table = PinnedTable(member=HARBOR, dataset=SALES, snapshot=SnapshotId(1))
        assert session.columns(table).by_name == {"region": "VARCHAR", "n": "BIGINT"}
        with pytest.raises(RunFailed, match="CR-R304"):
            session.columns(PinnedTable(member=HARBOR, dataset=DatasetName("claims"), snapshot=SnapshotId(1)))


def test_aliases_of_members_never_meet() -> None:
    """Names with a dash or of full length get an alias that is a name and no other member's."""
    members = [MemberName(name) for name in ("a-b", "a_b", "ab", "a" * 63, "a" * 62)]
    aliases = {lake_alias(member) for member in members}
    assert len(aliases) == len(members)
    assert all(len(alias) <= 63 and alias.replace("_", "a").isalnum() for alias in aliases)
