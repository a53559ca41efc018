"""What the integration user lacks, object by object and field by field.

A managed package cannot grant rights on standard objects: each customer's admin must. So each of these says what.
REST API: Describe Global, sObject Describe; Second-Generation Managed Packaging Developer Guide, permission sets.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from connector.crms.salesforce.replies import ObjectDescription
from connector.crms.salesforce.schema import Schema
from connector.crms.salesforce.translate import KEY_FIELD, OBJECTS, PEOPLE, TASK

READ: Final = "Read"
CREATE: Final = "Create"
EDIT: Final = "Edit"
DELETE: Final = "Delete"

#: Object -> what we do with it, and for what.
NEEDED: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "Lead": ((READ, EDIT), "to read and score leads"),
    "Contact": ((READ, EDIT), "to read and score contacts"),
    "Task": ((READ, CREATE), "to tell sales reps what to do"),
    "Campaign": ((READ, CREATE), "to keep lists; the user also needs the feature licence Marketing User"),
    "CampaignMember": ((READ, CREATE, DELETE), "to put people on lists and take them off"),
    "Opportunity": ((READ,), "to know of deals"),
    "OpportunityContactRole": ((READ,), "to know whose deals they are"),
    "User": ((READ,), "to know the sales reps"),
}


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing that the integration user may not do."""

    #: `Lead`, or `Lead.coltiva__Score__c`.
    subject: str
    right: str
    #: What for, or why.
    because: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.right} is missing, {self.because}."


def find_lacks(schema: Schema, *, reads: Collection[str] = (), writes: Collection[str] = ()) -> list[Lack]:
    """All that is missing; `reads` and `writes` are the properties of the mapping. Changes nothing.

    A property without an object's name before its dot is one of leads and of contacts.
    """
    objects = schema.objects()
    lacks = [
        Lack(name, right, because)
        for name, (rights, because) in NEEDED.items()
        for right in rights
        if right not in _granted(objects.get(name))
    ]
    for sobject in sorted({*PEOPLE, *(name.partition(".")[0] for name in (*reads, *writes) if "." in name)}):
        if READ in _granted(objects.get(sobject)):
            lacks += _field_lacks(schema, sobject, reads, writes)
    if READ in _granted(objects.get(OBJECTS[TASK])):
        lacks += _field_lacks(schema, OBJECTS[TASK], (), (f"{OBJECTS[TASK]}.{KEY_FIELD}",))
    return lacks


def _granted(one: ObjectDescription | None) -> Collection[str]:
    if one is None:
        return ()
    flags = {READ: one.queryable, CREATE: one.createable, EDIT: one.updateable, DELETE: one.deletable}
    return {right for right, is_granted in flags.items() if is_granted}


def _field_lacks(schema: Schema, sobject: str, reads: Collection[str], writes: Collection[str]) -> Iterator[Lack]:
    fields = schema.fields(sobject)
    for name in sorted({one for one in (*reads, *writes) if _is_of(sobject, one)}):
        field = fields.get(name.rpartition(".")[2])
        subject = f"{sobject}.{name.rpartition('.')[2]}"
        if field is None:
            yield Lack(subject, READ, "or the org does not have the field")
        elif name in writes and not (field.updateable or field.createable):
            yield Lack(subject, EDIT, "for it is a formula" if field.calculated else "to write it")


def _is_of(sobject: str, name: str) -> bool:
    return name.startswith(f"{sobject}.") or ("." not in name and sobject in PEOPLE)
