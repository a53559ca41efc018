"""Census: all the records that a CRM account has are read once, and from then on what changed is asked for.

No way in guarantees that all is told, and what was there before nobody tells. So, type by type:

- First all records come, page by page. A record that nobody heard of becomes a lead at once, with what it holds as its
  baseline; one that is known is left as it is. How far it came is kept with the leads of each page, in one
  transaction: a crash repeats a page.
- Then what changed since is asked for, again and again. Each answer is a hint as an event's is: a record that was read
  since costs nothing. A sweep begins a while before the last one ended, because a change shows when its transaction
  ends and bears the moment at which it was made.

Deals and companions are asked for likewise where the mapping looks at them: what changed, from when that began; of
companions that are compared with what they held, first all that there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from connector.domain.book import Book
from connector.domain.ids import CrmRef, to_lead_id
from connector.engine.inward.companions import to_known
from connector.engine.inward.deals import NO_DEALS, KnownDeals, fetch_known, hear_changed, tell_known
from connector.engine.inward.hydrate import first_facts, settled_at
from connector.engine.judging.shelf import Shelf
from connector.engine.running.line import Answer, Failure, Line
from connector.errors import CredentialsError, RetryableCrmError, StoreError
from connector.log import get_logger
from connector.ports import (
    CensusState,
    CensusTaker,
    Changed,
    ChangePage,
    CompanionReader,
    CrmRecord,
    NewRecord,
    RecordPage,
    Transaction,
    Unread,
)

INTERVAL: Final = timedelta(minutes=15)
#: How late a change may show up and still be found. Salesforce: Apex Developer Guide, a transaction takes ten minutes
#: at most.
OVERLAP: Final = timedelta(minutes=11)
#: What an account does not allow today it may allow tomorrow.
_REFUSED_FOR: Final = timedelta(hours=1)
#: What says nothing about a census alone.
_OF_THE_LINE: Final = (RetryableCrmError, CredentialsError, StoreError)

log = get_logger()


@dataclass(frozen=True, slots=True)
class CensusResult:
    """What a call gave; the counters `census.*` add these up."""

    #: Pages asked for, and such as could not be had.
    pages: int = 0
    refused: int = 0
    #: Leads made of records that nobody had heard of.
    leads: int = 0
    #: Records said to have changed, and those of them that have to be read.
    changes: int = 0
    rereads: int = 0

    @property
    def amount(self) -> int:
        """Whether anything was done."""
        return self.pages + self.refused

    def __add__(self, other: CensusResult) -> CensusResult:
        return CensusResult(
            self.pages + other.pages,
            self.refused + other.refused,
            self.leads + other.leads,
            self.changes + other.changes,
            self.rereads + other.rereads,
        )


def run_once(line: Line, shelf: Shelf, interval: timedelta, *, is_busy: bool) -> CensusResult:
    """Take in the next page of the type that is due longest. A second run goes on where this one ended.

    Asking what changed waits for reading and writing records, as a feed does. What keeps one type from being asked for
    is kept with it, and stops nothing else. Raises CredentialsError, and LostClaimError when another hand was faster.
    """
    taker = line.crm.census
    if taker is None:
        return CensusResult()
    now = line.clock.now()
    with line.store.reading() as transaction:
        states: Mapping[str, CensusState] = {
            one.object_type: one for one in transaction.censuses.of(line.connection.id)
        }
        missed = transaction.streams.missed(line.connection.id)
        book = shelf.latest(transaction, line.connection.workspace)
    names = _wanted(line, taker, book)
    if any(name not in states for name in names):
        states = _begin(line, taker, [name for name in names if name not in states], now)
    if missed:
        states = _take_over(line, states, missed, now)
    state = _next_due(names, states)
    patience = interval if is_busy and state.is_filled else timedelta()
    if now < state.due_at + patience or not line.may_call():
        return CensusResult()
    step = _Step(line, taker, book, state, now, interval)
    if state.is_filled:
        result = step.sweep()
    else:
        result = step.fill() if state.object_type in taker.object_types else step.meet()
    log.debug("census.taken", connection=line.connection.id, object_type=state.object_type, **asdict(result))
    return result


def _take_over(
    line: Line, states: Mapping[str, CensusState], missed: Mapping[str, datetime], now: datetime
) -> Mapping[str, CensusState]:
    """Have looked up from here on what a stream may have missed. What nobody looks at nobody misses."""
    connection = line.connection.id
    with line.store.transaction() as transaction:
        for name, since in missed.items():
            if name in states:
                transaction.censuses.look_again(connection, since, now, name)
        transaction.streams.catch_up(connection, missed)
        return {one.object_type: one for one in transaction.censuses.of(connection)}


def _wanted(line: Line, taker: CensusTaker, book: Book) -> list[str]:
    """The types that are asked for: those that leads are made of, and what beside them the mapping looks at."""
    crm, reader = line.connection.crm, line.crm.companions
    if reader is None:
        return [*taker.object_types]
    deals = [line.crm.deal_type] if crm in book.deals else []
    kinds = book.companion_kinds(crm)
    return [*taker.object_types, *deals, *(name for name, kind in reader.kinds.items() if kind in kinds)]


def _begin(line: Line, taker: CensusTaker, names: Sequence[str], now: datetime) -> Mapping[str, CensusState]:
    """Ask for these, too, from now on: what happened to them before is nobody's business."""
    compared = line.crm.companions.compared if line.crm.companions else frozenset()
    first = {*taker.object_types, *compared}
    with line.store.transaction() as transaction:
        for name in names:
            transaction.censuses.save(line.connection.id, CensusState(name, now, now, now, is_filled=name not in first))
        return {one.object_type: one for one in transaction.censuses.of(line.connection.id)}


