"""Deals, and what each lead was told of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_WAITS = sa.text("read_wanted_at IS NOT NULL")


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "deals",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("crm", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("heard_at", sa.BigInteger()),
        sa.Column("moved_at", sa.BigInteger()),
        sa.Column("read_at", sa.BigInteger()),
        sa.Column("read_wanted_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("workspace", "ref"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "deals_to_read",
        "deals",
        ["workspace", "crm", "account", "read_wanted_at"],
        sqlite_where=_WAITS,
        postgresql_where=_WAITS,
    )
    op.create_table(
        "deal_leads",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("moved_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("workspace", "ref", "lead_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("deal_leads_lead", "deal_leads", ["workspace", "lead_id"])
