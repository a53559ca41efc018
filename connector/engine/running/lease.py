"""A lease as its holder sees it."""

from __future__ import annotations

from datetime import datetime, timedelta

from connector.ports import Store


class Lease:
    """A timed claim that is taken when it is needed and renewed when half of it has run.

    Who stops, cleanly or not, loses it by the passing of time at the latest.
    """

    def __init__(self, store: Store, name: str, holder: str, length: timedelta) -> None:
        self._store = store
        self._name = name
        self._holder = holder
        self._length = length
        self._renew_at: datetime | None = None

    def hold(self, now: datetime) -> bool:
        """Take it, keep it or renew it; False while another holds it."""
        if self._renew_at is not None and now < self._renew_at:
            return True
        with self._store.transaction() as transaction:
            held = transaction.leases.take(self._name, self._holder, now + self._length, now)
        self._renew_at = now + self._length / 2 if held else None
        return held

    def release(self) -> None:
        """Let go, so that another need not wait for the time to pass."""
        if self._renew_at is not None:
            with self._store.transaction() as transaction:
                transaction.leases.release(self._name, self._holder)
            self._renew_at = None
