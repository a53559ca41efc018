"""Programs in words: what a table and a flow chart say of them, with conditions as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from connector.domain.programs.program import Activity, Outcome, Phase, Program, Target, TargetKind
from connector.mapping.durations import format_duration
from connector.mapping.program_sentences import (
    tell_activity,
    tell_again,
    tell_answer,
    tell_case,
    tell_leaving,
    tell_terms,
    tell_trigger,
    tell_window,
)
from connector.mapping.sentences import to_sentence


@dataclass(frozen=True, slots=True)
class WaySketch:
    """One way out of a phase, or of an activity."""

    #: `all answered`, `not answered`.
    when: str
    #: What comes first: `the unanswered once more, then`, `after 7d`.
    first: str
    target: Target
    #: The target for people: `consideration`, `program welcome`.
    leads_to: str
    #: Of several that depend on conditions: `if employees is at least 10`, `else`.
    only: str = ""

    @property
    def words(self) -> str:
        """Who goes this way."""
        return f"{self.when}, {self.only}" if self.only else self.when


@dataclass(frozen=True, slots=True)
class StepSketch:
    """One activity."""

    name: str
    #: `list thank_you`, `a task`, `wait for meeting_booked, at most 3d`.
    sends: str
    #: `at once`, `after 3d`.
    leaves: str
    #: `email_clicked within 7d`; empty where no answer is asked for.
    answer: str
    #: Who gets it, where not everybody does.
    only: str = ""
    #: Where it leads at once by an answer, or for want of one; none for on with the phase.
    ways: tuple[WaySketch, ...] = ()
    #: Of a fork: each way, and who takes it.
    cases: tuple[tuple[str, str], ...] = ()
    #: Whether some leads take none of the ways.
    is_open: bool = False
    #: The forks it stands behind, outermost first, each with the way that leads to it.
    path: tuple[tuple[str, str], ...] = ()


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
    #: On what terms it runs beside others: `priority` and `20`.
    terms: tuple[tuple[str, str], ...] = ()


def sketch(program: Program) -> ProgramSketch:
    """The program in words; the same program gives the same words."""
    return ProgramSketch(
        name=program.name,
        enters=tuple(map(tell_trigger, program.enrol)),
        again=tell_again(program),
        goal=tuple(map(tell_trigger, program.goal)),
        exit=tuple(map(tell_trigger, program.exit)),
        window=tell_window(program.window),
        phases=tuple(_phase(program, phase) for phase in program.phases),
        terms=tuple(tell_terms(program)),
    )


def _phase(program: Program, phase: Phase) -> PhaseSketch:
    steps = tuple(_step(program, phase, activity) for activity in phase.activities)
    return PhaseSketch(phase.name, phase.stage, steps, tuple(_merged(_ways(program, phase))))


def _step(program: Program, phase: Phase, activity: Activity) -> StepSketch:
    fork = activity.fork
    return StepSketch(
        activity.name,
        tell_activity(activity),
        tell_leaving(activity),
        tell_answer(activity),
        only=to_sentence(activity.when) if activity.when else "",
        ways=tuple(_early_ways(program, phase, activity)),
        cases=tuple((case.name, tell_case(case, fork)) for case in fork.cases) if fork else (),
        is_open=bool(fork and not fork.by_chance and fork.cases[-1].when),
        path=activity.path,
    )


def _early_ways(program: Program, phase: Phase, activity: Activity) -> Iterator[WaySketch]:
    """Where one activity leads out of the phase."""
    for when, outcome in (("answered", activity.on_answer), ("no answer", activity.no_answer)):
        for way in _outcomes(program, phase, when, outcome) if outcome else ():
            if way.target.kind is not TargetKind.ON:
                yield way


def _ways(program: Program, phase: Phase) -> Iterator[WaySketch]:
    """The outcomes that can come about: with one question there is no `some`, with none everything is answered."""
    words = {0: ("when all has left",), 1: ("answered", "", "not answered")}.get(
        _most_asked(phase.activities), ("all answered", "some answered", "none answered")
    )
    outcomes = (phase.all_answered, phase.some_answered, phase.none_answered)
    for when, outcome in zip(words, outcomes, strict=False):
        if when:
            yield from _outcomes(program, phase, when, outcome)


def _most_asked(activities: Iterable[Activity], path: tuple[tuple[str, str], ...] = ()) -> int:
    """How many questions one lead is asked at most from here on; what only waits asks none."""
    here = [activity for activity in activities if activity.path == path]
    asked = sum(bool(activity.answered) and activity.send is not None for activity in here)
    forks = ((activity.name, activity.fork) for activity in here if activity.fork)
    return asked + sum(
        max(_most_asked(activities, (*path, (name, case.name))) for case in fork.cases) for name, fork in forks
    )


def _outcomes(program: Program, phase: Phase, when: str, outcome: Outcome) -> Iterator[WaySketch]:
    """What follows, for each of the conditions and for everybody else."""
    for condition, case in outcome.cases:
        yield _way(program, phase, when, case, f"if {to_sentence(condition)}")
    yield _way(program, phase, when, outcome, "else" if outcome.cases else "")
    for only, each in _limited(outcome):
        yield _way(program, phase, when, each, only)


def _limited(outcome: Outcome) -> Iterator[tuple[str, Outcome]]:
    """What follows once ways are used up."""
    for each in (*(case for _, case in outcome.cases), outcome):
        if each.times:
            yield f"after {each.times} time{'s' * (each.times > 1)}", replace(each, target=each.instead, times=0)


def _way(program: Program, phase: Phase, when: str, outcome: Outcome, only: str) -> WaySketch:
    target = _resolved(program, phase, outcome.target)
    return WaySketch(when, _first(outcome), target, _leads_to(target), only)


def _resolved(program: Program, phase: Phase, target: Target) -> Target:
    """`previous` as the phase that it is."""
    if target.kind is TargetKind.PREVIOUS:
        return Target(TargetKind.PHASE, program.before(phase.name))
    return target


def _first(outcome: Outcome) -> str:
    after = f"after {format_duration(outcome.after)}" if outcome.after else ""
    if outcome.times:
        most = f"{outcome.times} time{'s' * (outcome.times > 1)} at most"
        return f"{after}, {most}" if after else most
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
            return f"program {target.name}" + (f", phase {target.phase}" if target.phase else "")
        case TargetKind.SALES:
            return f"sales, by {target.name}"
        case _:
            return target.name


def _merged(ways: Iterable[WaySketch]) -> Iterator[WaySketch]:
    """Ways that lead to the same in the same manner, as one."""
    groups: dict[tuple[str, str, Target], list[WaySketch]] = {}
    for way in ways:
        groups.setdefault((way.only, way.first, way.target), []).append(way)
    for several in groups.values():
        yield replace(several[0], when=" or ".join(way.when for way in several))
