"""How far what happens in each account is known."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, LargeBinary, Table, Text

from connector.store.schema.laws import metadata

# How far the records of a connection are known, by their type.
#
#   being read --the last page--> between sweeps --due--> under way --the last page--> between sweeps
censuses = Table(
    "censuses",
    metadata,
    Column("connection_id", Text, primary_key=True),
    Column("object_type", Text, primary_key=True),
    Column("began_at", BigInteger, nullable=False),
    # Once all are read: everything up to here is known.
    Column("complete_to", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    # The end of the sweep under way.
    Column("until", BigInteger),
    # Where the next call goes on.
    Column("place", Text, nullable=False),
    # Whether all were read.
    Column("is_filled", Boolean, nullable=False),
    # How many came, of how many; 0 while nobody knows.
    Column("read", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    # Why it cannot go on.
    Column("problem", Text, nullable=False),
    # Guards against two hands.
    Column("version", BigInteger, nullable=False),
    # Who is not known yet is not swept.
    CheckConstraint("is_filled OR until IS NULL", name="censuses_until"),
    sqlite_with_rowid=False,
)

# How far each feed of a connection was read.
#
#   between sweeps --due--> under way --the last page--> between sweeps
feeds = Table(
    "feeds",
    metadata,
    Column("connection_id", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    # What of it; empty for all.
    Column("only", Text, primary_key=True),
    Column("began_at", BigInteger, nullable=False),
    # Everything up to here is known.
    Column("complete_to", BigInteger, nullable=False),
    # The end of the sweep under way.
    Column("until", BigInteger),
    # Where the next call goes on.
    Column("place", Text, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    # Why it cannot be read, in the CRM's words.
    Column("problem", Text, nullable=False),
    sqlite_with_rowid=False,
)

# How far the changes that a connection tells over a stream were heard.
streams = Table(
    "streams",
    metadata,
    Column("connection_id", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    # After which to go on; empty before the CRM told any.
    Column("place", LargeBinary, nullable=False),
    Column("heard_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Of what a connection may have told more than was heard, until it is looked up.
missed_changes = Table(
    "missed_changes",
    metadata,
    Column("connection_id", Text, primary_key=True),
    Column("object_type", Text, primary_key=True),
    Column("since", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
