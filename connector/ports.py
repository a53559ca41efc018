"""What the engine asks of the world, as small Protocols: the store and the CRMs implement them.

Grouped by concern. Every store method that changes something belongs to a transaction begun by the caller and takes
effect with it; network calls are made with no transaction open.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from connector.domain.change import Act, ChangeKind, ChangeState
from connector.domain.fact import Fact
from connector.domain.history import HistoryEntry
from connector.domain.ids import ConnectionId, CrmRef, LeadId, WorkspaceId
from connector.domain.lead import Lead

# --- receiving ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RawRequest:
    """An HTTP request as it came, before anything is believed of it."""

    method: str
    #: Path and query exactly as sent, percent-encoding and all.
    target: str
    #: Names in lower case.
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A verified request to keep."""

    #: The endpoint it came through, for example `hubspot`.
    endpoint: str
    received_at: datetime
    body: bytes


@dataclass(frozen=True, slots=True)
class Delivery:
    """A kept request."""

    id: int
    endpoint: str
    received_at: datetime
    body: bytes


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    RECEIVED = "received"  # durable, not yet looked at
    TAKEN_IN = "taken_in"  # all its events are facts, strays or duplicates
    UNREADABLE = "unreadable"  # could not be parsed; kept as it came, one stray tells why


class Endpoint(Protocol):
    """One vendor's way of calling us."""

    #: The last part of its path and the name on its deliveries.
    name: str
    #: The largest genuine body in bytes.
    max_body: int
    #: Media types that it takes, in lower case, without parameters.
    media_types: frozenset[str]
    #: The object types that leads are made of, as in `CrmRef.object_type`.
    lead_types: frozenset[str]

    def verify(self, request: RawRequest, now: datetime) -> None:
        """Raise SignatureError unless the vendor sent these very bytes just now."""
        ...

    def parse(self, body: bytes) -> Parsed:
        """The events in a body. Never raises: what cannot be read is returned as unreadable."""
        ...


class EventKind(StrEnum):
    """What a CRM says happened to a record."""

    CHANGED = "changed"
    CREATED = "created"
    DELETED = "deleted"
    RESTORED = "restored"
    MERGED = "merged"
    ERASED = "erased"  # a person asked to be forgotten
    OTHER = "other"  # understood, but without meaning for a lead: kept aside and counted


@dataclass(frozen=True, slots=True)
class CrmEvent:
    """One thing that a CRM told us, in our words."""

    #: The same for each copy of the same happening.
    key: str
    kind: EventKind
    #: The record; of a merge, the survivor.
    ref: CrmRef
    at: datetime
    #: The vendor's name of the event, as sent.
    type: str
    property: str = ""
    value: str = ""
    #: False where the payload does not carry the value (sensitive data): the record must be read again.
    has_value: bool = True
    #: Whether our own write set it off.
    is_echo: bool = False
    #: Of a merge: the records that are now the survivor, old ids of the survivor among them.
    merged: tuple[CrmRef, ...] = ()
    #: The event as sent, for what is kept aside.
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something in a delivery that could not be understood."""

    problem: str
    raw: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a delivery holds."""

    events: Sequence[CrmEvent]
    unreadable: Sequence[Unreadable] = ()
    #: True when not even the outer form could be read.
    is_broken: bool = False


class StrayReason(StrEnum):
    """Why something received became no fact."""

    UNKNOWN_ACCOUNT = "unknown_account"
    UNKNOWN_TYPE = "unknown_type"
    UNREADABLE = "unreadable"
    OTHER_OBJECT = "other_object"  # a company, a deal: nothing in the mapping looks at it


@dataclass(frozen=True, slots=True)
class Stray:
    """Something received that became no fact: kept, counted, visible."""

    delivery_id: int
    reason: StrayReason
    #: The vendor's event type or, of the unreadable, the problem.
    what: str
    account: str
    raw: str
    received_at: datetime
    id: int = 0


# --- connections --------------------------------------------------------------------------------------------


class ConnectionState(StrEnum):
    """Whether we may talk to a CRM account."""

    ACTIVE = "active"
    PAUSED = "paused"  # credentials refused: nothing is lost, nothing leaves


