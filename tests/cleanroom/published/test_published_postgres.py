"""Released tables on a real PostgreSQL server: what a member's role reads, and everything another's does not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import psycopg
import pytest
from published_case import HARBOR, SOLSTICE, entry, released

from cleanroom.errors import Conflict, UsageProblem
from cleanroom.names import MemberName
from cleanroom.published import lay_out
from cleanroom.published.postgres import PublishingServer, place_name
from cleanroom.released import Reason, ReleasedColumn, Withheld

ROOM = "pier"
THEIRS = place_name(ROOM, SOLSTICE)
OURS = place_name(ROOM, HARBOR)
CANARY = "canary-4711"


@dataclass
class Server:
    """An empty database, its administrator's address, and people with a login of their own."""

    url: str
    publishing: PublishingServer

    def publish(self, member: MemberName, *entries: object, room_key: str = "key") -> None:
        """Bring a member's schema to these releases."""
        self.publishing.publish(lay_out(entries), room=ROOM, room_key=room_key, member=member)  # type: ignore[arg-type]

    def as_admin(self) -> psycopg.Connection:
        """Whoever owns the server."""
        return psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True)

    def as_reader(self, role: str) -> psycopg.Connection:
        """Somebody with a login to whom ``role`` was granted."""
        login = f"login_{role}"
        with self.as_admin() as admin:
            if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [login]).fetchall():
                admin.execute(f'CREATE ROLE "{login}" LOGIN IN ROLE "{role}"'.encode())
        return psycopg.connect(self.url.replace("+psycopg", "").replace("postgres:", f"{login}:", 1), autocommit=True)


@pytest.fixture
def server(server_url: str) -> Iterator[Server]:
    """A database of the test's own; roles belong to the server, so they go afterwards."""
    with psycopg.connect(server_url.replace("+psycopg", ""), autocommit=True) as admin:
        admin.execute("DROP DATABASE IF EXISTS bi WITH (FORCE)")
        for (role,) in admin.execute(
            "SELECT rolname FROM pg_roles WHERE rolname LIKE 'login_%' OR rolname LIKE 'released_%'"
        ).fetchall():
            admin.execute(f'DROP ROLE "{role}"'.encode())
        admin.execute("CREATE DATABASE bi")
    url = server_url.replace("/postgres?", "/bi?")
    publishing = PublishingServer.open(url)
    yield Server(url=url, publishing=publishing)
    publishing.close()


@pytest.fixture
def both(server: Server) -> Server:
    """Harbor holds one release, solstice another with a canary in it."""
    columns = (
        ReleasedColumn(name="region", type="text", role="dimension"),
        ReleasedColumn(name="units", type="integer", role="measure"),
    )
    secret = released(tuple((f"{CANARY}-{n}", n) for n in range(50)), columns)
    server.publish(HARBOR, entry(1))
    server.publish(SOLSTICE, entry(1), entry(2, series="s2", name="secret", receivers=(SOLSTICE,), table=secret))
    return server


def test_a_member_reads_its_own(both: Server) -> None:
    """Types and reasons as in the file."""
    with both.as_reader(OURS) as reader:
        found = reader.execute(f"SELECT region, month, units, units_withheld, cost, share FROM {OURS}.claims_by_model")
        assert found.fetchall() == [
            ("north", date(2026, 1, 1), 12, None, Decimal("10.50"), 0.25),
            ("south", date(2026, 1, 1), None, "units", None, None),
        ]
        listed = reader.execute(f"SELECT run_id, template, is_latest FROM {OURS}.releases").fetchall()
        assert listed == [("run1", "claims-by-model@1", True)]


ATTACKS = [
    f"SELECT * FROM {THEIRS}.secret",
    f"SELECT * FROM {THEIRS}.secret_history",
    f"SELECT * FROM {THEIRS}.releases",
    f"EXPLAIN SELECT * FROM {THEIRS}.secret_history WHERE region = '{CANARY}-1'",
    f"EXPLAIN ANALYZE SELECT * FROM {THEIRS}.secret_history",
    f"COPY {THEIRS}.secret_history TO STDOUT",
    f"CREATE TEMP VIEW v AS SELECT * FROM {THEIRS}.secret_history",
    f"CREATE FUNCTION pg_temp.f() RETURNS SETOF text LANGUAGE sql AS 'SELECT region FROM {THEIRS}.secret_history'",
    f"DO $$ BEGIN EXECUTE 'SELECT * FROM {THEIRS}.secret_history'; END $$",
    f"SELECT query_to_xml('SELECT * FROM {THEIRS}.secret_history', true, false, '')",
    f"SELECT row_to_json(t) FROM {THEIRS}.secret_history t",
    f"SET ROLE {THEIRS}",
    f"SET SESSION AUTHORIZATION {THEIRS}",
    f"GRANT {THEIRS} TO CURRENT_USER",
    f"GRANT SELECT ON {THEIRS}.secret_history TO PUBLIC",
    f"ALTER TABLE {THEIRS}.secret_history DISABLE ROW LEVEL SECURITY",
    f"CREATE TABLE {THEIRS}.mine (x int)",
    f"CREATE TABLE {OURS}.mine (x int)",
    f"INSERT INTO {OURS}.releases (release_id) VALUES ('x')",
    f"UPDATE {OURS}.claims_by_model_history SET units = 1",
    f"DELETE FROM {OURS}.claims_by_model_history",
    f"DROP TABLE {OURS}.releases",
    f"ANALYZE {THEIRS}.secret_history",
    "SELECT pg_read_file('base')",
    "SELECT * FROM pg_statistic",
    "SELECT * FROM pg_statistic_ext_data",
    "COPY (SELECT 1) TO PROGRAM 'true'",
]


