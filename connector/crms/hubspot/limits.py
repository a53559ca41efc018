"""How much and how often we may call one HubSpot account. HubSpot: API usage guidelines.

The general limit is whatever the headers of its last reply say. Searches have a limit of their own that no header
tells. After a refusal nothing leaves before the time that HubSpot named.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from connector.domain.outward.budget import Budget, allowed_at, correct, spend
from connector.domain.outward.change import ChangeKind

#: How many changes one call takes.
BATCH_SIZES: Final[Mapping[ChangeKind, int]] = {
    # HubSpot: Using object APIs: at most 100 inputs.
    ChangeKind.PROPERTIES: 100,
    ChangeKind.TASK: 100,
    ChangeKind.NOTE: 100,
    # Never made there: they name the CRM whose means they are.
    ChangeKind.ALERT: 100,
    ChangeKind.POST: 100,
    # One call each; so many are held against consent together.
    ChangeKind.EMAIL: 20,
    # Not documented by HubSpot: a size that is safe.
    ChangeKind.MEMBERSHIP: 500,
}

_SEARCH: Final = "/search"
_SEARCHES: Final = Budget(max_calls=5, window=timedelta(seconds=1))
#: Clocks are set by so much all the time.
_UNSTEADY: Final = timedelta(seconds=1)
_MAX: Final = "X-HubSpot-RateLimit-Max"
_REMAINING: Final = "X-HubSpot-RateLimit-Remaining"
_WINDOW: Final = "X-HubSpot-RateLimit-Interval-Milliseconds"


class Limits:
    """What one connection has spent and may spend."""

    def __init__(self) -> None:
        #: None until HubSpot has told its limit.
        self._general: Budget | None = None
        self._searches = _SEARCHES
        self._held_until: datetime | None = None
        self._last_now: datetime | None = None

    def allowed_at(self, now: datetime, path: str = "") -> datetime:
        """When this path may be called; `now` when it may be called at once."""
        self._heed_clock(now)
        moment = max(now, self._held_until or now)
        if path.endswith(_SEARCH):
            return allowed_at(self._searches, moment)
        return allowed_at(self._general, moment) if self._general else moment

    def spend(self, path: str, headers: Mapping[str, str], now: datetime) -> None:
        """Count a call that was answered with these headers.

        It counts from the answer on: HubSpot may have counted it as late as that.
        """
        self._heed_clock(now)
        if path.endswith(_SEARCH):
            self._searches = spend(self._searches, now)
        elif (said := _parse(headers)) is not None:
            max_calls, remaining, window = said
            budget = spend(self._general or Budget(max_calls, window), now)
            self._general = correct(budget, now, max_calls=max_calls, remaining=remaining, window=window)
        elif self._general:
            self._general = spend(self._general, now)

    def hold(self, until: datetime) -> None:
        """Let nothing leave before this moment."""
        self._held_until = max(until, self._held_until or until)

    def _heed_clock(self, now: datetime) -> None:
        """When the clock was set back, what was spent would count until the clock is there again: forget it."""
        back = (self._last_now or now) - now
        self._last_now = now
        if back <= _UNSTEADY:
            return
        self._searches = _SEARCHES
        self._general = self._general and Budget(self._general.max_calls, self._general.window)
        self._held_until = self._held_until and self._held_until - back


def _parse(headers: Mapping[str, str]) -> tuple[int, int, timedelta] | None:
    texts = [headers.get(name, "") for name in (_MAX, _REMAINING, _WINDOW)]
    if not all(text.isascii() and text.isdigit() and len(text) < 10 for text in texts):
        return None
    max_calls, remaining, milliseconds = map(int, texts)
    return (max_calls, remaining, timedelta(milliseconds=milliseconds)) if max_calls and milliseconds else None
