"""Programs: from the file to the domain's terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from functools import partial
from typing import Any

from connector.domain.calendar import ALWAYS_OPEN, SendWindow
from connector.domain.compiled import CHANGED
from connector.domain.condition import AttributeTest, Condition, SignalTest
from connector.domain.contest import Contest, Merit
from connector.domain.field import FieldType
from connector.domain.program import (
    NO_REMINDERS,
    Activity,
    Brake,
    Case,
    Choice,
    DateRule,
    EmailSend,
    Fork,
    ListSend,
    Milestone,
    Outcome,
    Phase,
    Program,
    Reminders,
    Send,
    Target,
    TargetKind,
    Trigger,
)
from connector.errors import InvariantError
from connector.mapping.acting import to_acts, to_note, to_task
from connector.mapping.choices import to_choice
from connector.mapping.comparisons import OPS, Subject, read_comparisons
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
    WinnerEntry,
)
from connector.mapping.report import nearest, quoted
from connector.mapping.windows import ever_opens, union

#: Where a phase may lead beside another phase.
_ELSEWHERE = {
    "previous": Target(TargetKind.PREVIOUS),
    "completed": Target(TargetKind.COMPLETED),
    "exit": Target(TargetKind.EXIT),
}
#: What follows one activity where nothing is said.
_ON = Outcome(Target(TargetKind.ON))
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
        on_completed=to_acts(entry.completed.task, entry.completed.note, (*path, "completed"), reader),
        milestones=frozenset(Milestone(word) for word in entry.milestones),
        priority=entry.priority,
        group=entry.group or "",
        suppress=_condition(entry.suppress, (*path, "suppress"), reader),
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
        return _to_sales(sales, (*path, "completed", "sales"), reader)
    if program is None:
        return _ELSEWHERE["completed"]
    _know_program(program, (*path, "completed", "program"), reader)
    return Target(TargetKind.PROGRAM, program)


def know_phase(program: str, phase: str | None, path: Path, reader: ConditionReader) -> None:
    """Report a program that there is not, or a phase that it does not have; they stand below the path."""
    _know_program(program, (*path, "program"), reader)
    phases = reader.names.programs.get(program, ())
    if phase is not None and phase not in phases and phases:
        message = f"{quoted(program)} has no phase {quoted(phase)}"
        reader.problems.error((*path, "phase"), message, nearest(phase, phases))


def _to_sales(hand_over: str, path: Path, reader: ConditionReader) -> Target:
    if hand_over not in reader.names.hand_overs:
        hint = nearest(hand_over, reader.names.hand_overs) or "add hand_over: to the section sales"
        reader.problems.error(path, f"unknown hand-over {quoted(hand_over)}", hint)
    return Target(TargetKind.SALES, hand_over)


def _know_program(program: str, path: Path, reader: ConditionReader) -> None:
    if program not in reader.names.programs:
        reader.problems.error(path, f"unknown program {quoted(program)}", nearest(program, reader.names.programs))


def _condition(raw: Any, path: Path, reader: ConditionReader) -> Condition | None:
    return None if raw is None else reader.read(raw, path)


def to_triggers(
    entries: tuple[TriggerEntry, ...], path: Path, reader: ConditionReader, *, with_dates: bool = False
) -> Iterator[Trigger]:
    """The triggers; reports unknown signals, fields and attributes, and days where nothing begins."""
    for index, entry in enumerate(entries):
        here = (*path, index)
        when = _condition(entry.when, (*here, "when"), reader)
        if entry.date is not None:
            if with_dates:
                yield Trigger(when=when, date=_date_rule(entry, (*here, "date"), reader))
            else:
                reader.problems.error((*here, "date"), "a day enrols leads; it is no goal, exit or answer")
        elif entry.changed is not None:
            yield Trigger(_changes(entry.changed, entry, here, reader), when)
        elif not entry.on:
            yield Trigger(when=when)
        for number, signal in enumerate(entry.on):
            reader.know_signal(signal, (*here, "on", number))
            where = reader.read_where(signal, entry.where, (*here, "where"))
            yield Trigger(SignalTest(signal, where), when)


def _date_rule(entry: TriggerEntry, path: Path, reader: ConditionReader) -> DateRule:
    name = entry.date or ""
    field = reader.know_field(name, path)
    if field is not None and field.type not in (FieldType.DATE, FieldType.DATETIME):
        reader.problems.error(path, f"{quoted(name)} holds no date but {field.type}", "write type: date in its field")
    offset = entry.after or -(entry.before or timedelta())
    return DateRule(name, offset, entry.every is not None, entry.at or time())


def _changes(name: str, entry: TriggerEntry, path: Path, reader: ConditionReader) -> SignalTest:
    field = reader.know_field(name, (*path, "changed"))
    if field is None or not entry.to:
        return SignalTest(CHANGED + name)
    wanted = tuple(str(each) if isinstance(each, str) else each for each in entry.to)
    tests = read_comparisons(Subject(name, field.type, OPS[field.type]), list(wanted), (*path, "to"), reader.problems)
    return SignalTest(CHANGED + name, tuple(AttributeTest("now", each.op, each.operand) for each in tests))


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


#: The forks on the way to an activity, each with the case that leads on.
_Behind = tuple[tuple[str, str], ...]


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
    none = Outcome(_ELSEWHERE["exit"])
    return Phase(
        name=name,
        activities=tuple(_to_activities(entry.activities, (), ways, (*path, "activities"), reader)),
        all_answered=every,
        some_answered=_outcome(entry.some_answered, every, ways, (*path, "some_answered"), reader),
        none_answered=_outcome(entry.none_answered, none, ways, (*path, "none_answered"), reader),
        stage=entry.stage,
    )


def _to_activities(
    entries: Mapping[str, ActivityEntry],
    behind: _Behind,
    ways: _Ways,
    path: Path,
    reader: ConditionReader,
) -> Iterator[Activity]:
    """The activities, those behind forks among them, in the order in which they may come."""
    for name, entry in entries.items():
        here = (*path, name)
        yield _to_activity(name, entry, behind, ways, here, reader)
        for word, cases in (("choose", entry.choose), ("split", entry.split)):
            for case, inner in (cases or {}).items():
                further = (*behind, (name, case))
                yield from _to_activities(inner.activities, further, ways, (*here, word, case, "activities"), reader)


def _to_activity(
    name: str,
    entry: ActivityEntry,
    behind: _Behind,
    ways: _Ways,
    path: Path,
    reader: ConditionReader,
) -> Activity:
    waits = bool(entry.wait_for)
    triggers, word = (entry.wait_for, "wait_for") if waits else (entry.answered, "answered")
    remind = Reminders(entry.remind.times, entry.remind.after) if entry.remind else NO_REMINDERS
    early = {
        word: None if following is None else _outcome(following, _ON, ways, (*path, word), reader)
        for word, following in (("on_answer", entry.on_answer), ("no_answer", entry.no_answer))
    }
    return Activity(
        name=name,
        send=None if entry.send is None else _send(entry.send, (*path, "send"), reader),
        after=entry.after,
        answered=tuple(to_triggers(triggers, (*path, word), reader)),
        within=entry.at_most if waits else entry.within,
        at=entry.at,
        on=entry.on,
        when=_condition(entry.when, (*path, "when"), reader),
        holds_up=waits,
        reminders=remind,
        on_answer=early["on_answer"],
        no_answer=early["no_answer"],
        again=entry.again,
        fork=_to_fork(entry, path, reader),
        path=behind,
    )


def _to_fork(entry: ActivityEntry, path: Path, reader: ConditionReader) -> Fork | None:
    if entry.split is not None:
        cases = tuple(Case(name, weight=case.share or 0.0) for name, case in entry.split.items())
        return Fork(cases, by_chance=True, contest=_to_contest(entry.winner))
    if entry.choose is None:
        return None
    return Fork(
        tuple(
            Case(name, _condition(case.when, (*path, "choose", name, "when"), reader))
            for name, case in entry.choose.items()
        )
    )


def _to_contest(entry: WinnerEntry | None) -> Contest | None:
    if entry is None:
        return None
    return Contest(
        Merit(entry.by),
        entry.of or "",
        entry.at_least,
        entry.after,
        entry.sure / 100,
        entry.until,
        entry.otherwise or "",
    )


def _send(entry: SendEntry, path: Path, reader: ConditionReader) -> Send | Choice:
    if entry.task is not None:
        return to_task(entry.task, (*path, "task"), reader)
    if entry.note is not None:
        return to_note(entry.note, (*path, "note"), reader)
    if entry.email is not None:
        return to_choice(entry.email, (*path, "email"), reader, partial(_email_send, reader))
    if entry.list_ is not None:
        return to_choice(entry.list_, (*path, "list"), reader, partial(_list_send, reader))
    raise InvariantError("a send that says nothing is misshapen")


def _email_send(reader: ConditionReader, name: str, path: Path) -> EmailSend:
    if name not in reader.names.emails:
        hint = nearest(name, reader.names.emails) or "say what it is in the section emails:"
        reader.problems.error(path, f"unknown email {quoted(name)}", hint)
    return EmailSend(name)


def _list_send(reader: ConditionReader, name: str, path: Path) -> ListSend:
    if name not in reader.names.lists:
        reader.problems.error(path, f"unknown list {quoted(name)}", nearest(name, reader.names.lists))
    return ListSend(name)


def _outcome(
    entries: tuple[OutcomeEntry, ...] | None, default: Outcome, ways: _Ways, path: Path, reader: ConditionReader
) -> Outcome:
    """What follows: of several, the first whose condition holds; of a list without a last word, else the default."""
    if entries is None:
        return default
    cases: list[tuple[Condition, Outcome]] = []
    for index, entry in enumerate(entries):
        here = (*path, index)
        following = _to_outcome(entry, default, ways, here, reader)
        if entry.when is None:
            if index + 1 < len(entries):
                reader.problems.error((*path, index + 1), "no lead comes so far: what is before it has no condition")
            return replace(following, cases=tuple(cases))
        cases.append((reader.read(entry.when, (*here, "when")), following))
    return Outcome(default.target, default.after, default.repeat_unanswered, tuple(cases))


def _to_outcome(entry: OutcomeEntry, default: Outcome, ways: _Ways, path: Path, reader: ConditionReader) -> Outcome:
    if not entry.times:
        return Outcome(_target(entry, default.target, ways, path, reader), entry.after, entry.repeat is not None)
    return Outcome(
        _phase_or_end(entry.next or "", default.target, ways, (*path, "next"), reader),
        entry.after,
        times=entry.times,
        instead=_phase_or_end(entry.then or "exit", default.target, ways, (*path, "then"), reader),
    )


def _target(entry: OutcomeEntry, default: Target, ways: _Ways, path: Path, reader: ConditionReader) -> Target:
    if entry.sales is not None:
        return _to_sales(entry.sales, (*path, "sales"), reader)
    if entry.program is not None:
        know_phase(entry.program, entry.phase, path, reader)
        return Target(TargetKind.PROGRAM, entry.program, entry.phase or "")
    word = entry.then or entry.next
    if word is None:
        return default
    return _phase_or_end(word, default, ways, (*path, "then" if entry.then else "next"), reader)


def _phase_or_end(word: str, default: Target, ways: _Ways, path: Path, reader: ConditionReader) -> Target:
    """A phase by its name, or `previous`, `completed`, `exit`."""
    if word in ways.phases:
        return Target(TargetKind.PHASE, word)
    if word == "completed":
        return ways.completed
    if word not in _ELSEWHERE:
        known = (*ways.phases, *_ELSEWHERE)
        reader.problems.error(path, f"unknown phase {quoted(word)}", nearest(word, known))
    return _ELSEWHERE.get(word, default)
