"""Content by value: which of several things is sent, by the value of one field."""

from __future__ import annotations

from collections.abc import Callable

from connector.domain.programs.program import Choice, Send
from connector.mapping.activity_models import ChoiceEntry
from connector.mapping.conditions import ConditionReader
from connector.mapping.places import Path
from connector.mapping.report import nearest, quoted

#: From a name and where it stands to what is sent; reports a name that nobody gives.
ToSend = Callable[[str, Path], Send]


def to_choice(entry: ChoiceEntry, path: Path, reader: ConditionReader, to_send: ToSend) -> Send | Choice:
    """What is sent, or the choice among several; reports an unknown field and values that are said twice."""
    otherwise = None if entry.else_ is None else to_send(entry.else_, (*path, "else"))
    if entry.by is None and otherwise is not None:
        return otherwise
    by, cases = entry.by or "", dict[str, Send]()
    if by not in reader.names.fields:
        reader.problems.error((*path, "by"), f"unknown field {quoted(by)}", nearest(by, reader.names.fields))
    for value, name in entry.cases.items():
        if value.casefold() in cases:
            reader.problems.error((*path, value), f"{quoted(value)} is said twice", on_key=True)
        cases[value.casefold()] = to_send(name, (*path, value))
    if otherwise is None:
        reader.problems.warn((*path, "by"), "a lead with another value is sent nothing", "add else:", on_key=True)
    return Choice(by, cases, otherwise)