def _next_due(names: Sequence[str], states: Mapping[str, CensusState]) -> CensusState:
    """The type that waits longest; at the same moment, one of which not all are read."""
    return min((states[name] for name in names), key=lambda state: (state.due_at, state.is_filled))


@dataclass(frozen=True, slots=True)
class _Step:
    """One page of one type."""

    line: Line
    taker: CensusTaker
    book: Book
    state: CensusState
    now: datetime
    interval: timedelta

    # --- all of them --------------------------------------------------------------------------------------------

    def fill(self) -> CensusResult:
        """Make leads of those that there are."""
        answer = self._ask(self._fetch_all)
        if isinstance(answer, Failure):
            return CensusResult()
        if isinstance(answer, str):
            return self._refuse(answer)
        page, deals = answer
        with self.line.store.transaction() as transaction:
            leads = self._add(transaction, page.records, deals)
            return self._settle(transaction, self._after(page), CensusResult(pages=1, leads=leads))

    def _fetch_all(self) -> tuple[RecordPage, KnownDeals]:
        crm = self.line.connection.crm
        page = self.taker.fetch_all(self.state.object_type, self.book.properties_to_read(crm), self.state.place)
        if crm not in self.book.deals:
            return page, NO_DEALS
        return page, fetch_known(self.line, self.book, [one.record_id for one in page.records])

    def _after(self, page: RecordPage) -> CensusState:
        """Once all are there, what changed since the beginning is asked for at once."""
        return replace(
            self.state,
            place=page.place,
            is_filled=page.is_last,
            read=self.state.read + len(page.records) if page.place or page.is_last else 0,
            total=page.total or self.state.total,
            due_at=self.now + page.rest,
            problem=page.problem,
        )

    def _add(self, transaction: Transaction, records: Sequence[CrmRecord], deals: KnownDeals) -> int:
        """Make leads of records that nobody heard of, but for those of people who were erased; how many."""
        if not records:
            return 0
        leads, connection = transaction.leads, self.line.connection
        refs = {self._to_ref(one.record_id): one for one in records}
        known = leads.find(connection.workspace, refs).keys() | leads.erased(connection.workspace, refs)
        unknown = [self._to_new(ref, record) for ref, record in refs.items() if ref not in known]
        leads.add_read(connection.workspace, unknown, self.book.version, self.now)
        unread = [Unread(connection.workspace, one.lead_id, one.ref) for one in unknown] if deals.by_person else []
        if facts := tell_known(self.line, transaction, unread, deals, self.now):
            leads.add_facts(connection.workspace, facts, self.now)
        return len(unknown)

    def _to_ref(self, record_id: str) -> CrmRef:
        connection = self.line.connection
        return CrmRef(connection.crm, connection.account, self.state.object_type, record_id)

    def _to_new(self, ref: CrmRef, record: CrmRecord) -> NewRecord:
        """What it holds is known as of when the first page was asked for, however late this one came."""
        facts = tuple(first_facts(self.line, ref, record, self.now))
        lead_id = to_lead_id(self.line.connection.workspace, ref)
        return NewRecord(ref, lead_id, facts, settled_at(record, self.state.began_at))

    def meet(self) -> CensusResult:
        """Remember what companions hold, so that what changes is seen to change."""
        answer = self._ask(lambda: self._reader.fetch_all(self.state.object_type, self.state.place))
        if isinstance(answer, Failure):
            return CensusResult()
        if isinstance(answer, str):
            return self._refuse(answer)
        found = {self._to_ref(one.record_id): to_known(self.line, one, self.now) for one in answer.companions}
        amount = self.state.read + len(found)
        after = replace(
            self.state, place=answer.place, is_filled=answer.is_last, read=amount, due_at=self.now, problem=""
        )
        with self.line.store.transaction() as transaction:
            transaction.companions.meet(self.line.connection.workspace, found)
            return self._settle(transaction, after, CensusResult(pages=1))

    @property
    def _reader(self) -> CompanionReader:
        reader = self.line.crm.companions
        if reader is None:
            raise TypeError("there is nobody to ask for companions")
        return reader

    # --- what changed -------------------------------------------------------------------------------------------

    def sweep(self) -> CensusResult:
        """Have those read that changed."""
        until = self.state.until or max(self.state.complete_to, self.now.replace(second=0, microsecond=0))
        since, place = self.state.complete_to - OVERLAP, self.state.place
        answer = self._ask(lambda: self.taker.fetch_changed(self.state.object_type, since, until, place))
        if isinstance(answer, Failure):
            return CensusResult()
        if isinstance(answer, str):
            return self._refuse(answer)
        with self.line.store.transaction() as transaction:
            result = self._take(transaction, answer.changes)
            return self._settle(transaction, self._swept(answer, until), result)

    def _swept(self, page: ChangePage, until: datetime) -> CensusState:
        if not page.is_last:
            return replace(self.state, until=until, place=page.place, due_at=self.now, problem="")
        due_at = self.now + self.interval
        return replace(self.state, complete_to=until, until=None, place="", due_at=due_at, problem="")

    def _take(self, transaction: Transaction, changes: Sequence[Changed]) -> CensusResult:
        latest: dict[CrmRef, datetime] = {}
        for one in changes:
            ref = self._to_ref(one.record_id)
            latest[ref] = max(one.at, latest.get(ref, one.at))
        if self.state.object_type in self.taker.object_types:
            return self._take_hints(transaction, changes, latest)
        workspace = self.line.connection.workspace
        if self.state.object_type == self.line.crm.deal_type:
            rereads = hear_changed(transaction, workspace, latest, self.now)
        else:
            rereads = transaction.companions.hear(workspace, latest, self.now)
        return CensusResult(pages=1, changes=len(changes), rereads=rereads)

    def _take_hints(
        self, transaction: Transaction, changes: Sequence[Changed], latest: dict[CrmRef, datetime]
    ) -> CensusResult:
        """Nobody becomes a lead by being deleted."""
        leads, workspace = transaction.leads, self.line.connection.workspace
        for ref in leads.erased(workspace, latest) if latest else ():
            del latest[ref]
        known = leads.find(workspace, latest) if latest else {}
        there = {self._to_ref(one.record_id) for one in changes if not one.is_gone}
        unknown = {ref: to_lead_id(workspace, ref) for ref in sorted(latest.keys() & there - known.keys())}
        leads.add(workspace, unknown, self.book.version, self.now)
        hints = {ref: at for ref, at in latest.items() if ref in known}
        rereads = leads.read_since(workspace, hints, self.now) if hints else 0
        return CensusResult(pages=1, leads=len(unknown), changes=len(changes), rereads=rereads)

    # --- both ---------------------------------------------------------------------------------------------------

    def _ask(self, make: Callable[[], Answer]) -> Answer | Failure | str:
        """The answer, or why there is none: what is wrong with a census alone must not let the whole line rest."""
        return self.line.call(lambda: self._try(make))

    def _try(self, make: Callable[[], Answer]) -> Answer | str:
        try:
            return make()
        except _OF_THE_LINE:
            raise
        except Exception as error:
            connection, object_type = self.line.connection.id, self.state.object_type
            log.warning("census.failed", connection=connection, object_type=object_type, exc_info=error)
            return str(error) or type(error).__name__

    def _refuse(self, problem: str) -> CensusResult:
        """Leave it alone for a while; what was asked for is asked for again then."""
        after = replace(self.state, due_at=self.now + max(self.interval, _REFUSED_FOR), problem=problem)
        with self.line.store.transaction() as transaction:
            return self._settle(transaction, after, CensusResult(refused=1))

    def _settle(self, transaction: Transaction, after: CensusState, result: CensusResult) -> CensusResult:
        transaction.censuses.save(self.line.connection.id, after)
        transaction.counts.add({f"census.{name}": amount for name, amount in asdict(result).items() if amount})
        return result
