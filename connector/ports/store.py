"""The database: one unit of work, and what can be done in it, by concern."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from connector.domain.fact import Fact
from connector.domain.ids import ConnectionId, CrmRef, LeadId, WorkspaceId
from connector.domain.outward.change import ChangeState
from connector.domain.override import NO_OVERRIDES, OverrideEntry, Overrides
from connector.ports.accounts import Connection
from connector.ports.bulk import BulkJobs
from connector.ports.census import Censuses
from connector.ports.changes import Streams
from connector.ports.companions import Companions
from connector.ports.deals import Deals
from connector.ports.doubles import Doubles
from connector.ports.exchange import OutboxChange, Settled
from connector.ports.invitations import Invitations
from connector.ports.leads import CurrentLead, NewFact, NewRecord, SavedLead, StoredLead, Unread
from connector.ports.petitions import Petitions
from connector.ports.purchases import Purchases
from connector.ports.reading import ReadModels
from connector.ports.receiving import Delivery, DeliveryState, NewDelivery, Stray
from connector.ports.sales import Assignments
from connector.ports.signals import ApiKeys, BatchName, Feeds, Seekers
from connector.ports.signing import SigningKeys


class Deliveries(Protocol):
    """Raw requests."""

    def settle(self, states: Mapping[int, DeliveryState]) -> None:
        """Close them. Raises LostClaimError when one was no longer open."""
        ...

    def add_strays(self, strays: Sequence[Stray]) -> None:
        """Keep aside what became no fact. A feed's record that is kept already is not kept again."""
        ...

    def keep(self, delivery: NewDelivery) -> None:
        """Keep what came over a stream; it waits to be taken in."""
        ...

    def keep_once(self, delivery: NewDelivery, batch: BatchName) -> bool:
        """Keep a batch unless one of its name was kept before; whether it is, or was, the same batch.

        False, with nothing kept, where the name was given to another one. A second run changes nothing.
        """
        ...

    def strays(self, limit: int) -> Sequence[Stray]:
        """The latest first."""
        ...

    def forget(self, ids: Collection[int]) -> None:
        """Drop the bodies of these deliveries."""
        ...

    def forget_before(self, moment: datetime) -> int:
        """Drop the deliveries received before this moment that do not wait, and what strays quote; how many deliveries.

        A stray itself stays: its reason, type and account. What batches were called is forgotten, too.
        """
        ...


