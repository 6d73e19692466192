"""The room's state as one thing: open it, change it, read it.

::

    with state.change(actor, now) as tx:
        tx.members.add(...)      # the row, and its log entry, in one transaction

Nothing of SQLAlchemy leaves: records are frozen dataclasses, failures are ours.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Self

from sqlalchemy import Engine, text

from cleanroom.state.api_keys import ApiKeys
from cleanroom.state.contracts import Contracts
from cleanroom.state.database import connect, reading, writing
from cleanroom.state.deliveries import Deliveries
from cleanroom.state.jobs import Jobs
from cleanroom.state.ledger import LedgerEntries
from cleanroom.state.log import Log
from cleanroom.state.members import Members
from cleanroom.state.migrate import bring_up
from cleanroom.state.policies import Policies
from cleanroom.state.releases import Releases
from cleanroom.state.rooms import Rooms
from cleanroom.state.runs import Runs
from cleanroom.state.schedules import Schedules
from cleanroom.state.sessions import Sessions
from cleanroom.state.snapshots import Snapshots
from cleanroom.state.templates import Templates
from cleanroom.state.transaction import Actor, Transaction
from cleanroom.state.uploads import Uploads
from cleanroom.state.users import Users


class Tx(Transaction):
    """One transaction with every noun's repository."""

    @cached_property
    def room(self) -> Rooms:
        """The room itself."""
        return Rooms(self)

    @cached_property
    def members(self) -> Members:
        """Companies."""
        return Members(self)

    @cached_property
    def users(self) -> Users:
        """People."""
        return Users(self)

    @cached_property
    def api_keys(self) -> ApiKeys:
        """Hashes of API keys."""
        return ApiKeys(self)

    @cached_property
    def sessions(self) -> Sessions:
        """Signed-in browsers."""
        return Sessions(self)

    @cached_property
    def contracts(self) -> Contracts:
        """The room's own record types."""
        return Contracts(self)

    @cached_property
    def policies(self) -> Policies:
        """Data policies."""
        return Policies(self)

    @cached_property
    def templates(self) -> Templates:
        """Query templates and approvals."""
        return Templates(self)

    @cached_property
    def uploads(self) -> Uploads:
        """Files on their way."""
        return Uploads(self)

    @cached_property
    def snapshots(self) -> Snapshots:
        """Committed data."""
        return Snapshots(self)

    @cached_property
    def runs(self) -> Runs:
        """Questions."""
        return Runs(self)

    @cached_property
    def releases(self) -> Releases:
        """Answers."""
        return Releases(self)

    @cached_property
    def ledger(self) -> LedgerEntries:
        """What each member holds."""
        return LedgerEntries(self)

    @cached_property
    def schedules(self) -> Schedules:
        """Questions asked again and again."""
        return Schedules(self)

    @cached_property
    def deliveries(self) -> Deliveries:
        """Occasions of schedules, and how each was sent."""
        return Deliveries(self)

    @cached_property
    def jobs(self) -> Jobs:
        """Work to do once."""
        return Jobs(self)

    @cached_property
    def log(self) -> Log:
        """What happened."""
        return Log(self)


class State:
    """One room's store. Safe to use from several threads and processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> Self:
        """Connect, and bring an empty or older store up to this version.

        Raises:
            Unavailable: CR-L001 it cannot be reached.
            UsageProblem: CR-L012 not a store we speak, CR-L013 written by a newer version.
        """
        engine = connect(url)
        with writing(engine) as connection:
            bring_up(connection)
        return cls(engine)

    @contextmanager
    def change(self, actor: Actor, now: datetime) -> Iterator[Tx]:
        """One transaction that writes: all its changes and their log entries, or none.

        Raises:
            Conflict: CR-L002, CR-L004. Unavailable: CR-L001, CR-L005. OutcomeUnknown: CR-L006.
        """
        with writing(self._engine) as connection:
            tx = Tx(connection, actor=actor, now=now)
            yield tx
            tx.seal()

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """One transaction that sees one moment."""
        with reading(self._engine) as connection:
            yield Tx(connection, actor=None, now=None)

    def forget_deleted(self) -> None:
        """Leave no copy of overwritten bytes in SQLite's write-ahead file; call after a key was destroyed."""
        if self._engine.dialect.name == "sqlite":
            with self._engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT").execute(
                    text("PRAGMA wal_checkpoint(TRUNCATE)")
                )

    def copy_to(self, path: Path) -> None:
        """Write a consistent copy of an SQLite store to a new file, while others go on reading and writing."""
        with self._engine.connect() as connection:
            copying = connection.execution_options(isolation_level="AUTOCOMMIT")
            copying.execute(text("VACUUM INTO :path"), {"path": str(path)})

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()
