"""Bulk jobs, and which changes of the outbox are in them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Text, and_, bindparam, delete, select, update

from connector.domain.ids import ConnectionId
from connector.ports import BulkJob, OutboxChange
from connector.store.codec import from_ms, to_ms
from connector.store.listed import among
from connector.store.outbox import COLUMNS, to_change
from connector.store.schema import bulk_jobs, bulk_writes, outbox
from connector.store.session import Session, limited, to_list
from connector.store.upsert import insert_into

_JOB = bindparam("job_", type_=BigInteger)
_OF = (
    select(bulk_jobs.c.id, bulk_jobs.c.remote_id, bulk_jobs.c.look_at)
    .where(bulk_jobs.c.connection_id == bindparam("connection_", type_=Text))
    .order_by(bulk_jobs.c.id)
)
_BEGIN = insert_into(bulk_jobs, but=frozenset({"id"})).returning(bulk_jobs.c.id)
_HOLD = insert_into(bulk_writes)
_REST = update(bulk_jobs).where(bulk_jobs.c.id == _JOB).values(look_at=bindparam("look_at_", type_=BigInteger))
_HELD = select(bulk_writes.c.outbox_id).where(among(bulk_writes.c.outbox_id, "ids"))
# Ids of rows that are gone are given again: what was not attempted when the job began is another row.
_AS_SENT = and_(
    outbox.c.id == bulk_writes.c.outbox_id,
    outbox.c.version == bulk_writes.c.version,
    outbox.c.attempted_at == bulk_writes.c.attempted_at,
)
_CHANGES = limited(
    select(*COLUMNS).join(bulk_writes, _AS_SENT).where(bulk_writes.c.job_id == _JOB).order_by(outbox.c.id)
)
_RELEASE = delete(bulk_writes).where(bulk_writes.c.job_id == _JOB, among(bulk_writes.c.outbox_id, "ids"))
_LEFT = select(bulk_writes.c.outbox_id).where(bulk_writes.c.job_id == _JOB)
_DROP_WRITES = delete(bulk_writes).where(bulk_writes.c.job_id == _JOB)
_DROP_JOB = delete(bulk_jobs).where(bulk_jobs.c.id == _JOB)


class StoredBulkJobs:
    """The BulkJobs port."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, connection: ConnectionId) -> Sequence[BulkJob]:
        """Those that are not settled, the oldest first."""
        rows = self._session.rows(_OF, {"connection_": connection})
        return [BulkJob(id_, remote_id, from_ms(look_at)) for id_, remote_id, look_at in rows]

    def begin(self, connection: ConnectionId, remote_id: str, changes: Sequence[OutboxChange], now: datetime) -> None:
        """Keep a job with its changes, which were marked as attempted at this very moment."""
        at = to_ms(now)
        ((job,),) = self._session.rows(_BEGIN, {"connection_id": connection, "remote_id": remote_id, "look_at": at})
        self._session.run_many(_HOLD, [_to_write(change, job, at) for change in changes])

    def rest(self, job: int, until: datetime) -> None:
        """Look at it again then."""
        self._session.run(_REST, {"job_": job, "look_at_": to_ms(until)})

    def held(self, ids: Collection[int]) -> Collection[int]:
        """Those of the changes that are in some job."""
        return {id_ for (id_,) in self._session.rows(_HELD, {"ids": to_list(ids)})} if ids else set()

    def changes(self, job: int, limit: int) -> Sequence[OutboxChange]:
        """Some of those of its changes that still want what they wanted when it began."""
        return [to_change(row) for row in self._session.rows(_CHANGES, {"job_": job, "limit": limit})]

    def release(self, job: int, ids: Collection[int]) -> None:
        """Take changes out of the job."""
        self._session.run(_RELEASE, {"job_": job, "ids": to_list(ids)})

    def end(self, job: int) -> Sequence[int]:
        """Forget the job; the changes that were still in it, which want something else by now."""
        left = [id_ for (id_,) in self._session.rows(_LEFT, {"job_": job})]
        self._session.run(_DROP_WRITES, {"job_": job})
        self._session.run(_DROP_JOB, {"job_": job})
        return left


def _to_write(change: OutboxChange, job: int, attempted_at: int) -> dict[str, Any]:
    return {"outbox_id": change.id, "job_id": job, "version": change.version, "attempted_at": attempted_at}
