"""The portal's own time: set, advanced, or running at any speed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from connector.clock import SystemClock, whole_milliseconds

#: Seconds that never go back; what rate windows and token lives are measured with.
Stopwatch = Callable[[], float]


class SandboxClock:
    """Portal time: `start` plus the real time passed, multiplied by `rate`.

    A rate of 0 stands still until it is told to move, 1 is everyday time, 86,400 is a day a second.
    """

    def __init__(
        self,
        start: datetime | None = None,
        *,
        rate: float = 0.0,
        stopwatch: Stopwatch = time.monotonic,
    ) -> None:
        self._stopwatch = stopwatch
        self._lock = threading.Lock()
        self._anchor = whole_milliseconds((start or SystemClock().now()).astimezone(UTC))
        self._anchored_at = stopwatch()
        self._rate = rate

    @property
    def rate(self) -> float:
        """Portal seconds that pass in one real second."""
        return self._rate

    def now(self) -> datetime:
        """The portal's present moment, aware, UTC, whole milliseconds."""
        if not self._rate:
            return self._anchor
        return whole_milliseconds(self._passed())

    def wait(self, seconds: float) -> None:
        """Let this much real time pass."""
        time.sleep(seconds)

    def set(self, moment: datetime) -> None:
        """Jump to a moment, forwards or backwards."""
        self._move(moment, self._rate)

    def advance(self, by: timedelta) -> None:
        """Jump forwards."""
        self._move(self._passed() + by, self._rate)

    def run_at(self, rate: float) -> None:
        """Change the speed from now on."""
        self._move(self._passed(), rate)

    def tell(self) -> None:
        """Let others know the time; nobody else goes by this clock."""

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let time stand still for those who go by this clock; nobody else does."""
        yield

    def _passed(self) -> datetime:
        with self._lock:
            return self._reading()

    def _move(self, moment: datetime, rate: float) -> None:
        with self._lock:
            self._anchor = whole_milliseconds(moment.astimezone(UTC))
            self._anchored_at = self._stopwatch()
            self._rate = rate

    def _reading(self) -> datetime:
        passed = (self._stopwatch() - self._anchored_at) * self._rate
        return self._anchor + timedelta(seconds=passed)
