"""What the API was asked, counted by operation."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime

#: Whose API was asked: a portal's number, an org's id; 0 or nothing when nobody knows.
Account = int | str

_REMEMBERED = 200


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """One call and its end; status 0 means that the connection was dropped."""

    at: datetime
    account: Account
    operation: str
    method: str
    path: str
    status: int


@dataclass(slots=True)
class CallLog:
    """Counters since the start or the last reset."""

    #: (account, operation, status) to calls.
    calls: Counter[tuple[Account, str, int]] = field(default_factory=Counter)
    #: (account, operation) to records written.
    records: Counter[tuple[Account, str]] = field(default_factory=Counter)
    recent: deque[LoggedCall] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, call: LoggedCall, records_written: int = 0) -> None:
        """Count one call."""
        with self._lock:
            self.calls[call.account, call.operation, call.status] += 1
            if records_written:
                self.records[call.account, call.operation] += records_written
            self.recent.append(call)

    def reset(self) -> None:
        """Count from zero."""
        with self._lock:
            self.calls.clear()
            self.records.clear()
            self.recent.clear()

    def total(self, account: Account | None = None, operation: str | None = None, status: int | None = None) -> int:
        """Calls that match all that is given."""
        wanted = (account, operation, status)
        with self._lock:
            items = list(self.calls.items())
        return sum(n for key, n in items if all(w is None or w == k for w, k in zip(wanted, key, strict=True)))

    def written(self, account: Account | None = None, operation: str | None = None) -> int:
        """Records written by the calls that match all that is given."""
        wanted = (account, operation)
        with self._lock:
            items = list(self.records.items())
        return sum(n for key, n in items if all(w is None or w == k for w, k in zip(wanted, key, strict=True)))

    def table(self, account: Account) -> list[tuple[str, dict[int, int], int]]:
        """Per operation of an account: calls by status, and records written."""
        with self._lock:
            calls, records = dict(self.calls), dict(self.records)
        rows: dict[str, dict[int, int]] = {}
        for (owner, operation, status), n in calls.items():
            if owner == account:
                rows.setdefault(operation, {})[status] = n
        return [(op, by_status, records.get((account, op), 0)) for op, by_status in sorted(rows.items())]
