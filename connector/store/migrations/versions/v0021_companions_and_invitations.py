"""Records beside those of people, such as members of campaigns; pages on which a person lets us in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

_WAITING = sa.text("read_wanted_at IS NOT NULL")
_OF_SOMEBODY = sa.text("person IS NOT NULL")


def upgrade() -> None:
    """Make the tables: what a mapping asks for is heard of from then on."""
    op.create_table(
        "companions",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("crm", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        sa.Column("deal", sa.Text(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=True),
        sa.Column("read_wanted_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(status IS NULL) = (as_of IS NULL)", name="companions_known"),
        sa.PrimaryKeyConstraint("workspace", "ref"),
        sqlite_with_rowid=False,
    )
    columns = ["workspace", "crm", "account", "read_wanted_at"]
    op.create_index("companions_to_read", "companions", columns, sqlite_where=_WAITING, postgresql_where=_WAITING)
    op.create_index(
        "companions_person",
        "companions",
        ["workspace", "person"],
        sqlite_where=_OF_SOMEBODY,
        postgresql_where=_OF_SOMEBODY,
    )
    op.create_table(
        "invitations",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("crm", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('answered', 'connected', 'open', 'refused')", name="invitations_state"),
        sa.PrimaryKeyConstraint("key"),
        sqlite_with_rowid=False,
    )
