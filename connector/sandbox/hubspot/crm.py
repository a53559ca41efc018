"""A portal's database and its rules: records of every type, and what follows from a change.

Every change is told to `announce`, from where it may become a webhook. Callers hold `lock`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from connector.sandbox.clock import SandboxClock
from connector.sandbox.hubspot.associations import Associations
from connector.sandbox.hubspot.default_properties import REQUIRED_PROPERTIES, default_catalog
from connector.sandbox.hubspot.happenings import Happening, Kind
from connector.sandbox.hubspot.lists import ListBook
from connector.sandbox.hubspot.owners import OwnerBook
from connector.sandbox.hubspot.records import Record, RecordTable
from connector.sandbox.hubspot.refusals import (
    Category,
    Problem,
    PropertyProblem,
    RefusalError,
    bad_properties,
    conflict,
    not_found,
)
from connector.sandbox.hubspot.values import to_webhook_value
from connector.sandbox.hubspot.vocabulary import (
    LIFECYCLE_STAGES,
    OBJECT_TYPES,
    TYPES_BY_NAME,
    ChangeSource,
    ObjectType,
    Origin,
    iso,
)

#: Real record ids have long outgrown 32 bits.
FIRST_RECORD_ID = 541_935_000_001
_UNKNOWN_ORIGIN = Origin(ChangeSource.MERGE)


@dataclass(slots=True)
class Habits:
    """Behaviours that differ between portals or API versions, or that HubSpot does not document."""

    #: A batch done in part: `errors` under status 207 (v3) or under the usual status (2026-09).
    partial_failure_status: int = 207
    #: A value of a unique custom property that another record holds: 409, or 400 as some reports have it.
    unique_conflict_status: int = 409
    #: A merge gives the surviving record a new id, or it keeps that of the primary.
    merge_gives_new_id: bool = True
    #: A merge also tells of deletions and a creation.
    merge_tells_deletions: bool = False
    #: How long a changed record stays out of search results.
    search_lag: timedelta = timedelta(0)
    #: The portal's tier offers event occurrences: it has an Enterprise hub.
    offers_events: bool = True


class Crm:
    """What a portal knows."""

    def __init__(self, clock: SandboxClock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.habits = Habits()
        self.tables = {t.type_id: RecordTable(t, default_catalog(t)) for t in OBJECT_TYPES}
        self.associations = Associations(self._announce_association)
        self.lists = ListBook()
        self.owners = OwnerBook()
        for table in self.tables.values():
            table.catalog.owner_ids = self.owners.ids
        #: Addresses that were erased and may not come back.
        self.blocked_emails: set[str] = set()
        self.announce: Callable[[Happening], None] = lambda happening: None
        #: The properties of a type whose changes anybody hears, so that the others cost nothing.
        self.watched: Callable[[ObjectType], Collection[str]] = lambda object_type: ()
        self._ids = count(FIRST_RECORD_ID)

    def table(self, object_type: str) -> RecordTable:
        """The records of a type by its name or id; refuses an unknown one."""
        found = TYPES_BY_NAME.get(object_type)
        if found is None:
            raise RefusalError(400, Category.VALIDATION, f"Unable to infer object type from: {object_type}")
        return self.tables[found.type_id]

    def record(self, object_type: str, record_id: str, *, archived: bool = False) -> Record:
        """A record by id; refuses with 404 when there is none."""
        found = self.table(object_type).find(record_id, archived=archived)
        if found is None:
            raise not_found("resource not found")
        return found

    def create(self, table: RecordTable, values: Mapping[str, str], origin: Origin) -> Record:
        """Add a record with checked values and tell of it."""
        self.check_new(table, values)
        now = self.clock.now()
        record = Record(str(next(self._ids)), now, now)
        self._stamp(table, record, now)
        for name, value in values.items():
            if value:
                record.set(name, value, now, origin)
        table.add(record)
        self._tell(Kind.CREATION, table.object_type, record.id, origin, now)
        for name in self._heard(table, record.history):
            self._tell_property(table, record, name, origin, now)
        return record

    def check_new(self, table: RecordTable, values: Mapping[str, str]) -> None:
        """Refuse values with which no record of this type can be created."""
        missing = [n for n in REQUIRED_PROPERTIES.get(table.object_type.type_id, ()) if not values.get(n)]
        if missing:
            raise bad_properties([PropertyProblem(n, Problem.MISSING, f"{n} is required") for n in missing])
        if values.get("email", "") in self.blocked_emails:
            message = f"Email address {values['email']} has been GDPR blocklisted"
            raise bad_properties([PropertyProblem("email", Problem.NOT_AN_EMAIL, message)])
        self._check_unique(table, values, None)

    def check_change(self, table: RecordTable, record: Record, values: Mapping[str, str]) -> None:
        """Refuse values that this record can not take."""
        self._check_unique(table, values, record)

    def write(self, table: RecordTable, record: Record, values: Mapping[str, str], origin: Origin) -> None:
        """Set checked values, tell of those that differ, and note the time of the change."""
        now = self.clock.now()
        watched = self.watched(table.object_type)
        for name, value in values.items():
            old = record.properties.get(name, "")
            if old == value or (name == "lifecyclestage" and _goes_back(old, value, origin)):
                continue
            table.set(record, name, value, now, origin)
            if name in watched:
                self._tell_property(table, record, name, origin, now)
        record.updated_at = now
        record.properties[table.object_type.modified_property] = iso(now)

    def archive(self, table: RecordTable, record: Record, origin: Origin) -> None:
        """Delete a record so that it can be restored."""
        now = self.clock.now()
        table.archive(record, now)
        self._tell(Kind.DELETION, table.object_type, record.id, origin, now, {"changeFlag": "DELETED"})

    def restore(self, table: RecordTable, record: Record, origin: Origin) -> None:
        """Bring a deleted record back."""
        now = self.clock.now()
        table.add(record)
        record.updated_at = now
        self._tell(Kind.RESTORE, table.object_type, record.id, origin, now)

    def erase(self, table: RecordTable, record: Record, origin: Origin) -> None:
        """Forget a person for good, block the address, and tell of both deletions."""
        now = self.clock.now()
        table.remove(record)
        table.forget_aliases(record.id)
        self.associations.forget(table.object_type.type_id, record.id)
        self.lists.forget(record.id)
        email = record.properties.get("email")
        if email:
            self.blocked_emails.add(email)
        for kind in (Kind.PRIVACY_DELETION, Kind.DELETION):
            details = {"changeFlag": "DELETED"} if kind is Kind.DELETION else {}
            self._tell(kind, table.object_type, record.id, origin, now, details)

    def merge(self, table: RecordTable, primary: Record, secondary: Record, origin: Origin) -> Record:
        """Make one record of two. The primary's values win; both old ids lead to the survivor."""
        now = self.clock.now()
        merged_ids = [primary.id, secondary.id]
        new_id = str(next(self._ids)) if self.habits.merge_gives_new_id else primary.id
        survivor = Record(new_id, min(primary.created_at, secondary.created_at), now)
        survivor.history = {name: list(versions) for name, versions in primary.history.items()}
        survivor.properties = merged_properties(primary, secondary)
        moved = sum(survivor.properties.get(n) != primary.properties.get(n) for n in survivor.properties)
        for old in (primary, secondary):
            table.remove(old)
        self._stamp(table, survivor, now)
        table.add(survivor)
        table.replace(merged_ids, survivor)
        self._hand_over(table.object_type, primary, secondary, survivor)
        details = {
            "primaryObjectId": int(primary.id),
            "mergedObjectIds": [int(i) for i in merged_ids],
            "newObjectId": int(survivor.id),
            "numberOfPropertiesMoved": moved,
        }
        self._tell(Kind.MERGE, table.object_type, survivor.id, origin, now, details)
        for name in self._heard(table, survivor.properties):
            if survivor.properties[name] != primary.properties.get(name):
                self._tell_property(table, survivor, name, Origin(ChangeSource.MERGE), now)
        if self.habits.merge_tells_deletions:
            self._tell_merge_as_deletions(table.object_type, merged_ids, survivor.id, now)
        return survivor

    def _hand_over(self, object_type: ObjectType, primary: Record, secondary: Record, survivor: Record) -> None:
        for old in (primary, secondary):
            self.associations.move(object_type.type_id, old.id, survivor.id)
        self.lists.forget(secondary.id)
        self.lists.move(primary.id, survivor.id)

    def _tell_merge_as_deletions(
        self, object_type: ObjectType, merged_ids: list[str], survivor_id: str, now: datetime
    ) -> None:
        for old_id in merged_ids:
            if old_id != survivor_id:
                details = {"changeFlag": "DELETED"}
                self._tell(Kind.DELETION, object_type, old_id, _UNKNOWN_ORIGIN, now, details)
        self._tell(Kind.CREATION, object_type, survivor_id, _UNKNOWN_ORIGIN, now)

    def _check_unique(self, table: RecordTable, values: Mapping[str, str], record: Record | None) -> None:
        held = table.holder_of(values)
        if held is None or held[1] is record:
            return
        name, holder = held
        if name == "email":
            raise conflict(f"Contact already exists. Existing ID: {holder.id}")
        message = f"Cannot set {name} to {values[name]}. {holder.id} already has that value."
        raise RefusalError(
            self.habits.unique_conflict_status,
            Category.CONFLICT if self.habits.unique_conflict_status == 409 else Category.VALIDATION,
            message,
            errors=[{"message": message, "code": "CONFLICTING_UNIQUE_VALUE", "context": {"propertyName": [name]}}],
        )

    def _stamp(self, table: RecordTable, record: Record, now: datetime) -> None:
        object_type = table.object_type
        record.properties["hs_object_id"] = record.id
        record.properties[object_type.created_property] = iso(record.created_at)
        record.properties[object_type.modified_property] = iso(now)

    def _heard(self, table: RecordTable, names: Iterable[str]) -> list[str]:
        watched = self.watched(table.object_type)
        return [name for name in names if name in watched]

    def _tell_property(self, table: RecordTable, record: Record, name: str, origin: Origin, now: datetime) -> None:
        definition = table.catalog.properties[name]
        if definition.calculated:
            return
        value = to_webhook_value(record.properties.get(name, ""), definition.type)
        details = {"propertyName": name, "propertyValue": value}
        self.announce(Happening(Kind.PROPERTY_CHANGE, table.object_type, record.id, now, origin, name, details))

    def _tell(
        self,
        kind: Kind,
        object_type: ObjectType,
        record_id: str,
        origin: Origin,
        now: datetime,
        details: Mapping[str, object] | None = None,
    ) -> None:
        if kind is Kind.CREATION:
            details = {"changeFlag": "CREATED"}
        self.announce(Happening(kind, object_type, record_id, now, origin, None, dict(details or {})))

    def _announce_association(
        self, object_type: ObjectType, record_id: str, origin: Origin, details: dict[str, object]
    ) -> None:
        self._tell(Kind.ASSOCIATION_CHANGE, object_type, record_id, origin, self.clock.now(), details)


