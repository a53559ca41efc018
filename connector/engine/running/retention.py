"""Retention: raw requests are dropped some time after they were taken in."""

from __future__ import annotations

from datetime import datetime, timedelta

from connector.ports import Store

_EVERY = timedelta(hours=1)


class Retention:
    """Looks once an hour, and at the start; looking more often would do no harm."""

    def __init__(self, store: Store, keep_for: timedelta) -> None:
        self._store = store
        self._keep_for = keep_for
        self._next_at: datetime | None = None

    def run_once(self, now: datetime) -> int:
        """Drop what was kept long enough; how many deliveries that were."""
        if self._next_at is not None and now < self._next_at:
            return 0
        self._next_at = now + _EVERY
        with self._store.transaction() as transaction:
            transaction.invitations.forget_before(now - _EVERY)
            return transaction.deliveries.forget_before(now - self._keep_for)
