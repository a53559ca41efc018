"""What time brings in a program: a lead enters, is sent things, waits for answers, parts ways, moves on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from connector.domain.draft import Draft
from connector.domain.frozen import replace
from connector.domain.history import HistoryKind
from connector.domain.outward.acts import emit, mark
from connector.domain.outward.consent import refusal_of
from connector.domain.programs.admission import has_place
from connector.domain.programs.compiled import CompiledPhase, CompiledProgram, CompiledStep
from connector.domain.programs.enrolling import count_answer, end, open_enrolments, replace_sent, tell, update
from connector.domain.programs.enrolment import Enrolment, EnrolmentState, Parted, Sent, Step, key_of, to_state
from connector.domain.programs.entry import entry_refusal, make_way
from connector.domain.programs.program import (
    Activity,
    Case,
    Choice,
    ListSend,
    Milestone,
    Send,
    Target,
    TargetKind,
    content_of,
    pick,
)
from connector.domain.programs.sending import answer_by, had_before, hand_out, is_old, obstacle_to, put_off
from connector.domain.programs.ways import leave_early, settle
from connector.domain.sales.handing import begin, hold_back, holds_back

#: `check` refuses programs that go in a circle without delay; this stops one that slipped through.
_MAX_STEPS = 1000
#: How long a lead stays on a list that asks for no answer: long enough for the CRM to notice.
_STAYS = timedelta(days=1)
_HELD_OUT = "held_out"


# --- entering -----------------------------------------------------------------------------------------------


def enter(draft: Draft, compiled: CompiledProgram, because: str, phase: str = "", *, is_admitted: bool = False) -> None:
    """Enrol the lead, in this phase or the first; or note why not. Where the program brakes, it asks for a place."""
    program = compiled.program
    refusal = entry_refusal(draft, compiled)
    if refusal:
        draft.note(HistoryKind.NOT_ENTERED, program.name, {"why": refusal})
        return
    if program.brake is not None and not is_admitted and not has_place(draft, program.name, because, phase):
        return
    make_way(draft, compiled)
    number = 1 + sum(enrolment.program == program.name for enrolment in draft.enrolments)
    first = compiled.phases.get(phase, compiled.first)
    enrolment = Enrolment(program.name, number, draft.now, first.phase.name, draft.now, visit=0)
    if program.holdout and chance(draft.lead.id, program.name, _HELD_OUT) * 100 < program.holdout:
        enrolment = replace(enrolment, state=EnrolmentState.HELD_OUT)
    draft.put(enrolment)
    tell(draft, HistoryKind.ENTERED, enrolment, by=because)
    mark(draft, enrolment, Milestone.ENTERED, f"entered the program ({because})")
    if enrolment.state is EnrolmentState.HELD_OUT:
        tell(draft, HistoryKind.LEFT_OUT, enrolment, why="it is held out for comparison")
        update(draft, enrolment)
    else:
        _begin_phase(draft, enrolment, first)
        if holds_back(draft):
            hold_back(draft, program.name)


def chance(*what: str) -> float:
    """A number from 0 up to 1 that is the same whenever it is asked for the same."""
    return int.from_bytes(blake2b("\0".join(what).encode(), digest_size=7).digest()) / 2**56


# --- what is due --------------------------------------------------------------------------------------------


def run_due(draft: Draft) -> None:
    """Do all that is due by now: send, let answers lapse, settle phases, move on; the most important program first."""
    draft.is_astir = False
    enrolments = open_enrolments(draft)
    if len(enrolments) > 1:
        enrolments.sort(key=lambda each: _rank(draft, each))
    for enrolment in enrolments:
        current = _as_it_stands(draft, enrolment)
        if current.is_open and current.state is not EnrolmentState.HELD_OUT and current.paused_at is None:
            _run(draft, current)


def _as_it_stands(draft: Draft, enrolment: Enrolment) -> Enrolment:
    """What became of the enrolment meanwhile."""
    for each in draft.enrolments:
        if is_same(each, enrolment):
            return each
    return enrolment


def is_same(one: Enrolment, other: Enrolment) -> bool:
    """Whether they are the same enrolment, however it stands."""
    return one.program == other.program and one.number == other.number


def _rank(draft: Draft, enrolment: Enrolment) -> tuple[int, int, int]:
    compiled = draft.book.programs[enrolment.program]
    return -compiled.program.priority, compiled.place, enrolment.number


def _run(draft: Draft, enrolment: Enrolment) -> None:
    for _ in range(_MAX_STEPS):
        stepped = _step(draft, enrolment)
        if stepped is enrolment or not stepped.is_open:
            return
        enrolment = stepped
    end(draft, enrolment, Step.EXIT, "goes in a circle without delay")


def _step(draft: Draft, enrolment: Enrolment) -> Enrolment:
    """One thing that is due; the very same enrolment when nothing is."""
    if enrolment.state is EnrolmentState.MOVING:
        return _move(draft, enrolment)
    if enrolment.send_at is not None and enrolment.send_at <= draft.now:
        return _begin_step(draft, enrolment)
    is_waiting = False
    for sent in enrolment.sent:
        if sent.is_waiting:
            if sent.answer_by is not None and sent.answer_by <= draft.now:
                return _lapse(draft, enrolment, sent)
            is_waiting = True
        elif sent.remind_at is not None:
            if sent.remind_at <= draft.now:
                return _remind(draft, enrolment, sent)
            is_waiting = True
    if enrolment.next_activity is None and not is_waiting:
        return settle(draft, enrolment, _phase(draft, enrolment))
    return enrolment


# --- the steps of a phase -----------------------------------------------------------------------------------


def _phase(draft: Draft, enrolment: Enrolment) -> CompiledPhase:
    return draft.book.programs[enrolment.program].phases[enrolment.phase]


def _begin_phase(
    draft: Draft, enrolment: Enrolment, phase: CompiledPhase, only: tuple[str, ...] | None = None
) -> Enrolment:
    if enrolment.visit:
        draft.note(HistoryKind.PHASE, enrolment.program, {"phase": phase.phase.name, "from": enrolment.phase})
    begun = replace(
        enrolment,
        state=to_state(enrolment.state, Step.MOVE) if enrolment.visit else EnrolmentState.RUNNING,
        phase=phase.phase.name,
        phase_at=draft.now,
        visit=enrolment.visit + 1,
        only=only,
        sent=tuple(sent for sent in enrolment.sent if sent.answered_at) if only else (),
        chosen=enrolment.chosen if only else {},
        move=None,
    )
    return update(draft, _plan(draft, begun, phase, 0))


def _plan(draft: Draft, enrolment: Enrolment, phase: CompiledPhase, place: int, **changes: Any) -> Enrolment:
    """The enrolment with these changes, and with the first step from that place on that is the lead's, and its time."""
    chosen = changes.get("chosen", enrolment.chosen)
    changes["put_off"] = enrolment.put_off if enrolment.paused_at else ""  # why it stands still is kept
    for step in phase.steps[place:]:
        activity = step.activity
        if enrolment.only is not None and activity.name not in enrolment.only:
            continue
        if not activity.path or all(chosen.get(fork) == case for fork, case in activity.path):
            due_at = _due_at(draft, enrolment, activity)
            return replace(enrolment, next_activity=activity.name, send_at=due_at, **changes)
    return replace(enrolment, next_activity=None, send_at=None, **changes)


