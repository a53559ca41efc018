"""Making several leads of one that turned out to be several people, and keeping records apart that a person parts.

Each record takes along what it told and what was written to it. What nobody can say whose it is stays with the lead
that keeps the id. What was sent counts as sent to each of them: nobody is sent the same twice because of our mistake.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, Text, bindparam, delete, func, insert, literal_column, select, update

from connector.domain.fact import Fact, FactKind
from connector.domain.ids import CrmRef, LeadId, WorkspaceId, to_lead_id, to_ref
from connector.domain.lead import blank
from connector.domain.outward.change import ChangeState
from connector.domain.records.belonging import is_of_all, record_of
from connector.ports import NewFact
from connector.store.codec import decode_lead, to_ms
from connector.store.facts import FACT_COLUMNS, add_facts, to_fact
from connector.store.identity import add_leads
from connector.store.joined import tell_joined_anew
from connector.store.listed import among, listed
from connector.store.merge import lock_leads, reset
from connector.store.moving import move_everything
from connector.store.schema import connections, crm_refs, deal_leads, facts, kept_apart, outbox
from connector.store.session import Session, to_list, to_rows
from connector.store.upsert import insert_if_absent, insert_into

_WORKSPACE = bindparam("workspace_", type_=Text)
_LEAD = bindparam("lead_id_", type_=Text)
_INTO = bindparam("into", type_=Text)

_RECORDS = select(crm_refs.c.ref, crm_refs.c.became, crm_refs.c.read_as_of).where(
    crm_refs.c.workspace == _WORKSPACE, crm_refs.c.lead_id == _LEAD
)
_FACTS = select(facts.c.seq, facts.c.received_at, facts.c.delivery_id, *FACT_COLUMNS).where(
    facts.c.workspace == _WORKSPACE, facts.c.lead_id == _LEAD
)
_numbers = listed("numbers", seq=BigInteger)
_MOVE_FACTS = (
    update(facts)
    .where(facts.c.workspace == _WORKSPACE, facts.c.lead_id == _LEAD, facts.c.seq.in_(select(_numbers.c.seq)))
    .values(lead_id=_INTO)
)
_MOVE_REFS = (
    update(crm_refs).where(crm_refs.c.workspace == _WORKSPACE, among(crm_refs.c.ref, "refs")).values(lead_id=_INTO)
)
_connection = select(connections.c.id).where(
    connections.c.crm == bindparam("crm_", type_=Text), connections.c.account == bindparam("account_", type_=Text)
)
_MOVE_ROWS = (
    update(outbox)
    .where(
        outbox.c.workspace == _WORKSPACE,
        outbox.c.lead_id == _LEAD,
        outbox.c.record_id == bindparam("record_", type_=Text),
        outbox.c.connection_id.in_(_connection),
    )
    .values(lead_id=_INTO)
)
_left = ("'attempted'", "'done'", "'refused'")
_LEFT = select(outbox).where(
    outbox.c.workspace == _WORKSPACE,
    among(outbox.c.lead_id, "ids"),
    outbox.c.act.is_not(None),
    outbox.c.state.in_([literal_column(state) for state in _left]),
)
_COPY_ROW = insert_into(outbox, but=frozenset({"id"})).on_conflict_do_nothing(
    index_elements=[outbox.c.workspace, outbox.c.lead_id, outbox.c.slot]
)
_COPY_FACTS = insert(facts).from_select(
    [column.name for column in facts.columns],
    select(*(_INTO if column.name == "lead_id" else column for column in facts.columns)).where(
        facts.c.workspace == _WORKSPACE, facts.c.lead_id == _LEAD, facts.c.seq.in_(select(_numbers.c.seq))
    ),
)
_MOVE_DEALS = (
    update(deal_leads)
    .where(
        deal_leads.c.workspace == _WORKSPACE,
        deal_leads.c.lead_id == _LEAD,
        func.substr(deal_leads.c.ref, literal_column("1"), bindparam("length", type_=Integer))
        == bindparam("beginning", type_=Text),
    )
    .values(lead_id=_INTO)
)
_KEEP = insert_if_absent(kept_apart)
_LET_JOIN = delete(kept_apart).where(kept_apart.c.workspace == _WORKSPACE, among(kept_apart.c.ref, "refs"))

#: What is said of an act that left: it was for somebody who is now somebody else.
_COUNTS_AS_SENT = "was done before they were told apart"


@dataclass(frozen=True, slots=True)
class _Group:
    """Records that are one person's, those that live on as others among them."""

    id: LeadId
    refs: Collection[str]
    living: Collection[str]
    is_read: bool