class Leads(Protocol):
    """Leads and how they are found."""

    def find(self, workspace: WorkspaceId, refs: Collection[CrmRef]) -> Mapping[CrmRef, LeadId]:
        """The leads of these records; unknown records are left out."""
        ...

    def find_by_email(self, workspace: WorkspaceId, emails: Collection[str]) -> Mapping[str, LeadId]:
        """The leads that have these addresses, in lower case; of several leads, the first by id."""
        ...

    def add(self, workspace: WorkspaceId, leads: Mapping[CrmRef, LeadId], book: str, now: datetime) -> None:
        """Make leads that wait to be read from their CRM. One that exists is left as it is.

        Raises LostClaimError when another worker gave one of the records to another lead a moment ago.
        """
        ...

    def add_read(self, workspace: WorkspaceId, records: Sequence[NewRecord], book: str, now: datetime) -> None:
        """Make leads of records that nobody heard of and that were read, and have them judged by what they hold.

        Raises LostClaimError when another worker heard of one of the records a moment ago.
        """
        ...

    def add_facts(self, workspace: WorkspaceId, facts: Sequence[NewFact], now: datetime) -> int:
        """Put facts into mailboxes and wake their leads; duplicates are dropped. Returns how many were new.

        Raises LostClaimError when one of the leads is gone: another worker merged or erased it a moment ago.
        """
        ...

    def facts_by_prefix(
        self, workspace: WorkspaceId, lead_ids: Collection[LeadId], prefix: str
    ) -> Mapping[LeadId, Sequence[Fact]]:
        """Facts of these leads whose keys begin so, in order of arrival; leads without any are left out."""
        ...

    def current(self, workspace: WorkspaceId, lead_ids: Collection[LeadId]) -> Mapping[LeadId, CurrentLead]:
        """These leads as they stand; those that are gone are left out."""
        ...

    def read_again(self, workspace: WorkspaceId, refs: Collection[CrmRef], now: datetime) -> None:
        """Have these records read again, or those as which they live on; meanwhile what is known counts."""
        ...

    def read_since(self, workspace: WorkspaceId, changed: Mapping[CrmRef, datetime], now: datetime) -> int:
        """Have these records read again, but for those that were read as of the moment of their change, or later.

        Returns how many records wait for it; what lives on as another record does not. A second run changes nothing
        more.
        """
        ...

    def unread(self, connection: Connection, now: datetime, limit: int) -> Sequence[Unread]:
        """Records of this connection that wait to be read now, those of which nothing is known first."""
        ...

    def set_read(self, workspace: WorkspaceId, as_of: Mapping[CrmRef, datetime | None], now: datetime) -> None:
        """These records were read at this moment, as of these: from now on their leads are judged.

        No change up to then is left to be read; of None nobody knows. A wish to read again that is younger than `now`
        stays.
        """
        ...

    def postpone_reading(self, workspace: WorkspaceId, until: Mapping[CrmRef, datetime], now: datetime) -> None:
        """Let these records wait until then. A wish to read again that is younger than `now` stays."""
        ...

    def merge(self, workspace: WorkspaceId, survivor: CrmRef, refs: Collection[CrmRef], now: datetime) -> LeadId:
        """Make one lead of all leads of these records, which live on in the CRM as `survivor`; returns that lead.

        Their facts, records and acts move to it, and it is folded anew. Its id is the least that its living records
        give, so it is the same in whatever order merges come. The other records become names for it that are neither
        read nor written to. A second run changes nothing. Raises LostClaimError when another worker was faster.
        """
        ...

    def shared_emails(self, workspace: WorkspaceId, emails: Collection[str]) -> frozenset[str]:
        """Which of these addresses, in lower case, several leads have."""
        ...

    def with_email(self, workspace: WorkspaceId, email: str) -> Mapping[LeadId, int]:
        """The leads that have this address, in lower case, held until the transaction ends; each with how many records.

        Records that live on as others are not counted.
        """
        ...

    def join(self, workspace: WorkspaceId, lead_ids: Collection[LeadId], now: datetime) -> LeadId:
        """Make one lead of these, all of whose records live on; returns the lead that remains, as `merge` does.

        It is told why. A second run changes nothing. Raises LostClaimError when another worker was faster.
        """
        ...

    def records(self, workspace: WorkspaceId, lead_ids: Collection[LeadId]) -> Mapping[LeadId, Mapping[str, str]]:
        """All records that these leads ever had, each with the one as which it lives: itself, or another one."""
        ...

    def part(
        self, workspace: WorkspaceId, lead_id: LeadId, refs: Collection[CrmRef], because: str, now: datetime
    ) -> LeadId:
        """Make a lead of its own of these records of a lead; returns it. Each of the two takes along what it told.

        Both are folded anew and told why. What was sent counts as sent to both. Where all records of the lead are
        among these, or none is, nothing happens. Raises LostClaimError when another worker was faster.
        """
        ...

    def keep_apart(self, workspace: WorkspaceId, refs: Collection[CrmRef], now: datetime) -> None:
        """Join these records with nobody by their address from here on; a merge in their CRM ends that."""
        ...

    def let_join(self, workspace: WorkspaceId, refs: Collection[CrmRef], now: datetime) -> bool:
        """Let these records be joined by their address again, and have it looked at; whether they had been apart."""
        ...

    def tell_joined(self, workspace: WorkspaceId, lead_ids: Collection[LeadId], now: datetime) -> None:
        """Tell those of these leads that have several records why that is so, as far as they were not told yet."""
        ...

    def erase(self, workspace: WorkspaceId, ref: CrmRef, now: datetime) -> bool:
        """Remove all that is held of the record's lead, raw deliveries included; only a hash stays, to refuse it later.

        Returns whether there was anything to remove.
        """
        ...

    def merged_away(self, workspace: WorkspaceId, refs: Collection[CrmRef]) -> frozenset[CrmRef]:
        """Which of these records live on in another one."""
        ...

    def live_again(self, workspace: WorkspaceId, refs: Collection[CrmRef], now: datetime) -> None:
        """What a merge took away of these came back: it is read and written to again, as a record of the same lead.

        A second run changes nothing, nor does a record that lives.
        """
        ...

    def erased(self, workspace: WorkspaceId, refs: Collection[CrmRef]) -> frozenset[CrmRef]:
        """Which of these were erased."""
        ...

    def erased_emails(self, workspace: WorkspaceId, emails: Collection[str]) -> frozenset[str]:
        """Which of these addresses, in lower case, belonged to somebody who was erased."""
        ...

    def untold(self, workspace: WorkspaceId, version: str, limit: int) -> Mapping[LeadId, str]:
        """Leads that were told last of another version of the mapping than this one, and of which."""
        ...

    def tell(self, workspace: WorkspaceId, lead_ids: Collection[LeadId], book: Fact, now: datetime) -> None:
        """Tell these leads of a version of the mapping. A second run changes nothing.

        Raises LostClaimError when one of the leads is gone: another worker merged or erased it a moment ago.
        """
        ...

    def want_reading(self, workspace: WorkspaceId, lead_ids: Collection[LeadId], now: datetime) -> None:
        """Have all records of these leads read again, as `read_again` does."""
        ...


