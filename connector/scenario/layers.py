"""What the steps of a scenario set on top of its mapping, as a person or a rule does for a whole workspace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from connector.domain.book import Book, compile_book
from connector.domain.fact import Fact, FactKind
from connector.domain.override import NO_OVERRIDES, Overrides, Way, overridden, ways_of
from connector.mapping.places import Path
from connector.scenario.models import StepEntry
from connector.scenario.scenario import UNDATED
from connector.scenario.states import Reading


@dataclass(slots=True)
class Layers:
    """The versions that one scenario comes to."""

    reading: Reading
    overrides: Overrides = NO_OVERRIDES
    #: Version -> book.
    books: dict[str, Book] = field(default_factory=dict)

    def add(self, step: StepEntry, path: Path, key: str) -> Iterator[Fact]:
        """The fact that leads are told of what the step sets; none where it sets nothing. Reports unknown names."""
        if not step.is_for_everybody:
            return
        paused = self.overrides.pausing(*self._known(step, path, "pause_program"))
        self.overrides = paused.resuming(*self._known(step, path, "resume_program"))
        for way in self._winners(step.winner, (*path, "winner")):
            self.overrides = self.overrides.won_by(way)
        definitions = overridden(self.reading.book.definitions, self.overrides)
        self.books[definitions.version] = compile_book(definitions)
        yield Fact(f"{key}:set", UNDATED, FactKind.BOOK, definitions.version, "cli")

    def _known(self, step: StepEntry, path: Path, word: str) -> Iterator[str]:
        known = tuple(self.reading.names.programs)
        for index, name in enumerate(getattr(step, word)):
            if self.reading.is_known(name, known, "program", (*path, word, index)):
                yield name

    def _winners(self, cases: Mapping[str, str], path: Path) -> Iterator[Way]:
        """The ways by `split: case`, the splits of all programs."""
        ways = [way for program in self.reading.book.definitions.programs for way in ways_of(program)]
        for fork, case in cases.items():
            here, of_fork = (*path, fork), [way for way in ways if way.fork == fork]
            if self.reading.is_known(fork, tuple({way.fork for way in ways}), "split", here) and self.reading.is_known(
                case, tuple(way.case for way in of_fork), "case", here
            ):
                yield from (way for way in of_fork if way.case == case)
