"""Portal time that other processes share: they read it from a file (COLTIVA_CLOCK_FILE), which moves first."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from connector.clock import whole_milliseconds
from connector.sandbox.clock import SandboxClock


class ToldClock(SandboxClock):
    """Portal time, told to other processes through a file before it counts here.

    At any rate but 0 it moves on whenever `tell` is called, and stands still in between, so that nothing ever comes
    from anybody's future.
    """

    def __init__(self, file: Path, start: datetime | None = None, *, rate: float = 0.0) -> None:
        super().__init__(start, rate=rate)
        self._file = file
        self._still = threading.RLock()
        self._told = self._anchor
        self._write(self._told)

    def now(self) -> datetime:
        """The moment told last, aware, UTC, whole milliseconds."""
        return self._told

    def seconds(self) -> float:
        """What rate limits and token lives are measured with: they pass as portal time does."""
        return self._told.timestamp()

    def tell(self) -> None:
        """Let the time that has passed count, here and everywhere."""
        if self.rate:
            with self._still:
                self._move(self._passed(), self.rate)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let time stand still: what is signed now must be judged now."""
        with self._still:
            yield
            self._move(self._told, self.rate)

    def _move(self, moment: datetime, rate: float) -> None:
        with self._still:
            self._write(moment)
            super()._move(moment, rate)
            self._told = self._anchor

    def _write(self, moment: datetime) -> None:
        draft = self._file.with_name(f"{self._file.name}.new")
        draft.write_text(whole_milliseconds(moment).isoformat() + "\n", "ascii")
        draft.replace(self._file)