@pytest.mark.parametrize("statement", ATTACKS)
def test_nothing_of_another_s_is_read(both: Server, statement: str) -> None:
    """INVARIANT I17, I18: tables, plans, copies, views, functions, statistics, rights: refused, or nothing happens."""
    with both.as_reader(OURS) as reader:
        shown = ""
        try:
            if statement.startswith("COPY"):
                with reader.cursor().copy(statement.encode()) as copy:
                    shown = repr(list(copy))
            else:
                cursor = reader.execute(statement.encode())
                shown = repr(cursor.fetchall()) if cursor.description else ""
        except psycopg.errors.InsufficientPrivilege as refused:
            shown = str(refused)
        except psycopg.errors.DuplicateTable:
            pass
        assert CANARY not in shown
        assert "rows=" not in shown
    with both.as_reader(THEIRS) as owner:
        assert owner.execute(f"SELECT count(*) FROM {THEIRS}.secret".encode()).fetchall() == [(50,)]
    with both.as_reader(OURS) as reader:
        assert reader.execute(f"SELECT sum(units) FROM {OURS}.claims_by_model_history".encode()).fetchall() == [(12,)]


def test_statistics_hold_no_value_of_another(both: Server) -> None:
    """pg_stats shows nothing of theirs, also after the administrator analysed everything."""
    with both.as_admin() as admin:
        admin.execute("ANALYZE")
    with both.as_reader(OURS) as reader:
        assert reader.execute("SELECT * FROM pg_stats WHERE schemaname LIKE 'released%'").fetchall() == []
        tables = reader.execute(
            "SELECT table_schema FROM information_schema.tables WHERE table_schema LIKE 'released%'"
        )
        assert {schema for (schema,) in tables.fetchall()} == {OURS}


def test_row_security_stands_where_the_grants_fall(both: Server) -> None:
    """An administrator grants everything to everybody by mistake: still no row, in tables, views and functions."""
    with both.as_admin() as admin:
        admin.execute(f"GRANT USAGE ON SCHEMA {THEIRS} TO PUBLIC".encode())
        admin.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {THEIRS} TO PUBLIC".encode())
        admin.execute("ANALYZE")
    with both.as_reader(OURS) as reader:
        for name in ("secret", "secret_history", "claims_by_model", "releases"):
            assert reader.execute(f"SELECT * FROM {THEIRS}.{name}".encode()).fetchall() == []
        reader.execute(
            b"CREATE FUNCTION pg_temp.leak(text) RETURNS bool COST 0.0000001 LANGUAGE plpgsql AS "
            b"$$ BEGIN RAISE EXCEPTION '%', $1; END $$"
        )
        assert reader.execute(f"SELECT * FROM {THEIRS}.secret WHERE pg_temp.leak(region)".encode()).fetchall() == []
        assert reader.execute("SELECT * FROM pg_stats WHERE schemaname LIKE 'released%'").fetchall() == []
    with both.as_admin() as admin:
        forced = admin.execute(
            "SELECT bool_and(relrowsecurity AND relforcerowsecurity) FROM pg_class c JOIN pg_namespace n "
            "ON n.oid = c.relnamespace WHERE nspname LIKE 'released%' AND relkind = 'r'"
        )
        assert forced.fetchall() == [(True,)]


def test_a_row_without_the_member_as_receiver_is_not_shown(both: Server) -> None:
    """A release that the member may not hold, put into its own schema by hand: row security hides it."""
    with both.as_admin() as admin:
        admin.execute(f"UPDATE {OURS}.releases SET receivers = ',har_bor,harbor2,xharbor,'".encode())
    with both.as_reader(OURS) as reader:
        assert reader.execute(f"SELECT * FROM {OURS}.releases".encode()).fetchall() == []
        assert reader.execute(f"SELECT * FROM {OURS}.claims_by_model_history".encode()).fetchall() == []


