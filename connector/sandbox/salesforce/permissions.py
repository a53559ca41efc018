"""What a user may do: by object and by field. Salesforce: "Field-Level Security", "Object Permissions"."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from connector.sandbox.salesforce.fields import Field
from connector.sandbox.salesforce.objects import ObjectType
from connector.sandbox.salesforce.refusals import RefusalError, no_such_column, no_such_type


class Right(StrEnum):
    """What may be done with an object's records."""

    READ = "read"
    CREATE = "create"
    EDIT = "edit"
    DELETE = "delete"


_REFUSED_WRITES = {Right.CREATE: "inserted", Right.EDIT: "updated", Right.DELETE: "deleted"}


@dataclass(slots=True)
class Permissions:
    """What was taken from a user who may otherwise do everything."""

    #: (object, right)
    missing_rights: set[tuple[str, Right]] = field(default_factory=set)
    #: (object, field) that the user does not see.
    hidden: set[tuple[str, str]] = field(default_factory=set)
    #: (object, field) that the user sees but may not edit.
    read_only: set[tuple[str, str]] = field(default_factory=set)
    #: "API Enabled" and "Send Custom Notifications" in the profile.
    may_use_api: bool = True
    may_send_notifications: bool = True
    #: "Send Outbound Messages": whether this user's changes are told by outbound messages.
    sends_outbound_messages: bool = True

    def take_field(self, *qualified: str) -> None:
        """Hide fields such as `Lead.Email`."""
        self.hidden.update(_parted(qualified))

    def take_edit(self, *qualified: str) -> None:
        """Leave fields such as `Lead.Email` readable only."""
        self.read_only.update(_parted(qualified))

    def take_right(self, object_name: str, *rights: Right) -> None:
        """Take rights on an object; without reading there is nothing."""
        taken = set(Right) if Right.READ in rights else set(rights)
        self.missing_rights.update((object_name, right) for right in taken)

    def give_all(self) -> None:
        """Let the user do everything again."""
        self.missing_rights.clear()
        self.hidden.clear()
        self.read_only.clear()
        self.may_use_api = self.may_send_notifications = True

    def has(self, object_name: str, right: Right) -> bool:
        """Whether the user may."""
        return (object_name, right) not in self.missing_rights

    def sees(self, object_name: str, name: str) -> bool:
        """Whether the user sees a field."""
        return (object_name, name) not in self.hidden

    def edits(self, object_name: str, name: str) -> bool:
        """Whether the user may write a field that can be written at all."""
        pair = (object_name, name)
        return pair not in self.hidden and pair not in self.read_only

    def check_read(self, object_type: ObjectType, *, status: int = 400) -> None:
        """Refuse an object that the user does not see, as if there were none."""
        if not self.has(object_type.name, Right.READ):
            raise no_such_type(object_type.name, status=status)

    def check_write(self, object_type: ObjectType, right: Right) -> None:
        """Refuse a write that the user, or the API, may not do."""
        self.check_read(object_type)
        if not object_type.is_writable:
            message = f"entity type {object_type.name} does not support {_VERBS[right]}"
            raise RefusalError("INVALID_TYPE_FOR_OPERATION", message)
        if self.has(object_type.name, right):
            return
        if right is Right.CREATE:
            message = f"entity type cannot be {_REFUSED_WRITES[right]}: {object_type.label or object_type.name}"
            raise RefusalError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message, [])
        message = "insufficient access rights on object id"
        raise RefusalError("INSUFFICIENT_ACCESS_OR_READONLY", message, [], status=403)

    def readable(self, object_type: ObjectType, name: str) -> Field:
        """A field that the user sees; refuses any other."""
        found = object_type.find(name)
        if found is None or not self.sees(object_type.name, found.name):
            raise no_such_column(name, object_type.name)
        return found


_VERBS = {Right.CREATE: "create", Right.EDIT: "update", Right.DELETE: "delete"}


def _parted(qualified: Iterable[str]) -> set[tuple[str, str]]:
    parts = (one.partition(".") for one in qualified)
    return {(object_name, name) for object_name, _, name in parts}
