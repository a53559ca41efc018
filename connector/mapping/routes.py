"""Programs as graphs of phases: where each leads, in the program and out of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from connector.domain.programs.program import Outcome, Phase, Program, Target, TargetKind
from connector.domain.sales.sales import Sales


@dataclass(frozen=True, slots=True)
class Route:
    """A program with its phases at hand by name."""

    program: Program
    phases: Mapping[str, Phase]
    #: Phase -> the one before it; before the first, itself.
    before: Mapping[str, str]

    def after(self, phase: str, target: Target) -> str:
        """The phase of this program to which the target leads; empty for none."""
        if target.kind is TargetKind.PREVIOUS:
            return self.before[phase]
        return target.name if target.kind is TargetKind.PHASE else ""


def to_route(program: Program) -> Route:
    """The program, ready for questions about its phases."""
    names = [phase.name for phase in program.phases]
    before = [*names[:1], *names[:-1]]
    return Route(program, dict(zip(names, program.phases, strict=True)), dict(zip(names, before, strict=True)))


def possible_outcomes(phase: Phase) -> dict[str, Outcome]:
    """The ways in which the phase can be settled: with no answer expected, all were answered."""
    asked = sum(bool(activity.answered and activity.send) for activity in phase.activities)
    found = {"all_answered": phase.all_answered}
    if asked > 1:
        found["some_answered"] = phase.some_answered
    if asked:
        found["none_answered"] = phase.none_answered
    return found


def handed_back_to(sales: Sales) -> set[str]:
    """The programs into which sales hands leads back."""
    rejections = (rejection for rule in sales.hand_overs for rejection in rule.rejected)
    return {rejection.target.name for rejection in rejections if rejection.target is not None}


def targets_of(program: Program, kind: TargetKind = TargetKind.PROGRAM) -> Iterator[Target]:
    """Where the program leads beside its own phases."""
    for phase in program.phases:
        for outcome in (*every_case(phase.all_answered, phase.some_answered, phase.none_answered), *early(phase)):
            if outcome.target.kind is kind:
                yield outcome.target


def every_case(*outcomes: Outcome) -> Iterator[Outcome]:
    """The outcomes for everybody, and what follows once ways are used up."""
    for outcome in outcomes:
        for each in (outcome, *(case for _, case in outcome.cases)):
            yield each
            if each.times:
                yield replace(each, target=each.instead, times=0)


def early(phase: Phase) -> Iterator[Outcome]:
    """What follows one activity, by its answer or for want of one."""
    for activity in phase.activities:
        yield from every_case(*filter(None, (activity.on_answer, activity.no_answer)))
