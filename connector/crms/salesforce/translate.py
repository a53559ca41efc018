"""Salesforce's words and ours, as tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Final

from connector.domain.field import FieldType
from connector.domain.records.sources import CompanionKind

#: Our name of the CRM, in references and connections.
SALESFORCE: Final = "salesforce"
#: What people call it.
LABEL: Final = "Salesforce"

# The object types of references.
LEAD: Final = "lead"
CONTACT: Final = "contact"
OPPORTUNITY: Final = "opportunity"
CAMPAIGN_MEMBER: Final = "campaign_member"
TASK: Final = "task"
CONTACT_ROLE: Final = "opportunity_contact_role"

#: The first three characters of an id -> the word that references are made of. Object Reference, key prefixes.
PREFIXES: Final[Mapping[str, str]] = {
    "00Q": LEAD,
    "003": CONTACT,
    "006": OPPORTUNITY,
    "00v": CAMPAIGN_MEMBER,
    "00T": TASK,
    "00K": CONTACT_ROLE,
}
#: Of what may own a record: a person, and a queue, whom nobody can call or remind.
USER_PREFIX: Final = "005"
QUEUE_PREFIX: Final = "00G"

#: The words that references are made of -> the names in paths, in queries and before the dot of a property.
OBJECTS: Final[Mapping[str, str]] = {
    LEAD: "Lead",
    CONTACT: "Contact",
    OPPORTUNITY: "Opportunity",
    CAMPAIGN_MEMBER: "CampaignMember",
    TASK: "Task",
    CONTACT_ROLE: "OpportunityContactRole",
}
#: The objects that leads are made of.
PEOPLE: Final = (OBJECTS[LEAD], OBJECTS[CONTACT])

#: What stands beside leads and contacts -> what it is to them.
COMPANIONS: Final[Mapping[str, CompanionKind]] = {
    CAMPAIGN_MEMBER: CompanionKind.MEMBER,
    TASK: CompanionKind.TASK,
    CONTACT_ROLE: CompanionKind.ROLE,
}

#: The unique external id, of our package, that makes a task ours, and the same one on every attempt.
KEY_FIELD: Final = "coltiva__Key__c"

#: Types of fields -> ours; one that is not here is read as text. Object Reference, field types.
FIELD_TYPES: Final[Mapping[str, FieldType]] = {
    "boolean": FieldType.BOOLEAN,
    "currency": FieldType.NUMBER,
    "date": FieldType.DATE,
    "datetime": FieldType.DATETIME,
    "double": FieldType.NUMBER,
    "int": FieldType.NUMBER,
    "long": FieldType.NUMBER,
    "multipicklist": FieldType.CHOICES,
    "percent": FieldType.NUMBER,
}
#: Made up of other fields, which are there on their own.
COMPOUND: Final = frozenset({"address", "location", "complexvalue"})

_ID: Final = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")
#: A capital is 1, anything else is 0; of five characters the first counts least.
_CAPITALS: Final = str.maketrans(digits + ascii_lowercase + ascii_uppercase, "0" * 36 + "1" * 26)
_CHECKS: Final = {f"{number:05b}"[::-1]: check for number, check in enumerate(f"{ascii_uppercase}012345")}


def to_long_id(text: str) -> str:
    """An id in the form of 18 characters, whichever form it has; empty where it is no id.

    The last three say which letters are capitals: one bit each, five to a character.
    """
    if not _ID.fullmatch(text):
        return ""
    short = text[:15]
    capitals = short.translate(_CAPITALS)
    return f"{short}{_CHECKS[capitals[:5]]}{_CHECKS[capitals[5:10]]}{_CHECKS[capitals[10:]]}"


def object_type_of(record_id: str) -> str:
    """What a record is, by its id, as in `CrmRef.object_type`; empty for what leads are not made of and do not do."""
    return PREFIXES.get(record_id[:3], "")


def own_fields(sobject: str, properties: Iterable[str]) -> dict[str, str]:
    """Those of the properties that an object has, as they were named -> the field's own name.

    A name before a dot is the object's; a property without one is a field of every object.
    """
    qualifier = f"{sobject}."
    return {name: name.removeprefix(qualifier) for name in properties if "." not in name or name.startswith(qualifier)}
