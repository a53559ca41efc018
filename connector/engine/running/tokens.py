"""Tokens that a CRM replaces each time they are used: renewed by one worker, for all of them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from connector.clock import Clock
from connector.domain.ids import ConnectionId
from connector.engine.running.lease import Lease
from connector.errors import CredentialsError, CrmUnavailableError
from connector.log import get_logger
from connector.ports import Store

#: Longer than the call that renews may take. So long a worker that dies meanwhile keeps the others waiting.
_LEASE: Final = timedelta(minutes=1)
#: When to look again whether another worker is done.
_SOON: Final = timedelta(seconds=1)

log = get_logger()


class StoredToken:
    """The TokenKeeper port: the token of one connection, as the store keeps it. May be shared by threads."""

    def __init__(self, store: Store, clock: Clock, connection: ConnectionId) -> None:
        self._store = store
        self._clock = clock
        self._connection = connection
        #: What was renewed and could not be kept, by what it was made of: asking for it again would end the grant.
        self._unkept: dict[str, str] = {}

    def renew(self, spent: str, ask: Callable[[str], str]) -> str:
        """The token that follows one that the CRM no longer takes; whoever comes second is given the first one's."""
        if (kept := self._load()) != spent:
            return kept
        now = self._clock.now()
        # Nobody else's name, not even another thread's: a lease is renewed for its holder.
        lease = Lease(self._store, f"token:{self._connection}", secrets.token_hex(8), _LEASE)
        if not lease.hold(now):
            raise CrmUnavailableError("Another worker renews the token of this connection.", retry_at=now + _SOON)
        try:
            return self._renew(spent, ask)
        finally:
            lease.release()

    def _renew(self, spent: str, ask: Callable[[str], str]) -> str:
        if (kept := self._load()) != spent:
            return kept
        renewed = self._unkept.get(spent) or ask(spent)
        self._unkept = {spent: renewed}
        if not self._keep(spent, renewed, self._clock.now()):
            return self._load()  # somebody connected the account anew meanwhile
        self._unkept = {}
        log.info("token.renewed", connection=self._connection)
        return renewed

    def _load(self) -> str:
        with self._store.reading() as transaction:
            connection = transaction.connections.by_id(self._connection)
        if connection is None:
            raise CredentialsError("The connection is not there any more.")
        return connection.token

    def _keep(self, spent: str, renewed: str, now: datetime) -> bool:
        with self._store.transaction() as transaction:
            return transaction.connections.replace_token(self._connection, old=spent, new=renewed, now=now)
