"""The account of a demo: what happened, gathered for people and programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from connector.cli.explain import explain_lead
from connector.demo.people import Person
from connector.demo.stage import Stage
from connector.domain.history import HistoryKind
from connector.domain.ids import LeadId
from connector.engine.explain import Explanation
from connector.ports import LeadSummary

#: Whose timelines are shown.
SHOWN_ROLES = ("convinced reader", "late reader", "loyal customer")
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
    """Every phase of every program in the order of the mapping: who ever reached it, and who stands there."""
    book, _ = stage.services.read_mapping()
    models = stage.services.store.read_models
    reached: Counter[tuple[str, str]] = Counter()
    for summary in all_leads(stage):
        history = models.history(stage.workspace, summary.id)
        reached.update({(one.subject, str(one.detail["phase"])) for one in history if one.kind in _ARRIVALS})
    standing = models.funnel(stage.workspace)
    return tuple(
        PhaseLine(
            program.name,
            phase.name,
            phase.stage,
            reached[program.name, phase.name],
            {one.state: one.enrolments for one in standing if (one.program, one.phase) == (program.name, phase.name)},
        )
        for program in book.definitions.programs
        for phase in program.phases
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