@dataclass(frozen=True, slots=True)
class Connection:
    """A workspace's link to one CRM account."""

    id: ConnectionId
    workspace: WorkspaceId
    crm: str
    #: HubSpot's portal id, Salesforce's org id.
    account: str
    #: Secret; sealed at rest and left out of every repr.
    token: str = field(repr=False, default="")
    state: ConnectionState = ConnectionState.ACTIVE
    paused_because: str = ""


# --- leads, facts -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StoredLead:
    """A lead as the store holds it, with what came in since it was last advanced."""

    workspace: WorkspaceId
    lead: Lead
    #: Guards against two hands: a save with another version is refused.
    version: int
    #: Number of the last fact that came in when this was read; what is saved as folded.
    last_fact: int
    #: The facts that came in since, in order of arrival.
    unread: Sequence[Fact] = ()


@dataclass(frozen=True, slots=True)
class SavedLead:
    """A lead to save, and what saving it must carry along."""

    stored: StoredLead
    lead: Lead
    history: Sequence[HistoryEntry]
    acts: Sequence[Act]
    #: The lead's address, by which people look it up; empty where it has none.
    email: str = ""
    #: True when the lead was folded from its first fact: its history is replaced, and acts that are still pending
    #: and no longer wanted are withdrawn.
    refolded: bool = False


@dataclass(frozen=True, slots=True)
class NewFact:
    """A fact for a lead's mailbox."""

    lead_id: LeadId
    fact: Fact
    received_at: datetime
    #: The delivery it came in; 0 for none.
    delivery_id: int = 0


@dataclass(frozen=True, slots=True)
class Unread:
    """A lead to be read from its CRM: before it is judged, or again because what we hold is out of date."""

    workspace: WorkspaceId
    lead_id: LeadId
    ref: CrmRef
    #: False for a lead of whom we know nothing but an id; it is not judged until it was read.
    again: bool = False


class DeliveryClaim(Protocol):
    """Deliveries that one worker holds until it has taken them in or lets go.

    PostgreSQL locks the rows. SQLite reads them without a lock, so that parsing keeps nobody from writing, and
    `settle` refuses what another worker settled first.
    """

    @property
    def deliveries(self) -> Sequence[Delivery]:
        """The claimed deliveries, oldest first."""
        ...

    def transaction(self) -> AbstractContextManager[Transaction]:
        """The unit of work that takes them in."""
        ...


class LeadClaim(Protocol):
    """Leads that one worker holds until it saves them or lets go."""

    @property
    def leads(self) -> Sequence[StoredLead]:
        """The claimed leads with their unread facts."""
        ...

    def all_facts(self, lead_ids: Collection[LeadId]) -> Mapping[LeadId, Sequence[Fact]]:
        """Every fact of these leads, by position."""
        ...

    def save(self, saved: Sequence[SavedLead], parked: Mapping[LeadId, datetime]) -> None:
        """Write all of it in one transaction. Raises LostClaimError, with nothing written, when another was faster.

        `parked`: claimed leads that could not be judged, and when to try again; they stay as they are, mail unread.
        """
        ...


# --- outbox -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OutboxChange:
    """One line of the outbox."""

    id: int
    workspace: WorkspaceId
    connection_id: ConnectionId
    lead_id: LeadId
    #: The CRM record it is for.
    record_id: str
    kind: ChangeKind
    #: Of properties: empty. Of a membership: the list's title in the CRM. Of an act: the lead's id and the act's key.
    key: str
    state: ChangeState
    #: Of properties and memberships: what is to be true. A membership's value is `{"member": "true" | "false"}`.
    wanted: Mapping[str, str]
    #: What the CRM is known to hold.
    written: Mapping[str, str]
    #: Of an act.
    act: Act | None
    due_at: datetime
    attempts: int
    #: Guards against a newer wish that came while the call was under way.
    version: int
    #: The CRM's own words on the last refusal or failure.
    words: str = ""
    #: The id of what was created over there.
    remote_id: str = ""

    @property
    def to_write(self) -> Mapping[str, str]:
        """What differs from what the CRM is known to hold."""
        return {name: value for name, value in self.wanted.items() if self.written.get(name) != value}