def test_publishing_again_changes_nothing_and_heals(server: Server) -> None:
    """Twice the same is once; what was lost comes back; a new release is added and becomes the newest."""
    server.publish(HARBOR, entry(1))
    server.publish(HARBOR, entry(1))
    with server.as_admin() as admin:
        admin.execute(f"DELETE FROM {OURS}.claims_by_model_history".encode())
        admin.execute(f"DELETE FROM {OURS}.releases".encode())
    server.publish(HARBOR, entry(1))
    server.publish(HARBOR, entry(1), entry(2, table=released((("west", None, Withheld(Reason.UNITS), None, None),))))
    with server.as_reader(OURS) as reader:
        assert reader.execute(f"SELECT region FROM {OURS}.claims_by_model".encode()).fetchall() == [("west",)]
        assert reader.execute(f"SELECT count(*) FROM {OURS}.claims_by_model_history".encode()).fetchall() == [(3,)]
        found = reader.execute(f"SELECT run_id, is_latest FROM {OURS}.releases ORDER BY 1".encode())
        assert found.fetchall() == [("run1", False), ("run2", True)]


def test_a_later_version_s_columns_are_added(server: Server) -> None:
    """The table is made anew with all releases in it."""
    server.publish(HARBOR, entry(1))
    later = released(
        (("north", 7),), (*entry(1).table.columns[:1], ReleasedColumn(name="n", type="integer", role="measure"))
    )
    server.publish(HARBOR, entry(1), entry(2, table=later))
    with server.as_reader(OURS) as reader:
        found = reader.execute(
            f"SELECT region, units, n FROM {OURS}.claims_by_model_history ORDER BY _release_id, 1".encode()
        )
        assert found.fetchall() == [("north", 12, None), ("south", None, None), ("north", None, 7)]


def test_hostile_names_are_names(server: Server) -> None:
    """Quotes, keywords, percent signs and colons in an answer's columns."""
    names = ['x"; DROP SCHEMA public CASCADE; --', "select", "%s %(a)s", ":b :c", "Units", "units", "a" * 90, "'q'"]
    columns = [ReleasedColumn(name=name, type="integer", role="measure", description="it's :x %s") for name in names]
    server.publish(HARBOR, entry(1, name="select", title="it's; -- :x %s", table=released((tuple(range(8)),), columns)))
    with server.as_reader(OURS) as reader:
        cursor = reader.execute(f'SELECT * FROM {OURS}."select"'.encode())
        assert cursor.fetchall()[0][3::2] == tuple(range(8))


def test_what_is_not_ours_is_left_alone(server: Server) -> None:
    """A schema or role of that name which another room, or a person, made: refused, and nothing in it is touched."""
    server.publish(HARBOR, entry(1))
    with pytest.raises(Conflict, match="CR-S043"):
        server.publish(HARBOR, room_key="another room's")
    with server.as_admin() as admin:
        admin.execute(f"CREATE SCHEMA {THEIRS}".encode())
    with pytest.raises(Conflict, match="CR-S043"):
        server.publish(SOLSTICE)


def test_a_removed_member_s_schema_goes(both: Server) -> None:
    """And the others' stays."""
    both.publishing.withdraw(room=ROOM, member=SOLSTICE)
    with both.as_admin() as admin:
        found = admin.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'released%'").fetchall()
    assert found == [(OURS,)]


def test_only_postgresql_is_published_to() -> None:
    """A file would have no roles."""
    with pytest.raises(UsageProblem, match="CR-S042"):
        PublishingServer.open("sqlite:///released.db")


def test_the_room_s_user_need_be_no_superuser(server: Server) -> None:
    """Making roles and schemas is enough; forced row security lets it write, and lets members read."""
    with server.as_admin() as admin:
        admin.execute(b"DROP ROLE IF EXISTS login_room")
        admin.execute(b"CREATE ROLE login_room LOGIN CREATEROLE")
        admin.execute(b"GRANT CREATE ON DATABASE bi TO login_room")
    limited = PublishingServer.open(server.url.replace("postgres:", "login_room:", 1))
    try:
        for number in (1, 2):
            limited.publish(lay_out([entry(1), entry(number)][-number:]), room=ROOM, room_key="key", member=HARBOR)
    finally:
        limited.close()
    with server.as_reader(OURS) as reader:
        assert reader.execute(f"SELECT count(*) FROM {OURS}.claims_by_model_history".encode()).fetchall() == [(4,)]
    with server.as_admin() as admin:
        admin.execute(b"DROP OWNED BY login_room CASCADE")
        admin.execute(f"DROP ROLE login_{OURS}, {OURS}, login_room".encode())
