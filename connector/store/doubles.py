"""Addresses that leads came by.

Whoever saves a lead adds a row, and nobody changes one: two who save leads of one address at the same moment do not
wait for each other, and the row of the one who comes second is looked at when both leads are there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import Text, bindparam, delete, select

from connector.domain.ids import LeadId, WorkspaceId, to_address
from connector.ports import Double, SavedLead
from connector.store.codec import from_ms, to_ms
from connector.store.listed import among
from connector.store.schema import doubles, leads
from connector.store.session import Session, limited, to_list
from connector.store.upsert import insert_into

_ADD = insert_into(doubles, but=frozenset({"id"}))
# A worker's query: it serves every workspace.
_WAITING = limited(select(doubles.c.id, doubles.c.workspace, doubles.c.email, doubles.c.since).order_by(doubles.c.id))
_EMAILS = select(leads.c.email).where(
    leads.c.workspace == bindparam("workspace_", type_=Text), among(leads.c.id, "ids")
)
_SETTLE = delete(doubles).where(among(doubles.c.id, "ids"))


class StoredDoubles:
    """The Doubles port."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def waiting(self, limit: int) -> Sequence[Double]:
        """The oldest first."""
        found = self._session.rows(_WAITING, {"limit": limit})
        return [Double(row.id, row.workspace, row.email, from_ms(row.since)) for row in found]

    def settle(self, ids: Collection[int]) -> None:
        """They were looked at."""
        self._session.run(_SETTLE, {"ids": to_list(ids)})


def look_again(session: Session, workspace: WorkspaceId, lead_ids: Collection[LeadId], now: datetime) -> None:
    """Have the addresses of these leads looked at again."""
    found = session.rows(_EMAILS, {"workspace_": workspace, "ids": to_list(lead_ids)})
    rows = [{"workspace": workspace, "email": email, "since": to_ms(now)} for (email,) in found if email]
    session.run_many(_ADD, rows)


def save_doubles(session: Session, saved: Iterable[SavedLead], now: datetime) -> None:
    """Have the addresses looked at that these leads came by, where others with the same are the same person."""
    rows = [
        {"workspace": one.stored.workspace, "email": to_address(one.email), "since": to_ms(now)}
        for one in saved
        if one.may_have_doubles
    ]
    session.run_many(_ADD, rows)
