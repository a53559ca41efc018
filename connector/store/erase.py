"""Forgetting a person: nothing stays but a keyed hash of the records, by which they are refused later."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import LargeBinary, Text, bindparam, delete, func, literal_column, or_, select, update

from connector.domain.ids import CrmRef, LeadId, WorkspaceId, to_address, to_ref
from connector.ports import DeliveryState
from connector.store.codec import to_ms
from connector.store.functions import HasWord, PlaceOf
from connector.store.halves import forget_half, parted_from
from connector.store.identity import find_leads
from connector.store.listed import among
from connector.store.schema import (
    assignments,
    bulk_writes,
    companions,
    crm_refs,
    deal_leads,
    deliveries,
    doubles,
    enrolments,
    erasures,
    facts,
    frozen_fields,
    hand_overs,
    history,
    kept_apart,
    leads,
    outbox,
    partings,
    petitions,
    purchases,
    seekers,
    strays,
)
from connector.store.sealed import Seal
from connector.store.session import Session, to_list
from connector.store.upsert import insert_if_absent

_WORKSPACE = bindparam("workspace_", type_=Text)
_LEAD = bindparam("lead_id_", type_=Text)

_REFS = select(crm_refs.c.ref).where(crm_refs.c.workspace == _WORKSPACE, crm_refs.c.lead_id == _LEAD)
# What was taken in is not needed any more, so it is no loss that other people's events are in the same bytes, or an id
# that holds this one. Copies that were dropped left no fact that names their delivery: they are found by the record's
# id.
_HOLDS_ID = PlaceOf(bindparam("id_bytes", type_=LargeBinary), deliveries.c.body) > literal_column("0")
_IS_TAKEN_IN = deliveries.c.state == literal_column(f"'{DeliveryState.TAKEN_IN}'")
_DROP_DELIVERIES = delete(deliveries).where(_IS_TAKEN_IN, _HOLDS_ID)
_DROP_NAMED_DELIVERIES = delete(deliveries).where(
    _IS_TAKEN_IN,
    deliveries.c.id.in_(select(facts.c.delivery_id).where(facts.c.workspace == _WORKSPACE, facts.c.lead_id == _LEAD)),
)
# What could not be read is kept for a person to look at: none is dropped for an id that only looks like this one.
_UNREADABLE = select(deliveries.c.id, deliveries.c.body).where(
    deliveries.c.state == literal_column(f"'{DeliveryState.UNREADABLE}'"), _HOLDS_ID
)
_DROP_UNREADABLE = delete(deliveries).where(among(deliveries.c.id, "ids"))
# Of what could not be read, nobody knows the account; of a whole body, only the beginning is shown.
_OF_NO_ACCOUNT = strays.c.account == literal_column("''")
_DROP_STRAYS = delete(strays).where(
    or_(strays.c.account == bindparam("account_", type_=Text), _OF_NO_ACCOUNT),
    HasWord(bindparam("id_text", type_=Text), strays.c.raw),
)
_DROP_BEGINNINGS = delete(strays).where(_OF_NO_ACCOUNT, among(strays.c.delivery_id, "ids"))
_DROP_LEAD = (
    _DROP_NAMED_DELIVERIES,
    delete(bulk_writes).where(
        bulk_writes.c.outbox_id.in_(
            select(outbox.c.id).where(outbox.c.workspace == _WORKSPACE, outbox.c.lead_id == _LEAD)
        )
    ),
    delete(companions).where(companions.c.workspace == _WORKSPACE, companions.c.person.in_(_REFS)),
    *(
        delete(table).where(table.c.workspace == _WORKSPACE, table.c.lead_id == _LEAD)
        for table in (
            facts,
            history,
            enrolments,
            frozen_fields,
            hand_overs,
            outbox,
            partings,
            petitions,
            purchases,
            crm_refs,
            deal_leads,
        )
    ),
    # That somebody was given to a rep stays, so that turns can be computed again; who it was goes.
    update(assignments)
    .where(assignments.c.workspace == _WORKSPACE, assignments.c.lead_id == _LEAD)
    .values(lead_id=literal_column("''")),
    delete(leads).where(leads.c.workspace == _WORKSPACE, leads.c.id == _LEAD),
)
_EMAIL = select(leads.c.email).where(leads.c.workspace == _WORKSPACE, leads.c.id == _LEAD)
# Who tells signals knows people by their address; of what could not be handed out, only the address tells whose it is.
_DROP_SEEKERS = delete(seekers).where(
    seekers.c.workspace == _WORKSPACE, seekers.c.email == bindparam("email_", type_=Text)
)
_DROP_DOUBLES = delete(doubles).where(
    doubles.c.workspace == _WORKSPACE, doubles.c.email == bindparam("email_", type_=Text)
)
_DROP_STRAYS_OF_ADDRESS = delete(strays).where(
    PlaceOf(bindparam("quoted_email", type_=Text), func.lower(strays.c.raw)) > literal_column("0")
)
_DROP_APART = delete(kept_apart).where(
    kept_apart.c.workspace == _WORKSPACE, kept_apart.c.ref == bindparam("ref_", type_=Text)
)
_REMEMBER = insert_if_absent(erasures)
_ERASED = select(erasures.c.hash).where(erasures.c.workspace == _WORKSPACE, among(erasures.c.hash, "hashes"))


def erase_lead(session: Session, seal: Seal, workspace: WorkspaceId, ref: CrmRef, now: datetime) -> bool:
    """Remove all that is held of the record's lead, under all its records; whether there was a lead."""
    lead_id = find_leads(session, workspace, [ref]).get(ref)
    refs = {ref, *_load_refs(session, workspace, lead_id)} if lead_id else {ref}
    if lead_id:
        others = parted_from(session, workspace, lead_id)
        _forget_address(session, seal, workspace, lead_id, now)
        for statement in _DROP_LEAD:
            session.run(statement, {"workspace_": workspace, "lead_id_": lead_id})
        for other in others:
            forget_half(session, workspace, other, refs, now)
    for one in sorted(refs):
        _drop_what_tells_of(session, one)
        session.run(_DROP_APART, {"workspace_": workspace, "ref_": str(one)})
        session.run(_REMEMBER, {"workspace": workspace, "hash": seal.hash(str(one)), "erased_at": to_ms(now)})
    return lead_id is not None


