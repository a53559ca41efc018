"""Links to CRM accounts; their tokens are sealed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, LargeBinary, Text, bindparam, literal_column, select, update

from connector.domain.ids import ConnectionId
from connector.ports import Connection, ConnectionState
from connector.store.codec import from_ms, to_ms
from connector.store.listed import among
from connector.store.schema import connections
from connector.store.sealed import Seal
from connector.store.session import Session, to_list
from connector.store.upsert import upsert

_COLUMNS = (
    connections.c.id,
    connections.c.workspace,
    connections.c.crm,
    connections.c.account,
    connections.c.token,
    connections.c.state,
    connections.c.paused_because,
    connections.c.crm_user,
    connections.c.connected_at,
)
# A worker's query: it serves every workspace.
_ALL = select(*_COLUMNS).order_by(connections.c.id)
# Intake's query: the account is what tells the workspace.
_BY_ACCOUNT = select(*_COLUMNS).where(
    connections.c.crm == bindparam("crm", type_=Text), among(connections.c.account, "accounts")
)
# The door's query: no token is opened for whoever knocks.
_IS_KNOWN = select(connections.c.id).where(
    connections.c.crm == bindparam("crm", type_=Text), connections.c.account == bindparam("account", type_=Text)
)
_BY_ID = select(*_COLUMNS).where(connections.c.id == bindparam("id_", type_=Text))
_SAVE = upsert(connections, keep=frozenset({"connected_at"}))
# Sealed twice, one text gives two values: only who read the row last can replace it.
_REPLACE_TOKEN = (
    update(connections)
    .where(connections.c.id == bindparam("id_", type_=Text), connections.c.token == bindparam("old", type_=LargeBinary))
    .values(token=bindparam("new", type_=LargeBinary), saved_at=bindparam("now", type_=BigInteger))
)
_PAUSE = (
    update(connections)
    .where(connections.c.id == bindparam("id_", type_=Text))
    .values(state=literal_column(f"'{ConnectionState.PAUSED}'"), paused_because=bindparam("because", type_=Text))
)


class StoredConnections:
    """The Connections port."""

    __slots__ = ("_seal", "_session")

    def __init__(self, session: Session, seal: Seal) -> None:
        self._session = session
        self._seal = seal

    def all(self) -> Sequence[Connection]:
        """Every connection, by id."""
        return [self._to_connection(row) for row in self._session.rows(_ALL)]

    def by_account(self, crm: str, accounts: Collection[str]) -> Mapping[str, Connection]:
        """The connections of these accounts; unknown ones are left out."""
        found = self._session.rows(_BY_ACCOUNT, {"crm": crm, "accounts": to_list(accounts)})
        return {row.account: self._to_connection(row) for row in found}

    def is_known(self, crm: str, account: str) -> bool:
        """Whether the account is connected, active or paused."""
        return bool(self._session.rows(_IS_KNOWN, {"crm": crm, "account": account}))

    def by_id(self, connection: ConnectionId) -> Connection | None:
        """One connection; None where it is not there any more."""
        found = self._session.rows(_BY_ID, {"id_": connection})
        return self._to_connection(found[0]) if found else None

    def save(self, connection: Connection, now: datetime) -> None:
        """Add or replace, by id."""
        self._session.run(
            _SAVE,
            {
                "id": connection.id,
                "workspace": connection.workspace,
                "crm": connection.crm,
                "account": connection.account,
                "token": self._seal.seal(connection.token),
                "state": connection.state,
                "paused_because": connection.paused_because,
                "saved_at": to_ms(now),
                "crm_user": connection.user,
                "connected_at": to_ms(now),
            },
        )

    def replace_token(self, connection: ConnectionId, *, old: str, new: str, now: datetime) -> bool:
        """Keep a new token in place of the old one; False, with nothing changed, where another is kept by now."""
        found = self._session.rows(_BY_ID, {"id_": connection})
        if not found or self._seal.unseal(bytes(found[0].token)) != old:
            return False
        sealed = {"old": bytes(found[0].token), "new": self._seal.seal(new), "now": to_ms(now)}
        return self._session.run(_REPLACE_TOKEN, {"id_": connection, **sealed}) == 1

    def pause(self, connection: ConnectionId, because: str) -> None:
        """Stop talking to it until its credentials are saved anew."""
        self._session.run(_PAUSE, {"id_": connection, "because": because})

    def _to_connection(self, row: Any) -> Connection:
        id_, workspace, crm, account, token, state, because, user, connected_at = row
        secret = self._seal.unseal(bytes(token))
        return Connection(
            id_, workspace, crm, account, secret, ConnectionState(state), because, user, from_ms(connected_at)
        )
