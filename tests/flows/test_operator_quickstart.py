"""The operator's walk in docs/operator-quickstart.md: its own commands, in its own order, end in a watched feed."""

import contextlib
import io
import json
import os
import re
import shlex
import sys
import time
from pathlib import Path

import pytest

from api.cli.main import main
from api.room import Room
from api.serving import quiet, served

_DOC = Path(__file__).parents[2] / "docs" / "operator-quickstart.md"


def _commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", _DOC.read_text(), re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def _scheduled() -> list[str]:
    """What cron and systemd would run: the commands of the page's other blocks."""
    blocks = re.findall(r"```(?:cron|ini)\n(.*?)```", _DOC.read_text(), re.DOTALL)
    return [f"cleanroom {found}" for block in blocks for found in re.findall(r"cleanroom (data .*)", block)]


def _run(line: str) -> str:
    """One line of the page: ``cleanroom`` or ``printf``, with at most one redirection; what it printed."""
    words = shlex.split(line)
    out, before = io.StringIO(), sys.stdin
    target, append, stdin = None, False, b""
    for mark in (">", ">>", "<"):
        if mark in words:
            at = words.index(mark)
            if mark == "<":
                stdin = Path(words[at + 1]).read_bytes()
            else:
                target, append = Path(words[at + 1]), mark == ">>"
            words = words[:at]
    if words[0] == "printf":
        out.write(words[1].replace("\\n", "\n"))
    else:
        sys.stdin, code = io.TextIOWrapper(io.BytesIO(stdin)), None
        try:
            with contextlib.redirect_stdout(out):
                main(words[1:])
        except SystemExit as ended:
            code = ended.code
        finally:
            sys.stdin = before
        assert code in (None, 0), line
    if target is not None:
        target.write_text((target.read_text() if append and target.exists() else "") + out.getvalue())
    return out.getvalue()


def test_the_walk_ends_in_a_watched_feed_and_a_forgotten_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command of the page succeeds; the file arrives once, with a receipt beside it; the erased person is gone."""
    quiet()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLEANROOM_PROFILE", str(tmp_path / "profile.json"))
    example = re.search(r"```csv\n(.*?)```", _DOC.read_text(), re.DOTALL)
    assert example is not None
    (tmp_path / "feeds").mkdir()
    drop = tmp_path / "feeds" / "2026-11-20.csv"
    drop.write_text(example[1])
    os.utime(drop, (time.time() - 60, time.time() - 60))
    commands = _commands()
    serve = next(n for n, line in enumerate(commands) if line.startswith("cleanroom serve"))
    for line in commands[:serve]:
        _run(line)
    said: dict[str, str] = {}
    with Room.open(tmp_path / "room") as room, served(room) as url:
        for line in commands[serve + 1 :]:
            said[line] = _run(line.replace("http://127.0.0.1:8000", url))
        scheduled = _scheduled()
        assert len(scheduled) == 2
        for line in scheduled:
            assert _run(line) == ""
    ran = " ".join(said)
    assert all(
        word in ran for word in ("data map", "data prepare", "data push", "data watch", "data erase", "data history")
    )
    receipt = json.loads((tmp_path / "feeds" / "2026-11-20.csv.receipt.json").read_text())
    counts = receipt["receipt"]["receipt"]["receipt"]["counts"]
    assert (receipt["state"], counts["unchanged"], counts["inserted"]) == ("pushed", 3, 0)
    pushed = next(text for line, text in said.items() if "data push" in line)
    assert pushed.startswith("2026-11-20.csv: committed (3 inserted")
    erased = next(text for line, text in said.items() if "data erase" in line)
    assert re.search(r"sales\s+2", erased)
