"""What a web process could do at most: an application that does nothing, and one that keeps each request in SQLite.

Both read the body and answer with a word, over the same server, protocol and event loop as ours.

`python -m tests.bench.ceiling_app trivial|insert` serves one of them as `coltiva web` serves the real one. The
database file and the port come from the environment, as there.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server import Server

Application = Callable[[Any, Any], Awaitable[None]]

HEADERS = [("Content-Type", "application/json"), ("Content-Length", "4")]
WORD = b"kept"
INSERT = "INSERT INTO deliveries (endpoint, received_at, body) VALUES (?, ?, ?)"


def open_ceiling(file: str) -> sqlite3.Connection:
    """A table as our deliveries, in the mode in which ours is kept."""
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS deliveries (id INTEGER PRIMARY KEY, endpoint TEXT NOT NULL, "
        "received_at INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'received', body BLOB NOT NULL)"
    )
    connection.execute("CREATE INDEX IF NOT EXISTS received ON deliveries (id) WHERE state = 'received'")
    return connection


def load_trivial() -> Application:
    """Reads the body and says a word."""

    async def say(scope: Any, protocol: Any) -> None:
        await protocol()
        protocol.response_bytes(200, HEADERS, WORD)

    return say


def load_insert() -> Application:
    """The same with one durable insert."""
    connection = open_ceiling(os.environ["BENCH_FILE"])

    async def keep(scope: Any, protocol: Any) -> None:
        connection.execute(INSERT, ("hubspot", time.time_ns() // 1_000_000, await protocol()))
        protocol.response_bytes(200, HEADERS, WORD)

    return keep


if __name__ == "__main__":
    Server(
        "ceiling",
        port=int(os.environ["COLTIVA_PORT"]),
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        workers=1,
        websockets=False,
        log_level=LogLevels.warning,
    ).serve(target_loader={"trivial": load_trivial, "insert": load_insert}[sys.argv[1]], wrap_loader=False)