def _due_at(draft: Draft, enrolment: Enrolment, activity: Activity) -> datetime:
    """When a step that is planned now is due: for what is sent, in the send window."""
    due_at = (enrolment.paused_at or draft.now) + activity.after  # a pause is added when it ends
    if activity.on is not None or activity.at is not None:
        due_at = activity.due_on_wall(due_at, draft.zone)
    if activity.send is None:
        return due_at
    window = draft.book.programs[enrolment.program].program.window
    opens_at = window.next_open(due_at, draft.zone)
    if activity.at is None or opens_at == due_at:
        return opens_at
    at_its_hour = activity.due_on_wall(opens_at, draft.zone)  # of the day on which the window opens, if it is open then
    return at_its_hour if window.next_open(at_its_hour, draft.zone) == at_its_hour else opens_at


def _begin_step(draft: Draft, enrolment: Enrolment) -> Enrolment:
    """Do what comes next: part ways, leave it out, begin to wait, or send."""
    phase = _phase(draft, enrolment)
    place = phase.places[enrolment.next_activity or ""]
    step = phase.steps[place]
    activity = step.activity
    if not step.test.holds(draft):
        tell(draft, HistoryKind.LEFT_OUT, enrolment, activity=activity.name, why="its condition does not hold")
        return update(draft, _plan(draft, enrolment, phase, place + 1))
    if activity.fork is not None:
        case = _choose(draft, enrolment, step)
        changes: dict[str, Any] = {"chosen": {**enrolment.chosen, activity.name: case}}
        if activity.fork.by_chance and not activity.fork.winner:
            changes["parted"] = {f"{enrolment.phase}.{activity.name}": Parted(case, draft.now), **enrolment.parted}
        return update(draft, _plan(draft, enrolment, phase, place + 1, **changes))
    if activity.send is None:
        return _begin(draft, enrolment, phase, place, Sent(activity.name, draft.now, answer_by(draft, activity)))
    send = _picked(draft, activity)
    if send is None:
        tell(draft, HistoryKind.LEFT_OUT, enrolment, activity=activity.name, why="there is nothing for this lead")
        return update(draft, _plan(draft, enrolment, phase, place + 1))
    return _send(draft, enrolment, phase, place, send)


