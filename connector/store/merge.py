"""Making one lead of several that turned out to be the same person."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Text,
    and_,
    bindparam,
    case,
    delete,
    exists,
    literal_column,
    not_,
    null,
    select,
    update,
)

from connector.domain.fact import FactKind, RecordName
from connector.domain.ids import CrmRef, LeadId, WorkspaceId, to_ref
from connector.domain.lead import Lead, blank
from connector.errors import InvariantError
from connector.store.codec import decode_lead, encode, to_ms
from connector.store.identity import add_leads, add_refs, find_leads
from connector.store.listed import among
from connector.store.schema import (
    assignments,
    connections,
    crm_refs,
    deal_leads,
    deals,
    enrolments,
    facts,
    hand_overs,
    history,
    leads,
    outbox,
    partings,
    petitions,
    purchases,
)
from connector.store.session import Session, to_list

_WORKSPACE = bindparam("workspace_", type_=Text)
_INTO = bindparam("into", type_=Text)
_GONE = bindparam("gone", type_=Text)

_LOCK = (
    select(leads.c.id, leads.c.last_fact, leads.c.doc)
    .where(leads.c.workspace == _WORKSPACE, among(leads.c.id, "ids"))
    .order_by(leads.c.id)
    .with_for_update()
)

# --- from a lead that is gone to the one that stays, in this order ------------------------------------------

_their = {table: and_(table.c.workspace == _WORKSPACE, table.c.lead_id == _GONE) for table in (facts, outbox)}
_other_facts, _other_rows = facts.alias("other"), outbox.alias("other")

_DROP_SHARED_FACTS = delete(facts).where(
    _their[facts],
    exists().where(
        _other_facts.c.workspace == facts.c.workspace,
        _other_facts.c.lead_id == _INTO,
        _other_facts.c.at == facts.c.at,
        _other_facts.c.key == facts.c.key,
    ),
)
# HubSpot deletes the records that a merge takes away, and may tell it first, and with a later time: nobody is gone.
_DROP_DELETIONS = delete(facts).where(
    _their[facts],
    facts.c.kind == literal_column(f"'{FactKind.RECORD}'"),
    facts.c.name == literal_column(f"'{RecordName.ARCHIVED}'"),
)
_MOVE_FACTS = (
    update(facts).where(_their[facts]).values(lead_id=_INTO, seq=facts.c.seq + bindparam("after", type_=BigInteger))
)
# Of an act that both have, the one that left stays, so that it never leaves twice.
_DROP_OUR_UNSENT = delete(outbox).where(
    outbox.c.workspace == _WORKSPACE,
    outbox.c.lead_id == _INTO,
    outbox.c.state.in_([literal_column("'pending'"), literal_column("'withdrawn'")]),
    exists().where(
        _other_rows.c.workspace == outbox.c.workspace,
        _other_rows.c.lead_id == _GONE,
        _other_rows.c.slot == outbox.c.slot,
        _other_rows.c.act.is_not(None),
        _other_rows.c.state.not_in([literal_column("'pending'"), literal_column("'withdrawn'")]),
    ),
)
_MOVE_ACTS = (
    update(outbox)
    .where(
        _their[outbox],
        outbox.c.act.is_not(None),
        not_(
            exists().where(
                _other_rows.c.workspace == outbox.c.workspace,
                _other_rows.c.lead_id == _INTO,
                _other_rows.c.slot == outbox.c.slot,
            )
        ),
    )
    .values(lead_id=_INTO)
)
# What is left are acts that both have, and desired state, which the merged lead will want anew.
_DROP_ROWS = delete(outbox).where(_their[outbox])
_MOVE_REFS = (
    update(crm_refs).where(crm_refs.c.workspace == _WORKSPACE, crm_refs.c.lead_id == _GONE).values(lead_id=_INTO)
)
# What both leads know of a deal may differ: the merged one is told again.
_other_deals = deal_leads.alias("other")
_DROP_SHARED_DEALS = delete(deal_leads).where(
    deal_leads.c.workspace == _WORKSPACE,
    deal_leads.c.lead_id == _GONE,
    exists().where(
        _other_deals.c.workspace == deal_leads.c.workspace,
        _other_deals.c.lead_id == _INTO,
        _other_deals.c.ref == deal_leads.c.ref,
    ),
)
_MOVE_DEALS = (
    update(deal_leads).where(deal_leads.c.workspace == _WORKSPACE, deal_leads.c.lead_id == _GONE).values(lead_id=_INTO)
)
# Of a petition that both filed, the one that was ruled on stays, so that it is not ruled on twice.
_other_petitions = petitions.alias("other")
_of_both = and_(
    _other_petitions.c.workspace == petitions.c.workspace,
    _other_petitions.c.key == petitions.c.key,
)
_DROP_OUR_UNRULED = delete(petitions).where(
    petitions.c.workspace == _WORKSPACE,
    petitions.c.lead_id == _INTO,
    petitions.c.ruling.is_(None),
    exists().where(_of_both, _other_petitions.c.lead_id == _GONE, _other_petitions.c.ruling.is_not(None)),
)
_MOVE_PETITIONS = (
    update(petitions)
    .where(
        petitions.c.workspace == _WORKSPACE,
        petitions.c.lead_id == _GONE,
        not_(exists().where(_of_both, _other_petitions.c.lead_id == _INTO)),
    )
    .values(lead_id=_INTO)
)
_MOVE_ASSIGNMENTS = (
    update(assignments)
    .where(assignments.c.workspace == _WORKSPACE, assignments.c.lead_id == _GONE)
    .values(lead_id=_INTO)
)
# What one of them was told of all who bought, the merged one knows; what it bought is counted when it is judged.
_other_purchases = purchases.alias("other")
_MOVE_PURCHASES = (
    update(purchases)
    .where(
        purchases.c.workspace == _WORKSPACE,
        purchases.c.lead_id == _GONE,
        not_(
            exists().where(_other_purchases.c.workspace == purchases.c.workspace, _other_purchases.c.lead_id == _INTO)
        ),
    )
    .values(lead_id=_INTO)
)
_DROP_LEAD = delete(leads).where(leads.c.workspace == _WORKSPACE, leads.c.id == _GONE)
_DROP_STORY = tuple(
    delete(table).where(table.c.workspace == _WORKSPACE, table.c.lead_id == _GONE)
    for table in (history, enrolments, hand_overs, partings, petitions, purchases)
)
_MOVES = (
    _DROP_SHARED_FACTS,
    _DROP_DELETIONS,
    _MOVE_FACTS,
    _DROP_OUR_UNSENT,
    _MOVE_ACTS,
    _DROP_ROWS,
    _MOVE_REFS,
    _DROP_SHARED_DEALS,
    _MOVE_DEALS,
    _DROP_OUR_UNRULED,
    _MOVE_PETITIONS,
    _MOVE_ASSIGNMENTS,
    _MOVE_PURCHASES,
    *_DROP_STORY,
    _DROP_LEAD,
)

# --- the lead that stays ------------------------------------------------------------------------------------

_IN_ACCOUNT = and_(
    crm_refs.c.workspace == _WORKSPACE,
    crm_refs.c.lead_id == _INTO,
    crm_refs.c.crm == bindparam("crm_", type_=Text),
    crm_refs.c.account == bindparam("account_", type_=Text),
)
_CURRENT = select(crm_refs.c.ref).where(_IN_ACCOUNT, crm_refs.c.is_current)
_MERGED_AWAY = select(crm_refs.c.ref).where(
    crm_refs.c.workspace == _WORKSPACE, among(crm_refs.c.ref, "refs"), not_(crm_refs.c.is_current)
)
_SURVIVES = crm_refs.c.ref == bindparam("survivor", type_=Text)
_SET_CURRENT = update(crm_refs).where(_IN_ACCOUNT, crm_refs.c.is_current != _SURVIVES).values(is_current=_SURVIVES)
_connection = select(connections.c.id).where(
    connections.c.crm == bindparam("crm_", type_=Text), connections.c.account == bindparam("account_", type_=Text)
)
_OF_FORMER_RECORD = and_(
    outbox.c.workspace == _WORKSPACE,
    outbox.c.lead_id == _INTO,
    outbox.c.connection_id.in_(_connection),
    outbox.c.record_id.in_(select(crm_refs.c.record_id).where(_IN_ACCOUNT, not_(crm_refs.c.is_current))),
)
_REDIRECT_ACTS = (
    update(outbox)
    .where(_OF_FORMER_RECORD, outbox.c.act.is_not(None), outbox.c.settled_at.is_(None))
    .values(record_id=bindparam("record", type_=Text))
)
_DROP_WISHES = delete(outbox).where(_OF_FORMER_RECORD, outbox.c.act.is_(None))
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
    for table in (enrolments, hand_overs, partings)
)
_RESET = (
    update(leads)
    .where(leads.c.workspace == _WORKSPACE, leads.c.id == _INTO)
    .values(
        version=leads.c.version + literal_column("1"),
        last_fact=bindparam("last_fact_", type_=BigInteger),
        folded_fact=literal_column("0"),
        wake_at=case((leads.c.is_read, bindparam("now", type_=BigInteger)), else_=null()),
        doc=bindparam("doc_", type_=Text),
    )
)


def load_merged_away(session: Session, workspace: WorkspaceId, refs: Collection[CrmRef]) -> frozenset[CrmRef]:
    """Those of these records that live on in another one."""
    found = session.rows(_MERGED_AWAY, {"workspace_": workspace, "refs": to_list(map(str, refs))})
    return frozenset(to_ref(text) for (text,) in found)


def merge_leads(
    session: Session,
    workspace: WorkspaceId,
    into: LeadId,
    survivor: CrmRef,
    refs: Collection[CrmRef],
    now: datetime,
) -> None:
    """Move everything of the leads of these records to `into`, and have it folded anew.

    A second run changes nothing. Raises InvariantError where nothing is known of any of them, and LostClaimError
    where another worker gave one of the records to another lead a moment ago.
    """
    asked = {survivor, *refs}
    found = find_leads(session, workspace, asked)
    if found.get(survivor) == into:
        survivor = _last_survivor(session, workspace, into, survivor)
    gone = sorted(set(found.values()) - {into})
    rows = _lock(session, workspace, [into, *gone])
    if into not in rows:
        add_leads(session, workspace, [into], _born_under(rows), now)
        rows |= _lock(session, workspace, [into])
    add_refs(session, workspace, {ref: into for ref in asked if ref not in found})
    last_fact = rows[into].last_fact
    for lead_id in gone:
        _move(session, {"workspace_": workspace, "into": into, "gone": lead_id, "after": last_fact})
        last_fact += rows[lead_id].last_fact
    moved_home = _set_survivor(session, workspace, into, survivor)
    if gone or moved_home:
        born_under = decode_lead(rows[into].doc).born_under
        _reset(session, workspace, blank(into, born_under), last_fact, now)


def _last_survivor(session: Session, workspace: WorkspaceId, into: LeadId, survivor: CrmRef) -> CrmRef:
    """The record that lives on: of merges that come in another order, the last one's."""
    asked = {"workspace_": workspace, "into": into, "crm_": survivor.crm, "account_": survivor.account}
    current = [to_ref(text) for (text,) in session.rows(_CURRENT, asked)]
    return survivor if survivor in current or not current else current[0]


