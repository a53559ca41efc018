"""What CRM accounts sign their requests with, sealed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Text, bindparam, delete, select

from connector.ports import SigningKey
from connector.store.codec import from_ms, to_ms
from connector.store.schema import signing_keys
from connector.store.sealed import Seal
from connector.store.session import Session
from connector.store.upsert import insert_into

_BY_AGE = (signing_keys.c.created_at, signing_keys.c.id)
# The door's query: the account is what tells the workspace.
_OF_ACCOUNT = (
    select(signing_keys)
    .where(
        signing_keys.c.crm == bindparam("crm", type_=Text), signing_keys.c.account == bindparam("account", type_=Text)
    )
    .order_by(*_BY_AGE)
)
# For the person at the terminal.
_ALL = select(signing_keys).order_by(signing_keys.c.crm, signing_keys.c.account, *_BY_AGE)
_ADD = insert_into(signing_keys)
_REMOVE = delete(signing_keys).where(signing_keys.c.id == bindparam("id_", type_=Text))


class StoredSigningKeys:
    """The SigningKeys port."""

    __slots__ = ("_seal", "_session")

    def __init__(self, session: Session, seal: Seal) -> None:
        self._session = session
        self._seal = seal

    def of(self, crm: str, account: str) -> Sequence[SigningKey]:
        """The keys of one account, oldest first. Raises SettingsError where they were sealed with another key."""
        found = self._session.rows(_OF_ACCOUNT, {"crm": crm, "account": account})
        return [_to_key(row, self._seal.unseal(bytes(row.secret))) for row in found]

    def all(self) -> Sequence[SigningKey]:
        """Every key, by account, oldest first; without their secrets."""
        return [_to_key(row, "") for row in self._session.rows(_ALL)]

    def add(self, key: SigningKey) -> None:
        """Take what is signed with it from now on."""
        row = {
            "crm": key.crm,
            "account": key.account,
            "id": key.id,
            "secret": self._seal.seal(key.secret),
            "created_at": to_ms(key.created_at),
        }
        self._session.run(_ADD, row)

    def remove(self, id_: str) -> bool:
        """Take nothing more that is signed with it; whether there was such a key."""
        return self._session.run(_REMOVE, {"id_": id_}) > 0


def _to_key(row: Any, secret: str) -> SigningKey:
    crm, account, id_, _, created_at = row
    return SigningKey(id_, crm, account, secret, from_ms(created_at))
