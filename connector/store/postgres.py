"""PostgreSQL: any number of readers and writers.

What must differ from SQLite, and why:

- A claim locks its rows for as long as they are worked on (FOR UPDATE SKIP LOCKED), so that other workers take other
  rows instead of doing the same work and losing it. The transaction that read them is the one that writes them.
- Two workers may stand in each other's way (a deadlock): one of them gives up what it claimed (LostClaimError), which
  costs nothing and is tried again at once. A lost connection is tried again later (StoreUnavailableError).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from connector.errors import LostClaimError, StoreUnavailableError
from connector.ports import NewDelivery
from connector.store.codec import to_ms
from connector.store.database import Hold
from connector.store.session import Session, Wording

_KEEP = "INSERT INTO deliveries (endpoint, received_at, body) VALUES (%s, %s, %s)"
_KEEP_ANOTHER = ", (%s, %s, %s)"
# Any number, the same for all who migrate.
_LOCK_FOR_MIGRATING = "SELECT pg_advisory_xact_lock(7210433)"


class PostgresDatabase:
    """One PostgreSQL database, for any number of threads."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        # Parameters hold what we know of people: they stay out of errors, which are logged.
        self.engine: Engine = create_engine(parsed.set(drivername="postgresql+psycopg"), hide_parameters=True)
        self._snapshots = self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._address = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
        self._wording = Wording(self.engine.dialect)
        self._local = threading.local()
        self._pinned: set[psycopg.Connection[Any]] = set()

    def keep(self, *deliveries: NewDelivery) -> None:
        """Insert rows on this thread's own connection; each statement commits itself."""
        values = [value for kept in deliveries for value in (kept.endpoint, to_ms(kept.received_at), kept.body)]
        statement = _KEEP + _KEEP_ANOTHER * (len(deliveries) - 1)
        try:
            self._connection().execute(statement, values, prepare=True)
        except psycopg.OperationalError as error:
            self._drop_connection()
            raise StoreUnavailableError(f"PostgreSQL: {error}") from error

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A snapshot: what others write meanwhile is not seen."""
        with _translating(), self._snapshots.connect() as connection:
            yield Session(connection, self._wording)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction; rows it changed are locked until it ends."""
        with _translating(), self.engine.begin() as connection:
            yield Session(connection, self._wording)

    @contextmanager
    def claiming(self) -> Iterator[Hold]:
        """One transaction from reading to writing."""
        with _translating(), self.engine.connect() as connection:
            yield PostgresHold(connection, self._wording)

    @contextmanager
    def migrating(self) -> Iterator[Session]:
        """Whoever comes second waits, and finds the work done."""
        with self.writing() as session:
            session.connection.exec_driver_sql(_LOCK_FOR_MIGRATING)
            yield session

    def load_ahead(self) -> None:
        """Word every statement now."""
        self._wording.load_all()

    def wipe(self) -> None:
        """Nothing to do: PostgreSQL overwrites dead rows by itself (autovacuum)."""

    def close(self) -> None:
        """Close every connection, those of other threads too."""
        while self._pinned:
            self._pinned.pop().close()
        self._local = threading.local()
        self.engine.dispose()

    def _connection(self) -> psycopg.Connection[Any]:
        connection: psycopg.Connection[Any] | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = psycopg.connect(self._address, autocommit=True)
            self._pinned.add(connection)
        return connection

    def _drop_connection(self) -> None:
        connection: psycopg.Connection[Any] | None = getattr(self._local, "connection", None)
        if connection is not None:
            self._pinned.discard(connection)
            self._local.connection = None
            connection.close()


class PostgresHold:
    """Rows that stay locked while their claim lasts, or until it is written."""

    def __init__(self, connection: Connection, wording: Wording) -> None:
        self._connection = connection
        self._wording = wording

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """In the transaction that stays open."""
        yield Session(self._connection, self._wording)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """In the transaction that read, which ends here."""
        try:
            yield Session(self._connection, self._wording)
        except BaseException:
            self._connection.rollback()
            raise
        self._connection.commit()


@contextmanager
def _translating() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if isinstance(error.orig, psycopg.errors.DeadlockDetected):
            raise LostClaimError("another worker stood in the way") from error
        if isinstance(error.orig, psycopg.OperationalError):
            raise StoreUnavailableError(f"PostgreSQL: {error.orig}") from error
        raise