class ReplyState(StrEnum):
    """A CRM's verdict on one record."""

    DONE = "done"
    LATER = "later"  # may succeed later
    REFUSED = "refused"  # never will


@dataclass(frozen=True, slots=True)
class RecordReply:
    """A CRM's answer for one change."""

    state: ReplyState
    words: str = ""
    remote_id: str = ""
    #: Of LATER: when the CRM said to come back.
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """A change and what became of it."""

    change: OutboxChange
    state: ChangeState
    due_at: datetime
    words: str = ""
    remote_id: str = ""


@dataclass(frozen=True, slots=True)
class Membership:
    """Records to put on a list and to take off it."""

    title: str
    add: Sequence[str]
    remove: Sequence[str]


@dataclass(frozen=True, slots=True)
class CrmRecord:
    """A record as read from a CRM: raw text by property."""

    record_id: str
    properties: Mapping[str, str]
    archived: bool = False


@dataclass(frozen=True, slots=True)
class PropertyWish:
    """A property that our writes need over there."""

    name: str
    label: str
    #: `number` or `string`.
    type: str


class Crm(Protocol):
    """One connected CRM account.

    Every method may raise RetryableCrmError, CredentialsError or UnreadableReplyError for the whole call; what
    concerns single records is in their replies. Methods never sleep and never retry.
    """

    #: The largest number of changes that one call of a kind takes.
    batch_sizes: Mapping[ChangeKind, int]

    def prepare(self, wishes: Sequence[PropertyWish]) -> None:
        """Create what our writes need and is missing. A second run changes nothing."""
        ...

    def fetch_records(self, record_ids: Sequence[str], properties: Sequence[str]) -> Mapping[str, CrmRecord]:
        """Read up to 100 records, by the id asked for; a record that is not there is left out."""
        ...

    def write_properties(self, changes: Mapping[str, Mapping[str, str]]) -> Mapping[str, RecordReply]:
        """Set properties, record id -> property -> text; one reply a record. Repeating it changes nothing."""
        ...

    def write_membership(self, membership: Membership) -> Mapping[str, RecordReply]:
        """Put records on a list, made if missing, and take others off; one reply a record. Repeatable."""
        ...

    def write_acts(self, kind: ChangeKind, acts: Mapping[str, tuple[str, Act]]) -> Mapping[str, RecordReply]:
        """Make tasks or notes, key -> (record id, act), and tie them to record and owner; one reply a key.

        The key is stored with the task or note; a second run with the same key makes no second one.
        """
        ...

    def calls_allowed_at(self, now: datetime) -> datetime:
        """When the next call may be made; `now` or earlier when it may be made at once."""
        ...


# --- the store ----------------------------------------------------------------------------------------------


class Deliveries(Protocol):
    """Raw requests."""

    def settle(self, states: Mapping[int, DeliveryState]) -> None:
        """Close them. Raises LostClaimError when one was no longer open."""
        ...

    def add_strays(self, strays: Sequence[Stray]) -> None:
        """Keep aside what became no fact."""
        ...

    def strays(self, limit: int) -> Sequence[Stray]:
        """The latest first."""
        ...

    def forget(self, ids: Collection[int]) -> None:
        """Drop the bodies of these deliveries."""
        ...

    def forget_before(self, moment: datetime) -> int:
        """Drop the bodies of deliveries that were taken in before this moment; how many."""
        ...


