"""Programs with their triggers as functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from connector.domain.fact import Value
from connector.domain.predicate import ALWAYS, Predicate, Scales, compile_condition, compile_signal_test
from connector.domain.program import Program, Trigger

AttributesMatch = Callable[[Mapping[str, Value]], bool]


@dataclass(frozen=True, slots=True)
class CompiledTrigger:
    """A trigger as functions."""

    #: The signal it answers to; empty for a condition alone.
    signal: str
    matches: AttributesMatch
    test: Predicate


@dataclass(frozen=True, slots=True)
class CompiledProgram:
    """A program with its triggers as functions."""

    program: Program
    enrol: tuple[CompiledTrigger, ...]
    goal: tuple[CompiledTrigger, ...]
    exit: tuple[CompiledTrigger, ...]
    #: The signals of goal and exit; the empty one stands for conditions.
    ends_on: frozenset[str]
    #: Phase and activity -> what counts as the answer.
    answers: Mapping[tuple[str, str], tuple[CompiledTrigger, ...]]
    #: The signals of answers; the empty one stands for conditions.
    answers_on: frozenset[str]

    @property
    def triggers(self) -> Iterable[CompiledTrigger]:
        """All of them."""
        yield from (*self.enrol, *self.goal, *self.exit)
        for answers in self.answers.values():
            yield from answers

    @property
    def conditions(self) -> tuple[Predicate, ...]:
        """The conditions that end or answer an enrolment by themselves, without a signal."""
        waited_for = (trigger for answers in self.answers.values() for trigger in answers)
        return tuple(trigger.test for trigger in (*self.goal, *self.exit, *waited_for) if not trigger.signal)


def compile_program(program: Program, scales: Scales) -> CompiledProgram:
    """The program as functions; total and pure."""

    def compile_all(triggers: Iterable[Trigger]) -> tuple[CompiledTrigger, ...]:
        return tuple(compile_trigger(trigger, scales) for trigger in triggers)

    goal, exit_ = compile_all(program.goal), compile_all(program.exit)
    answers = {
        (phase.name, activity.name): compile_all(activity.answered)
        for phase in program.phases
        for activity in phase.activities
    }
    return CompiledProgram(
        program=program,
        enrol=compile_all(program.enrol),
        goal=goal,
        exit=exit_,
        ends_on=frozenset(trigger.signal for trigger in (*goal, *exit_)),
        answers=answers,
        answers_on=frozenset(trigger.signal for triggers in answers.values() for trigger in triggers),
    )


def compile_trigger(trigger: Trigger, scales: Scales) -> CompiledTrigger:
    """The trigger as functions; total and pure."""
    return CompiledTrigger(
        signal=trigger.on.signal if trigger.on else "",
        matches=compile_signal_test(trigger.on) if trigger.on else lambda attributes: True,
        test=compile_condition(trigger.when, scales) if trigger.when else ALWAYS,
    )
