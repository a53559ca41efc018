"""Contests: splits whose mapping says so are decided by what became of their leads, every few minutes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.domain.book import Book
from connector.domain.ids import WorkspaceId
from connector.domain.override import OverrideEntry, OverrideKind
from connector.domain.programs.contest import Contest, Finding, Tally, judge, rate
from connector.domain.programs.program import Fork
from connector.engine.judging import overrides
from connector.engine.judging.shelf import Shelf
from connector.log import get_logger
from connector.ports import Store

#: How often the figures are looked at. They may be looked at as often as one likes: see `domain.contest`.
_EVERY = timedelta(minutes=5)
#: Who decides, in the ledger.
BY_RULE = "winner"

log = get_logger()


@dataclass(frozen=True, slots=True)
class Split:
    """One split of a program that applies."""

    program: str
    phase: str
    name: str
    fork: Fork

    @property
    def place(self) -> str:
        """`phase.activity`."""
        return f"{self.phase}.{self.name}"


class Contests:
    """Decides for all workspaces. Any number of workers may do so at once: a decision is made once."""

    def __init__(self, store: Store, shelf: Shelf) -> None:
        self._store = store
        self._shelf = shelf
        self._looked_at: datetime | None = None

    def run_once(self, now: datetime) -> int:
        """Look at every open contest, if the last time was long enough ago; how many were decided."""
        if self._looked_at is not None and timedelta() <= now - self._looked_at < _EVERY:
            return 0
        self._looked_at = now
        with self._store.reading() as transaction:
            workspaces = sorted({connection.workspace for connection in transaction.connections.all()})
            books = {one: self._shelf.latest(transaction, one) for one in workspaces if transaction.books.latest(one)}
        return sum(
            self._decide(workspace, split, book.version, now)
            for workspace, book in books.items()
            for split in splits_of(book)
        )

    def _decide(self, workspace: WorkspaceId, split: Split, version: str, now: datetime) -> bool:
        contest = split.fork.contest
        if contest is None or split.fork.winner or self._is_reopened(workspace, split):
            return False
        tallies = self._store.read_models.tallies(workspace, split.program).get(split.place, ())
        finding = judge(contest, [case.name for case in split.fork.cases], tallies, now)
        if not finding.case:
            return False
        entry = to_entry(split, finding, tallies, contest, now)
        is_decided = overrides.decide(self._store, workspace, entry, seen=version)
        if is_decided:
            log.info("split.decided", workspace=workspace, program=split.program, split=split.place, case=finding.case)
        return is_decided

    def _is_reopened(self, workspace: WorkspaceId, split: Split) -> bool:
        with self._store.reading() as transaction:
            return is_reopened(transaction.overrides.all(workspace), split)


def splits_of(book: Book, program: str = "") -> Iterator[Split]:
    """The splits of a book, or of one of its programs, in order."""
    for name, compiled in book.programs.items():
        for phase in compiled.program.phases if program in ("", name) else ():
            for activity in phase.activities:
                if activity.fork is not None and activity.fork.by_chance:
                    yield Split(name, phase.name, activity.name, activity.fork)


def is_reopened(ledger: Sequence[OverrideEntry], split: Split) -> bool:
    """Whether a person let chance decide again: then no rule decides any more."""
    place = (split.program, split.phase, split.name)
    of_split = [each for each in ledger if (each.program, each.phase, each.fork) == place]
    return bool(of_split) and of_split[-1].kind is OverrideKind.REOPENED


def to_entry(
    split: Split, finding: Finding, tallies: Sequence[Tally], contest: Contest, now: datetime
) -> OverrideEntry:
    """The ledger's line for what was found, with the figures."""
    return OverrideEntry(
        now,
        BY_RULE,
        OverrideKind.DECIDED,
        split.program,
        split.phase,
        split.name,
        finding.case,
        finding.because,
        {tally.case: in_words(tally, contest) for tally in tallies},
    )


def in_words(tally: Tally, contest: Contest) -> str:
    """For people: `31 of 214 answered, 14.5 %`."""
    merit = tally.merit(contest.by)
    what = "answered" if contest.by == "answered" else "reached the goal"
    return f"{merit:,} of {tally.entered:,} {what}, {rate(merit, tally.entered) * 100:.1f} %"
