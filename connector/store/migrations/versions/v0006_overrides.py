"""What is set on top of mapping files, and its ledger; enrolments may be held out for comparison."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_OPEN = "(state IN ('running', 'moving', 'held_out')) = (ended_at IS NULL)"
_FUNNEL = ["workspace", "program", "phase", "state"]


def upgrade() -> None:
    """Add column and table, and let an enrolment be held out, which the first migration forgot."""
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
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("enrolments_ended_at", "enrolments", type_="check")
        op.create_check_constraint("enrolments_ended_at", "enrolments", _OPEN)
    else:
        _make_enrolments_anew()


def _make_enrolments_anew() -> None:
    """SQLite cannot change what it checks. What it was told to expect of the table's indexes goes with the table."""
    op.execute("CREATE TEMP TABLE expected AS SELECT tbl, idx, stat FROM sqlite_stat1 WHERE tbl = 'enrolments'")
    op.drop_index("enrolments_funnel", "enrolments")
    op.rename_table("enrolments", "enrolments_before")
    op.create_table(
        "enrolments",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("program", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(_OPEN, name="enrolments_ended_at"),
        sa.PrimaryKeyConstraint("workspace", "lead_id", "program", "number"),
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO enrolments SELECT * FROM enrolments_before")
    op.drop_table("enrolments_before")
    op.create_index("enrolments_funnel", "enrolments", _FUNNEL)
    op.execute("INSERT INTO sqlite_stat1 (tbl, idx, stat) SELECT tbl, idx, stat FROM expected")
    op.execute("DROP TABLE expected")
    op.execute("ANALYZE sqlite_schema")
