"""What Coltiva does outside: tasks, notes, lists, notifications, write-back; from the file to the domain's terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connector.domain.definitions import ListRule, Notification, WriteBack
from connector.domain.programs.program import Alert, Note, Post, Task, Telling
from connector.mapping.conditions import ConditionReader
from connector.mapping.crms import CRMS
from connector.mapping.models import MappingFile, WrittenProperty
from connector.mapping.names import Names
from connector.mapping.places import Path
from connector.mapping.report import nearest, quoted
from connector.mapping.telling_models import AlertEntry, NoteEntry, PostEntry, TaskEntry, TellingEntry
from connector.mapping.texts import to_message
from connector.mapping.trait_models import NUMBERS

#: The CRM whose means alerts and posts are.
TELLS = "salesforce"


def to_task(entry: TaskEntry, path: Path, reader: ConditionReader) -> Task:
    """A task; `path` leads to its mapping or to its subject alone."""
    if entry.remind is not None and entry.remind > entry.due:
        reader.problems.warn((*path, "remind"), "the reminder would come before the task is made")
    return Task(
        subject=to_message(entry.subject, (*path, "subject"), reader, html=False),
        body=to_message(entry.body, (*path, "body"), reader, html=True),
        due=entry.due,
        priority=entry.priority.upper(),
        type=entry.type.upper(),
        remind=entry.remind,
    )


def to_note(entry: NoteEntry, path: Path, reader: ConditionReader) -> Note:
    """A note; `path` leads to its mapping or to its body alone."""
    return Note(to_message(entry.body, (*path, "body"), reader, html=True))


def to_acts(entry: TellingEntry, path: Path, reader: ConditionReader) -> tuple[Telling, ...]:
    """All the tasks that stand at the path, then all the notes, alerts and posts."""
    return (
        *(to_task(one, (*path, "task", index), reader) for index, one in enumerate(entry.task)),
        *(to_note(one, (*path, "note", index), reader) for index, one in enumerate(entry.note)),
        *(_to_alert(one, (*path, "alert", index), reader) for index, one in enumerate(entry.alert)),
        *(_to_post(one, (*path, "post", index), reader) for index, one in enumerate(entry.post)),
    )


def _to_alert(entry: AlertEntry, path: Path, reader: ConditionReader) -> Alert:
    return Alert(
        title=to_message(entry.title, (*path, "title"), reader, html=False),
        body=to_message(entry.body, (*path, "body"), reader, html=True),
        type=entry.type,
        crm=TELLS,
    )


def _to_post(entry: PostEntry, path: Path, reader: ConditionReader) -> Post:
    return Post(to_message(entry.body, (*path, "body"), reader, html=True), TELLS, entry.mention)


def to_lists(mapping: MappingFile, reader: ConditionReader) -> tuple[ListRule, ...]:
    """The lists; reports two lists of one title."""
    first: dict[tuple[str, str], str] = {}
    made = []
    for name, entry in mapping.lists.items():
        for crm, title in entry.titles.items():
            if (crm, title) in first:
                message = f"the list {quoted(first[crm, title])} has the title {quoted(title)} already"
                reader.problems.error(("lists", name, crm), message)
            first.setdefault((crm, title), name)
        when = None if entry.when is None else reader.read(entry.when, ("lists", name, "when"))
        made.append(ListRule(name, entry.titles, when))
    return tuple(made)


def to_notifications(mapping: MappingFile, reader: ConditionReader) -> tuple[Notification, ...]:
    """What sales reps are told."""
    return tuple(
        Notification(
            name=name,
            when=reader.read(entry.when, ("notifications", name, "when")),
            acts=to_acts(entry, ("notifications", name), reader),
            again_after=entry.again,
        )
        for name, entry in mapping.notifications.items()
    )


def to_write_back(mapping: MappingFile, reader: ConditionReader) -> tuple[WriteBack, ...]:
    """The properties that Coltiva keeps up to date."""
    return tuple(_written(mapping, reader))


def _written(mapping: MappingFile, reader: ConditionReader) -> Iterator[WriteBack]:
    for crm in CRMS:
        read = {name for entry in mapping.fields.values() for name in getattr(entry, crm)}
        written: Mapping[str, WrittenProperty] = getattr(mapping.write_back, crm)
        for name, entry in written.items():
            path = ("write_back", crm, name)
            source = _source(entry, path, reader)
            if name in read and not _is_carried(mapping, source, crm, name):
                message = f"{quoted(name)} is read by a field, too: what Coltiva writes comes back as the CRM's word"
                reader.problems.warn(path, message, "write to a property of Coltiva's own", on_key=True)
            if source:
                kind = "number" if source[-1] == "points" or _is_reckoned(source, mapping) else "string"
                clears = entry.unknown == "clear"
                if clears and source[0] != "field":
                    message = "only a field that a CRM fills may be unknown; everything else is kept as it is"
                    reader.problems.error((*path, "unknown"), message, "remove it")
                yield WriteBack(crm, name, source, kind, entry.label or _label(name), clears)


def _is_carried(mapping: MappingFile, source: tuple[str, ...], crm: str, property_: str) -> bool:
    """Whether one field that several CRMs fill is read from the property and written to it: they are to agree."""
    entry = mapping.fields.get(source[1]) if source and source[0] == "field" else None
    return (
        entry is not None and property_ in getattr(entry, crm) and sum(bool(getattr(entry, each)) for each in CRMS) > 1
    )


def _is_reckoned(source: tuple[str, ...], mapping: MappingFile) -> bool:
    """Whether it is a field that counts or adds up; other numbers have always been written as text."""
    return source[0] == "field" and source[1] in mapping.fields and mapping.fields[source[1]].reckoning in NUMBERS


def _label(property_: str) -> str:
    return property_.replace("_", " ").strip().capitalize()


_OF_SCORE = ("points", "grade", "why")
_OF_PROGRAM = ("phase", "activity", "state")
_OF_ALL = ("segments", "tags", "persona")


def _source(entry: WrittenProperty, path: Path, reader: ConditionReader) -> tuple[str, ...]:
    """Where the value comes from; nothing when that is not known."""
    names, (owner, _, part) = reader.names, entry.value.partition(".")
    if owner in names.scores and (part or "points") in _OF_SCORE:
        return ("score", owner, part or "points")
    if owner in names.programs and part in _OF_PROGRAM:
        return ("program", owner, part)
    if entry.value in names.fields:
        return ("field", entry.value)
    if entry.value in _OF_ALL:
        return (entry.value,)
    message, hint = _unknown_source(entry.value, owner, part, names)
    reader.problems.error((*path, "value"), message, hint)
    return ()


def _unknown_source(value: str, owner: str, part: str, names: Names) -> tuple[str, str]:
    if owner in names.scores:
        return f"a score has no {quoted(part)}", f"write {owner}, {owner}.grade or {owner}.why"
    if owner in names.programs:
        return (
            f"a program has no {quoted(part) if part else 'value of its own'}",
            f"write {owner}.phase, {owner}.activity or {owner}.state",
        )
    known = (*names.scores, *names.programs, *names.fields, *_OF_ALL)
    return f"unknown value {quoted(value)} to write", nearest(owner, known)
