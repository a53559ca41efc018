"""Bulk: where very many records wait for their properties, a job takes them, and the CRM works it off by itself.

What is in a job is written by nothing else until the job is settled, record by record, by its results. The job's id is
kept before it is filled. So a crash leaves an empty job behind, or one that is looked after by whoever comes next; and
writing the same twice does no harm.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta

from connector.domain.outward.change import ChangeKind
from connector.engine.judging.shelf import Shelf
from connector.engine.outward.dispatch import DispatchResult, close, count, settle
from connector.engine.running.connect import prepare
from connector.engine.running.line import Failure, Line
from connector.log import get_logger
from connector.ports import BulkJob, BulkWriter, OutboxChange, RecordReply, ReplyState

#: Records of a job. Bulk API 2.0 parts a file into batches of so many anyway.
_MOST = 10_000
_MOST_JOBS = 5
#: As many as are settled in one transaction, in which on SQLite nobody else can write.
_PIECE = 1_000
#: Who failed so often leaves without a job: what spoils jobs as a whole spoils smaller batches, and few of them.
_MOST_ATTEMPTS = 2
#: A job that fails is left alone for so long, and so is beginning one: what leaves without jobs has its turn.
_REST = timedelta(minutes=1)
#: When it is looked whether what is in a job is still in it.
_HELD_FOR = timedelta(days=1)
_LEFT_OUT = RecordReply(ReplyState.LATER, "The job did not reach it.", is_untouched=True)

log = get_logger()


def run_once(line: Line, shelf: Shelf) -> DispatchResult:
    """Settle the jobs that are over, and begin one where enough waits. Raises CredentialsError."""
    bulk = line.crm.bulk
    if bulk is None:
        return DispatchResult()
    now = line.clock.now()
    with line.store.reading() as transaction:
        jobs = transaction.bulk_jobs.of(line.connection.id)
        waits = bool(bulk.threshold) and transaction.outbox.has_writes_due(line.connection.id, now, bulk.threshold)
    result = DispatchResult()
    for job in jobs:
        if job.look_at <= now and line.may_call():
            result += _look(line, bulk, job)
    may_begin = waits and len(jobs) < _MOST_JOBS and (line.no_job_until or now) <= now
    if may_begin and line.may_call() and prepare(line, shelf):
        result += _begin(line, bulk)
    return result


def _begin(line: Line, bulk: BulkWriter) -> DispatchResult:
    with line.store.reading() as transaction:
        due = transaction.outbox.writes_due(line.connection.id, line.clock.now(), _MOST)
        held = transaction.bulk_jobs.held([change.id for change in due])
    object_type, changes = _largest(line, [change for change in due if change.id not in held])
    if not changes:
        return DispatchResult()
    remote_id = line.call(lambda: bulk.open(object_type))
    if isinstance(remote_id, Failure):
        line.no_job_until = line.clock.now() + _REST
        return DispatchResult()
    now = line.clock.now()
    with line.store.transaction() as transaction:
        transaction.outbox.mark_attempted(changes, now)
        transaction.outbox.postpone([change.id for change in changes], now + _HELD_FOR)
        transaction.bulk_jobs.begin(line.connection.id, remote_id, changes, now)
        job = transaction.bulk_jobs.of(line.connection.id)[-1]
    log.info("bulk_job.begun", connection=line.connection.id, job=remote_id, records=len(changes))
    replies = line.call(lambda: bulk.fill(remote_id, {change.record_id: change.to_write for change in changes}))
    if isinstance(replies, Failure):
        return DispatchResult(calls=1)
    return _settle(line, job, [change for change in changes if change.record_id in replies], replies)


def _largest(line: Line, due: Sequence[OutboxChange]) -> tuple[str, list[OutboxChange]]:
    """Those of the object of which most wait: a job takes one."""
    groups: defaultdict[str, list[OutboxChange]] = defaultdict(list)
    for change in due:
        if change.kind is ChangeKind.PROPERTIES and change.to_write and change.attempts < _MOST_ATTEMPTS:
            groups[line.crm.object_type_of(change.record_id)].append(change)
    return max(groups.items(), key=lambda group: len(group[1]), default=("", []))


def _look(line: Line, bulk: BulkWriter, job: BulkJob) -> DispatchResult:
    look = line.call(lambda: bulk.look(job.remote_id))
    if isinstance(look, Failure) or not look.is_over:
        rest = _REST if isinstance(look, Failure) else look.rest
        with line.store.transaction() as transaction:
            transaction.bulk_jobs.rest(job.id, line.clock.now() + rest)
        return DispatchResult()
    result = DispatchResult(calls=1)
    while changes := _some(line, job):
        result += _settle(line, job, changes, look.replies)
    with line.store.transaction() as transaction:
        left = transaction.bulk_jobs.end(job.id)
        transaction.outbox.postpone(left, line.clock.now())
    log.info("bulk_job.settled", connection=line.connection.id, job=job.remote_id, done=result.done)
    return result


def _some(line: Line, job: BulkJob) -> Sequence[OutboxChange]:
    with line.store.reading() as transaction:
        return transaction.bulk_jobs.changes(job.id, _PIECE)


def _settle(
    line: Line, job: BulkJob, changes: Sequence[OutboxChange], replies: Mapping[str, RecordReply]
) -> DispatchResult:
    """Settle first and release then: after a crash in between they are settled once more, which changes nothing."""
    if not changes:
        return DispatchResult()
    now = line.clock.now()
    next_at = now + line.backoff(max(change.attempts for change in changes) + 1)
    settled = [settle(change, replies.get(change.record_id, _LEFT_OUT), now, next_at) for change in changes]
    result = close(line, settled, count(settled))
    with line.store.transaction() as transaction:
        transaction.bulk_jobs.release(job.id, [change.id for change in changes])
    return result
