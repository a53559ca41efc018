"""The stage: a portal, a web process and a worker on loopback, and one time for all three.

The portal lives in this process and owns the time. Each move of its clock is written to a file, which the web process
and the worker read instead of the machine's clock (COLTIVA_CLOCK_FILE): the file moves first, so that nothing ever
comes from their future. Before time moves on everybody has done what the present asks for.
"""

from __future__ import annotations

import os
import socket
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, time, timedelta
from pathlib import Path

from connector.bootstrap import Services
from connector.cli.connect import connect_hubspot
from connector.cli.opening import opened
from connector.cli.processes import Processes, coltiva
from connector.clock import SystemClock
from connector.demo.life import OWN_PROPERTIES
from connector.demo.people import BEGINS_AT, ZONE
from connector.demo.site import Site
from connector.domain.ids import WorkspaceId
from connector.engine.keys import make_key
from connector.errors import SetupError
from connector.ports import Connection
from connector.sandbox.hubspot.apps import App
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.sandbox import Sandbox
from connector.sandbox.hubspot.server import running
from connector.sandbox.hubspot.webhook_sender import Delivery
from connector.sandbox.told_clock import ToldClock
from connector.settings import load_settings

MAPPINGS = Path(__file__).parents[2] / "mappings" / "programs"
#: When a time comes at which only Coltiva has something to do, it is done at the next of these hours; what waits for
#: a moment alone, at that moment.
_HOURS = tuple(map(time, (10, 12, 14, 16, 18)))
_A_MOMENT = timedelta(minutes=10)
_REST_SECONDS = 0.01
#: Real seconds without any progress after which a little time passes: a rate limit or a retry waits for it.
_PATIENCE_SECONDS = 2.0
_A_LITTLE = timedelta(seconds=5)
#: Real seconds that processes may take to start, and that one moment may take.
_START_SECONDS = 30.0
_MOMENT_SECONDS = 60.0


class StageError(SetupError):
    """A process ended, or does not keep up: this machine cannot play the story."""


class Stage:
    """Everything that runs, and the passing of time."""

    def __init__(
        self,
        sandbox: Sandbox,
        portal: Portal,
        services: Services,
        connection: Connection,
        processes: Processes,
        environ: Mapping[str, str],
    ) -> None:
        self.sandbox = sandbox
        self.portal = portal
        self.services = services
        self.connection = connection
        #: The settings that every process here shares.
        self.environ = environ
        #: How many webhooks were accepted.
        self.webhooks = 0
        sandbox.sender.on_delivery(self._count)
        self._processes = processes
        self._stopwatch = SystemClock()
        book, _ = services.read_mapping()
        self._feeds = {(source.feed, source.only) for source in book.definitions.feeds}

    def open_site(self) -> Site:
        """ACME's site, with a key of its own."""
        made = make_key(self.workspace, "site", self.now)
        with self.services.store.transaction() as transaction:
            transaction.api_keys.add(made.key)
        return Site(self.services.settings.public_url, made.text)

    @property
    def workspace(self) -> WorkspaceId:
        """Whose leads these are."""
        return self.connection.workspace

    @property
    def now(self) -> datetime:
        """The present moment of the story."""
        return self.sandbox.clock.now()

    def play_until(self, end: datetime, on_moment: Callable[[datetime], None]) -> None:
        """Let time pass from one moment at which something happens to the next. Raises StageError."""
        while True:
            self.settle()
            on_moment(self.now)
            if self.now >= end:
                return
            self.sandbox.clock.set(min(end, max(self._next_moment(end), self.now + timedelta(milliseconds=1))))

    def settle(self) -> None:
        """Wait until nothing is left to do at this moment. Raises StageError."""
        waited = idle = 0.0
        seen: object = None
        while (state := self._unsettled()) is not None:
            if self._processes.dead():
                raise StageError(f"{', '.join(self._processes.dead())} ended before its time.")
            if waited > _MOMENT_SECONDS:
                raise StageError(f"After {waited:.0f} s there is still something to do at {self.now}: {state}")
            idle = idle + _REST_SECONDS if state == seen else 0.0
            if idle > _PATIENCE_SECONDS:
                self.sandbox.clock.set(self.now + _A_LITTLE)
                idle = 0.0
            seen = state
            self._stopwatch.wait(_REST_SECONDS)
            waited += _REST_SECONDS

    def _count(self, delivery: Delivery) -> None:
        self.webhooks += delivery.is_accepted

    def _unsettled(self) -> object | None:
        """What is still to be done now, from left to right as data moves; None when there is nothing."""
        self.sandbox.tick()
        now = self.now
        health = self.services.store.read_models.health(now)
        if health.deliveries_waiting or health.leads_unread or health.leads_due:
            return health
        with self.services.store.reading() as transaction:
            due_at = transaction.outbox.next_due_at(self.connection.id)
            feeds = transaction.feeds.of(self.connection.id)
        if due_at is not None and due_at <= now:
            return health, due_at
        if len(feeds) < len(self._feeds) or any(feed.due_at <= now for feed in feeds):
            return health, feeds
        due_at = self.sandbox.sender.next_due()
        is_busy = self.sandbox.sender.pending and (due_at is None or due_at <= now)
        return self.sandbox.sender.pending if is_busy else None

    def _next_moment(self, end: datetime) -> datetime:
        """When somebody acts next, or the next hour at which Coltiva has something to do by itself."""
        moments = [end, self.sandbox.plans.next_due(), self.sandbox.sender.next_due(), self._next_poll()]
        with self.services.store.reading() as transaction:
            own = [transaction.outbox.next_due_at(self.connection.id), self.services.store.next_wake_at()]
        moments += [due_at if due_at < self.now + _A_MOMENT else _next_hour(due_at) for due_at in own if due_at]
        return min(moment for moment in moments if moment is not None)

    def _next_poll(self) -> datetime | None:
        """When Coltiva asks next, if there is a form that it has not heard of."""
        forms = self.portal.marketing.submissions
        with self.services.store.reading() as transaction:
            feeds = transaction.feeds.of(self.connection.id)
        unheard = [feed.due_at for feed in feeds if forms and feed.complete_to < forms[-1].at]
        return max(unheard, default=None)


