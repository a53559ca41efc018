"""What an org's own code tells us, signed: from Apex, or from whatever else can make a signature.

It tells more than an outbound message: who did it, and what no message tells, that a record was deleted, restored,
merged or converted. What changed in a record is a hint here, too, and is read from the org itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Final

import msgspec

from connector.crms.salesforce import signature
from connector.crms.salesforce.hearing import to_event, to_record
from connector.crms.salesforce.translate import COMPANIONS, CONTACT, LEAD, OPPORTUNITY, to_long_id
from connector.domain.ids import CrmRef
from connector.domain.records.sources import CompanionKind
from connector.errors import SignatureError
from connector.ports import KEPT, CrmEvent, EventKind, Parsed, RawRequest, Receipt, Unreadable

#: Apex can send 6 MB at most in a synchronous transaction's heap; ours sends up to 200 records' ids and moments.
MAX_BODY: Final = 1024 * 1024
MAX_EVENTS: Final = 2_000
#: Salesforce merges two records into a third at most; by hand, a few more are possible.
_MAX_MERGED: Final = 100
_MAX_SHOWN: Final = 2_000
#: What Salesforce's change events call a change -> what it is to us. What a record says when it comes back may differ
#: from what it said when it was deleted.
KINDS: Final[Mapping[str, tuple[EventKind, ...]]] = {
    "CREATE": (EventKind.HINTED,),
    "UPDATE": (EventKind.HINTED,),
    "DELETE": (EventKind.DELETED,),
    "UNDELETE": (EventKind.RESTORED, EventKind.HINTED),
}
_UNHEARD_OF: Final = (EventKind.OTHER,)

_Short = Annotated[str, msgspec.Meta(max_length=100)]


class _NotAnEventError(ValueError):
    """An item lacks something without which it says nothing."""


#: Everything that bytes raise which are not what they should be; RecursionError if nested too deeply.
_UNREADABLE: Final = (msgspec.MsgspecError, ValueError, RecursionError)


class _Record(msgspec.Struct, rename="pascal", kw_only=True, gc=False):
    """What of a record's fields is believed as it is sent."""

    #: Of a record that a merge deleted: the one that lives on.
    master_record_id: _Short | None = None


class _Event(msgspec.Struct, rename="camel", kw_only=True, gc=False):
    """One event as sent. More may be sent, `changedFields` and other fields of the record; it is read from the org."""

    object: _Short
    id: _Short
    change: _Short
    last_modified_by_id: _Short | None = None
    system_modstamp: _Short | None = None
    #: Of MERGE: the records that became this one.
    merged_ids: Annotated[list[_Short], msgspec.Meta(max_length=_MAX_MERGED)] | None = None
    #: Of CONVERT: the contact that the lead became.
    converted_contact_id: _Short | None = None
    record: _Record | None = None


class _Batch(msgspec.Struct, rename="camel", kw_only=True):
    """One request's body."""

    org_id: _Short
    delivery_id: _Short
    events: Annotated[list[msgspec.Raw], msgspec.Meta(max_length=MAX_EVENTS)]


_BATCH: Final = msgspec.json.Decoder(_Batch)
_EVENT: Final = msgspec.json.Decoder(_Event)


class SignedEvents:
    """The door for signed JSON. `secrets_of` tells what an org, by its id of 18 characters, signs with at a moment."""

    name: str = "salesforce/events"
    max_body: int = MAX_BODY
    media_types: frozenset[str] = frozenset({"application/json"})
    receipt: Receipt = KEPT
    lead_types: frozenset[str] = frozenset({LEAD, CONTACT})
    deal_type: str = OPPORTUNITY
    companion_types: Mapping[str, CompanionKind] = COMPANIONS

    def __init__(self, secrets_of: Callable[[str, datetime], Sequence[str]]) -> None:
        self._secrets_of = secrets_of

    def verify(self, request: RawRequest, now: datetime) -> None:
        """Raise SignatureError unless the org that it names sent these very bytes just now.

        The org and the delivery's id stand in the body as well, where they are signed; the headers must say the same.
        An org that is not connected is refused in the same words as a forged one.
        """
        org = to_long_id(request.headers.get(signature.ORG_HEADER, ""))
        if not org:
            raise SignatureError("The request names no org.")
        signature.verify(self._secrets_of(org, now), request.headers, request.body, now)
        try:
            batch = _BATCH.decode(request.body)
        except _UNREADABLE:
            return  # the org sent it: it is kept, and seen to be unreadable
        if to_long_id(batch.org_id) != org or batch.delivery_id != request.headers.get(signature.DELIVERY_HEADER):
            raise SignatureError("The headers name another org or delivery than the body.")

    def parse(self, body: bytes) -> Parsed:
        """The events in a body. Never raises: what cannot be read is returned as unreadable."""
        return parse_events(body, KINDS)


