"""An org's event bus: change events in order, kept for three days.

Salesforce: Change Data Capture Developer Guide; Pub/Sub API, Event Message Durability.
"""

from __future__ import annotations

import random
import threading
import uuid
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connector.sandbox.salesforce.change_schemas import ChangeSchema, change_schema
from connector.sandbox.salesforce.happenings import Happening, Kind
from connector.sandbox.salesforce.org import Org

RETENTION = timedelta(hours=72)
#: The channel of all objects that are selected.
ALL_CHANGES = "/data/ChangeEvents"
#: The id that stands for whatever a transaction changed.
OVERFLOWN_ID = "000000000000000AAA"
_PLACE = b"\x00\x00\x00\x00"


@dataclass(frozen=True, slots=True)
class BusEvent:
    """One event on the bus."""

    number: int
    at: datetime
    object_name: str
    schema_id: str
    payload: bytes


class UnknownPlaceError(Exception):
    """A replay id that the bus never gave, or gave too long ago."""


def to_place(number: int) -> bytes:
    """The replay id of a number: to others it says nothing."""
    return _PLACE + (number ^ 0x5A5A5A5A).to_bytes(8, "big")


class EventBus:
    """Hears what changes in an org and keeps it. `changed` guards everything, and tells of what is new."""

    def __init__(self, org: Org, objects: Collection[str], dice: random.Random) -> None:
        self.org = org
        self.objects = frozenset(objects)
        #: Custom channel -> the objects on it.
        self.channels: dict[str, frozenset[str]] = {}
        self.changed = threading.Condition()
        #: Every schema that there ever was, by id.
        self.schemas: dict[str, str] = {}
        #: The present one of each object, and as of when.
        self._current: dict[str, tuple[datetime, ChangeSchema]] = {}
        self._dice = dice
        self._events: deque[BusEvent] = deque()
        self._last = 1000
        #: No place before this one is known any more.
        self._floor = self._last
        org.on_change(self._hear)

    # --- what subscribers ask ---------------------------------------------------------------

    def objects_of(self, channel: str) -> frozenset[str] | None:
        """What a channel tells of; None where there is no such channel."""
        if channel == ALL_CHANGES:
            return self.objects
        single = channel.removeprefix("/data/").removesuffix("ChangeEvent")
        return frozenset({single}) if single in self.objects else self.channels.get(channel)

    def schema(self, object_name: str) -> ChangeSchema:
        """The present schema of an object's changes."""
        known = self._current.get(object_name)
        if known is None or known[0] != self.org.schema_changed_at:
            known = self.org.schema_changed_at, change_schema(self.org.database.schema.get(object_name))
            self._current[object_name] = known
            self.schemas[known[1].id] = known[1].text
        return known[1]

    def number_of(self, place: bytes) -> int:
        """The number of a replay id. Raises UnknownPlaceError."""
        self._drop_old()
        number = int.from_bytes(place[4:], "big") ^ 0x5A5A5A5A if place[:4] == _PLACE and len(place) == 12 else -1
        if not self._floor <= number <= self._last:
            raise UnknownPlaceError
        return number

    def earliest(self) -> int:
        """The number before the first event that is kept."""
        self._drop_old()
        return self._floor

    def latest(self) -> int:
        """The number of the newest event; ever another one, since other people's events pass, too."""
        self._last += self._dice.randint(1, 4)
        return self._last

    def newest(self) -> bytes:
        """The replay id of the newest event that is kept; empty where there is none."""
        return to_place(self._events[-1].number) if self._events else b""

    def after(self, number: int, objects: Collection[str], limit: int) -> Sequence[BusEvent]:
        """The next events of these objects."""
        found = (one for one in self._events if one.number > number and one.object_name in objects)
        return [one for one, _ in zip(found, range(limit), strict=False)]

    # --- what goes wrong in an org ----------------------------------------------------------

    def gap(self, change: str, object_name: str, *record_ids: str) -> None:
        """Tell that these records changed, and not what, as when an event is too large."""
        with self.changed:
            self._put(object_name, f"GAP_{change}", record_ids, self.org.clock.now(), self.org.admin, {}, ())

    def overflow(self, object_name: str) -> None:
        """Tell that a transaction changed more than 100,000 records."""
        with self.changed:
            self._put(object_name, "GAP_OVERFLOW", (OVERFLOWN_ID,), self.org.clock.now(), self.org.admin, {}, ())

    def scramble(self, object_name: str) -> None:
        """Put an event on the bus that no schema reads."""
        with self.changed:
            self._append(BusEvent(0, self.org.clock.now(), object_name, self.schema(object_name).id, b"\xff\xff\xff"))

    # --- inside -----------------------------------------------------------------------------

    def _hear(self, happenings: list[Happening]) -> None:
        key = str(uuid.UUID(int=self._dice.getrandbits(128), version=4))
        with self.changed:
            for sequence, one in enumerate((one for one in happenings if one.object_name in self.objects), start=1):
                self._tell(one, key, sequence)

    def _tell(self, one: Happening, key: str, sequence: int) -> None:
        row = self.org.database.row(one.record_id) or {}
        fields = self.org.database.schema.get(one.object_name).fields
        changed: tuple[str, ...] = ()
        values: Mapping[str, Any] = {}
        if one.kind in (Kind.CREATE, Kind.UNDELETE):
            values = {name: row.get(name) for name in fields}
        elif one.kind is Kind.UPDATE:
            # Change Events for Lead Conversion: LastModifiedDate is not told then.
            stamps = () if "IsConverted" in one.changed else ("LastModifiedDate",)
            changed = (*(name for name in one.changed if name in fields), *stamps)
            values = {name: row.get(name) for name in changed}
        self._put(
            one.object_name, str(one.kind), (one.record_id,), one.at, one.actor.user_id, values, changed,
            client=one.actor.client, key=key, sequence=sequence,
        )  # fmt: skip

    def _put(
        self,
        object_name: str,
        change: str,
        record_ids: Sequence[str],
        at: datetime,
        user: str,
        values: Mapping[str, Any],
        changed: Collection[str],
        *,
        client: str = "",
        key: str = "",
        sequence: int = 1,
    ) -> None:
        schema = self.schema(object_name)
        commit = round(at.timestamp() * 1000)
        header = {
            "entityName": object_name,
            "recordIds": list(record_ids),
            "changeType": change,
            "changeOrigin": f"com/salesforce/api/rest/66.0;client={client}" if client else "",
            "transactionKey": key,
            "sequenceNumber": sequence,
            "commitTimestamp": commit,
            "commitNumber": commit * 1000 + sequence,
            "commitUser": user,
            "nulledFields": schema.bitmaps(name for name in changed if values.get(name) is None),
            "diffFields": [],
            "changedFields": schema.bitmaps(changed),
        }
        self._append(BusEvent(0, at, object_name, schema.id, schema.write(header, values)))

    def _append(self, event: BusEvent) -> None:
        self._last += self._dice.randint(1, 4)
        self._events.append(BusEvent(self._last, event.at, event.object_name, event.schema_id, event.payload))
        self.changed.notify_all()

    def _drop_old(self) -> None:
        limit = self.org.clock.now() - RETENTION
        while self._events and self._events[0].at < limit:
            self._floor = self._events.popleft().number
