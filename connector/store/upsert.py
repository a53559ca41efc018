"""Inserts with a parameter for each column, and what happens where the row is there already.

SQLAlchemy's PostgreSQL form of INSERT serves both databases: its SQLite compiler words ON CONFLICT alike.
"""

from __future__ import annotations

from sqlalchemy import Table, bindparam
from sqlalchemy.dialects.postgresql import Insert, insert


def insert_into(table: Table, *, but: frozenset[str] = frozenset()) -> Insert:
    """Insert one row; every column, except those in `but`, is a parameter of its name."""
    columns = (column for column in table.columns if column.name not in but)
    return insert(table).values({column.name: bindparam(column.name, type_=column.type) for column in columns})


def insert_if_absent(table: Table) -> Insert:
    """Insert one row; nothing happens where its key exists."""
    return insert_into(table).on_conflict_do_nothing(index_elements=list(table.primary_key))


def upsert(table: Table, *, keep: frozenset[str] = frozenset()) -> Insert:
    """Insert one row, or give the row of its key these values, except those in `keep`, which stay as they were."""
    statement = insert_into(table)
    others = [column.name for column in table.columns if not column.primary_key and column.name not in keep]
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key),
        set_={name: statement.excluded[name] for name in others},
    )