class Outbox(Protocol):
    """What is still to be written to CRMs, and what was."""

    def due(self, connection: ConnectionId, now: datetime, limit: int) -> Sequence[OutboxChange]:
        """Pending and in-doubt changes whose time has come, in lane order."""
        ...

    def writes_due(self, connection: ConnectionId, now: datetime, limit: int) -> Sequence[OutboxChange]:
        """Properties of which the time has come, in their order."""
        ...

    def has_writes_due(self, connection: ConnectionId, now: datetime, amount: int) -> bool:
        """Whether the properties of so many records wait to be written."""
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

    def postpone(self, ids: Collection[int], until: datetime, words: str | None = None) -> None:
        """Let these open changes be due again then, and say why; None leaves the words. No attempt is counted."""
        ...

    def emails_left(
        self, workspace: WorkspaceId, lead_ids: Collection[LeadId], since: datetime, now: datetime
    ) -> Mapping[LeadId, Sequence[datetime]]:
        """When emails of these leads left after `since`, oldest first; leads without any are left out.

        One whose call began and of which nobody knows yet what became counts as leaving now.
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

    def by_id(self, connection: ConnectionId) -> Connection | None:
        """One connection; None where it is not there any more."""
        ...

    def is_known(self, crm: str, account: str) -> bool:
        """Whether the account is connected, active or paused."""
        ...

    def save(self, connection: Connection, now: datetime) -> None:
        """Add or replace, by id."""
        ...

    def replace_token(self, connection: ConnectionId, *, old: str, new: str, now: datetime) -> bool:
        """Keep a new token in place of the old one; False, with nothing changed, where another is kept by now."""
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
    #: What is set on top of the files.
    overrides: Overrides = NO_OVERRIDES


class OverrideLedger(Protocol):
    """Who set or took back what for a whole workspace, when and why."""

    def add(self, workspace: WorkspaceId, entries: Sequence[OverrideEntry]) -> None:
        """Write these lines below all others."""
        ...

    def all(self, workspace: WorkspaceId) -> Sequence[OverrideEntry]:
        """Every line, oldest first."""
        ...


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
    deals: Deals
    companions: Companions
    invitations: Invitations
    doubles: Doubles
    outbox: Outbox
    connections: Connections
    books: Books
    overrides: OverrideLedger
    counts: Counts
    leases: Leases
    api_keys: ApiKeys
    signing_keys: SigningKeys
    seekers: Seekers
    feeds: Feeds
    censuses: Censuses
    bulk_jobs: BulkJobs
    streams: Streams
    petitions: Petitions
    assignments: Assignments
    purchases: Purchases


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


class Store(Protocol):
    """The database."""

    read_models: ReadModels

    def keep(self, *deliveries: NewDelivery) -> None:
        """Make deliveries durable, all or none, in a transaction of their own. Raises StoreUnavailableError."""
        ...

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Begin a unit of work; leaving without an error commits, leaving with one rolls back."""
        ...

    def reading(self) -> AbstractContextManager[Transaction]:
        """A snapshot in which nothing may be changed; it neither waits for writers nor keeps them waiting."""
        ...

    def claim_deliveries(self, limit: int) -> AbstractContextManager[DeliveryClaim]:
        """The oldest received deliveries: at most `limit`, fewer where they are large, one in any case."""
        ...

    def claim_leads(self, now: datetime, limit: int) -> AbstractContextManager[LeadClaim]:
        """Leads that have mail or a due alarm, and have been read from their CRM."""
        ...

    def next_wake_at(self) -> datetime | None:
        """When there is something to decide next: a lead wakes, or a petition is due."""
        ...

    def wipe(self) -> None:
        """Leave nothing of what was deleted in the database's files, as far as that is in our hands.

        A second run changes nothing. Raises StoreUnavailableError.
        """
        ...

    def load_ahead(self) -> None:
        """Prepare now what would be prepared when it is first needed. Nothing is asked of the database."""
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
