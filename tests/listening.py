"""A process that listens to an org's event bus over real gRPC on loopback, and what it kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connector.crms.salesforce.changes import Bus, OrgChanges
from connector.crms.salesforce.changes_inbox import ChangeEvents
from connector.crms.salesforce.grants import Flow, Grant
from connector.crms.salesforce.oauth import App, OAuth
from connector.domain.ids import ConnectionId
from connector.engine.inward.listening import Ear, Listening
from connector.engine.running.tokens import StoredToken
from connector.ports import Connection, CrmEvent, StreamState
from connector.sandbox.clock import SandboxClock
from connector.sandbox.salesforce.platform import Platform
from connector.sandbox.salesforce.pubsub_server import PubSubServer, serving_pubsub
from connector.sandbox.salesforce.server import running
from connector.store.store import open_store
from tests.office import ACME, SECRET_KEY, sqlite_url

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
#: Seconds after which a test gives up; nothing takes nearly so long.
PATIENCE = 60.0
#: What the org tells of.
OBJECTS = ("Lead", "Contact", "Opportunity", "OpportunityContactRole", "CampaignMember", "Task")


class Hall:
    """An org with an event bus, a database, and processes that listen."""

    def __init__(self, folder: Path, **server: float) -> None:
        self._stack = ExitStack()
        self.platform = Platform(clock=SandboxClock(START))
        self.app = self.platform.create_app()
        self.org = self.platform.create_org()
        self.server = PubSubServer(self.platform, **server)
        self.bus = self.server.open_bus(self.org.id, *OBJECTS, "Campaign")
        self.login = self._stack.enter_context(running(self.platform))
        self.address = self._stack.enter_context(serving_pubsub(self.server))
        #: Stands still, and so do leases; whoever waits by it waits in real time.
        self.clock = self.platform.clock
        self.channel = "/data/ChangeEvents"
        self.url = sqlite_url(folder)
        self.store = open_store(self.url, SECRET_KEY)
        self.store.migrate()
        self.connection = self._connect()
        self._listening: list[tuple[Listening, threading.Thread]] = []

    def _connect(self) -> Connection:
        refresh = self.platform.connect_with_oauth(self.app, self.org)
        grant = Grant(
            flow=Flow.WEB_SERVER,
            host=self.login,
            client_id=self.app.client_id,
            instance_url=self.org.instance_url,
            org_id=self.org.id,
            user_id=self.org.integration_user,
            access_token=self.platform.connect(self.app, self.org),
            refresh_token=refresh,
            issued_at=self.clock.now(),
        )
        name = ConnectionId(f"salesforce:{self.org.id}")
        connection = Connection(name, ACME, "salesforce", self.org.id, grant.to_text(), user=self.org.integration_user)
        with self.store.transaction() as transaction:
            transaction.connections.save(connection, self.clock.now())
        return connection

    # --- listening --------------------------------------------------------------------------

    def open_stream(self, connection: Connection) -> OrgChanges:
        keeper = StoredToken(self.store, self.clock, connection.id)
        oauth = OAuth(App(self.app.client_id, self.app.client_secret), self.clock, self.login)
        return OrgChanges(connection.token, keeper, oauth, self.clock, Bus(self.address, self.channel, False))

    def listen(self, holder: str = "p1") -> Listening:
        """Begin to listen, in a thread."""
        ear = Ear(
            self.store, self.clock, frozenset({"salesforce"}), self.open_stream, holder,
            poll=timedelta(milliseconds=20), backoff=lambda attempts: timedelta(milliseconds=20),
        )  # fmt: skip
        listening = Listening(ear)
        thread = threading.Thread(target=listening.run)
        thread.start()
        self._listening.append((listening, thread))
        return listening

    def begin(self) -> None:
        """Listen, and wait until the org knows."""
        before = len(self.server.begun)
        self.listen()
        self.until(lambda: len(self.server.begun) > before and self.server.subscribers == 1)

    def leave(self) -> None:
        """Stop all that listen."""
        while self._listening:
            self.leave_one()

    def leave_one(self) -> None:
        """Stop whoever listened first."""
        listening, thread = self._listening.pop(0)
        listening.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()

    def close(self) -> None:
        self.leave()
        self._stack.close()
        self.store.close()

    # --- looking ----------------------------------------------------------------------------

    def heard(self) -> list[CrmEvent]:
        """All that was kept, in order, as intake reads it."""
        with self.store.claim_deliveries(10_000) as claim:
            parsed = [ChangeEvents().parse(one.body) for one in claim.deliveries]
            assert {one.endpoint for one in claim.deliveries} <= {"salesforce/changes"}
        assert not any(one.unreadable for one in parsed)
        return [event for one in parsed for event in one.events]

    def until_heard(self, number: int) -> list[CrmEvent]:
        """All that was kept, as soon as it is so many events."""
        self.until(lambda: len(self.heard()) >= number)
        return self.heard()

    def state(self) -> StreamState:
        with self.store.reading() as transaction:
            state = transaction.streams.of(self.connection.id)
        assert state is not None
        return state

    def missed(self) -> set[str]:
        with self.store.reading() as transaction:
            return set(transaction.streams.missed(self.connection.id))

    def missed_since(self) -> dict[str, datetime]:
        with self.store.reading() as transaction:
            return dict(transaction.streams.missed(self.connection.id))

    def catch_up(self) -> None:
        """Whatever was missed is known."""
        with self.store.transaction() as transaction:
            transaction.streams.catch_up(self.connection.id, transaction.streams.missed(self.connection.id))

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds."""
        deadline = time.monotonic() + PATIENCE
        pause = threading.Event()
        while not holds():
            assert time.monotonic() < deadline, "it never came"
            pause.wait(0.01)


def hall(folder: Path, **server: float) -> Iterator[Hall]:
    """A hall for one test."""
    made = Hall(folder, **server)
    yield made
    made.close()
