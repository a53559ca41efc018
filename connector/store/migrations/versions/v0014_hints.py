"""Hints: as of when records were read, what accounts sign with, and whom a CRM takes us for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add the columns and the table."""
    op.add_column("connections", sa.Column("crm_user", sa.Text(), nullable=False, server_default=""))
    op.add_column("crm_refs", sa.Column("read_as_of", sa.BigInteger(), nullable=True))
    op.create_table(
        "signing_keys",
        sa.Column("crm", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("crm", "account", "id"),
        sqlite_with_rowid=False,
    )
