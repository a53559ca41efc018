"""Hydrate: records of which we know too little are read from their CRM before their leads are judged by them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from connector.domain.book import Book
from connector.domain.fact import RECORD_OF, SNAPSHOT_OF, Fact, FactKind, RecordName
from connector.domain.field import format_moment
from connector.domain.ids import CrmRef, WorkspaceId
from connector.engine.inward.becoming import follow
from connector.engine.inward.deals import NO_DEALS, KnownDeals, fetch_known, tell_known
from connector.engine.inward.events import MAX_SKEW
from connector.engine.inward.joining import knows_by_address
from connector.engine.inward.reading import Reading
from connector.engine.inward.withheld import PREFIX, reveal
from connector.engine.judging.shelf import Shelf
from connector.engine.running.line import Failure, Line
from connector.log import get_logger
from connector.ports import CrmRecord, NewFact, Transaction, Unread

#: Moments of a CRM may be whole seconds, and its clock is not ours: what changes next may bear the same moment.
_SETTLED = timedelta(seconds=2)
_WITHIN = timedelta(milliseconds=999)

log = get_logger()


@dataclass(frozen=True, slots=True)
class HydrateResult:
    """What became of some records; the counters `hydrate.*` add these up."""

    #: Read for the first time, read again, and not found.
    read: int = 0
    again: int = 0
    missing: int = 0
    #: Could not be read while others could: kept aside for a while.
    spoilt: int = 0

    @property
    def amount(self) -> int:
        """How many records were asked for."""
        return self.read + self.again

    def __add__(self, other: HydrateResult) -> HydrateResult:
        return HydrateResult(
            read=self.read + other.read,
            again=self.again + other.again,
            missing=self.missing + other.missing,
            spoilt=self.spoilt + other.spoilt,
        )


def run_once(line: Line, shelf: Shelf) -> HydrateResult:
    """Read the next records that wait. Reading one twice adds nothing to its lead, nor does hearing of it in two ways.

    A record that spoils its batch waits alone, longer after each time, and is never given up: nobody would judge its
    lead. A call that fails as a whole lets the line rest. Raises CredentialsError.
    """
    # What changes while a call is under way is told by an event of its own, which then is the younger fact.
    asked_at = line.clock.now()
    with line.store.reading() as transaction:
        waiting = transaction.leads.unread(line.connection, asked_at, line.crm.read_batch)
        if not waiting:
            return HydrateResult()
        book = shelf.latest(transaction, line.connection.workspace)
    if not line.may_call():
        return HydrateResult()
    reading = Reading[CrmRecord]()
    properties = book.properties_to_read(line.connection.crm)
    ids = [one.ref.record_id for one in waiting]
    answer = line.call(lambda: reading.fetch(lambda some: line.crm.fetch_records(some, properties), ids))
    deals = NO_DEALS
    if line.connection.crm in book.deals:
        found = answer if isinstance(answer, Failure) else line.call(lambda: fetch_known(line, book, reading.asked))
        if isinstance(found, Failure):
            return HydrateResult()
        deals = found
    result = _keep(line, book, waiting, reading, deals, asked_at)
    log.debug("records.read", connection=line.connection.id, **asdict(result))
    return result


def _keep(
    line: Line,
    book: Book,
    waiting: Sequence[Unread],
    reading: Reading[CrmRecord],
    deals: KnownDeals,
    asked_at: datetime,
) -> HydrateResult:
    answered = frozenset(reading.asked)
    read: Sequence[Unread] = [one for one in waiting if one.ref.record_id in answered]
    early = _find_early(read, reading.records, asked_at)
    read = [one for one in read if one.ref not in early]
    spoilt = _postpone(line, waiting, reading)
    result = HydrateResult(
        read=sum(not one.again for one in read),
        again=sum(one.again for one in read),
        missing=sum(one.ref.record_id not in reading.records for one in read),
        spoilt=len(spoilt),
    )
    if not read and not spoilt and not early:
        return result
    workspace = line.connection.workspace
    with line.store.transaction() as transaction:
        read, merged = follow(line, transaction, read, reading.records, book.version, asked_at)
        facts = [
            NewFact(one.lead_id, fact, asked_at)
            for one in read
            for fact in _to_facts(line, one, reading, asked_at, is_merged=one.ref in merged)
        ]
        facts += tell_known(line, transaction, read, deals, asked_at)
        facts += _reveal(transaction, workspace, read, reading.records, asked_at)
        transaction.leads.add_facts(workspace, facts, asked_at)
        if knows_by_address(book):
            transaction.leads.tell_joined(workspace, {one.lead_id for one in read if not one.again}, asked_at)
        transaction.leads.set_read(workspace, _as_of(read, reading.records, asked_at), asked_at)
        transaction.leads.postpone_reading(workspace, {**spoilt, **early}, asked_at)
        transaction.counts.add({f"hydrate.{name}": amount for name, amount in asdict(result).items() if amount})
    return result


def _find_early(
    read: Sequence[Unread], records: Mapping[str, CrmRecord], asked_at: datetime
) -> Mapping[CrmRef, datetime]:
    """Records that may still change within the moment that they bear, and when they are to be read once more.

    What is read of them now is not used: two facts of one moment would be taken for one. Of what was never read,
    it is: that is a baseline, and what is read later is compared with it.
    """
    found = ((one.ref, records.get(one.ref.record_id)) for one in read if one.again)
    moments = ((ref, record.read_as_of) for ref, record in found if record and record.read_as_of)
    return {ref: at + _SETTLED for ref, at in moments if asked_at - _SETTLED < at <= asked_at + MAX_SKEW}


def _as_of(
    read: Sequence[Unread], records: Mapping[str, CrmRecord], asked_at: datetime
) -> Mapping[CrmRef, datetime | None]:
    """Up to when nothing is left to be read of these records, where the CRM's own moments tell."""
    found = {one.ref: records.get(one.ref.record_id) for one in read}
    return {ref: settled_at(record, asked_at) if record else None for ref, record in found.items()}


