"""A login with one member's role, and everything PostgreSQL offers it: nothing of another's is read, changed or held up."""

from collections.abc import Iterator

import psycopg
import pytest

from api.usecases.released_tables import PUBLISH_VARIABLE, Publisher
from cleanroom.errors import Conflict
from cleanroom.published import lay_out
from cleanroom.published.postgres import place_name
from tests.api.api_case import AD_HOC, Case, sales
from tests.attacks.published.conftest import CANARY, HARBOR, OURS, ROOM, SOLSTICE, THEIRS, Bi, entry

REFUSED = [
    f"TABLE {THEIRS}.secret",
    f"SELECT '{THEIRS}.secret_history'::regclass",
    f"SELECT has_table_privilege('{THEIRS}.secret_history', 'SELECT')",
    f"SELECT pg_column_size(t.*) FROM {THEIRS}.secret_history t",
    f"SELECT table_to_xml('{THEIRS}.secret_history', true, false, '')",
    f"SELECT schema_to_xml('{THEIRS}', true, false, '')",
    f"SELECT * FROM ts_stat('SELECT to_tsvector(region) FROM {THEIRS}.secret_history')",
    f"SELECT currtid2('{THEIRS}.secret_history', '(0,1)')",
    f"VACUUM {THEIRS}.secret_history",
    f"CLUSTER {THEIRS}.secret_history",
    f"REINDEX TABLE {THEIRS}.secret_history",
    f"DROP OWNED BY {THEIRS}",
    f"REASSIGN OWNED BY {THEIRS} TO ada",
    f"SELECT set_config('role', '{THEIRS}', false)",
    f"SELECT set_config('session_authorization', '{THEIRS}', false)",
    "SET ROLE postgres",
    "ALTER ROLE ada SUPERUSER",
    f"ALTER ROLE {OURS} LOGIN",
    f"ALTER SCHEMA {OURS} RENAME TO mine",
    f"COMMENT ON SCHEMA {OURS} IS 'mine'",
    f"CREATE RULE r AS ON SELECT TO {OURS}.shared DO INSTEAD SELECT 1",
    f"CREATE POLICY p ON {OURS}.shared_history USING (true)",
    f"CREATE STATISTICS s ON region, units FROM {OURS}.shared_history",
    f"CREATE INDEX ON {OURS}.shared_history (region)",
    f"TRUNCATE {OURS}.shared_history",
    f"MERGE INTO {OURS}.shared_history t USING (SELECT 1) s ON false WHEN NOT MATCHED THEN INSERT VALUES ('x')",
    "CREATE TABLE public.mine (x int)",
    "CREATE SCHEMA mine",
    "CREATE PUBLICATION p FOR ALL TABLES",
    "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p",
    "CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION f()",
    "SELECT * FROM pg_authid",
    "SELECT * FROM pg_shadow",
    "SELECT * FROM pg_largeobject",
    "SELECT lo_import('/etc/passwd')",
    "SELECT pg_ls_dir('.')",
    "SELECT pg_stat_file('base')",
    "SELECT pg_read_binary_file('PG_VERSION')",
    "SELECT * FROM pg_hba_file_rules",
    "SELECT pg_create_logical_replication_slot('x', 'test_decoding')",
    "SELECT pg_switch_wal()",
    "SELECT pg_stat_reset()",
    "SELECT pg_reload_conf()",
    "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres' AND pid <> pg_backend_pid()",
    "LOAD 'auto_explain'",
    "SET log_statement = 'none'",
    f"BEGIN; LOCK TABLE {OURS}.releases IN SHARE ROW EXCLUSIVE MODE",
    f"BEGIN; LOCK TABLE {OURS}.releases IN ACCESS EXCLUSIVE MODE",
    f"BEGIN; LOCK TABLE {THEIRS}.secret_history IN ACCESS SHARE MODE",
    f"SET row_security = off; SELECT * FROM {OURS}.releases",
]  # fmt: skip
SILENT = [
    "SELECT * FROM pg_stats WHERE schemaname LIKE 'released%'",
    "SELECT * FROM pg_stats_ext",
    "SELECT query FROM pg_stat_activity WHERE query LIKE '%canary%' AND pid <> pg_backend_pid()",
    "SELECT setting FROM pg_settings WHERE name IN ('data_directory', 'hba_file')",
    "SELECT column_name FROM information_schema.columns WHERE table_schema LIKE 'released%solstice'",
    "SELECT view_definition FROM information_schema.views WHERE table_schema LIKE 'released%solstice'",
    "SELECT grantee FROM information_schema.role_table_grants WHERE table_schema LIKE 'released%solstice'",
]


@pytest.fixture
def reader(bi: Bi) -> Iterator[psycopg.Connection]:
    """Somebody of harbor's, signed in."""
    with bi.as_reader() as connection:
        yield connection


