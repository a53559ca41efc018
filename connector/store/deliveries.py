"""Raw requests, from the door to intake, and what of them became no fact."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Text, bindparam, delete, func, literal_column, select, update

from connector.errors import LostClaimError
from connector.ports import BatchName, Delivery, DeliveryState, NewDelivery, Stray, StrayReason
from connector.store.codec import from_ms, to_ms
from connector.store.listed import among
from connector.store.schema import batches, deliveries, strays
from connector.store.session import Session, limited, to_list
from connector.store.upsert import insert_if_absent, insert_into

#: Bodies of one claim, all together: however much waits, a worker takes into its hands what it can hold.
MAX_BYTES: Final = 2 * 1024 * 1024

_RECEIVED = deliveries.c.state == literal_column(f"'{DeliveryState.RECEIVED}'")

_BY_AGE = (deliveries.c.received_at, deliveries.c.id)

# A worker's queries: deliveries belong to no workspace before they are taken in.
_OLDEST = limited(
    select(deliveries.c.id, func.length(deliveries.c.body))
    .where(_RECEIVED)
    .order_by(*_BY_AGE)
    .with_for_update(skip_locked=True)
)
_BODIES = (
    select(deliveries.c.id, deliveries.c.endpoint, deliveries.c.received_at, deliveries.c.body)
    .where(among(deliveries.c.id, "ids"))
    .order_by(*_BY_AGE)
)
_SETTLE = (
    update(deliveries).where(_RECEIVED, among(deliveries.c.id, "ids")).values(state=bindparam("state_", type_=Text))
)
_FORGET = delete(deliveries).where(deliveries.c.state != literal_column("'received'"), among(deliveries.c.id, "ids"))
_FORGET_BEFORE = delete(deliveries).where(
    deliveries.c.state != literal_column("'received'"), deliveries.c.received_at < bindparam("moment", type_=BigInteger)
)
_EMPTY_STRAYS = (
    update(strays)
    .where(strays.c.received_at < bindparam("moment", type_=BigInteger), strays.c.raw != literal_column("''"))
    .values(raw=literal_column("''"))
)

# The state has its default.
_KEEP = insert_into(deliveries, but=frozenset({"id", "state"}))
_NAME_BATCH = insert_if_absent(batches)
_BATCH = select(batches.c.fingerprint).where(
    batches.c.workspace == bindparam("workspace", type_=Text), batches.c.name == bindparam("name", type_=Text)
)
_FORGET_BATCHES = delete(batches).where(batches.c.received_at < bindparam("moment", type_=BigInteger))

_ADD_STRAY = insert_into(strays, but=frozenset({"id"})).on_conflict_do_nothing()
_STRAYS = limited(select(strays).order_by(strays.c.id.desc()))


def load_oldest(session: Session, limit: int) -> Sequence[Delivery]:
    """The oldest deliveries that nobody has taken in, as many as fit into a claim."""
    ids = _as_many_as_fit(session.rows(_OLDEST, {"limit": limit}))
    if not ids:
        return ()
    found = session.rows(_BODIES, {"ids": to_list(ids)})
    return [Delivery(id_, endpoint, from_ms(at), bytes(body)) for id_, endpoint, at, body in found]


def _as_many_as_fit(sizes: Iterable[tuple[int, int]]) -> Sequence[int]:
    """The first ids whose bodies fit; the very first in any case."""
    ids: list[int] = []
    room = MAX_BYTES
    for id_, size in sizes:
        room -= size
        if ids and room < 0:
            break
        ids.append(id_)
    return ids


class StoredDeliveries:
    """The Deliveries port."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def settle(self, states: Mapping[int, DeliveryState]) -> None:
        """Close them. Raises LostClaimError when one was no longer open."""
        by_state: dict[DeliveryState, list[int]] = defaultdict(list)
        for id_, state in states.items():
            by_state[state].append(id_)
        for state, ids in by_state.items():
            if self._session.run(_SETTLE, {"state_": state, "ids": to_list(ids)}) != len(ids):
                raise LostClaimError("another worker took these deliveries in")

    def add_strays(self, strays: Sequence[Stray]) -> None:
        """Keep aside what became no fact. A feed's record that is kept already is not kept again."""
        self._session.run_many(
            _ADD_STRAY,
            [
                {
                    "delivery_id": stray.delivery_id,
                    "reason": stray.reason,
                    "what": stray.what,
                    "account": stray.account,
                    "raw": stray.raw,
                    "received_at": to_ms(stray.received_at),
                }
                for stray in strays
            ],
        )

    def keep(self, delivery: NewDelivery) -> None:
        """Keep what came over a stream; it waits to be taken in."""
        received_at = to_ms(delivery.received_at)
        self._session.run(_KEEP, {"endpoint": delivery.endpoint, "received_at": received_at, "body": delivery.body})

    def keep_once(self, delivery: NewDelivery, batch: BatchName) -> bool:
        """Keep a batch unless one of its name was kept before; whether it is, or was, the same batch."""
        received_at = to_ms(delivery.received_at)
        row = {**batch._asdict(), "received_at": received_at}
        if self._session.run(_NAME_BATCH, row) == 0:
            ((fingerprint,),) = self._session.rows(_BATCH, row)
            return bool(fingerprint == batch.fingerprint)
        self.keep(delivery)
        return True

    def strays(self, limit: int) -> Sequence[Stray]:
        """The latest first."""
        return [
            Stray(delivery_id, StrayReason(reason), what, account, raw, from_ms(received_at), id_)
            for id_, delivery_id, reason, what, account, raw, received_at in self._session.rows(
                _STRAYS, {"limit": limit}
            )
        ]

    def forget(self, ids: Collection[int]) -> None:
        """Drop these deliveries, save those that are still to be taken in."""
        self._session.run(_FORGET, {"ids": to_list(ids)})

    def forget_before(self, moment: datetime) -> int:
        """Drop old deliveries that do not wait, and what old strays quote; how many deliveries."""
        self._session.run(_FORGET_BATCHES, {"moment": to_ms(moment)})
        self._session.run(_EMPTY_STRAYS, {"moment": to_ms(moment)})
        return self._session.run(_FORGET_BEFORE, {"moment": to_ms(moment)})
