"""The outbox as its dispatcher sees it: what is due, what was attempted, what became of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Text,
    bindparam,
    case,
    func,
    literal_column,
    null,
    select,
    text,
    union_all,
    update,
)

from connector.domain.ids import ConnectionId, LeadId, WorkspaceId
from connector.domain.outward.change import ACTS, CLOSED_STATES, ChangeKind, ChangeState, Lane
from connector.errors import LostClaimError
from connector.ports import OutboxChange, Settled
from connector.store.codec import decode_act, decode_texts, encode, from_ms, from_optional_ms, to_ms
from connector.store.listed import among
from connector.store.schema import outbox
from connector.store.session import Session, limited, to_list

COLUMNS = (
    outbox.c.id,
    outbox.c.workspace,
    outbox.c.connection_id,
    outbox.c.lead_id,
    outbox.c.record_id,
    outbox.c.kind,
    outbox.c.key,
    outbox.c.state,
    outbox.c.wanted,
    outbox.c.written,
    outbox.c.act,
    outbox.c.due_at,
    outbox.c.attempts,
    outbox.c.version,
    outbox.c.words,
    outbox.c.remote_id,
    outbox.c.attempted_at,
)

# In the words of the partial index, so that both databases see that it serves.
_OPEN = text("outbox.state IN ('pending', 'attempted') AND NOT outbox.is_held")
_OF_CONNECTION = outbox.c.connection_id == bindparam("connection", type_=Text)
_NEXT_VERSION = outbox.c.version + literal_column("1")


def _in_lane(lane: Lane) -> Select[Any]:
    return limited(
        select(*COLUMNS, literal_column(str(int(lane))).label("lane"))
        .where(
            _OPEN,
            _OF_CONNECTION,
            outbox.c.lane == literal_column(str(int(lane))),
            outbox.c.due_at <= bindparam("now", type_=BigInteger),
        )
        .order_by(outbox.c.due_at)
    )


# Lane by lane, so that what waits in one lane is never walked over on the way to what is due in the next.
_lanes = union_all(*(select(_in_lane(lane).subquery()) for lane in Lane)).subquery("lanes")
_DUE = limited(
    select(*(_lanes.c[column.name] for column in COLUMNS)).order_by(_lanes.c.lane, _lanes.c.due_at, _lanes.c.id)
)
_earliest = union_all(
    *(
        select(func.min(outbox.c.due_at).label("due_at")).where(
            _OPEN, _OF_CONNECTION, outbox.c.lane == literal_column(str(int(lane)))
        )
        for lane in Lane
    )
).subquery("earliest")
_WRITES_DUE = _in_lane(Lane.SCORE)
_NTH_WRITE = (
    select(outbox.c.id)
    .where(
        _OPEN,
        _OF_CONNECTION,
        outbox.c.lane == literal_column(str(int(Lane.SCORE))),
        outbox.c.due_at <= bindparam("now", type_=BigInteger),
    )
    .order_by(outbox.c.due_at)
    .limit(literal_column("1"))
    .offset(bindparam("nth", type_=BigInteger))
)
_NEXT_DUE_AT = select(func.min(_earliest.c.due_at))
_FOR_SETTLING = (
    select(outbox.c.id, outbox.c.state, outbox.c.wanted, outbox.c.written, outbox.c.due_at, outbox.c.version)
    .where(among(outbox.c.id, "ids"))
    .order_by(outbox.c.id)
    .with_for_update()
)
_BEGIN = (
    update(outbox)
    .where(outbox.c.id == bindparam("id_", type_=BigInteger))
    .values(attempted_at=bindparam("now", type_=BigInteger))
)
# Two statements: where a state is set, even to what it was, the indexes that depend on it are written anew.
_ATTEMPT_ACT = _BEGIN.values(
    state=literal_column(f"'{ChangeState.ATTEMPTED}'"),
    # One that is in doubt has been so since its first call.
    attempted_at=case(
        (outbox.c.state == literal_column(f"'{ChangeState.ATTEMPTED}'"), outbox.c.attempted_at),
        else_=bindparam("now", type_=BigInteger),
    ),
)
_ATTEMPT_WISH = _BEGIN.values(written=bindparam("written_", type_=Text))
_SETTLE = (
    update(outbox)
    .where(outbox.c.id == bindparam("id_", type_=BigInteger))
    .values(
        state=bindparam("state_", type_=Text),
        written=bindparam("written_", type_=Text),
        due_at=bindparam("due_at_", type_=BigInteger),
        attempts=outbox.c.attempts + literal_column("1"),
        words=bindparam("words_", type_=Text),
        remote_id=bindparam("remote_id_", type_=Text),
        settled_at=bindparam("settled_at_", type_=BigInteger),
        version=_NEXT_VERSION,
    )
)
_POSTPONE = (
    update(outbox)
    .where(_OPEN, among(outbox.c.id, "ids"))
    .values(
        due_at=bindparam("until_", type_=BigInteger),
        words=func.coalesce(bindparam("words_", type_=Text), outbox.c.words),
    )
)
_left_at = func.coalesce(outbox.c.settled_at, bindparam("now", type_=BigInteger))
_LEFT = (
    select(outbox.c.lead_id, _left_at.label("left_at"))
    .where(
        outbox.c.workspace == bindparam("workspace_", type_=Text),
        among(outbox.c.lead_id, "ids"),
        outbox.c.kind == literal_column(f"'{ChangeKind.EMAIL}'"),
        outbox.c.state.in_([literal_column(f"'{state}'") for state in (ChangeState.DONE, ChangeState.ATTEMPTED)]),
        _left_at > bindparam("since", type_=BigInteger),
    )
    .order_by(_left_at)
)
_RETRY = (
    update(outbox)
    .where(outbox.c.state == literal_column(f"'{ChangeState.REFUSED}'"), among(outbox.c.id, "ids"))
    .values(
        state=literal_column(f"'{ChangeState.PENDING}'"),
        due_at=bindparam("now", type_=BigInteger),
        attempts=literal_column("0"),
        settled_at=null(),
        version=_NEXT_VERSION,
    )
)


class StoredOutbox:
    """The Outbox port."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def due(self, connection: ConnectionId, now: datetime, limit: int) -> Sequence[OutboxChange]:
        """Pending and in-doubt changes whose time has come, in lane order."""
        asked = {"connection": connection, "now": to_ms(now), "limit": limit}
        return [to_change(row) for row in self._session.rows(_DUE, asked)]

    def writes_due(self, connection: ConnectionId, now: datetime, limit: int) -> Sequence[OutboxChange]:
        """Properties of which the time has come, in their order."""
        asked = {"connection": connection, "now": to_ms(now), "limit": limit}
        return [to_change(row[: len(COLUMNS)]) for row in self._session.rows(_WRITES_DUE, asked)]

    def has_writes_due(self, connection: ConnectionId, now: datetime, amount: int) -> bool:
        """Whether the properties of so many records wait to be written."""
        asked = {"connection": connection, "now": to_ms(now), "nth": amount - 1}
        return bool(self._session.rows(_NTH_WRITE, asked))

    def next_due_at(self, connection: ConnectionId) -> datetime | None:
        """When the earliest pending change may leave."""
        ((at,),) = self._session.rows(_NEXT_DUE_AT, {"connection": connection})
        return from_optional_ms(at)

    def mark_attempted(self, changes: Sequence[OutboxChange], now: datetime) -> None:
        """Record that the calls for these changes begin.

        Raises LostClaimError when one of the acts was withdrawn or changed meanwhile.
        """
        rows, at = self._lock(changes), to_ms(now)
        acts = [change for change in changes if change.kind in ACTS]
        if not all(_is_as_read(act, rows.get(act.id)) for act in acts):
            raise LostClaimError("an act was withdrawn or changed before it left")
        self._session.run_many(_ATTEMPT_ACT, [{"id_": act.id, "now": at} for act in acts])
        wishes = [change for change in changes if change.kind not in ACTS and change.id in rows]
        self._session.run_many(_ATTEMPT_WISH, [_to_attempt(wish, rows[wish.id], at) for wish in wishes])

    def settle(self, settled: Sequence[Settled], now: datetime) -> None:
        """Close or postpone, and count one attempt more.

        A second run of the same leaves states as they are.
        """
        rows = self._lock([one.change for one in settled])
        pairs = [(one, rows[one.change.id]) for one in settled if one.change.id in rows]
        self._session.run_many(_SETTLE, [_to_settlement(one, row, to_ms(now)) for one, row in pairs])

    def postpone(self, ids: Collection[int], until: datetime, words: str | None = None) -> None:
        """Let these open changes be due again then, and say why; None leaves the words. No attempt is counted."""
        self._session.run(_POSTPONE, {"ids": to_list(ids), "until_": to_ms(until), "words_": words})

    def emails_left(
        self, workspace: WorkspaceId, lead_ids: Collection[LeadId], since: datetime, now: datetime
    ) -> Mapping[LeadId, Sequence[datetime]]:
        """When emails of these leads left after `since`, oldest first; one that is under way leaves now."""
        asked = {"workspace_": workspace, "ids": to_list(lead_ids), "since": to_ms(since), "now": to_ms(now)}
        found: defaultdict[LeadId, list[datetime]] = defaultdict(list)
        for lead_id, left_at in self._session.rows(_LEFT, asked):
            found[lead_id].append(from_ms(left_at))
        return found

    def list(
        self, workspace: WorkspaceId | None, states: Collection[ChangeState], limit: int
    ) -> Sequence[OutboxChange]:
        """The latest first."""
        statement = _list_of(frozenset(states), of_workspace=workspace is not None)
        return [to_change(row) for row in self._session.rows(statement, {"workspace": workspace, "limit": limit})]

    def retry(self, ids: Collection[int], now: datetime) -> int:
        """Make dead letters pending again; how many there were."""
        return self._session.run(_RETRY, {"ids": to_list(ids), "now": to_ms(now)})

    def _lock(self, changes: Collection[OutboxChange]) -> dict[int, Any]:
        ids = to_list(change.id for change in changes)
        return {row.id: row for row in self._session.rows(_FOR_SETTLING, {"ids": ids})}


