"""Programs with their triggers and conditions as functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from connector.domain.conditions.comparison import compile_signal_test
from connector.domain.conditions.condition import Condition
from connector.domain.conditions.predicate import ALWAYS, Predicate, Scales, compile_condition
from connector.domain.fact import Value
from connector.domain.programs.program import Activity, Case, DateRule, Outcome, Phase, Program, Trigger

#: What the signals begin with that a change of a field gives: `changed:lifecycle`, with `was` and `now`.
CHANGED = "changed:"

AttributesMatch = Callable[[Mapping[str, Value]], bool]


@dataclass(frozen=True, slots=True)
class CompiledTrigger:
    """A trigger as functions."""

    #: The signal it answers to; empty for a condition or a date.
    signal: str
    matches: AttributesMatch
    test: Predicate
    date: DateRule | None = None


@dataclass(frozen=True, slots=True)
class CompiledStep:
    """An activity as functions."""

    activity: Activity
    #: Left out unless this holds.
    test: Predicate
    #: Of a fork: its cases, each with when it is open.
    cases: tuple[tuple[Case, Predicate], ...]
    #: What counts as the answer.
    answers: tuple[CompiledTrigger, ...]
    #: What follows an answer at once, and what its want; None: on with the phase.
    on_answer: CompiledOutcome | None
    no_answer: CompiledOutcome | None


@dataclass(frozen=True, slots=True)
class CompiledOutcome:
    """What follows a phase as functions: the first case that holds, or else the outcome itself."""

    outcome: Outcome
    cases: tuple[tuple[Predicate, Outcome], ...]


@dataclass(frozen=True, slots=True)
class CompiledPhase:
    """A phase as functions."""

    phase: Phase
    steps: tuple[CompiledStep, ...]
    #: Activity -> its place among the steps.
    places: Mapping[str, int]
    all_answered: CompiledOutcome
    some_answered: CompiledOutcome
    none_answered: CompiledOutcome

    def step(self, activity: str) -> CompiledStep | None:
        """The step of that name."""
        place = self.places.get(activity)
        return None if place is None else self.steps[place]


@dataclass(frozen=True, slots=True)
class CompiledProgram:
    """A program as functions."""

    program: Program
    #: Where it stands in the book: who comes first among equals.
    place: int
    phases: Mapping[str, CompiledPhase]
    enrol: tuple[CompiledTrigger, ...]
    goal: tuple[CompiledTrigger, ...]
    exit: tuple[CompiledTrigger, ...]
    #: Who neither enters nor stays; None for nobody.
    suppress: Predicate | None
    #: The signals of goal and exit; the empty one stands for conditions.
    ends_on: frozenset[str]
    #: The signals of answers; the empty one stands for conditions.
    answers_on: frozenset[str]
    #: Whatever looks at a lead here.
    predicates: tuple[Predicate, ...]
    #: The conditions that end or answer an enrolment by themselves, without a signal.
    conditions: tuple[Predicate, ...]
    #: Split and way -> the activities whose answers count for it.
    behind: Mapping[tuple[str, str], frozenset[str]]

    def answers_behind(self, fork: str, case: str) -> frozenset[str]:
        """What counts as an answer on this way of the split `phase.activity`: activities, each as `phase.activity`."""
        return self.behind.get((fork, case), frozenset())

    @property
    def first(self) -> CompiledPhase:
        """The phase that every lead begins with."""
        return next(iter(self.phases.values()))


def compile_program(program: Program, place: int, scales: Scales) -> CompiledProgram:
    """The program as functions; total and pure."""
    enrol, goal, exit_ = (_compile_triggers(each, scales) for each in (program.enrol, program.goal, program.exit))
    suppress = compile_condition(program.suppress, scales) if program.suppress else None
    phases = {phase.name: _compile_phase(phase, scales) for phase in program.phases}
    answers = [answer for phase in phases.values() for step in phase.steps for answer in step.answers]
    suppressing = () if suppress is None else (suppress,)
    by_themselves = (trigger.test for trigger in (*goal, *exit_, *answers) if not trigger.signal)
    triggers = (trigger.test for trigger in (*enrol, *goal, *exit_, *answers))
    return CompiledProgram(
        program=program,
        place=place,
        phases=phases,
        enrol=enrol,
        goal=goal,
        exit=exit_,
        suppress=suppress,
        ends_on=frozenset(trigger.signal for trigger in (*goal, *exit_)) | ({""} if suppress else frozenset()),
        answers_on=frozenset(trigger.signal for trigger in answers),
        predicates=(*triggers, *suppressing, *(test for phase in phases.values() for test in _looked_at(phase))),
        conditions=(*by_themselves, *suppressing),
        behind=_behind(program),
    )


def _behind(program: Program) -> Mapping[tuple[str, str], frozenset[str]]:
    """Of each way of each split the activity that its contest names, or else all behind it."""
    found: dict[tuple[str, str], frozenset[str]] = {}
    for phase in program.phases:
        for activity in phase.activities:
            fork = activity.fork
            for case in fork.cases if fork is not None and fork.by_chance else ():
                way = (activity.name, case.name)
                of = fork.contest.of if fork is not None and fork.contest else ""
                names = [of] if of else [each.name for each in phase.activities if way in each.path]
                found[f"{phase.name}.{activity.name}", case.name] = frozenset(f"{phase.name}.{name}" for name in names)
    return found


def _compile_phase(phase: Phase, scales: Scales) -> CompiledPhase:
    steps = tuple(_compile_step(activity, scales) for activity in phase.activities)
    return CompiledPhase(
        phase,
        steps,
        {step.activity.name: place for place, step in enumerate(steps)},
        _compile_outcome(phase.all_answered, scales),
        _compile_outcome(phase.some_answered, scales),
        _compile_outcome(phase.none_answered, scales),
    )


def _looked_at(phase: CompiledPhase) -> Iterator[Predicate]:
    for step in phase.steps:
        yield step.test
        yield from (test for _, test in step.cases)
        for early in filter(None, (step.on_answer, step.no_answer)):
            yield from (test for test, _ in early.cases)
    for outcome in (phase.all_answered, phase.some_answered, phase.none_answered):
        yield from (test for test, _ in outcome.cases)


def _compile_step(activity: Activity, scales: Scales) -> CompiledStep:
    cases = activity.fork.cases if activity.fork else ()
    return CompiledStep(
        activity,
        _compile(activity.when, scales),
        tuple((case, _compile(case.when, scales)) for case in cases),
        _compile_triggers(activity.answered, scales),
        None if activity.on_answer is None else _compile_outcome(activity.on_answer, scales),
        None if activity.no_answer is None else _compile_outcome(activity.no_answer, scales),
    )


def _compile(condition: Condition | None, scales: Scales) -> Predicate:
    return ALWAYS if condition is None else compile_condition(condition, scales)


def _compile_outcome(outcome: Outcome, scales: Scales) -> CompiledOutcome:
    cases = tuple((compile_condition(condition, scales), each) for condition, each in outcome.cases)
    return CompiledOutcome(outcome, cases)


def _compile_triggers(triggers: Iterable[Trigger], scales: Scales) -> tuple[CompiledTrigger, ...]:
    return tuple(compile_trigger(trigger, scales) for trigger in triggers)


def compile_trigger(trigger: Trigger, scales: Scales) -> CompiledTrigger:
    """The trigger as functions; total and pure."""
    return CompiledTrigger(
        signal=trigger.on.signal if trigger.on else "",
        matches=compile_signal_test(trigger.on) if trigger.on else lambda attributes: True,
        test=_compile(trigger.when, scales),
        date=trigger.date,
    )
