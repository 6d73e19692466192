"""The second wall alone: hostile SQL fed straight into the locked session, as if every other wall had fallen (I11)."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cleanroom.engine.control import RunControl, RunFailed
from cleanroom.engine.session import Session, SessionLimits
from cleanroom.engine.sql import EngineSql
from tests.attacks.engine.lake import CANARY, KEY, published_sales

REACHING_OUT = (
    "SELECT * FROM read_text('{outside}')",
    "SELECT * FROM read_blob('{outside}')",
    "SELECT * FROM read_csv('{outside}')",
    "SELECT * FROM read_csv_auto('{outside}')",
    "SELECT * FROM read_json('{outside}')",
    "SELECT * FROM read_parquet('{outside}')",
    "SELECT * FROM '{outside}'",
    "SELECT * FROM glob('{folder}/*')",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM parquet_metadata('{outside}')",
    "SELECT * FROM sniff_csv('{outside}')",
    "SELECT * FROM read_csv('https://example.org/x.csv')",
    "SELECT * FROM read_parquet('s3://bucket/x.parquet')",
    "SELECT * FROM ducklake_snapshots('{outside}')",
    "COPY (SELECT 1) TO '{folder}/out.csv'",
    "COPY (SELECT 1) TO '{folder}/out.parquet' (FORMAT parquet)",
    "COPY lake_harbor.main.sales TO '{folder}/out.csv'",
    "EXPORT DATABASE '{folder}/dump'",
    "IMPORT DATABASE '{folder}/dump'",
    "ATTACH '{folder}/other.duckdb' AS other",
    "ATTACH '{folder}/other.duckdb' AS other (READ_ONLY)",
    "ATTACH 'ducklake:{folder}/other.ducklake' AS other",
    "INSTALL spatial",
    "INSTALL spatial FROM community",
    "LOAD '{folder}/evil.duckdb_extension'",
    "LOAD sqlite_scanner",
    "CREATE SECRET s (TYPE s3, KEY_ID 'x', SECRET 'y')",
    "CREATE PERSISTENT SECRET s (TYPE s3, KEY_ID 'x', SECRET 'y')",
    "SELECT * FROM planted",
    "CHECKPOINT lake_harbor",
)

CHANGING = (
    "SET enable_external_access = true",
    "SET GLOBAL enable_external_access = true",
    "RESET enable_external_access",
    "SET allowed_directories = ['/']",
    "SET allowed_paths = ['/etc/passwd']",
    "SET lock_configuration = false",
    "RESET lock_configuration",
    "SET python_enable_replacements = true",
    "SET memory_limit = '1TB'",
    "SET threads = 64",
    "SET temp_directory = '{folder}'",
    "SET secret_directory = '{folder}'",
    "SET home_directory = '{folder}'",
    "SET extension_directory = '{folder}'",
    "SET allow_unsigned_extensions = true",
    "SET autoinstall_known_extensions = true",
    "SET autoload_known_extensions = true",
    "SET custom_extension_repository = 'x'",
    "SET log_query_path = '{folder}/log'",
    "SET profiling_output = '{folder}/profile'",
    "SET enable_logging = true",
    "PRAGMA enable_profiling",
    "PRAGMA threads = 64",
    "PRAGMA memory_limit = '1TB'",
    "PRAGMA disable_checkpoint_on_shutdown",
    "INSERT INTO lake_harbor.main.sales (region) VALUES ('x')",
    "UPDATE lake_harbor.main.sales SET region = 'x'",
    "DELETE FROM lake_harbor.main.sales",
    "DROP TABLE lake_harbor.main.sales",
    "CREATE TABLE lake_harbor.main.mine (x INTEGER)",
    "ALTER TABLE lake_harbor.main.sales ADD COLUMN x INTEGER",
    "CALL lake_harbor.set_commit_message('a', 'b')",
)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A locked session on a vault whose every region is the canary."""
    lake = published_sales(tmp_path_factory.mktemp("vault"))
    with Session.over_lakes([lake], SessionLimits(memory_bytes=200_000_000)) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder outside the lake with a file worth reading."""
    (tmp_path / "outside.csv").write_text("secret\n1\n")
    return tmp_path


def folder_of(session: Session) -> object:
    """The lake's data folder, as an attacker would learn it."""
    return run(session, "SELECT options['data_path'] FROM duckdb_databases() WHERE database_name = 'lake_harbor'")[0][0]


