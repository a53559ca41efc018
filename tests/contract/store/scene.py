"""Short words for tests of the store: one connected account, its records, their mail, what is decided of them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count

from connector.domain.fact import Fact, FactKind, Value
from connector.domain.history import HistoryEntry, HistoryKind
from connector.domain.ids import ConnectionId, CrmRef, LeadId, WorkspaceId, to_lead_id
from connector.domain.lead import Standing
from connector.domain.outward.change import Act, ChangeKind, ChangeState, Desired
from connector.domain.petition import Petition, PetitionKind
from connector.domain.programs.enrolment import Enrolment
from connector.ports import Connection, NewFact, OutboxChange, SavedLead, Settled, Store, StoredLead
from tests.builders import START

SECRET_KEY = base64.urlsafe_b64encode(b"a key of thirty-two bytes, only!").decode()
ACME = WorkspaceId("acme")
CRM = "hubspot"
ACCOUNT = "4711"
CONNECTION = Connection(ConnectionId("hubspot-4711"), ACME, CRM, ACCOUNT, "a token")
BOOK = "v1"

#: What is decided of a lead that was claimed.
Judge = Callable[[StoredLead], SavedLead]


def ref(record_id: str, account: str = ACCOUNT) -> CrmRef:
    """A contact."""
    return CrmRef(CRM, account, "contact", record_id)


def lead_of(record_id: str) -> LeadId:
    """The id of the lead that is first heard of through this record."""
    return to_lead_id(ACME, ref(record_id))


def fact(key: str = "clicked", at: datetime = START, **data: Value) -> Fact:
    """Something that happened."""
    return Fact(key, at, FactKind.SIGNAL, "email_clicked", "api", data)


def task(key: str = "call", due_at: datetime = START, subject: str = "Call") -> Act:
    """A task."""
    return Act(key, ChangeKind.TASK, due_at, subject, "Now", task_due_at=due_at, priority="HIGH", type="CALL")


def note(key: str = "noted", due_at: datetime = START) -> Act:
    """A note."""
    return Act(key, ChangeKind.NOTE, due_at, body="Well")


def petition(key: str = "sales:hot:1", due_at: datetime = START, **data: Value) -> Petition:
    """What a lead asks the workspace for."""
    return Petition(key, PetitionKind.ASSIGNMENT, "hot", START, due_at, data)


def wants(properties: Mapping[str, str] | None = None, *lists: str, since: datetime = START) -> dict[str, Desired]:
    """The desired state in the one CRM."""
    return {CRM: Desired(properties or {}, dict.fromkeys(lists, since))}


def told(subject: str = "fit", at: datetime = START) -> HistoryEntry:
    """A line of the timeline."""
    return HistoryEntry(at, HistoryKind.SCORED, subject, {"rule": "r1", "points": 5.0}, "clicked")


def judged(
    stored: StoredLead,
    *,
    desired: Mapping[str, Desired] | None = None,
    acts: Sequence[Act] = (),
    history: Sequence[HistoryEntry] = (),
    enrolments: Sequence[Enrolment] | None = None,
    standing: Standing = Standing.ACTIVE,
    wake_at: datetime | None = None,
    email: str = "",
    petitions: Sequence[Petition] | None = None,
    refolded: bool = False,
) -> SavedLead:
    """The claimed lead with its mail folded in; what is not given stays as it was."""
    lead = replace(
        stored.lead,
        desired=stored.lead.desired if desired is None else desired,
        enrolments=stored.lead.enrolments if enrolments is None else tuple(enrolments),
        standing=standing,
        position=(1, START, 2, "folded"),
        wake_at=wake_at,
        petitions=stored.lead.petitions if petitions is None else {one.key: one for one in petitions},
    )
    return SavedLead(stored, lead, history, acts, email, refolded)


class Scene:
    """A store, and what tests do with it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._numbers = count(1)

    def connected(self, connection: Connection = CONNECTION) -> Scene:
        """Connect an account."""
        with self.store.transaction() as transaction:
            transaction.connections.save(connection, START)
        return self

    def meet(self, *record_ids: str, read: bool = True) -> Scene:
        """Hear of records for the first time, and read them."""
        with self.store.transaction() as transaction:
            transaction.leads.add(ACME, {ref(one): lead_of(one) for one in record_ids}, BOOK, START)
            if read:
                transaction.leads.set_read(ACME, {ref(one): None for one in record_ids}, START)
        return self

    def mail(self, lead_id: LeadId, *facts: Fact, now: datetime = START, delivery_id: int = 0) -> int:
        """Put facts into a mailbox; how many were new."""
        with self.store.transaction() as transaction:
            return transaction.leads.add_facts(ACME, [NewFact(lead_id, one, now, delivery_id) for one in facts], now)

    def judge(self, judge: Judge = judged, now: datetime = START) -> list[StoredLead]:
        """Claim all that is due and save what is decided."""
        with self.store.claim_leads(now, 100) as claim:
            claim.save([judge(stored) for stored in claim.leads], {})
            return list(claim.leads)

    def decide(self, lead_id: LeadId, judge: Judge = judged, now: datetime = START) -> None:
        """Wake one lead by a fact of no meaning, and save what is decided of it."""
        self.mail(lead_id, fact(f"woken {next(self._numbers)}"), now=now)
        assert [stored.lead.id for stored in self.judge(judge, now)] == [lead_id]

    def due(self, now: datetime = START) -> Sequence[OutboxChange]:
        """What the dispatcher would find."""
        with self.store.reading() as transaction:
            return transaction.outbox.due(CONNECTION.id, now, 100)

    def attempt(self, *changes: OutboxChange, now: datetime = START) -> None:
        """The calls begin."""
        with self.store.transaction() as transaction:
            transaction.outbox.mark_attempted(changes, now)

    def settle(self, change: OutboxChange, state: ChangeState = ChangeState.DONE, **more: object) -> None:
        """A call ends."""
        settled = replace(Settled(change, state, START), **more)  # type: ignore[arg-type]
        with self.store.transaction() as transaction:
            transaction.outbox.settle([settled], START)

    def dispatch(self, now: datetime = START) -> list[OutboxChange]:
        """Everything due is written, and the CRM takes it."""
        changes = list(self.due(now))
        self.attempt(*changes, now=now)
        for change in changes:
            self.settle(change)
        return changes

    def changes(self, lead_id: LeadId) -> Sequence[OutboxChange]:
        """All that the outbox says about a lead."""
        return self.store.read_models.changes(ACME, lead_id)

    def change(self, lead_id: LeadId) -> OutboxChange:
        """The only thing that the outbox says about a lead."""
        (only,) = self.changes(lead_id)
        return only