class Leads(Protocol):
    """Leads and how they are found."""

    def find(self, workspace: WorkspaceId, refs: Collection[CrmRef]) -> Mapping[CrmRef, LeadId]:
        """The leads of these records; unknown records are left out."""
        ...

    def add(self, workspace: WorkspaceId, leads: Mapping[CrmRef, LeadId], book: str, now: datetime) -> None:
        """Make leads that wait to be read from their CRM. One that exists is left as it is.

        Raises LostClaimError when another worker gave one of the records to another lead a moment ago.
        """
        ...

    def add_facts(self, workspace: WorkspaceId, facts: Sequence[NewFact], now: datetime) -> int:
        """Put facts into mailboxes and wake their leads; duplicates are dropped. Returns how many were new.

        Raises LostClaimError when one of the leads is gone: another worker merged or erased it a moment ago.
        """
        ...

    def read_again(self, workspace: WorkspaceId, refs: Collection[CrmRef] | None, now: datetime) -> None:
        """Have these records read again, None for all; meanwhile their leads are judged by what is known."""
        ...

    def unread(self, connection: Connection, limit: int) -> Sequence[Unread]:
        """Leads of this connection that wait to be read, those of whom nothing is known first."""
        ...

    def set_read(self, workspace: WorkspaceId, lead_ids: Collection[LeadId], now: datetime) -> None:
        """They were read at this moment: from now on they are judged. A wish to read again that is younger stays."""
        ...

    def merge(
        self, workspace: WorkspaceId, into: LeadId, survivor: CrmRef, refs: Collection[CrmRef], now: datetime
    ) -> None:
        """Make one lead of all leads of these records, of which `survivor` is the one that lives on in the CRM.

        Their facts, records and acts move to `into`, which is made if missing and folded anew; the other records
        become names for it that are no longer written to. A second run changes nothing.
        """
        ...

    def erase(self, workspace: WorkspaceId, ref: CrmRef, now: datetime) -> bool:
        """Remove all that is held of the record's lead, raw deliveries included; only a hash stays, to refuse it later.

        Returns whether there was anything to remove.
        """
        ...

    def erased(self, workspace: WorkspaceId, refs: Collection[CrmRef]) -> frozenset[CrmRef]:
        """Which of these were erased."""
        ...

    def add_book_facts(self, workspace: WorkspaceId, fact: Fact, after: LeadId | None, limit: int) -> LeadId | None:
        """Put the fact into the next `limit` mailboxes after that lead; the last one's id, None at the end."""
        ...


class Outbox(Protocol):
    """What is still to be written to CRMs, and what was."""

    def due(self, connection: ConnectionId, now: datetime, limit: int) -> Sequence[OutboxChange]:
        """Pending and in-doubt changes whose time has come, in lane order."""
        ...

    def next_due_at(self, connection: ConnectionId) -> datetime | None:
        """When the earliest pending change may leave."""
        ...

    def mark_attempted(self, changes: Sequence[OutboxChange], now: datetime) -> None:
        """Record that the calls for these changes begin.

        An act is in doubt from here on, until it is settled. Of desired state, what the call overwrites is no longer
        known. Raises LostClaimError, with nothing recorded, when one of the acts was withdrawn or changed meanwhile.
        """
        ...

    def settle(self, settled: Sequence[Settled], now: datetime) -> None:
        """Close or postpone, and count one attempt more.

        A desired state that was wanted differently meanwhile stays pending. An act settled as `attempted` stays in
        doubt: it is due again, and is not withdrawn.
        """
        ...

    def list(
        self, workspace: WorkspaceId | None, states: Collection[ChangeState], limit: int
    ) -> Sequence[OutboxChange]:
        """The latest first."""
        ...

    def retry(self, ids: Collection[int], now: datetime) -> int:
        """Make dead letters pending again; how many there were."""
        ...


class Connections(Protocol):
    """Links to CRM accounts."""

    def all(self) -> Sequence[Connection]:
        """Every connection, by id."""
        ...

    def by_account(self, crm: str, accounts: Collection[str]) -> Mapping[str, Connection]:
        """The connections of these accounts; unknown ones are left out."""
        ...

    def save(self, connection: Connection, now: datetime) -> None:
        """Add or replace, by id."""
        ...

    def pause(self, connection: ConnectionId, because: str) -> None:
        """Stop talking to it until its credentials are saved anew."""
        ...


@dataclass(frozen=True, slots=True)
class StoredBook:
    """A mapping version that was applied: its files, by name."""

    version: str
    files: Mapping[str, str]
    applied_at: datetime


class Books(Protocol):
    """Every mapping version that was ever applied."""

    def latest(self, workspace: WorkspaceId) -> StoredBook | None:
        """The one that applies."""
        ...

    def all(self, workspace: WorkspaceId) -> Sequence[StoredBook]:
        """All, oldest first."""
        ...

    def add(self, workspace: WorkspaceId, book: StoredBook) -> None:
        """Keep a version; one that exists becomes the latest again."""
        ...