def _picked(draft: Draft, activity: Activity) -> Send | None:
    """What is sent to this lead."""
    return pick(activity.send, draft.fields) if isinstance(activity.send, Choice) else activity.send


def _choose(draft: Draft, enrolment: Enrolment, step: CompiledStep) -> str:
    """The case by which the lead goes on; none where no way is open."""
    name = step.activity.name
    fork = step.activity.fork
    if fork is not None and fork.winner:
        case = fork.winner
    elif fork is not None and fork.by_chance:
        case = _by_chance(chance(draft.lead.id, enrolment.program, name), [case for case, _ in step.cases])
    else:
        case = next((case.name for case, test in step.cases if test.holds(draft)), "")
    tell(draft, HistoryKind.CHOSE, enrolment, activity=name, way=case)
    return case


def _by_chance(share: float, cases: Sequence[Case]) -> str:
    """The case in whose part of the whole the share falls."""
    left = share * sum(case.weight for case in cases)
    for case in cases:
        left -= case.weight
        if left < 0:
            break
    return case.name


def _send(draft: Draft, enrolment: Enrolment, phase: CompiledPhase, place: int, send: Send) -> Enrolment:
    """Send what is due, unless it must wait, or the lead has had it, or wants no messages any more."""
    activity = phase.steps[place].activity
    if obstacle := obstacle_to(draft, enrolment, send):
        return put_off(draft, replace(enrolment, send_at=obstacle.until), activity.name, obstacle)
    if refused := refusal_of(draft, send):
        return end(draft, enrolment, Step.EXIT, refused)
    content = content_of(send)
    had = draft.had.get(content)
    if had is not None and is_old(enrolment, activity, had):
        tell(draft, HistoryKind.LEFT_OUT, enrolment, activity=activity.name, why="the lead has had it")
        return _begin(draft, enrolment, phase, place, had_before(draft, activity, content, had))
    what = hand_out(draft, enrolment, activity, send, 1)
    tell(draft, HistoryKind.SENT, enrolment, activity=activity.name, what=what)
    until = answer_by(draft, activity)
    if until is None and isinstance(send, ListSend):
        until = draft.now + _STAYS
    return _begin(draft, enrolment, phase, place, Sent(activity.name, draft.now, until, content=content))


def _begin(draft: Draft, enrolment: Enrolment, phase: CompiledPhase, place: int, sent: Sent) -> Enrolment:
    """A step begins; the next one is planned unless it waits for the answer to this one."""
    all_sent = (*(each for each in enrolment.sent if each.activity != sent.activity), sent)
    if sent.answered_at is not None:
        counted = replace(count_answer(enrolment, sent.activity), sent=all_sent)
        early = leave_early(draft, counted, sent.activity, "answered", phase.steps[place].on_answer)
        return early or update(draft, _plan(draft, counted, phase, place + 1))
    if phase.steps[place].activity.holds_up and sent.is_waiting:
        return update(draft, replace(enrolment, next_activity=None, send_at=None, put_off="", sent=all_sent))
    return update(draft, _plan(draft, enrolment, phase, place + 1, sent=all_sent))


# --- answers that do not come -------------------------------------------------------------------------------


def _lapse(draft: Draft, enrolment: Enrolment, sent: Sent) -> Enrolment:
    """The time for an answer is over: remind, leave the phase, or go on."""
    phase = _phase(draft, enrolment)
    step = phase.step(sent.activity)
    if step is None or not step.answers:
        return replace_sent(draft, enrolment, sent, replace(sent, lapsed=True))
    activity = step.activity
    tell(draft, HistoryKind.UNANSWERED, enrolment, activity=sent.activity)
    if sent.times <= activity.reminders.times:
        remind_at = draft.now + activity.reminders.after
        return replace_sent(draft, enrolment, sent, replace(sent, lapsed=True, remind_at=remind_at))
    lapsed = replace_sent(draft, enrolment, sent, replace(sent, lapsed=True))
    return leave_early(draft, lapsed, sent.activity, "unanswered", step.no_answer) or _go_on(
        draft, lapsed, sent.activity
    )


