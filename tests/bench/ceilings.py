"""The ceilings: what this machine, now, could do at most."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tests.bench.ceiling_app import INSERT, open_ceiling
from tests.bench.load import Volley, fire
from tests.bench.processes import answers, free_port, running, until


def serve_ceiling(kind: str, folder: Path, requests: Sequence[bytes], rounds: int) -> list[Volley]:
    """How fast the same server answers when next to nothing is done."""
    port = free_port()
    environ = {"COLTIVA_PORT": str(port), "BENCH_FILE": str(folder / "ceiling.sqlite")}
    with running(kind, "-m", "tests.bench.ceiling_app", kind, environ=environ) as server:
        until(lambda: answers(port), f"the {kind} ceiling answers", server)
        fire(port, requests[: len(requests) // 4 + 1])
        return [fire(port, requests) for _ in range(rounds)]


def insert_rates(folder: Path, body: bytes, rows: int, rows_a_commit: int, rounds: int) -> list[float]:
    """Rows a second that SQLite itself keeps durably, so many a commit."""
    connection = open_ceiling(str(folder / "inserts.sqlite"))
    try:
        return [_insert_rate(connection, body, rows, rows_a_commit) for _ in range(rounds)]
    finally:
        connection.close()


def _insert_rate(connection: sqlite3.Connection, body: bytes, rows: int, rows_a_commit: int) -> float:
    row = ("hubspot", 1_789_000_000_000, body)
    started_at = time.perf_counter()
    for _ in range(0, rows, rows_a_commit):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(INSERT, [row] * rows_a_commit)
        connection.execute("COMMIT")
    return rows / (time.perf_counter() - started_at)


def noise(rounds: int = 20) -> float:
    """How unevenly the machine runs: the slowest of some equal pieces of work against their median."""
    seconds = [_piece_of_work() for _ in range(rounds)]
    return max(seconds) / median(seconds) - 1


def _piece_of_work() -> float:
    started_at = time.perf_counter()
    sum(number * number for number in range(300_000))
    return time.perf_counter() - started_at
