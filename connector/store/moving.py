"""Moving everything that is kept of one lead to another one, statement by statement, in this order."""

from __future__ import annotations

from sqlalchemy import BigInteger, Text, and_, bindparam, delete, exists, literal_column, not_, update

from connector.domain.fact import RECORD_OF, FactKind, RecordName
from connector.domain.ids import CrmRef, LeadId, WorkspaceId
from connector.store.codec import encode
from connector.store.schema import (
    assignments,
    crm_refs,
    deal_leads,
    enrolments,
    facts,
    frozen_fields,
    hand_overs,
    history,
    leads,
    outbox,
    partings,
    petitions,
    purchases,
)
from connector.store.session import Session

_WORKSPACE = bindparam("workspace_", type_=Text)
_INTO = bindparam("into", type_=Text)
_GONE = bindparam("gone", type_=Text)

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
# Facts that name the record are told apart when the lead is folded.
_DROP_DELETIONS = delete(facts).where(
    _their[facts],
    facts.c.kind == literal_column(f"'{FactKind.RECORD}'"),
    facts.c.name == literal_column(f"'{RecordName.ARCHIVED}'"),
    facts.c.data == literal_column("'{}'"),
)
_DROP_DELETIONS_OF_RECORD = delete(facts).where(
    _their[facts],
    facts.c.kind == literal_column(f"'{FactKind.RECORD}'"),
    facts.c.name == literal_column(f"'{RecordName.ARCHIVED}'"),
    facts.c.data == bindparam("named", type_=Text),
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
_MOVE_ROWS = (
    update(outbox)
    .where(
        _their[outbox],
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
# What is left are acts that both have.
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
    for table in (history, enrolments, frozen_fields, hand_overs, partings, petitions, purchases)
)
_MOVES = (
    _DROP_SHARED_FACTS,
    _MOVE_FACTS,
    _DROP_OUR_UNSENT,
    _MOVE_ROWS,
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


def move_everything(session: Session, workspace: WorkspaceId, gone: LeadId, into: LeadId, after: int) -> None:
    """Hand all that is kept of a lead to the one that stays, whose last fact has the number `after`; the lead goes."""
    for statement in _MOVES:
        session.run(statement, {"workspace_": workspace, "into": into, "gone": gone, "after": after})


def drop_deletions(session: Session, workspace: WorkspaceId, gone: LeadId) -> None:
    """Forget that records of this lead were deleted that are not named: that belonged to a merge."""
    session.run(_DROP_DELETIONS, {"workspace_": workspace, "gone": gone})


def drop_deletions_of(session: Session, workspace: WorkspaceId, lead_id: LeadId, record: CrmRef) -> None:
    """Forget that this record of a lead was deleted: it lives on as another one."""
    named = encode({RECORD_OF: str(record)})
    session.run(_DROP_DELETIONS_OF_RECORD, {"workspace_": workspace, "gone": lead_id, "named": named})
