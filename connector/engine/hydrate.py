"""Hydrate: records of which we know too little are read from their CRM before their leads are judged by them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from connector.domain.fact import Fact, FactKind, RecordName
from connector.domain.field import format_moment
from connector.engine.line import Failure, Line
from connector.engine.shelf import Shelf
from connector.log import get_logger
from connector.ports import CrmRecord, NewFact, Unread

#: What one read takes. HubSpot: Contacts API, batch read.
_BATCH = 100

log = get_logger()


@dataclass(frozen=True, slots=True)
class HydrateResult:
    """What became of some records; the counters `hydrate.*` add these up."""

    #: Read for the first time, read again, and not found.
    read: int = 0
    again: int = 0
    missing: int = 0

    @property
    def amount(self) -> int:
        """How many records were asked for."""
        return self.read + self.again

    def __add__(self, other: HydrateResult) -> HydrateResult:
        return HydrateResult(self.read + other.read, self.again + other.again, self.missing + other.missing)


def run_once(line: Line, shelf: Shelf) -> HydrateResult:
    """Read the next records that wait. Reading one twice adds nothing to its lead.

    A call that fails changes nothing and lets the line rest. Raises CredentialsError.
    """
    with line.store.reading() as transaction:
        waiting = transaction.leads.unread(line.connection, _BATCH)
        if not waiting:
            return HydrateResult()
        book = shelf.latest(transaction, line.connection.workspace)
    if not line.may_call():
        return HydrateResult()
    # What changes while the call is under way is told by an event of its own, which then is the younger fact.
    asked_at = line.clock.now()
    ids, properties = [one.ref.record_id for one in waiting], book.properties_to_read(line.connection.crm)
    records = line.call(lambda: line.crm.fetch_records(ids, properties))
    if isinstance(records, Failure):
        return HydrateResult()
    return _keep(line, waiting, records, asked_at)


def _keep(line: Line, waiting: Sequence[Unread], records: Mapping[str, CrmRecord], asked_at: datetime) -> HydrateResult:
    facts = [
        NewFact(one.lead_id, fact, asked_at)
        for one in waiting
        for fact in _to_facts(one, records.get(one.ref.record_id), asked_at)
    ]
    again = sum(one.again for one in waiting)
    result = HydrateResult(
        read=len(waiting) - again,
        again=again,
        missing=sum(one.ref.record_id not in records for one in waiting),
    )
    workspace = line.connection.workspace
    with line.store.transaction() as transaction:
        transaction.leads.add_facts(workspace, facts, asked_at)
        transaction.leads.set_read(workspace, {one.lead_id for one in waiting}, asked_at)
        transaction.counts.add({f"hydrate.{name}": amount for name, amount in asdict(result).items() if amount})
    log.debug("records.read", connection=line.connection.id, **asdict(result))
    return result


def _to_facts(one: Unread, record: CrmRecord | None, asked_at: datetime) -> Iterator[Fact]:
    """All values as read; and that the record is gone, where it is."""
    moment = format_moment(asked_at)
    values = record.properties if record else {}
    if not one.again:
        baseline = f"baseline:{one.ref}"
        yield Fact(baseline, asked_at, FactKind.RECORD, RecordName.BASELINE, one.ref.crm, values)
    elif record:
        yield Fact(f"read:{one.ref}:{moment}", asked_at, FactKind.RECORD, RecordName.READ, one.ref.crm, values)
    if record is None or record.archived:
        gone = f"gone:{one.ref}:{moment}"
        yield Fact(gone, asked_at, FactKind.RECORD, RecordName.ARCHIVED, one.ref.crm)
