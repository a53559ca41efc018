"""Activities: from the file to the domain's terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from connector.domain.programs.contest import Contest, Merit
from connector.domain.programs.program import (
    NO_REMINDERS,
    Activity,
    Case,
    Choice,
    EmailSend,
    Fork,
    ListSend,
    Reminders,
    Send,
)
from connector.errors import InvariantError
from connector.mapping.acting import to_note, to_task
from connector.mapping.activity_models import ActivityEntry, SendEntry, WinnerEntry
from connector.mapping.choices import to_choice
from connector.mapping.conditions import ConditionReader
from connector.mapping.places import Path
from connector.mapping.report import nearest, quoted
from connector.mapping.triggers import read_when, to_triggers
from connector.mapping.ways import ON, Ways, to_outcome

#: The forks on the way to an activity, each with the case that leads on.
_Behind = tuple[tuple[str, str], ...]


def to_activities(
    entries: Mapping[str, ActivityEntry],
    behind: _Behind,
    ways: Ways,
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
                yield from to_activities(inner.activities, further, ways, (*here, word, case, "activities"), reader)


def _to_activity(
    name: str,
    entry: ActivityEntry,
    behind: _Behind,
    ways: Ways,
    path: Path,
    reader: ConditionReader,
) -> Activity:
    waits = bool(entry.wait_for)
    triggers, word = (entry.wait_for, "wait_for") if waits else (entry.answered, "answered")
    remind = Reminders(entry.remind.times, entry.remind.after) if entry.remind else NO_REMINDERS
    early = {
        word: None if following is None else to_outcome(following, ON, ways, (*path, word), reader)
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
        when=read_when(entry.when, (*path, "when"), reader),
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
            Case(name, read_when(case.when, (*path, "choose", name, "when"), reader))
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
