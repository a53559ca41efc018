"""How a lead goes through programs: enters, is sent things, answers, moves on, ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from connector.domain.acts import emit, key_of, mark
from connector.domain.behaviour import Signal
from connector.domain.compiled import CompiledProgram, CompiledTrigger
from connector.domain.consent import refusal_of
from connector.domain.draft import Draft
from connector.domain.enrolment import Enrolment, EnrolmentState, Move, Sent, Step, to_state
from connector.domain.fact import CommandName, Fact, Value
from connector.domain.history import HistoryKind
from connector.domain.lead import Standing
from connector.domain.nodes import Node
from connector.domain.program import Activity, EmailSend, ListSend, Milestone, Outcome, Phase, Target, TargetKind, Task

#: `check` refuses programs that go in a circle without delay; this stops one that slipped through.
_MAX_STEPS = 1000
_NO_SIGNAL: Signal = ("", {})
#: How long a lead stays on a list that asks for no answer: long enough for the CRM to notice.
_STAYS = timedelta(days=1)


# --- what happened ------------------------------------------------------------------------------------------


def take_signal(draft: Draft, signal: Signal) -> None:
    """Let the signal end, answer or begin enrolments, in this order."""
    for enrolment in _open(draft):
        _end_by(draft, enrolment, signal)
    for enrolment in _open(draft):
        _answer(draft, enrolment, signal)
    name, attributes = signal
    for program in draft.book.enrols.get(name, ()):
        compiled = draft.book.programs[program]
        if _any_applies(draft, compiled.enrol, name, attributes):
            _enter(draft, compiled, f"signal {name}")


def take_command(draft: Draft, fact: Fact) -> None:
    """Carry out a person's order."""
    name = str(fact.data.get("program", ""))
    compiled = draft.book.programs.get(name)
    if compiled is None:
        draft.note(HistoryKind.NOT_ENTERED, name, {"why": "there is no such program"})
    elif fact.name == CommandName.ENROL:
        _enter(draft, compiled, "by hand")
    else:
        for enrolment in _open(draft):
            if enrolment.program == name:
                _end(draft, enrolment, Step.EXIT, "by hand")


def enter_by_condition(draft: Draft, program: str) -> None:
    """Enrol the lead because the program's enrolment condition came to hold."""
    _enter(draft, draft.book.programs[program], "its condition")


def check_conditions(draft: Draft, node: Node) -> None:
    """End or answer the program's open enrolment if its goal, exit or answer is a condition that holds."""
    for enrolment in _open(draft):
        if f"program:{enrolment.program}" == node.id:
            _end_by(draft, enrolment, _NO_SIGNAL)
    for enrolment in _open(draft):
        if f"program:{enrolment.program}" == node.id:
            _answer(draft, enrolment, _NO_SIGNAL)


def run_due(draft: Draft) -> None:
    """Do all that is due by now: send, let answers lapse, settle phases, move on."""
    for enrolment in _open(draft):
        _run(draft, enrolment)


def exit_removed(draft: Draft) -> None:
    """End the enrolments that stand where a new book has nothing any more."""
    for enrolment in _open(draft):
        compiled = draft.book.programs.get(enrolment.program)
        phase = compiled.program.phase(enrolment.phase) if compiled else None
        names = {activity.name for activity in phase.activities} if phase else set()
        if phase is None or (enrolment.next_activity and enrolment.next_activity not in names):
            _end(draft, enrolment, Step.EXIT, "no longer in the mapping")


def _open(draft: Draft) -> list[Enrolment]:
    return [enrolment for enrolment in draft.enrolments if enrolment.is_open]


def _any_applies(
    draft: Draft, triggers: tuple[CompiledTrigger, ...], name: str, attributes: Mapping[str, Value]
) -> bool:
    for trigger in triggers:
        if trigger.signal == name and trigger.matches(attributes) and trigger.test.holds(draft):
            return True
    return False


def _end_by(draft: Draft, enrolment: Enrolment, signal: Signal) -> None:
    compiled = draft.book.programs[enrolment.program]
    name, attributes = signal
    if name not in compiled.ends_on:
        return
    cause = f"signal {name}" if name else "its condition"
    if _any_applies(draft, compiled.goal, name, attributes):
        _end(draft, enrolment, Step.WIN, cause)
    elif _any_applies(draft, compiled.exit, name, attributes):
        _end(draft, enrolment, Step.EXIT, cause)


