"""What is to happen later in portal time: the reactions of simulated people, a workflow's delays."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from datetime import datetime
from itertools import count

from connector.clock import whole_milliseconds

Action = Callable[[], object]


class PlanBook:
    """Actions with their due times; equal times keep the order in which they were added."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = count()
        self._plans: list[tuple[datetime, int, Action]] = []

    def add(self, at: datetime, action: Action) -> None:
        """Do something at a moment."""
        with self._lock:
            heapq.heappush(self._plans, (whole_milliseconds(at), next(self._numbers), action))

    def next_due(self) -> datetime | None:
        """When the next action is due."""
        with self._lock:
            return self._plans[0][0] if self._plans else None

    def take_due(self, now: datetime) -> Action | None:
        """The next action that is due, which is thereby no longer planned."""
        with self._lock:
            if self._plans and self._plans[0][0] <= now:
                return heapq.heappop(self._plans)[2]
            return None
