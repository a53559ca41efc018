"""The ledger of overrides: lines are only ever added."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Text, bindparam, func, select

from connector.domain.ids import WorkspaceId
from connector.domain.override import OverrideEntry
from connector.store.codec import encode, to_ms
from connector.store.schema import overrides
from connector.store.session import Session
from connector.store.upsert import insert_into

_OF_WORKSPACE = overrides.c.workspace == bindparam("workspace", type_=Text)
_ALL = select(overrides.c.entry).where(_OF_WORKSPACE).order_by(overrides.c.number)
_LAST_NUMBER = select(func.max(overrides.c.number)).where(_OF_WORKSPACE)
_ADD = insert_into(overrides)

_decode = msgspec.json.Decoder(OverrideEntry).decode


class StoredOverrides:
    """The OverrideLedger port."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, workspace: WorkspaceId, entries: Sequence[OverrideEntry]) -> None:
        """Write these lines below all others."""
        ((last,),) = self._session.rows(_LAST_NUMBER, {"workspace": workspace})
        rows = [
            {"workspace": workspace, "number": number, "at": to_ms(entry.at), "entry": encode(entry)}
            for number, entry in enumerate(entries, (last or 0) + 1)
        ]
        self._session.run_many(_ADD, rows)

    def all(self, workspace: WorkspaceId) -> Sequence[OverrideEntry]:
        """Every line, oldest first."""
        return [_decode(entry) for (entry,) in self._session.rows(_ALL, {"workspace": workspace})]
