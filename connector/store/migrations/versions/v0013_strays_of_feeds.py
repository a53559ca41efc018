"""A record of a feed that cannot be read is kept aside once, however often it is told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_OF_FEEDS = sa.text("reason = 'unreadable_record'")


def upgrade() -> None:
    """Make the index."""
    columns = ["account", "what"]
    op.create_index(
        "strays_of_feeds", "strays", columns, unique=True, sqlite_where=_OF_FEEDS, postgresql_where=_OF_FEEDS
    )
