"""What the events of one CRM account mean for leads.

Nothing here depends on the order in which deliveries come: facts carry their own time, and a lead gets the same id
whichever of its events comes first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from connector.domain.book import Book
from connector.domain.fact import RECORD_OF, Fact, FactKind, RecordName
from connector.domain.ids import CrmRef, LeadId, WorkspaceId, to_lead_id
from connector.engine.inward.withheld import to_withheld
from connector.engine.judging.shelf import Shelf
from connector.ports import (
    Connection,
    CrmEvent,
    Delivery,
    Endpoint,
    EventKind,
    HeardDeal,
    NewFact,
    Stray,
    StrayReason,
    Transaction,
)

#: How far clocks over there may run ahead of ours. Signatures, too, are refused beyond five minutes.
MAX_SKEW = timedelta(minutes=5)

_RECORD_NAMES: Mapping[EventKind, RecordName] = {
    EventKind.CHANGED: RecordName.CHANGED,
    EventKind.CREATED: RecordName.CREATED,
    EventKind.DELETED: RecordName.ARCHIVED,
    EventKind.RESTORED: RecordName.RESTORED,
}


#: What says nothing of the person, only of the record.
_OF_THE_RECORD = frozenset({EventKind.DELETED, EventKind.HINTED})
#: What says whether the record is there.
_TURNS = frozenset({EventKind.DELETED, EventKind.RESTORED})


class Received(NamedTuple):
    """An event and the delivery that it came in."""

    event: CrmEvent
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Desk:
    """What taking in one batch works with. `tally` counts under the names of IntakeResult."""

    transaction: Transaction
    shelf: Shelf
    endpoints: Mapping[str, Endpoint]
    now: datetime
    tally: Counter[str]
    strays: list[Stray]
    #: Deliveries that tell of erased people.
    to_forget: set[int]


def take_in_events(desk: Desk, connection: Connection, received: Iterable[Received]) -> None:
    """Turn one account's events into facts, merges and erasures. Copies of known events change nothing.

    Erasures come first and merges before facts, so that facts find the lead that remains.
    """
    room = Room(desk, connection.workspace, desk.shelf.latest(desk.transaction, connection.workspace))
    others = _hear_companions(room, connection.crm, received)
    ours = _drop_foreign(desk, _hear_deals(room, connection.crm, _mark_echoes(connection, others)))
    _erase(room, ours)
    ours = _doubt(room, _drop_erased(room, ours))
    facts = _merge(room, [one for one in ours if one.event.kind is EventKind.MERGED])
    _bring_back(room, ours)
    news = _drop_superseded(room, _pick_news(room, connection.crm, ours))
    facts += _take_in_news(room, [one for one in news if one.event.kind is not EventKind.HINTED])
    _take_hints(room, [one for one in news if one.event.kind is EventKind.HINTED])
    new = desk.transaction.leads.add_facts(room.workspace, facts, desk.now) if facts else 0
    desk.tally.update(facts=new, duplicates=len(facts) - new)


def _mark_echoes(connection: Connection, received: Iterable[Received]) -> Iterable[Received]:
    """What the user did that we are over there, our own writes set off."""
    if not connection.user:
        return received
    return [
        Received(one.event._replace(is_echo=True), one.delivery) if one.event.by == connection.user else one
        for one in received
    ]


def _hear_deals(room: Room, crm: str, received: Iterable[Received]) -> list[Received]:
    """What is not about deals. Deals of which something is heard are read, where the mapping looks at deals."""
    source = room.book.deals.get(crm)
    if source is None:
        return _drop_unmapped_hints(room, received)
    others: list[Received] = []
    heard: dict[CrmRef, HeardDeal] = {}
    for one in received:
        if one.event.ref.object_type != room.desk.endpoints[one.delivery.endpoint].deal_type:
            others.append(one)
        elif one.event.kind is EventKind.OTHER:
            keep_event_aside(room.desk, one, StrayReason.UNKNOWN_TYPE)
        elif one.event.kind is EventKind.CHANGED and one.event.property not in source.properties:
            room.desk.tally["unmapped"] += 1
        else:
            is_move = one.event.kind is EventKind.CREATED or one.event.property == source.stage
            for ref in _refs(one.event):
                heard[ref] = _later(heard.get(ref), HeardDeal(ref, _moment(one), _moment(one) if is_move else None))
    if heard:
        room.desk.transaction.deals.hear(room.workspace, list(heard.values()), room.desk.now)
        room.desk.tally["deals"] += len(heard)
    return others


def _drop_unmapped_hints(room: Room, received: Iterable[Received]) -> list[Received]:
    """Without hints at deals, which the mapping does not look at: whoever hints at all that changes is right to."""
    others: list[Received] = []
    for one in received:
        is_deal = one.event.ref.object_type == room.desk.endpoints[one.delivery.endpoint].deal_type
        if is_deal and one.event.kind is EventKind.HINTED:
            room.desk.tally["unmapped"] += 1
        else:
            others.append(one)
    return others


def _hear_companions(room: Room, crm: str, received: Iterable[Received]) -> list[Received]:
    """What is not about companions. Those of which something is heard are read, where the mapping looks at such.

    So are those that we changed ourselves: otherwise what is done to them next would be taken for what we did.
    """
    kinds, others, heard = room.book.companion_kinds(crm), list[Received](), dict[CrmRef, datetime]()
    for one in received:
        kind = room.desk.endpoints[one.delivery.endpoint].companion_types.get(one.event.ref.object_type)
        if kind is None:
            others.append(one)
        elif kind not in kinds:
            room.desk.tally["unmapped"] += 1
        else:
            heard[one.event.ref] = max(_moment(one), heard.get(one.event.ref, _moment(one)))
    if heard:
        room.desk.tally["hints"] += len(heard)
        room.desk.tally["rereads"] += room.desk.transaction.companions.hear(room.workspace, heard, room.desk.now)
    return others


def _later(before: HeardDeal | None, news: HeardDeal) -> HeardDeal:
    """All that was heard of a deal."""
    if before is None:
        return news
    moments = [moment for moment in (before.moved_at, news.moved_at) if moment is not None]
    heard_at = max(moment for moment in (before.heard_at, news.heard_at) if moment is not None)
    return HeardDeal(news.ref, heard_at, max(moments, default=None))


def keep_event_aside(desk: Desk, one: Received, reason: StrayReason) -> None:
    """Keep an event that becomes no fact where people see it."""
    event, delivery = one.event, one.delivery
    desk.strays.append(Stray(delivery.id, reason, event.type, event.ref.account, event.raw, delivery.received_at))


@dataclass(frozen=True, slots=True)
class Room:
    """The desk in one workspace."""

    desk: Desk
    workspace: WorkspaceId
    book: Book


def _drop_foreign(desk: Desk, received: Iterable[Received]) -> list[Received]:
    """What concerns leads. The rest is kept aside, but for what our own tasks, notes and lists set off."""
    ours: list[Received] = []
    for one in received:
        reason = _foreign_because(desk, one)
        if reason is None:
            ours.append(one)
        elif one.event.is_echo:
            desk.tally["echoes"] += 1
        else:
            keep_event_aside(desk, one, reason)
    return ours


def _foreign_because(desk: Desk, one: Received) -> StrayReason | None:
    if one.event.ref.object_type not in desk.endpoints[one.delivery.endpoint].lead_types:
        return StrayReason.OTHER_OBJECT
    return StrayReason.UNKNOWN_TYPE if one.event.kind is EventKind.OTHER else None


def _erase(room: Room, received: Iterable[Received]) -> None:
    desk = room.desk
    for one in received:
        if one.event.kind is EventKind.ERASED:
            desk.transaction.leads.erase(room.workspace, one.event.ref, desk.now)
            desk.tally["erasures"] += 1


def _drop_erased(room: Room, received: Iterable[Received]) -> list[Received]:
    """What is left without those who asked to be forgotten. Bodies that still tell of them go, too."""
    desk = room.desk
    remaining = [one for one in received if one.event.kind is not EventKind.ERASED]
    refs = {ref for one in remaining for ref in _refs(one.event)}
    erased = desk.transaction.leads.erased(room.workspace, refs) if refs else frozenset()
    if not erased:
        return remaining
    refused = [one for one in remaining if not erased.isdisjoint(_refs(one.event))]
    desk.to_forget.update(one.delivery.id for one in refused)
    desk.tally["refused"] += len(refused)
    return [one for one in remaining if erased.isdisjoint(_refs(one.event))]


def _refs(event: CrmEvent) -> tuple[CrmRef, ...]:
    return (event.ref, *event.merged)


def _doubt(room: Room, received: Sequence[Received]) -> list[Received]:
    """Merges into records that nobody heard of become words that the merged records changed, where they may be wrong.

    Reading those tells as what they live on.
    """
    merges = [one for one in received if one.event.kind is EventKind.MERGED and not one.event.has_value]
    survivors = {one.event.ref for one in merges}
    known = room.desk.transaction.leads.find(room.workspace, survivors).keys() if survivors else survivors
    kept: list[Received] = []
    for one in received:
        if one in merges and one.event.ref not in known:
            hint = one.event._replace(kind=EventKind.HINTED, has_value=True, is_echo=False, merged=())
            kept += (Received(hint._replace(ref=ref), one.delivery) for ref in one.event.merged)
        else:
            kept.append(one)
    return kept


def _merge(room: Room, merges: Iterable[Received]) -> list[NewFact]:
    """Make one lead of merged records, the surviving record's, and tell it of each."""
    desk, in_order = room.desk, sorted(merges, key=lambda merge: merge.event.at)
    for one in in_order:
        event = one.event
        find_or_add(room, {event.ref})
        desk.transaction.leads.merge(room.workspace, event.ref, _refs(event), desk.now)
        _read_again(room, {event.ref})
        desk.tally["merges"] += 1
    # Looked up when all is merged: a survivor may have been merged away by the next.
    remaining = find_or_add(room, {one.event.ref for one in in_order})
    return [_to_merged(remaining[one.event.ref], one, ref) for one in in_order for ref in one.event.merged]


