"""HubSpot's webhooks: whether they are genuine, and what they say. HubSpot: Webhooks API guide.

Reading never fails: a body that is no array, or an item that is no event, comes back as unreadable, with its
text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from types import MappingProxyType
from typing import Annotated, Final

import msgspec

from connector.crms.hubspot import signature
from connector.crms.hubspot.translate import (
    ANY_OBJECT,
    ASSOCIATION_CHANGE,
    CONTACT,
    DEAL,
    DEAL_AND_CONTACT,
    EVENT_KINDS,
    EVENT_OBJECTS,
    HUBSPOT,
    INTEGRATION,
    OBJECT_TYPES,
    REDACTED,
)
from connector.domain.ids import CrmRef
from connector.domain.records.sources import CompanionKind
from connector.ports import KEPT, CrmEvent, EventKind, Parsed, RawRequest, Receipt, Unreadable

#: A delivery holds at most 100 events, and a value at most 65,536 characters: 6.6 million bytes of ASCII.
MAX_BODY: Final = 8 * 1024 * 1024
#: How much of a body that is no array is shown; the delivery itself is kept whole.
_MAX_SHOWN: Final = 2_000
#: Records that one merge may name. HubSpot merges a record at most 250 times (HubSpot: Merge records); an event
#: that named very many would keep all others waiting while its records become one lead.
_MAX_MERGED: Final = 1_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: Half of a character, written alone: half an emoji that was cut off. No UTF-8 can hold it.
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]", re.ASCII)
#: HubSpot's ids outgrew 32 bits long ago; they are 64 bits wide.
Id = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class _NotAnEventError(ValueError):
    """An item lacks something without which it says nothing."""


#: Everything that bytes raise which are not what they should be; RecursionError if nested too deeply.
_UNREADABLE: Final = (msgspec.MsgspecError, ValueError, RecursionError)


class Event(msgspec.Struct, rename="camel", kw_only=True, gc=False):
    """One event as sent, of any type. What we have no use for is left out."""

    portal_id: Id
    occurred_at: Id
    #: The wire says `subscriptionType`; some of HubSpot's tables say `eventType`.
    subscription_type: str = ""
    event_type: str = ""
    #: Left out by classic association changes only.
    object_id: Id | None = None
    object_type_id: str = ""
    change_source: str = ""
    source_id: str | int | None = None
    property_name: str = ""
    property_value: str | None = None
    is_sensitive: bool | None = None
    primary_object_id: Id | None = None
    merged_object_ids: list[Id] | None = None
    new_object_id: Id | None = None
    from_object_type_id: str = ""
    from_object_id: Id | None = None
    to_object_type_id: str = ""
    to_object_id: Id | None = None
    association_type: str = ""
    association_type_id: Id | None = None
    association_removed: bool | None = None
    message_id: str | int | None = None


_ITEMS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_EVENT: Final = msgspec.json.Decoder(Event)


class HubSpotEndpoint:
    """The door for HubSpot's webhooks.

    HubSpot signs the URL that it called, which no proxy tells us reliably: `public_url` is the address under which
    it reaches us, up to where the path of our own routes begins. `app_id` is what our own writes come back with;
    without it no event is known as an echo.
    """

    name: str = HUBSPOT
    max_body: int = MAX_BODY
    media_types: frozenset[str] = frozenset({"application/json"})
    receipt: Receipt = KEPT
    lead_types: frozenset[str] = frozenset({CONTACT})
    deal_type: str = DEAL
    companion_types: Mapping[str, CompanionKind] = MappingProxyType({})

    def __init__(self, client_secret: str, public_url: str, app_id: str) -> None:
        self._secret = client_secret
        self._public_url = public_url.rstrip("/")
        self._app_id = app_id

    def verify(self, request: RawRequest, now: datetime) -> None:
        """Raise SignatureError unless HubSpot sent these very bytes just now."""
        signature.verify(self._secret, self._public_url + request.target, request, now)

    def parse(self, body: bytes) -> Parsed:
        """The events in a body. Never raises: what cannot be read is returned as unreadable."""
        try:
            items = _read_items(body)
        except _UNREADABLE as error:
            return Parsed((), (_to_unreadable(body[:_MAX_SHOWN], error),), is_broken=True)
        events: list[CrmEvent] = []
        unreadable: list[Unreadable] = []
        for item in items:
            try:
                events.append(_to_crm_event(item, self._app_id))
            except _UNREADABLE as error:
                unreadable.append(_to_unreadable(bytes(item), error))
        return Parsed(events, unreadable)


def _read_items(body: bytes) -> list[msgspec.Raw]:
    """The items of the array. Halves of characters, which would make all of it unreadable, become question marks."""
    try:
        return _ITEMS.decode(body)
    except msgspec.DecodeError:
        if not _SURROGATE.search(body):
            raise
        whole = json.dumps(json.loads(body), ensure_ascii=False)
        return _ITEMS.decode(whole.encode("utf-8", "replace"))


def _to_unreadable(raw: bytes, error: Exception) -> Unreadable:
    """What was wrong, and the bytes as text that any database can hold."""
    problem = "nested too deeply" if isinstance(error, RecursionError) else str(error)
    return Unreadable(problem, raw.decode("utf-8", "replace").replace("\0", "\ufffd"))


def _to_crm_event(item: msgspec.Raw, app_id: str) -> CrmEvent:
    raw = str(item, "utf-8")
    event = _EVENT.decode(item)
    if "\0" in f"{event.subscription_type}{event.event_type}{event.property_name}{event.property_value}":
        raise _NotAnEventError("it holds a NUL character")  # which PostgreSQL's text cannot
    type_ = event.subscription_type or event.event_type
    what, kind, object_type = _kind_and_object(type_, event.object_type_id or event.from_object_type_id)
    record_id, merged_ids = _records(event, kind)
    if kind is EventKind.OTHER and what.endswith(f".{ASSOCIATION_CHANGE}") and (deal_id := _deal_of(event)):
        kind, object_type, record_id = EventKind.RELATED, DEAL, deal_id
    account = str(event.portal_id)
    has_value = _has_value(event, type_) if kind is EventKind.CHANGED else True
    identity = f"{account}|{what}|{object_type}|{record_id}|{event.occurred_at}|{_details(event, kind, merged_ids)}"
    return CrmEvent(
        blake2b(identity.encode(), digest_size=16).hexdigest(),
        kind,
        CrmRef(HUBSPOT, account, object_type, record_id),
        _to_moment(event.occurred_at),
        type_,
        event.property_name,
        (event.property_value or "") if has_value else "",
        has_value,
        _is_echo(event, app_id),
        tuple(CrmRef(HUBSPOT, account, object_type, merged_id) for merged_id in merged_ids) if merged_ids else (),
        raw,
    )


@lru_cache(maxsize=1024)
def _kind_and_object(type_: str, object_type_id: str) -> tuple[str, EventKind, str]:
    """What happened, for the key and in our words, and to which sort of record.

    A classic and a generic subscription tell of the same happening in two ways; the key must not differ.
    """
    thing, _, word = type_.partition(".")
    if not word:
        raise _NotAnEventError("it has no event type")
    kind = EVENT_KINDS.get(word, EventKind.OTHER)
    if thing == ANY_OBJECT:
        if not object_type_id and kind is not EventKind.OTHER:
            raise _NotAnEventError(f"{type_} names no objectTypeId")
        thing = OBJECT_TYPES.get(object_type_id, object_type_id)
    elif thing not in EVENT_OBJECTS:
        kind = EventKind.OTHER
    return (type_ if kind is EventKind.OTHER else word), kind, thing


def _records(event: Event, kind: EventKind) -> tuple[str, tuple[str, ...]]:
    """The record's id and, of a merge, the other ids that now mean the same record.

    The survivor of a merge may have an id that is new to everybody; then `newObjectId` says so.
    """
    if kind is EventKind.MERGED:
        survivor = event.new_object_id or event.primary_object_id or event.object_id
        ids = {event.primary_object_id, event.object_id, *(event.merged_object_ids or ())}
        others = sorted(number for number in ids if number and number != survivor)
        if len(others) > _MAX_MERGED:
            raise _NotAnEventError(f"it merges {len(others):,} records, which is more than HubSpot merges into one")
        return _record_id(survivor), tuple(map(str, others))
    if kind is EventKind.OTHER:
        number = event.object_id or event.from_object_id
        return "" if number is None else str(number), ()
    return _record_id(event.object_id), ()


def _deal_of(event: Event) -> str:
    """The deal of an association between a deal and a contact, whichever side tells of it; empty for others."""
    if event.association_type:
        first, _, second = event.association_type.lower().partition("_to_")
    else:
        first, second = (OBJECT_TYPES.get(id_, "") for id_ in (event.from_object_type_id, event.to_object_type_id))
    if {first, second} != DEAL_AND_CONTACT:
        return ""
    number = event.from_object_id if first == DEAL else event.to_object_id
    return str(number) if number else ""


def _record_id(number: int | None) -> str:
    if not number:
        raise _NotAnEventError("it names no record")
    return str(number)


def _has_value(event: Event, type_: str) -> bool:
    """Whether the event carries the new value: sensitive ones are withheld."""
    if not event.property_name:
        raise _NotAnEventError("it names no property")
    if event.is_sensitive or event.property_value is None:
        return False
    return event.property_value != REDACTED or type_.startswith(ANY_OBJECT)


def _is_echo(event: Event, app_id: str) -> bool:
    return event.change_source == INTEGRATION and bool(app_id) and str(event.source_id) == app_id


def _to_moment(milliseconds: int) -> datetime:
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError as error:
        raise _NotAnEventError("its time is out of reach") from error


def _details(event: Event, kind: EventKind, merged_ids: tuple[str, ...]) -> str:
    """What else tells two happenings at one record and moment apart.

    Never `attemptNumber`, which differs between copies, nor `eventId`, which is not unique. The value comes last in
    the key, so that nothing in it passes for another part; the key is hashed, for the value is long and personal.
    """
    if kind is EventKind.CHANGED:
        return f"{event.property_name}|{event.property_value}"
    if kind is EventKind.MERGED:
        return str(merged_ids)
    if kind in (EventKind.OTHER, EventKind.RELATED):
        association = (event.association_type, event.association_type_id, event.association_removed)
        return str((event.to_object_id, *association, event.message_id, event.property_name, event.property_value))
    return ""
