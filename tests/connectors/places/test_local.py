"""Paths, folders and patterns."""

import os
from pathlib import Path

import pytest

from cleanroom.errors import DataRefused, NotFound, UsageProblem
from connectors.places import PlaceOptions, locate


def test_a_folder_lists_its_data_files_by_name(tmp_path: Path) -> None:
    """Receipts, hidden files, files being written, folders and pipes are not data."""
    for name in ("b.csv", "a.csv", "a.csv.receipt.json", ".hidden", "c.csv.part", "~$book.xlsx"):
        (tmp_path / name).write_bytes(b"x\n")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    assert [(item.name, item.size) for item in locate(str(tmp_path))] == [("a.csv", 2), ("b.csv", 2)]


def test_a_pattern_and_a_file_address(tmp_path: Path) -> None:
    """Globs and file:// addresses."""
    (tmp_path / "a b.csv").write_bytes(b"1")
    (tmp_path / "c.txt").write_bytes(b"2")
    assert [item.name for item in locate(f"{tmp_path}/*.csv")] == ["a b.csv"]
    (only,) = locate((tmp_path / "a b.csv").as_uri())
    with only.open() as stream:
        assert stream.read() == b"1"
    with only.as_path() as path:
        assert path == tmp_path / "a b.csv"


def test_the_etag_changes_with_the_content(tmp_path: Path) -> None:
    """Size and time are part of it."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"1")
    (before,) = locate(str(path))
    path.write_bytes(b"12")
    (after,) = locate(str(path))
    assert before.etag != after.etag


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    """A missing file, an empty pattern and an unknown scheme have codes."""
    with pytest.raises(NotFound, match="CR-D221"):
        list(locate(str(tmp_path / "none.csv")))
    with pytest.raises(NotFound, match="CR-D221"):
        list(locate(str(tmp_path / "*.csv")))
    with pytest.raises(UsageProblem, match="CR-D220"):
        locate("gopher://host/file")


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    """INVARIANT I1: listing is bounded."""
    for at in range(5):
        (tmp_path / f"{at}.csv").write_bytes(b"x")
    with pytest.raises(DataRefused, match="CR-D228"):
        list(locate(str(tmp_path), PlaceOptions(max_files=4)))
