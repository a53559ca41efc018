"""Content by value: which of several things is sent, by the value of one field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, ClassVar, Self

from pydantic import ConfigDict, Field, model_validator

from connector.domain.program import Choice, Send
from connector.mapping.conditions import ConditionReader
from connector.mapping.forms import Entry, Name, TextFor, wrong
from connector.mapping.places import Path
from connector.mapping.report import nearest, quoted


class ChoiceEntry(Entry):
    """One name; or a name for each value of a field."""

    what: ClassVar[str] = "a choice"
    model_config = ConfigDict(extra="allow", strict=True, frozen=True)

    __pydantic_extra__: dict[str, Name]
    by: Name | None = Field(default=None, description="The field whose value chooses; the other keys are its values.")
    else_: Name | None = Field(default=None, alias="else", description="For every other value, and for none.")

    @property
    def cases(self) -> dict[str, str]:
        """Value -> name."""
        return dict(self.__pydantic_extra__)

    @model_validator(mode="after")
    def _chooses(self) -> Self:
        if self.by is None and (self.cases or self.else_ is None):
            raise wrong("a choice needs the field whose value chooses", "add by: and the field")
        if self.by is not None and not self.cases:
            raise wrong("there is nothing to choose from", "write value: and what is sent for it", "by")
        return self


#: A name alone, or a choice among several.
ChosenName = Annotated[ChoiceEntry, TextFor("else")]
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
