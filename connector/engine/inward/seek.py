"""Seek: people of whom only an address is known are looked up in their CRM, and get the signals that wait for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec

from connector.domain.ids import CrmRef, LeadId, to_lead_id
from connector.engine.judging.shelf import Shelf
from connector.engine.running.line import Failure, Line
from connector.log import get_logger
from connector.ports import Sought, Stray, StrayReason, Transaction

#: What one read takes. HubSpot: Contacts API, batch read.
_BATCH: Final = 100
#: Somebody who is not there yet may be about to be made: from a form, say.
_AGAIN_AFTER: Final = timedelta(minutes=5)
_GIVE_UP_AFTER: Final = timedelta(hours=1)

log = get_logger()


@dataclass(frozen=True, slots=True)
class SeekResult:
    """What became of some signals; the counters `seek.*` add these up."""

    #: Handed out, to be tried again, and given up.
    found: int = 0
    later: int = 0
    nobody: int = 0
    #: Of people who asked to be forgotten.
    refused: int = 0

    @property
    def amount(self) -> int:
        """How many signals were looked at."""
        return self.found + self.later + self.nobody + self.refused

    def __add__(self, other: SeekResult) -> SeekResult:
        return SeekResult(
            self.found + other.found, self.later + other.later, self.nobody + other.nobody, self.refused + other.refused
        )


def run_once(line: Line, shelf: Shelf) -> SeekResult:
    """Look up the next addresses. A second run goes on with those that are due. Raises CredentialsError.

    Who is in nobody's records after an hour is given up: told signals are kept aside then, polled ones are counted.
    """
    now = line.clock.now()
    with line.store.reading() as transaction:
        due = transaction.seekers.due(line.connection.id, now, _BATCH)
        if not due:
            return SeekResult()
        book = shelf.latest(transaction, line.connection.workspace)
    if not line.may_call():
        return SeekResult()
    emails = sorted({one.email for one in due})
    found = line.call(lambda: line.crm.find_records(emails))
    if isinstance(found, Failure):
        return SeekResult()
    with line.store.transaction() as transaction:
        result = _hand_out(line, transaction, due, found, book.version, now)
        transaction.counts.add({f"seek.{name}": amount for name, amount in asdict(result).items() if amount})
    log.debug("people.sought", connection=line.connection.id, **asdict(result))
    return result


def _hand_out(
    line: Line, transaction: Transaction, due: Sequence[Sought], found: Mapping[str, str], book: str, now: datetime
) -> SeekResult:
    workspace = line.connection.workspace
    refs = {email: line.to_ref(record_id) for email, record_id in found.items()}
    erased = transaction.leads.erased(workspace, set(refs.values())) if refs else frozenset()
    theirs = [one for one in due if one.email in refs and refs[one.email] not in erased]
    refused = [one for one in due if one.email in refs and refs[one.email] in erased]
    lead_ids = _find_or_add(line, transaction, {refs[one.email] for one in theirs}, book, now)
    facts = [one.fact._replace(lead_id=lead_ids[refs[one.email]]) for one in theirs]
    transaction.leads.add_facts(workspace, facts, now)
    missing = [one for one in due if one.email not in refs]
    given_up = [one for one in missing if now - one.fact.received_at >= _GIVE_UP_AFTER]
    later = [one for one in missing if now - one.fact.received_at < _GIVE_UP_AFTER]
    transaction.seekers.postpone(later, now + _AGAIN_AFTER)
    transaction.seekers.settle([*theirs, *refused, *given_up])
    transaction.deliveries.add_strays([_to_stray(one) for one in given_up if one.is_told])
    return SeekResult(len(theirs), len(later), len(given_up), len(refused))


def _find_or_add(
    line: Line, transaction: Transaction, refs: Collection[CrmRef], book: str, now: datetime
) -> Mapping[CrmRef, LeadId]:
    if not refs:
        return {}
    workspace = line.connection.workspace
    known = transaction.leads.find(workspace, refs)
    unknown = {ref: to_lead_id(workspace, ref) for ref in sorted(set(refs) - known.keys())}
    if unknown:
        transaction.leads.add(workspace, unknown, book, now)
    return {**known, **unknown}


def _to_stray(one: Sought) -> Stray:
    fact, received_at, delivery_id = one.fact.fact, one.fact.received_at, one.fact.delivery_id
    told = {"signal": fact.name, "email": one.email, "at": fact.at, "attributes": fact.data}
    raw = msgspec.json.encode(told).decode()
    return Stray(delivery_id, StrayReason.UNKNOWN_PERSON, fact.name, f"api:{one.workspace}", raw, received_at)