def _answer(draft: Draft, enrolment: Enrolment, signal: Signal) -> None:
    """Count the signal as the answer to the latest activity that waits for it, and to no other."""
    compiled = draft.book.programs[enrolment.program]
    name, attributes = signal
    if name not in compiled.answers_on:
        return
    for sent in reversed(enrolment.sent):
        if sent.is_waiting and _any_applies(
            draft, compiled.answers.get((enrolment.phase, sent.activity), ()), name, attributes
        ):
            _replace_sent(draft, enrolment, sent, replace(sent, answered_at=draft.now))
            _tell(draft, HistoryKind.ANSWERED, enrolment, activity=sent.activity, by=name or "its condition")
            return


def _update(draft: Draft, enrolment: Enrolment) -> Enrolment:
    """Put an enrolment in the place of its former self."""
    for index, each in enumerate(draft.enrolments):
        if each.program == enrolment.program and each.number == enrolment.number:
            draft.enrolments[index] = enrolment
    draft.touch(f"program:{enrolment.program}")
    return enrolment


def _replace_sent(draft: Draft, enrolment: Enrolment, old: Sent, new: Sent) -> Enrolment:
    sent = tuple(new if each is old else each for each in enrolment.sent)
    return _update(draft, replace(enrolment, sent=sent))


def _tell(draft: Draft, kind: HistoryKind, enrolment: Enrolment, **detail: str) -> None:
    draft.note(kind, enrolment.program, {"phase": enrolment.phase, **detail})


# --- entering and ending ------------------------------------------------------------------------------------


def _enter(draft: Draft, compiled: CompiledProgram, because: str) -> None:
    """Enrol the lead, or note why not."""
    program = compiled.program
    refusal = _refusal(draft, compiled)
    if refusal:
        draft.note(HistoryKind.NOT_ENTERED, program.name, {"why": refusal})
        return
    number = 1 + sum(enrolment.program == program.name for enrolment in draft.enrolments)
    first = program.phases[0]
    enrolment = Enrolment(program.name, number, draft.now, first.name, draft.now, visit=0)
    draft.enrolments.append(enrolment)
    _tell(draft, HistoryKind.ENTERED, enrolment, by=because)
    mark(draft, enrolment, Milestone.ENTERED, f"entered the program ({because})")
    _begin_phase(draft, enrolment, first)


def _refusal(draft: Draft, compiled: CompiledProgram) -> str:
    """Why the lead may not enter; empty when it may."""
    if draft.standing is not Standing.ACTIVE:
        return "its record is deleted in the CRM"
    program = compiled.program
    earlier = [enrolment for enrolment in draft.enrolments if enrolment.program == program.name]
    if any(enrolment.is_open for enrolment in earlier):
        return "it is in the program already"
    if earlier and program.again_after is None:
        return "it was in the program before"
    ended = max((enrolment.ended_at for enrolment in earlier if enrolment.ended_at), default=None)
    if ended and program.again_after is not None and ended + program.again_after > draft.now:
        return "it left the program too short a time ago"
    if _any_applies(draft, (*compiled.goal, *compiled.exit), *_NO_SIGNAL):
        return "the program's goal or exit condition holds already"
    return ""


_ENDINGS = {
    Step.WIN: (HistoryKind.WON, Milestone.GOAL, "reached the program's goal"),
    Step.COMPLETE: (HistoryKind.COMPLETED, Milestone.COMPLETED, "completed the program"),
    Step.EXIT: (HistoryKind.EXITED, Milestone.EXITED, "left the program"),
}


def _end(draft: Draft, enrolment: Enrolment, step: Step, reason: str) -> Enrolment:
    kind, milestone, words = _ENDINGS[step]
    ended = replace(
        enrolment,
        state=to_state(enrolment.state, step),
        next_activity=None,
        send_at=None,
        move=None,
        ended_at=draft.now,
        reason=reason,
    )
    _tell(draft, kind, enrolment, by=reason)
    mark(draft, enrolment, milestone, f"{words} ({reason})")
    return _update(draft, ended)


# --- time ---------------------------------------------------------------------------------------------------


