"""Timed claims on things that only one worker may do."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Text, bindparam, delete, or_

from connector.store.codec import to_ms
from connector.store.schema import leases
from connector.store.session import Session
from connector.store.upsert import insert_into

_LEASE = insert_into(leases)
_TAKE = _LEASE.on_conflict_do_update(
    index_elements=[leases.c.name],
    set_={"holder": _LEASE.excluded.holder, "until_at": _LEASE.excluded.until_at},
    where=or_(leases.c.holder == _LEASE.excluded.holder, leases.c.until_at <= bindparam("now", type_=BigInteger)),
)
_RELEASE = delete(leases).where(
    leases.c.name == bindparam("name", type_=Text), leases.c.holder == bindparam("holder", type_=Text)
)


class StoredLeases:
    """The Leases port."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def take(self, name: str, holder: str, until: datetime, now: datetime) -> bool:
        """Take or renew; False while another holds it."""
        lease = {"name": name, "holder": holder, "until_at": to_ms(until), "now": to_ms(now)}
        return self._session.run(_TAKE, lease) == 1

    def release(self, name: str, holder: str) -> None:
        """Let go; nothing happens when it is not held."""
        self._session.run(_RELEASE, {"name": name, "holder": holder})
