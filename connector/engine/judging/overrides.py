"""Overrides set and taken back: from one short transaction on another version of the book applies.

A line in the ledger says who did it, when and why. Leads are told of it as of any version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from connector.domain.ids import WorkspaceId
from connector.domain.override import OverrideEntry, OverrideKind, Overrides, Way, files_of, version_of
from connector.errors import InvariantError, LostClaimError
from connector.log import get_logger
from connector.ports import Store, StoredBook, Transaction

#: The claim on what applies is taken and let go in one transaction, which never takes so long.
_AT_MOST = timedelta(minutes=1)
_INSTANT = timedelta(milliseconds=1)

log = get_logger()


def applying(transaction: Transaction, workspace: WorkspaceId) -> StoredBook:
    """The version that applies. Raises InvariantError for a workspace that has none: `connect` refuses those."""
    stored = transaction.books.latest(workspace)
    if stored is None:
        raise InvariantError(f"workspace {workspace} has a connection but no mapping")
    return stored


@contextmanager
def changing(store: Store, workspace: WorkspaceId, now: datetime) -> Iterator[Transaction]:
    """A transaction in which nobody else changes which version applies: who comes second waits for the first."""
    claim, holder = f"book:{workspace}", "one who changes it"
    with store.transaction() as transaction:
        if not transaction.leases.take(claim, holder, now + _AT_MOST, now):
            raise LostClaimError("somebody else changes which version applies")
        yield transaction
        transaction.leases.release(claim, holder)


def applied_at(at: datetime, before: StoredBook | None) -> datetime:
    """Since when a version applies that is set now: after the one before it, whatever the clocks say.

    Leads follow the version that came last.
    """
    return at if before is None else max(at, before.applied_at + _INSTANT)


def pause(store: Store, workspace: WorkspaceId, entry: OverrideEntry) -> bool:
    """Let the entry's program stand still, or everything where it names none; whether that is news.

    From here on nothing of it leaves, though its leads are told one after the other.
    """
    return _set(store, workspace, replace(entry, kind=OverrideKind.PAUSED), lambda before: _paused(before, entry))


def resume(store: Store, workspace: WorkspaceId, entry: OverrideEntry) -> bool:
    """Let the entry's program go on where it stood, or all of them where it names none; whether that is news."""
    return _set(store, workspace, replace(entry, kind=OverrideKind.RESUMED), lambda before: _resumed(before, entry))


def decide(store: Store, workspace: WorkspaceId, entry: OverrideEntry, seen: str = "") -> bool:
    """Let everybody who comes to the entry's split from now on go its way; whether that is news.

    Whoever found that out under a version names it as `seen`: where another one applies by now, nothing is done.
    """
    way = Way(entry.program, entry.phase, entry.fork, entry.case)
    return _set(store, workspace, replace(entry, kind=OverrideKind.DECIDED), lambda before: before.won_by(way), seen)


def reopen(store: Store, workspace: WorkspaceId, entry: OverrideEntry) -> bool:
    """Let chance decide at the entry's split again; whether that is news."""
    place = entry.program, entry.phase, entry.fork
    return _set(store, workspace, replace(entry, kind=OverrideKind.REOPENED), lambda before: before.reopening(place))


def _paused(before: Overrides, entry: OverrideEntry) -> Overrides:
    return before.pausing(entry.program) if entry.program else replace(before, is_all_paused=True)


def _resumed(before: Overrides, entry: OverrideEntry) -> Overrides:
    """Everything goes on: also what was paused by its name. One program cannot go on while all stand still."""
    return before.resuming(entry.program) if entry.program else replace(before, is_all_paused=False, paused=())


def _set(
    store: Store,
    workspace: WorkspaceId,
    entry: OverrideEntry,
    change: Callable[[Overrides], Overrides],
    seen: str = "",
) -> bool:
    with changing(store, workspace, entry.at) as transaction:
        before = applying(transaction, workspace)
        overrides = change(before.overrides)
        if overrides == before.overrides or seen not in ("", before.version):
            return False
        version = version_of(files_of(before.version), overrides)
        transaction.books.add(workspace, StoredBook(version, before.files, applied_at(entry.at, before), overrides))
        transaction.overrides.add(workspace, [entry])
    log.info("override.set", kind=entry.kind, workspace=workspace, program=entry.program, version=version)
    return True
