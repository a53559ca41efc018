"""The outbox holds emails, too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_KINDS = "kind IN ('email', 'membership', 'note', 'properties', 'task')"
_ACTS = "(kind IN ('email', 'note', 'task')) = (act IS NOT NULL)"
_ATTEMPTED = "state <> 'attempted' OR (act IS NOT NULL AND attempted_at IS NOT NULL)"
_CLOSED = "(state IN ('done', 'refused', 'withdrawn')) = (settled_at IS NOT NULL)"
_STATES = "state IN ('attempted', 'done', 'pending', 'refused', 'withdrawn')"
_OPEN = "state IN ('pending', 'attempted') AND NOT is_held"
_INDEXES = ("outbox_slot", "outbox_due", "outbox_refused")


def upgrade() -> None:
    """Let a row be an email. SQLite cannot change what it checks: there the table is made anew."""
    if op.get_bind().dialect.name == "postgresql":
        for name, words in (("outbox_kind", _KINDS), ("outbox_act", _ACTS)):
            op.drop_constraint(name, "outbox", type_="check")
            op.create_check_constraint(name, "outbox", words)
        return
    # What the first migration told SQLite of the table's indexes goes with the table.
    op.execute("CREATE TEMP TABLE expected AS SELECT tbl, idx, stat FROM sqlite_stat1 WHERE tbl = 'outbox'")
    for index in _INDEXES:
        op.drop_index(index, "outbox")
    op.rename_table("outbox", "outbox_before")
    _create_outbox()
    op.execute("INSERT INTO outbox SELECT * FROM outbox_before")
    op.drop_table("outbox_before")
    _create_indexes()
    op.execute("INSERT INTO sqlite_stat1 (tbl, idx, stat) SELECT tbl, idx, stat FROM expected")
    op.execute("DROP TABLE expected")
    op.execute("ANALYZE sqlite_schema")


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.Column("written", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("is_held", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("attempted_at", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(_KINDS, name="outbox_kind"),
        sa.CheckConstraint(_STATES, name="outbox_state"),
        sa.CheckConstraint(_ACTS, name="outbox_act"),
        sa.CheckConstraint(_ATTEMPTED, name="outbox_attempted_at"),
        sa.CheckConstraint(_CLOSED, name="outbox_settled_at"),
        sa.PrimaryKeyConstraint("id"),
    )


def _create_indexes() -> None:
    op.create_index("outbox_slot", "outbox", ["workspace", "lead_id", "slot"], unique=True)
    op.create_index("outbox_due", "outbox", ["connection_id", "lane", "due_at"], sqlite_where=sa.text(_OPEN))
    op.create_index("outbox_refused", "outbox", ["id"], sqlite_where=sa.text("state = 'refused'"))
