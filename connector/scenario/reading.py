"""Scenario files: from text to scenarios, or to a report of all that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path as FilePath
from typing import Any

from connector.domain.book import Book, compile_book
from connector.domain.fact import EdgesName, Fact, RecordName
from connector.errors import MappingError
from connector.mapping.fingerprint import to_plain_text
from connector.mapping.load import names_in, parse_mapping, read_folder
from connector.mapping.names import Names
from connector.mapping.nodes import parse_yaml
from connector.mapping.places import Path, Problems, TooManyProblemsError
from connector.mapping.report import Problem, Report, nearest, quoted, render
from connector.mapping.shape import check_shape_of
from connector.scenario.actions import baseline, read_facts
from connector.scenario.dealing import Dealer, read_measured
from connector.scenario.events import KINDS, fits
from connector.scenario.layers import Layers
from connector.scenario.models import EventsEntry, ScenarioEntry, ScenarioFile, StepEntry
from connector.scenario.moments import parse_moment
from connector.scenario.scenario import UNDATED, Happenings, Scenario, Step, Wanted
from connector.scenario.states import OPEN_END, Reading, read_states
from connector.scenario.values import read_values

#: Where the scenarios of a workspace lie, in its folder.
TESTS = "tests"
_SUFFIXES = (".yaml", ".yml")
#: What a scenario's only lead is called when it has no name.
THE_LEAD = "the lead"


def load_scenarios(folder: str | FilePath) -> list[Scenario]:
    """The scenarios in `FOLDER/tests`, in the order of their files and lines.

    Raises MappingError with every mistake in the mapping, or else in the scenarios, each with its line and a caret.
    """
    workspace = FilePath(folder)
    texts = read_folder(workspace)
    try:
        book = compile_book(parse_mapping(texts))
    except MappingError as error:
        raise MappingError(f"the mapping in {workspace} is not right:\n{error}") from error
    report, scenarios = read_scenarios(_read_tests(workspace), book, names_in(texts))
    if report.errors:
        raise MappingError(render(report))
    return scenarios


def _read_tests(workspace: FilePath) -> dict[str, str]:
    """The texts of the scenario files by path. Raises MappingError for one that is no text."""
    tests = workspace / TESTS
    paths = sorted(path for path in tests.rglob("*") if path.suffix in _SUFFIXES) if tests.is_dir() else []
    return {str(path): _read_text(path) for path in paths if path.is_file()}


def _read_text(path: FilePath) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise MappingError(f"{path}: the file is not text in UTF-8; save it as UTF-8") from error
    except OSError as error:
        raise MappingError(f"{path}: the file cannot be read: {error.strerror}") from error


def read_scenarios(files: Mapping[str, str], book: Book, names: Names) -> tuple[Report, list[Scenario]]:
    """What is wrong with these files, and the scenarios in those that are right; never raises."""
    found: list[Problem] = []
    scenarios: list[Scenario] = []
    for name, text in sorted(files.items()):
        problems, read = _read_file(name, to_plain_text(text), book, names)
        found += sorted(problems, key=lambda problem: (problem.line, problem.column))
        scenarios += [] if problems else read
    return Report(tuple(found), files), scenarios


def _read_file(name: str, text: str, book: Book, names: Names) -> tuple[list[Problem], list[Scenario]]:
    root, unreadable = parse_yaml(name, text)
    if root is None:
        return unreadable, []
    if not isinstance(root.value, dict):
        return [*unreadable, Problem(name, 1, 1, "expected a scenario file", "write key: value lines")], []
    problems = Problems(root, list(unreadable))
    scenarios: list[Scenario] = []
    try:
        file = check_shape_of(ScenarioFile, problems)
        reading = Reading(book, names, problems)
        for title, entry in file.scenarios.items() if file else ():
            scenario = _Reader(name, title, file, entry, reading).read() if file else None
            scenarios += [scenario] if scenario else []
    except TooManyProblemsError:
        pass
    return problems.found, scenarios


@dataclass(slots=True)
class _Reader:
    """Reads one scenario; never raises, reports instead."""

    file: str
    title: str
    shared: ScenarioFile
    entry: ScenarioEntry
    reading: Reading
    #: The moment of the step before, as it is written.
    previous: datetime = UNDATED
    begins_at: datetime = UNDATED
    #: What is set on top of the mapping, step by step.
    layers: Layers = field(init=False)
    dealer: Dealer = field(init=False)

    def __post_init__(self) -> None:
        self.layers = Layers(self.reading)

    def read(self) -> Scenario | None:
        """The scenario; None, and reported, where it says not even when it begins."""
        path: Path = ("scenarios", self.title)
        if not self._begin(path):
            return None
        self.dealer = Dealer(self.reading, self.begins_at)
        leads = self._with_more(self._leads(path), path)
        steps = [self._step(step, (*path, "steps", i), i, leads) for i, step in enumerate(self.entry.steps)]
        never = self.entry.never
        if never is None and not any(step.is_asked for step in steps) and not self.reading.problems.touch(path):
            message = "this scenario expects nothing, so it cannot fail"
            self.reading.problems.error(path, message, "add expect: to a step", on_key=True)
        return Scenario(
            title=self.title,
            file=self.file,
            line=self.reading.line(path),
            book=self.reading.book,
            begins_at=self.begins_at,
            leads=leads,
            newcomers=frozenset(_newcomers(leads, steps)),
            steps=tuple(steps),
            never=tuple(self._happenings(never, (*path, "never"))) if never else (),
            overridden=self.layers.books,
        )

    def _begin(self, path: Path) -> bool:
        here, text = ((*path, "begins"), self.entry.begins) if self.entry.begins else (("begins",), self.shared.begins)
        if not text:
            hint = "add begins: such as 2026-09-07 09:00"
            self.reading.problems.error(path, "this scenario does not say when it begins", hint, on_key=True)
            return False
        try:
            self.begins_at = self.previous = parse_moment(text, None, None, self._zone)
        except ValueError as error:
            self.reading.problems.error(here, str(error))
            return False
        return True

    @property
    def _zone(self) -> Any:
        return self.reading.book.definitions.zone

    # --- leads ---

    def _leads(self, path: Path) -> dict[str, tuple[Fact, ...]]:
        """Lead -> what its records hold: what the file says of it, and on top what the scenario says."""
        told: dict[str, dict[str, dict[str, str]]] = {}
        for entry, at in ((self.shared, ()), (self.entry, path)):
            named = dict(entry.leads)
            places: dict[str, Path] = {name: (*at, "leads", name) for name in named}
            if entry.lead is not None:
                named[THE_LEAD], places[THE_LEAD] = entry.lead, (*at, "lead")
            for name, values in named.items():
                for crm, texts in read_values(values, places[name], self.reading).items():
                    told.setdefault(name, {}).setdefault(crm, {}).update(texts)
                told.setdefault(name, {})
        return {name: baseline(values) for name, values in (told or {THE_LEAD: {}}).items()}

    def _with_more(self, leads: Mapping[str, tuple[Fact, ...]], path: Path) -> dict[str, tuple[Fact, ...]]:
        """What is given of the leads beside their records: deals, and what was measured among all who bought."""
        more: dict[str, list[Fact]] = {name: list(facts) for name, facts in leads.items()}
        for entry, at in ((self.shared, ()), (self.entry, path)):
            for name, fact in self.dealer.read_given(entry.deals, (*at, "deals"), tuple(leads)):
                more[name].append(fact)
        measured, at = (self.entry.rfm, path) if self.entry.rfm else (self.shared.rfm, ())
        if measured is not None:
            for fact in read_measured(measured, (*at, "rfm"), self.reading, self.begins_at, EdgesName.FIRST):
                for facts in more.values():
                    facts.append(fact._replace(key="given:rfm"))
        return {name: tuple(facts) for name, facts in more.items()}

    def _whose(self, step: StepEntry, path: Path, leads: Mapping[str, object]) -> tuple[str, ...]:
        known = tuple(leads)
        if step.is_for_everybody:
            return known
        if step.lead:
            places = [(*path, "lead", index) for index in range(len(step.lead))]
            return tuple(
                name for name, at in zip(step.lead, places, strict=True)
                if self.reading.is_known(name, known, "lead", at)
            )  # fmt: skip
        if len(known) > 1 and step.model_fields_set - {"at", "rfm"}:
            self.reading.problems.error(path, "this step does not say whose it is", f"add lead: {known[0]}")
        return known

    # --- steps ---

    def _step(self, step: StepEntry, path: Path, index: int, leads: Mapping[str, object]) -> Step:
        expect = step.expect
        at = self._moment(step, path)
        key = f"{index:05}:{self.reading.line(path)}"
        return Step(
            at=at,
            line=self.reading.line(path),
            leads=self._whose(step, path, leads),
            facts=(
                *self.layers.add(step, path, key),
                *read_facts(step, path, key, self.reading),
                *self._more_facts(step, path, key, at),
            ),
            happenings=tuple(self._happenings(expect, (*path, "expect"))) if expect else (),
            states=tuple(read_states(expect, (*path, "expect"), self.reading)) if expect else (),
        )

    def _more_facts(self, step: StepEntry, path: Path, key: str, at: datetime) -> Iterator[Fact]:
        """What happens to deals in a step, and what is measured."""
        found = list(self.dealer.read_step(step.deal, (*path, "deal")))
        if step.rfm is not None:
            found += read_measured(step.rfm, (*path, "rfm"), self.reading, at, EdgesName.ANEW)
        for index, fact in enumerate(found, start=90):
            yield fact._replace(key=f"{key}:{index}")

    def _moment(self, step: StepEntry, path: Path) -> datetime:
        """When the step happens; as the step before where it does not say, or says it wrongly."""
        if step.at is None:
            return self.previous
        try:
            at = parse_moment(step.at, self.begins_at.astimezone(self._zone).date(), self.previous, self._zone)
        except ValueError as error:
            self.reading.problems.error((*path, "at"), str(error))
            return self.previous
        if at < self.previous:
            hint = "write steps in their order"
            self.reading.problems.error((*path, "at"), "this lies before the step above it", hint)
        self.previous = max(at, self.previous)
        return self.previous

    # --- what is expected to happen ---

    def _happenings(self, entry: EventsEntry, path: Path) -> Iterator[Happenings]:
        for kind in KINDS:
            items: Sequence[tuple[str, str]] | None = getattr(entry, kind)
            if items is not None:
                here = (*path, kind)
                is_open = bool(items) and items[-1][0] == OPEN_END
                wanted = self._wanted(kind, items[:-1] if is_open else items, here)
                if is_open and path[-1] == "never":
                    self.reading.problems.error(here, "nothing may be left open in never", "remove the dots")
                yield Happenings(kind, tuple(wanted), is_open, self.reading.line(here))

    def _wanted(self, kind: str, items: Sequence[tuple[str, str]], path: Path) -> Iterator[Wanted]:
        for index, (name, moment) in enumerate(items):
            here = (*path, index)
            self._check_name(kind, name, here)
            yield Wanted(name, self._wanted_at(moment, here) if moment else None)

    def _wanted_at(self, text: str, path: Path) -> datetime | None:
        first = self.begins_at.astimezone(self._zone).date()
        try:
            return parse_moment(text, first, None, self._zone)
        except ValueError as error:
            self.reading.problems.error(path, str(error))
            return None

    def _check_name(self, kind: str, name: str, path: Path) -> None:
        if name == OPEN_END:
            self.reading.problems.error(path, "the dots stand at the end of a list")
            return
        names = KINDS[kind].names
        if names is None or "*" in name:
            return
        full = tuple(names(self.reading.names, self.reading.book.definitions))
        if not any(fits(name, each) for each in full):
            known = tuple({each.rpartition(".")[2] for each in full} if "." not in name else full)
            message = f"nothing here is called {quoted(name)}" if known else f"the mapping has no {KINDS[kind].told}"
            self.reading.problems.error(path, message, nearest(name, known))


def _newcomers(leads: Mapping[str, object], steps: Sequence[Step]) -> Iterator[str]:
    """The leads whose first step is their creation: nothing is known of them before."""
    for name in leads:
        first = next((step for step in steps if name in step.leads and step.facts), None)
        if first is not None and first.facts[0].name == RecordName.CREATED:
            yield name
