"""What is set on top of mapping files, and its ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the column and the table."""
    op.add_column("books", sa.Column("overrides", sa.Text(), nullable=False, server_default="{}"))
    op.create_table(
        "overrides",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "number"),
        sqlite_with_rowid=False,
    )
