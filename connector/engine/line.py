"""A line: one connection as this worker talks over it, with its lease and its rests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.clock import Clock
from connector.engine.backoff import Backoff
from connector.engine.lease import Lease
from connector.errors import RetryableCrmError
from connector.ports import Connection, Crm, Store


@dataclass(frozen=True, slots=True)
class Tools:
    """What talking to CRMs needs."""

    store: Store
    clock: Clock
    open_crm: Callable[[Connection], Crm]
    backoff: Backoff
    #: Names this worker among others.
    holder: str
    #: How long a dead worker keeps others waiting; longer than any single call.
    lease_length: timedelta


class Line:
    """One connection. Only one worker at a time may call over it, so its budget is nobody else's."""

    def __init__(self, tools: Tools, connection: Connection) -> None:
        self.connection = connection
        self.crm = tools.open_crm(connection)
        self.store = tools.store
        self.clock = tools.clock
        self.backoff = tools.backoff
        #: The version of the book whose properties are known to be there.
        self.prepared_for = ""
        self._lease = Lease(tools.store, f"calls:{connection.id}", tools.holder, tools.lease_length)
        self._failures = 0
        self._rests_until: datetime | None = None

    def may_call(self) -> bool:
        """Whether a call may be made now: none failed a moment ago, the budget allows it, and the line is ours."""
        now = self.clock.now()
        return self.free_at(now) <= now and self._lease.hold(now)

    def free_at(self, now: datetime) -> datetime:
        """From when on rest and budget allow a call."""
        return max(self._rests_until or now, self.crm.calls_allowed_at(now))

    def note_failure(self, failure: Exception) -> None:
        """Leave the line alone for a while, longer after each failure in a row."""
        self._failures += 1
        told = failure.retry_at if isinstance(failure, RetryableCrmError) else None
        self._rests_until = told or self.clock.now() + self.backoff(self._failures)

    def note_success(self) -> None:
        """Forget earlier failures."""
        self._failures, self._rests_until = 0, None

    def release(self) -> None:
        """Let another worker have it."""
        self._lease.release()