def parse_events(body: bytes, kinds: Mapping[str, tuple[EventKind, ...]]) -> Parsed:
    """The events in a body of this form; `kinds` says what each change is to us. Never raises."""
    try:
        batch = _BATCH.decode(body)
        org = _to_org(batch)
    except _UNREADABLE as error:
        return Parsed((), (_to_unreadable(body[:_MAX_SHOWN], error),), is_broken=True)
    events: list[CrmEvent] = []
    unreadable: list[Unreadable] = []
    for item in batch.events:
        try:
            events += _to_events(org, batch.delivery_id, item, kinds)
        except _UNREADABLE as error:
            unreadable.append(_to_unreadable(bytes(item), error))
    return Parsed(events, unreadable)


def _to_org(batch: _Batch) -> str:
    org = to_long_id(batch.org_id)
    if not org:
        raise _NotAnEventError("it names no org")
    return org


def _to_events(
    org: str, delivery_id: str, item: msgspec.Raw, kinds: Mapping[str, tuple[EventKind, ...]]
) -> Iterator[CrmEvent]:
    event, raw = _EVENT.decode(item), str(item, "utf-8")
    type_ = f"{event.object}.{event.change}"
    if "\0" in type_:
        raise _NotAnEventError("it holds a NUL character")  # which PostgreSQL's text cannot
    ref = _to_ref(org, event.id, event.object)
    # Without a moment it is the delivery that tells copies from happenings.
    stamp = event.system_modstamp or delivery_id
    if event.change == "MERGE":
        losers = {_to_ref(org, id_, event.object) for id_ in event.merged_ids or ()}
        yield _to_merge(ref, losers, stamp, type_, raw)
    elif event.change == "CONVERT":
        yield _to_merge(_to_ref(org, event.converted_contact_id or "", "Contact"), {ref}, stamp, type_, raw)
    elif event.change == "DELETE" and event.record and event.record.master_record_id:
        yield _to_merge(_to_ref(org, event.record.master_record_id, event.object), {ref}, stamp, type_, raw)
    else:
        by = to_long_id(event.last_modified_by_id or "")
        for kind in kinds.get(event.change, _UNHEARD_OF):
            yield to_event(kind, ref, stamp, type_, raw, by=by)


def _to_merge(survivor: CrmRef, losers: set[CrmRef], stamp: str, type_: str, raw: str) -> CrmEvent:
    others = tuple(sorted(losers - {survivor}))
    if not others:
        raise _NotAnEventError("it names no other record that was merged")
    # Whose code signed it may be mistaken in the survivor: reading tells for sure.
    return to_event(EventKind.MERGED, survivor, stamp, type_, raw, merged=others)._replace(has_value=False)


def _to_ref(org: str, id_: str, sobject: str) -> CrmRef:
    ref = to_record(org, id_, sobject)
    if ref is None:
        raise _NotAnEventError("it names no record")
    return ref


def _to_unreadable(raw: bytes, error: Exception) -> Unreadable:
    """What was wrong, and the bytes as text that any database can hold."""
    problem = "nested too deeply" if isinstance(error, RecursionError) else str(error)
    return Unreadable(problem, raw.decode("utf-8", "replace").replace("\0", "\ufffd"))
