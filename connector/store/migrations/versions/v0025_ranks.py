"""Where each lead stands among the others, so that the first ones are found without looking at all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

_UNRANKED = str(-(2**53))
# Nothing but a judgement tells: those who wait are judged once in the next hour, a few each second, after the mail.
_NOW = {
    "sqlite": "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
    "postgresql": "CAST(extract(epoch FROM now()) * 1000 AS BIGINT)",
}
_SOMETIME = {
    "sqlite": "abs(random() % 3600000)",
    "postgresql": "CAST(random() * 3600000 AS BIGINT)",
}


def upgrade() -> None:
    """Add the columns, which cost nothing where the rows are; who was never judged has no points."""
    dialect = op.get_bind().dialect.name
    op.add_column("leads", sa.Column("rank", sa.BigInteger(), nullable=False, server_default=_UNRANKED))
    op.add_column("leads", sa.Column("idle", sa.BigInteger(), nullable=False, server_default=_UNRANKED))
    op.add_column("leads", sa.Column("outlooks", sa.Text(), nullable=False, server_default=""))
    op.execute("UPDATE leads SET rank = 0, idle = 0, outlooks = '[]' WHERE NOT is_read")
    soon = f"{_NOW[dialect]} + {_SOMETIME[dialect]}"
    op.execute(
        f"UPDATE leads SET wake_at = {soon} WHERE is_read AND (wake_at IS NULL OR wake_at > {_NOW[dialect]} + 3600000)"
    )
    op.drop_index("leads_book", "leads")
    op.create_index("leads_rank", "leads", ["workspace", "book", "rank", "idle", "id"])
