"""How far the records of each connection are known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Text, bindparam, case, literal_column, null, or_, select, update

from connector.domain.ids import ConnectionId
from connector.errors import LostClaimError
from connector.ports import CensusState
from connector.store.codec import from_ms, from_optional_ms, to_ms, to_optional_ms
from connector.store.schema import censuses
from connector.store.session import Session
from connector.store.upsert import insert_if_absent

# A connection belongs to one workspace.
_CONNECTION = censuses.c.connection_id == bindparam("connection_id_", type_=Text)
_OF = select(censuses).where(_CONNECTION).order_by(censuses.c.object_type)
_BEGIN = insert_if_absent(censuses)
_KEYS = ("connection_id", "object_type")
_SAVE = (
    update(censuses)
    .where(
        _CONNECTION,
        censuses.c.object_type == bindparam("object_type_", type_=Text),
        censuses.c.version == bindparam("version_before", type_=BigInteger),
    )
    .values({one.name: bindparam(one.name, type_=one.type) for one in censuses.columns if one.name not in _KEYS})
)
_SINCE, _NOW = bindparam("since_", type_=BigInteger), bindparam("now_", type_=BigInteger)
_TYPE = bindparam("object_type_", type_=Text)
_LOOK_AGAIN = (
    update(censuses)
    .where(_CONNECTION, or_(censuses.c.object_type == _TYPE, literal_column("''") == _TYPE))
    .values(
        complete_to=case((censuses.c.complete_to > _SINCE, _SINCE), else_=censuses.c.complete_to),
        due_at=case((censuses.c.due_at > _NOW, _NOW), else_=censuses.c.due_at),
        until=null(),
        # The place of the first reading is no sweep's.
        place=case((censuses.c.is_filled, literal_column("''")), else_=censuses.c.place),
        version=censuses.c.version + literal_column("1"),
    )
)


class StoredCensuses:
    """The Censuses port."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, connection: ConnectionId) -> Sequence[CensusState]:
        """All that were ever begun, by object type."""
        return [_to_state(row) for row in self._session.rows(_OF, {"connection_id_": connection})]

    def save(self, connection: ConnectionId, state: CensusState) -> None:
        """Keep how far it is. Raises LostClaimError where it is not as it was read any more."""
        row = _to_row(connection, state)
        where = {
            "connection_id_": connection,
            "object_type_": state.object_type,
            "version_before": state.version,
        }
        saved = self._session.run(_SAVE, row | where) if state.version else self._session.run(_BEGIN, row)
        if not saved:
            raise LostClaimError("another hand was at the census")

    def look_again(self, connection: ConnectionId, since: datetime, now: datetime, object_type: str = "") -> None:
        """Ask now for what changed since then, of one type or of all."""
        asked = {"connection_id_": connection, "object_type_": object_type, "since_": to_ms(since), "now_": to_ms(now)}
        self._session.run(_LOOK_AGAIN, asked)


def _to_row(connection: ConnectionId, state: CensusState) -> dict[str, Any]:
    return {
        "connection_id": connection,
        "object_type": state.object_type,
        "began_at": to_ms(state.began_at),
        "complete_to": to_ms(state.complete_to),
        "due_at": to_ms(state.due_at),
        "until": to_optional_ms(state.until),
        "place": state.place,
        "is_filled": state.is_filled,
        "read": state.read,
        "total": state.total,
        "problem": state.problem,
        "version": state.version + 1,
    }


def _to_state(row: Any) -> CensusState:
    return CensusState(
        object_type=row.object_type,
        began_at=from_ms(row.began_at),
        complete_to=from_ms(row.complete_to),
        due_at=from_ms(row.due_at),
        until=from_optional_ms(row.until),
        place=row.place,
        is_filled=bool(row.is_filled),
        read=row.read,
        total=row.total,
        problem=row.problem,
        version=row.version,
    )
