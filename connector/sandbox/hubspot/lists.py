"""Lists of records and their members. HubSpot: Lists API guide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from connector.sandbox.hubspot.refusals import invalid, not_found
from connector.sandbox.hubspot.vocabulary import iso

PROCESSING_TYPES = ("MANUAL", "DYNAMIC", "SNAPSHOT")
_WRITABLE = ("MANUAL", "SNAPSHOT")
_FIRST_LIST_ID = 1201
DUPLICATE_NAME = "ILS.DUPLICATE_LIST_NAMES"


@dataclass(slots=True)
class RecordList:
    """One list, with the moment each member joined."""

    id: str
    name: str
    object_type_id: str
    processing_type: str
    created_at: datetime
    updated_at: datetime
    filter_branch: dict[str, Any] | None = None
    version: int = 1
    members: dict[str, datetime] = field(default_factory=dict)
    deleted_at: datetime | None = None


@dataclass(slots=True)
class MembershipChange:
    """What a call changed: no-ops are in none of the three."""

    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


class ListBook:
    """All lists of a portal."""

    def __init__(self) -> None:
        self._lists: dict[str, RecordList] = {}
        self._ids = count(_FIRST_LIST_ID)
        #: Told of each record that joined a list.
        self.on_joined: Callable[[RecordList, str], None] = lambda joined, record_id: None

    def __iter__(self) -> Iterator[RecordList]:
        return (one for one in self._lists.values() if one.deleted_at is None)

    def create(
        self,
        name: str,
        object_type_id: str,
        processing_type: str,
        now: datetime,
        filter_branch: dict[str, Any] | None = None,
    ) -> RecordList:
        """Make a list; refuses a name in use and an unknown kind."""
        if processing_type not in PROCESSING_TYPES:
            raise invalid(f"Invalid processing type {processing_type}; one of {', '.join(PROCESSING_TYPES)}.")
        if not name.strip():
            raise invalid("A list needs a name.")
        self._check_name(name)
        made = RecordList(str(next(self._ids)), name, object_type_id, processing_type, now, now, filter_branch)
        self._lists[made.id] = made
        return made

    def get(self, list_id: str) -> RecordList:
        """A list by id; refuses with 404 when there is none or it was deleted."""
        found = self._lists.get(list_id)
        if found is None or found.deleted_at is not None:
            raise not_found(f"List does not exist with ID {list_id}.", sub_category="ILS.LIST_NOT_FOUND")
        return found

    def by_name(self, name: str, object_type_id: str) -> RecordList:
        """A list by name; refuses with 404 when there is none."""
        for one in self:
            if one.object_type_id == object_type_id and one.name.lower() == name.lower():
                return one
        raise not_found(f"List does not exist with name {name}.", sub_category="ILS.LIST_NOT_FOUND")

    def rename(self, list_id: str, name: str, now: datetime) -> RecordList:
        """Give a list another name; refuses one in use."""
        found = self.get(list_id)
        if name.lower() != found.name.lower():
            self._check_name(name)
        found.name, found.updated_at, found.version = name, now, found.version + 1
        return found

    def delete(self, list_id: str, now: datetime) -> None:
        """Delete a list; it can be restored."""
        self.get(list_id).deleted_at = now

    def restore(self, list_id: str) -> None:
        """Bring a deleted list back."""
        found = self._lists.get(list_id)
        if found is None:
            raise not_found(f"List does not exist with ID {list_id}.", sub_category="ILS.LIST_NOT_FOUND")
        found.deleted_at = None

    def change(
        self,
        changed: RecordList,
        *,
        add: Iterable[str] = (),
        remove: Iterable[str] = (),
        exists: Callable[[str], bool],
        now: datetime,
    ) -> MembershipChange:
        """Add and remove members; refuses a dynamic list. Unknown ids are named, no-ops passed over."""
        if changed.processing_type not in _WRITABLE:
            raise invalid(f"List {changed.id} is {changed.processing_type}; only MANUAL and SNAPSHOT take members.")
        done = MembershipChange()
        for record_id in dict.fromkeys(add):
            if not exists(record_id):
                done.missing.append(record_id)
            elif record_id not in changed.members:
                changed.members[record_id] = now
                done.added.append(record_id)
        for record_id in dict.fromkeys(remove):
            if changed.members.pop(record_id, None) is not None:
                done.removed.append(record_id)
            elif not exists(record_id):
                done.missing.append(record_id)
        for record_id in done.added:
            self.on_joined(changed, record_id)
        return done

    def lists_of(self, record_id: str, object_type_id: str) -> list[RecordList]:
        """The lists that a record is in."""
        return [one for one in self if one.object_type_id == object_type_id and record_id in one.members]

    def forget(self, record_id: str) -> None:
        """Take a record out of every list."""
        for one in self._lists.values():
            one.members.pop(record_id, None)

    def move(self, old_id: str, new_id: str) -> None:
        """Let a merge's survivor take the place of the primary record."""
        for one in self._lists.values():
            joined_at = one.members.pop(old_id, None)
            if joined_at is not None:
                one.members[new_id] = joined_at

    def _check_name(self, name: str) -> None:
        if any(one.name.lower() == name.lower() for one in self):
            message = f"List names must be unique. A list with the name '{name}' already exists."
            raise invalid(message, sub_category=DUPLICATE_NAME)


def list_body(one: RecordList) -> dict[str, Any]:
    """A list as the API shows it."""
    body: dict[str, Any] = {
        "listId": one.id,
        "listVersion": one.version,
        "name": one.name,
        "objectTypeId": one.object_type_id,
        "processingType": one.processing_type,
        "processingStatus": "COMPLETE",
        "createdAt": iso(one.created_at),
        "updatedAt": iso(one.updated_at),
        "filtersUpdatedAt": iso(one.created_at),
        "size": len(one.members),
    }
    if one.deleted_at is not None:
        body["deletedAt"] = iso(one.deleted_at)
    return body
