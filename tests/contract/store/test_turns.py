"""Who writes next to SQLite: whoever waits is woken, and nobody waits for the dead."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from connector.store import sqlite
from tests.contract.store.conftest import Place

# In a process of their own, for only one without other threads may fork.
_FORKING = """
import multiprocessing, os, signal
from connector.store import turns
from connector.store.turns import Turns

fork = multiprocessing.get_context("fork")
shared = Turns()
shared.share()
"""
_TOGETHER = """
here, there = fork.Pipe()
def wait_there():
    with shared.taken():
        there.send("mine")
        there.recv()
child = fork.Process(target=wait_there)
child.start()
here.recv()
assert not shared._lock.acquire(timeout=0)
here.send("go on")
with shared.taken():
    pass
child.join()
"""
_KILLED = """
def die_with_it():
    with shared.taken():
        os.kill(os.getpid(), signal.SIGKILL)
child = fork.Process(target=die_with_it)
child.start()
child.join()
turns._PATIENCE = 0.01
with shared.taken():
    assert not shared._lock.acquire(timeout=0)
turns._PATIENCE = 1_000_000
with shared.taken():
    pass
"""


def test_a_writer_waits_for_the_one_before_it_where_the_database_would_send_it_away(
    sqlite_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_PATIENCE", 0)
    store = sqlite_place.open()
    is_writing, may_end = threading.Event(), threading.Event()

    def write() -> None:
        with store.transaction() as transaction:
            is_writing.set()
            may_end.wait()
            transaction.counts.add({"facts": 1})

    first, second = threading.Thread(target=write), threading.Thread(target=write)
    first.start()
    is_writing.wait()
    second.start()
    may_end.set()
    first.join()
    second.join()

    with store.reading() as transaction:
        assert transaction.counts.all() == {"facts": 2}


@pytest.mark.parametrize("told", [_TOGETHER, _KILLED], ids=["have turns together", "wait once for one that was killed"])
def test_processes_that_forked(told: str) -> None:
    ended = subprocess.run([sys.executable, "-c", _FORKING + told], capture_output=True, text=True, timeout=60)

    assert ended.returncode == 0, ended.stderr
