"""Mailboxes: putting facts in, and reading them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, Text, and_, bindparam, case, func, literal_column, select, update

from connector.domain.fact import Fact, FactKind
from connector.domain.ids import LeadId, WorkspaceId
from connector.errors import LostClaimError
from connector.ports import NewFact
from connector.store.codec import decode_data, encode, from_ms, to_ms
from connector.store.listed import among, listed
from connector.store.schema import facts, leads
from connector.store.session import Session, to_list, to_rows
from connector.store.upsert import insert_into

#: A lead of one workspace.
LeadKey = tuple[WorkspaceId, LeadId]

_NOW = bindparam("now", type_=BigInteger)
_WORKSPACE = bindparam("workspace_", type_=Text)

# In one order for everybody: two workers never wait for each other's leads.
_LOCK = (
    select(leads.c.id, leads.c.last_fact)
    .where(leads.c.workspace == _WORKSPACE, among(leads.c.id, "ids"))
    .order_by(leads.c.id)
    .with_for_update()
)
_asked = listed("asked", lead_id=Text, at=BigInteger, key=Text)
_KNOWN = select(facts.c.lead_id, facts.c.at, facts.c.key).join(
    _asked,
    and_(
        facts.c.workspace == _WORKSPACE,
        facts.c.at == _asked.c.at,
        facts.c.key == _asked.c.key,
        facts.c.lead_id == _asked.c.lead_id,
    ),
)
ADD_FACT = insert_into(facts)
_WAKE = (
    update(leads)
    .where(leads.c.workspace == _WORKSPACE, leads.c.id == bindparam("id_", type_=Text))
    .values(
        last_fact=bindparam("last_fact_", type_=BigInteger),
        wake_at=case((~leads.c.is_read, None), (leads.c.wake_at < _NOW, leads.c.wake_at), else_=_NOW),
    )
)

FACT_COLUMNS = (facts.c.key, facts.c.at, facts.c.kind, facts.c.name, facts.c.source, facts.c.data)
_asked_for = listed("asked_for", workspace=Text, lead_id=Text, after=BigInteger, until=BigInteger)
_BETWEEN = (
    select(facts.c.workspace, facts.c.lead_id, *FACT_COLUMNS)
    .join(
        _asked_for,
        and_(
            facts.c.workspace == _asked_for.c.workspace,
            facts.c.lead_id == _asked_for.c.lead_id,
            facts.c.seq > _asked_for.c.after,
            facts.c.seq <= _asked_for.c.until,
        ),
    )
    .order_by(facts.c.seq)
)
# Whatever the database's order of texts, it tells equal beginnings.
_BY_PREFIX = (
    select(facts.c.lead_id, *FACT_COLUMNS)
    .where(
        facts.c.workspace == _WORKSPACE,
        among(facts.c.lead_id, "ids"),
        func.substr(facts.c.key, literal_column("1"), bindparam("length", type_=Integer))
        == bindparam("prefix", type_=Text),
    )
    .order_by(facts.c.lead_id, facts.c.seq)
)

_KINDS = {kind.value: kind for kind in FactKind}


def add_facts(session: Session, workspace: WorkspaceId, new: Sequence[NewFact], now: datetime) -> int:
    """Put facts into mailboxes and wake their leads; duplicates are dropped. Returns how many were new.

    Raises LostClaimError when one of the leads is gone.
    """
    unique = {(one.lead_id, to_ms(one.fact.at), one.fact.key): one for one in new}
    if not unique:
        return 0
    last = _lock(session, workspace, {lead_id for lead_id, _, _ in unique})
    known = {tuple(row) for row in session.rows(_KNOWN, {"workspace_": workspace, "asked": to_rows(list(unique))})}
    rows = []
    for identity, one in unique.items():
        if identity not in known:
            last[one.lead_id] += 1
            rows.append(to_row(workspace, one, seq=last[one.lead_id], at=identity[1]))
    session.run_many(ADD_FACT, rows)
    _wake(session, workspace, {row["lead_id"]: row["seq"] for row in rows}, now)
    return len(rows)


def load_facts(session: Session, between: Mapping[LeadKey, tuple[int, int]]) -> Mapping[LeadKey, Sequence[Fact]]:
    """The facts of these leads after the first number and up to the second, in order of arrival."""
    found: dict[LeadKey, list[Fact]] = defaultdict(list)
    asked_for = to_rows([(*key, *numbers) for key, numbers in between.items()])
    for workspace, lead_id, key, at, kind, name, source, data in session.rows(_BETWEEN, {"asked_for": asked_for}):
        found[workspace, lead_id].append(Fact(key, from_ms(at), _KINDS[kind], name, source, decode_data(data)))
    return found


def load_facts_by_prefix(
    session: Session, workspace: WorkspaceId, lead_ids: Collection[LeadId], prefix: str
) -> Mapping[LeadId, Sequence[Fact]]:
    """Facts of these leads whose keys begin so, in order of arrival."""
    asked = {"workspace_": workspace, "ids": to_list(lead_ids), "prefix": prefix, "length": len(prefix)}
    found: dict[LeadId, list[Fact]] = defaultdict(list)
    for lead_id, *columns in session.rows(_BY_PREFIX, asked):
        found[lead_id].append(to_fact(columns))
    return found


def to_fact(columns: Iterable[Any]) -> Fact:
    """A fact from its `FACT_COLUMNS`."""
    key, at, kind, name, source, data = columns
    return Fact(key, from_ms(at), _KINDS[kind], name, source, decode_data(data))


def _lock(session: Session, workspace: WorkspaceId, ids: Collection[LeadId]) -> dict[LeadId, int]:
    found = session.rows(_LOCK, {"workspace_": workspace, "ids": to_list(ids)})
    if len(found) < len(ids):
        raise LostClaimError("a lead was merged or erased meanwhile")
    return dict(found)


def _wake(session: Session, workspace: WorkspaceId, last: Mapping[LeadId, int], now: datetime) -> None:
    at = to_ms(now)
    session.run_many(
        _WAKE,
        [{"workspace_": workspace, "id_": id_, "last_fact_": seq, "now": at} for id_, seq in last.items()],
    )


def to_row(workspace: WorkspaceId, new: NewFact, *, seq: int, at: int) -> dict[str, Any]:
    """A fact as it is kept, with its number in its lead's mailbox and its moment in milliseconds."""
    fact = new.fact
    return {
        "workspace": workspace,
        "lead_id": new.lead_id,
        "seq": seq,
        "at": at,
        "key": fact.key,
        "kind": fact.kind,
        "name": fact.name,
        "source": fact.source,
        "data": encode(fact.data),
        "received_at": to_ms(new.received_at),
        "delivery_id": new.delivery_id,
    }
