"""Schedules and their deliveries."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "schedules",
        sa.Column("schedule_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("member", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=96), nullable=False),
        sa.Column("request_blob", sa.LargeBinary(), nullable=False),
        sa.Column("cadence", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("destination_blob", sa.LargeBinary(), nullable=True),
        sa.Column("format", sa.String(length=16), nullable=False),
        sa.Column("sends", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("problem", sa.String(length=16), nullable=True),
        sa.Column("next_at", sa.String(27), nullable=True),
        sa.Column("seen", sa.String(length=80), nullable=True),
        sa.Column("created_at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["users.name"], name=op.f("fk_schedules_user")),
        sa.ForeignKeyConstraint(["member"], ["members.name"], name=op.f("fk_schedules_member")),
        sa.PrimaryKeyConstraint("schedule_id", name=op.f("pk_schedules")),
    )
    op.create_index(op.f("ix_schedules_member"), "schedules", ["member"])
    op.create_index(op.f("ix_schedules_state"), "schedules", ["state"])
    op.create_table(
        "deliveries",
        sa.Column("delivery_id", sa.String(length=64), nullable=False),
        sa.Column("schedule_id", sa.String(length=64), nullable=False),
        sa.Column("occasion", sa.String(length=80), nullable=False),
        sa.Column("due_at", sa.String(27), nullable=False),
        sa.Column("runs", sa.Text(), nullable=False),
        sa.Column("releases", sa.Text(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("unknown_attempts", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(length=16), nullable=True),
        sa.Column("content_digest", sa.String(length=80), nullable=True),
        sa.Column("created_at", sa.String(27), nullable=False),
        sa.Column("finished_at", sa.String(27), nullable=True),
        sa.ForeignKeyConstraint(["schedule_id"], ["schedules.schedule_id"], name=op.f("fk_deliveries_schedule_id")),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("schedule_id", "occasion", name=op.f("uq_deliveries_schedule_id")),
    )
    op.create_index(op.f("ix_deliveries_state"), "deliveries", ["state"])
