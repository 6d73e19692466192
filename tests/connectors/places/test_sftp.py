"""A real SFTP server in another process: listing, reading, receipts, and who is refused."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cleanroom.errors import DataRefused, NotAuthorised, NotFound, Unavailable, UsageProblem
from connectors.formats import open_source
from connectors.places import PlaceOptions, locate
from tests.connectors.places.sftp_server import PASSWORD, sftp_server
from tests.connectors.samples import csv_bytes


@dataclass(frozen=True)
class Shore:
    """A running server, its folder, and the settings that reach it."""

    url: str
    folder: Path
    options: PlaceOptions

    def with_settings(self, **config: str) -> PlaceOptions:
        """The options with other settings."""
        return PlaceOptions(config={**self.options.config, **config})


@pytest.fixture(scope="module")
def shore(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shore]:
    """A folder with two files, one that is being written, a receipt and a folder."""
    place = tmp_path_factory.mktemp("sftp")
    folder = place / "root" / "out"
    folder.mkdir(parents=True)
    for name in ("b.csv", "a.csv"):
        (folder / name).write_bytes(csv_bytes(25))
    for name in ("c.csv.filepart", "a.csv.receipt.json", ".hidden.csv"):
        (folder / name).write_bytes(b"x")
    (folder / "old").mkdir()
    with sftp_server(place / "root", place / "hosts") as url:
        config = {"password": PASSWORD, "known_hosts": str(place / "hosts")}
        yield Shore(url, folder, PlaceOptions(config=config))


def test_a_folder_and_a_file_are_read(shore: Shore) -> None:
    """Data files by name, each through a format; one file by its own address."""
    items = list(locate(f"{shore.url}/out", shore.options))
    assert [(item.name, item.size) for item in items] == [("a.csv", len(csv_bytes(25))), ("b.csv", len(csv_bytes(25)))]
    with items[0].open() as stream:
        assert sum(batch.num_rows for batch in open_source(stream).batches()) == 25
    (only,) = locate(f"{shore.url}/out/b.csv", shore.options)
    with only.as_path() as path:
        assert (path.name, path.read_bytes()) == ("b.csv", csv_bytes(25))


def test_a_receipt_is_left_beside_the_file(shore: Shore) -> None:
    """Whole, over an earlier one, and nothing else is left."""
    item = next(item for item in locate(f"{shore.url}/out", shore.options) if item.name == "b.csv")
    assert item.leave is not None
    for text in (b"{}", b'{"state": "pushed"}'):
        item.leave(text)
    assert (shore.folder / "b.csv.receipt.json").read_bytes() == b'{"state": "pushed"}'
    assert not (shore.folder / "b.csv.receipt.json.tmp").exists()


def test_a_file_that_changed_since_it_was_listed_is_not_read(shore: Shore) -> None:
    """What would be pushed is not what was looked at: later, then."""
    path = shore.folder / "growing.csv"
    path.write_bytes(csv_bytes(5))
    (item,) = locate(f"{shore.url}/out/growing.csv", shore.options)
    path.write_bytes(csv_bytes(9))
    with pytest.raises(Unavailable, match="CR-D223"):
        item.open()
    path.unlink()


def test_refusals_have_codes_and_tell_nothing(shore: Shore, tmp_path: Path) -> None:
    """A wrong password, an unknown server, a server with another key, a missing folder, too large a file."""
    with pytest.raises(NotAuthorised, match="CR-D222") as caught:
        list(locate(f"{shore.url}/out", shore.with_settings(password="zq-canary-wrong")))
    assert "canary" not in str(caught.value) + caught.value.help + repr(shore.options)
    (tmp_path / "empty").write_text("")
    with pytest.raises(NotAuthorised, match="CR-D222"):
        list(locate(f"{shore.url}/out", shore.with_settings(known_hosts=str(tmp_path / "empty"))))
    port = shore.url.rpartition(":")[2]
    stranger = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2dTfgzGJ4Jyeqeq3hBqcx7mfJ0lSIMlHNj3xNMMmnN"
    (tmp_path / "other").write_text(f"[127.0.0.1]:{port} {stranger}\n")
    with pytest.raises(NotAuthorised, match="CR-D222"):
        list(locate(f"{shore.url}/out", shore.with_settings(known_hosts=str(tmp_path / "other"))))
    with pytest.raises(NotFound, match="CR-D221"):
        list(locate(f"{shore.url}/none", shore.options))
    small = PlaceOptions(config=shore.options.config, max_bytes=10)
    with pytest.raises(DataRefused, match="CR-D224"):
        next(locate(f"{shore.url}/out", small)).open()
    with pytest.raises(DataRefused, match="CR-D228"):
        list(locate(f"{shore.url}/out", PlaceOptions(config=shore.options.config, max_files=1)))


def test_addresses_that_lead_nowhere() -> None:
    """No host, a password in the address (it would end up in shell histories), nobody there."""
    with pytest.raises(UsageProblem, match="CR-D220"):
        list(locate("sftp:///folder"))
    with pytest.raises(UsageProblem, match="CR-D220") as caught:
        list(locate("sftp://user:zq-canary@127.0.0.1/folder"))
    assert "canary" not in str(caught.value)
    with pytest.raises(Unavailable, match="CR-D223"):
        list(locate("sftp://user@127.0.0.1:9/folder"))


def test_without_the_library_it_says_what_to_install() -> None:
    """A clear error, not an import error."""
    code = (
        "import sys; sys.modules['paramiko'] = None\n"
        "from connectors.places import locate\n"
        "try: list(locate('sftp://user@127.0.0.1:9/folder'))\n"
        "except Exception as error: print(error.code, error.help)\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert told.stdout == "CR-D225 install it: pip install paramiko\n"
