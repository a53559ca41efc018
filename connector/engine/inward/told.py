"""What signals of the API mean for leads.

A lead is found by its address or its record. Whom nobody knows is sought in the CRM where the mapping says so, and kept
aside where it does not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from connector.domain.fact import Fact, FactKind
from connector.domain.ids import CrmRef, LeadId, WorkspaceId
from connector.domain.records.sources import ToldSource
from connector.engine.inward.batch import parse_batch
from connector.engine.inward.events import Desk, Room, find_or_add
from connector.errors import MalformedRequestError
from connector.ports import (
    API,
    Connection,
    ConnectionState,
    Delivery,
    NewFact,
    Parsed,
    Sought,
    Stray,
    StrayReason,
    ToldSignal,
    Unreadable,
)

#: Whose lead it is, is yet to be found out.
_NOBODY = LeadId("")
_CONTACT = "contact"
#: What a record of Salesforce is, by how its id begins.
_LEAD_PREFIX, _LEAD = "00Q", "lead"


class ReceivedSignal(NamedTuple):
    """A signal and the delivery that it came in."""

    told: ToldSignal
    delivery: Delivery


def parse_told(delivery: Delivery) -> Parsed | None:
    """What a delivery of the API holds; None for any other. The sender was told what of it cannot be read."""
    if not delivery.endpoint.startswith(f"{API}:"):
        return None
    try:
        return Parsed((), told=parse_batch(delivery.body, delivery.received_at).told)
    except MalformedRequestError as error:
        return Parsed((), [Unreadable(str(error), "")], is_broken=True)


def take_in_told(desk: Desk, received: Sequence[ReceivedSignal]) -> None:
    """Turn signals into facts of the workspaces they were told to. Copies of known ones change nothing."""
    by_workspace: defaultdict[WorkspaceId, list[ReceivedSignal]] = defaultdict(list)
    for one in received:
        by_workspace[WorkspaceId(one.delivery.endpoint.partition(":")[2])].append(one)
    for workspace, part in by_workspace.items():
        if desk.transaction.books.latest(workspace) is None:
            _keep_aside(desk, part, StrayReason.UNKNOWN_ACCOUNT)
        else:
            _take_in(_open(desk, workspace), part)


@dataclass(frozen=True, slots=True)
class _Counter:
    """The desk in one workspace, with what signals need."""

    room: Room
    sources: Mapping[str, ToldSource]
    connections: Sequence[Connection]

    def to_refs(self, told: ToldSignal) -> list[CrmRef]:
        """The records that may be meant: of several accounts of the same CRM, any."""
        accounts = [one.account for one in self.connections if told.record_id and one.crm == told.crm]
        return [CrmRef(told.crm, account, _type_of(told), told.record_id) for account in accounts]

    def looks_up(self, told: ToldSignal) -> bool:
        """Whether the mapping wants the CRM to be asked who it was."""
        return self.sources[told.signal].looks_up


def _type_of(told: ToldSignal) -> str:
    """The object type of the record that it names. No id of HubSpot begins so."""
    return _LEAD if told.record_id.startswith(_LEAD_PREFIX) else _CONTACT


def _open(desk: Desk, workspace: WorkspaceId) -> _Counter:
    room = Room(desk, workspace, desk.shelf.latest(desk.transaction, workspace))
    sources = {source.signal: source for source in room.book.definitions.told}
    connections = [one for one in desk.transaction.connections.all() if one.workspace == workspace]
    return _Counter(room, sources, connections)


def _take_in(counter: _Counter, received: Sequence[ReceivedSignal]) -> None:
    desk, workspace = counter.room.desk, counter.room.workspace
    _keep_aside(desk, [one for one in received if one.told.signal not in counter.sources], StrayReason.UNKNOWN_SIGNAL)
    known = [one for one in received if one.told.signal in counter.sources]
    by_email = _find_by_email(counter, known)
    by_ref = _find_by_ref(counter, known)
    erased = _find_erased(counter, [one for one in known if one.told.email not in by_email])
    facts: list[NewFact] = []
    for one in known:
        found = (by_ref[ref] for ref in counter.to_refs(one.told) if ref in by_ref)
        lead_id = by_email.get(one.told.email) or next(found, None)
        if lead_id is not None:
            facts.append(_to_new_fact(counter, lead_id, one))
        elif erased.intersection((one.told.email, *counter.to_refs(one.told))):
            desk.to_forget.add(one.delivery.id)
            desk.tally["refused"] += 1
        elif not _seek(counter, one):
            _keep_aside(desk, [one], StrayReason.UNKNOWN_PERSON)
    new = desk.transaction.leads.add_facts(workspace, facts, desk.now) if facts else 0
    desk.tally.update(facts=new, duplicates=len(facts) - new)


def _find_by_email(counter: _Counter, received: Sequence[ReceivedSignal]) -> Mapping[str, LeadId]:
    emails = {one.told.email for one in received if one.told.email}
    leads = counter.room.desk.transaction.leads
    return leads.find_by_email(counter.room.workspace, emails) if emails else {}


def _find_by_ref(counter: _Counter, received: Sequence[ReceivedSignal]) -> Mapping[CrmRef, LeadId]:
    """The leads of the records. One that is unknown and to be looked up becomes a lead, which is read as any other."""
    refs = {ref for one in received for ref in counter.to_refs(one.told)}
    if not refs:
        return {}
    leads, workspace = counter.room.desk.transaction.leads, counter.room.workspace
    found = leads.find(workspace, refs)
    wanted = [one.told for one in received if counter.looks_up(one.told) and len(counter.to_refs(one.told)) == 1]
    unknown = {ref for told in wanted for ref in counter.to_refs(told)} - found.keys()
    if not unknown:
        return found
    return {**found, **find_or_add(counter.room, unknown - leads.erased(workspace, unknown))}


def _find_erased(counter: _Counter, received: Sequence[ReceivedSignal]) -> frozenset[str | CrmRef]:
    """Addresses and records of people who asked to be forgotten."""
    leads, workspace = counter.room.desk.transaction.leads, counter.room.workspace
    emails = {one.told.email for one in received if one.told.email}
    refs = {ref for one in received for ref in counter.to_refs(one.told)}
    return frozenset(
        {
            *(leads.erased_emails(workspace, emails) if emails else ()),
            *(leads.erased(workspace, refs) if refs else ()),
        }
    )


def _seek(counter: _Counter, one: ReceivedSignal) -> bool:
    """Have the CRM asked for the address; whether the mapping wants that and there is one to ask."""
    active = [connection for connection in counter.connections if connection.state is ConnectionState.ACTIVE]
    if not one.told.email or not active or not counter.looks_up(one.told):
        return False
    sought = Sought(counter.room.workspace, active[0].id, one.told.email, _to_new_fact(counter, _NOBODY, one))
    counter.room.desk.transaction.seekers.add([sought])
    counter.room.desk.tally["sought"] += 1
    return True


def _to_new_fact(counter: _Counter, lead_id: LeadId, one: ReceivedSignal) -> NewFact:
    """What the mapping has no name for is not kept."""
    told, delivery = one
    kept = counter.sources[told.signal].attributes
    data = {name: value for name, value in told.attributes.items() if name in kept}
    # Without a moment of its own it is the delivery that tells copies from happenings.
    key = told.key if told.at else f"{told.key}:{delivery.id}"
    fact = Fact(f"{API}:{key}", told.at or delivery.received_at, FactKind.SIGNAL, told.signal, API, data)
    return NewFact(lead_id, fact, delivery.received_at, delivery.id)


def _keep_aside(desk: Desk, received: Sequence[ReceivedSignal], reason: StrayReason) -> None:
    desk.strays.extend(
        Stray(delivery.id, reason, told.signal, delivery.endpoint, told.raw, delivery.received_at)
        for told, delivery in received
    )
