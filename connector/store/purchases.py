"""What leads bought, beside one another, and what they were told of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Double,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal_column,
    or_,
    select,
    union_all,
    update,
)

from connector.domain.ids import LeadId, WorkspaceId
from connector.domain.traits.quintiles import Fifths
from connector.ports import Measurement, SavedLead
from connector.store.codec import decode_edges, encode, from_ms, to_ms, to_optional_ms
from connector.store.listed import among
from connector.store.schema import measurements, purchases
from connector.store.session import Session, limited, to_list
from connector.store.upsert import insert_if_absent, insert_into

_WORKSPACE = bindparam("workspace_", type_=Text)
_NOW = bindparam("now", type_=BigInteger)
_DAY_MS = 86_400_000.0
_FIFTHS = 5

_ZERO: ColumnElement[int] = literal_column("0")
_IN_WORKSPACE = purchases.c.workspace == _WORKSPACE
_BOUGHT = and_(_IN_WORKSPACE, purchases.c.times > _ZERO)

_COUNT = select(func.count()).where(_BOUGHT)
_CELLS = select(purchases.c.code, func.count()).where(_BOUGHT).group_by(purchases.c.code)


def _fifths(name: str, value: ColumnElement[Any], *known: ColumnElement[bool]) -> Select[Any]:
    """The largest value of each fifth."""
    fifth = func.ntile(literal_column(str(_FIFTHS))).over(order_by=value)
    of_each = select(value.label("value"), fifth.label("fifth")).where(_BOUGHT, *known).subquery(name)
    largest = func.max(of_each.c.value)
    of_what: ColumnElement[str] = literal_column(f"'{name}'")
    return select(
        of_what.label("name"), of_each.c.fifth.label("fifth"), cast(largest, Double).label("largest")
    ).group_by(of_each.c.fifth)


_MEASURE = union_all(
    _fifths("recency", _NOW - purchases.c.last_at, purchases.c.last_at.is_not(None)),
    _fifths("frequency", purchases.c.times),
    _fifths("monetary", purchases.c.total),
)

# Two ranges of the index: those that know are not looked at.
_TOLD_AT = bindparam("told_at_", type_=BigInteger)
_UNTOLD = limited(
    select(purchases.c.lead_id, purchases.c.told_at).where(
        _IN_WORKSPACE, or_(purchases.c.told_at < _TOLD_AT, purchases.c.told_at > _TOLD_AT)
    )
)
_SET_TOLD = update(purchases).where(_IN_WORKSPACE, among(purchases.c.lead_id, "ids")).values(told_at=_TOLD_AT)

# Any moment but none: what is measured first is news to them.
_AWAIT_NEWS = update(purchases).where(_IN_WORKSPACE, purchases.c.told_at == _ZERO).values(told_at=literal_column("1"))

_MEASUREMENT = select(measurements).where(measurements.c.workspace == _WORKSPACE)
_FIRST_MEASUREMENT = insert_if_absent(measurements)
_NEXT_MEASUREMENT = (
    update(measurements)
    .where(measurements.c.workspace == _WORKSPACE, measurements.c.measured_at == bindparam("before", type_=BigInteger))
    .values({name: bindparam(f"new_{name}", type_=measurements.c[name].type) for name in
             ("measured_at", "buyers", "edges")})
)  # fmt: skip


class StoredPurchases:
    """The Purchases port."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def count(self, workspace: WorkspaceId) -> int:
        """How many leads bought something."""
        ((found,),) = self._session.rows(_COUNT, {"workspace_": workspace})
        return int(found)

    def fifths(self, workspace: WorkspaceId, now: datetime) -> Fifths:
        """Where the fifths of those who bought something end."""
        ends: dict[str, list[float]] = defaultdict(list)
        found = self._session.rows(_MEASURE, {"workspace_": workspace, "now": to_ms(now)})
        for name, fifth, largest in sorted(map(tuple, found)):
            if fifth < _FIFTHS:
                ends[name].append(largest)
        return Fifths([span / _DAY_MS for span in ends["recency"]], ends["frequency"], ends["monetary"])

    def cells(self, workspace: WorkspaceId) -> Mapping[str, int]:
        """RFM's code -> how many leads have it; empty: how many bought something and have none."""
        return dict(self._session.rows(_CELLS, {"workspace_": workspace}))

    def measurement(self, workspace: WorkspaceId) -> Measurement | None:
        """The last one; None where nothing was measured yet."""
        for row in self._session.rows(_MEASUREMENT, {"workspace_": workspace}):
            return Measurement(from_ms(row.measured_at), row.buyers, decode_edges(row.edges))
        return None

    def save_measurement(self, workspace: WorkspaceId, new: Measurement, before: Measurement | None) -> bool:
        """Keep it; False, and nothing is kept, where another worker measured since `before`.

        The first one is news to those who bought before it, as later ones are.
        """
        row = {"measured_at": to_ms(new.measured_at), "buyers": new.buyers, "edges": encode(new.edges)}
        if before is None:
            is_first = self._session.run(_FIRST_MEASUREMENT, {"workspace": workspace, **row}) == 1
            if is_first:
                self._session.run(_AWAIT_NEWS, {"workspace_": workspace})
            return is_first
        asked = {f"new_{name}": value for name, value in row.items()}
        return self._session.run(
            _NEXT_MEASUREMENT, {"workspace_": workspace, "before": to_ms(before.measured_at), **asked}
        ) == 1  # fmt: skip

    def untold(self, workspace: WorkspaceId, measured_at: datetime, limit: int) -> Mapping[LeadId, bool]:
        """Leads that were told last of other edges than those of this moment, and whether of any."""
        asked = {"workspace_": workspace, "told_at_": to_ms(measured_at), "limit": limit}
        return {lead_id: bool(told_at) for lead_id, told_at in self._session.rows(_UNTOLD, asked)}

    def set_told(self, workspace: WorkspaceId, lead_ids: Collection[LeadId], measured_at: datetime) -> None:
        """They are told of the edges of this moment."""
        asked = {"workspace_": workspace, "ids": to_list(lead_ids), "told_at_": to_ms(measured_at)}
        self._session.run(_SET_TOLD, asked)


