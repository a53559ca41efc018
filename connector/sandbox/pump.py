"""A thread that does a piece of work whenever it is woken, and now and then unasked."""

from __future__ import annotations

import threading
from collections.abc import Callable

_PAUSE_SECONDS = 0.05


class Pump:
    """Runs `work` in a thread of its own between `start()` and `stop()`."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self._awake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Work soon rather than after the pause."""
        self._awake.set()

    def start(self) -> None:
        """Begin; a second start changes nothing."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="sandbox-pump", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End after the piece of work at hand."""
        self._stopping.set()
        self._awake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._awake.wait(_PAUSE_SECONDS)
            self._awake.clear()
            if not self._stopping.is_set():
                self._work()
