"""Signals whose lead is yet to be found by an address."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Text, bindparam, delete, select, update

from connector.domain.fact import Fact, FactKind
from connector.domain.ids import ConnectionId, LeadId
from connector.ports import NewFact, Sought
from connector.store.codec import decode_data, encode, from_ms, to_ms
from connector.store.schema import seekers
from connector.store.session import Session, limited
from connector.store.upsert import insert_if_absent

#: Whose lead it is, is what is sought.
NOBODY = LeadId("")

_ADD = insert_if_absent(seekers)
# A worker's query: a connection belongs to one workspace. Signals of one address stay together.
_DUE = limited(
    select(seekers)
    .where(
        seekers.c.connection_id == bindparam("connection", type_=Text),
        seekers.c.due_at <= bindparam("now", type_=BigInteger),
    )
    .order_by(seekers.c.due_at, seekers.c.email, seekers.c.at, seekers.c.key)
)
_SAME = (
    seekers.c.workspace == bindparam("workspace_", type_=Text),
    seekers.c.email == bindparam("email_", type_=Text),
    seekers.c.at == bindparam("at_", type_=BigInteger),
    seekers.c.key == bindparam("key_", type_=Text),
)
_POSTPONE = update(seekers).where(*_SAME).values(due_at=bindparam("until", type_=BigInteger))
_SETTLE = delete(seekers).where(*_SAME)


class StoredSeekers:
    """The Seekers port."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, sought: Collection[Sought]) -> None:
        """Have them sought from now on; one that is sought already is left as it is."""
        self._session.run_many(_ADD, [_to_row(one) for one in sought])

    def due(self, connection: ConnectionId, now: datetime, limit: int) -> Sequence[Sought]:
        """Those of the next addresses to be sought, at most so many signals."""
        found = self._session.rows(_DUE, {"connection": connection, "now": to_ms(now), "limit": limit})
        return [_to_sought(row) for row in found]

    def postpone(self, sought: Collection[Sought], until: datetime) -> None:
        """Seek them again then."""
        self._session.run_many(_POSTPONE, [{**_to_name(one), "until": to_ms(until)} for one in sought])

    def settle(self, sought: Collection[Sought]) -> None:
        """Seek them no more."""
        self._session.run_many(_SETTLE, [_to_name(one) for one in sought])


def _to_name(one: Sought) -> dict[str, Any]:
    fact = one.fact.fact
    return {"workspace_": one.workspace, "email_": one.email, "at_": to_ms(fact.at), "key_": fact.key}


def _to_row(one: Sought) -> dict[str, Any]:
    fact = one.fact.fact
    return {
        "workspace": one.workspace,
        "email": one.email,
        "at": to_ms(fact.at),
        "key": fact.key,
        "connection_id": one.connection_id,
        "name": fact.name,
        "source": fact.source,
        "data": encode(fact.data),
        "received_at": to_ms(one.fact.received_at),
        "delivery_id": one.fact.delivery_id,
        "is_told": one.is_told,
        "due_at": to_ms(one.fact.received_at),
    }


def _to_sought(row: Any) -> Sought:
    fact = Fact(row.key, from_ms(row.at), FactKind.SIGNAL, row.name, row.source, decode_data(row.data))
    new = NewFact(NOBODY, fact, from_ms(row.received_at), row.delivery_id)
    return Sought(row.workspace, row.connection_id, row.email, new, bool(row.is_told))