def run(session: Session, text: str) -> list[tuple[object, ...]]:
    """What no other code may do: run a text that ``engine.sql`` did not make."""
    control = RunControl(limit_seconds=20)
    try:
        return session.fetch(EngineSql(text=text, keys=0), control)
    finally:
        control.close()


@pytest.mark.parametrize("text", REACHING_OUT)
def test_nothing_outside_is_reached(session: Session, folder: Path, text: str) -> None:
    """INVARIANT I11: no file, network, extension, database, secret or Python variable is within reach."""
    planted = [1, 2, 3]
    with pytest.raises(RunFailed, match="could not be run"):
        run(session, text.format(folder=folder, outside=folder / "outside.csv"))
    assert os.listdir(folder) == ["outside.csv"]  # noqa: PTH208 - the test is about names on disk
    assert planted == [1, 2, 3]


@pytest.mark.parametrize("text", CHANGING)
def test_nothing_is_changed(session: Session, folder: Path, text: str) -> None:
    """INVARIANT I11: no setting moves and no attached row, table or snapshot changes."""
    before = run(session, "SELECT count(*), count(DISTINCT region) FROM lake_harbor.main.sales")
    with pytest.raises(RunFailed, match="could not be run"):
        run(session, text.format(folder=folder))
    assert run(session, "SELECT count(*), count(DISTINCT region) FROM lake_harbor.main.sales") == before


@pytest.mark.parametrize(
    "text",
    [
        "SELECT CAST(region AS INTEGER) FROM lake_harbor.main.sales",
        "SELECT CAST(region AS DATE) FROM lake_harbor.main.sales",
        "SELECT error(region) FROM lake_harbor.main.sales",
        "SELECT CASE WHEN region = 'x' THEN 1 ELSE error(region) END FROM lake_harbor.main.sales",
        "SELECT strptime(region, '%Y') FROM lake_harbor.main.sales",
        f"SELECT {CANARY} FROM lake_harbor.main.sales",
    ],
)
def test_errors_carry_no_cell(session: Session, text: str) -> None:
    """INVARIANT I15: DuckDB's own texts quote the cell; ours has none of it, nor a chained original."""
    with pytest.raises(RunFailed, match="could not be run") as caught:
        run(session, text)
    error: BaseException | None = caught.value
    while error is not None:
        assert CANARY not in f"{error!r} {error} {vars(error)}"
        assert error.__cause__ is None
        error = error.__context__


def test_what_stays_open_is_known(session: Session) -> None:
    """The lock does not close these, which is why only generated SQL runs: a change here changes the threat model."""
    shown = run(session, "SELECT options['meta_encryption_key'] FROM duckdb_databases() WHERE options IS NOT NULL")
    assert (KEY.duckdb_key(),) in shown
    assert run(session, f"SELECT count(*) > 0 FROM glob('{folder_of(session)}/**')") == [(True,)]
    assert run(session, "SELECT count(*) > 100 FROM duckdb_settings()") == [(True,)]
    assert run(session, "SELECT * FROM query('SELECT 42')") == [(42,)]


def test_session_says_no_key(tmp_path: Path) -> None:
    """INVARIANT I5: a catalogue that does not open is reported without its key or its statement."""
    lake = published_sales(tmp_path / "vault")
    lake.catalogue.write_bytes(b"not a catalogue")
    with pytest.raises(Exception, match="CR-V002") as caught:
        Session.over_lakes([lake], SessionLimits())
    assert KEY.duckdb_key() not in f"{caught.value!r} {caught.value.__cause__!r}"
