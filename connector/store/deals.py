"""Deals: which wait to be read, and what each lead was told of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Text,
    bindparam,
    case,
    literal_column,
    null,
    or_,
    select,
    update,
)

from connector.domain.ids import CrmRef, LeadId, WorkspaceId, to_ref
from connector.ports import Connection, HeardDeal, ToldDeal
from connector.store.codec import from_optional_ms, to_ms, to_optional_ms
from connector.store.listed import among
from connector.store.schema import deal_leads, deals
from connector.store.session import Session, limited, to_list
from connector.store.upsert import insert_into, upsert

_WORKSPACE = bindparam("workspace_", type_=Text)
_NOW = bindparam("now", type_=BigInteger)

_insert = insert_into(deals)
_new = _insert.excluded


def _later(column: Column[Any]) -> ColumnElement[Any]:
    new = _new[column.name]
    return case((or_(new.is_(None), column > new), column), else_=new)


_HEAR = _insert.on_conflict_do_update(
    index_elements=list(deals.primary_key),
    set_={
        "heard_at": _later(deals.c.heard_at),
        "moved_at": _later(deals.c.moved_at),
        "read_wanted_at": _new.read_wanted_at,
    },
)
_COLUMNS = (deals.c.ref, deals.c.heard_at, deals.c.moved_at, deals.c.read_at)
_UNREAD = limited(
    select(*_COLUMNS)
    .where(
        deals.c.workspace == _WORKSPACE,
        deals.c.crm == bindparam("crm", type_=Text),
        deals.c.account == bindparam("account", type_=Text),
        deals.c.read_wanted_at <= _NOW,
    )
    .order_by(deals.c.read_wanted_at, deals.c.ref)
)
_MINE = (deals.c.workspace == _WORKSPACE, among(deals.c.ref, "refs"))
_SET_READ = (
    update(deals)
    .where(*_MINE)
    .values(
        read_wanted_at=case((deals.c.read_wanted_at > _NOW, deals.c.read_wanted_at), else_=null()),
        read_at=case((deals.c.read_at >= _NOW, deals.c.read_at + literal_column("1")), else_=_NOW),
    )
)
_POSTPONE = (
    update(deals)
    .where(*_MINE, deals.c.read_wanted_at <= _NOW)
    .values(read_wanted_at=bindparam("until_", type_=BigInteger))
)
_HEARD = select(*_COLUMNS).where(*_MINE)
_TOLD = select(deal_leads.c.ref, deal_leads.c.lead_id, deal_leads.c.told, deal_leads.c.moved_at).where(
    deal_leads.c.workspace == _WORKSPACE, among(deal_leads.c.ref, "refs")
)
_SET_TOLD = upsert(deal_leads)


class StoredDeals:
    """The Deals port."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def hear(self, workspace: WorkspaceId, deals: Collection[HeardDeal], now: datetime) -> None:
        """Have these deals read. What was heard of one before stays, where it was later."""
        rows = [
            {
                "workspace": workspace,
                "ref": str(one.ref),
                "crm": one.ref.crm,
                "account": one.ref.account,
                "heard_at": to_optional_ms(one.heard_at),
                "moved_at": to_optional_ms(one.moved_at),
                "read_at": None,
                "read_wanted_at": to_ms(now),
            }
            for one in sorted(deals, key=lambda one: str(one.ref))
        ]
        self._session.run_many(_HEAR, rows)

    def unread(self, connection: Connection, now: datetime, limit: int) -> Sequence[HeardDeal]:
        """Deals of this connection that wait to be read now, longest waiting first."""
        asked = {
            "workspace_": connection.workspace,
            "crm": connection.crm,
            "account": connection.account,
            "now": to_ms(now),
            "limit": limit,
        }
        return [_to_heard(*row) for row in self._session.rows(_UNREAD, asked)]

    def set_read(self, workspace: WorkspaceId, refs: Collection[CrmRef], now: datetime) -> None:
        """They were read at this moment. A wish to read one again that is younger stays."""
        self._session.run(_SET_READ, _asked(workspace, refs) | {"now": to_ms(now)})

    def postpone(self, workspace: WorkspaceId, refs: Collection[CrmRef], until: datetime, now: datetime) -> None:
        """Let these wait until then. A wish to read one again that is younger than `now` stays."""
        self._session.run(_POSTPONE, _asked(workspace, refs) | {"now": to_ms(now), "until_": to_ms(until)})

    def heard(self, workspace: WorkspaceId, refs: Collection[CrmRef]) -> Mapping[CrmRef, HeardDeal]:
        """What was heard of these deals; unknown ones are left out."""
        found = [_to_heard(*row) for row in self._session.rows(_HEARD, _asked(workspace, refs))]
        return {one.ref: one for one in found}

    def told(self, workspace: WorkspaceId, refs: Collection[CrmRef]) -> Mapping[CrmRef, Mapping[LeadId, ToldDeal]]:
        """What leads were told of these deals; deals of which nobody was told are left out."""
        found: dict[CrmRef, dict[LeadId, ToldDeal]] = defaultdict(dict)
        for ref, lead_id, text, moved_at in self._session.rows(_TOLD, _asked(workspace, refs)):
            found[to_ref(ref)][lead_id] = ToldDeal(text, from_optional_ms(moved_at))
        return found

    def set_told(self, workspace: WorkspaceId, told: Mapping[tuple[CrmRef, LeadId], ToldDeal]) -> None:
        """Remember what leads were told."""
        rows = [
            {
                "workspace": workspace,
                "ref": str(ref),
                "lead_id": lead_id,
                "told": one.text,
                "moved_at": to_optional_ms(one.moved_at),
            }
            for (ref, lead_id), one in sorted(told.items())
        ]
        self._session.run_many(_SET_TOLD, rows)


def _asked(workspace: WorkspaceId, refs: Collection[CrmRef]) -> dict[str, object]:
    return {"workspace_": workspace, "refs": to_list(map(str, refs))}


def _to_heard(ref: str, *moments: int | None) -> HeardDeal:
    return HeardDeal(to_ref(ref), *map(from_optional_ms, moments))
