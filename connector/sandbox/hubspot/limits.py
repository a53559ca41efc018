"""Rate limits, measured in real time. HubSpot: API usage guidelines."""

from __future__ import annotations

import math
import threading
from collections import deque
from dataclasses import dataclass, field

from connector.sandbox.clock import Stopwatch
from connector.sandbox.hubspot.refusals import RefusalError

#: A marketplace app may call so often per installing account...
MAX_CALLS = 110
#: ...within so many seconds.
WINDOW_SECONDS = 10
#: All apps together may search so often a second per account.
MAX_SEARCHES_PER_SECOND = 5


class Window:
    """Counts calls in a rolling window; each question costs constant time on average."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._calls: deque[float] = deque()

    def spend(self, now: float, allowed: int) -> int:
        """Count one call and say how many are left; -1 when there is none to spend."""
        edge = now - self.seconds
        while self._calls and self._calls[0] <= edge:
            self._calls.popleft()
        if len(self._calls) >= allowed:
            return -1
        self._calls.append(now)
        return allowed - len(self._calls)

    def free_in(self, now: float) -> float:
        """Seconds until the oldest call leaves the window."""
        return max(0.0, self._calls[0] + self.seconds - now) if self._calls else 0.0


@dataclass(slots=True)
class Limits:
    """The limits of one portal; None switches one off."""

    stopwatch: Stopwatch
    max_calls: int | None = MAX_CALLS
    max_searches_per_second: int | None = MAX_SEARCHES_PER_SECOND
    #: Whether a 429 says when to come back; live answers do not always.
    tells_retry_after: bool = True
    _calls: dict[int, Window] = field(default_factory=dict)
    _searches: Window = field(default_factory=lambda: Window(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def spend_call(self, app_id: int) -> dict[str, str]:
        """Count a call of an app; gives the rate headers, or refuses with 429."""
        if self.max_calls is None:
            return {}
        now = self.stopwatch()
        with self._lock:
            window = self._calls.setdefault(app_id, Window(WINDOW_SECONDS))
            left = window.spend(now, self.max_calls)
            wait = window.free_in(now)
        headers = {
            "X-HubSpot-RateLimit-Max": str(self.max_calls),
            "X-HubSpot-RateLimit-Remaining": str(max(0, left)),
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(WINDOW_SECONDS * 1000),
        }
        if left < 0:
            raise self._too_many("ten_secondly_rolling", wait, headers)
        return headers

    def spend_search(self) -> dict[str, str]:
        """Count a search; refuses with 429. Searches carry no rate headers."""
        if self.max_searches_per_second is None:
            return {}
        now = self.stopwatch()
        with self._lock:
            left = self._searches.spend(now, self.max_searches_per_second)
            wait = self._searches.free_in(now)
        if left < 0:
            raise self._too_many("secondly", wait, {})
        return {}

    def _too_many(self, policy: str, wait: float, headers: dict[str, str]) -> RefusalError:
        retry_after = max(1, math.ceil(wait)) if self.tells_retry_after else None
        return too_many(policy, retry_after, headers)


def too_many(policy: str, retry_after: int | None, headers: dict[str, str]) -> RefusalError:
    """The 429 of one rate policy."""
    if retry_after is not None:
        headers = {**headers, "Retry-After": str(retry_after)}
    refusal = RefusalError(429, "RATE_LIMITS", f"You have reached your {policy} limit.", headers=headers)
    del refusal.body["category"]
    refusal.body |= {
        "errorType": "RATE_LIMIT",
        "policyName": policy.upper(),
        "groupName": "publicapi:crm:oauth-apps",
    }
    return refusal
