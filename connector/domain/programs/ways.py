"""Ways on from a phase: how much was answered, which way is open to a lead then, and how often each was taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from connector.domain.draft import Draft
from connector.domain.frozen import replace
from connector.domain.history import HistoryKind
from connector.domain.programs.compiled import CompiledOutcome, CompiledPhase
from connector.domain.programs.enrolling import tell, update
from connector.domain.programs.enrolment import Enrolment, Move, Step, to_state
from connector.domain.programs.program import Outcome, Target, TargetKind


class Way(NamedTuple):
    """One of the ways of a list."""

    outcome: Outcome
    #: Those before it that are counted and lead to the same.
    alike: int


def settle(draft: Draft, enrolment: Enrolment, phase: CompiledPhase) -> Enrolment:
    """Decide what follows the phase."""
    word, outcome = _outcome(phase, enrolment)
    return _head_for(draft, enrolment, word, _open_way(draft, outcome))


def leave_early(
    draft: Draft, enrolment: Enrolment, activity: str, word: str, compiled: CompiledOutcome | None
) -> Enrolment | None:
    """Head for what follows one activity; None where the phase goes on."""
    way = None if compiled is None else _open_way(draft, compiled)
    if way is None or way.outcome.target.kind is TargetKind.ON:
        return None
    return _head_for(draft, enrolment, word, way, activity)


def _head_for(draft: Draft, enrolment: Enrolment, word: str, way: Way, activity: str = "") -> Enrolment:
    """Plan the move. What follows a whole repetition that was not answered in full does not wait."""
    outcome = way.outcome
    repeated = enrolment.only is not None
    after = timedelta() if repeated and word in ("some", "none") else outcome.after
    target, taken = _count_way(enrolment, f"{activity} {word}".lstrip(), way)
    began_at = enrolment.paused_at or draft.now  # a pause is added when it ends
    move = Move(target, began_at + after, repeat_unanswered=outcome.repeat_unanswered and not repeated)
    tell(draft, HistoryKind.SETTLED, enrolment, outcome=word, next=_destination(move))
    state = to_state(enrolment.state, Step.SETTLE)
    return update(draft, replace(enrolment, state=state, next_activity=None, send_at=None, move=move, taken=taken))


def _outcome(phase: CompiledPhase, enrolment: Enrolment) -> tuple[str, CompiledOutcome]:
    """How much of what was asked was answered. What only waits asks nothing."""
    asked = answered = 0
    for sent in enrolment.sent:
        step = phase.step(sent.activity)
        if step is not None and step.answers and step.activity.send is not None:
            asked += 1
            answered += sent.answered_at is not None
    if answered == asked:
        return "all", phase.all_answered
    return ("some", phase.some_answered) if answered else ("none", phase.none_answered)


def _destination(move: Move) -> str:
    if move.repeat_unanswered:
        return "repeat unanswered"
    return move.target.name or str(move.target.kind)


def _open_way(draft: Draft, compiled: CompiledOutcome) -> Way:
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


def _count_way(enrolment: Enrolment, word: str, way: Way) -> tuple[Target, Mapping[str, int]]:
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