def _to_merged(into: LeadId, one: Received, ref: CrmRef) -> NewFact:
    key = f"{one.event.key}:{ref.record_id}"
    return _to_new_fact(into, one, Fact(key, _moment(one), FactKind.MERGED, str(ref), ref.crm))


def _pick_news(room: Room, crm: str, received: Iterable[Received]) -> list[Received]:
    """Without merges, echoes, and properties that the mapping gives no meaning."""
    mapped = frozenset(room.book.properties_to_read(crm))
    news: list[Received] = []
    for one in received:
        event = one.event
        if event.kind is EventKind.MERGED:
            continue
        if event.is_echo:
            room.desk.tally["echoes"] += 1
        elif event.kind is EventKind.CHANGED and event.property not in mapped:
            room.desk.tally["unmapped"] += 1
        else:
            news.append(one)
    return news


def _bring_back(room: Room, received: Iterable[Received]) -> None:
    """What a merge took away and somebody restored is a record of its own again, of the same lead.

    What a restored record holds may have been lost on us while it was deleted: it is read.
    """
    restored: dict[CrmRef, datetime] = {}
    for one in received:
        if one.event.kind is EventKind.RESTORED:
            restored[one.event.ref] = max(restored.get(one.event.ref, _moment(one)), _moment(one))
    if restored:
        room.desk.transaction.leads.live_again(room.workspace, set(restored), room.desk.now)
        room.desk.transaction.leads.read_since(room.workspace, restored, room.desk.now)


