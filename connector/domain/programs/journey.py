"""What happens to a lead in its programs: signals, conditions that come to hold, days that come, people's orders."""

from __future__ import annotations

from collections.abc import Mapping

from connector.domain.draft import Draft
from connector.domain.fact import CommandName, Fact, Value
from connector.domain.frozen import replace
from connector.domain.history import HistoryKind
from connector.domain.nodes import Node
from connector.domain.petition import Petition, PetitionKind
from connector.domain.petitioning import keep, withdraw
from connector.domain.programs.admission import is_given, turn_away
from connector.domain.programs.compiled import CHANGED, CompiledProgram
from connector.domain.programs.enrolling import (
    BY_PROGRAM,
    any_applies,
    count_answer,
    end,
    open_enrolments,
    pause,
    replace_sent,
    resume,
    tell,
)
from connector.domain.programs.enrolment import Enrolment, Step
from connector.domain.programs.entry import entry_refusal, wait_outside
from connector.domain.programs.phases import enter, take_answer
from connector.domain.records.behaviour import Signal
from connector.domain.sales.handing import go_on

_NO_SIGNAL: Signal = ("", {})


def take_signal(draft: Draft, signal: Signal) -> None:
    """Let the signal end, answer or begin enrolments, in this order."""
    name, attributes = signal
    if name in draft.book.heard:
        for enrolment in open_enrolments(draft):
            _end_by(draft, enrolment, signal)
        for enrolment in open_enrolments(draft):
            _answer(draft, enrolment, signal)
    for program in draft.book.enrols.get(name, ()):
        compiled = draft.book.programs[program]
        if any_applies(draft, compiled.enrol, name, attributes):
            enter(draft, compiled, _told(name))


def enter_by_condition(draft: Draft, program: str) -> None:
    """Enrol the lead because the program's enrolment condition holds, now or once the program's group is free."""
    compiled = draft.book.programs[program]
    if not wait_outside(draft, compiled):
        enter(draft, compiled, "its condition")


def enter_by_date(draft: Draft, program: str, index: int) -> None:
    """Enrol the lead because the day of one of the program's triggers has come, if its condition holds."""
    compiled = draft.book.programs[program]
    trigger = compiled.enrol[index]
    if trigger.date is not None and trigger.test.holds(draft):
        enter(draft, compiled, f"the day by {trigger.date.field} came")


def check_conditions(draft: Draft, node: Node) -> None:
    """End or answer the program's open enrolment if its goal, exit or answer is a condition that holds."""
    program = node.id.removeprefix("program:")
    for enrolment in open_enrolments(draft, program):
        _end_by(draft, enrolment, _NO_SIGNAL)
    if _NO_SIGNAL[0] in draft.book.programs[program].answers_on:
        for enrolment in open_enrolments(draft, program):
            _answer(draft, enrolment, _NO_SIGNAL)


def admit(draft: Draft, petition: Petition, ruling: Mapping[str, Value]) -> None:
    """Let the lead enter the program whose brake gave it a place, if it still may; once it goes on, if it is paused."""
    compiled = draft.book.programs.get(petition.subject)
    if not is_given(draft, petition, ruling):
        return
    if compiled is None:
        turn_away(draft, petition.subject, "there is no such program")
    elif compiled.program.is_paused:
        keep(draft, petition, ruling)
    elif refusal := entry_refusal(draft, compiled):
        turn_away(draft, petition.subject, refusal)
    else:
        enter(draft, compiled, str(petition.data["because"]), str(petition.data["phase"]), is_admitted=True)


def _follow_brakes(draft: Draft) -> None:
    """Let those enter who waited for a place in a program that brakes no more, and who had one while it was paused."""
    for petition in [each for each in draft.petitions.values() if each.kind is PetitionKind.ADMISSION]:
        compiled = draft.book.programs.get(petition.subject)
        ruling = draft.rulings.get(petition.key)
        if ruling is not None or compiled is None or compiled.program.brake is None:
            withdraw(draft, petition.key)
            draft.rulings.pop(petition.key, None)
            admit(draft, petition, ruling or {})


def follow_book(draft: Draft) -> None:
    """End the enrolments that stand where a new book has nothing any more; let those of paused programs stand still."""
    for enrolment in open_enrolments(draft):
        compiled = draft.book.programs.get(enrolment.program)
        phase = compiled.phases.get(enrolment.phase) if compiled else None
        if compiled is None or phase is None or (enrolment.next_activity or "") not in ("", *phase.places):
            end(draft, enrolment, Step.EXIT, "no longer in the mapping")
        elif compiled.program.is_paused:
            if enrolment.paused_at is None:
                pause(draft, enrolment, BY_PROGRAM)
        elif enrolment.put_off == BY_PROGRAM:
            go_on(draft, enrolment)
    _follow_brakes(draft)


