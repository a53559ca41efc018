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
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from connector import log
from connector.clock import Clock, FileClock, SystemClock
from connector.errors import SettingsError, SetupError
from connector.ports import ChangeStream, Connection, Crm, CrmAccount, Endpoint, Invitation, LetIn, Store, StoredBook
from connector.settings import Settings, is_loopback

if TYPE_CHECKING:
    from connector.crms.hubspot.portal import HubSpotPortal
    from connector.crms.salesforce.oauth import OAuth
    from connector.crms.salesforce.org import Salesforce, SalesforceOrg
    from connector.domain.book import Book
    from connector.engine.inward.listening import Listening
    from connector.engine.judging.shelf import Shelf
    from connector.engine.running.line import Line
    from connector.engine.running.worker import Worker

#: Below our address: where Salesforce sends administrators back to. Nothing answers there: the address is copied.
SALESFORCE_CALLBACK = "/oauth/salesforce/callback"


@dataclass(frozen=True, slots=True)
class Services:
    """What every process starts from."""

    settings: Settings
    clock: Clock
    store: Store
    endpoints: Mapping[str, Endpoint]
    #: Made when it is first needed; then the only one.
    _salesforce: list[Salesforce] = field(default_factory=list, repr=False)

    def open_crm(self, connection: Connection) -> Crm:
        """The CRM account of a connection. Loads its SDK and calls nothing."""
        return self.open_account(connection)

    def open_account(self, connection: Connection) -> CrmAccount:
        """The same, as what can also be asked what it has."""
        if connection.crm == "salesforce":
            return self._open_salesforce(connection)
        return self.open_hubspot(connection.token)

    def open_hubspot(self, token: str) -> HubSpotPortal:
        """The HubSpot account of a token."""
        from connector.crms.hubspot.portal import HubSpotPortal

        return HubSpotPortal(token, self.clock, self.settings.hubspot_base_url)

    def be_let_in_by_salesforce(self, host: str, username: str = "") -> LetIn:
        """By the secret of our app, or with a username by its certificate. Raises CrmError and SetupError."""
        oauth = self._salesforce_oauth()
        grant = oauth.connect_by_certificate(host, username) if username else oauth.connect_by_secret(host)
        return grant.let_in

    def invite_to_salesforce(self, host: str) -> Invitation:
        """A page on which an administrator of the org lets us in. Raises SetupError."""
        from connector.crms.salesforce.invitation import Invitation

        return Invitation(self._salesforce_oauth(), host, self.settings.public_url + SALESFORCE_CALLBACK)

    def missing_rights(self, connection: Connection, book: Book, written: Collection[str]) -> list[str]:
        """What the user as whom we are in an account may not do there, one sentence each. Raises CrmError."""
        if connection.crm != "salesforce":
            return []
        lacks = self._open_salesforce(connection).find_lacks(
            reads=book.properties_to_read(connection.crm), writes=written
        )
        return [str(lack) for lack in lacks]

    def _open_salesforce(self, connection: Connection) -> SalesforceOrg:
        from connector.engine.running.tokens import StoredToken

        keeper = StoredToken(self.store, self.clock, connection.id)
        return self._at_salesforce().open(connection, keeper)

    def _salesforce_oauth(self) -> OAuth:
        return self._at_salesforce().oauth

    def _at_salesforce(self) -> Salesforce:
        """Our app there: one for the process, for it remembers what its calls have spent, whatever the token."""
        from connector.crms.salesforce.oauth import App
        from connector.crms.salesforce.org import Salesforce

        if not self._salesforce:
            settings = self.settings
            key = _read_private_key(settings.salesforce_key_file) if settings.salesforce_key_file else ""
            app = App(settings.salesforce_client_id, settings.salesforce_client_secret, key)
            self._salesforce.append(
                Salesforce(app, self.clock, settings.salesforce_base_url, bulk_from=settings.salesforce_bulk_from)
            )
        return self._salesforce[0]

    def build_listening(self) -> Listening:
        """What listens to every org's changes. Raises SetupError where the packages for it are missing."""
        try:
            import connector.crms.salesforce.changes  # noqa: F401
        except ModuleNotFoundError as error:
            raise SetupError(
                f"Listening to change events needs the package {error.name}: "
                ".venv/bin/pip install fastavro grpcio 'protobuf>=7.35.1,<8'"
            ) from error
        from connector.crms.salesforce.translate import SALESFORCE
        from connector.engine.inward.listening import Ear, Listening

        lease_length = timedelta(seconds=self.settings.lease_seconds)
        return Listening(
            Ear(self.store, self.clock, frozenset({SALESFORCE}), self._open_changes, _name_process(), lease_length)
        )

    def _open_changes(self, connection: Connection) -> ChangeStream:
        from connector.crms.salesforce.changes import Bus, OrgChanges
        from connector.engine.running.tokens import StoredToken

        address = self.settings.salesforce_pubsub
        bus = Bus(address, self.settings.salesforce_channel, is_encrypted=not is_loopback(f"//{address}"))
        keeper = StoredToken(self.store, self.clock, connection.id)
        return OrgChanges(connection.token, keeper, self._salesforce_oauth(), self.clock, bus)

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
    endpoints = _open_endpoints(settings, store)
    return Services(
        settings=settings,
        clock=build_clock(settings),
        store=store,
        endpoints={endpoint.name: endpoint for endpoint in endpoints},
    )


def _open_endpoints(settings: Settings, store: Store) -> Sequence[Endpoint]:
    """Every way in. Salesforce's ask the database which orgs are connected, and what they sign with."""
    from connector.crms.hubspot.inbox import HubSpotEndpoint
    from connector.crms.salesforce.changes_inbox import ChangeEvents
    from connector.crms.salesforce.events_inbox import SignedEvents
    from connector.crms.salesforce.known import Known
    from connector.crms.salesforce.outbound import OutboundMessages
    from connector.crms.salesforce.translate import SALESFORCE

    def is_known(org: str) -> bool:
        with store.reading() as transaction:
            return transaction.connections.is_known(SALESFORCE, org)

    def secrets_of(org: str) -> Sequence[str]:
        with store.reading() as transaction:
            return [key.secret for key in transaction.signing_keys.of(SALESFORCE, org)]

    certificates = settings.salesforce_certificates
    return (
        HubSpotEndpoint(settings.hubspot_client_secret, settings.public_url, settings.hubspot_app_id),
        OutboundMessages(Known(is_known), settings.salesforce_certificate_header, certificates),
        SignedEvents(Known(secrets_of)),
        ChangeEvents(),
    )


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


def _read_private_key(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"COLTIVA_SALESFORCE_KEY_FILE: {path} cannot be read: {error}") from error


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
