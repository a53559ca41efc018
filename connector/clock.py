"""The only place that reads the wall clock; everywhere else time is an argument."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Tells the time and waits."""

    def now(self) -> datetime:
        """The present moment, aware, UTC, whole milliseconds."""
        ...

    def wait(self, seconds: float) -> None:
        """Let this much real time pass."""
        ...


def whole_milliseconds(moment: datetime) -> datetime:
    """The same moment without its microseconds below a millisecond: what the store keeps."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present moment, aware, UTC, whole milliseconds."""
        return whole_milliseconds(datetime.now(UTC))

    def wait(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)


class FileClock:
    """A rehearsal's clock: another process writes the time into a file, replacing the file whole each time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> datetime:
        """The moment in the file, aware, UTC, whole milliseconds.

        Raises OSError when there is no such file, and ValueError when it holds anything but a moment with its offset.
        """
        moment = datetime.fromisoformat(self._path.read_text("ascii").strip())
        if moment.tzinfo is None:
            raise ValueError(f"{moment} has no offset from UTC")
        return whole_milliseconds(moment.astimezone(UTC))

    def wait(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)
