"""What leads bought, beside one another, and RFM's quintiles among them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make both tables. Leads fill the first one when they are judged next."""
    op.create_table(
        "purchases",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("last_at", sa.BigInteger()),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("total", sa.Double(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("workspace", "lead_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("purchases_told", "purchases", ["workspace", "told_at"])
    op.create_table(
        "measurements",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("measured_at", sa.BigInteger(), nullable=False),
        sa.Column("buyers", sa.Integer(), nullable=False),
        sa.Column("edges", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace"),
        sqlite_with_rowid=False,
    )
