"""ACME's portal in the sandbox and an engine at work on it, in one process and at one pace of time.

Webhooks are not sent but handed to the test, which decides when, how often and in what order they arrive.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from connector.bootstrap import compile_stored
from connector.crms.hubspot.inbox import HubSpotEndpoint
from connector.crms.hubspot.portal import HubSpotPortal
from connector.domain.ids import ConnectionId, WorkspaceId
from connector.engine.judging.apply import apply_book
from connector.engine.running.connect import connect
from connector.engine.running.work import Workplace, build_worker
from connector.mapping.load import read_folder
from connector.ports import Connection, NewDelivery, Store, StoredBook
from connector.sandbox.clock import SandboxClock
from connector.sandbox.hubspot.apps import App
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.sandbox import Sandbox
from connector.sandbox.hubspot.server import running
from connector.store.store import open_store
from tests.office import SECRET_KEY, sqlite_url
from tests.rehearsal import OWN

ACME = WorkspaceId("acme")
MAPPINGS = Path(__file__).parents[2] / "mappings" / "acme"
MONDAY = datetime(2026, 9, 7, 6, 0, tzinfo=UTC)
OURS = ("coltiva_score", "coltiva_grade", "coltiva_why", "coltiva_phase", "coltiva_renewal_phase", "coltiva_segments")

Event = dict[str, Any]


@dataclass(slots=True)
class Webhooks:
    """Takes the place of the sandbox's sender: events are kept until the test asks for them."""

    events: list[Event] = field(default_factory=list)

    def publish(self, app: App, events: list[Event]) -> None:
        """Keep them."""
        self.events += events

    def take(self) -> list[Event]:
        """All since the last time."""
        taken, self.events = self.events, []
        return taken

    def flush(self) -> None:
        """There is nothing to send."""

    def next_due(self) -> None:
        """There is nothing to wait for."""

    def close(self) -> None:
        """There is nothing to close."""


class Stage:
    """One portal, one engine, one clock."""

    def __init__(self, url: str, sandbox: Sandbox, portal: Portal, app: App, folder: Path, *, without: str) -> None:
        self.sandbox, self.portal, self.app = sandbox, portal, app
        self.clock = sandbox.clock
        self.webhooks = Webhooks()
        sandbox.sender = self.webhooks  # type: ignore[assignment]
        self._url = url
        self._token = sandbox.connect(app, portal, scopes=set(app.scopes) - {without})
        self.store: Store = open_store(sqlite_url(folder), SECRET_KEY)
        self.store.migrate()
        self.endpoint = HubSpotEndpoint(app.client_secret, "https://nurture.example.com", str(app.app_id))

    def connect(self, files: Mapping[str, str]) -> Stage:
        """Apply the mapping and connect the portal."""
        stored = StoredBook("story", files, self.clock.now())
        book = compile_stored(stored)
        stored = StoredBook(book.version, files, stored.applied_at)
        apply_book(self.store, compile_stored, ACME, stored)
        account = str(self.portal.id)
        connection = Connection(ConnectionId(f"hubspot-{account}"), ACME, "hubspot", account, self._token)
        connect(self.store, self.open_crm, book, connection, self.clock.now())
        self.webhooks.take()
        self.worker = build_worker(
            Workplace(
                self.store,
                self.clock,
                {"hubspot": self.endpoint},
                compile_stored,
                self.open_crm,
                "w1",
                # Without chance, so that a story is the same each time it is told.
                backoff=lambda attempts: timedelta(seconds=min(2.0**attempts, 3600)),
            )
        )
        return self

    def open_crm(self, connection: Connection) -> HubSpotPortal:
        """The portal through HubSpot's own SDK, over real HTTP."""
        return HubSpotPortal(connection.token, self.clock, self._url)

    def deliver(self, events: Sequence[Event]) -> None:
        """They arrive now."""
        for start in range(0, len(events), 100):
            body = msgspec.json.encode(events[start : start + 100])
            self.store.keep(NewDelivery("hubspot", self.clock.now(), body))

    def work(self) -> None:
        """Everything is done that can be done now."""
        self.worker.run_until_idle()

    def let_pass(self, length: timedelta, *, step: timedelta) -> None:
        """Time passes; our own writes are echoed, and everything is done as it falls due."""
        end = self.clock.now() + length
        while self.clock.now() < end:
            self.clock.advance(min(step, end - self.clock.now()))
            self.deliver(self.webhooks.take())
            self.work()


@contextmanager
def on_stage(folder: Path, *, seed: int = 1, without: str = "") -> Iterator[Stage]:
    """A portal with ACME's properties, an app that hears of everything, and an empty database.

    `without` names a scope that the portal did not grant.
    """
    folder.mkdir(parents=True)
    clock = SandboxClock(MONDAY)
    sandbox = Sandbox(clock=clock, stopwatch=lambda: clock.now().timestamp(), seed=seed)
    app = sandbox.create_app()
    own = [definition.name for definition in OWN]
    app.subscribe_broadly(properties=(*own, *OURS))
    portal = sandbox.create_portal()
    for definition in OWN:
        portal.contacts.catalog.create(definition)
    with running(sandbox) as url:
        stage = Stage(url, sandbox, portal, app, folder, without=without)
        yield stage
        stage.store.close()


def acme_files(**replaced: str) -> Mapping[str, str]:
    """ACME's mapping, with lines of its workspace file replaced: `settle="settle: 10m"`."""
    files = dict(read_folder(MAPPINGS))
    name = next(name for name in files if name.endswith("workspace.yaml"))
    lines = files[name].splitlines()
    for key, line in replaced.items():
        lines = [line if old.startswith(f"{key}:") else old for old in lines]
    files[name] = "\n".join(lines)
    return files


def portal_state(portal: Portal, contact_ids: Iterable[str]) -> Mapping[str, Any]:
    """What our engine left in the portal, without what only tells when it did."""
    return {
        contact_id: {
            "properties": {name: value for name, value in portal.contact(contact_id).items() if name in OURS},
            "lists": portal.lists_of(contact_id),
            "tasks": sorted(map(_act, portal.tasks(contact_id))),
            "notes": sorted(map(_act, portal.notes(contact_id))),
        }
        for contact_id in contact_ids
    }


def _act(properties: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    ours = ("hs_timestamp", "hs_task_", "hs_note_body", "hubspot_owner_id", "coltiva_")
    return tuple(sorted((name, value) for name, value in properties.items() if name.startswith(ours)))
