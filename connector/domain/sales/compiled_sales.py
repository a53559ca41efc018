"""Hand-overs with their triggers and conditions as functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from connector.domain.conditions.predicate import ALWAYS, Predicate, Scales, compile_condition
from connector.domain.programs.compiled import CompiledTrigger, compile_trigger
from connector.domain.programs.program import Trigger
from connector.domain.sales.sales import HandOverRule, OwnerRule, Rejection, Sales


@dataclass(frozen=True, slots=True)
class CompiledHandOver:
    """A hand-over as functions."""

    rule: HandOverRule
    owner: tuple[tuple[OwnerRule, Predicate], ...]
    touched: tuple[CompiledTrigger, ...]
    accepted: tuple[CompiledTrigger, ...]
    rejected: tuple[tuple[CompiledTrigger, Rejection], ...]
    closed: tuple[CompiledTrigger, ...]

    @property
    def triggers(self) -> Iterator[CompiledTrigger]:
        """All that sales may do about it."""
        yield from (*self.touched, *self.accepted, *self.closed)
        yield from (trigger for trigger, _ in self.rejected)

    @property
    def predicates(self) -> Iterator[Predicate]:
        """Whatever looks at a lead here."""
        yield from (test for _, test in self.owner)
        yield from (trigger.test for trigger in self.triggers)

    @property
    def conditions(self) -> Iterator[Predicate]:
        """The conditions that count by themselves, without a signal."""
        yield from (trigger.test for trigger in self.triggers if not trigger.signal)


def compile_hand_overs(sales: Sales, scales: Scales) -> Mapping[str, CompiledHandOver]:
    """The hand-overs as functions, by name; total and pure."""
    return {rule.name: _compile(rule, scales) for rule in sales.hand_overs}


def compile_takes(sales: Sales, scales: Scales) -> Mapping[str, Predicate]:
    """Rep -> which leads it may be given."""
    return {
        rep.name: ALWAYS if rep.takes is None else compile_condition(rep.takes, scales)
        for team in sales.teams
        for rep in team.reps
    }


def _compile(rule: HandOverRule, scales: Scales) -> CompiledHandOver:
    return CompiledHandOver(
        rule=rule,
        owner=tuple((each, compile_condition(each.when, scales) if each.when else ALWAYS) for each in rule.owner),
        touched=_triggers(rule.touched, scales),
        accepted=_triggers(rule.accepted, scales),
        rejected=tuple((compile_trigger(each.trigger, scales), each) for each in rule.rejected),
        closed=_triggers(rule.closed, scales),
    )


def _triggers(triggers: Iterable[Trigger], scales: Scales) -> tuple[CompiledTrigger, ...]:
    return tuple(compile_trigger(trigger, scales) for trigger in triggers)
