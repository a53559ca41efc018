"""Companions: what campaign members, tasks and roles in deals say of leads.

No event is believed of what it says of one: it is read, and compared with what it held when it was read before. So an
event that comes twice, or in several ways, is one change, and what we did ourselves is seen to be ours however it
became known. A companion that is read for the first time tells what happened to it since we asked for its type first;
what it was before is nobody's business. A role gives no signal: its deal is read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final, NamedTuple

from connector.domain.book import Book
from connector.domain.fact import Fact, FactKind
from connector.domain.field import format_moment
from connector.domain.ids import CrmRef
from connector.domain.records.sources import CompanionEvent, CompanionSource
from connector.engine.inward.events import MAX_SKEW
from connector.engine.inward.people import find_people
from connector.engine.inward.reading import Reading
from connector.engine.judging.shelf import Shelf
from connector.engine.running.line import Failure, Line
from connector.log import get_logger
from connector.ports import Companion, HeardDeal, KnownCompanion, NewFact, Transaction

#: What one read takes.
BATCH: Final = 200
#: Moments of a CRM may be whole seconds, and its clock is not ours: what changes next may bear the same moment.
_SETTLED: Final = timedelta(seconds=2)
_MILLISECOND: Final = timedelta(milliseconds=1)

log = get_logger()


@dataclass(frozen=True, slots=True)
class CompanionsResult:
    """What became of some companions; the counters `companions.*` add these up."""

    read: int = 0
    #: Signals that leads were told, and deals of which something was heard.
    facts: int = 0
    deals: int = 0
    #: Could not be read while others could: kept aside for a while.
    spoilt: int = 0

    @property
    def amount(self) -> int:
        """How many were looked at."""
        return self.read + self.spoilt

    def __add__(self, other: CompanionsResult) -> CompanionsResult:
        return CompanionsResult(
            self.read + other.read, self.facts + other.facts, self.deals + other.deals, self.spoilt + other.spoilt
        )


def run_once(line: Line, shelf: Shelf) -> CompanionsResult:
    """Read the next companions that wait, and tell their leads. Reading one twice tells nobody anything.

    Until the census of a type has begun its companions wait: only then it is known what is news. A call that fails as
    a whole lets the line rest. Raises CredentialsError.
    """
    reader, connection = line.crm.companions, line.connection
    if reader is None:
        return CompanionsResult()
    asked_at = line.clock.now()
    with line.store.reading() as transaction:
        waiting = transaction.companions.unread(connection, asked_at, BATCH)
        if not waiting:
            return CompanionsResult()
        began = {state.object_type: state.began_at for state in transaction.censuses.of(connection.id)}
        book = shelf.latest(transaction, connection.workspace)
    kinds = book.companion_kinds(connection.crm)
    unwanted = [ref for ref in waiting if reader.kinds.get(ref.object_type) not in kinds]
    wanted = [ref for ref in waiting if ref.object_type in began and ref not in unwanted]
    if unwanted:  # the mapping looks at them no more
        with line.store.transaction() as transaction:
            transaction.companions.drop(connection.workspace, unwanted, asked_at)
    if not wanted or not line.may_call():
        return CompanionsResult()
    batch = _Batch({ref.record_id: ref for ref in wanted}, Reading(), began, asked_at)
    if isinstance(line.call(lambda: batch.reading.fetch(reader.fetch, list(batch.refs))), Failure):
        return CompanionsResult()
    return _keep(line, book, batch)


class _Batch(NamedTuple):
    """Companions that were read."""

    refs: Mapping[str, CrmRef]
    reading: Reading[Companion]
    #: Object type -> when it was asked for first.
    began: Mapping[str, datetime]
    asked_at: datetime


class _News(NamedTuple):
    """What happened to one that was read."""

    ref: CrmRef
    companion: Companion
    event: CompanionEvent
    at: datetime


def _keep(line: Line, book: Book, batch: _Batch) -> CompanionsResult:
    workspace, answered = line.connection.workspace, batch.reading.asked
    read = {batch.refs[id_]: batch.reading.records[id_] for id_ in answered if id_ in batch.reading.records}
    spoilt = [batch.refs[id_] for id_ in batch.reading.spoilt]
    with line.store.transaction() as transaction:
        known = transaction.companions.known(workspace, [batch.refs[id_] for id_ in answered])
        facts = _tell(line, transaction, book, batch, list(_find_news(batch, read, known)))
        deals = _hear_deals(line, transaction, read, known, [batch.refs[id_] for id_ in answered], batch.asked_at)
        seen = {ref: to_known(line, one, batch.asked_at) for ref, one in read.items()}
        transaction.companions.remember(workspace, seen, batch.asked_at)
        gone = [batch.refs[id_] for id_ in answered if id_ not in batch.reading.records]
        transaction.companions.drop(workspace, gone, batch.asked_at)
        transaction.companions.postpone(workspace, spoilt, _next_try(line, batch.reading), batch.asked_at)
        result = CompanionsResult(len(answered), facts, deals, len(spoilt))
        transaction.counts.add({f"companions.{name}": amount for name, amount in asdict(result).items() if amount})
    log.debug("companions.read", connection=line.connection.id, **asdict(result))
    return result


def _next_try(line: Line, reading: Reading[Companion]) -> datetime:
    """When those that could not be read are tried again: later and later."""
    for record_id in reading.asked:
        line.spoilt.pop(f"companion {record_id}", None)
    line.spoilt.update(f"companion {record_id}" for record_id in reading.spoilt)
    attempts = max((line.spoilt[f"companion {record_id}"] for record_id in reading.spoilt), default=1)
    return line.clock.now() + line.backoff(attempts)


def to_known(line: Line, one: Companion, asked_at: datetime) -> KnownCompanion:
    """What is remembered of it. What may still change within the moment that it bears is read again when it does."""
    as_of = one.as_of if one.as_of + _SETTLED <= asked_at else one.as_of - _MILLISECOND
    return KnownCompanion(line.to_ref(one.person) if one.person else None, one.status, one.is_done, one.deal, as_of)


# --- what is news -------------------------------------------------------------------------------------------


def _find_news(
    batch: _Batch, read: Mapping[CrmRef, Companion], known: Mapping[CrmRef, KnownCompanion]
) -> Iterator[_News]:
    for ref, one in read.items():
        if one.person and not one.is_gone:
            for event, at in happenings_of(one, known.get(ref), batch.began[ref.object_type]):
                yield _News(ref, one, event, at if at <= batch.asked_at + MAX_SKEW else batch.asked_at)


def happenings_of(
    one: Companion, before: KnownCompanion | None, began_at: datetime
) -> Iterator[tuple[CompanionEvent, datetime]]:
    """What happened to it since it was read before; where it never was, since we began to ask. Nothing that we did."""
    is_new = before is None and one.made_at >= began_at
    if is_new and not one.is_our_own:
        yield CompanionEvent.ADDED, one.made_at
    if one.is_our_change or (before is None and _was_done_by_us(one)):
        return
    if is_new or before is not None:
        if one.status != (before.status if before else ""):
            yield CompanionEvent.MOVED, one.as_of
        if one.is_done and not (before and before.is_done):
            yield CompanionEvent.DONE, one.done_at or one.as_of
    elif one.done_at is not None and one.done_at >= began_at:
        yield CompanionEvent.DONE, one.done_at


def _was_done_by_us(one: Companion) -> bool:
    """A note of ours, which is a task that was done when it was made, whoever changed it since."""
    return one.is_our_own and one.done_at is not None and one.done_at <= one.made_at + _SETTLED


def _tell(line: Line, transaction: Transaction, book: Book, batch: _Batch, news: Sequence[_News]) -> int:
    """Tell the leads what is a signal in the mapping; how many facts that took."""
    sources = [source for source in book.definitions.companions if source.crm == line.connection.crm]
    told = [(one, source) for one in news for source in sources if _gives(source, one)]
    people = {one.companion.person for one, _ in told}
    leads = find_people(line, transaction, book, people, batch.asked_at)
    facts = [
        NewFact(leads[one.companion.person], _to_fact(source, one), batch.asked_at)
        for one, source in told
        if one.companion.person in leads
    ]
    return transaction.leads.add_facts(line.connection.workspace, facts, batch.asked_at) if facts else 0


def _gives(source: CompanionSource, news: _News) -> bool:
    one = news.companion
    return (
        source.kind is one.kind
        and source.event is news.event
        and (not source.only or not one.sorts.isdisjoint(source.only))
        and (not source.to or one.status in source.to)
    )


def _to_fact(source: CompanionSource, news: _News) -> Fact:
    identity = f"{news.ref}|{news.event}|{format_moment(news.at)}|{source.signal}"
    key = blake2b(identity.encode(), digest_size=16).hexdigest()
    tells = news.companion.tells
    data = {name: tells[theirs] for name, theirs in source.attributes.items() if theirs in tells}
    return Fact(f"companion:{key}", news.at, FactKind.SIGNAL, source.signal, source.crm, data)


def _hear_deals(
    line: Line,
    transaction: Transaction,
    read: Mapping[CrmRef, Companion],
    known: Mapping[CrmRef, KnownCompanion],
    answered: Collection[CrmRef],
    asked_at: datetime,
) -> int:
    """Have the deals read in which somebody's role changed, or ended; how many."""
    heard: dict[str, datetime] = {}
    for ref in answered:
        at = read[ref].as_of if ref in read else asked_at
        for deal in _deals_of(read.get(ref), known.get(ref)):
            heard[deal] = max(at, heard.get(deal, at))
    refs = [CrmRef(line.connection.crm, line.connection.account, line.crm.deal_type, deal) for deal in heard]
    if refs:
        deals = [HeardDeal(ref, heard[ref.record_id]) for ref in refs]
        transaction.deals.hear(line.connection.workspace, deals, asked_at)
    return len(refs)


def _deals_of(read: Companion | None, known: KnownCompanion | None) -> Iterable[str]:
    return {deal for deal in (read.deal if read else "", known.deal if known else "") if deal}