_BY_HAND = "by hand"


# --- orders -------------------------------------------------------------------------------------------------


def take_command(draft: Draft, fact: Fact) -> None:
    """Carry out a person's order."""
    if fact.name in (CommandName.PAUSE, CommandName.RESUME):
        for enrolment in open_enrolments(draft, str(fact.data.get("program", ""))):
            if fact.name == CommandName.PAUSE:
                pause(draft, enrolment, _BY_HAND)
            else:
                _resume_by_hand(draft, enrolment)
        return
    name = str(fact.data.get("program", ""))
    compiled = draft.book.programs.get(name)
    if compiled is None:
        draft.note(HistoryKind.NOT_ENTERED, name, {"why": "there is no such program"})
    elif fact.name == CommandName.ENROL:
        enter(draft, compiled, "by hand", str(fact.data.get("phase", "")), is_admitted=True)
    elif fact.name == CommandName.MOVE:
        _move_by_hand(draft, compiled, fact)
    else:
        for enrolment in open_enrolments(draft, name):
            end(draft, enrolment, Step.EXIT, "by hand")


def _resume_by_hand(draft: Draft, enrolment: Enrolment) -> None:
    """Let the enrolment go on, unless its whole program stands still: then it goes on with that."""
    if draft.book.programs[enrolment.program].program.is_paused:
        pause(draft, enrolment, BY_PROGRAM)
    else:
        resume(draft, enrolment)


def _move_by_hand(draft: Draft, compiled: CompiledProgram, fact: Fact) -> None:
    """Leave one program for another, to go on in the phase of the same name where there is one and it is wanted."""
    left = str(fact.data.get("from", ""))
    phase = str(fact.data.get("phase", ""))
    for enrolment in open_enrolments(draft, left) if left else []:
        phase = phase or (enrolment.phase if fact.data.get("keep") is True else "")
        end(draft, enrolment, Step.EXIT, f"moved to {compiled.program.name} by hand")
    enter(draft, compiled, f"moved from {left} by hand" if left else "by hand", phase, is_admitted=True)


# --- goals, exits, answers ----------------------------------------------------------------------------------


def _told(signal: str) -> str:
    """What set it off, in words."""
    if not signal:
        return "its condition"
    return f"{signal.removeprefix(CHANGED)} changed" if signal.startswith(CHANGED) else f"signal {signal}"


def _end_by(draft: Draft, enrolment: Enrolment, signal: Signal) -> None:
    compiled = draft.book.programs[enrolment.program]
    name, attributes = signal
    if name not in compiled.ends_on:
        return
    if any_applies(draft, compiled.goal, name, attributes):
        end(draft, enrolment, Step.WIN, _told(name))
    elif any_applies(draft, compiled.exit, name, attributes):
        end(draft, enrolment, Step.EXIT, _told(name))
    elif not name and compiled.suppress is not None and compiled.suppress.holds(draft):
        end(draft, enrolment, Step.EXIT, "suppressed")


def _answer(draft: Draft, enrolment: Enrolment, signal: Signal) -> None:
    """Count the signal as the answer to the latest step that waits for it, and to no other."""
    compiled = draft.book.programs[enrolment.program]
    name, attributes = signal
    phase = compiled.phases.get(enrolment.phase)
    if name not in compiled.answers_on or phase is None:
        return
    for sent in reversed(enrolment.sent):
        step = phase.step(sent.activity) if sent.is_waiting else None
        if step is not None and any_applies(draft, step.answers, name, attributes):
            _note_answer(draft, sent.content)
            counted = count_answer(enrolment, sent.activity)
            answered = replace_sent(draft, counted, sent, replace(sent, answered_at=draft.now))
            by = _told(name).removeprefix("signal ")
            tell(draft, HistoryKind.ANSWERED, enrolment, activity=sent.activity, by=by)
            take_answer(draft, answered, sent.activity)
            return


def _note_answer(draft: Draft, content: str) -> None:
    """Remember that the lead answered this content, for programs that would send it again."""
    had = draft.had.get(content)
    if had is not None:
        draft.had[content] = replace(had, is_answered=True)
