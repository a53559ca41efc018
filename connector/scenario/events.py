"""What happens to leads, by the words in which scenarios expect it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from html import unescape

from connector.domain.book import Book
from connector.domain.definitions import Definitions
from connector.domain.history import HistoryEntry, HistoryKind
from connector.domain.outward.change import Act, ChangeKind
from connector.mapping.names import Names


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a lead."""

    #: A key of `KINDS`.
    kind: str
    at: datetime
    #: `new_contact.awareness.thank_you`, a subject.
    name: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One word of scenarios for something that happens."""

    #: In words: `sent`.
    told: str
    #: The full names that there can be; None for text that is rendered for each lead.
    names: Callable[[Names, Definitions], Iterable[str]] | None


def _programs(names: Names, _: Definitions) -> Iterable[str]:
    return names.programs


def _phases(names: Names, _: Definitions) -> Iterator[str]:
    return (f"{program}.{phase}" for program, phases in names.programs.items() for phase in phases)


def _activities(_: Names, definitions: Definitions) -> Iterator[str]:
    for program in definitions.programs:
        for phase in program.phases:
            for activity in phase.activities:
                yield f"{program.name}.{phase.name}.{activity.name}"


def _given(names: Names) -> Iterator[str]:
    return (f"{hand_over}.{rep}" for hand_over in sorted(names.hand_overs) for rep in sorted(names.reps))


def _ways(_: Names, definitions: Definitions) -> Iterator[str]:
    """The forks, and each of their ways."""
    for program in definitions.programs:
        for phase in program.phases:
            for activity in phase.activities:
                for way in ("", *(f".{case.name}" for case in activity.fork.cases)) if activity.fork else ():
                    yield f"{program.name}.{phase.name}.{activity.name}{way}"


def _groups(names: Names, definitions: Definitions) -> Iterator[str]:
    yield from (f"segment.{name}" for name in names.segments)
    yield from (f"list.{rule.name}" for rule in definitions.lists if rule.when is not None)


#: The words of scenarios.
KINDS: Mapping[str, Kind] = {
    "signals": Kind("signals given", lambda names, _: names.signals),
    "entered": Kind("programs entered", _programs),
    "not_entered": Kind("programs not entered", _programs),
    "moved": Kind("phases moved to", _phases),
    "sent": Kind("sent", _activities),
    "answered": Kind("answered", _activities),
    "unanswered": Kind("not answered in time", _activities),
    "left_out": Kind("left out", lambda names, known: (*_activities(names, known), *_phases(names, known))),
    "put_off": Kind("put off", _activities),
    "chose": Kind("ways taken", _ways),
    "completed": Kind("programs completed", _programs),
    "won": Kind("programs won", _programs),
    "exited": Kind("programs left otherwise", _programs),
    "handed_over": Kind("handed over to sales", lambda names, _: names.hand_overs),
    "not_handed_over": Kind("not handed over to sales", lambda names, _: names.hand_overs),
    "assigned": Kind("given to reps", lambda names, _: _given(names)),
    "taken_over": Kind("given to somebody by hand", lambda names, _: names.hand_overs),
    "touched": Kind("looked after by sales", lambda names, _: _given(names)),
    "escalated": Kind("escalated", lambda names, _: _given(names)),
    "accepted": Kind("accepted by sales", lambda names, _: names.hand_overs),
    "rejected": Kind("rejected by sales", lambda names, _: names.hand_overs),
    "closed": Kind("closed by sales", lambda names, _: names.hand_overs),
    "notified": Kind("notifications", lambda _, definitions: (each.name for each in definitions.notifications)),
    "emails": Kind("emails", lambda _, definitions: (each.name for each in definitions.emails)),
    "stopped": Kind("messages stopped by", None),
    "lifted": Kind("messages allowed again after", None),
    "joined": Kind("segments and lists joined", _groups),
    "left": Kind("segments and lists left", _groups),
    "tagged": Kind("tags put on", lambda names, _: names.tags),
    "untagged": Kind("tags taken off", lambda names, _: names.tags),
    "personas": Kind("personas become", lambda names, _: names.personas),
    "tasks": Kind("tasks", None),
    "notes": Kind("notes", None),
    "alerts": Kind("alerts", None),
    "posts": Kind("posts", None),
}

Namer = Callable[[HistoryEntry], str]


def _subject(entry: HistoryEntry) -> str:
    return entry.subject.replace(":", ".")


def _place(entry: HistoryEntry) -> str:
    return ".".join([entry.subject, *(str(entry.detail[key]) for key in ("phase", "activity") if key in entry.detail)])


def _rep(entry: HistoryEntry) -> str:
    return f"{entry.subject}.{entry.detail['rep']}"


def _way(entry: HistoryEntry) -> str:
    return ".".join(filter(None, (_place(entry), str(entry.detail["way"]))))


_OF_HISTORY: Mapping[HistoryKind, tuple[str, Namer]] = {
    HistoryKind.SIGNAL: ("signals", _subject),
    HistoryKind.ENTERED: ("entered", _subject),
    HistoryKind.NOT_ENTERED: ("not_entered", _subject),
    HistoryKind.PHASE: ("moved", _place),
    HistoryKind.SENT: ("sent", _place),
    HistoryKind.ANSWERED: ("answered", _place),
    HistoryKind.UNANSWERED: ("unanswered", _place),
    HistoryKind.LEFT_OUT: ("left_out", _place),
    HistoryKind.PUT_OFF: ("put_off", _place),
    HistoryKind.CHOSE: ("chose", _way),
    HistoryKind.COMPLETED: ("completed", _subject),
    HistoryKind.WON: ("won", _subject),
    HistoryKind.EXITED: ("exited", _subject),
    HistoryKind.NOTIFIED: ("notified", _subject),
    HistoryKind.HANDED_OVER: ("handed_over", _subject),
    HistoryKind.NOT_HANDED_OVER: ("not_handed_over", _subject),
    HistoryKind.ASSIGNED: ("assigned", _rep),
    HistoryKind.TAKEN_OVER: ("taken_over", _subject),
    HistoryKind.TOUCHED: ("touched", _rep),
    HistoryKind.ESCALATED: ("escalated", _rep),
    HistoryKind.ACCEPTED: ("accepted", _subject),
    HistoryKind.REJECTED: ("rejected", _subject),
    HistoryKind.CLOSED: ("closed", _subject),
    HistoryKind.SUPPRESSED: ("stopped", _subject),
    HistoryKind.LIFTED: ("lifted", _subject),
    HistoryKind.JOINED: ("joined", _subject),
    HistoryKind.LEFT: ("left", _subject),
    HistoryKind.TAGGED: ("tagged", _subject),
    HistoryKind.UNTAGGED: ("untagged", _subject),
    HistoryKind.PERSONA: ("personas", _subject),
}
_OF_ACTS = {
    ChangeKind.TASK: "tasks",
    ChangeKind.NOTE: "notes",
    ChangeKind.EMAIL: "emails",
    ChangeKind.ALERT: "alerts",
    ChangeKind.POST: "posts",
}


def events_of(book: Book, history: Iterable[HistoryEntry], acts: Iterable[Act]) -> Iterator[Event]:
    """What happened, in the words of scenarios. Tasks, notes and the like count when they
    are decided, not when they settled.
    """
    for entry in history:
        if entry.kind in _OF_HISTORY:
            kind, name = _OF_HISTORY[entry.kind]
            yield Event(kind, entry.at, name(entry))
    settle: timedelta = book.definitions.settle
    for act in acts:
        if act.kind in _OF_ACTS:
            yield Event(_OF_ACTS[act.kind], act.due_at - settle, _name_of(act))


def _name_of(act: Act) -> str:
    """What people know the act by: its email, its subject, or what it says."""
    return act.email.name if act.email else act.subject or to_text(act.body)


def to_text(body: str) -> str:
    """A body as a person sees it: without tags, on one line."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


def fits(wanted: str, name: str) -> bool:
    """Whether the name is the wanted one: the whole of it, or its end from some dot on. `*` stands for any text."""
    return _pattern(wanted).fullmatch(name) is not None


@lru_cache(maxsize=4096)
def _pattern(wanted: str) -> re.Pattern[str]:
    parts = ".*".join(re.escape(part) for part in wanted.split("*"))
    return re.compile(rf"(?:[a-z0-9_.]*\.)?{parts}", re.DOTALL)
