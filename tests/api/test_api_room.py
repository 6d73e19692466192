"""The room on disk: nothing readable without its key, no second room in its place, healed on opening."""

import shutil
from pathlib import Path

import pytest
from api_case import AD_HOC, CANARY_SERIAL, Case, sale, sales

from api.room import Room
from cleanroom.errors import Conflict, DataRefused, IntegrityFailure, NotFound


def test_a_copied_folder_says_nothing(case: Case) -> None:
    """INVARIANT I4: the key lies outside; without it the copy does not open."""
    case.room.close()
    copy = case.folder / "elsewhere" / "room"
    shutil.copytree(case.folder / "room", copy)
    with pytest.raises(NotFound, match="CR-K001"):
        Room.open(copy)


def test_another_room_s_key_does_not_open_it(case: Case, tmp_path: Path) -> None:
    """A key file of the right kind and the wrong room."""
    case.room.close()
    Room.create(tmp_path / "other", name="other").close()
    with pytest.raises(IntegrityFailure, match="CR-A035"):
        Room.open(tmp_path / "room", key_file=tmp_path / "other.key")


def test_a_key_file_that_others_can_read_is_refused(case: Case) -> None:
    """Mode 0600 or nothing."""
    case.room.close()
    (case.folder / "room.key").chmod(0o644)
    with pytest.raises(DataRefused, match="CR-K003"):
        Room.open(case.folder / "room")


def test_the_key_file_can_be_named_by_the_environment(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """For operators who keep keys elsewhere."""
    case.room.close()
    (case.folder / "kept").mkdir()
    (case.folder / "room.key").rename(case.folder / "kept" / "k")
    monkeypatch.setenv("CLEANROOM_ROOM_KEY_FILE", str(case.folder / "kept" / "k"))
    with Room.open(case.folder / "room") as room:
        assert room.name == "pier"


def test_a_room_is_not_made_over_anything(case: Case, tmp_path: Path) -> None:
    """Neither over a room nor over a folder with something in it; nor with a bad name or floor."""
    with pytest.raises(Conflict, match="CR-A030"):
        Room.create(case.folder / "room", name="again")
    with pytest.raises(DataRefused, match="CR-A031"):
        Room.create(tmp_path / "x", name="Not A Name")
    with pytest.raises(DataRefused, match="CR-A032"):
        Room.create(tmp_path / "x", name="low", floor=9)
    with pytest.raises(NotFound, match="CR-A033"):
        Room.open(tmp_path / "nothing")


def test_a_damaged_description_is_told_as_such(case: Case) -> None:
    """Not as a traceback."""
    case.room.close()
    for text in ("", "[]", '{"format": 99, "signing": ""}', '{"format": 1}'):
        (case.folder / "room" / "room.json").write_text(text)
        with pytest.raises(DataRefused, match="CR-A034"):
            Room.open(case.folder / "room")


def test_nothing_on_disk_holds_a_value(case: Case) -> None:
    """INVARIANT I4: after upload, question and answer, a search of every file finds no value, text or parameter."""
    case.policy()
    region = "north-" + CANARY_SERIAL
    case.push([sale(n, region=region) for n in range(12)])
    run = case.run({"sql": AD_HOC + " LIMIT 4711", "purpose": "warranty"})
    answer = case.client("solstice-analyst").get(f"/v1/releases/{run['release_id']}")
    assert answer.json()["rows"] == [{"region": region, "sold": 12}]
    case.room.close()
    for file in case.folder.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert CANARY_SERIAL.encode() not in content, file.name
            assert b"LIMIT 4711" not in content, file.name


def test_removing_a_member_shreds_its_data_and_nothing_else(case: Case) -> None:
    """INVARIANT I18: its vault is unreadable for good; the other member's answers still come."""
    case.policy()
    case.push(sales(12, 3))
    case.push(sales(12, 3), member="quayside")
    wrapped = _wrapped_key(case, "quayside")
    assert case.client("harbor-operator").delete("/v1/members/quayside").status_code == 204
    with pytest.raises(NotFound, match="CR-A036"):
        case.room.vault("quayside")  # type: ignore[arg-type]
    assert not (case.folder / "room" / "vaults" / "quayside").exists()
    case.reopened()
    assert case.run({"sql": AD_HOC, "purpose": "warranty"})["state"] == "SUCCESS"
    case.room.close()
    assert not any(wrapped in file.read_bytes() for file in case.folder.rglob("*") if file.is_file())


def _wrapped_key(case: Case, member: str) -> bytes:
    with case.room.state.read() as tx:
        found = tx.members.get(member).wrapped_data_key  # type: ignore[arg-type]
    assert found is not None
    return found


def test_two_processes_may_have_a_room_open(case: Case) -> None:
    """The second does not heal what the first is at; it waits for nothing either."""
    with Room.open(case.folder / "room") as second:
        assert second.name == case.room.name
