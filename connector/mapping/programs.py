"""Programs and their phases: from the file to the domain's terms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from connector.domain.calendar import ALWAYS_OPEN, SendWindow
from connector.domain.programs.program import Brake, Milestone, Outcome, Phase, Program, Target, TargetKind
from connector.mapping.acting import to_acts
from connector.mapping.activities import to_activities
from connector.mapping.activity_models import PhaseEntry
from connector.mapping.conditions import ConditionReader
from connector.mapping.models import MappingFile
from connector.mapping.places import Path
from connector.mapping.program_models import ProgramEntry, WindowEntry
from connector.mapping.report import nearest, quoted
from connector.mapping.triggers import read_when, to_triggers
from connector.mapping.ways import ELSEWHERE, Ways, know_program, to_outcome, to_sales
from connector.mapping.windows import ever_opens, union

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
    reader = reader.inside(name)
    completed = _completed(entry, path, reader)
    return Program(
        name=name,
        phases=tuple(_to_phases(entry, completed, path, reader)),
        enrol=() if is_by_hand(entry) else tuple(to_triggers(entry.enrol, (*path, "enrol"), reader, with_dates=True)),
        again_after=entry.again.after,
        again_if=_endings(entry, (*path, "again", "ended"), reader),
        goal=tuple(to_triggers(entry.goal, (*path, "goal"), reader)),
        exit=tuple(to_triggers(entry.exit, (*path, "exit"), reader)),
        window=to_window(entry.send_window, window, (*path, "send_window"), reader),
        on_completed=to_acts(entry.completed, (*path, "completed"), reader),
        milestones=frozenset(Milestone(word) for word in entry.milestones),
        priority=entry.priority,
        group=entry.group or "",
        suppress=read_when(entry.suppress, (*path, "suppress"), reader),
        takes_existing=entry.existing,
        holdout=entry.holdout,
        is_paused=entry.paused,
        brake=Brake(entry.brake.enrolments, entry.brake.per) if entry.brake else None,
    )


def is_by_hand(entry: ProgramEntry) -> bool:
    """Whether the mapping says that only people enrol."""
    return len(entry.enrol) == 1 and entry.enrol[0].on == (BY_HAND,)


#: How an enrolment may have ended, beside the signals that end it.
_ENDINGS = ("won", "completed", "exited")


def _endings(entry: ProgramEntry, path: Path, reader: ConditionReader) -> frozenset[str]:
    known = (*_ENDINGS, *reader.names.signals)
    for index, word in enumerate(entry.again.ended):
        if word not in known:
            message = f"no enrolment ends as {quoted(word)}"
            reader.problems.error((*path, index), message, nearest(word, known) or "write won, completed or exited")
    return frozenset(entry.again.ended)


def _completed(entry: ProgramEntry, path: Path, reader: ConditionReader) -> Target:
    program, sales = entry.completed.program, entry.completed.sales
    if sales is not None:
        return to_sales(sales, (*path, "completed", "sales"), reader)
    if program is None:
        return ELSEWHERE["completed"]
    know_program(program, (*path, "completed", "program"), reader)
    return Target(TargetKind.PROGRAM, program)


def _to_phases(entry: ProgramEntry, completed: Target, path: Path, reader: ConditionReader) -> Iterator[Phase]:
    order, known = list(entry.phases), reader.names.programs[str(path[1])]
    for index, (name, phase) in enumerate(entry.phases.items()):
        here = (*path, "phases", name)
        if name in ELSEWHERE:
            message = f"{quoted(name)} says where a phase leads and cannot be a phase's name"
            reader.problems.error(here, message, "give it another name", on_key=True)
        following = order[index + 1 : index + 2]
        default = Target(TargetKind.PHASE, following[0]) if following else completed
        yield _to_phase(name, phase, Ways(known, default, completed), here, reader)


def _to_phase(name: str, entry: PhaseEntry, ways: Ways, path: Path, reader: ConditionReader) -> Phase:
    every = to_outcome(entry.all_answered, Outcome(ways.default), ways, (*path, "all_answered"), reader)
    none = Outcome(ELSEWHERE["exit"])
    return Phase(
        name=name,
        activities=tuple(to_activities(entry.activities, (), ways, (*path, "activities"), reader)),
        all_answered=every,
        some_answered=to_outcome(entry.some_answered, every, ways, (*path, "some_answered"), reader),
        none_answered=to_outcome(entry.none_answered, none, ways, (*path, "none_answered"), reader),
        stage=entry.stage,
    )
