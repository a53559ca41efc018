"""The shape of triggers in mapping files: something that a lead does, that comes to hold, or a day that comes."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from connector.mapping.forms import (
    Condition,
    Duration,
    Entry,
    Name,
    Names,
    OneOrMany,
    TextFor,
    Where,
    read_with,
    wrong,
)
from connector.mapping.windows import parse_day, parse_hour

Value = str | bool | float
Hour = Annotated[
    time,
    PlainValidator(read_with(parse_hour, '"09:00"')),
    WithJsonSchema({"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]$", "examples": ["09:00"]}),
]
Day = Annotated[
    date,
    PlainValidator(read_with(parse_day, "2026-12-01")),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-12-01"]}),
]


class TriggerEntry(Entry):
    """Something that a lead does (`on`, `where`), that comes to hold (`when`), a field that changes, or a day."""

    what: ClassVar[str] = "a trigger"

    on: Names = ()
    where: Where | None = None
    when: Condition = None
    changed: Name | None = Field(default=None, description="A field whose value changes.")
    to: Annotated[tuple[Value, ...], OneOrMany()] = Field(
        default=(), description="Only when it changes to one of these."
    )
    date: Name | None = Field(default=None, description="A field with a date, on whose day the lead enters.")
    before: Duration | None = Field(default=None, description="So long before that day.")
    after: Duration | None = Field(default=None, description="So long after that day.")
    every: Literal["year"] | None = Field(default=None, description="On its anniversaries, too.")
    at: Hour | None = Field(default=None, description="At this hour of the lead's day.")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        named = [word for word in ("on", "changed", "date") if getattr(self, word)]
        if not named and self.when is None:
            raise wrong("a trigger needs `on` (a signal) or `when` (a condition)")
        if len(named) > 1:
            raise wrong(f"a trigger has one of {' and '.join(named)}", "make two triggers of them", named[1])
        if self.to and not self.changed:
            raise wrong("`to` belongs to `changed`", "add changed: and the field", "to")
        for word in ("before", "after", "every", "at"):
            if getattr(self, word) is not None and not self.date:
                raise wrong(f"`{word}` belongs to `date`", "add date: and the field", word)
        if self.before is not None and self.after is not None:
            raise wrong("either before the day or after it", at="after")
        if self.where is not None and not self.on:
            raise wrong("`where` looks at a signal's attributes and needs `on`", "for conditions write when:", "where")
        return self


Triggers = Annotated[tuple[Annotated[TriggerEntry, TextFor("on")], ...], OneOrMany()]
