"""Results: what came of each way of the splits of a workspace, and of those held out for comparison."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from connector.domain.book import Book
from connector.domain.ids import WorkspaceId
from connector.domain.override import OverrideEntry, OverrideKind
from connector.domain.programs.contest import Contest, Tally, interval, judge, rate
from connector.domain.programs.parting import HELD_OUT, HOLDOUT, NURTURED
from connector.engine.judging.contests import Split, is_reopened, splits_of
from connector.engine.judging.shelf import Shelf
from connector.ports import Store

Percents = tuple[float, float]


@dataclass(frozen=True, slots=True)
class WayResults:
    """One way; rates and intervals in percent."""

    case: str
    entered: int
    answered: int
    answered_rate: float
    answered_interval: Percents
    won: int
    won_rate: float
    won_interval: Percents


@dataclass(frozen=True, slots=True)
class SplitResults:
    """One split; the empty one compares who was nurtured with who was held out."""

    program: str
    split: str
    #: Whether and by whom it is decided, or why not yet.
    verdict: str
    ways: tuple[WayResults, ...]


def list_results(
    store: Store, shelf: Shelf, workspace: WorkspaceId, program: str, now: datetime
) -> Sequence[SplitResults]:
    """Of one program, or of all; programs that part nobody and hold nobody out are left out."""
    with store.reading() as transaction:
        book = shelf.latest(transaction, workspace)
        ledger = transaction.overrides.all(workspace)
    found: list[SplitResults] = []
    for name in book.programs:
        if program in ("", name):
            tallies = store.read_models.tallies(workspace, name)
            found += _splits(book, name, tallies, ledger, now)
            found += _holdout(book, name, tallies)
    return found


def _splits(
    book: Book, program: str, tallies: Mapping[str, Sequence[Tally]], ledger: Sequence[OverrideEntry], now: datetime
) -> Iterator[SplitResults]:
    for split in splits_of(book, program):
        counted = tallies.get(split.place, ())
        ways = _ways([case.name for case in split.fork.cases], counted)
        yield SplitResults(program, split.place, _verdict(split, counted, ledger, now, book.definitions.zone), ways)


def _holdout(book: Book, program: str, tallies: Mapping[str, Sequence[Tally]]) -> Iterator[SplitResults]:
    share = book.programs[program].program.holdout
    if share:
        ways = _ways((NURTURED, HELD_OUT), tallies.get(HOLDOUT, ()))
        yield SplitResults(program, HOLDOUT, f"{share:g} of 100 are sent nothing, for comparison", ways)


def _ways(cases: Sequence[str], tallies: Sequence[Tally]) -> tuple[WayResults, ...]:
    """The ways there are, in their order; then those that an earlier mapping had."""
    by_case = {tally.case: tally for tally in tallies}
    names = [*cases, *(case for case in by_case if case not in cases)]
    return tuple(_way(by_case.get(case, Tally(case, 0, 0, 0))) for case in names)


def _way(tally: Tally) -> WayResults:
    return WayResults(
        tally.case,
        tally.entered,
        tally.answered,
        _percent(rate(tally.answered, tally.entered)),
        _percents(interval(tally.answered, tally.entered)),
        tally.won,
        _percent(rate(tally.won, tally.entered)),
        _percents(interval(tally.won, tally.entered)),
    )


def _percent(share: float) -> float:
    return round(share * 100, 1)


def _percents(shares: Percents) -> Percents:
    return _percent(shares[0]), _percent(shares[1])


def _verdict(
    split: Split, tallies: Sequence[Tally], ledger: Sequence[OverrideEntry], now: datetime, zone: ZoneInfo
) -> str:
    if split.fork.winner:
        return _tell_decision(split, ledger, zone)
    contest: Contest | None = split.fork.contest
    if is_reopened(ledger, split):
        return "open: a person let chance decide again"
    if contest is None:
        return "open: the mapping names no winner:, so chance goes on"
    finding = judge(contest, [case.name for case in split.fork.cases], tallies, now, zone)
    return f"{finding.case} wins at the next look" if finding.case else f"open: {finding.because}"


def _tell_decision(split: Split, ledger: Sequence[OverrideEntry], zone: ZoneInfo) -> str:
    place = (split.program, split.phase, split.name)
    decisions = [
        each for each in ledger if each.kind is OverrideKind.DECIDED and (each.program, each.phase, each.fork) == place
    ]
    if not decisions:
        return f"decided: {split.fork.winner}"
    last = decisions[-1]
    why = f": {last.because}" if last.because else ""
    figures = "".join(f"; {case} {words}" for case, words in last.figures.items())
    return f"decided: {last.case} since {last.at.astimezone(zone):%Y-%m-%d %H:%M %Z}, by {last.by}{why}{figures}"
