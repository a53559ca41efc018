"""The mappings that apply, and what workers agree on."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from connector.store.schema.laws import metadata

# Every mapping version that was ever applied; the one with the highest number applies.
books = Table(
    "books",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("files", Text, nullable=False),
    Column("applied_at", BigInteger, nullable=False),
    # What is set on top of the files.
    Column("overrides", Text, nullable=False, server_default="{}"),
    Index("books_number", "workspace", "number", unique=True),
)

# The ledger of what was set and taken back for whole workspaces, line by line.
overrides = Table(
    "overrides",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("entry", Text, nullable=False),
    sqlite_with_rowid=False,
)

# How often something happened.
counts = Table(
    "counts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("amount", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Timed claims on things that only one worker may do.
leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
