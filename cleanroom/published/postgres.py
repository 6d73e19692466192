"""A layout -> a member's own schema in a PostgreSQL database, readable by the member's own role and by nobody else.

Three walls, each enough alone: the schema is usable by one role; every table is granted to that role only; row-level
security, forced, shows a row only to that role and only where the release names the member as a receiver. Statistics,
plans and views stand behind the same walls, because no two members share a table.

Each publication is one transaction under a lock that no reader can take: killed anywhere, it is as if it had not begun;
done twice, it is the same. It waits for nobody long: a reader that keeps a transaction open holds up its own member only.
"""

from collections.abc import Sequence
from typing import Any, Self

from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
    Date,
    DateTime,
    Double,
    Engine,
    MetaData,
    Numeric,
    Table,
    Text,
    delete,
    insert,
    select,
    text,
    tuple_,
)
from sqlalchemy import Column as SqlColumn
from sqlalchemy.types import TypeEngine

from cleanroom.canonical import canonical_json, digest_of
from cleanroom.errors import Conflict, UsageProblem
from cleanroom.names import MemberName
from cleanroom.published.layout import CATALOGUE, CATALOGUE_COLUMNS, RELEASE, Column, Layout, Series, Value
from cleanroom.published.names import joined, quoted
from cleanroom.state.database import connect, writing

_WAIT = "SET LOCAL lock_timeout = '2s'"
_TYPES: dict[str, TypeEngine[Any]] = {
    "text": Text(),
    "integer": BigInteger(),
    "decimal": Numeric(),
    "double": Double(),
    "boolean": Boolean(),
    "date": Date(),
    "moment": DateTime(timezone=True),
}
_BATCH = 1_000
_NAMES = [column.name for column in CATALOGUE_COLUMNS]
_TABLE_AT, _LATEST_AT = _NAMES.index("table_name"), _NAMES.index("is_latest")


class PublishingServer:
    """A connection to where tables are published; its user may create roles and schemas."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> Self:
        """Connect when it is first used. Raises UsageProblem CR-S042: not PostgreSQL."""
        engine = connect(url)
        if engine.dialect.name != "postgresql":
            engine.dispose()
            raise UsageProblem(
                "CR-S042", "released tables are published to PostgreSQL", help="postgresql+psycopg://HOST/NAME"
            )
        return cls(engine)

    def publish(self, layout: Layout, *, room: str, room_key: str, member: MemberName) -> None:
        """Bring the member's schema to ``layout``: what is there stays, what is missing is added.

        ``room_key`` is the room's public key, by which a schema of another room of that name is told apart.

        Raises:
            Conflict: CR-S043 there is a schema or role of that name which is not this member's.
            Conflict: CR-L002 a reader has one of the tables open for long; nothing was changed.
            Unavailable, OutcomeUnknown, IntegrityFailure: as for the room's state.
        """
        place = place_name(room, member)
        mark = f"cleanroom {digest_of(canonical_json([room_key, room, member]))}"
        with writing(self._engine) as connection:
            connection.execute(text(_WAIT))
            _own_role(connection, place, mark)
            _own_schema(connection, place, mark)
            catalogue = _table(place, CATALOGUE, CATALOGUE_COLUMNS, "Releases your member holds")
            _present(connection, catalogue, member, place)
            # Not an advisory lock: any login of the database could take that one, and hold it.
            connection.execute(text(f"LOCK TABLE {quoted(place)}.{quoted(CATALOGUE)} IN SHARE ROW EXCLUSIVE MODE"))
            for series in layout.series:
                _bring(connection, series, place=place, member=member)
            known = {tuple(row) for row in connection.execute(select(catalogue.c.release_id, catalogue.c.table_name))}
            _insert(connection, catalogue, [r for r in layout.catalogue if (r[0], r[_TABLE_AT]) not in known])
            _say_latest(connection, catalogue, layout)

    def withdraw(self, *, room: str, member: MemberName) -> None:
        """Take a removed member's schema away; its role stays, with nothing to read."""
        with writing(self._engine) as connection:
            connection.execute(text(_WAIT))
            connection.execute(text(f"DROP SCHEMA IF EXISTS {quoted(place_name(room, member))} CASCADE"))

    def close(self) -> None:
        """Let go of it."""
        self._engine.dispose()


def place_name(room: str, member: MemberName) -> str:
    """What a member's schema and its role are called."""
    return joined("released", room, member)


def _own_role(connection: Connection, role: str, mark: str) -> None:
    found = connection.execute(
        text("SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = :name"), {"name": role}
    ).first()
    if found is None:
        connection.execute(text(f"CREATE ROLE {quoted(role)} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE"))
        connection.execute(text(f"COMMENT ON ROLE {quoted(role)} IS '{mark.replace(':', chr(92) + ':')}'"))
    elif found[0] != mark:
        raise _taken()


