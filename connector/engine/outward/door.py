"""The door: an email about to leave is held against consent, its program's window and the frequency cap once more.

Hours may lie between the moment at which an email is decided and the one at which it leaves: settling, a rate limit, an
outage. So the consent field is read from the CRM again, one call for a batch, and the lead is looked at as it stands in
the same transaction that records the attempt. The cap counts there what left, however long that had waited.
An email over which we stumble waits for a while and stops no other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from connector.domain.book import Book
from connector.domain.calendar import ALWAYS_OPEN
from connector.domain.decide import fold
from connector.domain.definitions import FrequencyCap
from connector.domain.draft import Books, Draft
from connector.domain.fact import Fact, FactKind, RecordName
from connector.domain.field import FieldRole, format_moment
from connector.domain.ids import LeadId, WorkspaceId
from connector.domain.lead import Lead
from connector.domain.outward.change import Act, ChangeState
from connector.domain.outward.consent import address, refusal_at_the_door
from connector.engine.inward.reading import Reading
from connector.engine.judging.outcomes import outcomes
from connector.engine.judging.shelf import Shelf
from connector.engine.outward.stillness import stay_behind
from connector.engine.running.line import Failure, Line
from connector.errors import StoreError
from connector.log import get_logger
from connector.ports import CrmRecord, CurrentLead, NewFact, OutboxChange, Settled, Transaction

#: How long an email waits for its lead to be judged by what came in.
_NEWS = timedelta(seconds=2)
#: How long one over which we stumbled is left alone.
_PARKED_FOR = timedelta(minutes=15)
_DEFECT = "put off: it could not be looked at; the log says why"
_IN_DOUBT = "it may or may not have left, and is not asked for again: "
_ROLES = (FieldRole.CONSENT, FieldRole.IDENTITY)

Records = Mapping[str, CrmRecord]
#: A lead as it stands, if it is still there.
Current = Callable[[LeadId], CurrentLead | None]

log = get_logger()


@dataclass(frozen=True, slots=True)
class Leaving:
    """What may leave of a batch."""

    changes: Sequence[OutboxChange]
    #: How many never will.
    withdrawn: int = 0


@dataclass(frozen=True, slots=True)
class _Wait:
    """Until when an email waits; and why, where a person may wonder."""

    until: datetime
    words: str | None = None


@dataclass(slots=True)
class _Guard:
    """Sorts the emails of a batch into those that leave and those that do not."""

    crm: str
    books: Books
    now: datetime
    #: What the CRM says now, by record id; None where consent is read from elsewhere.
    records: Records | None
    cap: FrequencyCap | None
    #: When emails left, by lead, as far as the cap looks back, oldest first.
    left: dict[LeadId, Sequence[datetime]]
    leaving: list[OutboxChange] = field(default_factory=list)
    stopped: list[Settled] = field(default_factory=list)
    #: Those that nothing is wrong with but the moment, by id.
    waiting: dict[int, _Wait] = field(default_factory=dict)
    #: What the CRM says of leads that knew otherwise.
    news: list[NewFact] = field(default_factory=list)

    def look_at(self, change: OutboxChange, current: Current) -> None:
        """Let one email out, or stop it. A defect that it brings to light must not stop the others."""
        try:
            self._judge(change, current(change.lead_id))
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001  told by the log
            self.waiting[change.id] = _park(change, error, self.now)

    def _judge(self, change: OutboxChange, current: CurrentLead | None) -> None:
        """One whose lead has mail waits until the lead was judged by it."""
        act = change.act
        if act is None or act.email is None or current is None or current.has_mail:
            self.waiting[change.id] = _Wait(self.now + _NEWS)
            return
        lead, reason = self._renew(change, current.lead)
        # Whichever says no: the CRM may know more than we, and we more than it.
        reason = reason or refusal_at_the_door(self.books(lead.book), current.lead, act)
        reason = reason or refusal_at_the_door(self.books(lead.book), lead, act)
        if reason:
            self.stopped.append(self._stop(change, reason))
        elif change.state is ChangeState.PENDING and (wait := self._obstacle(lead, act)):
            self.waiting[change.id] = wait
        else:
            email = replace(act.email, to=address(self.books(lead.book), lead))
            self._let_out(replace(change, act=replace(act, email=email)))

    def _renew(self, change: OutboxChange, lead: Lead) -> tuple[Lead, str]:
        """The lead as it would be by what the CRM says now; and why nothing may be sent, where the record is gone."""
        if self.records is None:
            return lead, ""
        record = self.records.get(change.record_id)
        if record is None or record.archived:
            return lead, "its record is gone from the CRM"
        key = f"read:{self.crm}:{record.record_id}:{format_moment(self.now)}:door"
        read = Fact(key, self.now, FactKind.RECORD, RecordName.READ, self.crm, record.properties)
        renewed = fold(self.books, lead, [read], max(self.now, lead.position[1])).lead
        if renewed.fields != lead.fields:
            self.news.append(NewFact(change.lead_id, read, self.now))
        return renewed, ""

    def _obstacle(self, lead: Lead, act: Act) -> _Wait | None:
        """The frequency cap, or the window of the email's program; it waits until both let it, on the lead's clock."""
        book = self.books(lead.book)
        program = book.programs.get(act.key.partition(":")[0])
        window, zone = program.program.window if program else ALWAYS_OPEN, Draft(lead, book, self.now).zone
        free_at = self.cap.free_at(self.left.get(lead.id, ())) if self.cap else None
        if self.cap and free_at and free_at > self.now:
            return _Wait(window.next_open(free_at, zone), f"put off: no more than {self.cap.in_words}")
        opens_at = window.next_open(self.now, zone)
        return _Wait(opens_at, "put off: the send window is shut") if opens_at > self.now else None

    def _let_out(self, change: OutboxChange) -> None:
        self.leaving.append(change)
        if change.state is ChangeState.PENDING:  # one in doubt counts already
            self.left[change.lead_id] = (*self.left.get(change.lead_id, ()), self.now)

    def _stop(self, change: OutboxChange, reason: str) -> Settled:
        if change.state is ChangeState.ATTEMPTED:
            return Settled(change, ChangeState.REFUSED, self.now, _IN_DOUBT + reason)
        return Settled(change, ChangeState.WITHDRAWN, self.now, reason)


def let_out(line: Line, shelf: Shelf, batch: Sequence[OutboxChange]) -> Leaving:
    """Those that may leave, recorded as attempted and with their address; the others are settled.

    Emails that the CRM has already are let through: only what became of them is asked for. Raises LostClaimError when
    one was withdrawn or changed meanwhile, and CredentialsError.
    """
    asked_at = line.clock.now()
    handed_over = [change for change in batch if change.remote_id]
    fresh = sorted((change for change in batch if not change.remote_id), key=lambda change: (change.due_at, change.id))
    with line.store.reading() as transaction:
        book = shelf.latest(transaction, line.connection.workspace)
    reading = Reading[CrmRecord]()
    records = _read(line, book, fresh, reading)
    _park_spoilt(line, fresh, reading, asked_at)
    if isinstance(records, Failure):
        return Leaving(())
    if records is not None:  # those that were not reached stay due
        fresh = [change for change in fresh if change.record_id in reading.asked]
    with line.store.transaction() as transaction:
        guard = _look_at_all(line, shelf, transaction, fresh, records, asked_at)
        withdrawn = _record(line, transaction, handed_over, guard)
    return Leaving([*handed_over, *guard.leaving], withdrawn)


def _look_at_all(
    line: Line,
    shelf: Shelf,
    transaction: Transaction,
    fresh: Sequence[OutboxChange],
    records: Records | None,
    now: datetime,
) -> _Guard:
    workspace, crm = line.connection.workspace, line.connection.crm
    book = shelf.latest(transaction, workspace)
    fresh = stay_behind(transaction, book, crm, fresh, now)
    current = _current(transaction, workspace, {change.lead_id for change in fresh})
    left = _left(transaction, book, fresh, now)
    guard = _Guard(crm, shelf.of(workspace), now, records, book.definitions.cap, left)
    for change in fresh:
        guard.look_at(change, current)
    return guard


def _record(line: Line, transaction: Transaction, handed_over: Sequence[OutboxChange], guard: _Guard) -> int:
    """Keep what the guard decided, and tell the leads; how many emails never leave."""
    stopped = [one.change for one in guard.stopped]
    transaction.outbox.mark_attempted([*handed_over, *guard.leaving, *stopped], guard.now)
    for id_, wait in guard.waiting.items():
        transaction.outbox.postpone([id_], wait.until, wait.words)  # no attempt: attempts are counted, and end
    transaction.outbox.settle(guard.stopped, guard.now)
    closed = outcomes(guard.stopped, guard.now)
    transaction.leads.add_facts(line.connection.workspace, [*closed, *guard.news], guard.now)
    if closed:
        transaction.counts.add({"dispatch.withdrawn": len(closed)})
    return len(closed)


def _left(
    transaction: Transaction, book: Book, fresh: Sequence[OutboxChange], now: datetime
) -> dict[LeadId, Sequence[datetime]]:
    """When emails of these leads left within the span of the frequency cap, if there is one."""
    cap = book.definitions.cap
    if cap is None or not fresh:
        return {}
    lead_ids = {change.lead_id for change in fresh}
    return dict(transaction.outbox.emails_left(fresh[0].workspace, lead_ids, now - cap.per, now))


def _current(transaction: Transaction, workspace: WorkspaceId, lead_ids: Collection[LeadId]) -> Current:
    """The leads as they stand, read at once; where one of them cannot be read, each by itself when it is asked for."""
    try:
        return transaction.leads.current(workspace, lead_ids).get
    except StoreError:
        raise
    except Exception:  # noqa: BLE001  raised again for the lead that it is about
        return lambda lead_id: transaction.leads.current(workspace, [lead_id]).get(lead_id)


def _park_spoilt(line: Line, fresh: Sequence[OutboxChange], reading: Reading[CrmRecord], now: datetime) -> None:
    """Let those whose record cannot be read wait for a while."""
    spoilt = [change for change in fresh if change.record_id in reading.spoilt]
    if not spoilt:
        return
    with line.store.transaction() as transaction:
        for change in spoilt:
            wait = _park(change, reading.spoilt[change.record_id], now)
            transaction.outbox.postpone([change.id], wait.until, wait.words)


def _park(change: OutboxChange, error: Exception, now: datetime) -> _Wait:
    log.error("email.parked", workspace=change.workspace, lead=change.lead_id, change=change.id, exc_info=error)
    return _Wait(now + _PARKED_FOR, _DEFECT)


def _read(
    line: Line, book: Book, fresh: Sequence[OutboxChange], reading: Reading[CrmRecord]
) -> Records | Failure | None:
    """Consent and address as the CRM has them now; None where they are read from elsewhere."""
    properties = list(_properties(book, line.connection.crm))
    if not properties or not fresh:
        return None
    ids = list(dict.fromkeys(change.record_id for change in fresh))
    answer = line.call(lambda: reading.fetch(lambda some: line.crm.fetch_records(some, properties), ids))
    return answer if isinstance(answer, Failure) else reading.records


def _properties(book: Book, crm: str) -> Iterator[str]:
    for role in _ROLES:
        if role in book.roles:
            yield from book.fields[book.roles[role]].properties.get(crm, ())