def _forget_address(session: Session, seal: Seal, workspace: WorkspaceId, lead_id: LeadId, now: datetime) -> None:
    for (email,) in session.rows(_EMAIL, {"workspace_": workspace, "lead_id_": lead_id}):
        if not email:
            continue
        session.run(_DROP_DELIVERIES, {"id_bytes": email.encode()})
        for statement in (_DROP_SEEKERS, _DROP_DOUBLES):
            session.run(statement, {"workspace_": workspace, "email_": email})
        session.run(_DROP_STRAYS_OF_ADDRESS, {"quoted_email": f'"{email.lower()}"'})
        hash_ = seal.hash(_to_name(email))
        session.run(_REMEMBER, {"workspace": workspace, "hash": hash_, "erased_at": to_ms(now)})


def _to_name(email: str) -> str:
    return f"email:{to_address(email)}"


def _drop_what_tells_of(session: Session, ref: CrmRef) -> None:
    id_bytes = ref.record_id.encode()
    session.run(_DROP_DELIVERIES, {"id_bytes": id_bytes})
    is_told_of = re.compile(rb"(?<![0-9A-Za-z])" + re.escape(id_bytes) + rb"(?![0-9A-Za-z])").search
    unreadable = [id_ for id_, body in session.rows(_UNREADABLE, {"id_bytes": id_bytes}) if is_told_of(bytes(body))]
    session.run(_DROP_BEGINNINGS, {"ids": to_list(unreadable)})
    session.run(_DROP_UNREADABLE, {"ids": to_list(unreadable)})
    session.run(_DROP_STRAYS, {"account_": ref.account, "id_text": ref.record_id})


def load_erased(session: Session, seal: Seal, workspace: WorkspaceId, refs: Collection[CrmRef]) -> frozenset[CrmRef]:
    """Which of these records were erased."""
    by_hash = {hash_: ref for ref in refs for hash_ in seal.hashes(str(ref))}
    found = session.rows(_ERASED, {"workspace_": workspace, "hashes": to_list(by_hash)})
    return frozenset(by_hash[hash_] for (hash_,) in found)


def load_erased_emails(session: Session, seal: Seal, workspace: WorkspaceId, emails: Collection[str]) -> frozenset[str]:
    """Which of these addresses belonged to somebody who was erased."""
    by_hash = {hash_: email for email in emails for hash_ in seal.hashes(_to_name(email))}
    found = session.rows(_ERASED, {"workspace_": workspace, "hashes": to_list(by_hash)})
    return frozenset(by_hash[hash_] for (hash_,) in found)


def _load_refs(session: Session, workspace: WorkspaceId, lead_id: LeadId) -> Sequence[CrmRef]:
    return [to_ref(text) for (text,) in session.rows(_REFS, {"workspace_": workspace, "lead_id_": lead_id})]
