"""The room's state: one transactional store, and one log written by the same transactions.

| file | what it owns |
|---|---|
| store | ``State.change`` and ``State.read``: the two doors |
| transaction | rows in, records out, a log entry for every change |
| chain, merkle, checkpoint | what the log proves |
| rooms, members, users, api_keys, sessions, contracts, policies, templates | one noun each |
| uploads, snapshots, runs, releases, ledger, schedules, deliveries, jobs, log | one noun each |
| tables, columns, kinds | the schema and its closed sets |
| database, migrate, migrations | SQLite or PostgreSQL, and how a store comes to this version |

The only importer of ``sqlalchemy`` and ``alembic`` outside the connectors.
"""

from cleanroom.state.kinds import (
    DeliveryState,
    JobState,
    MemberKind,
    MemberStatus,
    RunState,
    ScheduleState,
    TextStatus,
    UploadState,
    UserRole,
)
from cleanroom.state.store import State, Tx
from cleanroom.state.transaction import ROOM, Actor

__all__ = [
    "ROOM",
    "Actor",
    "DeliveryState",
    "JobState",
    "MemberKind",
    "MemberStatus",
    "RunState",
    "ScheduleState",
    "State",
    "TextStatus",
    "Tx",
    "UploadState",
    "UserRole",
]
