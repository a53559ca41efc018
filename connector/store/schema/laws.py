"""What all tables share: where they belong, and how the laws of their states are worded."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Integer, MetaData, text

metadata = MetaData()

# SQLite counts rows itself only for a column that is called INTEGER.
ID = BigInteger().with_variant(Integer, "sqlite")


def one_of(column: str, words: Iterable[StrEnum]) -> str:
    """The column holds one of these."""
    listed = ", ".join(f"'{word}'" for word in sorted(words))
    return f"{column} IN ({listed})"


def is_any(column: str, words: Iterable[StrEnum]) -> str:
    """The same, for tables that are written all the time: for a list of three, SQLite makes a table for each row."""
    listed = " OR ".join(f"{column} = '{word}'" for word in sorted(words))
    return f"({listed})"


def where(condition: str) -> dict[str, Any]:
    """The rows that a partial index holds."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}
