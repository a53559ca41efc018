"""Counts what was refused: in memory at once, in the store every few seconds."""

from __future__ import annotations

import threading
from collections import Counter

from connector.errors import StoreUnavailableError
from connector.ports import Store

#: Refusals cost the database one write in so many seconds, however many come.
FLUSH_SECONDS = 3.0


class Refusals:
    """How often each kind of refusal happened since the last flush."""

    def __init__(self, store: Store, *, flush_seconds: float = FLUSH_SECONDS) -> None:
        self._store = store
        self._flush_seconds = flush_seconds
        self._lock = threading.Lock()
        self._counted: Counter[str] = Counter()
        self._timer: threading.Timer | None = None

    def add(self, code: str) -> None:
        """One more; it reaches the store within a few seconds."""
        with self._lock:
            self._counted[f"refused.{code}"] += 1
            if self._timer is None:
                self._timer = threading.Timer(self._flush_seconds, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Hand over what was counted, at the latest when the process ends. What the store cannot take now stays."""
        with self._lock:
            counted, self._counted = self._counted, Counter()
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        if not counted:
            return
        try:
            with self._store.transaction() as transaction:
                transaction.counts.add(counted)
        except StoreUnavailableError:
            with self._lock:
                self._counted.update(counted)
