"""Deals: what a CRM says of them becomes facts of the leads that they belong to.

A deal is never judged by what an event says of it: it is read, with the people it belongs to, and each of them is told
what was read. So a deal that is associated later, parted, merged or deleted comes right in the end, in whatever order
events come. What a lead was told is remembered, and told again only when it differs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import islice
from json import dumps
from typing import Final, NamedTuple

from connector.domain.book import Book
from connector.domain.fact import Fact, FactKind
from connector.domain.field import format_moment
from connector.domain.ids import CrmRef, LeadId, WorkspaceId
from connector.domain.traits.deal import MOST_DEALS, DealNews
from connector.engine.inward.people import find_people
from connector.engine.inward.reading import Reading
from connector.engine.judging.shelf import Shelf
from connector.engine.running.line import Failure, Line
from connector.log import get_logger
from connector.ports import Crm, CrmRecord, HeardDeal, NewFact, ToldDeal, Transaction, Unread

#: What one read takes. HubSpot: Using object APIs, batch read.
_BATCH: Final = 100
_MILLISECOND: Final = timedelta(milliseconds=1)
_SETTLED: Final = timedelta(seconds=2)
#: What a lead is told of a deal that is gone.
_GONE: Final = "{}"
_UNKNOWN: Final = ToldDeal("")

log = get_logger()


@dataclass(frozen=True, slots=True)
class DealsResult:
    """What became of some deals; the counters `deals.*` add these up."""

    read: int = 0
    #: Read and not found, or deleted.
    gone: int = 0
    #: Facts that leads were told.
    facts: int = 0
    #: Could not be read while others could: kept aside for a while.
    spoilt: int = 0

    @property
    def amount(self) -> int:
        """How many deals were looked at."""
        return self.read + self.spoilt

    def __add__(self, other: DealsResult) -> DealsResult:
        return DealsResult(
            self.read + other.read, self.gone + other.gone, self.facts + other.facts, self.spoilt + other.spoilt
        )


class _Batch(NamedTuple):
    """Deals that were read, and whose they are."""

    waiting: Sequence[HeardDeal]
    reading: Reading[CrmRecord]
    #: Deal -> the records of its people.
    people: dict[str, Sequence[str]]
    asked_at: datetime


def run_once(line: Line, shelf: Shelf) -> DealsResult:
    """Read the next deals that wait, and tell their leads. Reading one twice tells nobody anything.

    A contact of whom nothing was heard becomes a lead by a deal, as by any other news. A call that fails as a whole
    lets the line rest. Raises CredentialsError.
    """
    asked_at = line.clock.now()
    with line.store.reading() as transaction:
        waiting = transaction.deals.unread(line.connection, asked_at, _BATCH)
        if not waiting:
            return DealsResult()
        book = shelf.latest(transaction, line.connection.workspace)
    source = book.deals.get(line.connection.crm)
    if source is None:  # the mapping looks at deals no more
        with line.store.transaction() as transaction:
            transaction.deals.set_read(line.connection.workspace, [one.ref for one in waiting], asked_at)
    elif line.may_call():
        batch, properties = _Batch(waiting, Reading(), {}, asked_at), source.properties
        if not isinstance(line.call(lambda: _fetch(line.crm, properties, batch)), Failure):
            return _keep(line, book, batch)
    return DealsResult()


def _fetch(crm: Crm, properties: Sequence[str], batch: _Batch) -> None:
    """Read the deals, and to whom those that are there belong."""
    ids = [one.ref.record_id for one in batch.waiting]
    batch.reading.fetch(lambda some: crm.fetch_deals(some, properties), ids)
    there = [id_ for id_ in batch.reading.asked if _is_there(id_, batch.reading.records.get(id_))]
    if there:
        batch.people.update(crm.fetch_people_of(there))


def _is_there(asked: str, record: CrmRecord | None) -> bool:
    """Not deleted, and not merged into another one."""
    return record is not None and not record.archived and record.record_id == asked


def _keep(line: Line, book: Book, batch: _Batch) -> DealsResult:
    workspace, answered = line.connection.workspace, frozenset(batch.reading.asked)
    read = [one for one in batch.waiting if one.ref.record_id in answered]
    spoilt = [one.ref for one in batch.waiting if one.ref.record_id in batch.reading.spoilt]
    gone = sum(not _is_there(one.ref.record_id, batch.reading.records.get(one.ref.record_id)) for one in read)
    with line.store.transaction() as transaction:
        transaction.deals.hear(workspace, list(_survivors(batch, read)), batch.asked_at)
        facts = _tell(line, transaction, book, batch, read)
        transaction.deals.set_read(workspace, [one.ref for one in read], batch.asked_at)
        transaction.deals.postpone(workspace, spoilt, _next_try(line, batch.reading), batch.asked_at)
        result = DealsResult(len(read), gone, facts, len(spoilt))
        transaction.counts.add({f"deals.{name}": amount for name, amount in asdict(result).items() if amount})
    log.debug("deals.read", connection=line.connection.id, **asdict(result))
    return result


def _next_try(line: Line, reading: Reading[CrmRecord]) -> datetime:
    """When those that could not be read are tried again: later and later."""
    for record_id in reading.asked:
        line.spoilt.pop(f"deal {record_id}", None)
    line.spoilt.update(f"deal {record_id}" for record_id in reading.spoilt)
    attempts = max((line.spoilt[f"deal {record_id}"] for record_id in reading.spoilt), default=1)
    return line.clock.now() + line.backoff(attempts)


def _survivors(batch: _Batch, read: Sequence[HeardDeal]) -> Iterator[HeardDeal]:
    """The deals into which others were merged: they are read next."""
    for one in read:
        record = batch.reading.records.get(one.ref.record_id)
        if record is not None and record.record_id != one.ref.record_id:
            yield HeardDeal(one.ref._replace(record_id=record.record_id), one.heard_at)


def _tell(line: Line, transaction: Transaction, book: Book, batch: _Batch, read: Sequence[HeardDeal]) -> int:
    """Tell everybody concerned what is new to them; how many facts that took."""
    workspace = line.connection.workspace
    told = transaction.deals.told(workspace, [one.ref for one in read])
    leads = find_people(line, transaction, book, {id_ for ids in batch.people.values() for id_ in ids}, batch.asked_at)
    facts: list[NewFact] = []
    learned: dict[tuple[CrmRef, LeadId], ToldDeal] = {}
    for one in read:
        theirs = {leads[id_] for id_ in batch.people.get(one.ref.record_id, ()) if id_ in leads}
        before = told.get(one.ref, {})
        for lead_id in sorted(theirs | before.keys()):
            values = batch.reading.records[one.ref.record_id].properties if lead_id in theirs else None
            now_told = ToldDeal(_to_text(values), one.moved_at)
            if now_told != before.get(lead_id, _UNKNOWN):
                news = _news(one, values, before.get(lead_id, _UNKNOWN))
                facts.append(NewFact(lead_id, _to_fact(one, news, values, batch.asked_at), batch.asked_at))
                learned[one.ref, lead_id] = now_told
    transaction.deals.set_told(workspace, learned)
    return transaction.leads.add_facts(workspace, facts, batch.asked_at) if facts else 0


def _news(deal: HeardDeal, values: Mapping[str, str] | None, before: ToldDeal) -> DealNews:
    if values is None:
        return DealNews.GONE
    if deal.heard_at is None:
        return DealNews.READ
    return DealNews.MOVED if deal.moved_at != before.moved_at else DealNews.CHANGED


def _to_text(values: Mapping[str, str] | None) -> str:
    return _GONE if values is None else dumps(dict(sorted(values.items())), ensure_ascii=False)


def _to_fact(deal: HeardDeal, news: DealNews, values: Mapping[str, str] | None, asked_at: datetime) -> Fact:
    """What was read counts from the latest that was heard of the deal; of several reads, the last one counts."""
    read_at = asked_at if deal.read_at is None else max(asked_at, deal.read_at + _MILLISECOND)
    at = asked_at if deal.heard_at is None else min(deal.heard_at, asked_at)
    key = f"deal:{deal.ref}:{format_moment(read_at)}"
    return Fact(key, at, FactKind.DEAL, f"{news}:{deal.ref}", deal.ref.crm, values or {})


def hear_changed(
    transaction: Transaction, workspace: WorkspaceId, changed: Mapping[CrmRef, datetime], now: datetime
) -> int:
    """Have the deals read that changed at these moments, but for what was heard, and read since; how many wait."""
    known = transaction.deals.heard(workspace, changed) if changed else {}
    news = [HeardDeal(ref, at) for ref, at in changed.items() if not _is_known(known.get(ref), at)]
    transaction.deals.hear(workspace, news, now)
    return len(news)


def _is_known(deal: HeardDeal | None, at: datetime) -> bool:
    """Moments may be whole seconds: what was read within one may have changed again in it."""
    if deal is None or deal.heard_at is None or deal.read_at is None:
        return False
    return deal.heard_at >= at and deal.read_at >= at + _SETTLED


# --- the deals of leads that are read for the first time, or again ------------------------------------------


@dataclass(frozen=True, slots=True)
class KnownDeals:
    """The deals of some people, as they were when their records were read."""

    #: Record -> its deals.
    by_person: Mapping[str, Sequence[str]]
    records: Mapping[str, CrmRecord]


NO_DEALS: Final = KnownDeals({}, {})


def fetch_known(line: Line, book: Book, record_ids: Sequence[str]) -> KnownDeals:
    """The deals of these people, where the mapping looks at deals. Raises what calls raise."""
    source = book.deals.get(line.connection.crm)
    if source is None or not record_ids:
        return NO_DEALS
    found = line.crm.fetch_deals_of(record_ids)
    by_person = {person: sorted(ids, key=_age)[-MOST_DEALS:] for person, ids in found.items()}
    ids = iter(sorted({id_ for ids in by_person.values() for id_ in ids}, key=_age))
    records: dict[str, CrmRecord] = {}
    while batch := list(islice(ids, _BATCH)):
        records |= line.crm.fetch_deals(batch, source.properties)
    return KnownDeals(by_person, records)


def _age(record_id: str) -> tuple[int, str]:
    """Ids are given in rising order: of very many deals the youngest count."""
    return len(record_id), record_id


def tell_known(
    line: Line, transaction: Transaction, read: Sequence[Unread], known: KnownDeals, asked_at: datetime
) -> list[NewFact]:
    """Facts for what leads were not told yet; remembers that they are told. None of it is news to act on."""
    theirs: defaultdict[CrmRef, dict[LeadId, Unread]] = defaultdict(dict)
    for one in read:
        for id_ in known.by_person.get(one.ref.record_id, ()):
            if _is_there(id_, known.records.get(id_)):
                theirs[one.ref._replace(object_type=line.crm.deal_type, record_id=id_)][one.lead_id] = one
    if not theirs:
        return []
    workspace = line.connection.workspace
    heard, told = transaction.deals.heard(workspace, theirs), transaction.deals.told(workspace, theirs)
    facts: list[NewFact] = []
    learned: dict[tuple[CrmRef, LeadId], ToldDeal] = {}
    for ref, leads in theirs.items():
        values = known.records[ref.record_id].properties
        for lead_id, one in leads.items():
            before = told.get(ref, {}).get(lead_id)
            if before is None or (one.again and before.text != _to_text(values)):
                facts.append(NewFact(lead_id, _to_known_fact(ref, one, values, asked_at), asked_at))
                moved_at = before.moved_at if before else _told_move(heard.get(ref))
                learned[ref, lead_id] = ToldDeal(_to_text(values), moved_at)
    transaction.deals.set_told(workspace, learned)
    return facts


def _told_move(heard: HeardDeal | None) -> datetime | None:
    """When the deal last came to a stage, as far as its people were told; what waits to be read is news to all."""
    if heard is None or heard.moved_at is None or heard.read_at is None or heard.read_at < heard.moved_at:
        return None
    return heard.moved_at


def _to_known_fact(ref: CrmRef, one: Unread, values: Mapping[str, str], asked_at: datetime) -> Fact:
    news = DealNews.READ if one.again else DealNews.BASELINE
    key = f"known:{ref}:{format_moment(asked_at)}"
    return Fact(key, asked_at, FactKind.DEAL, f"{news}:{ref}", ref.crm, values)
