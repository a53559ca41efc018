"""What a web process could do at most: a view that does nothing, and one that keeps each request in SQLite.

`python -m tests.bench.ceiling_app trivial|insert` serves one of them as `coltiva web` serves the real one. The
database file and the port come from the environment, as there.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from typing import Any

import flask
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server import Server

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


def load_trivial() -> Any:
    """A view that reads nothing and says a word."""
    app = flask.Flask("trivial")
    app.add_url_rule("/webhooks/hubspot", view_func=lambda: b"kept", endpoint="say", methods=["POST"])
    return app


def load_insert() -> Any:
    """The same view with one durable insert."""
    app = flask.Flask("insert")
    connection = open_ceiling(os.environ["BENCH_FILE"])

    def keep() -> bytes:
        connection.execute(INSERT, ("hubspot", time.time_ns() // 1_000_000, flask.request.get_data(cache=False)))
        return b"kept"

    app.add_url_rule("/webhooks/hubspot", view_func=keep, methods=["POST"])
    return app


if __name__ == "__main__":
    Server(
        "ceiling",
        port=int(os.environ["COLTIVA_PORT"]),
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        workers=1,
        blocking_threads=1,
        websockets=False,
        log_level=LogLevels.warning,
    ).serve(target_loader={"trivial": load_trivial, "insert": load_insert}[sys.argv[1]], wrap_loader=False)