def _run(draft: Draft, enrolment: Enrolment) -> None:
    for _ in range(_MAX_STEPS):
        stepped = _step(draft, enrolment)
        if stepped is enrolment or not stepped.is_open:
            return
        enrolment = stepped
    _end(draft, enrolment, Step.EXIT, "goes in a circle without delay")


def _step(draft: Draft, enrolment: Enrolment) -> Enrolment:
    """One thing that is due; the very same enrolment when nothing is."""
    if enrolment.state is EnrolmentState.MOVING:
        return _move(draft, enrolment)
    if enrolment.send_at is not None and enrolment.send_at <= draft.now:
        return _send(draft, enrolment)
    for sent in enrolment.sent:
        if sent.is_waiting and sent.answer_by is not None and sent.answer_by <= draft.now:
            if _is_asked(draft, enrolment, sent.activity):
                _tell(draft, HistoryKind.UNANSWERED, enrolment, activity=sent.activity)
            return _replace_sent(draft, enrolment, sent, replace(sent, lapsed=True))
    if enrolment.next_activity is None and not any(sent.is_waiting for sent in enrolment.sent):
        return _settle(draft, enrolment)
    return enrolment


def _is_asked(draft: Draft, enrolment: Enrolment, activity: str) -> bool:
    return bool(draft.book.programs[enrolment.program].answers.get((enrolment.phase, activity)))


def _phase(draft: Draft, enrolment: Enrolment) -> Phase:
    phase = draft.book.programs[enrolment.program].program.phase(enrolment.phase)
    assert phase is not None, "exit_removed ends what a new book no longer has"
    return phase


def _activities(phase: Phase, only: tuple[str, ...] | None) -> tuple[Activity, ...]:
    return phase.activities if only is None else tuple(each for each in phase.activities if each.name in only)


def _begin_phase(draft: Draft, enrolment: Enrolment, phase: Phase, only: tuple[str, ...] | None = None) -> Enrolment:
    if enrolment.visit:
        draft.note(HistoryKind.PHASE, enrolment.program, {"phase": phase.name, "from": enrolment.phase})
    begun = _plan(
        draft,
        enrolment,
        _activities(phase, only)[0],
        state=to_state(enrolment.state, Step.MOVE) if enrolment.visit else EnrolmentState.RUNNING,
        phase=phase.name,
        phase_at=draft.now,
        visit=enrolment.visit + 1,
        only=only,
        sent=(),
        move=None,
    )
    return _update(draft, begun)


def _plan(draft: Draft, enrolment: Enrolment, activity: Activity | None, **changes: Any) -> Enrolment:
    """The enrolment with these changes, and with what leaves next, and when."""
    if activity is None:
        return replace(enrolment, next_activity=None, send_at=None, **changes)
    window = draft.book.programs[enrolment.program].program.window
    send_at = window.next_open(draft.now + activity.after, draft.zone)
    return replace(enrolment, next_activity=activity.name, send_at=send_at, **changes)


def _send(draft: Draft, enrolment: Enrolment) -> Enrolment:
    """Send the next activity; put it off when the window is shut: the lead rested or moved, or the book changed."""
    opens_at = draft.book.programs[enrolment.program].program.window.next_open(draft.now, draft.zone)
    if opens_at > draft.now:
        return _update(draft, replace(enrolment, send_at=opens_at))
    activities = _activities(_phase(draft, enrolment), enrolment.only)
    index = next(i for i, each in enumerate(activities) if each.name == enrolment.next_activity)
    activity, following = activities[index], activities[index + 1 : index + 2]
    if refused := refusal_of(draft, activity.send):
        return _end(draft, enrolment, Step.EXIT, refused)
    what = _emit_activity(draft, enrolment, activity)
    _tell(draft, HistoryKind.SENT, enrolment, activity=activity.name, what=what)
    answer_by = draft.now + activity.within if activity.answered and activity.within else None
    if answer_by is None and isinstance(activity.send, ListSend):
        answer_by = draft.now + _STAYS
    sent = (*enrolment.sent, Sent(activity.name, draft.now, answer_by))
    return _update(draft, _plan(draft, enrolment, following[0] if following else None, sent=sent))