def _reveal(
    transaction: Transaction,
    workspace: WorkspaceId,
    read: Sequence[Unread],
    records: Mapping[str, CrmRecord],
    asked_at: datetime,
) -> list[NewFact]:
    """The changes of which only the read record tells the value; those that are known already are dropped as copies."""
    withheld = transaction.leads.facts_by_prefix(workspace, {one.lead_id for one in read}, PREFIX)
    return [
        NewFact(one.lead_id, fact, asked_at)
        for one in read
        if one.lead_id in withheld and one.ref.record_id in records
        for fact in reveal(withheld[one.lead_id], records[one.ref.record_id].properties)
        if fact.source == one.ref.crm
    ]


def _postpone(line: Line, waiting: Sequence[Unread], reading: Reading[CrmRecord]) -> Mapping[CrmRef, datetime]:
    """When those that could not be read are tried again."""
    for record_id in reading.asked:
        line.spoilt.pop(record_id, None)
    line.spoilt.update(reading.spoilt.keys())
    for one in waiting:
        if error := reading.spoilt.get(one.ref.record_id):
            log.warning("record.spoilt", connection=line.connection.id, lead=one.lead_id, exc_info=error)
    return {
        one.ref: line.clock.now() + line.backoff(line.spoilt[one.ref.record_id])
        for one in waiting
        if one.ref.record_id in reading.spoilt
    }


def _to_facts(
    line: Line, one: Unread, reading: Reading[CrmRecord], asked_at: datetime, *, is_merged: bool
) -> Iterator[Fact]:
    """All values as read; and that the record is new, is gone, or lives on as another one, where that is so."""
    record, crm = reading.records.get(one.ref.record_id), one.ref.crm
    at = _moment(record, asked_at)
    if not one.again:
        yield from first_facts(line, one.ref, record, asked_at)
    elif record:
        yield Fact(f"read:{one.ref}:{format_moment(at)}", at, FactKind.RECORD, RecordName.READ, crm, _values(record))
    if is_merged:
        yield Fact(f"merged:{one.ref}", at, FactKind.MERGED, str(one.ref), crm)
    elif record is None or record.archived:
        gone = {RECORD_OF: str(one.ref)}
        yield Fact(f"gone:{one.ref}:{format_moment(at)}", at, FactKind.RECORD, RecordName.ARCHIVED, crm, gone)


def first_facts(line: Line, ref: CrmRef, record: CrmRecord | None, asked_at: datetime) -> Iterator[Fact]:
    """What a lead is told of a record that is read for the first time: its values, and when it was made if just now."""
    values = _values(record) if record else {}
    yield Fact(f"baseline:{ref}", _moment(record, asked_at), FactKind.RECORD, RecordName.BASELINE, ref.crm, values)
    if made_at := _made_at(line, record):
        yield Fact(f"created:{ref}", made_at, FactKind.RECORD, RecordName.CREATED, ref.crm)


def settled_at(record: CrmRecord, asked_at: datetime) -> datetime | None:
    """As of when it is known; None where its CRM does not say, or what changes next may bear the same moment."""
    moment = record.read_as_of
    return moment if moment and moment + _SETTLED <= asked_at else None


def _made_at(line: Line, record: CrmRecord | None) -> datetime | None:
    """When a record was made, by a CRM that tells it in no other way; None for one from before we were connected.

    Its moments are whole seconds: one that was made in the second in which we were connected is new.
    """
    made_at, connected_at = record.created_at if record else None, line.connection.connected_at
    return made_at if made_at and connected_at and made_at >= connected_at.replace(microsecond=0) else None


def _values(record: CrmRecord) -> Mapping[str, str]:
    """What the record holds; as a snapshot, to be compared with the last one, where its CRM tells no changes."""
    return record.properties if record.read_as_of is None else {SNAPSHOT_OF: record.record_id, **record.properties}


def _moment(record: CrmRecord | None, asked_at: datetime) -> datetime:
    """Since when it is so, as the CRM says: the same whenever it is read. An impossible future is not believed.

    A moment in whole seconds names the second at whose end it is so: what we did within it came before.
    """
    if record is None or record.read_as_of is None or record.read_as_of > asked_at + MAX_SKEW:
        return asked_at
    return record.read_as_of if record.read_as_of.microsecond else record.read_as_of + _WITHIN
