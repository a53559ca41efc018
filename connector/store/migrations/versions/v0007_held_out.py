"""An enrolment that is held out for comparison is open, too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_OPEN = "(state IN ('held_out', 'moving', 'running')) = (ended_at IS NULL)"


def upgrade() -> None:
    """Say so. SQLite cannot change what it checks: there the table is made anew."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("enrolments_ended_at", "enrolments", type_="check")
        op.create_check_constraint("enrolments_ended_at", "enrolments", _OPEN)
        return
    # What the first migration told SQLite of the table's indexes goes with the table.
    op.execute("CREATE TEMP TABLE expected AS SELECT tbl, idx, stat FROM sqlite_stat1 WHERE tbl = 'enrolments'")
    op.drop_index("enrolments_funnel", "enrolments")
    op.rename_table("enrolments", "enrolments_before")
    _create()
    op.execute("INSERT INTO enrolments SELECT * FROM enrolments_before")
    op.drop_table("enrolments_before")
    op.create_index("enrolments_funnel", "enrolments", ["workspace", "program", "phase", "state"])
    op.execute("INSERT INTO sqlite_stat1 (tbl, idx, stat) SELECT tbl, idx, stat FROM expected")
    op.execute("DROP TABLE expected")
    op.execute("ANALYZE sqlite_schema")


def _create() -> None:
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
