"""How mapping files speak of Salesforce: fields by the object that has them, for leads are made of two."""

from __future__ import annotations

import re
from typing import Final

from connector.crms.manifest import CompanionWords, MappingWords
from connector.crms.salesforce.translate import PEOPLE, USER_PREFIX, to_long_id
from connector.domain.records.sources import CompanionEvent

#: A custom field of a package has its namespace before it: acme__Score__c.
_FIELD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def read_user(value: object) -> str:
    """A user's id of 15 or 18 characters, as 18."""
    text = value if isinstance(value, str) and value.startswith(USER_PREFIX) else ""
    if not (long_id := to_long_id(text)):
        raise ValueError(f"{value!r} is no user's id")
    return text if len(text) == len(long_id) else long_id


def find_mistake(name: str, is_written: bool) -> tuple[str, str] | None:
    """What is wrong with a name that says no object, or one that no lead is made of; both may be meant in writing."""
    object_, dot, field = name.rpartition(".")
    if _FIELD.fullmatch(field) and (object_ in PEOPLE or (is_written and not dot)):
        return None
    known = field if _FIELD.fullmatch(field) else "Email"
    return "no field of a lead or contact", "write " + " or ".join(f"{object_}.{known}" for object_ in PEOPLE)


WORDS: Final = MappingWords(
    properties="Salesforce fields, such as Lead.Email",
    owner="the id of a user in Salesforce",
    owner_example="0055e000001AbCdAAK",
    read_owner=read_user,
    list_key="campaign",
    find_mistake=find_mistake,
    written="A field of leads and contacts alike, or of one: Lead.Rating.",
    companions={
        "member": CompanionWords(
            {"added": CompanionEvent.ADDED, "moved": CompanionEvent.MOVED, "responded": CompanionEvent.DONE},
            tells=("campaign", "campaign_id", "status"),
        ),
        "task": CompanionWords(
            {"made": CompanionEvent.ADDED, "moved": CompanionEvent.MOVED, "completed": CompanionEvent.DONE},
            tells=("subject", "type", "status", "priority", "owner", "result", "seconds"),
        ),
    },
)
