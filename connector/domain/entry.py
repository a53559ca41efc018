"""Who may enter a program, and who has to make way."""

from __future__ import annotations

from connector.domain.compiled import CompiledProgram
from connector.domain.draft import Draft
from connector.domain.enrolling import any_applies, end, open_enrolments
from connector.domain.enrolment import Enrolment, Step
from connector.domain.lead import Standing


def entry_refusal(draft: Draft, compiled: CompiledProgram) -> str:
    """Why the lead may not enter; empty when it may."""
    program = compiled.program
    if draft.standing is not Standing.ACTIVE:
        return "its record is deleted in the CRM"
    if program.is_paused:
        return "the program is paused"
    earlier = [enrolment for enrolment in draft.enrolments if enrolment.program == program.name]
    refusal = _refused_by_the_past(draft, compiled, earlier)
    if refusal:
        return refusal
    if compiled.suppress is not None and compiled.suppress.holds(draft):
        return "it is suppressed"
    if any_applies(draft, (*compiled.goal, *compiled.exit), "", {}):
        return "the program's goal or exit condition holds already"
    for other in _of_group(draft, compiled):
        if draft.book.programs[other.program].program.priority >= program.priority:
            return f"it is in {other.program}, of the same group"
    return ""


def _refused_by_the_past(draft: Draft, compiled: CompiledProgram, earlier: list[Enrolment]) -> str:
    program = compiled.program
    if any(enrolment.is_open for enrolment in earlier):
        return "it is in the program already"
    if not earlier:
        return ""
    if program.again_after is None:
        return "it was in the program before"
    last = earlier[-1]
    if program.again_if and not program.again_if & {str(last.state), last.reason.removeprefix("signal ")}:
        return f"it ended before as {last.state} ({last.reason})"
    if last.ended_at is not None and last.ended_at + program.again_after > draft.now:
        return "it left the program too short a time ago"
    return ""


def make_way(draft: Draft, compiled: CompiledProgram) -> None:
    """End what the lead is in of the same group: it counts for less, or the lead could not enter."""
    for other in _of_group(draft, compiled):
        end(draft, other, Step.EXIT, f"made way for {compiled.program.name}")


def _of_group(draft: Draft, compiled: CompiledProgram) -> list[Enrolment]:
    group, name = compiled.program.group, compiled.program.name
    if not group:
        return []
    return [
        each
        for each in open_enrolments(draft)
        if each.program != name and draft.book.programs[each.program].program.group == group
    ]
