"""Many properties at once: a job that a CRM is given and works off by itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from connector.domain.ids import ConnectionId
from connector.ports.exchange import OutboxChange, RecordReply


@dataclass(frozen=True, slots=True)
class BulkLook:
    """How far a job is."""

    is_over: bool
    #: Of one that is over: what became of each record. One that is not among them was left untouched.
    replies: Mapping[str, RecordReply] = field(default_factory=dict)
    #: Of one that is not: how long to leave it alone.
    rest: timedelta = timedelta()


class BulkWriter(Protocol):
    """An account that takes jobs. Methods raise as those of `Crm` do; they never sleep and never retry."""

    #: From so many waiting records on a job is worth it; 0 for never.
    threshold: int

    def open(self, object_type: str) -> str:
        """The id of a new job for records of this type. It is empty, and an empty one does nothing."""
        ...

    def fill(self, job: str, changes: Mapping[str, Mapping[str, str]]) -> Mapping[str, RecordReply]:
        """Hand over what is to be set, record id -> property -> text, and let the job begin.

        Returns the replies of those that are not in it. After a failure `look` tells whether it began.
        """
        ...

    def look(self, job: str) -> BulkLook:
        """How far it is. One that was never filled is given up, one that is gone is over: neither has any replies."""
        ...


@dataclass(frozen=True, slots=True)
class BulkJob:
    """A job that is not settled yet."""

    id: int
    #: Its id over there.
    remote_id: str
    look_at: datetime


class BulkJobs(Protocol):
    """The jobs that were begun, and which changes are in them: nothing else writes these meanwhile."""

    def of(self, connection: ConnectionId) -> Sequence[BulkJob]:
        """Those that are not settled, the oldest first."""
        ...

    def begin(self, connection: ConnectionId, remote_id: str, changes: Sequence[OutboxChange], now: datetime) -> None:
        """Keep a job with its changes, which were marked as attempted at this very moment."""
        ...

    def rest(self, job: int, until: datetime) -> None:
        """Look at it again then."""
        ...

    def held(self, ids: Collection[int]) -> Collection[int]:
        """Those of the changes that are in some job."""
        ...

    def changes(self, job: int, limit: int) -> Sequence[OutboxChange]:
        """Some of those of its changes that still want what they wanted when it began."""
        ...

    def release(self, job: int, ids: Collection[int]) -> None:
        """Take changes out of the job."""
        ...

    def end(self, job: int) -> Sequence[int]:
        """Forget the job; the changes that were still in it, which want something else by now."""
        ...
