"""A scenario played through the real fold, with a clock that jumps from one moment to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connector.domain.decide import Decision, fold
from connector.domain.draft import Books, Draft
from connector.domain.fact import Fact, FactKind
from connector.domain.history import HistoryEntry
from connector.domain.ids import LeadId
from connector.domain.lead import Lead, blank
from connector.domain.petition import PetitionKind
from connector.errors import InvariantError
from connector.scenario.bench import Bench
from connector.scenario.events import Event, events_of
from connector.scenario.scenario import Scenario, Step

_MILLISECOND = timedelta(milliseconds=1)
#: Expectations look at the end of their minute, each a little later in it than the one before, so that whatever
#: follows an expectation in its minute is still seen by expectations just so many days later.
_LATE = timedelta(seconds=30)
_LATER = timedelta(milliseconds=50)
#: A lead that wakes more often than this between two steps will never rest.
_MAX_WAKES = 50_000


@dataclass(frozen=True, slots=True)
class Written:
    """A CRM property that is to hold another value."""

    at: datetime
    crm: str
    property: str
    text: str


@dataclass(slots=True)
class Life:
    """One lead, kept as an engine keeps it: woken by its alarm, at its moment."""

    book_of: Books
    lead: Lead
    #: What is told of it together with its first facts.
    given: tuple[Fact, ...] = ()
    history: list[HistoryEntry] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    #: The keys of the acts so far: none is done twice.
    _acts: set[str] = field(default_factory=set)

    def live(self, until: datetime, facts: Sequence[Fact] = ()) -> None:
        """Let time pass, alarm by alarm, and then let these facts happen."""
        for _ in range(_MAX_WAKES):
            if (place := self._place(until)) is not None:
                self._fold([place], place.at)
                continue
            wake_at = self.lead.wake_at
            if wake_at is None or wake_at > until or (facts and wake_at == until):
                break
            self._fold((), wake_at)
        else:
            raise InvariantError(f"lead {self.lead.id} never rests before {until}")
        if facts:
            self._fold(facts, until)

    def _place(self, until: datetime) -> Fact | None:
        """A scenario has few leads: a program's brake keeps nobody of them waiting."""
        asked = [each for each in self.lead.petitions.values() if each.kind is PetitionKind.ADMISSION]
        due = min(asked, key=lambda each: each.due_at, default=None)
        wake_at = self.lead.wake_at
        if due is None or due.due_at > until or (wake_at is not None and wake_at < due.due_at):
            return None
        at = max(due.due_at, self.lead.position[1] + _MILLISECOND)
        return Fact(f"ruling:{due.key}", at, FactKind.RULING, due.key)

    def first_heard(self, at: datetime) -> list[Fact]:
        """What is given of the lead, told at this moment; nothing the second time."""
        given, self.given = self.given, ()
        return [fact._replace(at=at) for fact in given]

    def _fold(self, facts: Sequence[Fact], now: datetime) -> None:
        before = self.lead
        self._keep(fold(self.book_of, before, facts, now))
        self._compare(before, self.lead.position[1])

    def _keep(self, decision: Decision) -> None:
        fresh = [act for act in decision.acts if act.key not in self._acts]
        self._acts.update(act.key for act in fresh)
        self.lead = decision.lead
        self.history += decision.history
        self.events += events_of(self.book_of(self.lead.book), decision.history, fresh)

    def _compare(self, before: Lead, at: datetime) -> None:
        for crm, desired in self.lead.desired.items():
            known = before.desired[crm].properties if crm in before.desired else {}
            for name, text in desired.properties.items():
                if known.get(name, "") != text:
                    self.written.append(Written(at, crm, name, text))

    def look(self, at: datetime) -> Draft:
        """The lead as conditions see it at this moment, which must not lie before its last fact."""
        draft = Draft(self.lead, self.book_of(self.lead.book), at)
        draft.now = at
        return draft


@dataclass(frozen=True, slots=True)
class Glance:
    """A moment at which something is expected of one lead."""

    step: Step
    lead: str
    at: datetime
    #: Until here, not including it, the events were there to see.
    view: Draft


@dataclass(frozen=True, slots=True)
class Play:
    """What became of all leads of a scenario."""

    scenario: Scenario
    lives: dict[str, Life]
    glances: tuple[Glance, ...]


def play(scenario: Scenario) -> Play:
    """Let everything happen, and look where something is expected. Pure: the same scenario gives the same play."""
    lives = {name: _begin(scenario, name) for name in scenario.leads}
    bench = Bench(scenario.book)
    glances: list[Glance] = []
    at = scenario.begins_at
    for step in scenario.steps:
        at = max(at, step.at)
        bench.let_pass(lives, at)
        if step.facts:
            at = _happen(step, lives, at)
        if step.is_asked:
            at = max(at, step.at + _lateness(step, len(glances)))
            bench.let_pass(lives, at)
            glances += [_glance(step, name, lives[name], at) for name in step.leads]
        at = at if not step.is_asked else at + _MILLISECOND
    bench.let_pass(lives, at)
    for life in lives.values():
        life.live(at)
    return Play(scenario, lives, tuple(glances))


def _begin(scenario: Scenario, name: str) -> Life:
    life = Life(scenario.book_of, blank(LeadId(name), scenario.book.version), scenario.leads[name])
    if name not in scenario.newcomers:
        life.live(scenario.begins_at, life.first_heard(scenario.begins_at))
    return life


def _happen(step: Step, lives: dict[str, Life], at: datetime) -> datetime:
    """Let the step's facts happen as soon as they can count after what happened before; when that was."""
    timed = [fact._replace(at=at) for fact in step.facts]
    for name in step.leads:
        while any(fact.position < lives[name].lead.position for fact in timed):
            at += _MILLISECOND
            timed = [fact._replace(at=at) for fact in step.facts]
    for name in step.leads:
        lives[name].live(at, [*lives[name].first_heard(at), *timed])
    return at


def _lateness(step: Step, looks: int) -> timedelta:
    return timedelta() if step.at.second else _LATE + min(looks, 500) * _LATER


def _glance(step: Step, name: str, life: Life, at: datetime) -> Glance:
    life.live(at)
    return Glance(step, name, at, life.look(max(step.at, life.lead.position[1])))
