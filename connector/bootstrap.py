"""The one place that names concrete classes.

What is heavy is imported when it is first needed: the web process never loads a CRM's SDK, the mapping language or a
template engine, and `coltiva --help` loads nothing of this at all.
"""

from __future__ import annotations

import base64
import os
import secrets
import socket
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast

from connector import log
from connector.clock import Clock, FileClock, SystemClock
from connector.crms import REGISTRY
from connector.crms.manifest import Role, Surroundings
from connector.errors import SettingsError, SetupError
from connector.ports import (
    ChangeStream,
    Connection,
    Crm,
    CrmAccount,
    CrmApp,
    Endpoint,
    Invitation,
    LetIn,
    Store,
    StoredBook,
    TokenKeeper,
)
from connector.settings import Settings

if TYPE_CHECKING:
    from connector.crms.salesforce.app import SalesforceApp
    from connector.domain.book import Book
    from connector.engine.inward.listening import Listening
    from connector.engine.judging.shelf import Shelf
    from connector.engine.running.line import Line
    from connector.engine.running.worker import Worker


@dataclass(frozen=True, slots=True)
class Services:
    """What every process starts from."""

    settings: Settings
    clock: Clock
    store: Store
    #: Ours in each CRM.
    apps: Mapping[str, CrmApp]
    endpoints: Mapping[str, Endpoint]

    def open_crm(self, connection: Connection) -> Crm:
        """The CRM account of a connection. Loads its SDK and calls nothing."""
        return self.open_account(connection)

    def open_account(self, connection: Connection) -> CrmAccount:
        """The same, as what can also be asked what it has."""
        return self.apps[connection.crm].open(connection, self._keep_token(connection))

    def be_let_in(self, crm: str, credentials: str) -> LetIn:
        """The account of this CRM that these credentials are good for. Raises CrmError and SetupError."""
        return self.apps[crm].be_let_in(credentials)

    def be_let_in_by_salesforce(self, host: str, username: str = "") -> LetIn:
        """By the secret of our app, or with a username by its certificate. Raises CrmError and SetupError."""
        return self._salesforce.be_let_in_by_host(host, username)

    def invite_to_salesforce(self, host: str) -> Invitation:
        """A page on which an administrator of the org lets us in. Raises SetupError."""
        return self._salesforce.invite(host)

    def missing_rights(self, connection: Connection, book: Book, written: Collection[str]) -> Sequence[str]:
        """What we may not do in an account, one sentence each. Raises CrmError."""
        reads = book.properties_to_read(connection.crm)
        keeper = self._keep_token(connection)
        return self.apps[connection.crm].missing_rights(connection, keeper, reads=reads, writes=written)

    def _keep_token(self, connection: Connection) -> TokenKeeper:
        from connector.engine.running.tokens import StoredToken

        return StoredToken(self.store, self.clock, connection.id)

    @property
    def _salesforce(self) -> SalesforceApp:
        """With what no other CRM's app can."""
        return cast("SalesforceApp", self.apps["salesforce"])

    def build_listening(self) -> Listening:
        """What listens to every org's changes. Raises SetupError where the packages for it are missing."""
        try:
            import connector.crms.salesforce.changes  # noqa: F401
        except ModuleNotFoundError as error:
            raise SetupError(
                f"Listening to change events needs the package {error.name}: "
                ".venv/bin/pip install fastavro grpcio 'protobuf>=7.35.1,<8'"
            ) from error
        if not self.settings.has_bus:
            raise SetupError(
                "COLTIVA_SALESFORCE_BASE_URL is a simulated org, and COLTIVA_SALESFORCE_PUBSUB is not on this machine. "
                "Set it to where the simulated org tells of changes."
            )
        from connector.engine.inward.listening import Ear, Listening

        lease_length = timedelta(seconds=self.settings.lease_seconds)
        streaming = frozenset(name for name, crm in REGISTRY.items() if Role.STREAM in crm.roles)
        return Listening(Ear(self.store, self.clock, streaming, self._open_changes, _name_process(), lease_length))

    def _open_changes(self, connection: Connection) -> ChangeStream:
        return self._salesforce.open_changes(connection, self._keep_token(connection))

    def read_mapping(self) -> tuple[Book, StoredBook]:
        """The mapping in the folder of the settings, compiled and as it is kept. Raises MappingError."""
        from connector.domain.book import compile_book
        from connector.mapping.load import load_mapping, read_folder

        folder = self.settings.mappings
        book = compile_book(load_mapping(folder))
        return book, StoredBook(book.version, read_folder(folder), self.clock.now())

    def apply_mapping(self) -> Book:
        """Make the mapping in the folder the one that counts, if it is not already. Raises MappingError."""
        from connector.engine.judging.apply import apply_book

        book, stored = self.read_mapping()

        def compile_known(each: StoredBook) -> Book:
            return book if each.version == book.version else compile_stored(each)

        apply_book(self.store, compile_known, book.workspace, stored)
        return book

    def open_shelf(self) -> Shelf:
        """The books that were ever applied."""
        from connector.engine.judging.shelf import Shelf

        return Shelf(self.store, compile_stored)

    def load_ahead(self) -> None:
        """Load and word now what a worker will need.

        Python writes into whatever it runs or looks at: loaded later, less stays shared between forked processes.
        """
        import connector.crms.hubspot.portal  # noqa: F401

        self.store.load_ahead()

    def open_line(self, connection: Connection) -> Line:
        """A connection, for a command to call over; while it does, no worker does."""
        from connector.engine.running.backoff import full_jitter
        from connector.engine.running.line import Line, Tools

        lease_length = timedelta(seconds=self.settings.lease_seconds)
        holder = _name_process()
        return Line(Tools(self.store, self.clock, self.open_crm, full_jitter, holder, lease_length), connection)

    def build_worker(self) -> Worker:
        """A worker for everything; any number of them may share one database."""
        from connector.engine.running.work import Workplace, build_worker

        return build_worker(
            Workplace(
                store=self.store,
                clock=self.clock,
                endpoints=self.endpoints,
                compile_book=compile_stored,
                open_crm=self.open_crm,
                holder=_name_process(),
                lease_length=timedelta(seconds=self.settings.lease_seconds),
                poll=timedelta(milliseconds=self.settings.poll_milliseconds),
                feed_interval=timedelta(seconds=self.settings.feed_seconds),
                census_interval=timedelta(minutes=self.settings.reconcile_minutes),
                keep_for=timedelta(days=self.settings.retention_days),
            )
        )


