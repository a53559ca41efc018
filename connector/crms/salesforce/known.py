"""What was asked of the database a moment ago: a door that is knocked at often does not ask each time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

_Found = TypeVar("_Found")

#: How long an org that was disconnected, or a key that was taken back, may still be let in.
KEPT_FOR = timedelta(seconds=5)
#: More than are connected; strangers who name ever other orgs fill it, and it is emptied.
_MOST = 1_000


class Known(Generic[_Found]):
    """Answers by org. For one thread; a second one would ask once more, at worst."""

    def __init__(self, ask: Callable[[str], _Found]) -> None:
        self._ask = ask
        self._answers: dict[str, tuple[datetime, _Found]] = {}

    def __call__(self, org: str, now: datetime) -> _Found:
        """What is so of this org, or was a few seconds ago."""
        known = self._answers.get(org)
        if known is not None and abs(now - known[0]) < KEPT_FOR:
            return known[1]
        if len(self._answers) >= _MOST:
            self._answers.clear()
        found = self._ask(org)
        self._answers[org] = (now, found)
        return found
