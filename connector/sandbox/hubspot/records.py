"""The records of one object type: identity, unique values, merges, archive."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from connector.sandbox.hubspot.properties import Catalog
from connector.sandbox.hubspot.vocabulary import ObjectType, Origin

#: Older values of one property that a record remembers.
MAX_VERSIONS = 20


class Version(NamedTuple):
    """A value that a property had, since when and by whom."""

    value: str
    at: datetime
    origin: Origin


@dataclass(slots=True)
class Record:
    """One contact, company, task...; an absent property has no value."""

    id: str
    created_at: datetime
    updated_at: datetime
    properties: dict[str, str] = field(default_factory=dict)
    history: dict[str, list[Version]] = field(default_factory=dict)
    archived_at: datetime | None = None

    def set(self, name: str, value: str, at: datetime, origin: Origin) -> None:
        """Give a property a value, or none with an empty one, and remember it."""
        if value:
            self.properties[name] = value
        else:
            self.properties.pop(name, None)
        versions = self.history.get(name)
        if versions is None:
            versions = self.history[name] = []
        versions.append(Version(value, at, origin))
        if len(versions) > MAX_VERSIONS:
            del versions[0]


class RecordTable:
    """All records of one type in a portal."""

    def __init__(self, object_type: ObjectType, catalog: Catalog) -> None:
        self.object_type = object_type
        self.catalog = catalog
        self._records: dict[str, Record] = {}
        self._archived: dict[str, Record] = {}
        #: Ids that a merge took away, to the id that took their place.
        self._survivors: dict[str, str] = {}
        self._unique: dict[str, dict[str, str]] = {}

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records.values())

    def __len__(self) -> int:
        return len(self._records)

    @property
    def archived(self) -> Iterable[Record]:
        """Deleted records that can still be restored."""
        return self._archived.values()

    def has(self, record_id: str) -> bool:
        """Whether a record has exactly this id; merges are not followed."""
        return record_id in self._records

    def find(self, record_id: str, *, archived: bool = False) -> Record | None:
        """The record of an id, also of one that a merge took away."""
        records = self._archived if archived else self._records
        found = records.get(record_id)
        if found is None and record_id in self._survivors:
            return self.find(self._survivors[record_id], archived=archived)
        return found

    def find_by(self, property_name: str, value: str) -> Record | None:
        """The record that holds a unique value."""
        if property_name == "email":
            value = value.strip().lower()
        record_id = self._unique.get(property_name, {}).get(value)
        return self._records[record_id] if record_id is not None else None

    def holder_of(self, values: Mapping[str, str]) -> tuple[str, Record] | None:
        """The first unique value among these that a record holds already, with that record."""
        for name in self.catalog.unique_names.intersection(values):
            holder = self.find_by(name, values[name]) if values[name] else None
            if holder is not None:
                return name, holder
        return None

    def add(self, record: Record) -> None:
        """Take in a new record or bring back an archived one."""
        self._archived.pop(record.id, None)
        record.archived_at = None
        self._records[record.id] = record
        for name, value in record.properties.items():
            self._index(name, value, record.id)

    def set(self, record: Record, name: str, value: str, at: datetime, origin: Origin) -> None:
        """Change one value of a record, keeping the unique values findable."""
        if name in self.catalog.unique_names:
            self._forget(name, record.properties.get(name))
            self._index(name, value, record.id)
        record.set(name, value, at, origin)

    def archive(self, record: Record, at: datetime) -> None:
        """Take a record out of sight; it can be added again."""
        self.remove(record)
        record.archived_at = at
        self._archived[record.id] = record

    def remove(self, record: Record) -> None:
        """Take a record away for good."""
        self._records.pop(record.id, None)
        self._archived.pop(record.id, None)
        for name, value in record.properties.items():
            self._forget(name, value)

    def replace(self, old_ids: Iterable[str], survivor: Record) -> None:
        """Let ids that a merge took away lead to the survivor."""
        for old_id in old_ids:
            if old_id != survivor.id:
                self._survivors[old_id] = survivor.id

    def aliases_of(self, record_id: str) -> list[str]:
        """Every id that leads to this record by merges."""
        return [old for old in self._survivors if self._end_of(old) == record_id]

    def forget_aliases(self, record_id: str) -> None:
        """Let no merged-away id lead to this record any more."""
        for old in self.aliases_of(record_id):
            del self._survivors[old]

    def _end_of(self, record_id: str) -> str:
        while record_id in self._survivors:
            record_id = self._survivors[record_id]
        return record_id

    def _index(self, name: str, value: str, record_id: str) -> None:
        if value and name in self.catalog.unique_names:
            self._unique.setdefault(name, {})[value] = record_id

    def _forget(self, name: str, value: str | None) -> None:
        if value is not None:
            self._unique.get(name, {}).pop(value, None)
