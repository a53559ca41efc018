"""How much and how often we may call one Salesforce org. Salesforce: API Request Limits and Allocations.

An org has one pool of calls for a rolling day, for all the tools of the customer together. Ours is a share of it, and
the last of it is left to the others whoever spent the rest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from connector.domain.outward.change import UNKEYED, ChangeKind

#: How many changes one call takes. REST API: sObject Collections, at most 200 records. Actions take one call each.
BATCH_SIZES: Final[Mapping[ChangeKind, int]] = {**dict.fromkeys(ChangeKind, 200), **dict.fromkeys(UNKEYED, 20)}
#: Of an org's pool, what we spend in a day at most.
SHARE: Final = 0.5
#: Of an org's pool, what we leave in any case.
_RESERVE: Final = 0.05
#: When to look again whether a pool that others emptied fills up.
_LOOK_AGAIN: Final = timedelta(minutes=15)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
#: Sforce-Limit-Info: api-usage=18/5000; per-app-api-usage=17/250(appName=sample)
_USAGE: Final = re.compile(r"(?:^|;)\s*(per-app-)?api-usage=(\d{1,15})/(\d{1,15})")


class Limits:
    """What one connection has spent of an org's calls, and may spend."""

    def __init__(self, share: float = SHARE) -> None:
        self._share = share
        #: None until the org has told it.
        self._total: int | None = None
        #: Our own calls, by the hour in which they were made.
        self._spent: dict[datetime, int] = {}
        self._held_until: datetime | None = None

    def allowed_at(self, now: datetime) -> datetime:
        """When the next call may be made; `now` when it may be made at once."""
        moment = max(now, self._held_until or now)
        if self._total is None or self._spent_since(now - _DAY) < max(1, self._total * self._share):
            return moment
        return max(moment, min(self._spent) + _HOUR + _DAY)

    def spend(self, now: datetime) -> None:
        """Count a call."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        self._spent[hour] = self._spent.get(hour, 0) + 1

    def heed(self, told: str, now: datetime) -> None:
        """Take note of the header in which an answer tells how much of its pools is used."""
        for is_ours, used, total in _USAGE.findall(told):
            left = int(total) - int(used)
            if is_ours:
                if left <= 0:
                    self.hold(now + _LOOK_AGAIN)
                continue
            self._total = int(total)
            if left <= self._total * _RESERVE:
                self.hold(now + _LOOK_AGAIN)

    def hold(self, until: datetime) -> None:
        """Let nothing leave before this moment."""
        self._held_until = max(until, self._held_until or until)

    def _spent_since(self, edge: datetime) -> int:
        self._spent = {hour: calls for hour, calls in self._spent.items() if hour + _HOUR > edge}
        return sum(self._spent.values())
