"""Making one lead of several that turned out to be the same person."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Text,
    and_,
    bindparam,
    case,
    delete,
    literal_column,
    not_,
    null,
    or_,
    select,
    update,
)

from connector.domain.ids import CrmRef, LeadId, WorkspaceId, to_lead_id, to_ref
from connector.domain.lead import Lead, blank
from connector.errors import InvariantError, LostClaimError
from connector.store.codec import NO_OUTLOOKS, decode_lead, encode, to_ms
from connector.store.identity import LIVES, add_leads, add_refs, find_leads
from connector.store.joined import tell_joined_anew
from connector.store.listed import among
from connector.store.moving import drop_deletions, drop_deletions_of, move_everything
from connector.store.schema import (
    connections,
    crm_refs,
    deal_leads,
    deals,
    enrolments,
    frozen_fields,
    hand_overs,
    history,
    kept_apart,
    leads,
    outbox,
    partings,
)
from connector.store.session import Session, to_list

_WORKSPACE = bindparam("workspace_", type_=Text)
_INTO = bindparam("into", type_=Text)

_LOCK = (
    select(leads.c.id, leads.c.last_fact, leads.c.doc, leads.c.book)
    .where(leads.c.workspace == _WORKSPACE, among(leads.c.id, "ids"))
    .order_by(leads.c.id)
    .with_for_update()
)

# --- the records --------------------------------------------------------------------------------------------

_MERGED_AWAY = select(crm_refs.c.ref).where(
    crm_refs.c.workspace == _WORKSPACE, among(crm_refs.c.ref, "refs"), not_(LIVES)
)
_RECORDS = select(crm_refs.c.ref, crm_refs.c.lead_id, crm_refs.c.became).where(
    crm_refs.c.workspace == _WORKSPACE, among(crm_refs.c.ref, "refs")
)
_FORGET_APART = delete(kept_apart).where(kept_apart.c.workspace == _WORKSPACE, among(kept_apart.c.ref, "refs"))
_LIVING = select(crm_refs.c.ref, crm_refs.c.read_as_of).where(
    crm_refs.c.workspace == _WORKSPACE, among(crm_refs.c.lead_id, "ids"), LIVES
)
# What became this one before lives on with it: one step always leads to the record that lives.
_LIVE_ON = (
    update(crm_refs)
    .where(
        crm_refs.c.workspace == _WORKSPACE,
        or_(crm_refs.c.ref == bindparam("former", type_=Text), crm_refs.c.became == bindparam("former", type_=Text)),
        crm_refs.c.lead_id == bindparam("lead_id_", type_=Text),
    )
    .values(became=bindparam("survivor", type_=Text), read_wanted_at=null())
)
_connection = select(connections.c.id).where(
    connections.c.crm == bindparam("crm_", type_=Text), connections.c.account == bindparam("account_", type_=Text)
)
_OF_FORMER_RECORD = and_(
    outbox.c.workspace == _WORKSPACE,
    outbox.c.lead_id == _INTO,
    outbox.c.connection_id.in_(_connection),
    outbox.c.record_id == bindparam("former_id", type_=Text),
)
_REDIRECT_ACTS = (
    update(outbox)
    .where(_OF_FORMER_RECORD, outbox.c.act.is_not(None), outbox.c.settled_at.is_(None))
    .values(record_id=bindparam("record", type_=Text))
)
_DROP_WISHES = delete(outbox).where(_OF_FORMER_RECORD, outbox.c.act.is_(None))

# --- the lead that stays ------------------------------------------------------------------------------------

_OUR_DEALS = (deal_leads.c.workspace == _WORKSPACE, deal_leads.c.lead_id == _INTO)
_TELL_DEALS_AGAIN = (
    update(deals)
    .where(deals.c.workspace == _WORKSPACE, deals.c.ref.in_(select(deal_leads.c.ref).where(*_OUR_DEALS)))
    .values(read_wanted_at=bindparam("now", type_=BigInteger)),
    update(deal_leads).where(*_OUR_DEALS).values(told=literal_column("''")),
)
_DROP_HISTORY = delete(history).where(history.c.workspace == _WORKSPACE, history.c.lead_id == _INTO)
_DROP_ENROLMENTS = tuple(
    delete(table).where(table.c.workspace == _WORKSPACE, table.c.lead_id == _INTO)
    for table in (enrolments, frozen_fields, hand_overs, partings)
)
_IS_READ = bindparam("is_read_", type_=Boolean)
_RESET = (
    update(leads)
    .where(leads.c.workspace == _WORKSPACE, leads.c.id == _INTO)
    .values(
        version=leads.c.version + literal_column("1"),
        last_fact=bindparam("last_fact_", type_=BigInteger),
        folded_fact=literal_column("0"),
        is_read=_IS_READ,
        wake_at=case((_IS_READ, bindparam("now", type_=BigInteger)), else_=null()),
        doc=bindparam("doc_", type_=Text),
        rank=literal_column("0"),
        idle=literal_column("0"),
        outlooks=literal_column(f"'{NO_OUTLOOKS}'"),
    )
)


def load_merged_away(session: Session, workspace: WorkspaceId, refs: Collection[CrmRef]) -> frozenset[CrmRef]:
    """Those of these records that live on in another one."""
    found = session.rows(_MERGED_AWAY, {"workspace_": workspace, "refs": to_list(map(str, refs))})
    return frozenset(to_ref(text) for (text,) in found)


def merge_leads(
    session: Session, workspace: WorkspaceId, survivor: CrmRef, refs: Collection[CrmRef], now: datetime
) -> LeadId:
    """Make one lead of all leads of these records, which live on as `survivor`, and have it folded anew.

    Returns the lead that remains. A second run changes nothing. Raises InvariantError where nothing is known of any of
    them, and LostClaimError where another worker gave one of the records to another lead a moment ago.
    """
    asked = {survivor, *refs}
    ids = set(find_leads(session, workspace, asked).values())
    if not ids:
        raise InvariantError("a merge of records of which none is known")
    rows = lock_leads(session, workspace, ids)
    known = {to_ref(row.ref): row for row in session.rows(_RECORDS, _of(workspace, asked))}
    if not rows.keys() >= {row.lead_id for row in known.values()}:
        raise LostClaimError("another worker gave one of the records to a lead")
    if survivor in known and known[survivor].became:  # of merges that come in another order, the last one's
        survivor = to_ref(known[survivor].became)
    new = dict.fromkeys(asked - known.keys(), min(ids))
    add_refs(session, workspace, new, now)
    gone = {
        ref: new[ref] if ref in new else known[ref].lead_id
        for ref in sorted(asked - {survivor})
        if ref in new or not known[ref].became
    }
    for former, lead_id in gone.items():
        drop_deletions_of(session, workspace, lead_id, former)
        session.run(_LIVE_ON, _of_former(workspace, lead_id, former) | {"survivor": str(survivor)})
    for lead_id in sorted(set(gone.values()) - {to_lead_id(workspace, survivor)}):
        drop_deletions(session, workspace, lead_id)
    session.run(_FORGET_APART, _of(workspace, asked))  # whoever merged them knew that they are one
    into = _unite(session, workspace, rows, now, is_changed=bool(gone))
    for former in gone:
        _redirect(session, workspace, into, former, survivor)
    return into


def join_leads(session: Session, workspace: WorkspaceId, ids: Collection[LeadId], now: datetime) -> LeadId:
    """Make one lead of several, all of whose records live on, and have it folded anew. Returns the one that remains.

    A second run changes nothing. Raises LostClaimError where another worker merged or erased one a moment ago.
    """
    return _unite(session, workspace, lock_leads(session, workspace, ids), now, is_changed=False)


def _of(workspace: WorkspaceId, refs: Collection[CrmRef]) -> dict[str, Any]:
    return {"workspace_": workspace, "refs": to_list(map(str, refs))}


def lock_leads(session: Session, workspace: WorkspaceId, ids: Collection[LeadId]) -> dict[LeadId, Any]:
    """Hold these leads until the transaction ends. Raises LostClaimError where one is gone."""
    rows = session.rows(_LOCK, {"workspace_": workspace, "ids": to_list(ids)})
    if len(rows) < len(ids):
        raise LostClaimError("a lead was merged or erased meanwhile")
    return {row.id: row for row in rows}


def _of_former(workspace: WorkspaceId, lead_id: LeadId, former: CrmRef) -> dict[str, Any]:
    return {"workspace_": workspace, "lead_id_": lead_id, "former": str(former)}


def _unite(
    session: Session, workspace: WorkspaceId, rows: Mapping[LeadId, Any], now: datetime, *, is_changed: bool
) -> LeadId:
    """Make one lead of these. Its id is the least that its living records give: the same in whatever order."""
    living = session.rows(_LIVING, {"workspace_": workspace, "ids": to_list(rows)})
    into = min((to_lead_id(workspace, to_ref(row.ref)) for row in living), default=min(rows))
    others = sorted(rows.keys() - {into})
    if not others and not is_changed:
        return into
    born_under = decode_lead(rows[into if into in rows else others[0]].doc).born_under
    add_leads(session, workspace, {into} - rows.keys(), born_under)
    last_fact = rows[into].last_fact if into in rows else 0
    for lead_id in others:
        move_everything(session, workspace, lead_id, into, last_fact)
        last_fact += rows[lead_id].last_fact
    is_read = any(row.read_as_of is not None for row in living)
    reset(session, workspace, blank(into, born_under), last_fact, now, is_read=is_read)
    tell_joined_anew(session, workspace, into, now)
    return into


def _redirect(session: Session, workspace: WorkspaceId, into: LeadId, former: CrmRef, survivor: CrmRef) -> None:
    """What is still to be done to the former record is done to the surviving one; what it was to hold is dropped."""
    parameters = {
        "workspace_": workspace,
        "into": into,
        "crm_": former.crm,
        "account_": former.account,
        "former_id": former.record_id,
        "record": survivor.record_id,
    }
    session.run(_REDIRECT_ACTS, parameters)
    session.run(_DROP_WISHES, parameters)


def reset(
    session: Session, workspace: WorkspaceId, lead: Lead, last_fact: int, now: datetime, *, is_read: bool
) -> None:
    """Have a lead folded anew from its first fact, and told anew of its deals."""
    parameters = {"workspace_": workspace, "into": lead.id}
    session.run(_DROP_HISTORY, parameters)
    for drop in _DROP_ENROLMENTS:
        session.run(drop, parameters)
    for statement in _TELL_DEALS_AGAIN:
        session.run(statement, parameters | {"now": to_ms(now)})
    told = {"last_fact_": last_fact, "now": to_ms(now), "doc_": encode(lead), "is_read_": is_read}
    session.run(_RESET, parameters | told)
