"""Since when accounts are connected: what was made there later is new."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Add the column; of accounts that are connected already, the last time is all that is known."""
    op.add_column("connections", sa.Column("connected_at", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute("UPDATE connections SET connected_at = saved_at")
