"""How many petitions of a subject were ruled on lately is found without looking at all of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_RULED = sa.text("state = 'ruled'")


def upgrade() -> None:
    """Make the index."""
    columns = ["workspace", "kind", "subject", "settled_at"]
    op.create_index("petitions_ruled", "petitions", columns, sqlite_where=_RULED, postgresql_where=_RULED)
