"""Programs: from the file to the domain's terms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from connector.domain.calendar import ALWAYS_OPEN, SendWindow
from connector.domain.condition import SignalTest
from connector.domain.program import (
    Activity,
    EmailSend,
    ListSend,
    Milestone,
    Outcome,
    Phase,
    Program,
    Send,
    Target,
    TargetKind,
    Trigger,
)
from connector.mapping.acting import to_acts, to_note, to_task
from connector.mapping.conditions import ConditionReader
from connector.mapping.models import MappingFile
from connector.mapping.places import Path
from connector.mapping.program_models import (
    ActivityEntry,
    OutcomeEntry,
    PhaseEntry,
    ProgramEntry,
    SendEntry,
    TriggerEntry,
    WindowEntry,
)
from connector.mapping.report import nearest, quoted
from connector.mapping.windows import ever_opens, union

#: Where a phase may lead beside another phase.
_ELSEWHERE = {
    "previous": Target(TargetKind.PREVIOUS),
    "completed": Target(TargetKind.COMPLETED),
    "exit": Target(TargetKind.EXIT),
}
#: Stands where a signal would: only people enrol.
BY_HAND = "by_hand"


def to_window(entry: WindowEntry | None, around: SendWindow, path: Path, reader: ConditionReader) -> SendWindow:
    """A send window; what it does not say it takes from the one around it. Reports a window that never opens."""
    if entry is None:
        return around
    opens, closes = entry.hours or (around.opens, around.closes)
    window = SendWindow(
        days=around.days if entry.days is None else frozenset().union(*entry.days),
        opens=opens,
        closes=closes,
        holidays=around.holidays if entry.holidays is None else union(entry.holidays),
    )
    if not ever_opens(window):
        message = "this send window does not open for a year or longer"
        reader.problems.error(path, message, "add days:, or remove holidays", on_key=True)
    return window


def to_workspace_window(mapping: MappingFile, reader: ConditionReader) -> SendWindow:
    """The send window of all programs that have none of their own."""
    holidays: frozenset[date] = union(mapping.holidays)
    return to_window(mapping.send_window, replace(ALWAYS_OPEN, holidays=holidays), ("send_window",), reader)


def to_programs(mapping: MappingFile, window: SendWindow, reader: ConditionReader) -> tuple[Program, ...]:
    """The programs; reports unknown names."""
    return tuple(_to_program(name, entry, window, reader) for name, entry in mapping.programs.items())


def _to_program(name: str, entry: ProgramEntry, window: SendWindow, reader: ConditionReader) -> Program:
    path: Path = ("programs", name)
    completed = _completed(entry, path, reader)
    return Program(
        name=name,
        phases=tuple(_to_phases(entry, completed, path, reader)),
        enrol=() if is_by_hand(entry) else tuple(to_triggers(entry.enrol, (*path, "enrol"), reader)),
        again_after=entry.again,
        goal=tuple(to_triggers(entry.goal, (*path, "goal"), reader)),
        exit=tuple(to_triggers(entry.exit, (*path, "exit"), reader)),
        window=to_window(entry.send_window, window, (*path, "send_window"), reader),
        on_completed=to_acts(entry.completed.task, entry.completed.note, (*path, "completed"), reader),
        milestones=frozenset(Milestone(word) for word in entry.milestones),
    )


def is_by_hand(entry: ProgramEntry) -> bool:
    """Whether the mapping says that only people enrol."""
    return len(entry.enrol) == 1 and entry.enrol[0].on == (BY_HAND,)


def _completed(entry: ProgramEntry, path: Path, reader: ConditionReader) -> Target:
    program = entry.completed.program
    if program is None:
        return _ELSEWHERE["completed"]
    _know_program(program, (*path, "completed", "program"), reader)
    return Target(TargetKind.PROGRAM, program)


def _know_program(program: str, path: Path, reader: ConditionReader) -> None:
    if program not in reader.names.programs:
        reader.problems.error(path, f"unknown program {quoted(program)}", nearest(program, reader.names.programs))


def to_triggers(entries: tuple[TriggerEntry, ...], path: Path, reader: ConditionReader) -> Iterator[Trigger]:
    """The triggers; reports unknown signals and attributes."""
    for index, entry in enumerate(entries):
        here = (*path, index)
        when = None if entry.when is None else reader.read(entry.when, (*here, "when"))
        if not entry.on:
            yield Trigger(when=when)
        for number, signal in enumerate(entry.on):
            reader.know_signal(signal, (*here, "on", number))
            where = reader.read_where(signal, entry.where, (*here, "where"))
            yield Trigger(SignalTest(signal, where), when)


# --- phases ---


@dataclass(frozen=True, slots=True)
class _Ways:
    """Where one phase may lead."""

    #: Every phase of the program, also those that are misshapen.
    phases: tuple[str, ...]
    #: Where it leads when nothing is said.
    default: Target
    #: What `completed` means in this program.
    completed: Target


def _to_phases(entry: ProgramEntry, completed: Target, path: Path, reader: ConditionReader) -> Iterator[Phase]:
    order, known = list(entry.phases), reader.names.programs[str(path[1])]
    for index, (name, phase) in enumerate(entry.phases.items()):
        here = (*path, "phases", name)
        if name in _ELSEWHERE:
            message = f"{quoted(name)} says where a phase leads and cannot be a phase's name"
            reader.problems.error(here, message, "give it another name", on_key=True)
        following = order[index + 1 : index + 2]
        default = Target(TargetKind.PHASE, following[0]) if following else completed
        yield _to_phase(name, phase, _Ways(known, default, completed), here, reader)


def _to_phase(name: str, entry: PhaseEntry, ways: _Ways, path: Path, reader: ConditionReader) -> Phase:
    every = _outcome(entry.all_answered, Outcome(ways.default), ways, (*path, "all_answered"), reader)
    return Phase(
        name=name,
        activities=tuple(
            _to_activity(each, activity, (*path, "activities", each), reader)
            for each, activity in entry.activities.items()
        ),
        all_answered=every,
        some_answered=_outcome(entry.some_answered, every, ways, (*path, "some_answered"), reader),
        none_answered=_outcome(
            entry.none_answered, Outcome(_ELSEWHERE["exit"]), ways, (*path, "none_answered"), reader
        ),
        stage=entry.stage,
    )


def _to_activity(name: str, entry: ActivityEntry, path: Path, reader: ConditionReader) -> Activity:
    answered = tuple(to_triggers(entry.answered, (*path, "answered"), reader))
    return Activity(name, _send(entry.send, (*path, "send"), reader), entry.after, answered, entry.within)


def _send(entry: SendEntry, path: Path, reader: ConditionReader) -> Send:
    if entry.task is not None:
        return to_task(entry.task, (*path, "task"), reader)
    if entry.note is not None:
        return to_note(entry.note, (*path, "note"), reader)
    if entry.email is not None:
        if entry.email not in reader.names.emails:
            hint = nearest(entry.email, reader.names.emails) or "say what it is in the section emails:"
            reader.problems.error((*path, "email"), f"unknown email {quoted(entry.email)}", hint)
        return EmailSend(entry.email)
    name = entry.list_ or ""
    if name not in reader.names.lists:
        reader.problems.error((*path, "list"), f"unknown list {quoted(name)}", nearest(name, reader.names.lists))
    return ListSend(name)


def _outcome(entry: OutcomeEntry | None, default: Outcome, ways: _Ways, path: Path, reader: ConditionReader) -> Outcome:
    if entry is None:
        return default
    target = _target(entry, default.target, ways, path, reader)
    return Outcome(target, entry.after, entry.repeat is not None)


def _target(entry: OutcomeEntry, default: Target, ways: _Ways, path: Path, reader: ConditionReader) -> Target:
    if entry.program is not None:
        _know_program(entry.program, (*path, "program"), reader)
        return Target(TargetKind.PROGRAM, entry.program)
    key = "then" if entry.then else "next"
    word = entry.then or entry.next
    if word is None:
        return default
    if word in ways.phases:
        return Target(TargetKind.PHASE, word)
    if word == "completed":
        return ways.completed
    if word not in _ELSEWHERE:
        known = (*ways.phases, *_ELSEWHERE)
        reader.problems.error((*path, key), f"unknown phase {quoted(word)}", nearest(word, known))
    return _ELSEWHERE.get(word, default)
