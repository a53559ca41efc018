"""kill -9 loses no fact and repeats no task: twenty times, while webhooks come in."""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from subprocess import PIPE
from typing import IO

import msgspec
import pytest

from connector.bootstrap import compile_stored
from connector.clock import SystemClock
from connector.crms.hubspot.portal import HubSpotPortal
from connector.domain.ids import ConnectionId
from connector.domain.outward.change import ACTS, ChangeState
from connector.engine.judging.apply import apply_book
from connector.engine.judging.shelf import Shelf
from connector.engine.running.connect import connect
from connector.engine.telling import replay
from connector.ports import Connection, NewDelivery, Store, StoredBook
from connector.sandbox.clock import SandboxClock
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.sandbox import Sandbox
from connector.sandbox.hubspot.server import running
from connector.store.store import open_store
from tests.office import SECRET_KEY
from tests.rehearsal import OWN
from tests.stories.stage import ACME, OURS, Event, Webhooks

ROOT = Path(__file__).parents[2]
KILLS = 20
CONTACTS = 400
MAPPING = """\
format: 1
workspace: acme
timezone: Europe/Rome
settle: 1s
fields:
  email: {hubspot: email, identity: true}
signals:
  report_read: {hubspot: {when_changed: last_report_topic}}
scores:
  interest: {rules: [{on: report_read, points: 10}]}
lists:
  hot: {when: {interest: {gte: 20}}, hubspot: Hot leads}
notifications:
  hot: {when: {interest: {gte: 20}}, task: {subject: "Call {{ name }}", body: Now}}
programs:
  welcome:
    enrol: report_read
    milestones: [entered]
    phases:
      hello: {activities: {hello: {send: {note: "Hello {{ name }}"}}}, none_answered: exit}
write_back:
  hubspot: {coltiva_score: interest}
"""
PATIENCE = timedelta(seconds=120)


class Load:
    """A portal full of leads on their way to becoming hot, and a database that hears of them bit by bit."""

    def __init__(self, sandbox: Sandbox, url: str, folder: Path) -> None:
        self.url = url
        self.database_url = f"sqlite:///{folder / 'coltiva.sqlite'}"
        self.store: Store = open_store(self.database_url, SECRET_KEY)
        self.store.migrate()
        self.webhooks = Webhooks()
        sandbox.sender = self.webhooks  # type: ignore[assignment]
        self.app = sandbox.create_app()
        self.app.subscribe_broadly(properties=(*(one.name for one in OWN), *OURS))
        self.portal: Portal = sandbox.create_portal()
        self.portal.limits.max_calls = None
        for definition in OWN:
            self.portal.contacts.catalog.create(definition)
        self.connect(sandbox.connect(self.app, self.portal))
        self.events = self.live()
        self.told = 0

    def connect(self, token: str) -> None:
        clock, account = SystemClock(), str(self.portal.id)
        files = {"mapping.yaml": MAPPING}
        draft = StoredBook("draft", files, clock.now())
        book = compile_stored(draft)
        apply_book(self.store, compile_stored, ACME, StoredBook(book.version, files, clock.now()))
        connection = Connection(ConnectionId(f"hubspot-{account}"), ACME, "hubspot", account, token)
        connect(self.store, lambda one: HubSpotPortal(one.token, clock, self.url), book, connection, clock.now())

    def live(self) -> list[Event]:
        for number in range(CONTACTS):
            contact_id = self.portal.create_contact(f"lead{number}@example.com")
            for step in range(3):
                self.portal.set_property(contact_id, "last_report_topic", f"topic {step}")
        return self.webhooks.take()

    def tell(self, part: int, parts: int) -> None:
        """Another part of what happened arrives, and the echoes of what was written."""
        until = len(self.events) * (part + 1) // parts
        fresh = [*self.events[self.told : until], *self.webhooks.take()]
        self.told = until
        for start in range(0, len(fresh), 25):
            body = msgspec.json.encode(fresh[start : start + 25])
            self.store.keep(NewDelivery("hubspot", SystemClock().now(), body))

    def progress(self) -> tuple[object, ...]:
        """What workers change."""
        health = self.store.read_models.health(SystemClock().now())
        return (health.deliveries_waiting, health.facts, health.leads_unread, health.leads_due, health.outbox)

    def is_done(self) -> bool:
        health = self.store.read_models.health(SystemClock().now())
        waiting = sum(health.outbox.get(state, 0) for state in (ChangeState.PENDING, ChangeState.ATTEMPTED))
        return not (health.deliveries_waiting or health.leads_unread or health.leads_due or waiting)


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    sandbox = Sandbox(clock=SandboxClock(rate=1.0))
    with running(sandbox) as url:
        load = Load(sandbox, url, tmp_path)
        yield load
        load.store.close()


