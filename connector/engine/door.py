"""The door: an email that is about to leave is held against its lead's consent once more.

Hours may lie between the moment at which an email is decided and the one at which it leaves: settling, a rate limit, an
outage. So the consent field is read from the CRM again, one call for a batch, and the lead is looked at as it stands in
the same transaction that records the attempt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from connector.domain.book import Book
from connector.domain.change import ChangeState
from connector.domain.consent import address, refusal_at_the_door
from connector.domain.decide import fold
from connector.domain.fact import Fact, FactKind, RecordName
from connector.domain.field import FieldRole, format_moment
from connector.domain.ids import LeadId
from connector.domain.lead import Lead
from connector.engine.line import Failure, Line
from connector.engine.outcomes import outcomes
from connector.engine.shelf import Shelf
from connector.ports import CrmRecord, CurrentLead, NewFact, OutboxChange, Settled

#: How long an email waits for its lead to be judged by what came in.
_NEWS = timedelta(seconds=2)
_IN_DOUBT = "it may or may not have left, and is not asked for again: "
_ROLES = (FieldRole.CONSENT, FieldRole.IDENTITY)

Records = Mapping[str, CrmRecord]


@dataclass(slots=True)
class _Sorted:
    """What becomes of the emails of a batch."""

    leaving: list[OutboxChange] = field(default_factory=list)
    stopped: list[Settled] = field(default_factory=list)
    #: What the CRM says of leads that knew otherwise.
    news: list[NewFact] = field(default_factory=list)


def let_out(line: Line, shelf: Shelf, batch: Sequence[OutboxChange]) -> Sequence[OutboxChange]:
    """Those that may leave, recorded as attempted and with their address; the others are settled.

    Emails that the CRM has already are let through: only what became of them is asked for. Raises LostClaimError when
    one was withdrawn or changed meanwhile, and CredentialsError.
    """
    asked_at = line.clock.now()
    handed_over = [change for change in batch if change.remote_id]
    fresh = [change for change in batch if not change.remote_id]
    with line.store.reading() as transaction:
        book = shelf.latest(transaction, line.connection.workspace)
    records = _read(line, book, fresh)
    if isinstance(records, Failure):
        return ()
    with line.store.transaction() as transaction:
        transaction.outbox.mark_attempted(batch, asked_at)
        leads = transaction.leads.current(line.connection.workspace, {change.lead_id for change in fresh})
        sorted_ = _sort(line, shelf, fresh, leads, records)
        transaction.outbox.settle(sorted_.stopped, asked_at)
        told = [*outcomes(sorted_.stopped, asked_at), *sorted_.news]
        transaction.leads.add_facts(line.connection.workspace, told, asked_at)
    return [*handed_over, *sorted_.leaving]


def _read(line: Line, book: Book, fresh: Sequence[OutboxChange]) -> Records | Failure | None:
    """Consent and address as the CRM has them now; None where they are read from elsewhere."""
    properties = list(_properties(book, line.connection.crm))
    if not properties or not fresh:
        return None
    ids = list(dict.fromkeys(change.record_id for change in fresh))
    return line.call(lambda: line.crm.fetch_records(ids, properties))


def _properties(book: Book, crm: str) -> Iterator[str]:
    for role in _ROLES:
        if role in book.roles:
            yield from book.fields[book.roles[role]].properties.get(crm, ())


def _sort(
    line: Line,
    shelf: Shelf,
    fresh: Sequence[OutboxChange],
    leads: Mapping[LeadId, CurrentLead],
    records: Records | None,
) -> _Sorted:
    sorted_, now, books = _Sorted(), line.clock.now(), shelf.of(line.connection.workspace)
    for change in fresh:
        current = leads.get(change.lead_id)
        if current is None or current.has_mail:
            sorted_.stopped.append(Settled(change, change.state, now + _NEWS, "its lead has news"))
            continue
        lead, reason = current.lead, ""
        if records is not None:
            record = records.get(change.record_id)
            if record is None or record.archived:
                reason = "its record is gone from the CRM"
            else:
                fact = _to_fact(line.connection.crm, record, now)
                lead = fold(books, lead, [fact], max(now, lead.position[1])).lead
                if lead.fields != current.lead.fields:
                    sorted_.news.append(NewFact(change.lead_id, fact, now))
        _decide(sorted_, change, books(lead.book), lead, reason, now)
    return sorted_


def _decide(sorted_: _Sorted, change: OutboxChange, book: Book, lead: Lead, reason: str, now: datetime) -> None:
    act = change.act
    if act is None or act.email is None:
        return
    reason = reason or refusal_at_the_door(book, lead, act)
    if not reason:
        email = replace(act.email, to=address(book, lead))
        sorted_.leaving.append(replace(change, act=replace(act, email=email)))
    elif change.state is ChangeState.ATTEMPTED:
        sorted_.stopped.append(Settled(change, ChangeState.REFUSED, now, _IN_DOUBT + reason))
    else:
        sorted_.stopped.append(Settled(change, ChangeState.WITHDRAWN, now, reason))


def _to_fact(crm: str, record: CrmRecord, now: datetime) -> Fact:
    """What was read, as of now."""
    key = f"read:{crm}:{record.record_id}:{format_moment(now)}:door"
    return Fact(key, now, FactKind.RECORD, RecordName.READ, crm, record.properties)
