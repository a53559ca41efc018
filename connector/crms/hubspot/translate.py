"""HubSpot's words and ours, as tables. What is ignored is listed too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.domain.field import FieldType
from connector.domain.outward.change import ChangeKind
from connector.ports import EventKind

#: Our name of the CRM, in references and connections.
HUBSPOT: Final = "hubspot"
#: What people call it.
LABEL: Final = "HubSpot"

#: The object type that a lead is made of.
CONTACT: Final = "contact"

#: The object type whose records belong to leads through their contacts.
DEAL: Final = "deal"

#: Object type ids -> the words that references are made of. An id that is not here is its own word.
OBJECT_TYPES: Final[Mapping[str, str]] = {
    "0-1": CONTACT,
    "0-2": "company",
    "0-3": DEAL,
    "0-5": "ticket",
    "0-7": "product",
    "0-8": "line_item",
    "0-19": "feedback_submission",
    "0-27": "task",
    "0-46": "note",
    "0-47": "meeting",
    "0-48": "call",
    "0-49": "email",
    "0-54": "marketing_event",
    "0-69": "subscription",
    "0-123": "order",
    "0-136": "lead",
    "0-142": "cart",
}

#: What stands before the dot of an event type, if it names the object type by itself.
EVENT_OBJECTS: Final = frozenset({CONTACT, "company", DEAL, "ticket", "product", "line_item"})

#: What stands there when `objectTypeId` names it.
ANY_OBJECT: Final = "object"

#: What stands after the dot when records were associated or parted. Each side is told of it.
ASSOCIATION_CHANGE: Final = "associationChange"
#: The sides that make it news of a deal.
DEAL_AND_CONTACT: Final = frozenset({DEAL, CONTACT})

#: What stands after the dot. Understood and without meaning for a lead (kind OTHER): other associations,
#: everything of `conversation`, and `event.completed`.
EVENT_KINDS: Final[Mapping[str, EventKind]] = {
    "propertyChange": EventKind.CHANGED,
    "creation": EventKind.CREATED,
    "deletion": EventKind.DELETED,
    "restore": EventKind.RESTORED,
    "merge": EventKind.MERGED,
    "privacyDeletion": EventKind.ERASED,
}

#: Where a change came from when an app made it; `sourceId` then is that app's id.
INTEGRATION: Final = "INTEGRATION"

#: What classic events hold in place of a sensitive value.
REDACTED: Final = "REDACTED"

#: Names in paths.
CONTACTS: Final = "contacts"
DEALS: Final = "deals"
CONTACT_TYPE_ID: Final = "0-1"

#: The group that holds our properties, on every object type.
GROUP: Final = "coltiva"
GROUP_LABEL: Final = "Coltiva"

#: The unique property that makes a task or note ours, and the same one on every attempt.
KEY_PROPERTY: Final = "coltiva_key"

#: Our types of properties -> HubSpot's type and the field it is shown as.
PROPERTY_TYPES: Final[Mapping[str, tuple[str, str]]] = {"number": ("number", "number"), "string": ("string", "text")}

#: HubSpot's types of properties -> ours. An enumeration is one of its options, unless it is shown as one of these.
#: A type that is not here is read as text. HubSpot: Properties API guide, property types and field types.
FIELD_TYPES: Final[Mapping[str, FieldType]] = {
    "bool": FieldType.BOOLEAN,
    "date": FieldType.DATE,
    "datetime": FieldType.DATETIME,
    "number": FieldType.NUMBER,
    "enumeration": FieldType.TEXT,
    "phone_number": FieldType.TEXT,
    "string": FieldType.TEXT,
}
ENUMERATIONS_SHOWN_AS: Final[Mapping[str, FieldType]] = {
    "booleancheckbox": FieldType.BOOLEAN,
    "checkbox": FieldType.CHOICES,
}

#: Acts -> object type in paths, and the id of its association with a contact.
ACT_TYPES: Final[Mapping[ChangeKind, tuple[str, int]]] = {
    ChangeKind.TASK: ("tasks", 204),
    ChangeKind.NOTE: ("notes", 202),
}
