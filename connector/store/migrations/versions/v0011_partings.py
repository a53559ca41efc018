"""The ways on which chance sent leads, and what came of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_TALLY = ["workspace", "program", "fork", "way", "at", "is_answered", "is_won"]


def upgrade() -> None:
    """Make the table. SQLite is told what to expect of it, as in the first migration."""
    op.create_table(
        "partings",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("program", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("fork", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("is_answered", sa.Integer(), nullable=False),
        sa.Column("is_won", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "lead_id", "program", "number", "fork"),
        sqlite_with_rowid=False,
    )
    op.create_index("partings_tally", "partings", _TALLY)
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('partings', 'partings', '100000 100000 2 2 1 1'), "
            "('partings', 'partings_tally', '100000 100000 50000 25000 10000 1 1 1')"
        )
        op.execute("ANALYZE sqlite_schema")
