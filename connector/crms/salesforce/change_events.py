"""What a change event means, in the words that signed events have for it.

Salesforce: Change Data Capture Developer Guide, Change Event Header Fields; Gap Events; Overflow Events; Change Events
for Lead Conversion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from connector.crms.salesforce.translate import OBJECTS, PEOPLE, to_long_id

#: The objects that are listened to, as events name them -> as references do. Others may come along on a channel.
HEARD: Final[Mapping[str, str]] = {name: type_ for type_, name in OBJECTS.items()}
_OVERFLOW: Final = "GAP_OVERFLOW"
#: Whose moment becomes part of a fact's key: told in whole seconds, as SystemModstamp tells it in the other ways. So
#: does that of every change of a deal.
_NAMED_BY_MOMENT: Final = frozenset({"CONVERT", "UNDELETE", "GAP_UNDELETE"})

#: No transaction takes longer. Apex Developer Guide: Execution Governors and Limits.
_LONGEST: Final = timedelta(minutes=15)

Told = Mapping[str, Any]


def to_told(record: Mapping[str, Any], changed: Sequence[str]) -> tuple[Sequence[Told], Mapping[str, datetime]]:
    """The happenings of one event, and the object types of which more changed than it names, with since when.

    `changed`: the names of the fields that its header's bitmaps mean. Nothing for objects that nobody listens to.
    """
    header = record["ChangeEventHeader"]
    sobject, change = header["entityName"], header["changeType"]
    if sobject not in HEARD:
        return (), {}
    if change == _OVERFLOW:
        return (), {HEARD[sobject]: _begun(header)}
    ids = [to_long_id(named) for named in header["recordIds"]]
    # `00Q*` stands for all records, after a field was converted.
    missed = {} if all(ids) else {HEARD[sobject]: _begun(header)}
    became = record.get("ConvertedContactId") if "IsConverted" in changed and record.get("IsConverted") else None
    if became:
        change = "CONVERT"
    told = {
        "object": sobject,
        "change": change,
        "changedFields": list(changed),
        "systemModstamp": _to_stamp(record, header, is_whole=change in _NAMED_BY_MOMENT or sobject not in PEOPLE),
        # What a gap hides, somebody else may have done.
        "lastModifiedById": "" if change.startswith("GAP") else header.get("commitUser") or "",
    }
    if became:
        told["convertedContactId"] = became
    return [{**told, "id": long_id} for long_id in ids if long_id], missed


def changed_bitmaps(record: Mapping[str, Any]) -> Iterator[str]:
    """The header's bitmaps of what changed: set, emptied, or told as a difference."""
    header = record["ChangeEventHeader"]
    names: Iterable[str] = ("changedFields", "nulledFields", "diffFields")
    return (bitmap for name in names for bitmap in header.get(name) or ())


def _begun(header: Mapping[str, Any]) -> datetime:
    """Before anything of an event's transaction changed; the beginning of time where it tells no moment."""
    moment = int(header.get("commitTimestamp") or 0)
    return _to_instant(moment) - _LONGEST if moment > 0 else _to_instant(0)


def _to_stamp(record: Mapping[str, Any], header: Mapping[str, Any], *, is_whole: bool) -> str:
    """The moment that the other ways tell as SystemModstamp, which no event holds.

    LastModifiedDate is the same, where it is told. The moment of the commit is never earlier, so a hint with it is
    read once too often rather than never. Empty where even that is missing.
    """
    modified: Any = record.get("LastModifiedDate")
    moment = int(modified or header.get("commitTimestamp") or 0)
    if moment <= 0:
        return ""
    if is_whole:
        moment -= moment % 1000
    return _to_instant(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _to_instant(milliseconds: int) -> datetime:
    """A moment as Avro tells it. Raises ValueError and OverflowError for one that no calendar has."""
    return datetime.fromtimestamp(milliseconds // 1000, UTC).replace(microsecond=milliseconds % 1000 * 1000)
