"""The day's requests, shared by everybody who calls the org. Salesforce: "API Request Limits and Allocations"."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.sandbox.salesforce.refusals import Json, limit_exceeded

_DAY = timedelta(days=1)
#: Requests are counted in slices of this length, and leave the window slice by slice.
_SLICE = timedelta(minutes=15)


@dataclass(slots=True)
class _Slice:
    begins_at: datetime
    requests: int = 0


class RequestPool:
    """Requests in the last 24 hours of the org's time."""

    def __init__(self, maximum: int = 15_000) -> None:
        #: How many there may be; None is no limit.
        self.maximum: int | None = maximum
        self._slices: deque[_Slice] = deque()
        self._used = 0

    def used(self, now: datetime) -> int:
        """How many were made in the last day."""
        while self._slices and self._slices[0].begins_at <= now - _DAY:
            self._used -= self._slices.popleft().requests
        return self._used

    def spend(self, now: datetime, number: int = 1) -> None:
        """Count requests, ours or somebody else's; refuses with 403 when the pool is empty."""
        if self.maximum is not None and self.used(now) + number > self.maximum:
            raise limit_exceeded()
        self.use(now, number)

    def use(self, now: datetime, number: int) -> None:
        """Count requests of other tools, without a look at the maximum."""
        if not self._slices or now - self._slices[-1].begins_at >= _SLICE:
            self._slices.append(_Slice(now))
        self._slices[-1].requests += number
        self._used += number

    def header(self, now: datetime) -> str:
        """The value of `Sforce-Limit-Info`."""
        return f"api-usage={self.used(now)}/{self._shown}"

    def as_json(self, now: datetime) -> Json:
        """What `/limits` says of the pool."""
        return {"Max": self._shown, "Remaining": max(0, self._shown - self.used(now))}

    @property
    def _shown(self) -> int:
        return 5_000_000 if self.maximum is None else self.maximum