@cache
def _list_of(states: frozenset[ChangeState], *, of_workspace: bool) -> Select[Any]:
    # The states are part of the wording, so that the index of dead letters serves when they alone are asked for.
    words: list[ColumnElement[str]] = [literal_column(f"'{state}'") for state in sorted(states)]
    statement = select(*COLUMNS).where(outbox.c.state.in_(words)).order_by(outbox.c.id.desc())
    if of_workspace:
        statement = statement.where(outbox.c.workspace == bindparam("workspace", type_=Text))
    return limited(statement)


def to_change(row: Any) -> OutboxChange:
    """A change from its `COLUMNS`."""
    id_, workspace, connection, lead, record, kind, key, state, wanted, written, act, due_at, *rest = row
    attempts, version, words, remote_id, attempted_at = rest
    return OutboxChange(
        id=id_,
        workspace=workspace,
        connection_id=connection,
        lead_id=lead,
        record_id=record,
        kind=ChangeKind(kind),
        key=key,
        state=ChangeState(state),
        wanted=decode_texts(wanted),
        written=decode_texts(written),
        act=decode_act(act) if act else None,
        due_at=from_ms(due_at),
        attempts=attempts,
        version=version,
        words=words,
        remote_id=remote_id,
        attempted_at=from_optional_ms(attempted_at),
    )


