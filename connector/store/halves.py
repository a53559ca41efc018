"""Forgetting somebody who was once taken for one person with somebody else: what the other one still holds of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import BigInteger, Text, bindparam, case, delete, func, literal_column, select, update

from connector.domain.fact import FactKind
from connector.domain.ids import CrmRef, LeadId, WorkspaceId, to_ref
from connector.domain.lead import blank
from connector.domain.outward.change import Act, ChangeState
from connector.store.codec import decode_act, decode_lead, encode
from connector.store.identity import LIVES, find_leads
from connector.store.listed import among
from connector.store.merge import lock_leads, reset
from connector.store.schema import crm_refs, facts, outbox
from connector.store.session import Session, to_list

_WORKSPACE = bindparam("workspace_", type_=Text)
_LEAD = bindparam("lead_id_", type_=Text)
_IS_PARTED = (
    facts.c.workspace == _WORKSPACE,
    facts.c.lead_id == _LEAD,
    facts.c.kind == literal_column(f"'{FactKind.PARTED}'"),
)
_PARTED_FROM = select(facts.c.name).where(*_IS_PARTED)
_THEIR_PARTING = (*_IS_PARTED, among(facts.c.name, "refs"))
_PARTED_AT = select(func.max(facts.c.at)).where(*_THEIR_PARTING)
_DROP_PARTED = delete(facts).where(*_THEIR_PARTING)
_BEFORE = (
    outbox.c.workspace == _WORKSPACE,
    outbox.c.lead_id == _LEAD,
    outbox.c.act.is_not(None),
    outbox.c.settled_at <= bindparam("parted_at", type_=BigInteger),
)
# What was not made is wanted anew, in words of whoever is left.
_DROP_UNMADE = delete(outbox).where(*_BEFORE, outbox.c.state != literal_column(f"'{ChangeState.DONE}'"))
_MADE = select(outbox.c.id, outbox.c.act).where(*_BEFORE)
_BLANK = (
    update(outbox)
    .where(outbox.c.id == bindparam("id_", type_=BigInteger))
    .values(
        act=bindparam("act_", type_=Text),
        record_id=case(
            (among(outbox.c.record_id, "record_ids"), literal_column("''")),
            else_=outbox.c.record_id,
        ),
    )
)
_IS_READ = select(crm_refs.c.ref).where(
    crm_refs.c.workspace == _WORKSPACE, crm_refs.c.lead_id == _LEAD, LIVES, crm_refs.c.read_as_of.is_not(None)
)


def parted_from(session: Session, workspace: WorkspaceId, lead_id: LeadId) -> Collection[LeadId]:
    """Those with whom a lead was taken for one person."""
    told = session.rows(_PARTED_FROM, {"workspace_": workspace, "lead_id_": lead_id})
    named = [to_ref(name) for (name,) in told]
    return sorted(set(find_leads(session, workspace, named).values()) - {lead_id}) if named else ()


def forget_half(
    session: Session, workspace: WorkspaceId, lead_id: LeadId, refs: Collection[CrmRef], now: datetime
) -> None:
    """Have a lead forget that these records, which are erased, were taken for its own. It is folded anew.

    What was made while they were one stays made, but not in which words: they may tell of either.
    """
    asked = {"workspace_": workspace, "lead_id_": lead_id}
    named = {**asked, "refs": to_list(map(str, refs))}
    ((parted_at,),) = session.rows(_PARTED_AT, named)
    if parted_at is None:
        return
    (row,) = lock_leads(session, workspace, [lead_id]).values()
    before = {**asked, "parted_at": parted_at}
    session.run(_DROP_UNMADE, before)
    record_ids = to_list(ref.record_id for ref in refs)
    made = [(id_, decode_act(act)) for id_, act in session.rows(_MADE, before)]
    for id_, act in made:
        session.run(_BLANK, {"id_": id_, "act_": _without_words(act), "record_ids": record_ids})
    session.run(_DROP_PARTED, named)
    is_read = bool(session.rows(_IS_READ, asked))
    reset(session, workspace, blank(lead_id, decode_lead(row.doc).born_under), row.last_fact, now, is_read=is_read)


def _without_words(act: Act) -> str:
    return encode(Act(act.key, act.kind, act.due_at))
