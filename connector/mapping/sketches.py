"""Programs in words: what a table and a flow chart say of them, with conditions as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from connector.domain.calendar import ALWAYS_OPEN, SendWindow
from connector.domain.program import (
    Activity,
    Case,
    Choice,
    EmailSend,
    ListSend,
    Note,
    Outcome,
    Phase,
    Program,
    Send,
    Target,
    TargetKind,
    Task,
    Trigger,
)
from connector.mapping.durations import format_duration
from connector.mapping.sentences import signal_sentence, to_sentence

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class StepSketch:
    """One activity."""

    name: str
    #: `list thank_you`, `a task`.
    sends: str
    #: `at once`, `after 3d`.
    leaves: str
    #: `email_clicked within 7d`; empty where no answer is asked for.
    answer: str


@dataclass(frozen=True, slots=True)
class WaySketch:
    """One way out of a phase."""

    #: `all answered`, `not answered`.
    when: str
    #: What comes first: `repeats the unanswered, then`, `after 7d`.
    first: str
    target: Target
    #: The target for people: `consideration`, `program welcome`.
    leads_to: str


@dataclass(frozen=True, slots=True)
class PhaseSketch:
    """One phase: its activities in order, and what follows."""

    name: str
    stage: str
    steps: tuple[StepSketch, ...]
    ways: tuple[WaySketch, ...]


@dataclass(frozen=True, slots=True)
class ProgramSketch:
    """A program in words."""

    name: str
    enters: tuple[str, ...]
    again: str
    goal: tuple[str, ...]
    exit: tuple[str, ...]
    window: str
    phases: tuple[PhaseSketch, ...]


def sketch(program: Program) -> ProgramSketch:
    """The program in words; the same program gives the same words."""
    return ProgramSketch(
        name=program.name,
        enters=tuple(map(tell_trigger, program.enrol)),
        again=f"after {format_duration(program.again_after)}" if program.again_after is not None else "never",
        goal=tuple(map(tell_trigger, program.goal)),
        exit=tuple(map(tell_trigger, program.exit)),
        window=tell_window(program.window),
        phases=tuple(_phase(program, phase) for phase in program.phases),
    )


def tell_trigger(trigger: Trigger) -> str:
    """A trigger as a sentence: `report_read, when employees is at least 10`."""
    on = signal_sentence(trigger.on) if trigger.on else ""
    when = to_sentence(trigger.when) if trigger.when else ""
    return f"{on}, when {when}" if on and when else on or when


def tell_window(window: SendWindow) -> str:
    """When messages may leave: `mon-fri 09:00-18:00, not on holidays`."""
    if window == ALWAYS_OPEN:
        return "at any time"
    hours = f"{window.opens:%H:%M}-{window.closes:%H:%M}" if window.opens != window.closes else "at any hour"
    return f"{_days(window.days)} {hours}{', not on holidays' if window.holidays else ''}"


def _days(days: Iterable[int]) -> str:
    numbers = sorted(days)
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{_DAYS[numbers[0]]}-{_DAYS[numbers[-1]]}"
    return ", ".join(_DAYS[number] for number in numbers)


def _phase(program: Program, phase: Phase) -> PhaseSketch:
    return PhaseSketch(
        phase.name, phase.stage, tuple(map(_step, phase.activities)), tuple(_merged(_ways(program, phase)))
    )


def _step(activity: Activity) -> StepSketch:
    answers = " or ".join(map(tell_trigger, activity.answered))
    what = tell_send(activity.send) if activity.send else _tell_step(activity)
    within = f" within {format_duration(activity.within)}" if answers and activity.within else ""
    leaves = f"after {format_duration(activity.after)}" if activity.after else "at once"
    return StepSketch(activity.name, what, leaves, answers + within)


def _tell_step(activity: Activity) -> str:
    """What only waits, or parts the ways."""
    if activity.fork is None:
        return "wait"
    ways = [
        f"{case.name} {case.weight:g}" if activity.fork.by_chance else _tell_case(case) for case in activity.fork.cases
    ]
    return f"{'split' if activity.fork.by_chance else 'choose'}: {', '.join(ways)}"


def _tell_case(case: Case) -> str:
    return f"{case.name} if {to_sentence(case.when)}" if case.when else f"else {case.name}"


def tell_send(send: Send | Choice) -> str:
    """What leaves, for people: `list thank_you`, `by topic: energy list a, else list b`."""
    match send:
        case Choice(by, cases, otherwise):
            told = [f"{value} {tell_send(what)}" for value, what in cases.items()]
            rest = tell_send(otherwise) if otherwise else "nothing"
            return f"by {by}: {', '.join([*told, f'else {rest}'])}"
        case ListSend(name):
            return f"list {name}"
        case EmailSend(name):
            return f"email {name}"
        case Task():
            return "a task for sales"
        case Note():
            return "a note"


def _ways(program: Program, phase: Phase) -> Iterator[WaySketch]:
    """The outcomes that can come about: with one question there is no `some`, with none everything is answered."""
    asked = sum(bool(activity.answered) for activity in phase.activities)
    words = {0: ("when all has left",), 1: ("answered", "", "not answered")}.get(
        asked, ("all answered", "some answered", "none answered")
    )
    outcomes = (phase.all_answered, phase.some_answered, phase.none_answered)
    for when, outcome in zip(words, outcomes, strict=False):
        if when:
            target = _resolved(program, phase, outcome.target)
            yield WaySketch(when, _first(outcome), target, _leads_to(target))


def _resolved(program: Program, phase: Phase, target: Target) -> Target:
    """`previous` as the phase that it is."""
    if target.kind is TargetKind.PREVIOUS:
        return Target(TargetKind.PHASE, program.before(phase.name))
    return target


def _first(outcome: Outcome) -> str:
    after = f"after {format_duration(outcome.after)}" if outcome.after else ""
    if outcome.repeat_unanswered:
        return f"{after} the unanswered once more, then".strip()
    return after


def _leads_to(target: Target) -> str:
    match target.kind:
        case TargetKind.COMPLETED:
            return "completed"
        case TargetKind.EXIT:
            return "exit"
        case TargetKind.PROGRAM:
            return f"program {target.name}"
        case _:
            return target.name


def _merged(ways: Iterable[WaySketch]) -> Iterator[WaySketch]:
    """Ways that lead to the same in the same manner, as one."""
    groups: dict[tuple[str, Target], list[WaySketch]] = {}
    for way in ways:
        groups.setdefault((way.first, way.target), []).append(way)
    for several in groups.values():
        yield WaySketch(
            " or ".join(way.when for way in several), several[0].first, several[0].target, several[0].leads_to
        )
