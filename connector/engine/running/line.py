"""A line: one connection as this worker talks over it, with its lease and its rests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from connector.clock import Clock
from connector.domain.ids import CrmRef
from connector.engine.running.backoff import Backoff
from connector.engine.running.lease import Lease
from connector.errors import CredentialsError, RetryableCrmError, StoreError
from connector.log import get_logger
from connector.ports import Connection, Crm, Store

Answer = TypeVar("Answer")

log = get_logger()


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


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a call failed as a whole."""

    error: Exception


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
        #: Records that cannot be read -> how often in a row. They are tried again less and less often.
        self.spoilt: Counter[str] = Counter()
        #: No bulk job is begun before then: the last one could not be.
        self.no_job_until: datetime | None = None
        self._lease = Lease(tools.store, f"calls:{connection.id}", tools.holder, tools.lease_length)
        self._failures = 0
        self._rests_until: datetime | None = None

    def to_ref(self, record_id: str) -> CrmRef:
        """A person's record of the account."""
        return CrmRef(self.connection.crm, self.connection.account, self.crm.object_type_of(record_id), record_id)

    def may_call(self) -> bool:
        """Whether a call may be made now: none failed a moment ago, the budget allows it, and the line is ours."""
        now = self.clock.now()
        return self.free_at(now) <= now and self._lease.hold(now)

    def free_at(self, now: datetime) -> datetime:
        """From when on rest and budget allow a call."""
        return max(self._rests_until or now, self.crm.calls_allowed_at(now))

    def call(self, make: Callable[[], Answer]) -> Answer | Failure:
        """Make one call. One that fails as a whole leaves the line alone for a while, longer after each in a row.

        Whatever goes wrong, even in our own adapter, must hold up neither other accounts nor other changes. Raises
        CredentialsError.
        """
        try:
            answer = make()
        except (CredentialsError, StoreError):
            raise
        except Exception as error:
            log.warning("call.failed", connection=self.connection.id, exc_info=error)
            self._rest(error)
            return Failure(error)
        self._failures, self._rests_until = 0, None
        return answer

    def _rest(self, error: Exception) -> None:
        self._failures += 1
        told = error.retry_at if isinstance(error, RetryableCrmError) else None
        self._rests_until = told or self.clock.now() + self.backoff(self._failures)

    def release(self) -> None:
        """Let another worker have it."""
        self._lease.release()