@pytest.mark.parametrize("statement", REFUSED)
def test_it_is_refused(reader: psycopg.Connection, statement: str) -> None:
    """INVARIANT I17, I18: for want of a right, and the text of the refusal holds no value."""
    with pytest.raises(
        (psycopg.errors.InsufficientPrivilege, psycopg.errors.WrongObjectType),
        match=r"denied|must be|not allowed|affected",
    ) as refused:
        reader.execute(statement.encode())
    assert CANARY not in str(refused.value)


@pytest.mark.parametrize("statement", SILENT)
def test_it_tells_nothing(reader: psycopg.Connection, statement: str) -> None:
    """Not even after everything was analysed."""
    assert reader.execute(statement.encode()).fetchall() == []


def test_temporary_objects_stand_in_for_nothing(bi: Bi, reader: psycopg.Connection) -> None:
    """Own tables, functions and a search path set for the room's user: what is published stays what it is."""
    reader.execute(b"CREATE TEMP TABLE releases (release_id text, receivers text, is_latest bool, table_name text)")
    reader.execute(b"CREATE FUNCTION pg_temp.strpos(text, text) RETURNS int LANGUAGE sql AS 'SELECT 1'")
    reader.execute(b"SET search_path = pg_temp, public")
    assert reader.execute(f"SELECT count(*) FROM {OURS}.shared".encode()).fetchall() == [(50,)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="alter role"):
        reader.execute(b"ALTER ROLE postgres SET search_path = pg_temp")
    bi.publishing.publish(
        lay_out([entry("shared", (HARBOR, SOLSTICE), "north")]), room=ROOM, room_key="key", member=HARBOR
    )
    assert reader.execute(f"SELECT count(*) FROM {OURS}.shared".encode()).fetchall() == [(50,)]


def test_a_lock_that_any_login_may_take_holds_up_nobody(bi: Bi, reader: psycopg.Connection) -> None:
    """Advisory locks by the thousand, the one that publishing once took among them."""
    reader.execute(b"SELECT pg_advisory_lock(1919249523), count(pg_advisory_lock(n)) FROM generate_series(1, 1000) n")
    added = entry("later", (SOLSTICE,), "south")
    shared, secret = entry("shared", (HARBOR, SOLSTICE), "north"), entry("secret", (SOLSTICE,), CANARY)
    bi.publishing.publish(lay_out([shared, secret, added]), room=ROOM, room_key="key", member=SOLSTICE)
    with bi.as_admin() as admin:
        assert admin.execute(f"SELECT count(*) FROM {THEIRS}.later".encode()).fetchall() == [(50,)]


def test_a_reader_that_stays_in_a_transaction_holds_up_its_own_member_alone(
    bi: Bi, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """INVARIANT I18: harbor's report is left open; solstice's tables appear, and harbor's a minute after it is closed."""
    monkeypatch.setenv(PUBLISH_VARIABLE, bi.admin.replace("postgresql://", "postgresql+psycopg://"))
    ours, theirs = (place_name(case.room.name, member) for member in (HARBOR, SOLSTICE))
    case.push(sales(12, 13))
    case.policy()
    asked = {"sql": AD_HOC, "purpose": "warranty"}
    case.run(asked)
    publisher = Publisher(case.room)
    assert publisher.look()
    with bi.as_admin() as admin:
        admin.execute(f"GRANT {ours} TO ada".encode())
        latest = "SELECT count(*) FROM {}.releases WHERE latest_name = 'ad_hoc_2'"
        with psycopg.connect(bi.reader) as idle:
            idle.execute(f"SELECT * FROM {ours}.ad_hoc".encode())
            case.run({**asked, "sql": AD_HOC.replace("region", "channel")})
            assert publisher.look()
            assert admin.execute(latest.format(theirs).encode()).fetchall() == [(1,)]
            assert admin.execute(latest.format(ours).encode()).fetchall() == [(0,)]
        case.clock.at = case.clock.at.replace(hour=23)
        assert publisher.look()
        assert admin.execute(latest.format(ours).encode()).fetchall() == [(1,)]
    publisher.close()


def test_publishing_says_that_it_was_held_up(bi: Bi, reader: psycopg.Connection) -> None:
    """A typed refusal after two seconds, and nothing half done."""
    shared = entry("shared", (HARBOR, SOLSTICE), "north")
    with psycopg.connect(bi.reader) as idle:
        idle.execute(f"SELECT * FROM {OURS}.shared".encode())
        with pytest.raises(Conflict, match="CR-L002"):
            bi.publishing.publish(lay_out([shared]), room=ROOM, room_key="key", member=HARBOR)
    assert reader.execute(f"SELECT count(*) FROM {OURS}.shared".encode()).fetchall() == [(50,)]
