"""How far the changes of each connection were heard, and what may have been missed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Text, bindparam, delete, select

from connector.domain.ids import ConnectionId
from connector.ports import StreamState
from connector.store.codec import from_ms, to_ms
from connector.store.schema import missed_changes, streams
from connector.store.session import Session
from connector.store.upsert import insert_into, upsert

# A connection belongs to one workspace.
_CONNECTION = bindparam("connection", type_=Text)
_OF = select(streams).where(streams.c.connection_id == _CONNECTION)
_SAVE = upsert(streams)
_MISSED = select(missed_changes.c.object_type, missed_changes.c.since).where(
    missed_changes.c.connection_id == _CONNECTION
)
_ADD = insert_into(missed_changes)
_MISS = _ADD.on_conflict_do_update(
    index_elements=[missed_changes.c.connection_id, missed_changes.c.object_type],
    set_={"since": _ADD.excluded.since},
    where=missed_changes.c.since > _ADD.excluded.since,
)
_CATCH_UP = delete(missed_changes).where(
    missed_changes.c.connection_id == bindparam("connection_id", type_=Text),
    missed_changes.c.object_type == bindparam("object_type", type_=Text),
    missed_changes.c.since >= bindparam("since", type_=BigInteger),
)


class StoredStreams:
    """The Streams port."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, connection: ConnectionId) -> StreamState | None:
        """How far one was heard; None where nobody ever listened."""
        for id_, channel, place, heard_at in self._session.rows(_OF, {"connection": connection}):
            return StreamState(id_, channel, bytes(place), from_ms(heard_at))
        return None

    def save(self, state: StreamState) -> None:
        """Keep how far it was heard."""
        row = {"connection_id": state.connection, "channel": state.channel, "place": state.place}
        self._session.run(_SAVE, {**row, "heard_at": to_ms(state.heard_at)})

    def miss(self, connection: ConnectionId, since: Mapping[str, datetime]) -> None:
        """Of these object types, changes since these moments may have been missed. Earlier moments stay."""
        self._session.run_many(_MISS, _to_rows(connection, since))

    def missed(self, connection: ConnectionId) -> Mapping[str, datetime]:
        """Object type -> since when changes may have been missed; what misses nothing is left out."""
        found = self._session.rows(_MISSED, {"connection": connection})
        return {object_type: from_ms(since) for object_type, since in found}

    def catch_up(self, connection: ConnectionId, since: Mapping[str, datetime]) -> None:
        """What was missed of these object types since these moments is known by now. What was missed earlier stays."""
        self._session.run_many(_CATCH_UP, _to_rows(connection, since))


def _to_rows(connection: ConnectionId, since: Mapping[str, datetime]) -> list[dict[str, Any]]:
    moments = sorted(since.items())
    return [{"connection_id": connection, "object_type": type_, "since": to_ms(moment)} for type_, moment in moments]
