"""The store: one database behind the Store port."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from sqlalchemy import func, literal_column, select, union_all
from sqlalchemy.engine import make_url

from connector.domain.conditions.predicate import earliest
from connector.domain.petition import PetitionState
from connector.errors import SettingsError
from connector.ports import (
    ApiKeys,
    Assignments,
    Books,
    BulkJobs,
    Censuses,
    Companions,
    Connections,
    Counts,
    Deals,
    Deliveries,
    DeliveryClaim,
    Doubles,
    Feeds,
    Invitations,
    LeadClaim,
    Leads,
    Leases,
    Outbox,
    OverrideLedger,
    Petitions,
    Purchases,
    ReadModels,
    Seekers,
    SigningKeys,
    Streams,
    Transaction,
)
from connector.store.books import StoredBooks
from connector.store.bulk_jobs import StoredBulkJobs
from connector.store.censuses import StoredCensuses
from connector.store.claims import StoredDeliveryClaim, StoredLeadClaim, load_due
from connector.store.codec import from_optional_ms
from connector.store.companions import StoredCompanions
from connector.store.connections import StoredConnections
from connector.store.counts import StoredCounts
from connector.store.database import Database, Hold
from connector.store.deals import StoredDeals
from connector.store.deliveries import StoredDeliveries, load_oldest
from connector.store.doubles import StoredDoubles
from connector.store.feeds import StoredFeeds
from connector.store.invitations import StoredInvitations
from connector.store.keys import StoredApiKeys
from connector.store.leads import StoredLeads
from connector.store.leases import StoredLeases
from connector.store.migrate import is_current, migrate
from connector.store.outbox import StoredOutbox
from connector.store.overrides import StoredOverrides
from connector.store.petitions import StoredPetitions
from connector.store.purchases import StoredPurchases
from connector.store.read_models import StoredReadModels
from connector.store.sales import StoredAssignments
from connector.store.schema import leads, petitions
from connector.store.sealed import Seal
from connector.store.seekers import StoredSeekers
from connector.store.session import Session
from connector.store.signing import StoredSigningKeys
from connector.store.streams import StoredStreams

_NEXT_MOMENTS = union_all(
    select(func.min(leads.c.wake_at)).where(leads.c.wake_at.is_not(None)),
    select(func.min(petitions.c.due_at)).where(petitions.c.state == literal_column(f"'{PetitionState.OPEN}'")),
)


def open_store(url: str, secret_key: str) -> DatabaseStore:
    """The store of a database URL: `sqlite:///file` or `postgresql://...`.

    `secret_key` holds one or more keys of 32 bytes in URL-safe base64, parted by commas, the newest first. Nothing is
    connected before it is needed. Raises SettingsError.
    """
    return DatabaseStore(_open_database(url), Seal(secret_key))


def _open_database(url: str) -> Database:
    # Imported by need: a process uses one of the two, and psycopg is an extra.
    backend = make_url(url).get_backend_name()
    if backend == "sqlite":
        from connector.store.sqlite import SqliteDatabase

        return SqliteDatabase(url)
    if backend == "postgresql":
        from connector.store.postgres import PostgresDatabase

        return PostgresDatabase(url)
    raise SettingsError(f"Coltiva keeps its data in SQLite or PostgreSQL, not in {backend}.")


class StoreTransaction:
    """The Transaction port: one session, one concern each."""

    __slots__ = (
        "api_keys",
        "assignments",
        "books",
        "bulk_jobs",
        "censuses",
        "companions",
        "connections",
        "counts",
        "deals",
        "deliveries",
        "doubles",
        "feeds",
        "invitations",
        "leads",
        "leases",
        "outbox",
        "overrides",
        "petitions",
        "purchases",
        "seekers",
        "signing_keys",
        "streams",
    )

    def __init__(self, session: Session, seal: Seal) -> None:
        self.deliveries: Deliveries = StoredDeliveries(session)
        self.leads: Leads = StoredLeads(session, seal)
        self.deals: Deals = StoredDeals(session)
        self.companions: Companions = StoredCompanions(session, seal)
        self.invitations: Invitations = StoredInvitations(session, seal)
        self.doubles: Doubles = StoredDoubles(session)
        self.outbox: Outbox = StoredOutbox(session)
        self.connections: Connections = StoredConnections(session, seal)
        self.books: Books = StoredBooks(session)
        self.bulk_jobs: BulkJobs = StoredBulkJobs(session)
        self.overrides: OverrideLedger = StoredOverrides(session)
        self.counts: Counts = StoredCounts(session)
        self.leases: Leases = StoredLeases(session)
        self.api_keys: ApiKeys = StoredApiKeys(session)
        self.signing_keys: SigningKeys = StoredSigningKeys(session, seal)
        self.seekers: Seekers = StoredSeekers(session)
        self.feeds: Feeds = StoredFeeds(session)
        self.censuses: Censuses = StoredCensuses(session)
        self.streams: Streams = StoredStreams(session)
        self.assignments: Assignments = StoredAssignments(session)
        self.petitions: Petitions = StoredPetitions(session)
        self.purchases: Purchases = StoredPurchases(session)


class DatabaseStore:
    """The Store port. May be used from several threads, each transaction from one."""

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self._seal = seal
        self.read_models: ReadModels = StoredReadModels(database)
        #: Make deliveries durable, all or none, in a transaction of their own. Raises StoreUnavailableError.
        self.keep = database.keep

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Begin a unit of work; leaving without an error commits, leaving with one rolls back."""
        with self._database.writing() as session:
            yield StoreTransaction(session, self._seal)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """A snapshot in which nothing may be changed; it neither waits for writers nor keeps them waiting."""
        with self._database.reading() as session:
            yield StoreTransaction(session, self._seal)

    @contextmanager
    def claim_deliveries(self, limit: int) -> Iterator[DeliveryClaim]:
        """The oldest received deliveries, as many as fit into a claim."""
        with self._database.claiming() as hold:
            with hold.reading() as session:
                deliveries = load_oldest(session, limit)
            yield StoredDeliveryClaim(deliveries, partial(self._continue, hold))

    @contextmanager
    def claim_leads(self, now: datetime, limit: int) -> Iterator[LeadClaim]:
        """Leads that have mail or a due alarm, and have been read from their CRM."""
        with self._database.claiming() as hold:
            with hold.reading() as session:
                due = load_due(session, now, limit)
            yield StoredLeadClaim(hold, due, now)

    def next_wake_at(self) -> datetime | None:
        """When there is something to decide next: a lead wakes, or a petition is due."""
        with self._database.reading() as session:
            moments = [from_optional_ms(at) for (at,) in session.rows(_NEXT_MOMENTS)]
        return earliest(moments)

    def wipe(self) -> None:
        """Leave nothing of what was deleted in the database's files."""
        self._database.wipe()

    def load_ahead(self) -> None:
        """Word every statement now. A second run finds nothing to do."""
        self._database.load_ahead()

    def migrate(self) -> None:
        """Bring the schema up to date. A second run changes nothing."""
        migrate(self._database)

    def is_current(self) -> bool:
        """Whether the schema is the one this code needs. Raises StoreUnavailableError."""
        return is_current(self._database)

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    @contextmanager
    def _continue(self, hold: Hold) -> Iterator[Transaction]:
        with hold.writing() as session:
            yield StoreTransaction(session, self._seal)