def _own_schema(connection: Connection, schema: str, mark: str) -> None:
    found = connection.execute(
        text("SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = :name"), {"name": schema}
    ).first()
    if found is None:
        connection.execute(text(f"CREATE SCHEMA {quoted(schema)}"))
        connection.execute(text(f"COMMENT ON SCHEMA {quoted(schema)} IS '{mark.replace(':', chr(92) + ':')}'"))
    elif found[0] != mark:
        raise _taken()
    connection.execute(text(f"REVOKE ALL ON SCHEMA {quoted(schema)} FROM PUBLIC"))
    connection.execute(text(f"GRANT USAGE ON SCHEMA {quoted(schema)} TO {quoted(schema)}"))


def _taken() -> Conflict:
    return Conflict(
        "CR-S043",
        "a schema or role of this name is not this room's member's",
        help="publish to another database, or remove what is there",
    )


def _table(schema: str, name: str, columns: Sequence[Column], title: str) -> Table:
    """The table; its comment ends in a digest of its columns, by which a later layout is told apart."""
    shape = digest_of(canonical_json([[column.name, column.kind] for column in columns]))
    made = [
        SqlColumn(column.name, _TYPES[column.kind], comment=_clean(column.comment) or None, key=f"c{at}")
        if name != CATALOGUE
        else SqlColumn(column.name, _TYPES[column.kind], comment=_clean(column.comment) or None)
        for at, column in enumerate(columns)
    ]
    return Table(name, MetaData(), *made, schema=schema, comment=f"{_clean(title)} ({shape})", quote=True)


def _clean(said: str) -> str:
    return "".join(char if char.isprintable() else " " for char in said)


def _present(connection: Connection, table: Table, member: MemberName, role: str) -> bool:
    """Make the table with its walls, unless it is there as wanted; whether it was."""
    found = connection.execute(
        text("SELECT obj_description(c.oid, 'pg_class') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
             "WHERE n.nspname = :schema AND c.relname = :name"),
        {"schema": table.schema, "name": table.name},
    ).first()  # fmt: skip
    if found is not None and str(found[0]).rpartition("(")[2] == str(table.comment).rpartition("(")[2]:
        return True
    place = f"{quoted(table.schema or '')}.{quoted(table.name)}"
    connection.execute(text(f"DROP TABLE IF EXISTS {place} CASCADE"))
    table.create(connection)
    # Not LIKE: in a pattern the underscore of one member's name would be any character of another's.
    receives = f"strpos(receivers, ',{member},') > 0"
    held = f"{quoted(table.schema or '')}.{quoted(CATALOGUE)}"
    if table.name != CATALOGUE:
        receives = f"EXISTS (SELECT 1 FROM {held} r WHERE r.release_id = {quoted(RELEASE)} AND {receives.replace('receivers', 'r.receivers')})"
    for statement in (
        f"ALTER TABLE {place} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {place} FORCE ROW LEVEL SECURITY",
        # No statistics: a plan's row estimates would be a second answer. The tables are small.
        f"ALTER TABLE {place} SET (autovacuum_enabled = false)",
        f"CREATE POLICY held ON {place} FOR SELECT TO {quoted(role)} USING ({receives})",
        f"CREATE POLICY published ON {place} TO CURRENT_USER USING (true) WITH CHECK (true)",
        f"REVOKE ALL ON {place} FROM PUBLIC",
        f"GRANT SELECT ON {place} TO {quoted(role)}",
    ):
        connection.execute(text(statement))
    return False


def _bring(connection: Connection, series: Series, *, place: str, member: MemberName) -> None:
    table = _table(place, series.history, series.columns, series.title)
    _present(connection, table, member, place)
    known = set(connection.execute(select(table.c.c0).distinct()).scalars())
    _insert(connection, table, [row for release, rows in series.rows.items() if release not in known for row in rows])
    gone = known - set(series.rows)
    if gone:
        connection.execute(delete(table).where(table.c.c0.in_(sorted(gone))))
    schema = quoted(place)
    newest = f"SELECT release_id FROM {schema}.{quoted(CATALOGUE)} WHERE is_latest AND table_name = '{series.history}'"
    view = f"{schema}.{quoted(series.latest)}"
    # As whoever reads it: a view would else read with the rights of its owner.
    connection.execute(
        text(
            f"CREATE OR REPLACE VIEW {view} WITH (security_invoker = true, security_barrier = true) AS "
            f"SELECT * FROM {schema}.{quoted(series.history)} WHERE {quoted(RELEASE)} IN ({newest})"
        )
    )
    connection.execute(text(f"GRANT SELECT ON {view} TO {quoted(place)}"))


def _insert(connection: Connection, table: Table, rows: Sequence[Sequence[Value]]) -> None:
    names = [column.key for column in table.columns]
    for start in range(0, len(rows), _BATCH):
        values = [dict(zip(names, row, strict=True)) for row in rows[start : start + _BATCH]]
        connection.execute(insert(table), values)


def _say_latest(connection: Connection, catalogue: Table, layout: Layout) -> None:
    newest = [(row[0], row[_TABLE_AT]) for row in layout.catalogue if row[_LATEST_AT]]
    key = tuple_(catalogue.c.release_id, catalogue.c.table_name)
    connection.execute(catalogue.update().values(is_latest=key.in_(newest)))