def take_answer(draft: Draft, enrolment: Enrolment, activity: str) -> None:
    """Do what follows an answer that was just counted: leave the phase, or plan what waited for it."""
    step = _phase(draft, enrolment).step(activity)
    if step is None or enrolment.state is not EnrolmentState.RUNNING:
        return
    if leave_early(draft, enrolment, activity, "answered", step.on_answer) is None:
        _go_on(draft, enrolment, activity)


def _go_on(draft: Draft, enrolment: Enrolment, activity: str) -> Enrolment:
    """Plan what waited for this step to be answered, now that it was or that its time is over."""
    phase = _phase(draft, enrolment)
    place = phase.places.get(activity)
    if place is None or not phase.steps[place].activity.holds_up or enrolment.next_activity is not None:
        return enrolment
    return update(draft, _plan(draft, enrolment, phase, place + 1))


def _remind(draft: Draft, enrolment: Enrolment, sent: Sent) -> Enrolment:
    """Send the same once more, in the window and under the cap as everything."""
    step = _phase(draft, enrolment).step(sent.activity)
    send = _picked(draft, step.activity) if step is not None else None
    if step is None or send is None:
        return replace_sent(draft, enrolment, sent, replace(sent, remind_at=None))
    activity = step.activity
    if obstacle := obstacle_to(draft, enrolment, send):
        waiting = replace_sent(draft, enrolment, sent, replace(sent, remind_at=obstacle.until))
        return put_off(draft, waiting, sent.activity, obstacle)
    if refused := refusal_of(draft, send):
        return end(draft, enrolment, Step.EXIT, refused)
    what = hand_out(draft, enrolment, activity, send, sent.times + 1)
    tell(draft, HistoryKind.SENT, enrolment, activity=sent.activity, what=f"{what} (reminder)")
    until = answer_by(draft, activity)
    anew = Sent(sent.activity, draft.now, until, times=sent.times + 1, content=content_of(send))
    return replace_sent(draft, enrolment, sent, anew)


# --- going on ----------------------------------------------------------------------------------------------


def _move(draft: Draft, enrolment: Enrolment) -> Enrolment:
    move = enrolment.move
    if move is None or move.at > draft.now:
        return enrolment
    compiled = draft.book.programs[enrolment.program]
    unanswered = _unanswered(compiled, enrolment) if move.repeat_unanswered else ()
    if unanswered:
        return _begin_phase(draft, enrolment, compiled.phases[enrolment.phase], unanswered)
    if move.target.kind not in (TargetKind.PHASE, TargetKind.PREVIOUS):
        return _leave(draft, enrolment, move.target)
    is_back = move.target.kind is TargetKind.PREVIOUS
    phase = compiled.phases.get(compiled.program.before(enrolment.phase) if is_back else move.target.name)
    if phase is None:
        return end(draft, enrolment, Step.EXIT, "no longer in the mapping")
    return _begin_phase(draft, enrolment, phase)


def _unanswered(compiled: CompiledProgram, enrolment: Enrolment) -> tuple[str, ...]:
    """What was sent for an answer in vain, and is still in the mapping."""
    names = {sent.activity for sent in enrolment.sent if sent.answer_by and not sent.answered_at}
    steps = compiled.phases[enrolment.phase].steps
    return tuple(step.activity.name for step in steps if step.activity.name in names and step.activity.send)


def _leave(draft: Draft, enrolment: Enrolment, target: Target) -> Enrolment:
    cause = f"phase {enrolment.phase} settled"
    if target.kind is TargetKind.EXIT:
        return end(draft, enrolment, Step.EXIT, cause)
    ended = end(draft, enrolment, Step.COMPLETE, cause)
    program = draft.book.programs[enrolment.program].program
    for index, what in enumerate(program.on_completed):
        key = f"{key_of(enrolment)}:completed:{index}"
        emit(draft, key, what, program=enrolment.program, phase=enrolment.phase)
    following = draft.book.programs.get(target.name) if target.kind is TargetKind.PROGRAM else None
    if following is not None:
        _enter_next(draft, following, f"program {enrolment.program} completed", target.phase)
    if target.kind is TargetKind.SALES:
        begin(draft, target.name, f"program {enrolment.program} completed")
    return ended


def _enter_next(draft: Draft, compiled: CompiledProgram, because: str, phase: str) -> None:
    """Enter the program that follows another, once in a moment: programs may lead into one another in a circle."""
    name = compiled.program.name
    if any(each.program == name and each.entered_at == draft.now for each in draft.enrolments):
        draft.note(HistoryKind.NOT_ENTERED, name, {"why": "programs lead into one another without delay"})
    else:
        enter(draft, compiled, because, phase)
