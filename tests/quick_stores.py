"""Stores that do not wait for what no test is about: thousands of them are opened, each for some milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import pytest
from sqlalchemy import Executable

from connector.store import sqlite
from connector.store.session import Wording, Words

Word = Callable[[Wording, Executable], Words]
SetUp = Callable[[Any], None]


@contextmanager
def quick_stores() -> Iterator[None]:
    """While it lasts, this process words a statement once for all its stores, and SQLite does not wait for the disk.

    Processes that tests start do all as they do elsewhere.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Wording, "_compile", worded_once(Wording._compile))
        patch.setattr(sqlite, "_set_up", without_waiting(sqlite._set_up))
        yield


def worded_once(word: Word) -> Word:
    """The words of a statement are the same for every database of a kind."""
    known: dict[tuple[str, str, Executable], Words] = {}

    @wraps(word)
    def words(wording: Wording, statement: Executable) -> Words:
        dialect = wording._dialect
        key = (dialect.name, dialect.paramstyle, statement)
        if key not in known:
            known[key] = word(wording, statement)
        return known[key]

    return words


def without_waiting(set_up: SetUp) -> SetUp:
    """What is written is thrown away after the test, and no test takes the power away."""

    @wraps(set_up)
    def hurry(connection: Any) -> None:
        set_up(connection)
        connection.execute("PRAGMA synchronous = OFF")

    return hurry
