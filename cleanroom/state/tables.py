"""The tables of the room's state, once, for both stores and for the migrations.

A column marked ``volatile`` (progress, offsets, leases) is not covered by the digest the log keeps of a row.
Whatever could be read back to a value of a member's rows is a ``*_blob``: sealed by ``cleanroom.crypto`` before it
comes here (INVARIANT I4).
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from cleanroom.state.columns import Counts, Names, OneOf, UtcTime
from cleanroom.state.kinds import (
    DeliveryState,
    JobState,
    MemberKind,
    MemberStatus,
    RunState,
    ScheduleState,
    TextStatus,
    UploadState,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)


def _key(name: str, size: int = 64) -> Column[Any]:
    return Column(name, String(size), primary_key=True)


def _name(name: str, size: int = 64, **kw: Any) -> Column[Any]:
    return Column(name, String(size), nullable=kw.pop("nullable", False), **kw)


def _text(name: str, **kw: Any) -> Column[Any]:
    return Column(name, Text, nullable=kw.pop("nullable", False), **kw)


def _at(name: str, **kw: Any) -> Column[Any]:
    return Column(name, UtcTime, nullable=kw.pop("nullable", False), **kw)


def _number(name: str, **kw: Any) -> Column[Any]:
    return Column(name, Integer, nullable=kw.pop("nullable", False), **kw)


def _blob(name: str, **kw: Any) -> Column[Any]:
    return Column(name, LargeBinary, nullable=kw.pop("nullable", False), **kw)


_ACTIVE = text("status = 'active'")

VOLATILE = {"volatile": True}

room = Table(
    "room",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    _name("name"),
    _number("format_version"),
    _number("floor"),
    _text("verify_key"),
    _at("created_at"),
)

members = Table(
    "members",
    metadata,
    _key("name"),
    Column("kind", OneOf(MemberKind), nullable=False),
    Column("status", OneOf(MemberStatus), nullable=False),
    _text("signing_key", nullable=True),
    _text("sealing_key", nullable=True),
    _blob("wrapped_data_key", nullable=True),
    _at("added_at"),
)

users = Table(
    "users",
    metadata,
    _key("name"),
    Column("member", String(64), ForeignKey("members.name"), nullable=False),
    Column("roles", Names, nullable=False),
    _text("password_hash", nullable=True),
    _at("added_at"),
    _at("revoked_at", nullable=True),
)

api_keys = Table(
    "api_keys",
    metadata,
    _key("key_id"),
    Column("user", String(64), ForeignKey("users.name"), nullable=False),
    _name("sha256", unique=True),
    Column("scopes", Names, nullable=False),
    _at("created_at"),
    _at("expires_at", nullable=True),
    _at("revoked_at", nullable=True),
)

sessions = Table(
    "sessions",
    metadata,
    _key("sha256"),
    Column("user", String(64), ForeignKey("users.name"), nullable=False),
    _at("created_at"),
    _at("expires_at"),
)

contracts = Table(
    "contracts",
    metadata,
    _key("dataset"),
    _key("version", 32),
    _text("document"),
    _name("digest", 80),
    _at("added_at"),
)

policies = Table(
    "policies",
    metadata,
    _key("policy_id", 160),
    Column("member", String(64), ForeignKey("members.name"), nullable=False),
    _name("dataset"),
    _number("version"),
    _text("text"),
    _name("digest", 80),
    Column("status", OneOf(TextStatus), nullable=False, index=True),
    _text("signature", nullable=True),
    _name("signed_by", nullable=True),
    Column("expires", Date, nullable=True),
    _at("submitted_at"),
    _at("decided_at", nullable=True),
    UniqueConstraint("member", "dataset", "version"),
    # At most one version is active, also when two stewards sign at the same moment.
    Index("uq_policies_active", "member", "dataset", unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE),
)

templates = Table(
    "templates",
    metadata,
    _key("template_id", 96),
    _name("name"),
    _number("version"),
    Column("member", String(64), ForeignKey("members.name"), nullable=False),
    _text("text"),
    _name("digest", 80, unique=True),
    _text("title"),
    Column("datasets", Names, nullable=False),
    Column("status", OneOf(TextStatus), nullable=False, index=True),
    _at("submitted_at"),
    UniqueConstraint("name", "version"),
)

approvals = Table(
    "approvals",
    metadata,
    _key("template_digest", 80),
    _key("owner"),
    _text("signature"),
    _name("approved_by"),
    _at("approved_at"),
    _at("withdrawn_at", nullable=True),
)

uploads = Table(
    "uploads",
    metadata,
    _key("upload_id"),
    Column("member", String(64), ForeignKey("members.name"), nullable=False),
    _name("user"),
    _name("dataset"),
    _name("mode", 16),
    _name("period", 32, nullable=True),
    _name("package_digest", 80, nullable=True),
    _text("manifest"),
    Column("size", BigInteger, nullable=False),
    Column("offset", BigInteger, nullable=False, info=VOLATILE),
    Column("state", OneOf(UploadState), nullable=False, index=True),
    _text("intent", nullable=True),
    _text("receipt", nullable=True),
    _name("refusal", 16, nullable=True),
    _blob("findings_blob", nullable=True),
    _at("created_at"),
    _at("expires_at", info=VOLATILE),
    Index("ix_uploads_member_digest", "member", "package_digest"),
)

snapshots = Table(
    "snapshots",
    metadata,
    _key("member"),
    _key("dataset"),
    Column("snapshot", Integer, primary_key=True, autoincrement=False),
    _name("upload_id", 64, unique=True),
    Column("data_date", Date, nullable=True),
    Column("counts", Counts, nullable=False),
    _at("committed_at"),
)

runs = Table(
    "runs",
    metadata,
    _key("run_id"),
    Column("user", String(64), ForeignKey("users.name"), nullable=False),
    Column("member", String(64), ForeignKey("members.name"), nullable=False),
    _name("idempotency_key", 80, nullable=True),
    _name("request_digest", 80),
    _name("template_id", 96, nullable=True),
    _name("purpose"),
    _blob("request_blob"),
    Column("state", OneOf(RunState), nullable=False, index=True),
    _name("plan_digest", 80, nullable=True),
    _name("release_id", 64, nullable=True),
    _name("problem", 16, nullable=True),
    _blob("outcome_blob", nullable=True),
    _number("progress", info=VOLATILE),
    _at("created_at"),
    _at("started_at", nullable=True),
    _at("finished_at", nullable=True),
    UniqueConstraint("user", "idempotency_key"),
    Index("ix_runs_member_created", "member", "created_at"),
)

releases = Table(
    "releases",
    metadata,
    _key("release_id"),
    _name("run_id"),
    _name("plan_digest", 80),
    Column("member", String(64), ForeignKey("members.name"), nullable=False),
    Column("receivers", Names, nullable=False),
    _name("content_digest", 80),
    _blob("table_blob"),
    Column("withheld", Counts, nullable=False),
    Column("data_date", Date, nullable=True),
    _at("created_at"),
    UniqueConstraint("plan_digest", "member"),
)

ledger = Table(
    "ledger",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    _name("entry_id", 96),
    Column("member", String(64), ForeignKey("members.name"), nullable=False),
    Column("datasets", Names, nullable=False),
    _blob("entry_blob"),
    _at("recorded_at"),
    UniqueConstraint("member", "entry_id"),
)

jobs = Table(
    "jobs",
    metadata,
    _key("job_id"),
    _name("kind", 32),
    _name("subject", 96),
    Column("state", OneOf(JobState), nullable=False, index=True),
    _name("holder", nullable=True),
    _at("lease_expires_at", nullable=True),
    _number("attempts"),
    _at("ready_at"),
    UniqueConstraint("kind", "subject"),
)

schedules = Table(
    "schedules",
    metadata,
    _key("schedule_id"),
    _name("name"),
    Column("user", String(64), ForeignKey("users.name"), nullable=False),
    Column("member", String(64), ForeignKey("members.name"), nullable=False, index=True),
    _name("kind", 16),
    _name("subject", 96),
    _blob("request_blob"),
    _name("cadence"),
    _name("channel", 16),
    _blob("destination_blob", nullable=True),
    _name("format", 16),
    _name("sends", 16),
    Column("state", OneOf(ScheduleState), nullable=False, index=True),
    _name("problem", 16, nullable=True),
    _at("next_at", nullable=True, info=VOLATILE),
    _name("seen", 80, nullable=True, info=VOLATILE),
    _at("created_at"),
)

deliveries = Table(
    "deliveries",
    metadata,
    _key("delivery_id"),
    Column("schedule_id", String(64), ForeignKey("schedules.schedule_id"), nullable=False),
    _name("occasion", 80),
    _at("due_at"),
    Column("runs", Names, nullable=False),
    Column("releases", Names, nullable=False),
    Column("state", OneOf(DeliveryState), nullable=False, index=True),
    _number("attempts"),
    _number("unknown_attempts"),
    _name("problem", 16, nullable=True),
    _name("content_digest", 80, nullable=True),
    _at("created_at"),
    _at("finished_at", nullable=True),
    # One occasion is one delivery, also when two servers notice it at the same moment.
    UniqueConstraint("schedule_id", "occasion"),
)

log = Table(
    "log",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    _at("at"),
    _name("actor", 160),
    _name("kind"),
    _name("noun", 32),
    _name("subject", 200),
    _text("facts"),
    _name("state_digest", 80, nullable=True),
    _name("previous", 80),
    _name("hash", 80, unique=True),
    Index("ix_log_noun_subject", "noun", "subject"),
)

AUDITED: tuple[Table, ...] = (
    room,
    members,
    users,
    api_keys,
    contracts,
    policies,
    templates,
    approvals,
    uploads,
    snapshots,
    runs,
    releases,
    schedules,
    deliveries,
)
"""Tables whose every row is bound to its latest log entry by digest; ``jobs`` and ``sessions`` come and go."""
