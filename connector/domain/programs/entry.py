"""Who may enter a program, and who has to make way."""

from __future__ import annotations

from connector.domain.draft import Draft
from connector.domain.history import HistoryKind
from connector.domain.lead import Standing
from connector.domain.programs.compiled import CompiledProgram
from connector.domain.programs.enrolling import any_applies, end, open_enrolments
from connector.domain.programs.enrolment import Enrolment, Step


def entry_refusal(draft: Draft, compiled: CompiledProgram) -> str:
    """Why the lead may not enter; empty when it may."""
    return _own_refusal(draft, compiled) or _refused_by_group(draft, compiled)


def wait_outside(draft: Draft, compiled: CompiledProgram) -> bool:
    """Whether the lead has to wait until it is out of another program of the group, and would be let in then."""
    if _own_refusal(draft, compiled) or not (refusal := _refused_by_group(draft, compiled)):
        return False
    name = compiled.program.name
    draft.outside = {**draft.outside, name: draft.now}
    draft.note(HistoryKind.NOT_ENTERED, name, {"why": f"{refusal}; it waits outside"})
    return True


def take_waiting(draft: Draft) -> list[str]:
    """The watcher of the first program that the lead waited outside of and that has room now, taken off the list.

    Programs whose condition ended meanwhile are taken off, too.
    """
    for name in sorted(draft.outside, key=lambda name: _rank(draft, name)):
        compiled = draft.book.programs.get(name)
        still_holds = compiled is not None and f"enrol:{name}" in draft.holding
        if compiled is not None and still_holds and _refused_by_group(draft, compiled):
            continue
        draft.outside = {each: since for each, since in draft.outside.items() if each != name}
        if still_holds:
            return [f"enrol:{name}"]
    return []


def _rank(draft: Draft, name: str) -> tuple[int, int]:
    compiled = draft.book.programs.get(name)
    return (-compiled.program.priority, compiled.place) if compiled else (0, -1)


def _own_refusal(draft: Draft, compiled: CompiledProgram) -> str:
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
    return ""


def _refused_by_group(draft: Draft, compiled: CompiledProgram) -> str:
    program = compiled.program
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
