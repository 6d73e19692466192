"""Warm sessions are lent by set of catalogues and closed when nobody uses them."""

from pathlib import Path

import pytest

from cleanroom.engine.control import RunControl
from cleanroom.engine.session import Session, SessionLimits
from cleanroom.engine.sessions import Sessions
from cleanroom.engine.sql import EngineSql
from cleanroom.vault.lake import PublishedLake
from tests.attacks.engine.lake import published_sales

COUNT = EngineSql(text="SELECT count(*) FROM lake_harbor.main.sales", keys=0)


@pytest.fixture(scope="module")
def lakes(tmp_path_factory: pytest.TempPathFactory) -> list[PublishedLake]:
    """Three vaults of 3, 4 and 5 sales."""
    return [published_sales(tmp_path_factory.mktemp("vault"), rows) for rows in (3, 4, 5)]


def count(session: Session) -> object:
    """How many sales the session sees."""
    return session.fetch(COUNT, RunControl(limit_seconds=20))[0][0]


def test_same_catalogues_share_a_session(lakes: list[PublishedLake]) -> None:
    """The second question on the same copies runs on the warm session; another copy gets another."""
    sessions = Sessions(SessionLimits())
    with sessions.on([lakes[0]]) as first, sessions.on([lakes[0]]) as again, sessions.on([lakes[1]]) as other:
        assert first is again
        assert [count(first), count(other)] == [3, 4]
    with sessions.on([lakes[0]]) as later:
        assert later is first
    sessions.close()


def test_a_session_in_use_is_not_closed(lakes: list[PublishedLake]) -> None:
    """Keeping one, a second and a third set of catalogues do not pull the first from under its user."""
    sessions = Sessions(SessionLimits(), keep=1)
    with sessions.on([lakes[0]]) as used:
        for lake in lakes[1:]:
            with sessions.on([lake]):
                pass
        sessions.close()
        assert count(used) == 3
    with sessions.on([lakes[0]]) as later:
        assert later is used
    sessions.close()
    with sessions.on([lakes[0]]) as fresh:
        assert fresh is not used
        assert count(fresh) == 3
    sessions.close()


def test_a_broken_catalogue_is_not_kept(tmp_path: Path) -> None:
    """A session that did not open is not lent the next time either."""
    lake = published_sales(tmp_path / "vault")
    content = lake.catalogue.read_bytes()
    lake.catalogue.write_bytes(b"broken")
    sessions = Sessions(SessionLimits())
    with pytest.raises(Exception, match="CR-V002"), sessions.on([lake]):
        pass
    lake.catalogue.write_bytes(content)
    with sessions.on([lake]) as session:
        assert count(session) == 40
    sessions.close()
