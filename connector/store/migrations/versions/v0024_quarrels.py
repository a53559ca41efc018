"""Fields over which CRMs quarrel, and records that people keep apart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

# Leads that had several records before it was remembered since when each is there: whoever is folded anew knows it.
_FOLD_ANEW = (
    "UPDATE leads SET folded_fact = 0, wake_at = 0 WHERE is_read AND last_fact > 0 AND id IN "
    "(SELECT lead_id FROM crm_refs WHERE crm_refs.workspace = leads.workspace GROUP BY lead_id HAVING count(*) > 1)"
)


def upgrade() -> None:
    """Make the tables; have leads of several records folded anew."""
    op.create_table(
        "frozen_fields",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "lead_id", "field"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "kept_apart",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("since_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "ref"),
        sqlite_with_rowid=False,
    )
    op.execute(_FOLD_ANEW)
