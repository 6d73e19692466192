"""Feeds from an object store, an SFTP folder, an index of a web server and a database: real servers, the real command."""

import functools
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import obstore
import pytest
import yaml

from api.cli import watching
from tests.connectors.places.object_store import object_store
from tests.connectors.places.sftp_server import PASSWORD, sftp_server
from tests.flows.feed import Feed, feed

_MAPPING = """contract: sales
columns: {sale_id: Id, sale_date: {from: Day, date_format: "%Y-%m-%d"}, quantity: Qty, buyer_email: Email}
constants: {store_id: web}
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Feed]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(watching, "_SETTLE_SECONDS", 0.3)
    with feed(tmp_path) as found:
        (tmp_path / "sales.yaml").write_text(_MAPPING)
        yield found


def _file(first: int, quantity: int = 1, rows: int = 4) -> bytes:
    lines = (f"S{n},2026-01-{1 + n % 28:02},{quantity},p{n}@mail.example\n" for n in range(first, first + rows))
    return ("Id,Day,Qty,Email\n" + "".join(lines)).encode()


def _settings(shop: Feed, **settings: str) -> tuple[str, ...]:
    path = shop.folder / "place.yaml"
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(settings))
    return ("--place-settings", str(path))


def _command(shop: Feed, place: str, *options: str) -> tuple[str, ...]:
    how = ("--dataset", "sales", "--mapping", str(shop.folder / "sales.yaml"), *shop.profile)
    return ("data", "watch", place, *how, *options)


def _look(shop: Feed, place: str, *options: str) -> tuple[int, list[str]]:
    """One look; the exit code and what was said of each file, without its counts."""
    code, said, trouble = shop.cli(*_command(shop, place, "--once", *options))
    assert "canary" not in said + trouble
    return code, [line.partition(" (")[0] for line in said.splitlines()]


def _snapshots(shop: Feed) -> list[tuple[int, int]]:
    """Rows inserted and changed by each commit."""
    _, listed, _ = shop.cli("data", "history", "sales", "--json", *shop.profile)
    return [(view["counts"].get("inserted", 0), view["counts"].get("changed", 0)) for view in json.loads(listed)]


def test_an_object_store_is_a_feed(shop: Feed) -> None:
    """Each object once, receipts here and there; a replaced one is restated; a bad one is refused, and after the mapping is mended taken."""
    with object_store() as (settings, bucket):
        options = _settings(shop, **settings)
        for n, name in enumerate(("in/a.csv", "in/b.csv")):
            obstore.put(bucket, name, _file(4 * n))
        obstore.put(bucket, "in/c.csv", b"Id,Date,Qty,Email\nS90,2026-01-01,1,x@mail.example\n")
        pushed = ["in/a.csv: pushed", "in/b.csv: pushed", "in/c.csv: refused"]
        assert _look(shop, "s3://drop/in", *options) == (3, pushed)
        assert _look(shop, "s3://drop/in", *options) == (0, [])
        obstore.put(bucket, "in/b.csv", _file(4, quantity=7))
        assert _look(shop, "s3://drop/in", *options) == (0, ["in/b.csv: restated"])
        changed = (shop.folder / "sales.yaml").read_text().replace("from: Day", "from: Date")
        (shop.folder / "sales.yaml").write_text(changed)
        assert _look(shop, "s3://drop/in", *options) == (0, ["in/c.csv: pushed"])
        here = sorted((shop.folder / "cleanroom-receipts").glob("*/*.receipt.json"))
        assert [path.name for path in here] == [f"in%2F{name}.csv.receipt.json" for name in "abc"]
        for path in here:
            there = obstore.get(bucket, path.name.replace("%2F", "/")).bytes()
            assert (bytes(there) == path.read_bytes(), b"canary" in bytes(there)) == (True, False)
    assert _snapshots(shop) == [(4, 0), (4, 0), (0, 4), (1, 0)]


def test_an_sftp_folder_is_a_feed(shop: Feed) -> None:
    """With a password from the settings; a file that is being written is left alone until it is whole."""
    drop = shop.folder / "shore" / "out"
    drop.mkdir(parents=True)
    (drop / "a.csv").write_bytes(_file(0))
    (drop / "b.csv.filepart").write_bytes(_file(4)[:30])
    with sftp_server(shop.folder / "shore", shop.folder / "hosts") as url:
        options = _settings(shop, password=PASSWORD, known_hosts=str(shop.folder / "hosts"))
        assert _look(shop, f"{url}/out", *options) == (0, ["a.csv: pushed"])
        (drop / "b.csv.filepart").write_bytes(_file(4))
        (drop / "b.csv.filepart").rename(drop / "b.csv")
        assert _look(shop, f"{url}/out", *options) == (0, ["b.csv: pushed"])
        assert _look(shop, f"{url}/out", *options) == (0, [])
        assert json.loads((drop / "b.csv.receipt.json").read_text())["state"] == "pushed"
        wrong = _settings(shop, password="zq-canary", known_hosts=str(shop.folder / "hosts"))
        assert _look(shop, f"{url}/out", *wrong) == (5, [])
    assert _snapshots(shop) == [(4, 0), (4, 0)]


def test_an_index_of_a_web_server_is_a_feed(shop: Feed) -> None:
    """The files of its page of links; what is missing is said, and nothing is forgotten."""
    drop = shop.folder / "www" / "drops"
    drop.mkdir(parents=True)
    (drop / "a.csv").write_bytes(_file(0))
    handler = functools.partial(_Silent, directory=str(shop.folder / "www"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}/drops/"
    assert _look(shop, url) == (0, ["a.csv: pushed"])
    (drop / "b.csv").write_bytes(_file(4))
    assert _look(shop, url) == (0, ["b.csv: pushed"])
    server.shutdown()
    server.server_close()
    assert _look(shop, url) == (6, [])
    assert _snapshots(shop) == [(4, 0), (4, 0)]


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Says nothing."""