def _is_as_read(act: OutboxChange, row: Any) -> bool:
    return row is not None and row.version == act.version and row.state not in CLOSED_STATES


def _to_attempt(wish: OutboxChange, row: Any, now: int) -> dict[str, Any]:
    # Until the CRM has answered, nobody knows whether it holds the old or the new.
    to_write = wish.to_write
    kept = {name: value for name, value in decode_texts(row.written).items() if name not in to_write}
    return {"id_": wish.id, "written_": encode(kept), "now": now}


def _to_settlement(settled: Settled, row: Any, now: int) -> dict[str, Any]:
    change = settled.change
    written = decode_texts(row.written)
    if settled.state is ChangeState.DONE:
        written |= change.wanted
    state, due_at = settled.state, to_ms(settled.due_at)
    if change.kind not in ACTS and row.version != change.version:
        # Something else is wanted by now: it is done if this call happened to bring it, and waits otherwise.
        wanted = decode_texts(row.wanted)
        written = {name: value for name, value in written.items() if name in wanted}
        is_done = all(written.get(name) == value for name, value in wanted.items())
        state = ChangeState.DONE if is_done else ChangeState.PENDING
        due_at = max(row.due_at, due_at) if settled.state is ChangeState.PENDING else row.due_at
    return {
        "id_": change.id,
        "state_": state,
        "written_": encode(written),
        "due_at_": due_at,
        "words_": settled.words,
        "remote_id_": settled.remote_id,
        "settled_at_": now if state in CLOSED_STATES else None,
    }
