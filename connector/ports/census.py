"""A census: who there is in a CRM account, and who changed since. It finds what no event told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from connector.domain.ids import ConnectionId
from connector.ports.exchange import CrmRecord


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Some of the records that there are, with what they hold."""

    records: Sequence[CrmRecord]
    #: Where the next call goes on; empty to begin anew. Only the CRM's folder reads it.
    place: str
    is_last: bool
    #: How many there are in all; 0 while nobody knows.
    total: int = 0
    #: How long to leave it alone: it is being gathered, or could not be.
    rest: timedelta = timedelta()
    #: Why it could not be gathered, for people; empty when it could.
    problem: str = ""


class Changed(NamedTuple):
    """A record, and the moment of its last change."""

    record_id: str
    at: datetime
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Some of the records that changed."""

    changes: Sequence[Changed]
    #: Where the next call goes on. Only the CRM's folder reads it.
    place: str
    is_last: bool


class CensusTaker(Protocol):
    """What an account is asked for that can tell all its records, and which changed.

    Methods raise as those of `Crm` do; they never sleep and never retry.
    """

    #: The object types that it tells of, as in `CrmRef.object_type`.
    object_types: Sequence[str]

    def fetch_all(self, object_type: str, properties: Sequence[str], place: str) -> RecordPage:
        """One page of all living records, as they were when the first page was asked for, or later.

        `place` is empty, or what the page before said. Beginning anew tells the same records again.
        """
        ...

    def fetch_changed(self, object_type: str, since: datetime, until: datetime, place: str) -> ChangePage:
        """One page of the records made, changed or deleted from `since` up to `until`, a whole minute that is over.

        `place` is empty, or what the page before said. A record may be told more than once.
        """
        ...


@dataclass(frozen=True, slots=True)
class CensusState:
    """How far the records of one type of one connection are known.

    First all are read, page by page. From then on it is asked what changed, in sweeps as of a feed: from a while
    before the last one ended up to `until`.
    """

    object_type: str
    #: When the first call was made: what all hold is known as of then.
    began_at: datetime
    #: Once all are read: everything up to here is known.
    complete_to: datetime
    due_at: datetime
    #: The end of the sweep under way; None between sweeps.
    until: datetime | None = None
    place: str = ""
    is_filled: bool = False
    #: Of the first reading: how many records came, of how many.
    read: int = 0
    total: int = 0
    #: Why it cannot go on, for people; empty when it can.
    problem: str = ""
    #: Guards against two hands; 0 for what was never saved.
    version: int = 0


class Censuses(Protocol):
    """How far the records of each connection are known."""

    def of(self, connection: ConnectionId) -> Sequence[CensusState]:
        """All that were ever begun, by object type."""
        ...

    def save(self, connection: ConnectionId, state: CensusState) -> None:
        """Keep how far it is. Raises LostClaimError where it is not as it was read any more."""
        ...

    def look_again(self, connection: ConnectionId, since: datetime, now: datetime, object_type: str = "") -> None:
        """Ask now for what changed since then, of one type or of all: something may have been missed.

        What is known is read again nowhere. What was asked for from an earlier moment on still is; while not all are
        read, it is asked afterwards. A second run changes nothing.
        """
        ...