def _drop_superseded(room: Room, news: Sequence[Received]) -> Sequence[Received]:
    """Without what is told of a record that a merge took away: the person is not gone, but lives on in another one."""
    told = {one.event.ref for one in news if one.event.kind in _OF_THE_RECORD}
    away = room.desk.transaction.leads.merged_away(room.workspace, told) if told else frozenset()
    left = [one for one in news if one.event.kind not in _OF_THE_RECORD or one.event.ref not in away]
    room.desk.tally["superseded"] += len(news) - len(left)
    return left


def _take_in_news(room: Room, news: Sequence[Received]) -> list[NewFact]:
    lead_ids = find_or_add(room, {one.event.ref for one in news})
    _read_again(room, {one.event.ref for one in news if not one.event.has_value})
    return [_to_new_fact(lead_ids[one.event.ref], one, _to_fact(one)) for one in news]


def _take_hints(room: Room, hints: Sequence[Received]) -> None:
    """Have the records read of which something is to be known. One that was read since is known already."""
    if not hints:
        return
    changed: dict[CrmRef, datetime] = {}
    for one in hints:
        changed[one.event.ref] = max(changed.get(one.event.ref, _moment(one)), _moment(one))
    find_or_add(room, set(changed))
    desk = room.desk
    desk.tally["hints"] += len(hints)
    desk.tally["rereads"] += desk.transaction.leads.read_since(room.workspace, changed, desk.now)


def find_or_add(room: Room, refs: set[CrmRef]) -> Mapping[CrmRef, LeadId]:
    """The leads of these records; of a record that nobody knows, a new one, which waits to be read."""
    if not refs:
        return {}
    desk, workspace = room.desk, room.workspace
    known = desk.transaction.leads.find(workspace, refs)
    unknown = {ref: to_lead_id(workspace, ref) for ref in sorted(refs - known.keys())}
    if unknown:
        desk.transaction.leads.add(workspace, unknown, room.book.version, desk.now)
        desk.tally["leads"] += len(unknown)
    return {**known, **unknown}


def _read_again(room: Room, refs: set[CrmRef]) -> None:
    if refs:
        room.desk.transaction.leads.read_again(room.workspace, refs, room.desk.now)
        room.desk.tally["rereads"] += len(refs)


def _to_new_fact(lead_id: LeadId, one: Received, fact: Fact) -> NewFact:
    return NewFact(lead_id, fact, one.delivery.received_at, one.delivery.id)


def _to_fact(one: Received) -> Fact:
    event = one.event
    fact = Fact(event.key, _moment(one), FactKind.RECORD, _RECORD_NAMES[event.kind], event.ref.crm, _to_data(event))
    return fact if event.has_value else to_withheld(fact)


def _to_data(event: CrmEvent) -> Mapping[str, str]:
    if event.kind is EventKind.CHANGED:
        return {event.property: event.value}
    return {RECORD_OF: str(event.ref)} if event.kind in _TURNS else {}


def _moment(one: Received) -> datetime:
    """When it happened, as the CRM says: the same for every copy. An impossible future is not believed."""
    at, received_at = one.event.at, one.delivery.received_at
    return at if at <= received_at + MAX_SKEW else received_at
