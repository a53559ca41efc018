"""Delivers webhooks as HubSpot does: in batches, signed, retried for a day.

Retries follow portal time; the time-out of a delivery is real time. Nothing is sent except by `flush()`.
"""

from __future__ import annotations

import heapq
import random
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
import urllib3

from connector.clock import SystemClock, whole_milliseconds
from connector.sandbox.clock import SandboxClock
from connector.sandbox.faults import FaultBook, WebhookFault
from connector.sandbox.hubspot.apps import App
from connector.sandbox.hubspot.signatures import webhook_headers
from connector.sandbox.hubspot.vocabulary import milliseconds

MAX_EVENTS_IN_BATCH = 100
#: HubSpot gives up on a delivery that is not answered within this many seconds.
ANSWER_WITHIN = 5.0
#: How long after each failure the next attempt comes, before it is spread: ten retries within a day.
RETRY_AFTER = tuple(timedelta(minutes=m) for m in (1, 3, 10, 20, 30, 60, 120, 180, 240, 360))
_SPREAD = (0.7, 1.3)
_USER_AGENT = "HubSpot Connect 2.0 (http://dev.hubspot.com/) (namespace: webhooks-nio-http-client)"

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One POST that was tried, and how it ended; status None means that no answer came."""

    app_id: int
    events: int
    attempt: int
    status: int | None

    @property
    def is_accepted(self) -> bool:
        """Whether the receiver took it."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(slots=True)
class _Batch:
    app: App
    events: list[Event]
    attempt: int = 0


class WebhookSender:
    """Queues events and posts them to their app's target URL."""

    def __init__(
        self,
        clock: SandboxClock,
        faults: FaultBook,
        dice: random.Random,
        *,
        answer_within: float = ANSWER_WITHIN,
        sign_in_real_time: bool = False,
    ) -> None:
        self._clock = clock
        self._faults = faults
        self._dice = dice
        #: Sign with the machine's time instead of the portal's, for receivers that live in real time.
        self.sign_in_real_time = sign_in_real_time
        self._http = urllib3.PoolManager(timeout=answer_within, retries=False, maxsize=10)
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._fresh: dict[int, deque[tuple[App, Event]]] = {}
        self._waiting: list[tuple[datetime, int, _Batch]] = []
        self._sequence = 0
        self._listeners: list[Callable[[Delivery], None]] = []
        #: Called when there is something new to deliver.
        self.on_work: Callable[[], None] = lambda: None
        #: Batches that were given up after the last retry.
        self.given_up = 0

    @property
    def pending(self) -> int:
        """Events not yet accepted and not given up."""
        with self._lock:
            fresh = sum(len(queue) for queue in self._fresh.values())
            return fresh + sum(len(batch.events) for _, _, batch in self._waiting)

    def on_delivery(self, listener: Callable[[Delivery], None]) -> None:
        """Hear of every POST that was tried."""
        self._listeners.append(listener)

    def publish(self, app: App, events: list[Event]) -> None:
        """Queue events for delivery; without a target URL they are dropped, as HubSpot does."""
        if not events or app.target_url is None:
            return
        with self._lock:
            queue = self._fresh.setdefault(app.app_id, deque())
            queue.extend((app, event) for event in events)
        self.on_work()

    def flush(self) -> list[Delivery]:
        """Deliver everything that is due now, oldest first, and say how it went."""
        done: list[Delivery] = []
        with self._sending:
            while (batch := self._next_batch()) is not None:
                delivery = self._deliver(batch)
                done.append(delivery)
                for listener in self._listeners:
                    listener(delivery)
        return done

    def next_due(self) -> datetime | None:
        """When the next waiting batch is due; None when none waits."""
        with self._lock:
            return self._waiting[0][0] if self._waiting else None

    def close(self) -> None:
        """Close the connections to receivers; what is queued stays queued."""
        self._http.clear()

    def _next_batch(self) -> _Batch | None:
        now = self._clock.now()
        with self._lock:
            self._form_batches(now)
            if self._waiting and self._waiting[0][0] <= now:
                return heapq.heappop(self._waiting)[2]
            return None

    def _form_batches(self, now: datetime) -> None:
        for queue in self._fresh.values():
            while queue:
                app = queue[0][0]
                events = self._take(queue, app)
                for delay, chosen in self._disturb(events):
                    self._push(now + delay, _Batch(app, chosen))

    def _take(self, queue: deque[tuple[App, Event]], app: App) -> list[Event]:
        portal_id = queue[0][1]["portalId"]
        events: list[Event] = []
        while queue and len(events) < MAX_EVENTS_IN_BATCH:
            if not app.mixes_portals and queue[0][1]["portalId"] != portal_id:
                break
            events.append(queue.popleft()[1])
        return events

    def _disturb(self, events: list[Event]) -> list[tuple[timedelta, list[Event]]]:
        """The batch as it would go out, changed by whatever webhook faults strike."""
        nothing = timedelta(0)
        if (fault := self._faults.strikes_webhook(WebhookFault.REORDERED)) is not None:
            events = self._dice.sample(events, len(events))
        late = self._faults.strikes_webhook(WebhookFault.LATE)
        delay = late.delay if late else nothing
        batches = [(delay, events)]
        if (fault := self._faults.strikes_webhook(WebhookFault.DUPLICATED)) is not None:
            again = [{**event, "eventId": self._dice.randrange(1, 2**32)} for event in events]
            batches.append((delay + fault.delay, again))
        return batches

    def _push(self, due: datetime, batch: _Batch) -> None:
        self._sequence += 1
        heapq.heappush(self._waiting, (whole_milliseconds(due), self._sequence, batch))

    def _deliver(self, batch: _Batch) -> Delivery:
        with self._clock.held():
            status = self._post(batch)
        delivery = Delivery(batch.app.app_id, len(batch.events), batch.attempt, status)
        if not delivery.is_accepted:
            self._retry(batch)
        return delivery

    def _retry(self, batch: _Batch) -> None:
        if batch.attempt >= len(RETRY_AFTER):
            self.given_up += 1
            return
        delay = RETRY_AFTER[batch.attempt] * self._dice.uniform(*_SPREAD)
        with self._lock:
            self._push(self._clock.now() + delay, _Batch(batch.app, batch.events, batch.attempt + 1))

    def _post(self, batch: _Batch) -> int | None:
        url = batch.app.target_url
        if url is None:
            return None
        body = msgspec.json.encode([{**event, "attemptNumber": batch.attempt} for event in batch.events])
        now = SystemClock().now() if self.sign_in_real_time else self._clock.now()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": _USER_AGENT,
            **webhook_headers(batch.app.client_secret, url, body, milliseconds(now)),
        }
        try:
            return self._http.request("POST", url, body=body, headers=headers, redirect=False).status
        except urllib3.exceptions.HTTPError:
            return None
