"""Streams: how far changes were heard that a CRM tells over one, and what may have been missed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Make the tables; both hold a few rows a connection."""
    op.create_table(
        "streams",
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("place", sa.LargeBinary(), nullable=False),
        sa.Column("heard_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("connection_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "missed_changes",
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("object_type", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("connection_id", "object_type"),
        sqlite_with_rowid=False,
    )
