"""Turns: who writes next, among the threads of a process and the processes forked off it.

SQLite lets one write at a time. Whoever comes meanwhile looks again after a while that grows to a tenth of a second,
and may find the next one writing each time. With turns it is woken as soon as the one before it is done. They are
manners, not what keeps two from writing at once: SQLite does that.
"""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

#: Whoever has its turn for so many seconds is gone, or nobody needs to be woken soon after it.
_PATIENCE = 5.0


class _Lock(Protocol):
    def acquire(self, *, timeout: float) -> bool: ...

    def release(self) -> None: ...


class Turns:
    """One turn at a time. Safe to share between threads and, after `share`, with forked processes."""

    def __init__(self) -> None:
        self._lock: _Lock = threading.Lock()

    def share(self) -> None:
        """Take turns with processes that are forked off from here on; to be called while nobody has one.

        Where the system has no means for that, each process has turns of its own.
        """
        with suppress(ImportError, OSError, ValueError):
            self._lock = multiprocessing.get_context("fork").Lock()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for a turn and have it. Who died with it is not waited for twice."""
        lock = self._lock
        if not lock.acquire(timeout=_PATIENCE):
            lock = self._lock = threading.Lock()
            lock.acquire()
        try:
            yield
        finally:
            lock.release()
