"""SQLite: one file, many readers, one writer.

What must differ from PostgreSQL, and why:

- A write transaction begins IMMEDIATE: one that begins as a reader and writes later can fail at once, whatever the
  time-out, when another wrote in between.
- A claim takes no lock. There is one writer for the whole file, so a lock held while leads are judged would keep the
  web process from storing deliveries. Instead what is written names the version that was read, and a claim that lost
  is given up (LostClaimError).
- WAL lets readers go on while one writes. A commit waits until the disk has it (synchronous=FULL), and with it all that
  was committed before. Where a claim is written it does not: until a call to a CRM begins, which is recorded in a
  commit that waits, only we know what was taken in or judged, and do it again after a loss of power.
- Who writes next is settled in turn (decision 0024).
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from connector.errors import StoreUnavailableError
from connector.ports import NewDelivery
from connector.store.codec import to_ms
from connector.store.database import Hold
from connector.store.session import Session, Wording
from connector.store.turns import Turns

#: Seconds that a writer waits for another one.
_PATIENCE = 30

#: Times that a new file is asked to change its journal while other processes come and go.
_MAX_SWITCHES = 100

_WAIT_FOR_DISK = "PRAGMA synchronous = FULL"
_NOT_WAIT_FOR_DISK = "PRAGMA synchronous = NORMAL"
_PRAGMAS = (
    _WAIT_FOR_DISK,
    "PRAGMA temp_store = MEMORY",
    # What is deleted is overwritten: erasing a person leaves nothing in the file.
    "PRAGMA secure_delete = ON",
    # Pages in the log before they are moved into the file: pages that are written often are moved once.
    "PRAGMA wal_autocheckpoint = 4000",
)

_KEEP = "INSERT INTO deliveries (endpoint, received_at, body) VALUES (?, ?, ?)"
_KEEP_ANOTHER = ", (?, ?, ?)"

_FULL = "Free space on its disk; nothing is lost meanwhile."
_DAMAGED = "Restore the file from a backup."
_ACCESS = "Check owner and rights of the file and its folder, which Coltiva writes to, and that the disk is there."

# The file cannot be used, and what to do then. All else is a defect.
_REMEDIES = {
    sqlite3.SQLITE_BUSY: "",
    sqlite3.SQLITE_CANTOPEN: _ACCESS,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: _ACCESS,
    sqlite3.SQLITE_LOCKED: "",
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_READONLY: _ACCESS,
}


class SqliteDatabase:
    """One SQLite file, for any number of threads."""

    def __init__(self, url: str) -> None:
        self._file = Path(make_url(url).database or "")
        self.engine = _build_engine(url)
        self._wording = Wording(self.engine.dialect)
        self._turns = Turns()
        self._local = threading.local()
        self._pinned: list[sqlite3.Connection] = []

    def keep(self, *deliveries: NewDelivery) -> None:
        """Insert rows on this thread's own connection; one statement outside a transaction commits itself."""
        values = [value for kept in deliveries for value in (kept.endpoint, to_ms(kept.received_at), kept.body)]
        self._refuse_another_file()
        try:
            self._connection().execute(_KEEP + _KEEP_ANOTHER * (len(deliveries) - 1), values)
        except sqlite3.DatabaseError as error:
            if _is_unavailable(error):
                raise _to_unavailable(error) from error
            raise

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A snapshot: what others write meanwhile is not seen."""
        with _translating(), self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            connection.exec_driver_sql("PRAGMA query_only = ON")
            try:
                yield Session(connection, self._wording)
            finally:
                connection.exec_driver_sql("PRAGMA query_only = OFF")
            connection.commit()

    def writing(self) -> AbstractContextManager[Session]:
        """The one write transaction; waits for the one before it. Once it is over, it survives a loss of power."""
        return self.write(_WAIT_FOR_DISK)

    @contextmanager
    def claiming(self) -> Iterator[Hold]:
        """Nothing is held: whoever writes first has it."""
        yield SqliteHold(self)

    def migrating(self) -> AbstractContextManager[Session]:
        """As any writing: there is one writer."""
        return self.writing()

    def load_ahead(self) -> None:
        """Word every statement now, and write in turn with processes that are forked off from here on."""
        self._wording.load_all()
        self._turns.share()

    def wipe(self) -> None:
        """Empty the write-ahead log: until then it, and the file, hold pages as they were before."""
        with _translating(), self.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close every connection, those of other threads too."""
        while self._pinned:
            self._pinned.pop().close()
        self._local = threading.local()
        self.engine.dispose()

    @contextmanager
    def write(self, durability: str) -> Iterator[Session]:
        """The one write transaction, with what its commit waits for."""
        with _translating(), self.engine.connect() as connection, self._turns.taken():
            connection.exec_driver_sql(durability)
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield Session(connection, self._wording)
            connection.commit()

    def _refuse_another_file(self) -> None:
        """Notice that the file was deleted or replaced: what is written to the old one is lost with it."""
        try:
            inode = self._file.stat().st_ino
        except FileNotFoundError:
            inode = 0
        if inode != getattr(self._local, "inode", inode):
            self._pinned.remove(self._local.connection)
            self._local.connection.close()
            del self._local.connection, self._local.inode
            raise StoreUnavailableError("SQLite: the database file was deleted or replaced")

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = sqlite3.connect(
                self._file, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
            )
            _set_up(connection)
            self._local.inode = self._file.stat().st_ino
            self._pinned.append(connection)
        return connection


class SqliteHold:
    """What was claimed, held by nothing."""

    def __init__(self, database: SqliteDatabase) -> None:
        self.reading = database.reading
        self._database = database

    def writing(self) -> AbstractContextManager[Session]:
        """As any writing, but that a loss of power may take it back, whole: then it is claimed and done again."""
        return self._database.write(_NOT_WAIT_FOR_DISK)


def _build_engine(url: str) -> Engine:
    # isolation_level None: the driver begins no transaction of its own, we say how each begins.
    arguments = {"timeout": _PATIENCE, "isolation_level": None, "check_same_thread": False}
    # Parameters hold what we know of people: they stay out of errors, which are logged.
    engine = create_engine(url, connect_args=arguments, hide_parameters=True)
    event.listen(engine, "connect", lambda connection, record: _set_up(connection))
    return engine


def _set_up(connection: Any) -> None:
    _switch_to_wal(connection)
    for pragma in _PRAGMAS:
        _execute(connection, pragma)


def _switch_to_wal(connection: Any) -> None:
    """Done once in a file's life. It fails at once while another process uses the file; BEGIN EXCLUSIVE waits."""
    for _ in range(_MAX_SWITCHES):
        try:
            return _execute(connection, "PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if not _is_unavailable(error):
                raise
        _execute(connection, "BEGIN EXCLUSIVE")
        _execute(connection, "COMMIT")
    raise StoreUnavailableError("SQLite: the file is in use and cannot be prepared")


def _execute(connection: Any, statement: str) -> None:
    with closing(connection.execute(statement)) as cursor:
        cursor.fetchall()


@contextmanager
def _translating() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if _is_unavailable(error.orig):
            raise _to_unavailable(error.orig) from error
        raise


def _is_unavailable(error: BaseException | None) -> bool:
    return _reason(error) in _REMEDIES


def _to_unavailable(error: BaseException | None) -> StoreUnavailableError:
    return StoreUnavailableError(f"SQLite: {error}. {_REMEDIES.get(_reason(error), '')}".rstrip())


def _reason(error: BaseException | None) -> int:
    # The low byte is the reason, the rest its details.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
