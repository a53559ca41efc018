"""Overrides set and taken back: from one short transaction on another version of the book applies.

A line in the ledger says who did it, when and why. Leads are told of it as of any version.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from connector.domain.ids import WorkspaceId
from connector.domain.override import OverrideEntry, OverrideKind, Overrides, Way, files_of, version_of
from connector.errors import InvariantError
from connector.log import get_logger
from connector.ports import Store, StoredBook, Transaction

log = get_logger()


def applying(transaction: Transaction, workspace: WorkspaceId) -> StoredBook:
    """The version that applies. Raises InvariantError for a workspace that has none: `connect` refuses those."""
    stored = transaction.books.latest(workspace)
    if stored is None:
        raise InvariantError(f"workspace {workspace} has a connection but no mapping")
    return stored


def pause(store: Store, workspace: WorkspaceId, entry: OverrideEntry) -> bool:
    """Let the entry's program stand still, or everything where it names none; whether that is news.

    From here on nothing of it leaves, though its leads are told one after the other.
    """
    return _set(store, workspace, replace(entry, kind=OverrideKind.PAUSED), lambda before: _paused(before, entry))


def resume(store: Store, workspace: WorkspaceId, entry: OverrideEntry) -> bool:
    """Let the entry's program go on where it stood, or all of them where it names none; whether that is news."""
    return _set(store, workspace, replace(entry, kind=OverrideKind.RESUMED), lambda before: _resumed(before, entry))


def decide(store: Store, workspace: WorkspaceId, entry: OverrideEntry) -> bool:
    """Let everybody who comes to the entry's split from now on go its way; whether that is news."""
    way = Way(entry.program, entry.phase, entry.fork, entry.case)
    return _set(store, workspace, replace(entry, kind=OverrideKind.DECIDED), lambda before: before.won_by(way))


def reopen(store: Store, workspace: WorkspaceId, entry: OverrideEntry) -> bool:
    """Let chance decide at the entry's split again; whether that is news."""
    place = entry.program, entry.phase, entry.fork
    return _set(store, workspace, replace(entry, kind=OverrideKind.REOPENED), lambda before: before.reopening(place))


def _paused(before: Overrides, entry: OverrideEntry) -> Overrides:
    return before.pausing(entry.program) if entry.program else replace(before, is_all_paused=True)


def _resumed(before: Overrides, entry: OverrideEntry) -> Overrides:
    """Everything goes on: also what was paused by its name. One program cannot go on while all stand still."""
    return before.resuming(entry.program) if entry.program else replace(before, is_all_paused=False, paused=())


def _set(store: Store, workspace: WorkspaceId, entry: OverrideEntry, change: Callable[[Overrides], Overrides]) -> bool:
    with store.transaction() as transaction:
        before = applying(transaction, workspace)
        overrides = change(before.overrides)
        if overrides == before.overrides:
            return False
        version = version_of(files_of(before.version), overrides)
        transaction.books.add(workspace, StoredBook(version, before.files, entry.at, overrides))
        transaction.overrides.add(workspace, [entry])
    log.info("override.set", kind=entry.kind, workspace=workspace, program=entry.program, version=version)
    return True
