"""The shape of programs in mapping files: triggers, activities, phases, what follows, and when messages may leave."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from connector.mapping.durations import PATTERN, parse_duration
from connector.mapping.forms import (
    Condition,
    Duration,
    Entry,
    Name,
    Names,
    OneOrMany,
    Span,
    TextFor,
    Where,
    Words,
    read_with,
    wrong,
)
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


class TriggerEntry(Entry):
    """Something that a lead does (`on`, `where`), or that comes to hold (`when`)."""

    what: ClassVar[str] = "a trigger"

    on: Names = ()
    where: Where | None = None
    when: Condition = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.on and self.when is None:
            raise wrong("a trigger needs `on` (a signal) or `when` (a condition)")
        if self.where is not None and not self.on:
            raise wrong("`where` looks at a signal's attributes and needs `on`", "for conditions write when:", "where")
        return self


Triggers = Annotated[tuple[Annotated[TriggerEntry, TextFor("on")], ...], OneOrMany()]


class TaskEntry(Entry):
    """A task for the sales rep."""

    what: ClassVar[str] = "a task"

    subject: Words
    body: Annotated[str, Field(max_length=10_000)] = ""
    due: Duration = timedelta(days=1)
    priority: Literal["low", "medium", "high", "none"] = "medium"
    type: Literal["todo", "call", "email"] = "todo"
    remind: Duration | None = Field(default=None, description="Reminds the owner so long before it is due.")


class NoteEntry(Entry):
    """A note on the CRM record."""

    what: ClassVar[str] = "a note"

    body: Words


Task = Annotated[TaskEntry, TextFor("subject")]
Note = Annotated[NoteEntry, TextFor("body")]
Tasks = Annotated[tuple[Task, ...], OneOrMany()]
Notes = Annotated[tuple[Note, ...], OneOrMany()]


class SendEntry(Entry):
    """What an activity sends: one of these."""

    what: ClassVar[str] = "send"

    list_: Name | None = Field(
        default=None, alias="list", description="Puts the lead on this list; the CRM sends what belongs to it."
    )
    email: Name | None = Field(default=None, description="The CRM sends this email of the section emails.")
    task: Task | None = None
    note: Note | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        amount = sum(part is not None for part in (self.list_, self.email, self.task, self.note))
        if amount != 1:
            hint = "make two activities of two things" if amount else "write send: {list: greeting}, for example"
            raise wrong("an activity sends one thing: a list, an email, a task or a note", hint)
        return self


class ActivityEntry(Entry):
    """One message with its content offer."""

    what: ClassVar[str] = "an activity"

    send: SendEntry
    after: Duration = Field(
        default=timedelta(), description="Waits so long after the phase began or the activity before left."
    )
    answered: Triggers = Field(default=(), description="Any of these counts as the answer.")
    within: Span | None = Field(default=None, description="Answers count for so long.")

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.answered and self.within is None:
            raise wrong("a lead that does not answer would wait here for ever", "add within: 7d", "answered")
        if self.within is not None and not self.answered:
            raise wrong("`within` needs `answered`: there is no answer to wait for", at="within")
        return self


class OutcomeEntry(Entry):
    """What follows when the activities of a phase are settled one way."""

    what: ClassVar[str] = "what follows a phase"

    after: Duration = timedelta()
    next: str | None = Field(default=None, description="A phase, or previous, completed, exit.")
    program: Name | None = Field(default=None, description="Completes this program and enters that one.")
    repeat: Literal["unanswered"] | None = Field(default=None, description="Sends the unanswered activities once more.")
    then: str | None = Field(default=None, description="Where to go once the repetition is settled.")

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if self.repeat and self.next:
            raise wrong("after `repeat` the way goes on with `then`", "write then: instead of next:", "next")
        if self.then and not self.repeat:
            raise wrong("`then` follows `repeat`", "write next: instead of then:", "then")
        if self.program and (self.next or self.then):
            raise wrong("either another program or a phase, not both", at="program")
        return self


Outcome = Annotated[OutcomeEntry, TextFor("next")]


class PhaseEntry(Entry):
    """A stage of the buyer's journey: activities in order, and what follows."""

    what: ClassVar[str] = "a phase"

    stage: str = Field(default="", description="The stage of the buyer's journey.")
    activities: Annotated[dict[Name, ActivityEntry], Field(min_length=1)]
    all_answered: Outcome | None = Field(default=None, description="Default: the next phase in order, or completed.")
    some_answered: Outcome | None = Field(default=None, description="Default: as all_answered.")
    none_answered: Outcome | None = Field(default=None, description="Default: exit.")


Day = Annotated[frozenset[int], PlainValidator(read_with(parse_days, "mon-fri")), WithJsonSchema({"type": "string"})]
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

    days: Annotated[tuple[Day, ...], OneOrMany()] | None = Field(
        default=None, description="mon-fri, or a list of weekdays."
    )
    hours: Annotated[
        tuple[time, time] | None,
        PlainValidator(read_with(parse_hours, '"09:00-18:00"')),
        WithJsonSchema({"type": "string", "examples": ["09:00-18:00"]}),
    ] = Field(default=None, description='From-to, such as "09:00-18:00".')
    holidays: Holidays | None = Field(default=None, description="IT, DE-BY, or dates.")


class CompletedEntry(Entry):
    """What happens when a lead went through a program."""

    what: ClassVar[str] = "completed"

    task: Tasks = ()
    note: Notes = ()
    program: Name | None = Field(default=None, description="Enters this program next.")


class ProgramEntry(Entry):
    """A nurturing journey: who enters, through which phases, to which goal."""

    what: ClassVar[str] = "a program"

    enrol: Triggers = Field(default=(), description="Any of these enrols a lead; by_hand when only people do.")
    again: Annotated[
        timedelta | None,
        PlainValidator(read_again),
        WithJsonSchema({"type": "string", "pattern": rf"^never$|^(after )?({PATTERN.strip('^$')})"}),
    ] = Field(default=None, description="never, or after 30d: how long after the last exit.")
    goal: Triggers = Field(default=(), description="Any of these ends the enrolment as won.")
    exit: Triggers = Field(default=(), description="Any of these ends it otherwise.")
    send_window: WindowEntry | None = None
    phases: Annotated[dict[Name, PhaseEntry], Field(min_length=1)]
    completed: CompletedEntry = Field(default_factory=CompletedEntry)
    milestones: Annotated[tuple[Literal["entered", "goal", "completed", "exited"], ...], OneOrMany()] = Field(
        default=(), description="What is told by a note on the CRM record."
    )
