"""Keys that let their holders tell signals; of their secrets only hashes are here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Text, bindparam, select, update

from connector.ports import ApiKey
from connector.store.codec import from_ms, from_optional_ms, to_ms
from connector.store.schema import api_keys
from connector.store.session import Session
from connector.store.upsert import insert_into

_ID = api_keys.c.id == bindparam("id_", type_=Text)
# The door's query: the key is what tells the workspace.
_FIND = select(api_keys).where(_ID)
# For the person at the terminal, who may have several workspaces.
_ALL = select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id)
_ADD = insert_into(api_keys)
_REVOKE = (
    update(api_keys)
    .where(_ID, api_keys.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("moment", type_=BigInteger))
)


class StoredApiKeys:
    """The ApiKeys port."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, id_: str) -> ApiKey | None:
        """The key of this id, revoked or not."""
        found = self._session.rows(_FIND, {"id_": id_})
        return _to_key(found[0]) if found else None

    def all(self) -> Sequence[ApiKey]:
        """Every key, oldest first."""
        return [_to_key(row) for row in self._session.rows(_ALL)]

    def add(self, key: ApiKey) -> None:
        """Let its holder in from now on."""
        row = {
            "id": key.id,
            "workspace": key.workspace,
            "name": key.name,
            "secret_hash": key.secret_hash,
            "created_at": to_ms(key.created_at),
            "revoked_at": None,
        }
        self._session.run(_ADD, row)

    def revoke(self, id_: str, now: datetime) -> bool:
        """Let its holder in no more; False where there is no such key, or it was revoked before."""
        return self._session.run(_REVOKE, {"id_": id_, "moment": to_ms(now)}) == 1


def _to_key(row: Any) -> ApiKey:
    id_, workspace, name, secret_hash, created_at, revoked_at = row
    return ApiKey(id_, workspace, name, secret_hash, from_ms(created_at), from_optional_ms(revoked_at))
