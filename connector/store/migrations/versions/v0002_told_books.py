"""Leads know of which mapping version they were told last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the version, and fill it with the one that each lead was judged by last."""
    op.add_column("leads", sa.Column("book", sa.Text(), nullable=False, server_default=""))
    is_postgres = op.get_bind().dialect.name == "postgresql"
    document = "CAST(doc AS JSON)" if is_postgres else "doc"
    op.execute(f"UPDATE leads SET book = {document} ->> 'book'")
    op.create_index("leads_book", "leads", ["workspace", "book"])
    if not is_postgres:
        # As in the first migration: nearly all leads were told of the same version.
        op.execute("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('leads', 'leads_book', '100000 100000 50000')")
        op.execute("ANALYZE sqlite_schema")
