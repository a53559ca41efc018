"""What every way in from Salesforce has in common: how a record, a moment and a happening become ours.

A change that is told in three ways is one change: its key is made of the record and its SystemModstamp, which all
three ways tell, and of nothing that only one of them has.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import blake2b
from typing import Final

from connector.crms.salesforce.translate import OBJECTS, SALESFORCE, object_type_of, to_long_id
from connector.domain.ids import CrmRef
from connector.ports import CrmEvent, EventKind

#: The moment of what tells none: after every other, so that whatever was read before, it is read again.
UNKNOWN: Final = datetime.max.replace(microsecond=999_000, tzinfo=UTC)


def to_record(org: str, record_id: str, sobject: str = "") -> CrmRef | None:
    """The record of an id in either form; None where it is no id, or that of no such object.

    What its id does not say, its object's name does.
    """
    long_id = to_long_id(record_id)
    object_type = object_type_of(long_id)
    if not long_id or (not object_type and sobject.lower() in OBJECTS):
        return None
    return CrmRef(SALESFORCE, org, object_type or sobject.lower(), long_id)


def to_moment(stamp: str) -> datetime:
    """A dateTime of Salesforce's as a moment; UNKNOWN where it is none."""
    try:
        moment = datetime.fromisoformat(stamp)
        moment = moment.astimezone(UTC) if moment.tzinfo else UNKNOWN
    except (ValueError, OverflowError):
        return UNKNOWN
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def to_event(
    kind: EventKind, ref: CrmRef, stamp: str, type_: str, raw: str, *, by: str = "", merged: tuple[CrmRef, ...] = ()
) -> CrmEvent:
    """One happening at a record. A record that became several others at once is several happenings."""
    named = "|".join((kind, str(ref), stamp, *map(str, merged)))
    key = blake2b(named.encode(), digest_size=16).hexdigest()
    return CrmEvent(key, kind, ref, to_moment(stamp), type_, merged=merged, raw=raw, by=by)
