"""Sends outbound messages until they are acknowledged, or a day is over.

Salesforce: SOAP API Developer Guide, "Understanding Outbound Messaging". Nothing is sent except by `flush()`.
"""

from __future__ import annotations

import heapq
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connector.clock import whole_milliseconds
from connector.sandbox.clock import SandboxClock
from connector.sandbox.faults import FaultBook, WebhookFault
from connector.sandbox.salesforce.deliveries import Delivery, Postman
from connector.sandbox.salesforce.happenings import Happening, Kind
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.outbound_xml import is_acknowledged, write_message

MAX_NOTIFICATIONS = 100
KEPT_FOR = timedelta(hours=24)
#: The first gap between two attempts; each further one is twice as long, up to the longest.
FIRST_GAP, LONGEST_GAP = timedelta(minutes=1), timedelta(hours=2)
_HEADERS = {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""', "Accept": "text/xml"}
#: Of our objects, those that workflow rules know. Opportunity contact roles are not among them.
TOLD_OF = frozenset({"Lead", "Contact", "Account", "Opportunity", "Campaign", "CampaignMember", "Task"})
DEFAULT_FIELDS = ("Id", "CreatedDate", "LastModifiedDate", "LastModifiedById", "SystemModstamp")


@dataclass(frozen=True, slots=True, eq=False)
class OutboundMessage:
    """A message that a flow sends whenever a record of an object is made or changed."""

    org: Org
    object_name: str
    url: str
    action_id: str
    #: The user whose view of the record is sent.
    send_as: str
    fields: tuple[str, ...] = DEFAULT_FIELDS


@dataclass(slots=True)
class _Batch:
    message: OutboundMessage
    #: Notification id to record id.
    notifications: dict[str, str]
    queued_at: datetime
    attempt: int = 0


@dataclass(slots=True)
class _Queue:
    """Records that a message is to be sent for, each once however often it changed."""

    message: OutboundMessage
    queued: dict[str, datetime] = field(default_factory=dict)


class OutboundSender:
    """The outbound message queues of all orgs."""

    def __init__(self, clock: SandboxClock, faults: FaultBook, dice: random.Random) -> None:
        self._clock = clock
        self._faults = faults
        self._dice = dice
        self._postman = Postman()
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._queues: list[_Queue] = []
        self._waiting: list[tuple[datetime, int, _Batch]] = []
        self._sequence = 0
        #: Called when there is something new to send.
        self.on_work: Callable[[], None] = lambda: None
        #: Notifications that were dropped after a day.
        self.given_up = 0

    @property
    def pending(self) -> int:
        """Notifications not acknowledged and not dropped."""
        with self._lock:
            fresh = sum(len(queue.queued) for queue in self._queues)
            return fresh + sum(len(batch.notifications) for _, _, batch in self._waiting)

    def add(self, org: Org, object_name: str, url: str, fields: tuple[str, ...] = DEFAULT_FIELDS) -> OutboundMessage:
        """Define a message and the flow that sends it; the administrator is the user to send as."""
        if object_name not in TOLD_OF:
            raise ValueError(f"no outbound message tells of {object_name}")
        names = tuple(org.database.schema.get(object_name).fields[name].name for name in fields)
        message = OutboundMessage(org, object_name, url, org.database.ids.next("04k"), org.admin, names)
        queue = _Queue(message)
        self._queues.append(queue)
        org.on_change(lambda happenings: self._hear(queue, happenings))
        return message

    def flush(self) -> list[Delivery]:
        """Send everything that is due now, and say how it went."""
        done: list[Delivery] = []
        with self._sending:
            while (batch := self._next_batch()) is not None:
                if (delivery := self._deliver(batch)) is not None:
                    done.append(delivery)
        return done

    def next_due(self) -> datetime | None:
        """When the next message that waits is due."""
        with self._lock:
            return self._waiting[0][0] if self._waiting else None

    def close(self) -> None:
        """Close the connections to receivers; what is queued stays queued."""
        self._postman.close()

    def _hear(self, queue: _Queue, happenings: list[Happening]) -> None:
        message = queue.message
        now = self._clock.now()
        with self._lock:
            for one in happenings:
                if one.object_name == message.object_name and _is_told(message.org, one):
                    queue.queued.setdefault(one.record_id, now)
        self.on_work()

    def _next_batch(self) -> _Batch | None:
        now = self._clock.now()
        with self._lock:
            for queue in self._queues:
                self._form_batches(queue, now)
            if self._waiting and self._waiting[0][0] <= now:
                return heapq.heappop(self._waiting)[2]
            return None

    def _form_batches(self, queue: _Queue, now: datetime) -> None:
        while queue.queued:
            taken = list(queue.queued)[:MAX_NOTIFICATIONS]
            queued_at = min(queue.queued.pop(record_id) for record_id in taken)
            if self._faults.strikes_webhook(WebhookFault.REORDERED) is not None:
                taken = self._dice.sample(taken, len(taken))
            ids = queue.message.org.database.ids
            batch = _Batch(queue.message, {ids.next("04l"): record_id for record_id in taken}, queued_at)
            late = self._faults.strikes_webhook(WebhookFault.LATE)
            due = now + late.delay if late else now
            self._push(due, batch)
            if (again := self._faults.strikes_webhook(WebhookFault.DUPLICATED)) is not None:
                self._push(due + again.delay, _Batch(queue.message, dict(batch.notifications), queued_at))

    def _push(self, due: datetime, batch: _Batch) -> None:
        self._sequence += 1
        heapq.heappush(self._waiting, (whole_milliseconds(due), self._sequence, batch))

    def _deliver(self, batch: _Batch) -> Delivery | None:
        """Send the newest values; None when none of the records is there any more."""
        message = batch.message
        told = self._values(batch)
        if not told:
            return None
        body = write_message(
            org_id=message.org.id,
            action_id=message.action_id,
            instance_url=message.org.instance_url,
            object_name=message.object_name,
            notifications=told,
        )
        with self._clock.held():
            status, answer = self._postman.post(message.url, body, _HEADERS)
        is_accepted = status == 200 and is_acknowledged(answer)
        if not is_accepted:
            self._retry(batch)
        return Delivery(message.org.id, message.url, len(told), batch.attempt, status, is_accepted, answer)

    def _values(self, batch: _Batch) -> list[tuple[str, dict[str, Any]]]:
        message = batch.message
        org = message.org
        with org.lock:
            table = org.database.tables[message.object_name]
            sees = org.permissions_of(message.send_as).sees
            names = [name for name in message.fields if sees(message.object_name, name)]
            rows = ((one, table.live(record_id)) for one, record_id in batch.notifications.items())
            return [(one, {name: row.get(name) for name in ("Id", *names)}) for one, row in rows if row is not None]

    def _retry(self, batch: _Batch) -> None:
        gap = min(LONGEST_GAP, FIRST_GAP * 2**batch.attempt) * self._dice.uniform(0.8, 1.2)
        now = self._clock.now()
        if now + gap > batch.queued_at + KEPT_FOR:
            self.given_up += len(batch.notifications)
            return
        with self._lock:
            self._push(now + gap, _Batch(batch.message, batch.notifications, batch.queued_at, batch.attempt + 1))


def _is_told(org: Org, happening: Happening) -> bool:
    """Deletions are never told, nor what users without "Send Outbound Messages" do."""
    is_change = happening.kind in (Kind.CREATE, Kind.UPDATE)
    return is_change and org.permissions_of(happening.actor.user_id).sends_outbound_messages