class Nursery:
    """Worker processes, one at a time."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        environ = {**os.environ, **environ}
        command = [sys.executable, "-m", "tests.integration.nursery"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=environ, stdin=PIPE, stdout=PIPE, text=True, bufsize=1)
        self.worker = 0

    def start(self) -> None:
        """A worker begins."""
        self._pipes()[0].write("start\n")
        self.worker = int(self._pipes()[1].readline())

    def let_live(self, length: timedelta) -> None:
        """The worker lives for so long; it must not end by itself."""
        ended, _, _ = select.select([self._pipes()[1]], [], [], length.total_seconds())
        assert not ended, "the worker ended by itself"

    def end(self, how: signal.Signals) -> int:
        """The worker is sent the signal; its exit code."""
        os.kill(self.worker, how)
        return int(self._pipes()[1].readline())

    def close(self) -> None:
        """No more workers."""
        for pipe in self._pipes():
            pipe.close()
        self.process.wait(30)

    def _pipes(self) -> tuple[IO[str], IO[str]]:
        assert self.process.stdin
        assert self.process.stdout
        return self.process.stdin, self.process.stdout


@pytest.fixture
def nursery(load: Load) -> Iterator[Nursery]:
    nursery = Nursery(
        {
            "COLTIVA_DATABASE_URL": load.database_url,
            "COLTIVA_SECRET_KEY": SECRET_KEY,
            "COLTIVA_HUBSPOT_BASE_URL": load.url,
            "COLTIVA_HUBSPOT_APP_ID": str(load.app.app_id),
            "COLTIVA_HUBSPOT_CLIENT_SECRET": load.app.client_secret,
        }
    )
    yield nursery
    nursery.close()


def wait_until(happened: Callable[[], bool], nursery: Nursery) -> None:
    for _ in range(PATIENCE // timedelta(milliseconds=10)):
        if happened():
            return
        nursery.let_live(timedelta(milliseconds=10))
    pytest.fail("the worker does nothing")


def test_twenty_kills_lose_no_fact_and_repeat_no_task(load: Load, nursery: Nursery) -> None:
    dice = random.Random(20)
    for number in range(KILLS):
        load.tell(number, KILLS)
        before = load.progress()
        nursery.start()
        wait_until(lambda before=before: load.progress() != before, nursery)  # type: ignore[misc]
        nursery.let_live(timedelta(seconds=dice.uniform(0, 0.6)))
        assert nursery.end(signal.SIGKILL) == -signal.SIGKILL

    nursery.start()
    wait_until(load.is_done, nursery)

    assert nursery.end(signal.SIGTERM) == 0
    assert facts_told(load) == len({identity(event) for event in load.events})
    keys = Counter(one["coltiva_key"] for one in (*load.portal.tasks(), *load.portal.notes()))
    assert len(keys) == 3 * CONTACTS
    assert set(keys.values()) == {1}
    assert set(keys) == acts_wanted(load)
    assert replay.verify(load.store, Shelf(load.store, compile_stored), ACME).differing == ()


def identity(event: Event) -> tuple[object, ...]:
    names = ("subscriptionType", "objectId", "occurredAt", "propertyName", "propertyValue")
    return tuple(event.get(name) for name in names)


def facts_told(load: Load) -> int:
    """The facts that webhooks told, all leads together."""
    models = load.store.read_models
    leads = models.leads(ACME, CONTACTS + 1)
    return sum(not fact.is_baseline for lead in leads for fact in models.facts(ACME, lead.id))


def acts_wanted(load: Load) -> set[str]:
    with load.store.reading() as transaction:
        changes = transaction.outbox.list(None, tuple(ChangeState), 1_000_000)
    return {change.key for change in changes if change.kind in ACTS and change.state is not ChangeState.WITHDRAWN}
