"""Signals that no CRM pushes: what is told through the API, by whom, and what is polled from a CRM."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple, Protocol

from connector.domain.fact import Value
from connector.domain.ids import ConnectionId, WorkspaceId
from connector.ports.leads import NewFact

#: The endpoint of what came through the API: its deliveries are named `api:` and the workspace whose key opened it.
API: Final = "api"


class ToldSignal(NamedTuple):
    """One signal as a sender told it, its form checked; whether the mapping knows it is intake's question."""

    #: The same for each copy of the same happening, if it names its moment.
    key: str
    signal: str
    attributes: Mapping[str, Value]
    #: None: when its batch was received.
    at: datetime | None = None
    #: In lower case; empty where a record is named.
    email: str = ""
    crm: str = ""
    record_id: str = ""
    #: As sent, for what is kept aside.
    raw: str = ""


class Misfit(NamedTuple):
    """What is wrong with one part of a batch."""

    #: Such as `signals[3].attributes.topic`.
    place: str
    problem: str


@dataclass(frozen=True, slots=True)
class ApiKey:
    """Lets its holder tell signals to one workspace. Only a hash of the secret is kept."""

    id: str
    workspace: WorkspaceId
    #: Who holds it, in the customer's words.
    name: str
    secret_hash: str = field(repr=False)
    created_at: datetime
    revoked_at: datetime | None = None


class ApiKeys(Protocol):
    """Who may tell signals."""

    def find(self, id_: str) -> ApiKey | None:
        """The key of this id, revoked or not."""
        ...

    def all(self) -> Sequence[ApiKey]:
        """Every key, oldest first."""
        ...

    def add(self, key: ApiKey) -> None:
        """Let its holder in from now on."""
        ...

    def revoke(self, id_: str, now: datetime) -> bool:
        """Let its holder in no more; False where there is no such key, or it was revoked before."""
        ...


class BatchName(NamedTuple):
    """What a sender calls a batch, so that sending it again does nothing: an idempotency key."""

    workspace: WorkspaceId
    name: str
    #: Of the body: the same name must mean the same batch.
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Sought:
    """A signal of a person of whom only an address is known: the CRM is asked which record that is."""

    workspace: WorkspaceId
    connection_id: ConnectionId
    email: str
    #: Its lead is not known yet.
    fact: NewFact
    #: Whether it is kept aside, visibly, when nobody has that address.
    is_told: bool = True


class Seekers(Protocol):
    """Signals whose lead is yet to be found by an address."""

    def add(self, sought: Collection[Sought]) -> None:
        """Have them sought from now on; one that is sought already is left as it is."""
        ...

    def due(self, connection: ConnectionId, now: datetime, limit: int) -> Sequence[Sought]:
        """Those of the next addresses to be sought, at most so many signals."""
        ...

    def postpone(self, sought: Collection[Sought], until: datetime) -> None:
        """Seek them again then."""
        ...

    def settle(self, sought: Collection[Sought]) -> None:
        """Seek them no more."""
        ...


class Feed(NamedTuple):
    """One stream of happenings that a CRM is asked for, in the words of the mapping language."""

    name: str
    #: What of it: the type of an email event, a list's title, a form's name; empty for all.
    only: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.only})" if self.only else self.name


class Happening(NamedTuple):
    """One thing that a feed tells of one person."""

    #: The same however often it is told.
    key: str
    at: datetime
    attributes: Mapping[str, Value]
    #: Who it was: a record of the account or, where the feed names none, an address in lower case.
    record_id: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class FeedPage:
    """What one call to a feed gave."""

    happenings: Sequence[Happening]
    #: Where the next call goes on; after the last page, where the next sweep begins. Only the CRM's folder reads it.
    place: str
    is_last: bool
    #: Records that could not be read, as they came.
    unreadable: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class FeedState:
    """How far a feed of one connection was read.

    A sweep reads everything between `since` and `until`, page by page. When it is done, everything up to `until` is
    known, and the next sweep begins a while before that, for what comes late.
    """

    feed: Feed
    #: What happened before this is nobody's business: the feed was not asked for then.
    began_at: datetime
    #: Everything up to here is known.
    complete_to: datetime
    #: The end of the sweep under way; None between sweeps.
    until: datetime | None
    place: str
    due_at: datetime
    #: Why it cannot be read, in the CRM's words; empty when it can.
    problem: str = ""


class Feeds(Protocol):
    """How far each feed was read."""

    def of(self, connection: ConnectionId) -> Sequence[FeedState]:
        """All feeds of the connection that were ever read, by name."""
        ...

    def save(self, connection: ConnectionId, state: FeedState) -> None:
        """Keep how far a feed was read."""
        ...
