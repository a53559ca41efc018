"""The simulated HubSpot: its portals, apps, time, and what connects them."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import datetime, timedelta

from connector.sandbox.call_log import CallLog
from connector.sandbox.clock import SandboxClock, Stopwatch
from connector.sandbox.faults import FaultBook
from connector.sandbox.hubspot.apps import App
from connector.sandbox.hubspot.happenings import Happening
from connector.sandbox.hubspot.limits import Limits
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.refusals import RefusalError
from connector.sandbox.hubspot.tokens import Grant, TokenBook
from connector.sandbox.hubspot.vocabulary import ObjectType
from connector.sandbox.hubspot.webhook_events import events_of
from connector.sandbox.hubspot.webhook_sender import Delivery, WebhookSender
from connector.sandbox.plans import PlanBook
from connector.sandbox.pump import Pump

FIRST_PORTAL_ID = 62_515_001


class Sandbox:
    """One HubSpot, with any number of portals and apps, all in memory."""

    def __init__(
        self,
        *,
        clock: SandboxClock | None = None,
        stopwatch: Stopwatch = time.monotonic,
        seed: int = 1,
        sign_in_real_time: bool = False,
    ) -> None:
        self.clock = clock or SandboxClock()
        self.stopwatch = stopwatch
        self.dice = random.Random(seed)
        self.faults = FaultBook(random.Random(seed + 1))
        self.tokens = TokenBook(stopwatch, random.Random(seed + 2))
        self.calls = CallLog()
        self.plans = PlanBook()
        self.portals: dict[int, Portal] = {}
        self.apps: dict[int, App] = {}
        self.sender = WebhookSender(
            self.clock, self.faults, random.Random(seed + 3), sign_in_real_time=sign_in_real_time
        )
        #: Set when the server stops, so that slow answers end.
        self.closing = threading.Event()
        self._installed: dict[int, list[App]] = {}
        self._pump = Pump(self.tick)
        self.sender.on_work = self._pump.wake

    def create_app(self, app: App | None = None) -> App:
        """Register an app; by default one with common scopes and no subscriptions."""
        made = app or App()
        self.apps[made.app_id] = made
        return made

    def create_portal(self, name: str = "Example Ltd", *, time_zone: str = "Europe/Rome") -> Portal:
        """Open a portal with default properties, no records and the limits of a marketplace app."""
        portal_id = FIRST_PORTAL_ID + len(self.portals)
        portal = Portal(portal_id, name, self.clock, self.plans, Limits(self.stopwatch), time_zone=time_zone)
        self._installed[portal_id] = []
        portal.crm.announce = lambda happening: self._announce(portal_id, happening)
        portal.crm.watched = lambda object_type: self._watched(portal_id, object_type)
        self.portals[portal_id] = portal
        return portal

    def install(self, app: App, portal: Portal, scopes: Iterable[str] | None = None, *, user_id: int = 0) -> Grant:
        """Let a portal install an app with the scopes given, by default all that the app asks for."""
        granted = frozenset(app.scopes if scopes is None else scopes)
        if app not in self._installed[portal.id]:
            self._installed[portal.id].append(app)
        return Grant(portal.id, app, granted, user_id or portal.admin.user_id)

    def connect(self, app: App, portal: Portal, token: str | None = None, scopes: Iterable[str] | None = None) -> str:
        """Install an app and give it a token that does not run out."""
        grant = self.install(app, portal, scopes)
        made = token or f"pat-eu1-{self.dice.randbytes(16).hex()}"
        self.tokens.add_static(made, grant)
        return made

    def connect_with_oauth(self, app: App, portal: Portal, scopes: Iterable[str] | None = None) -> str:
        """Install an app and give it a refresh token, as the end of an OAuth flow does."""
        return self.tokens.new_refresh_token(self.install(app, portal, scopes))

    def uninstall(self, app: App, portal: Portal) -> None:
        """End an installation: its tokens and its webhooks."""
        self.tokens.uninstall(portal.id, app)
        self._installed[portal.id].remove(app)

    def flush(self) -> list[Delivery]:
        """Deliver all webhooks that are due now."""
        return self.sender.flush()

    def tick(self) -> None:
        """Do what is due now: planned actions, then webhooks.

        An action that the portal refuses is passed over: its contact may be gone by then.
        """
        self.clock.tell()
        while (action := self.plans.take_due(self.clock.now())) is not None:
            with suppress(RefusalError):
                action()
        self.sender.flush()

    def advance(self, by: timedelta) -> None:
        """Let portal time pass, stopping at every planned action and webhook retry to do it."""
        self.advance_to(self.clock.now() + by)

    def advance_to(self, moment: datetime) -> None:
        """Like `advance`, up to a moment."""
        self.tick()
        while (due := self._next_due()) is not None and due <= moment:
            self.clock.set(max(due, self.clock.now()))
            self.tick()
        self.clock.set(moment)

    def start(self) -> None:
        """Deliver webhooks and do planned actions in a thread of its own."""
        self._pump.start()

    def stop(self) -> None:
        """End that thread, and answers that are being slow."""
        self.closing.set()
        self._pump.stop()
        self.sender.close()

    def _next_due(self) -> datetime | None:
        return min((due for due in (self.plans.next_due(), self.sender.next_due()) if due), default=None)

    def _announce(self, portal_id: int, happening: Happening) -> None:
        for app in self._installed[portal_id]:
            self.sender.publish(app, events_of(app, portal_id, happening, self.dice))

    def _watched(self, portal_id: int, object_type: ObjectType) -> Collection[str]:
        names = [app.watched(object_type) for app in self._installed[portal_id]]
        return names[0] if len(names) == 1 else set().union(*names)