# --- saved with leads ---------------------------------------------------------------------------------------

_insert = insert_into(purchases, but=frozenset({"told_at"}))
_new = _insert.excluded
_SAID = ("last_at", "times", "total", "code")


def _differs(column: Column[Any]) -> ColumnElement[bool]:
    return column.is_distinct_from(_new[column.name])


# Most leads are saved for something else: what stays is not written again.
_SAVE = _insert.on_conflict_do_update(
    index_elements=list(purchases.primary_key),
    set_={name: _new[name] for name in _SAID},
    where=or_(*(_differs(purchases.c[name]) for name in _SAID)),
)
_CLEAR = (
    update(purchases)
    .where(_BOUGHT, purchases.c.lead_id == bindparam("lead_id_", type_=Text))
    .values(times=_ZERO, code=literal_column("''"))
)


def save_purchases(session: Session, saved: Iterable[SavedLead]) -> None:
    """Bring what leads bought up to date. What they were told of others stays."""
    with_deals = [one for one in saved if one.lead.deals or one.stored.lead.deals]
    session.run_many(_SAVE, _to_rows(with_deals))
    session.run_many(
        _CLEAR,
        [
            {"workspace_": one.stored.workspace, "lead_id_": one.lead.id}
            for one in with_deals
            if one.bought is None
        ],
    )  # fmt: skip


def _to_rows(saved: Iterable[SavedLead]) -> Sequence[dict[str, Any]]:
    return [
        {
            "workspace": one.stored.workspace,
            "lead_id": one.lead.id,
            "last_at": to_optional_ms(one.bought.last_at),
            "times": one.bought.times,
            "total": one.bought.total,
            "code": one.bought.code,
        }
        for one in saved
        if one.bought is not None
    ]
