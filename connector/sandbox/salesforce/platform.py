"""The simulated Salesforce: its orgs, apps, tokens, time, and what goes wrong on request."""

from __future__ import annotations

import random
import threading
import time
from contextlib import suppress
from datetime import datetime, timedelta

from connector.sandbox.call_log import CallLog
from connector.sandbox.clock import SandboxClock, Stopwatch
from connector.sandbox.faults import FaultBook
from connector.sandbox.plans import PlanBook
from connector.sandbox.pump import Pump
from connector.sandbox.salesforce.apps import App
from connector.sandbox.salesforce.deliveries import Delivery
from connector.sandbox.salesforce.ids import to_long
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.outbound import OutboundSender
from connector.sandbox.salesforce.refusals import RefusalError
from connector.sandbox.salesforce.signed_events import SignedEventSender
from connector.sandbox.salesforce.tokens import Grant, TokenBook


class Platform:
    """One Salesforce, with any number of orgs and apps, all in memory."""

    def __init__(
        self, *, clock: SandboxClock | None = None, stopwatch: Stopwatch = time.monotonic, seed: int = 1
    ) -> None:
        self.clock = clock or SandboxClock()
        self.stopwatch = stopwatch
        self.dice = random.Random(seed)
        self.faults = FaultBook(random.Random(seed + 1))
        self.tokens = TokenBook(stopwatch, random.Random(seed + 2))
        self.calls = CallLog()
        self.plans = PlanBook()
        self.orgs: dict[str, Org] = {}
        self.apps: dict[str, App] = {}
        #: Seconds of real time that a refresh takes, in which a second one with the same token is turned away.
        self.refresh_seconds = 0.0
        #: Set when the server stops, so that slow answers end.
        self.closing = threading.Event()
        self._pump = Pump(self.tick)
        self.outbound = OutboundSender(self.clock, self.faults, random.Random(seed + 3))
        self.signed_events = SignedEventSender(self.clock, self.faults, random.Random(seed + 4))
        self.outbound.on_work = self.signed_events.on_work = self._pump.wake

    def create_app(self, app: App | None = None) -> App:
        """Register an app."""
        made = app or App()
        self.apps[made.client_id] = made
        return made

    def create_org(self, name: str = "Example Ltd", *, is_sandbox: bool = False) -> Org:
        """Open an org with the standard objects, an administrator and an integration user, and no records."""
        number = len(self.orgs) + 1
        made = Org(to_long(f"00D5e{number:0>10}"), name, self.clock, is_sandbox=is_sandbox)
        self.orgs[made.id] = made
        return made

    def connect(self, app: App, org: Org, *, user_id: str = "") -> str:
        """Install an app and give it an access token of the integration user."""
        return self.tokens.new_session(self._grant(app, org, user_id))

    def connect_with_oauth(self, app: App, org: Org, *, user_id: str = "") -> str:
        """Install an app and give it a refresh token, as the end of the web server flow does."""
        return self.tokens.open_grant(self._grant(app, org, user_id))

    def tick(self) -> None:
        """Do what is due now: planned actions, then messages.

        An action that the org refuses is passed over: its record may be gone by then.
        """
        self.clock.tell()
        while (action := self.plans.take_due(self.clock.now())) is not None:
            with suppress(RefusalError):
                action()
        self.flush()

    def flush(self) -> list[Delivery]:
        """Send every message that is due now, and say how it went."""
        return [*self.outbound.flush(), *self.signed_events.flush()]

    def advance(self, by: timedelta) -> None:
        """Let the orgs' time pass, stopping at everything that is due on the way."""
        self.advance_to(self.clock.now() + by)

    def advance_to(self, moment: datetime) -> None:
        """Like `advance`, up to a moment."""
        self.tick()
        while (due := self.next_due()) is not None and due <= moment:
            self.clock.set(max(due, self.clock.now()))
            self.tick()
        self.clock.set(moment)

    def next_due(self) -> datetime | None:
        """When the next planned action or message is due."""
        due = (self.plans.next_due(), self.outbound.next_due(), self.signed_events.next_due())
        return min((one for one in due if one), default=None)

    def start(self) -> None:
        """Do what is due in a thread of its own."""
        self._pump.start()

    def stop(self) -> None:
        """End that thread, and answers that are being slow."""
        self.closing.set()
        self._pump.stop()
        self.outbound.close()
        self.signed_events.close()

    def _grant(self, app: App, org: Org, user_id: str) -> Grant:
        if app.client_id not in org.installations:
            org.install(app)
        return Grant(org.id, user_id or org.integration_user, app, app.scopes)
