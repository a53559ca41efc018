"""The stage: a portal, a web process and a worker on loopback, and one time for all three.

The portal lives in this process and owns the time. Each move of its clock is written to a file, which the web process
and the worker read instead of the machine's clock (COLTIVA_CLOCK_FILE): the file moves first, so that nothing ever
comes from their future. Before time moves on everybody has done what the present asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, time, timedelta
from pathlib import Path

from connector.bootstrap import Services
from connector.cli.connect import connect_by_token
from connector.cli.opening import opened
from connector.cli.processes import Processes
from connector.demo.life import OWN_PROPERTIES
from connector.demo.people import BEGINS_AT, ZONE
from connector.demo.site import Site
from connector.demo.started import build_environ, started
from connector.demo.stillness import settle, undone
from connector.domain.ids import WorkspaceId
from connector.engine.running.keys import make_key
from connector.ports import Connection
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
        settle(self.sandbox.clock, self._processes, self._unsettled)

    def _count(self, delivery: Delivery) -> None:
        self.webhooks += delivery.is_accepted

    def _unsettled(self) -> object | None:
        """What is still to be done now, from left to right as data moves; None when there is nothing."""
        self.sandbox.tick()
        now = self.now
        if (left := undone(self.services, [self.connection], len(self._feeds), now)) is not None:
            return left
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
    clock = ToldClock(folder / "clock.txt", BEGINS_AT)
    sandbox = Sandbox(clock=clock, stopwatch=clock.seconds, seed=seed)
    app, portal = sandbox.create_app(), sandbox.create_portal("ACME Planning")
    token = sandbox.connect(app, portal)
    furnish(portal)
    app.subscribe_broadly(properties=[one.name for one in OWN_PROPERTIES])
    with ExitStack() as stack:
        environ = build_environ(folder, MAPPINGS) | {
            "COLTIVA_HUBSPOT_BASE_URL": stack.enter_context(running(sandbox)),
            "COLTIVA_HUBSPOT_CLIENT_SECRET": app.client_secret,
            "COLTIVA_HUBSPOT_APP_ID": str(app.app_id),
        }
        services = stack.enter_context(opened(load_settings(environ)))
        connection, _ = connect_by_token(services, "hubspot", token)
        app.target_url = f"{services.settings.public_url}/webhooks/hubspot"
        processes = stack.enter_context(started(environ, folder))
        yield Stage(sandbox, portal, services, connection, processes, environ)