def _next_hour(due_at: datetime) -> datetime:
    day = due_at.astimezone(ZONE).date()
    hours = (datetime.combine(day + timedelta(days=later), hour, ZONE) for later in (0, 1) for hour in _HOURS)
    return next(hour for hour in hours if hour >= due_at)


@contextmanager
def staged(folder: Path, seed: int, furnish: Callable[[Portal], None]) -> Iterator[Stage]:
    """Everything started in the folder and connected; stopped at the end.

    `furnish` prepares the portal before anybody listens.
    """
    if not MAPPINGS.is_dir():
        raise SetupError(f"The demo plays {MAPPINGS}, which is not there: run it from a checkout.")
    clock = ToldClock(folder / "clock.txt", BEGINS_AT)
    sandbox = Sandbox(clock=clock, stopwatch=clock.seconds, seed=seed)
    app, portal = sandbox.create_app(), sandbox.create_portal("ACME Planning")
    token = sandbox.connect(app, portal)
    furnish(portal)
    app.subscribe_broadly(properties=[one.name for one in OWN_PROPERTIES])
    with ExitStack() as stack:
        environ = _environ(folder, stack.enter_context(running(sandbox)), app)
        services = stack.enter_context(opened(load_settings(environ)))
        connection, _ = connect_hubspot(services, token)
        app.target_url = f"{services.settings.public_url}/webhooks/hubspot"
        processes = Processes(
            {name: coltiva(name, "--end-with-parent") for name in ("web", "worker")},
            environ={**_foreign(), **environ},
            logs=folder,
        )
        stack.callback(processes.stop)
        _await_ready(processes, f"{services.settings.public_url}/readyz", folder)
        yield Stage(sandbox, portal, services, connection, processes, environ)


def _environ(folder: Path, sandbox_url: str, app: App) -> dict[str, str]:
    """The settings of the product's processes."""
    port = _free_port()
    return {
        "COLTIVA_DATABASE_URL": f"sqlite:///{folder / 'coltiva.sqlite'}",
        "COLTIVA_MAPPINGS": str(MAPPINGS),
        "COLTIVA_HUBSPOT_BASE_URL": sandbox_url,
        "COLTIVA_HUBSPOT_CLIENT_SECRET": app.client_secret,
        "COLTIVA_HUBSPOT_APP_ID": str(app.app_id),
        "COLTIVA_PORT": str(port),
        "COLTIVA_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "COLTIVA_POLL_MILLISECONDS": "10",
        "COLTIVA_LOG_LEVEL": "warning",
        "COLTIVA_CLOCK_FILE": str(folder / "clock.txt"),
    }


def _foreign() -> Mapping[str, str]:
    """The environment without settings of ours: a demo touches nothing that is really set up."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COLTIVA_")}


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _await_ready(processes: Processes, url: str, folder: Path) -> None:
    clock, waited = SystemClock(), 0.0
    while not _is_ready(url):
        if processes.dead() or waited > _START_SECONDS:
            logs = "\n".join(path.read_text("utf-8", "replace")[-2_000:] for path in folder.glob("*.log"))
            raise StageError(f"The processes did not start.\n{logs}")
        clock.wait(0.05)
        waited += 0.05


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