def _name_process() -> str:
    """Among all processes on all hosts."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(2)}"


def open_services(settings: Settings) -> Services:
    """Begin to log, open the database, register the endpoints. The schema is left as it is."""
    log.configure(settings.log_level)
    store = _open_store(settings)
    clock = build_clock(settings)
    apps = {name: crm.open_app(_surroundings(name, settings, clock, store)) for name, crm in REGISTRY.items()}
    endpoints = {endpoint.name: endpoint for app in apps.values() for endpoint in app.endpoints}
    return Services(settings=settings, clock=clock, store=store, apps=apps, endpoints=endpoints)


def _surroundings(crm: str, settings: Settings, clock: Clock, store: Store) -> Surroundings:
    """What the app in a CRM is given. Its ways in ask the database who is connected, and what they sign with."""

    def is_connected(account: str) -> bool:
        with store.reading() as transaction:
            return transaction.connections.is_known(crm, account)

    def signing_keys(account: str) -> Sequence[str]:
        with store.reading() as transaction:
            return [key.secret for key in transaction.signing_keys.of(crm, account)]

    return Surroundings(settings, clock, is_connected, signing_keys)


def _open_store(settings: Settings) -> Store:
    """The database. A new SQLite file is for its owner's eyes alone: it holds personal data."""
    from connector.store.store import open_store

    keys = sealing_keys(settings)
    if settings.is_sqlite and settings.database_file.parent.is_dir() and not settings.database_file.exists():
        settings.database_file.touch(mode=0o600)
    try:
        return open_store(settings.database_url, keys)
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"COLTIVA_DATABASE_URL needs the package {error.name}: .venv/bin/pip install 'psycopg[binary]'"
        ) from error


def compile_stored(stored: StoredBook) -> Book:
    """A version that was kept, ready to run. Raises MappingError."""
    from connector.domain.book import compile_book
    from connector.domain.override import overridden
    from connector.mapping.load import parse_kept

    return compile_book(overridden(parse_kept(stored.files), stored.overrides))


def build_clock(settings: Settings) -> Clock:
    """The machine's clock, or that of a rehearsal."""
    return FileClock(settings.clock_file) if settings.clock_file else SystemClock()


def sealing_keys(settings: Settings) -> str:
    """The keys that seal tokens, newest first.

    With SQLite they may be kept in a file beside the database, readable by its owner alone: it is made on the first
    run, and every later run, in whatever process, reads the same.
    """
    if settings.secret_key:
        return settings.secret_key
    folder = settings.database_file.absolute().parent
    if not folder.is_dir():
        raise SettingsError(f"COLTIVA_DATABASE_URL: there is no folder {folder}. Make it, or choose another.")
    path = settings.database_file.with_name(settings.database_file.name + ".key")
    try:
        return _read_keys(path) if path.exists() else _make_keys(path)
    except OSError as error:
        raise SettingsError(
            f"COLTIVA_SECRET_KEY is not set, and {path} can be neither read nor made: {error.strerror}."
        ) from error


def _read_keys(path: Path) -> str:
    return path.read_text("ascii").strip()


def _make_keys(path: Path) -> str:
    """Make the file whole or not at all; of two processes that start at once, both end with the same key."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(base64.urlsafe_b64encode(os.urandom(32)).decode() + "\n")
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass  # another process was faster: its key counts
    finally:
        draft.unlink()
    return _read_keys(path)
