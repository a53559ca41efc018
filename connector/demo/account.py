"""The account of a demo: what happened, gathered for people and programs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from connector.cli.explain import explain_lead
from connector.demo.expected import PROGRAMS
from connector.demo.people import Person
from connector.demo.readback import Seen
from connector.demo.script import SINGLE_SENDS, Message
from connector.demo.stage import Stage
from connector.domain.history import HistoryKind
from connector.domain.ids import LeadId
from connector.domain.programs.program import Program
from connector.engine.telling.explain import Explanation
from connector.ports import LeadSummary

#: Whose timelines are shown.
SHOWN_ROLES = ("subscriber", "hot guest", "won back")
#: Program and phase.
Place = tuple[str, str]
_ARRIVALS = (HistoryKind.ENTERED, HistoryKind.PHASE)


@dataclass(frozen=True, slots=True)
class PhaseLine:
    """One phase of the funnel, in leads."""

    program: str
    phase: str
    #: The buyer's stage that it belongs to.
    stage: str
    reached: int
    #: Enrolment state -> how many stand here in it.
    standing: Mapping[str, int]
    #: Phase or other program -> how many this phase led there.
    ways: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class MessageLine:
    """One email of the portal."""

    name: str
    is_single_send: bool
    sent: int
    clicked: int


@dataclass(frozen=True, slots=True)
class Shown:
    """One lead whose story is told."""

    story: str
    lead: Explanation


@dataclass(frozen=True, slots=True)
class CallLine:
    """One operation of HubSpot's API."""

    operation: str
    calls: int
    #: Calls to which HubSpot said no, or later; what was looked for and is not there is no failure.
    failed: int
    records: int


@dataclass(frozen=True, slots=True)
class Account:
    """All that is told at the end."""

    contacts: int
    days: int
    seconds: float
    facts: int
    webhooks: int
    funnel: tuple[PhaseLine, ...]
    leads: tuple[Shown, ...]
    messages: tuple[MessageLine, ...]
    #: Subjects of all tasks.
    tasks: tuple[str, ...]
    calls: tuple[CallLine, ...]
    #: Everything in the portal that is not as it must be.
    differences: tuple[str, ...]


def count_calls(stage: Stage) -> tuple[CallLine, ...]:
    """What our app asked of HubSpot until now, the most often used first."""
    lines = (
        CallLine(operation, sum(by_status.values()), _failures(by_status), records)
        for operation, by_status, records in stage.sandbox.calls.table(stage.portal.id)
    )
    return tuple(sorted(lines, key=lambda line: (-line.calls, line.operation)))


def _failures(by_status: Mapping[int, int]) -> int:
    return sum(amount for status, amount in by_status.items() if status >= 300 and status != HTTPStatus.NOT_FOUND)


def count_funnel(stage: Stage) -> tuple[PhaseLine, ...]:
    """Every phase of every program that somebody entered, in the order of the mapping."""
    book, _ = stage.services.read_mapping()
    reached, ways = _count_ways(stage)
    standing = stage.services.store.read_models.funnel(stage.workspace)
    return tuple(
        PhaseLine(
            program.name,
            phase.name,
            phase.stage,
            reached[program.name, phase.name],
            {one.state: one.enrolments for one in standing if (one.program, one.phase) == (program.name, phase.name)},
            ways[program.name, phase.name],
        )
        for program in sorted(book.definitions.programs, key=_place)
        for phase in program.phases
        if any(name == program.name for name, _ in reached)
    )


def _place(program: Program) -> int:
    """The three worked programs first; then what they led to."""
    return PROGRAMS.index(program.name) if program.name in PROGRAMS else len(PROGRAMS)


def _count_ways(stage: Stage) -> tuple[Counter[Place], defaultdict[Place, Counter[str]]]:
    """By program and phase: how many came there, and where it led how many."""
    reached: Counter[Place] = Counter()
    ways: defaultdict[Place, Counter[str]] = defaultdict(Counter)
    for summary in all_leads(stage):
        for one in stage.services.store.read_models.history(stage.workspace, summary.id):
            place = one.subject, str(one.detail.get("phase", ""))
            if one.kind in _ARRIVALS:
                reached[place] += 1
            elif one.kind is HistoryKind.SETTLED and one.detail["next"] not in ("completed", "exit"):
                ways[place][str(one.detail["next"])] += 1
    return reached, ways


def count_messages(seen: Iterable[Seen]) -> tuple[MessageLine, ...]:
    """How often each email was sent and clicked, by HubSpot's own log."""
    sent: Counter[str] = Counter()
    clicked: Counter[str] = Counter()
    for one in seen:
        sent.update(email.name for email in one.emails)
        clicked.update(email.name for email in one.clicks)
    return tuple(
        MessageLine(message, message in SINGLE_SENDS, sent[message], clicked[message])
        for message in Message
        if sent[message]
    )


def all_leads(stage: Stage) -> Iterator[LeadSummary]:
    """Every lead, by id."""
    after: LeadId | None = None
    while page := stage.services.store.read_models.leads(stage.workspace, 500, after):
        yield from page
        after = page[-1].id


def tell_stories(stage: Stage, people: Sequence[Person]) -> tuple[Shown, ...]:
    """The leads whose timelines are shown: the first of each of three roles."""
    chosen = [next(person for person in people if person.role.name == name) for name in SHOWN_ROLES]
    found = ((person, explain_lead(stage.services, stage.workspace, person.email)) for person in chosen)
    return tuple(Shown(person.role.story, lead[0]) for person, lead in found if lead)
