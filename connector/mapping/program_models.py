"""The shape of programs in mapping files: who enters, on what terms, and when messages may leave."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from connector.mapping.activity_models import PhaseEntry
from connector.mapping.durations import PATTERN, parse_duration
from connector.mapping.forms import (
    Condition,
    Entry,
    Name,
    OneOrMany,
    Span,
    TextFor,
    read_with,
    wrong,
)
from connector.mapping.telling_models import TellingEntry
from connector.mapping.trigger_models import Triggers
from connector.mapping.windows import parse_days, parse_holidays, parse_hours


def read_again(value: Any) -> timedelta | None:
    """`never`, `after 30d` or `30d`."""
    return None if value == "never" else read_pause(value)


def read_pause(value: Any) -> timedelta:
    """`after 30d` or `30d`."""
    try:
        return parse_duration(str(value).removeprefix("after "))
    except ValueError as error:
        raise wrong(str(error)) from error


Weekdays = Annotated[
    frozenset[int], PlainValidator(read_with(parse_days, "mon-fri")), WithJsonSchema({"type": "string"})
]
Holidays = Annotated[
    tuple[
        Annotated[frozenset[date], PlainValidator(read_with(parse_holidays, "IT")), WithJsonSchema({"type": "string"})],
        ...,
    ],
    OneOrMany(),
]


class WindowEntry(Entry):
    """When messages may leave, on the lead's own clock."""

    what: ClassVar[str] = "a send window"

    days: Annotated[tuple[Weekdays, ...], OneOrMany()] | None = Field(
        default=None, description="mon-fri, or a list of weekdays."
    )
    hours: Annotated[
        tuple[time, time] | None,
        PlainValidator(read_with(parse_hours, '"09:00-18:00"')),
        WithJsonSchema({"type": "string", "examples": ["09:00-18:00"]}),
    ] = Field(default=None, description='From-to, such as "09:00-18:00".')
    holidays: Holidays | None = Field(default=None, description="IT, DE-BY, or dates.")


class CompletedEntry(TellingEntry):
    """What happens when a lead went through a program."""

    what: ClassVar[str] = "completed"

    program: Name | None = Field(default=None, description="Enters this program next.")
    sales: Name | None = Field(default=None, description="Is handed over to sales, by this hand-over.")

    @model_validator(mode="after")
    def _one_next(self) -> Self:
        if self.program and self.sales:
            raise wrong("either another program or sales, not both", at="sales")
        return self


#: `never`, or how long after the last time ended.
Again = Annotated[
    timedelta | None,
    PlainValidator(read_again),
    WithJsonSchema({"type": "string", "pattern": rf"^never$|^(after )?({PATTERN.strip('^$')})"}),
]


class BrakeEntry(Entry):
    """How many leads enter a program in a stretch of time before a person is asked."""

    what: ClassVar[str] = "brake"

    enrolments: Annotated[int, Field(ge=1, le=1_000_000)]
    per: Span = Field(default=timedelta(hours=1), description="In any stretch of this length.")


class AgainEntry(Entry):
    """Whether and when a lead may enter once more."""

    what: ClassVar[str] = "again"

    after: Again = Field(default=None, description="never, or 30d: how long after the last exit.")
    ended: Annotated[tuple[Name, ...], OneOrMany()] = Field(
        default=(), description="Only if it ended so: won, completed, exited, or the signal that ended it."
    )


class ProgramEntry(Entry):
    """A nurturing journey: who enters, through which phases, to which goal."""

    what: ClassVar[str] = "a program"

    enrol: Triggers = Field(default=(), description="Any of these enrols a lead; by_hand when only people do.")
    again: Annotated[AgainEntry, TextFor("after")] = Field(
        default_factory=AgainEntry, description="never, or after 30d: how long after the last exit."
    )
    priority: Annotated[int, Field(ge=-1000, le=1000)] = Field(
        default=0, description="Where two programs want the same, the higher one comes first."
    )
    group: Name | None = Field(default=None, description="A lead is in one program of a group at a time.")
    suppress: Condition = Field(default=None, description="Who neither enters nor stays.")
    existing: bool = Field(default=False, description="Also takes leads of whom its condition held before.")
    holdout: Annotated[float, Field(ge=0, le=90)] = Field(
        default=0.0, description="So many of a hundred are sent nothing, for comparison."
    )
    brake: BrakeEntry | None = Field(
        default=None, description="When more leads than this would enter in an hour, the rest wait for a person."
    )
    paused: bool = Field(default=False, description="Everything in it stands still.")
    goal: Triggers = Field(default=(), description="Any of these ends the enrolment as won.")
    exit: Triggers = Field(default=(), description="Any of these ends it otherwise.")
    send_window: WindowEntry | None = None
    phases: Annotated[dict[Name, PhaseEntry], Field(min_length=1)]
    completed: CompletedEntry = Field(default_factory=CompletedEntry)
    milestones: Annotated[tuple[Literal["entered", "goal", "completed", "exited"], ...], OneOrMany()] = Field(
        default=(), description="What is told by a note on the CRM record."
    )
