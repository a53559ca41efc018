"""What a lead waits for in a program, until when, and why no sooner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.domain.draft import Draft
from connector.domain.ids import WorkspaceId
from connector.domain.lead import Lead
from connector.domain.petition import PetitionKind, PetitionState
from connector.domain.programs.enrolling import BY_PROGRAM
from connector.domain.programs.enrolment import Enrolment, EnrolmentState, Move
from connector.domain.programs.program import TargetKind
from connector.ports import Store

_INSTANT = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Wait:
    """What an enrolment waits for; it goes on by itself at `until`."""

    what: str
    until: datetime | None
    #: Why no sooner; empty where the program says nothing but that it waits.
    because: str = ""


@dataclass(frozen=True, slots=True)
class WaitOutside:
    """A lead that would enter a program, which has a brake."""

    program: str
    since: datetime
    #: Only a person lets it in; otherwise its turn comes by itself.
    needs_person: bool
    because: str


@dataclass(frozen=True, slots=True)
class EnrolmentExplanation:
    """One lead's place in one program."""

    program: str
    phase: str
    state: str
    entered_at: datetime
    phase_at: datetime
    waits: tuple[Wait, ...]
    ended_at: datetime | None
    reason: str


def explain_outside(store: Store, workspace: WorkspaceId, lead: Lead) -> tuple[WaitOutside, ...]:
    """The programs that the lead waits to enter."""
    asked = {key for key, one in lead.petitions.items() if one.kind is PetitionKind.ADMISSION}
    if not asked:
        return ()
    with store.reading() as transaction:
        filed = transaction.petitions.of_lead(workspace, lead.id)
    return tuple(
        WaitOutside(one.petition.subject, one.petition.at, one.state is PetitionState.PARKED, one.because)
        for one in filed
        if one.petition.key in asked
    )


def explain_enrolment(draft: Draft, enrolment: Enrolment) -> EnrolmentExplanation:
    """Where the lead stands in one program, and what it waits for there."""
    return EnrolmentExplanation(
        program=enrolment.program,
        phase=enrolment.phase,
        state=str(enrolment.state),
        entered_at=enrolment.entered_at,
        phase_at=enrolment.phase_at,
        waits=tuple(_waits(draft, enrolment)),
        ended_at=enrolment.ended_at,
        reason=enrolment.reason,
    )


def _waits(draft: Draft, enrolment: Enrolment) -> Iterator[Wait]:
    if enrolment.paused_at is not None and enrolment.ended_at is None:
        remedy = "; coltiva programs list says since when, and why" if enrolment.put_off == BY_PROGRAM else ""
        yield Wait("going on", None, f"it stands still: {enrolment.put_off}{remedy}")
        return
    if enrolment.state is EnrolmentState.MOVING and enrolment.move:
        yield Wait(_destination(enrolment.move), enrolment.move.at)
    if enrolment.state is not EnrolmentState.RUNNING:
        return
    for sent in enrolment.sent:
        if sent.is_waiting:
            yield Wait(f"an answer to {sent.activity}", sent.answer_by)
    if enrolment.next_activity:
        yield Wait(f"sending {enrolment.next_activity}", enrolment.send_at, _why_then(draft, enrolment))


def _why_then(draft: Draft, enrolment: Enrolment) -> str:
    """Why what comes next leaves at that moment and no sooner."""
    if enrolment.put_off or enrolment.send_at is None:
        return enrolment.put_off
    program = draft.book.programs.get(enrolment.program)
    if program is None:
        return ""
    before = enrolment.send_at - _INSTANT
    if program.program.window.next_open(before, draft.zone) > before:
        return "the send window is shut until then"
    phase = program.phases.get(enrolment.phase)
    steps = phase.steps if phase else ()
    after = next((step.activity.after for step in steps if step.activity.name == enrolment.next_activity), None)
    return f"{_span(after)} after what came before" if after else ""


def _span(length: timedelta) -> str:
    hours = length / timedelta(hours=1)
    return f"{hours / 24:g} days" if hours >= 48 else "1 hour" if hours == 1 else f"{hours:g} hours"


def _destination(move: Move) -> str:
    if move.repeat_unanswered:
        return "sending again what was not answered"
    match move.target.kind:
        case TargetKind.PHASE | TargetKind.PROGRAM:
            return f"going on to {move.target.kind} {move.target.name}"
        case TargetKind.PREVIOUS:
            return "going back to the phase before"
        case TargetKind.COMPLETED:
            return "completing the program"
        case TargetKind.EXIT:
            return "leaving the program"
        case TargetKind.SALES:
            return f"handing over to sales: {move.target.name}"
        case TargetKind.ON:
            return "going on with the phase"