def part_records(
    session: Session, workspace: WorkspaceId, lead_id: LeadId, refs: Collection[CrmRef], because: str, now: datetime
) -> LeadId:
    """Make a lead of its own of these records of a lead, and have both folded anew. Returns the lead of these records.

    Each has the id that its records give. A second run changes nothing: a lead is left as it is where all of its
    records, or none, are among these. Raises LostClaimError where another worker merged or erased it a moment ago.
    """
    (row,) = lock_leads(session, workspace, [lead_id]).values()
    records = {one.ref: one for one in session.rows(_RECORDS, {"workspace_": workspace, "lead_id_": lead_id})}
    names = set(map(str, refs))
    apart = _to_group(workspace, [one for one in records.values() if (one.became or one.ref) in names])
    rest = _to_group(workspace, [one for one in records.values() if (one.became or one.ref) not in names])
    if apart is None or rest is None:
        return lead_id
    born_under, told_of = decode_lead(row.doc).born_under, row.book
    add_leads(session, workspace, {apart.id, rest.id} - {lead_id}, told_of)
    if lead_id not in (apart.id, rest.id):  # a record that lives again gives a lesser id
        move_everything(session, workspace, lead_id, rest.id, 0)
    staying, leaving = (apart, rest) if apart.id == lead_id else (rest, apart)
    lives_as = {one.ref: one.became or one.ref for one in records.values()}
    _hand_over(session, workspace, staying, leaving, lives_as)
    for group in (apart, rest):
        reset(session, workspace, blank(group.id, born_under), row.last_fact, now, is_read=group.is_read)
        tell_joined_anew(session, workspace, group.id, now)
    told = [*_tell(rest, apart, because, now), *_tell(apart, rest, because, now)]
    add_facts(session, workspace, told, now)
    return apart.id


def keep_apart(session: Session, workspace: WorkspaceId, refs: Collection[CrmRef], now: datetime) -> None:
    """Join these records with nobody by their address from here on."""
    rows = [{"workspace": workspace, "ref": str(ref), "since_at": to_ms(now)} for ref in sorted(refs)]
    session.run_many(_KEEP, rows)


def let_join(session: Session, workspace: WorkspaceId, refs: Collection[CrmRef]) -> int:
    """Let these records be joined again by their address; how many had been kept apart."""
    return session.run(_LET_JOIN, {"workspace_": workspace, "refs": to_list(map(str, refs))})


def _to_group(workspace: WorkspaceId, records: Sequence[Any]) -> _Group | None:
    """None for records of which none lives."""
    living = [one for one in records if not one.became]
    if not living:
        return None
    id_ = min(to_lead_id(workspace, to_ref(one.ref)) for one in living)
    is_read = any(one.read_as_of is not None for one in living)
    return _Group(id_, [one.ref for one in records], [one.ref for one in living], is_read)


def _hand_over(
    session: Session, workspace: WorkspaceId, staying: _Group, leaving: _Group, lives_as: Mapping[str, str]
) -> None:
    """Give the leaving records' lead what they told, what was written to them, and what counts for both."""
    asked = {"workspace_": workspace, "lead_id_": staying.id, "into": leaving.id}
    _hand_over_facts(session, asked, leaving, lives_as)
    session.run(_MOVE_REFS, {**asked, "refs": to_list(leaving.refs)})
    for ref in map(to_ref, leaving.refs):
        of_record = {"crm_": ref.crm, "account_": ref.account, "record_": ref.record_id}
        session.run(_MOVE_ROWS, {**asked, **of_record})
    for account in {_account_of(ref) for ref in leaving.living} - {_account_of(ref) for ref in staying.living}:
        session.run(_MOVE_DEALS, {**asked, "beginning": account, "length": len(account)})
    rows = [dict(row._mapping) for row in session.rows(_LEFT, {**asked, "ids": to_list([staying.id, leaving.id])})]
    session.run_many(_COPY_ROW, [_to_copy(row, staying, leaving) for row in rows])


def _hand_over_facts(session: Session, asked: Mapping[str, Any], leaving: _Group, lives_as: Mapping[str, str]) -> None:
    moved, copied = [], []
    for row in session.rows(_FACTS, asked):
        fact = to_fact([getattr(row, column.name) for column in FACT_COLUMNS])
        if is_of_all(fact):
            copied.append((row.seq,))
        elif record_of(fact, lives_as) in leaving.living:
            moved.append((row.seq,))
    session.run(_MOVE_FACTS, {**asked, "numbers": to_rows(moved)})
    session.run(_COPY_FACTS, {**asked, "numbers": to_rows(copied)})


def _account_of(ref: str) -> str:
    """`hubspot:123:`, as the references of its deals begin, too."""
    return "{}:{}:".format(*ref.split(":")[:2])


def _to_copy(row: Mapping[str, Any], staying: _Group, leaving: _Group) -> dict[str, Any]:
    """An act that left, as of the other lead: it is not made for that one again."""
    other = leaving if row["lead_id"] == staying.id else staying
    settled_at = row["settled_at"] or row["attempted_at"]
    closed = {"state": ChangeState.DONE, "settled_at": settled_at, "words": _COUNTS_AS_SENT, "remote_id": ""}
    return {**row, **closed, "lead_id": other.id}


def _tell(group: _Group, other: _Group, because: str, now: datetime) -> Iterator[NewFact]:
    """Tell a lead which records are somebody else's."""
    for ref in sorted(other.living):
        key = f"parted:{ref}:{to_ms(now)}"
        yield NewFact(group.id, Fact(key, now, FactKind.PARTED, ref, to_ref(ref).crm, {"because": because}), now)
