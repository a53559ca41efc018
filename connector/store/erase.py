"""Forgetting a person: nothing stays but a keyed hash of the records, by which they are refused later."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import LargeBinary, Text, and_, bindparam, delete, literal_column, or_, select

from connector.domain.ids import CrmRef, LeadId, WorkspaceId, to_ref
from connector.ports import DeliveryState
from connector.store.codec import to_ms
from connector.store.functions import PlaceOf
from connector.store.identity import find_leads
from connector.store.listed import among
from connector.store.schema import crm_refs, deliveries, enrolments, erasures, facts, history, leads, outbox, strays
from connector.store.sealed import Seal
from connector.store.session import Session, to_list
from connector.store.upsert import insert_if_absent

_WORKSPACE = bindparam("workspace_", type_=Text)
_LEAD = bindparam("lead_id_", type_=Text)

_REFS = select(crm_refs.c.ref).where(crm_refs.c.workspace == _WORKSPACE, crm_refs.c.lead_id == _LEAD)
# What was looked at is not needed any more, so it is no loss that other people's events are in the same bytes. Copies
# that were dropped, and what could not be read, left no fact that names their delivery: they are found by the record's
# id.
_TELLS_OF_THEM = and_(
    deliveries.c.state != literal_column(f"'{DeliveryState.RECEIVED}'"),
    PlaceOf(bindparam("id_bytes", type_=LargeBinary), deliveries.c.body) > literal_column("0"),
)
_DROP_DELIVERIES = delete(deliveries).where(_TELLS_OF_THEM)
_DROP_NAMED_DELIVERIES = delete(deliveries).where(
    deliveries.c.state == literal_column(f"'{DeliveryState.TAKEN_IN}'"),
    deliveries.c.id.in_(select(facts.c.delivery_id).where(facts.c.workspace == _WORKSPACE, facts.c.lead_id == _LEAD)),
)
# Of what could not be read, nobody knows the account; of a whole body, only the beginning is shown.
_OF_NO_ACCOUNT = strays.c.account == literal_column("''")
_DROP_STRAYS = delete(strays).where(
    or_(strays.c.account == bindparam("account_", type_=Text), _OF_NO_ACCOUNT),
    PlaceOf(bindparam("id_text", type_=Text), strays.c.raw) > literal_column("0"),
)
_DROP_BEGINNINGS = delete(strays).where(
    _OF_NO_ACCOUNT,
    strays.c.delivery_id.in_(
        select(deliveries.c.id).where(
            _TELLS_OF_THEM, deliveries.c.state == literal_column(f"'{DeliveryState.UNREADABLE}'")
        )
    ),
)
_DROP_LEAD = (
    _DROP_NAMED_DELIVERIES,
    *(
        delete(table).where(table.c.workspace == _WORKSPACE, table.c.lead_id == _LEAD)
        for table in (facts, history, enrolments, outbox, crm_refs)
    ),
    delete(leads).where(leads.c.workspace == _WORKSPACE, leads.c.id == _LEAD),
)
_REMEMBER = insert_if_absent(erasures)
_ERASED = select(erasures.c.hash).where(erasures.c.workspace == _WORKSPACE, among(erasures.c.hash, "hashes"))


def erase_lead(session: Session, seal: Seal, workspace: WorkspaceId, ref: CrmRef, now: datetime) -> bool:
    """Remove all that is held of the record's lead, under all its records; whether there was a lead."""
    lead_id = find_leads(session, workspace, [ref]).get(ref)
    refs = {ref, *_load_refs(session, workspace, lead_id)} if lead_id else {ref}
    if lead_id:
        for statement in _DROP_LEAD:
            session.run(statement, {"workspace_": workspace, "lead_id_": lead_id})
    for one in sorted(refs):
        id_ = one.record_id
        session.run(_DROP_BEGINNINGS, {"id_bytes": id_.encode()})
        session.run(_DROP_DELIVERIES, {"id_bytes": id_.encode()})
        session.run(_DROP_STRAYS, {"account_": one.account, "id_text": id_})
        session.run(_REMEMBER, {"workspace": workspace, "hash": seal.hash(str(one)), "erased_at": to_ms(now)})
    return lead_id is not None


def load_erased(session: Session, seal: Seal, workspace: WorkspaceId, refs: Collection[CrmRef]) -> frozenset[CrmRef]:
    """Which of these records were erased."""
    by_hash = {hash_: ref for ref in refs for hash_ in seal.hashes(str(ref))}
    found = session.rows(_ERASED, {"workspace_": workspace, "hashes": to_list(by_hash)})
    return frozenset(by_hash[hash_] for (hash_,) in found)


def _load_refs(session: Session, workspace: WorkspaceId, lead_id: LeadId) -> Sequence[CrmRef]:
    return [to_ref(text) for (text,) in session.rows(_REFS, {"workspace_": workspace, "lead_id_": lead_id})]
