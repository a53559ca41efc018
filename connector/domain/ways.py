"""Ways on from a phase: which of a list is open to a lead, and how often each was taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from connector.domain.compiled import CompiledOutcome
from connector.domain.draft import Draft
from connector.domain.enrolment import Enrolment
from connector.domain.program import Outcome, Target


class Way(NamedTuple):
    """One of the ways of a list."""

    outcome: Outcome
    #: Those before it that are counted and lead to the same.
    alike: int


def open_way(draft: Draft, compiled: CompiledOutcome) -> Way:
    """The first that is open; the last one always is."""
    before: list[Outcome] = []
    for test, outcome in compiled.cases:
        if test.holds(draft):
            return _to_way(outcome, before)
        before.append(outcome)
    return _to_way(compiled.outcome, before)


def _to_way(outcome: Outcome, before: Sequence[Outcome]) -> Way:
    leads_to = (outcome.target.kind, outcome.target.name)
    return Way(outcome, sum(bool(one.times) and (one.target.kind, one.target.name) == leads_to for one in before))


def count_way(enrolment: Enrolment, word: str, way: Way) -> tuple[Target, Mapping[str, int]]:
    """Where the way leads this time, and how often each was taken: one that may be taken so often is used up then."""
    outcome = way.outcome
    if not outcome.times:
        return outcome.target, enrolment.taken
    key = f"{enrolment.phase} {word} {outcome.target.kind} {outcome.target.name}"
    if way.alike:  # the first keeps the name that it had when all of them were counted as one
        key += f" {way.alike + 1}"
    taken = enrolment.taken.get(key, 0)
    if taken >= outcome.times:
        return outcome.instead, enrolment.taken
    return outcome.target, {**enrolment.taken, key: taken + 1}