def test_a_query_is_a_feed(shop: Feed) -> None:
    """Its answer is pushed when it is another one; `map` and `push` take the address too."""
    path = shop.folder / "till.db"
    with sqlite3.connect(path) as till:
        till.execute("CREATE TABLE sales (Id text, Day text, Qty int, Email text)")
        till.executemany(
            "INSERT INTO sales VALUES (?, '2026-01-05', 1, ?)", [(f"S{n}", f"p{n}@x.example") for n in range(3)]
        )
    url, query = f"adbc+sqlite:///{path}", ("--query", "SELECT * FROM sales ORDER BY Id")
    code, drafted, _ = shop.cli("data", "map", url, "--dataset", "sales", *query)
    assert (code, "from: Day" in drafted) == (0, True)
    states = [_look(shop, url, *query)[1] for _ in range(2)]
    with sqlite3.connect(path) as till:
        till.execute("INSERT INTO sales VALUES ('S9', '2026-01-06', 1, NULL)")
    states.append(_look(shop, url, *query)[1])
    assert [[line.rpartition(": ")[2] for line in said] for said in states] == [["pushed"], [], ["restated"]]
    assert _snapshots(shop) == [(3, 0), (1, 0)]


def test_under_append_a_changed_file_is_reported(shop: Feed) -> None:
    """Its rows would count twice: exit 3 says so each night until somebody decides."""
    drop = shop.folder / "in"
    drop.mkdir()
    _put(drop / "a.csv", _file(0))
    assert _look(shop, str(drop), "--mode", "append") == (0, ["a.csv: pushed"])
    _put(drop / "a.csv", _file(0, rows=6))
    for _ in range(2):
        assert _look(shop, str(drop), "--mode", "append") == (3, ["a.csv: differs"])
    assert _snapshots(shop) == [(4, 0)]


def test_settings_that_others_may_read_are_refused(shop: Feed) -> None:
    """They hold a password; and a mapping that does not load is told before any file is touched."""
    options = _settings(shop, password="zq-canary")
    os.chmod(options[1], 0o644)  # noqa: PTH101 - as a person would
    code, _, trouble = shop.cli(*_command(shop, "sftp://x@127.0.0.1:9/out", "--once", *options))
    assert (code, "CR-D232" in trouble, "canary" in trouble) == (2, True, False)
    (shop.folder / "in").mkdir()
    _put(shop.folder / "in" / "a.csv", _file(0))
    (shop.folder / "sales.yaml").write_text("contract: sales\ncolumns: {sale_idd: Id}\n")
    assert _look(shop, str(shop.folder / "in")) == (3, [])
    assert [path.name for path in (shop.folder / "in").glob("*.json")] == []


@pytest.mark.parametrize("kind", ["folder", "store"])
def test_kill_9_at_any_file_takes_none_twice_and_forgets_none(shop: Feed, kind: str) -> None:
    """INVARIANT I6: killed after each of its first lines, started again: one commit a file, and a receipt for each."""
    with ExitStack() as stack:
        place, options = _filled(shop, kind, stack)
        for _ in range(2):
            _killed_after_a_line(shop, _command(shop, place, "--every", "0.1", *options))
        code, said = _look(shop, place, *options)
        assert (code, all(line.endswith(": pushed") for line in said)) == (0, True)
    assert _snapshots(shop) == [(4, 0)] * 5
    folder = shop.folder / ("done" if kind == "folder" else "cleanroom-receipts")
    assert len(list(folder.rglob("*.csv.receipt.json"))) == 5
    assert shop.query("SELECT count(*), count(DISTINCT sale_id) FROM h.sales") == [(20, 20)]


def _filled(shop: Feed, kind: str, stack: ExitStack) -> tuple[str, tuple[str, ...]]:
    """A place with five files, and the options that go with it."""
    if kind == "folder":
        drop = shop.folder / "in"
        drop.mkdir()
        for n in range(5):
            _put(drop / f"{n}.csv", _file(4 * n))
        return str(drop), ("--done", str(shop.folder / "done"))
    settings, bucket = stack.enter_context(object_store())
    for n in range(5):
        obstore.put(bucket, f"in/{n}.csv", _file(4 * n))
    return "s3://drop/in", _settings(shop, **settings)


def _killed_after_a_line(shop: Feed, command: tuple[str, ...]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "from api.cli.main import main; main()", *command],
        cwd=shop.folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate()


def _put(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    os.utime(path, (path.stat().st_mtime - 60,) * 2)
