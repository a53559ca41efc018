"""HubSpot's own words: object types, change sources, association types, time formats."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache

#: The date version of the API that the sandbox speaks besides v1, v3 and v4.
DATE_VERSION = "2026-09"


class ChangeSource(StrEnum):
    """What made a change, as webhooks and property histories name it. HubSpot's set is open."""

    USER = "CRM_UI"
    INTEGRATION = "INTEGRATION"
    FORM = "FORM"
    EMAIL = "EMAIL"
    MEETING = "MEETINGS"
    ANALYTICS = "ANALYTICS"
    WORKFLOW = "AUTOMATION_PLATFORM"
    MERGE = "MERGE_OBJECTS"
    CALCULATED = "CALCULATED"


@dataclass(frozen=True, slots=True)
class Origin:
    """Who made a change: the source and, where there is one, its id."""

    source: ChangeSource
    source_id: str | None = None


def by_user(user_id: int) -> Origin:
    """A person in the portal."""
    return Origin(ChangeSource.USER, f"userId:{user_id}")


def by_app(app_id: int) -> Origin:
    """An integration that writes through the API."""
    return Origin(ChangeSource.INTEGRATION, str(app_id))


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One kind of record."""

    type_id: str
    name: str
    plural: str
    #: The property that carries the time of the last change.
    modified_property: str = "hs_lastmodifieddate"
    created_property: str = "hs_createdate"
    #: Returned when a read names no properties.
    default_properties: tuple[str, ...] = ()
    #: What `query` looks into in a search.
    searched_properties: tuple[str, ...] = ()
    #: First part of the classic webhook names; None means only `object.*` exists.
    webhook_prefix: str | None = None


CONTACT = ObjectType(
    "0-1",
    "contact",
    "contacts",
    modified_property="lastmodifieddate",
    created_property="createdate",
    default_properties=("email", "firstname", "lastname"),
    searched_properties=("email", "firstname", "lastname", "phone", "company"),
    webhook_prefix="contact",
)
COMPANY = ObjectType(
    "0-2",
    "company",
    "companies",
    created_property="createdate",
    default_properties=("name", "domain"),
    searched_properties=("name", "domain", "phone"),
    webhook_prefix="company",
)
DEAL = ObjectType(
    "0-3",
    "deal",
    "deals",
    created_property="createdate",
    default_properties=("amount", "closedate", "dealname", "dealstage", "pipeline"),
    searched_properties=("dealname", "dealstage"),
    webhook_prefix="deal",
)
TASK = ObjectType("0-27", "task", "tasks", searched_properties=("hs_task_subject", "hs_task_body"))
NOTE = ObjectType("0-46", "note", "notes", searched_properties=("hs_note_body",))
MEETING = ObjectType("0-47", "meeting", "meetings", searched_properties=("hs_meeting_title",))

OBJECT_TYPES = (CONTACT, COMPANY, DEAL, TASK, NOTE, MEETING)

#: Every spelling that a path or a body may use.
TYPES_BY_NAME = {
    spelling: object_type
    for object_type in OBJECT_TYPES
    for spelling in (object_type.type_id, object_type.name, object_type.plural)
}

#: Furthest last. A portal's own numeric stages are not ordered here.
LIFECYCLE_STAGES = (
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
    "other",
)

#: Unlabelled association types, HubSpot defined. HubSpot: Associations API guide.
DEFAULT_ASSOCIATIONS: dict[tuple[str, str], int] = {
    ("0-1", "0-2"): 279,
    ("0-2", "0-1"): 280,
    ("0-3", "0-1"): 3,
    ("0-1", "0-3"): 4,
    ("0-3", "0-2"): 341,
    ("0-2", "0-3"): 342,
    ("0-46", "0-1"): 202,
    ("0-1", "0-46"): 201,
    ("0-46", "0-2"): 190,
    ("0-2", "0-46"): 189,
    ("0-46", "0-3"): 214,
    ("0-3", "0-46"): 213,
    ("0-27", "0-1"): 204,
    ("0-1", "0-27"): 203,
    ("0-27", "0-2"): 192,
    ("0-2", "0-27"): 191,
    ("0-27", "0-3"): 216,
    ("0-3", "0-27"): 215,
    ("0-47", "0-1"): 200,
    ("0-1", "0-47"): 199,
}
#: Primary association types, with the same direction keys.
PRIMARY_ASSOCIATIONS: dict[tuple[str, str], int] = {
    ("0-1", "0-2"): 1,
    ("0-2", "0-1"): 2,
    ("0-3", "0-2"): 5,
    ("0-2", "0-3"): 6,
}


@lru_cache(maxsize=1024)
def iso(moment: datetime) -> str:
    """HubSpot's way to write a moment: no fraction when it is a whole second."""
    precision = "milliseconds" if moment.microsecond else "seconds"
    return moment.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return round(moment.timestamp() * 1000)


def from_milliseconds(value: int) -> datetime:
    """The moment of so many milliseconds since 1970.

    Raises OverflowError or ValueError outside the years that a datetime can hold.
    """
    seconds, rest = divmod(value, 1000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * 1000)