def merged_properties(primary: Record, secondary: Record) -> dict[str, str]:
    """The survivor's values: the primary's, filled up with the secondary's.

    The other address becomes an additional one, the lifecycle is the furthest, form submissions add up.
    HubSpot: "Merge records" (knowledge base).
    """
    first, second = primary.properties, secondary.properties
    merged = {**second, **first}
    addresses = [second["email"]] if second.get("email") and first.get("email") else []
    addresses += [a for r in (first, second) for a in r.get("hs_additional_emails", "").split(";") if a]
    if addresses:
        merged["hs_additional_emails"] = ";".join(addresses)
    stages = [r["lifecyclestage"] for r in (first, second) if r.get("lifecyclestage") in LIFECYCLE_STAGES]
    if len(stages) == 2:
        merged["lifecyclestage"] = max(stages, key=LIFECYCLE_STAGES.index)
    if "num_conversion_events" in merged:
        merged["num_conversion_events"] = str(sum(int(r.get("num_conversion_events", "0")) for r in (first, second)))
    ids = [i for r in (first, second) for i in r.get("hs_merged_object_ids", "").split(";") if i]
    merged["hs_merged_object_ids"] = ";".join([*ids, primary.id, secondary.id])
    return merged


def _goes_back(old: str, new: str, origin: Origin) -> bool:
    """Whether an integration tries to move a lifecycle stage backwards, which HubSpot ignores."""
    if origin.source is not ChangeSource.INTEGRATION:
        return False
    if old not in LIFECYCLE_STAGES or new not in LIFECYCLE_STAGES:
        return False
    return LIFECYCLE_STAGES.index(new) < LIFECYCLE_STAGES.index(old)
