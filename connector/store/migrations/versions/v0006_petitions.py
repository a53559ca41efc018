"""What leads ask of the whole workspace, and what it ruled."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_OPEN = sa.text("state = 'open'")
_PARKED = sa.text("state = 'parked'")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "petitions",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("petition", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("ruling", sa.Text()),
        sa.Column("settled_at", sa.BigInteger()),
        sa.CheckConstraint("kind IN ('admission', 'assignment')", name="petitions_kind"),
        sa.CheckConstraint("state IN ('open', 'parked', 'ruled', 'withdrawn')", name="petitions_state"),
        sa.CheckConstraint("(state = 'ruled') = (ruling IS NOT NULL)", name="petitions_ruling"),
        sa.CheckConstraint("(state IN ('ruled', 'withdrawn')) = (settled_at IS NOT NULL)", name="petitions_settled_at"),
    )
    op.create_index("petitions_key", "petitions", ["workspace", "lead_id", "key"], unique=True)
    op.create_index("petitions_due", "petitions", ["due_at", "workspace"], sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.create_index(
        "petitions_parked",
        "petitions",
        ["workspace", "kind", "subject"],
        sqlite_where=_PARKED,
        postgresql_where=_PARKED,
    )
