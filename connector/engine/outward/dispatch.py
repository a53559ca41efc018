"""Dispatch: changes leave for their CRM in its largest batches, and are settled record by record.

An act is recorded as attempted before its call. What a crash or a lost answer leaves in doubt is simply written
again: a CRM's `write_acts` looks an act up by its key before it makes one. What it has no key for leaves again as one
that is in doubt, and only a trace of it, or its certain absence, tells what becomes of it (decision 0026).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from connector.domain.outward.change import ACTS, UNKEYED, Act, ChangeKind, ChangeState
from connector.engine.judging.outcomes import outcomes
from connector.engine.judging.shelf import Shelf
from connector.engine.outward.door import Leaving, let_out
from connector.engine.outward.stillness import stay_behind
from connector.engine.running.connect import prepare
from connector.engine.running.line import Failure, Line
from connector.errors import CredentialsError, InvariantError, LostClaimError, RetryableCrmError
from connector.log import get_logger
from connector.ports import (
    Crm,
    Membership,
    OutboxChange,
    RecordReply,
    ReplyState,
    Settled,
)

_MAX_CHANGES = 1_000
#: How long what is in a bulk job is not looked at, unless the job ends sooner.
_JOB_LASTS = timedelta(minutes=1)
#: A change that failed so often leaves alone, so that one that spoils every call spoils no other.
_ALONE_AFTER = 5
#: With waits that double up to an hour, about a day.
MAX_ATTEMPTS = 60

_NO_REPLY = RecordReply(ReplyState.LATER, "the reply said nothing of this record")

log = get_logger()


@dataclass(frozen=True, slots=True)
class DispatchResult:
    """What became of some changes; the counters `dispatch.*` add these up."""

    calls: int = 0
    done: int = 0
    #: To be tried again.
    later: int = 0
    #: Dead letters.
    refused: int = 0
    #: The CRM held what was wanted: no call was needed.
    equal: int = 0
    #: Emails that were not to leave any more.
    withdrawn: int = 0

    @property
    def amount(self) -> int:
        """How many changes were settled."""
        return self.done + self.later + self.refused + self.equal + self.withdrawn

    def __add__(self, other: DispatchResult) -> DispatchResult:
        return DispatchResult(
            calls=self.calls + other.calls,
            done=self.done + other.done,
            later=self.later + other.later,
            refused=self.refused + other.refused,
            equal=self.equal + other.equal,
            withdrawn=self.withdrawn + other.withdrawn,
        )


def run_once(line: Line, shelf: Shelf) -> DispatchResult:
    """Write what is due, in lane order, for as long as the line may be used and no call fails as a whole.

    A second run goes on with what is left. Raises CredentialsError; what was to be written then stays due.
    """
    with line.store.reading() as transaction:
        due = transaction.outbox.due(line.connection.id, line.clock.now(), _MAX_CHANGES)
        in_jobs = transaction.bulk_jobs.held([change.id for change in due]) if line.crm.bulk else ()
    if in_jobs:
        due = _leave_to_jobs(line, due, in_jobs)
    result = _close_equal(line, [change for change in due if _is_equal(change)])
    differing = [change for change in due if not _is_equal(change)]
    if not differing or not line.may_call() or not prepare(line, shelf):
        return result
    for batch in to_batches(differing, line.crm.batch_sizes):
        if not line.may_call():
            break
        result += _send(line, shelf, batch)
    return result


def _leave_to_jobs(line: Line, due: Sequence[OutboxChange], in_jobs: Collection[int]) -> Sequence[OutboxChange]:
    """Those that wait for no job: what a job writes later would undo what is written now."""
    with line.store.transaction() as transaction:
        transaction.outbox.postpone(in_jobs, line.clock.now() + _JOB_LASTS)
    return [change for change in due if change.id not in in_jobs]


def to_batches(changes: Sequence[OutboxChange], sizes: Mapping[ChangeKind, int]) -> Iterator[Sequence[OutboxChange]]:
    """What one call each can take: changes of one kind and, of memberships, one list. Lane order stays."""
    groups: defaultdict[tuple[ChangeKind, str, int], list[OutboxChange]] = defaultdict(list)
    for change in changes:
        alone = change.id if change.attempts >= _ALONE_AFTER else 0
        title = change.key if change.kind is ChangeKind.MEMBERSHIP else ""
        groups[change.kind, title, alone].append(change)
    for (kind, _, _), group in groups.items():
        size = sizes[kind]
        yield from (group[start : start + size] for start in range(0, len(group), size))


def _is_equal(change: OutboxChange) -> bool:
    return change.kind not in ACTS and not change.to_write


def _close_equal(line: Line, equal: Sequence[OutboxChange]) -> DispatchResult:
    if not equal:
        return DispatchResult()
    now = line.clock.now()
    done = [Settled(change, ChangeState.DONE, now) for change in equal]
    return close(line, done, DispatchResult(equal=len(done)))


def _send(line: Line, shelf: Shelf, batch: Sequence[OutboxChange]) -> DispatchResult:
    try:
        leaving = _begin(line, shelf, batch)
    except LostClaimError:
        return DispatchResult()
    kept = DispatchResult(withdrawn=leaving.withdrawn)
    batch = leaving.changes
    if not batch:
        return kept
    try:
        replies = line.call(lambda: _write(line.crm, batch))
    except CredentialsError:
        _take_back(line, batch)
        raise
    settled = _to_settled(line, batch, replies)
    result = close(line, settled, count(settled))
    log.debug("changes.settled", connection=line.connection.id, kind=batch[0].kind, **asdict(result))
    return result + kept


def _begin(line: Line, shelf: Shelf, batch: Sequence[OutboxChange]) -> Leaving:
    """Record that the calls for these begin; what may leave. Emails are held against consent once more."""
    if batch[0].kind is ChangeKind.EMAIL:
        return let_out(line, shelf, batch)
    now = line.clock.now()
    with line.store.transaction() as transaction:
        book = shelf.latest(transaction, line.connection.workspace)
        leaving = stay_behind(transaction, book, line.connection.crm, batch, now)
        transaction.outbox.mark_attempted(leaving, now)
    return Leaving(leaving)


def _write(crm: Crm, batch: Sequence[OutboxChange]) -> Mapping[str, RecordReply]:
    """Make the call; one reply a change, by `_name`."""
    kind = batch[0].kind
    if kind is ChangeKind.PROPERTIES:
        return crm.write_properties({change.record_id: change.to_write for change in batch})
    if kind is ChangeKind.MEMBERSHIP:
        return crm.write_membership(_to_membership(batch))
    sent = {change.key: change.remote_id for change in batch if change.remote_id}
    acts = {change.key: (change.record_id, _doubted(change)) for change in batch if change.key not in sent}
    followed = crm.follow_emails(sent) if sent else {}
    return {**followed, **crm.write_acts(kind, acts)} if acts else followed


def _doubted(change: OutboxChange) -> Act:
    """The act, with since when a call for it may have done it already."""
    act = change.act
    if act is None:
        raise InvariantError("a task or note without its text is in the outbox")
    return act if change.state is ChangeState.PENDING else replace(act, in_doubt_since=change.attempted_at)


def _take_back(line: Line, batch: Sequence[OutboxChange]) -> None:
    """Leave acts as they were before a call that was not let in: nothing of it was done, so nothing is in doubt."""
    if batch[0].kind in UNKEYED:
        now = line.clock.now()
        close(line, [Settled(change, change.state, now, change.words) for change in batch], DispatchResult())


def _to_membership(batch: Sequence[OutboxChange]) -> Membership:
    wanted = {change.record_id: change.wanted["member"] == "true" for change in batch}
    return Membership(
        title=batch[0].key,
        add=[record_id for record_id, member in wanted.items() if member],
        remove=[record_id for record_id, member in wanted.items() if not member],
    )


def _name(change: OutboxChange) -> str:
    """What replies call the change by."""
    return change.key if change.kind in ACTS else change.record_id


def _to_settled(
    line: Line, batch: Sequence[OutboxChange], replies: Mapping[str, RecordReply] | Failure
) -> list[Settled]:
    now = line.clock.now()
    # One wait for all: what failed together stays one batch.
    next_at = now + line.backoff(max(change.attempts for change in batch) + 1)
    if isinstance(replies, Failure):
        failed = _to_reply(replies.error)
        return [settle(change, failed, now, next_at) for change in batch]
    return [settle(change, replies.get(_name(change), _NO_REPLY), now, next_at) for change in batch]


def _to_reply(error: Exception) -> RecordReply:
    """A call that failed as a whole is one reply for each of its changes."""
    words = f"{type(error).__name__}: {error}"
    if not isinstance(error, RetryableCrmError):
        return RecordReply(ReplyState.LATER, words)
    return RecordReply(ReplyState.LATER, words, retry_at=error.retry_at, is_untouched=not error.may_be_done)


def settle(change: OutboxChange, reply: RecordReply, now: datetime, next_at: datetime) -> Settled:
    """Close one change with the CRM's answer for its record.

    A refused record becomes a dead letter and keeps the CRM's own words. One that may succeed later is due when the
    CRM said, else at `next_at`; an act then stays in doubt, for nobody knows how far the call got, unless the reply
    says that it did nothing. After too many attempts it is a dead letter, too.
    """
    if reply.state is ReplyState.DONE:
        return Settled(change, ChangeState.DONE, now, remote_id=reply.remote_id)
    if reply.state is ReplyState.SUPPRESSED:
        return Settled(change, ChangeState.WITHDRAWN, now, reply.words, is_suppressed=True, because=reply.because)
    if reply.state is ReplyState.REFUSED:
        return Settled(change, ChangeState.REFUSED, now, reply.words)
    attempts = change.attempts + 1
    if attempts >= MAX_ATTEMPTS:
        return Settled(change, ChangeState.REFUSED, now, f"gave up after {attempts} attempts: {reply.words}")
    is_sure = change.kind not in ACTS or (reply.is_untouched and change.state is ChangeState.PENDING)
    waiting = ChangeState.PENDING if is_sure else ChangeState.ATTEMPTED
    return Settled(change, waiting, reply.retry_at or next_at, reply.words, reply.remote_id or change.remote_id)


def count(settled: Sequence[Settled]) -> DispatchResult:
    """One call, and what became of its changes."""
    done = sum(one.state is ChangeState.DONE for one in settled)
    refused = sum(one.state is ChangeState.REFUSED for one in settled)
    return DispatchResult(calls=1, done=done, later=len(settled) - done - refused, refused=refused)


def close(line: Line, settled: Sequence[Settled], result: DispatchResult) -> DispatchResult:
    """Keep what became of some changes, and tell the leads whom that concerns."""
    with line.store.transaction() as transaction:
        transaction.outbox.settle(settled, line.clock.now())
        transaction.leads.add_facts(line.connection.workspace, outcomes(settled, line.clock.now()), line.clock.now())
        transaction.counts.add({f"dispatch.{name}": amount for name, amount in asdict(result).items() if amount})
    for one in settled:
        if one.state is ChangeState.REFUSED:
            change = one.change
            log.warning("change.refused", workspace=change.workspace, lead=change.lead_id, change=change.id)
    return result
