"""Apply: a new version of the mapping becomes the one that counts; workers then tell every lead of it.

The version counts with one short transaction, and new leads are born under it. The others are told piece by piece:
who was not told yet is known by the version that it was told of last. So it goes on after a crash, and finds a lead,
too, that another worker was making under the former version at that very moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connector.domain.book import Book
from connector.domain.fact import Fact, FactKind
from connector.domain.field import format_moment
from connector.domain.ids import LeadId, WorkspaceId
from connector.domain.override import NO_OVERRIDES, OverrideEntry, keep_sensible, version_of
from connector.engine.judging.overrides import applied_at, changing
from connector.engine.judging.shelf import Compile, Shelf
from connector.errors import LostClaimError
from connector.log import get_logger
from connector.ports import Store, StoredBook

#: Leads told in one transaction, in which on SQLite nobody else can write.
_BATCH = 1_000
#: How often those are looked for who were not told.
_EVERY = timedelta(seconds=1)

log = get_logger()


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """What applying a version did."""

    version: str
    #: False when the version applied already: nothing was done.
    is_new: bool
    #: What was set on top of the mapping before and has nothing to be about any more.
    dropped: tuple[OverrideEntry, ...] = ()


def apply_book(store: Store, compile_book: Compile, workspace: WorkspaceId, stored: StoredBook) -> ApplyResult:
    """Let the mapping count from now on, with what was set on top of the one before as far as that still makes sense.

    Applying the version that applies does nothing. Raises what compiling raises, before anything is changed.
    """
    programs = compile_book(stored).definitions.programs
    with changing(store, workspace, stored.applied_at) as transaction:
        before = transaction.books.latest(workspace)
        overrides, dropped = keep_sensible(before.overrides if before else NO_OVERRIDES, programs, stored.applied_at)
        version = version_of(stored.version, overrides)
        if before is not None and before.version == version:
            return ApplyResult(version, is_new=False)
        at = applied_at(stored.applied_at, before)
        transaction.books.add(workspace, replace(stored, version=version, applied_at=at, overrides=overrides))
        transaction.overrides.add(workspace, dropped)
    for entry in dropped:
        log.warning("override.dropped", workspace=workspace, program=entry.program, fork=entry.fork)
    return ApplyResult(version, is_new=True, dropped=dropped)


class Telling:
    """Tells leads of the version that applies. Any number of workers may do so at once."""

    def __init__(self, store: Store, shelf: Shelf) -> None:
        self._store = store
        self._shelf = shelf
        self._rested_at: datetime | None = None

    def run_once(self, now: datetime) -> int:
        """Tell the next leads; how many. A second run finds the next ones."""
        if self._rested_at is not None and timedelta() <= now - self._rested_at < _EVERY:
            return 0
        with self._store.reading() as transaction:
            workspaces = sorted({connection.workspace for connection in transaction.connections.all()})
        told = sum(self._tell(workspace, now) for workspace in workspaces)
        self._rested_at = None if told else now
        return told

    def _tell(self, workspace: WorkspaceId, now: datetime) -> int:
        with self._store.reading() as transaction:
            latest = transaction.books.latest(workspace)
            untold = transaction.leads.untold(workspace, latest.version, _BATCH) if latest else {}
        if not latest or not untold:
            return 0
        to_read = self._find_to_read(workspace, untold, latest.version)
        try:
            with self._store.transaction() as transaction:
                transaction.leads.tell(workspace, untold.keys(), _to_fact(latest), now)
                transaction.leads.want_reading(workspace, to_read, now)
        except LostClaimError:
            log.info("claim.lost", step="tell")
            return 0
        return len(untold)

    def _find_to_read(self, workspace: WorkspaceId, untold: Mapping[LeadId, str], version: str) -> list[LeadId]:
        """Those of whom the version wants to know more than the one that they were told of last."""
        books = self._shelf.of(workspace)
        wanted = _properties(books(version))
        narrower = {former for former in set(untold.values()) if wanted - _properties(books(former))}
        return [lead_id for lead_id, former in untold.items() if former in narrower]


def _to_fact(stored: StoredBook) -> Fact:
    """A version that is applied once more after another one is another fact."""
    key = f"book:{stored.version}:{format_moment(stored.applied_at)}"
    return Fact(key, stored.applied_at, FactKind.BOOK, stored.version)


def _properties(book: Book) -> set[tuple[str, str]]:
    crms = {*book.fills, *book.watches}
    of_leads = {(crm, name) for crm in crms for name in book.properties_to_read(crm)}
    return of_leads | {(crm, f"deal {name}") for crm, source in book.deals.items() for name in source.properties}