class Counts(Protocol):
    """How often something happened, for people to look at."""

    def add(self, amounts: Mapping[str, int]) -> None:
        """Add to the counters, for example `facts.new`."""
        ...

    def all(self) -> Mapping[str, int]:
        """Every counter."""
        ...


class Leases(Protocol):
    """Timed claims on things that only one worker may do."""

    def take(self, name: str, holder: str, until: datetime, now: datetime) -> bool:
        """Take or renew; False while another holds it."""
        ...

    def release(self, name: str, holder: str) -> None:
        """Let go; nothing happens when it is not held."""
        ...


class Transaction(Protocol):
    """One unit of work: all of it or nothing."""

    deliveries: Deliveries
    leads: Leads
    outbox: Outbox
    connections: Connections
    books: Books
    counts: Counts
    leases: Leases


@dataclass(frozen=True, slots=True)
class LeadSummary:
    """A lead as a list of leads shows it."""

    workspace: WorkspaceId
    id: LeadId
    email: str
    refs: tuple[CrmRef, ...]
    lead: Lead
    facts: int
    #: How many of the facts were not folded in yet.
    unread: int = 0


@dataclass(frozen=True, slots=True)
class ProgramCount:
    """How many enrolments of a program stand in a phase and state."""

    program: str
    phase: str
    state: str
    enrolments: int


@dataclass(frozen=True, slots=True)
class Health:
    """What is going on, in numbers."""

    deliveries_waiting: int
    leads: int
    leads_unread: int
    leads_due: int
    facts: int
    outbox: Mapping[str, int]
    strays: Mapping[str, int]
    oldest_delivery_at: datetime | None


class ReadModels(Protocol):
    """The questions of the CLI and the console, one query each."""

    def lead(self, workspace: WorkspaceId, who: str) -> LeadSummary | None:
        """By lead id, email address, CRM reference or record id."""
        ...

    def leads(self, workspace: WorkspaceId, limit: int, after: LeadId | None = None) -> Sequence[LeadSummary]:
        """By id, paged."""
        ...

    def facts(self, workspace: WorkspaceId, lead_id: LeadId) -> Sequence[Fact]:
        """All, by position."""
        ...

    def history(self, workspace: WorkspaceId, lead_id: LeadId) -> Sequence[HistoryEntry]:
        """All, oldest first."""
        ...

    def changes(self, workspace: WorkspaceId, lead_id: LeadId) -> Sequence[OutboxChange]:
        """Everything of the outbox that concerns the lead."""
        ...

    def funnel(self, workspace: WorkspaceId) -> Sequence[ProgramCount]:
        """Enrolments by program, phase and state."""
        ...

    def health(self, now: datetime) -> Health:
        """The numbers of `coltiva status`."""
        ...

    def held_leases(self, now: datetime) -> Mapping[str, str]:
        """Lease -> its holder. A running worker renews one named `worker:<its id>`: readiness looks for it."""
        ...


class Store(Protocol):
    """The database."""

    read_models: ReadModels

    def keep(self, delivery: NewDelivery) -> None:
        """Make a delivery durable, in a transaction of its own. Raises StoreUnavailableError."""
        ...

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Begin a unit of work; leaving without an error commits, leaving with one rolls back."""
        ...

    def reading(self) -> AbstractContextManager[Transaction]:
        """A snapshot in which nothing may be changed; it neither waits for writers nor keeps them waiting."""
        ...

    def claim_deliveries(self, limit: int) -> AbstractContextManager[DeliveryClaim]:
        """The oldest received deliveries."""
        ...

    def claim_leads(self, now: datetime, limit: int) -> AbstractContextManager[LeadClaim]:
        """Leads that have mail or a due alarm, and have been read from their CRM."""
        ...

    def next_wake_at(self) -> datetime | None:
        """When the earliest lead wakes."""
        ...

    def migrate(self) -> None:
        """Bring the schema up to date. A second run changes nothing."""
        ...

    def is_current(self) -> bool:
        """Whether the schema is the one this code needs. Raises StoreUnavailableError."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...
