"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class HandClock:
    """Shows what it was set to; nobody may wait by it."""

    def __init__(self, start: datetime = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)) -> None:
        self._now = start

    def now(self) -> datetime:
        """The moment it was set to."""
        return self._now

    def wait(self, seconds: float) -> None:
        """Waiting is not what this clock is for."""
        raise AssertionError("nobody waits here")

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self._now += by
