"""Deals in scenarios: from what happens to them, by their names, to what a CRM would say of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from connector.domain.book import Book
from connector.domain.fact import EdgesName, Fact, FactKind
from connector.domain.field import format_value
from connector.domain.traits.deal import DealNews, DealSource, Outcome, Stages
from connector.domain.traits.quintiles import Edges, to_data
from connector.mapping.crms import CRMS
from connector.mapping.places import Path
from connector.mapping.report import quoted
from connector.scenario.deal_models import DealEntry, GivenDealEntry, MeasuredEntry
from connector.scenario.moments import parse_moment
from connector.scenario.scenario import UNDATED
from connector.scenario.states import Reading, deal_ref

#: A stage in which deals are neither won nor lost.
_OPEN: Final = "open"
_OUTCOMES: Final = {"opened": Outcome.OPEN, "won": Outcome.WON, "lost": Outcome.LOST}
#: What can only happen to a deal that was told of before.
_OF_KNOWN: Final = ("moved", "changed", "gone")


@dataclass(slots=True)
class Dealer:
    """The deals of one scenario, as they stand when its steps are read one after the other."""

    reading: Reading
    begins_at: datetime
    #: Deal -> what the CRM says of it, by property.
    deals: dict[str, dict[str, str]] = field(default_factory=dict)

    def read_given(
        self, entries: Sequence[GivenDealEntry], path: Path, leads: Sequence[str]
    ) -> Iterator[tuple[str, Fact]]:
        """The deals that were there before, each with each of its leads."""
        for index, entry in enumerate(entries):
            here = (*path, index)
            whose = self._whose(entry, here, leads)
            for fact in self._read(entry, here, is_given=True):
                yield from ((name, fact) for name in whose)

    def read_step(self, entries: Sequence[DealEntry], path: Path) -> Iterator[Fact]:
        """What happens in a step."""
        for index, entry in enumerate(entries):
            yield from self._read(entry, (*path, index), is_given=False)

    def _whose(self, entry: GivenDealEntry, path: Path, leads: Sequence[str]) -> Sequence[str]:
        if not entry.of and len(leads) > 1:
            self.reading.problems.error(path, "this deal does not say whose it is", f"add of: {leads[0]}")
        known = (self.reading.is_known(name, tuple(leads), "lead", (*path, "of", i)) for i, name in enumerate(entry.of))
        return entry.of if all(list(known)) and entry.of else leads

    def _read(self, entry: DealEntry, path: Path, *, is_given: bool) -> Iterator[Fact]:
        source = source_of(self.reading.book)
        if source is None:
            hint = "add deals: {hubspot: {won: {stage: closedwon}}} to the mapping"
            self.reading.problems.error(path, "the mapping reads no deals", hint)
            return
        happening, name = entry.happening
        if happening in _OF_KNOWN and not self.reading.is_known(name, tuple(self.deals), "deal", (*path, happening)):
            return
        before = self.deals.get(name, {})
        after = {**dict.fromkeys(source.properties, ""), **before, **dict(self._values(entry, source, before, path))}
        self.deals[name] = after
        is_moved = before.get(source.stage) != after[source.stage]
        news = DealNews.MOVED if is_moved else DealNews.CHANGED
        if happening == "gone":
            news, after = DealNews.GONE, {}
        ref = deal_ref(name)
        told = DealNews.BASELINE if is_given else news
        yield Fact(f"given:{ref}" if is_given else "", UNDATED, FactKind.DEAL, f"{told}:{ref}", source.crm, dict(after))

    def _values(
        self, entry: DealEntry, source: DealSource, before: Mapping[str, str], path: Path
    ) -> Iterator[tuple[str, str]]:
        happening, _ = entry.happening
        pipeline = entry.pipeline or before.get(source.pipeline) or _first(source.pipelines, "default")
        outcome = _OUTCOMES.get(happening)
        if outcome is not None:
            meant = {Outcome.WON: source.won, Outcome.LOST: source.lost}.get(outcome)
            pipeline = entry.pipeline or (_first(meant.pipelines, pipeline) if meant else pipeline)
            stage = entry.stage or _stage_of(meant, str(outcome))
            self._check_stage(source, (stage, pipeline), outcome, path, happening)
            yield source.stage, stage
        elif entry.stage:
            yield source.stage, entry.stage
        yield source.pipeline, pipeline
        if entry.amount is not None:
            yield source.amount, format_value(entry.amount)
        if entry.closed_at:
            yield source.closed_at, self._closed_at(entry.closed_at, (*path, "closed_at"))

    def _check_stage(
        self, source: DealSource, place: tuple[str, str], outcome: Outcome, path: Path, happening: str
    ) -> None:
        is_ = source.outcome(*place)
        if is_ is outcome:
            return
        if outcome is Outcome.LOST and source.lost is None:
            message, hint = "no deal is ever lost in this mapping", "add lost: {stage: closedlost} to its deals"
        else:
            message, hint = f"a deal in the stage {quoted(place[0])} is {is_}, not {outcome}", "name another stage"
        self.reading.problems.error((*path, happening), message, hint)

    def _closed_at(self, text: str, path: Path) -> str:
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            pass
        zone = self.reading.book.definitions.zone
        try:
            return parse_moment(text, self.begins_at.astimezone(zone).date(), None, zone).isoformat()
        except ValueError as error:
            self.reading.problems.error(path, str(error))
            return ""


def source_of(book: Book) -> DealSource | None:
    """How scenarios' deals are read: those of the first CRM that the mapping looks at for deals."""
    return next((book.deals[crm] for crm in CRMS if crm in book.deals), None)


def _first(names: frozenset[str], otherwise: str) -> str:
    return min(names, default=otherwise)


def _stage_of(meant: Stages | None, otherwise: str) -> str:
    """Some stage of these."""
    return _first(meant.stages, otherwise) if meant else _OPEN


def read_measured(entry: MeasuredEntry, path: Path, reading: Reading, at: datetime, news: EdgesName) -> Iterator[Fact]:
    """What was measured among all who bought; reports what the mapping measures and nobody says."""
    rule = reading.book.definitions.rfm
    if rule is None or not rule.measured:
        reading.problems.error(path, "the mapping measures no quintiles", "add quintiles: true to its rfm")
        return
    unsaid = [] if reading.problems.touch(path) else [name for name in rule.measured if not entry.edges(name)]
    for missing in unsaid:
        reading.problems.error(path, f"nothing says where the fifths of {missing} end", f"add {missing}:", on_key=True)
    edges = Edges(at, entry.recency, entry.frequency, entry.monetary)
    yield Fact("", UNDATED, FactKind.EDGES, news, "", to_data(edges))
