"""How far each feed of each connection was read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Text, bindparam, select

from connector.domain.ids import ConnectionId
from connector.ports import Feed, FeedState
from connector.store.codec import from_ms, from_optional_ms, to_ms, to_optional_ms
from connector.store.schema import feeds
from connector.store.session import Session
from connector.store.upsert import upsert

# A connection belongs to one workspace.
_OF = (
    select(feeds)
    .where(feeds.c.connection_id == bindparam("connection", type_=Text))
    .order_by(feeds.c.name, feeds.c.only)
)
_SAVE = upsert(feeds)


class StoredFeeds:
    """The Feeds port."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, connection: ConnectionId) -> Sequence[FeedState]:
        """All feeds of the connection that were ever read, by name."""
        return [_to_state(row) for row in self._session.rows(_OF, {"connection": connection})]

    def save(self, connection: ConnectionId, state: FeedState) -> None:
        """Keep how far a feed was read."""
        row = {
            "connection_id": connection,
            "name": state.feed.name,
            "only": state.feed.only,
            "began_at": to_ms(state.began_at),
            "complete_to": to_ms(state.complete_to),
            "until": to_optional_ms(state.until),
            "place": state.place,
            "due_at": to_ms(state.due_at),
            "problem": state.problem,
        }
        self._session.run(_SAVE, row)


def _to_state(row: Any) -> FeedState:
    return FeedState(
        feed=Feed(row.name, row.only),
        began_at=from_ms(row.began_at),
        complete_to=from_ms(row.complete_to),
        until=from_optional_ms(row.until),
        place=row.place,
        due_at=from_ms(row.due_at),
        problem=row.problem,
    )