def _emit_activity(draft: Draft, enrolment: Enrolment, activity: Activity) -> str:
    """Send; a list is joined by `desire`, which reads what was sent. Returns what was sent, for people."""
    if isinstance(activity.send, ListSend):
        return f"list {activity.send.list}"
    key = f"{key_of(enrolment)}:{enrolment.visit}:{activity.name}"
    emit(draft, key, activity.send, program=enrolment.program, phase=enrolment.phase, activity=activity.name)
    if isinstance(activity.send, EmailSend):
        return f"email {activity.send.email}"
    return "task" if isinstance(activity.send, Task) else "note"


def _settle(draft: Draft, enrolment: Enrolment) -> Enrolment:
    """Decide what follows the phase. A repetition that was not answered in full goes straight on."""
    word, outcome = _outcome(_phase(draft, enrolment), enrolment)
    repeated = enrolment.only is not None
    after = timedelta() if repeated and word != "all" else outcome.after
    move = Move(outcome.target, draft.now + after, repeat_unanswered=outcome.repeat_unanswered and not repeated)
    _tell(draft, HistoryKind.SETTLED, enrolment, outcome=word, next=_destination(move))
    return _update(draft, replace(enrolment, state=to_state(enrolment.state, Step.SETTLE), move=move))


def _outcome(phase: Phase, enrolment: Enrolment) -> tuple[str, Outcome]:
    asked = {activity.name for activity in phase.activities if activity.answered}
    answered = {sent.activity for sent in enrolment.sent if sent.answered_at}
    if enrolment.only is not None:
        answered |= asked - set(enrolment.only)
    if asked <= answered:
        return "all", phase.all_answered
    return ("some", phase.some_answered) if answered else ("none", phase.none_answered)


def _destination(move: Move) -> str:
    if move.repeat_unanswered:
        return "repeat unanswered"
    return move.target.name or str(move.target.kind)


def _move(draft: Draft, enrolment: Enrolment) -> Enrolment:
    move = enrolment.move
    if move is None or move.at > draft.now:
        return enrolment
    unanswered = _unanswered(draft, enrolment) if move.repeat_unanswered else ()
    if unanswered:
        return _begin_phase(draft, enrolment, _phase(draft, enrolment), unanswered)
    if move.target.kind not in (TargetKind.PHASE, TargetKind.PREVIOUS):
        return _leave(draft, enrolment, move.target)
    program = draft.book.programs[enrolment.program].program
    name = program.before(enrolment.phase) if move.target.kind is TargetKind.PREVIOUS else move.target.name
    phase = program.phase(name)
    if phase is None:
        return _end(draft, enrolment, Step.EXIT, "no longer in the mapping")
    return _begin_phase(draft, enrolment, phase)


def _unanswered(draft: Draft, enrolment: Enrolment) -> tuple[str, ...]:
    """What was sent for an answer in vain, and is still in the mapping."""
    names = {sent.activity for sent in enrolment.sent if sent.answer_by and not sent.answered_at}
    return tuple(activity.name for activity in _phase(draft, enrolment).activities if activity.name in names)


def _leave(draft: Draft, enrolment: Enrolment, target: Target) -> Enrolment:
    cause = f"phase {enrolment.phase} settled"
    if target.kind is TargetKind.EXIT:
        return _end(draft, enrolment, Step.EXIT, cause)
    ended = _end(draft, enrolment, Step.COMPLETE, cause)
    for index, what in enumerate(draft.book.programs[enrolment.program].program.on_completed):
        emit(
            draft,
            f"{key_of(enrolment)}:completed:{index}",
            what,
            program=enrolment.program,
            phase=enrolment.phase,
        )
    if target.kind is TargetKind.PROGRAM and target.name in draft.book.programs:
        _enter_next(draft, draft.book.programs[target.name], f"program {enrolment.program} completed")
    return ended


def _enter_next(draft: Draft, compiled: CompiledProgram, because: str) -> None:
    """Enter the program that follows another, once in a moment: programs may lead into one another in a circle."""
    name = compiled.program.name
    if any(each.program == name and each.entered_at == draft.now for each in draft.enrolments):
        draft.note(HistoryKind.NOT_ENTERED, name, {"why": "programs lead into one another without delay"})
    else:
        _enter(draft, compiled, because)