def _lock(session: Session, workspace: WorkspaceId, ids: Collection[LeadId]) -> dict[LeadId, Any]:
    return {row.id: row for row in session.rows(_LOCK, {"workspace_": workspace, "ids": to_list(ids)})}


def _born_under(rows: Mapping[LeadId, Any]) -> str:
    if not rows:
        raise InvariantError("a merge of records of which none is known")
    return decode_lead(rows[min(rows)].doc).born_under


def _move(session: Session, parameters: Mapping[str, Any]) -> None:
    for statement in _MOVES:
        session.run(statement, parameters)


def _set_survivor(session: Session, workspace: WorkspaceId, into: LeadId, survivor: CrmRef) -> bool:
    """Write to the surviving record alone from now on; whether that is news."""
    parameters = {
        "workspace_": workspace,
        "into": into,
        "crm_": survivor.crm,
        "account_": survivor.account,
        "survivor": str(survivor),
        "record": survivor.record_id,
    }
    if not session.run(_SET_CURRENT, parameters):
        return False
    session.run(_REDIRECT_ACTS, parameters)
    session.run(_DROP_WISHES, parameters)
    return True


def _reset(session: Session, workspace: WorkspaceId, lead: Lead, last_fact: int, now: datetime) -> None:
    parameters = {"workspace_": workspace, "into": lead.id}
    session.run(_DROP_HISTORY, parameters)
    for drop in _DROP_ENROLMENTS:
        session.run(drop, parameters)
    for statement in _TELL_DEALS_AGAIN:
        session.run(statement, parameters | {"now": to_ms(now)})
    session.run(_RESET, parameters | {"last_fact_": last_fact, "now": to_ms(now), "doc_": encode(lead)})
