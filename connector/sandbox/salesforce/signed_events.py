"""Events that Apex code in an org posts after a transaction, as JSON with an HMAC.

The platform does not repeat a callout: what is not taken at once is lost. Salesforce: Apex Developer Guide, "Crypto
Class", "Invoking Callouts Using Apex". Nothing is sent except by `flush()`.
"""

from __future__ import annotations

import hashlib
import hmac
import random
import threading
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import msgspec

from connector.clock import whole_milliseconds
from connector.sandbox.clock import SandboxClock
from connector.sandbox.faults import FaultBook, WebhookFault
from connector.sandbox.salesforce.deliveries import Delivery, Postman
from connector.sandbox.salesforce.happenings import Happening, Kind
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.outbound_xml import to_soap_text

#: A trigger is handed so many records at once.
MAX_EVENTS = 200
_SYSTEM_FIELDS = frozenset(
    {"Id", "IsDeleted", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp"}
)


@dataclass(slots=True, eq=False)
class SignedEvents:
    """Where an org's triggers post, what they listen to, and the key that they sign with."""

    org: Org
    url: str
    key: bytes
    objects: frozenset[str]
    #: What the headers' names begin with.
    header_prefix: str = "X-Coltiva"


@dataclass(frozen=True, slots=True)
class _Callout:
    target: SignedEvents
    due: datetime
    delivery_id: str
    events: list[dict[str, Any]]


def sign(key: bytes, timestamp: str, body: bytes) -> str:
    """The signature header's value."""
    return "v1=" + hmac.new(key, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


class SignedEventSender:
    """The callouts of all orgs, in order."""

    def __init__(self, clock: SandboxClock, faults: FaultBook, dice: random.Random) -> None:
        self._clock = clock
        self._faults = faults
        self._dice = dice
        self._postman = Postman()
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._queue: deque[_Callout] = deque()
        #: Called when there is something new to send.
        self.on_work: Callable[[], None] = lambda: None
        #: Events that no receiver took.
        self.lost = 0

    @property
    def pending(self) -> int:
        """Events that were not posted yet."""
        with self._lock:
            return sum(len(one.events) for one in self._queue)

    def add(self, org: Org, url: str, key: bytes, objects: frozenset[str]) -> SignedEvents:
        """Let the triggers of an org post the changes of some objects."""
        target = SignedEvents(org, url, key, objects)
        org.on_change(lambda happenings: self._hear(target, happenings))
        return target

    def flush(self) -> list[Delivery]:
        """Post everything that is due now, and say how it went."""
        done: list[Delivery] = []
        with self._sending:
            while (callout := self._take_due()) is not None:
                done.append(self._post(callout))
        return done

    def next_due(self) -> datetime | None:
        """When the next callout is due."""
        with self._lock:
            return min((one.due for one in self._queue), default=None)

    def close(self) -> None:
        """Close the connections to receivers."""
        self._postman.close()

    def _hear(self, target: SignedEvents, happenings: list[Happening]) -> None:
        heard = [one for one in happenings if one.object_name in target.objects]
        for _, same in groupby(heard, key=lambda one: (one.object_name, one.kind)):
            events = [_event(target.org, one) for one in same]
            for start in range(0, len(events), MAX_EVENTS):
                self._enqueue(target, events[start : start + MAX_EVENTS])
        self.on_work()

    def _enqueue(self, target: SignedEvents, events: list[dict[str, Any]]) -> None:
        now = self._clock.now()
        if self._faults.strikes_webhook(WebhookFault.REORDERED) is not None:
            events = self._dice.sample(events, len(events))
        late = self._faults.strikes_webhook(WebhookFault.LATE)
        delivery_id = str(uuid.UUID(int=self._dice.getrandbits(128), version=4))
        callout = _Callout(target, whole_milliseconds(now + late.delay) if late else now, delivery_id, events)
        again = self._faults.strikes_webhook(WebhookFault.DUPLICATED)
        with self._lock:
            self._queue.append(callout)
            if again is not None:
                due = whole_milliseconds(callout.due + again.delay)
                self._queue.append(_Callout(target, due, delivery_id, events))

    def _take_due(self) -> _Callout | None:
        now = self._clock.now()
        with self._lock:
            due = next((one for one in self._queue if one.due <= now), None)
            if due is not None:
                self._queue.remove(due)
            return due

    def _post(self, callout: _Callout) -> Delivery:
        target = callout.target
        told = {"orgId": target.org.id, "deliveryId": callout.delivery_id, "events": callout.events}
        body = msgspec.json.encode(told)
        with self._clock.held():
            status, answer = self._postman.post(target.url, body, self._headers(callout, body))
        is_accepted = status is not None and 200 <= status < 300
        if not is_accepted:
            self.lost += len(callout.events)
        return Delivery(target.org.id, target.url, len(callout.events), 0, status, is_accepted, answer)

    def _headers(self, callout: _Callout, body: bytes) -> dict[str, str]:
        target = callout.target
        timestamp = str(int(self._clock.now().timestamp()))
        return {
            "Content-Type": "application/json;charset=UTF-8",
            "User-Agent": "SFDC-Callout/66.0",
            f"{target.header_prefix}-Org": target.org.id,
            f"{target.header_prefix}-Timestamp": timestamp,
            f"{target.header_prefix}-Delivery": callout.delivery_id,
            f"{target.header_prefix}-Signature": sign(target.key, timestamp, body),
        }


def _event(org: Org, happening: Happening) -> dict[str, Any]:
    """One changed record, as it is when the transaction ends."""
    row = org.database.row(happening.record_id) or {}
    names = [name for name in happening.changed if name not in _SYSTEM_FIELDS and not name.startswith("_")]
    record = {name: _value(row.get(name)) for name in names}
    if happening.master_id:
        record["MasterRecordId"] = happening.master_id
    return {
        "object": happening.object_name,
        "id": happening.record_id,
        "change": str(happening.kind),
        "changedFields": names if happening.kind is Kind.UPDATE else [],
        "record": record,
        "lastModifiedById": row.get("LastModifiedById"),
        "systemModstamp": _value(row.get("SystemModstamp")),
    }


def _value(value: Any) -> Any:
    return to_soap_text(value) if isinstance(value, str) else value
