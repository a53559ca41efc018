"""Counters for people to look at."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from connector.store.schema import counts
from connector.store.session import Session
from connector.store.upsert import insert_into

_COUNT = insert_into(counts)
_ADD = _COUNT.on_conflict_do_update(
    index_elements=[counts.c.name], set_={"amount": counts.c.amount + _COUNT.excluded.amount}
)
_ALL = select(counts.c.name, counts.c.amount).order_by(counts.c.name)


class StoredCounts:
    """The Counts port."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, amounts: Mapping[str, int]) -> None:
        """Add to the counters."""
        # In one order for everybody: two transactions never wait for each other's counters.
        self._session.run_many(_ADD, [{"name": name, "amount": amount} for name, amount in sorted(amounts.items())])

    def all(self) -> Mapping[str, int]:
        """Every counter."""
        return dict(self._session.rows(_ALL))
