"""Who was given which lead, and what sales has in hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_STATES = "state IN ('accepted', 'assigned', 'closed', 'rejected', 'touched', 'waiting', 'withdrawn')"
_OPEN = sa.text("state IN ('accepted', 'assigned', 'touched', 'waiting')")


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "assignments",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("rep", sa.Text(), nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "team", "number"),
    )
    op.create_index("assignments_at", "assignments", ["workspace", "at"])
    op.create_index("assignments_lead", "assignments", ["workspace", "lead_id"])
    op.create_table(
        "hand_overs",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("rep", sa.Text(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger()),
        sa.CheckConstraint(_STATES, name="hand_overs_state"),
        sa.PrimaryKeyConstraint("workspace", "lead_id", "name", "number"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "hand_overs_open", "hand_overs", ["workspace", "due_at"], sqlite_where=_OPEN, postgresql_where=_OPEN
    )
