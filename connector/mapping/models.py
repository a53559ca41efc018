"""The shape of mapping files: which keys there are and what kind of value each takes.

What depends on other parts of the mapping (names, types of fields, the graph of phases) is judged afterwards. The
JSON Schema for editors is generated from here, so the descriptions are for people who write mappings.
"""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from connector.domain.score import Cap
from connector.mapping.durations import PATTERN, parse_duration
from connector.mapping.forms import (
    Condition,
    Duration,
    Entry,
    Name,
    OneOrMany,
    Span,
    TextFor,
    Where,
    Words,
    read_with,
    wrong,
)
from connector.mapping.windows import parse_days, parse_holidays, parse_hours

Points = Annotated[float, Field(ge=-1_000_000, le=1_000_000)]
Property = Annotated[str, Field(pattern=r"^[^\s]+$", max_length=255)]
Names = Annotated[tuple[Name, ...], OneOrMany()]


class FieldEntry(Entry):
    """A lead field: where it is read from and what it holds."""

    what: ClassVar[str] = "a field"

    type: Literal["text", "number", "boolean", "date", "datetime", "choices"] = "text"
    hubspot: Annotated[tuple[Property, ...], OneOrMany()] = Field(
        default=(), description="HubSpot contact properties; the first that has a value wins."
    )
    salesforce: Annotated[tuple[Property, ...], OneOrMany()] = Field(
        default=(), description="Salesforce fields, such as Lead.Email; the first that has a value wins."
    )
    values: dict[str, str | float | bool] = Field(default={}, description="The CRM's word: ours.")
    identity: bool = Field(default=False, description="Finds the person: the email address.")
    timezone: bool = Field(default=False, description="The lead's own time zone.")
    owner: bool = Field(default=False, description="The sales rep, as the CRM's owner id.")
    consent: Literal["email"] | None = Field(default=None, description="True means: opted out of email.")

    @model_validator(mode="after")
    def _one_role(self) -> Self:
        roles = [name for name in ("identity", "timezone", "owner", "consent") if getattr(self, name)]
        if len(roles) > 1:
            raise wrong(f"a field has one role, not {' and '.join(roles)}", "make two fields", roles[1])
        wanted = "boolean" if self.consent else "text"
        if roles and self.type != wanted:
            raise wrong(f"a field for {roles[0]} holds {wanted}", f"write type: {wanted}", "type")
        return self


class PropertySignal(Entry):
    """A signal given by the change of a CRM property."""

    what: ClassVar[str] = "a signal source"

    when_changed: Property = Field(description="The property whose change is the signal.")
    to: Annotated[tuple[str | bool | float, ...], OneOrMany()] = Field(
        default=(), description="Only when it changes to one of these."
    )
    attributes: dict[Name, Name] = Field(
        default={}, description="What the signal carries: `value` for the new value, or the name of a lead field."
    )


class SignalEntry(Entry):
    """Something that a lead does, in the past tense."""

    what: ClassVar[str] = "a signal"

    hubspot: Annotated[tuple[PropertySignal, ...], OneOrMany()] = ()
    attributes: Names = Field(default=(), description="What the signal carries when it comes through the API.")


class RuleEntry(Entry):
    """A reason for points: something that holds (`when`) or something that the lead did (`on`)."""

    what: ClassVar[str] = "a score rule"

    id: Words | None = Field(
        default=None, description="The rule's name in explanations; keeps its history when the rule changes."
    )
    when: Condition = None
    on: Name | None = None
    where: Where | None = None
    points: Points
    at_most: Annotated[
        Cap | None,
        PlainValidator(lambda value: read_cap(value)),
        WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^[0-9.]+ per .+$"}]}),
    ] = Field(default=None, description="The most that this rule gives: 45, or 45 per 30d.")

    @model_validator(mode="after")
    def _one_reason(self) -> Self:
        if (self.when is None) == (self.on is None):
            raise wrong("a rule has either `when` (a condition) or `on` (a signal)", at="when" if self.on else "")
        if self.on is None and (self.where is not None or self.at_most is not None):
            key = "where" if self.where is not None else "at_most"
            raise wrong(f"`{key}` belongs to a rule with `on`", at=key)
        if self.at_most is not None and self.points < 0:
            raise wrong("`at_most` limits points that are given, not points that are taken", "remove it", "at_most")
        return self


def read_cap(value: Any) -> Cap:
    """45, or `45 per 30d`."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _cap(float(value), None)
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]+)?) +(?:per|in|within) +(.+)", str(value))
    if match is None:
        raise wrong("expected points, for ever or per time", "write 45 or 45 per 30d")
    try:
        return _cap(float(match[1]), parse_duration(match[2]))
    except ValueError as error:
        raise wrong(str(error)) from error


def _cap(points: float, per: timedelta | None) -> Cap:
    if points <= 0 or (per is not None and not per):
        raise wrong("a limit must leave room for points", "write 45 or 45 per 30d")
    return Cap(points, per)


class ScoreEntry(Entry):
    """One named score: rules, or the sum of other scores."""

    what: ClassVar[str] = "a score"

    rules: list[RuleEntry] = Field(default=[])
    half_life: Span | None = Field(default=None, description="The time in which points for signals fade to half.")
    sum: Annotated[tuple[Name, ...], OneOrMany()] = ()
    grades: dict[str, Points] = Field(default={}, description="Grade: the least points it takes.")

    @model_validator(mode="after")
    def _rules_or_sum(self) -> Self:
        if bool(self.rules) == bool(self.sum):
            raise wrong("a score has either `rules` or `sum`", at="sum" if self.sum else "")
        if self.sum and self.half_life:
            raise wrong(
                "`half_life` belongs to a score with rules", "put it on the scores that are summed", "half_life"
            )
        if len(set(self.grades.values())) < len(self.grades):
            raise wrong("two grades begin at the same points", at="grades")
        return self


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
    task: Task | None = None
    note: Note | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(part is not None for part in (self.list_, self.task, self.note)) != 1:
            raise wrong("an activity sends one thing: a list, a task or a note", "make two activities of two things")
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
        PlainValidator(lambda value: read_again(value)),
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


def read_again(value: Any) -> timedelta | None:
    """`never`, `after 30d` or `30d`."""
    return None if value == "never" else read_pause(value)


def read_pause(value: Any) -> timedelta:
    """`after 30d` or `30d`."""
    try:
        return parse_duration(str(value).removeprefix("after "))
    except ValueError as error:
        raise wrong(str(error)) from error


class CrmList(Entry):
    """The list over there."""

    what: ClassVar[str] = "a list in a CRM"

    list_: Words = Field(alias="list")


class ListEntry(Entry):
    """A list that CRMs keep for us."""

    what: ClassVar[str] = "a list"

    hubspot: Annotated[CrmList, TextFor("list")] = Field(description="The list's name in HubSpot.")
    when: Condition = Field(default=None, description="Who belongs on it; without, only activities put leads on it.")


class NotificationEntry(Entry):
    """What a sales rep is told each time a condition comes to hold."""

    what: ClassVar[str] = "a notification"

    when: Condition
    task: Tasks = ()
    note: Notes = ()
    again: Annotated[
        timedelta,
        PlainValidator(lambda value: read_pause(value)),
        WithJsonSchema({"type": "string", "pattern": rf"^(after )?({PATTERN.strip('^$')})"}),
    ] = Field(
        default=timedelta(days=30),
        description="after 30d: how long it is not repeated, however often the condition comes to hold.",
    )

    @model_validator(mode="after")
    def _tells(self) -> Self:
        if not self.task and not self.note:
            raise wrong("a notification tells by a task or a note", "add task:")
        return self


class WrittenProperty(Entry):
    """A CRM property that Coltiva keeps up to date."""

    what: ClassVar[str] = "a written property"

    value: Words = Field(
        description="lead_score, lead_score.grade, lead_score.why, my_program.phase, segments, or a field."
    )
    label: str = Field(default="", description="The property's label where it must be made.")


class WriteBackEntry(Entry):
    """Property: what is written to it."""

    what: ClassVar[str] = "write_back"

    hubspot: dict[Property, Annotated[WrittenProperty, TextFor("value")]] = Field(default={})


class MappingFile(Entry):
    """A mapping file of Coltiva. A workspace is one folder of them; each section may be spread over files."""

    what: ClassVar[str] = "a mapping file"

    format: Literal[1] = Field(description="The version of the mapping language.")
    workspace: Name | None = None
    timezone: str | None = Field(default=None, description="Such as Europe/Rome; for leads without one of their own.")
    settle: Duration = Field(
        default=timedelta(), description="How long tasks, notes and messages wait before they leave."
    )
    send_window: WindowEntry | None = None
    holidays: Holidays = Field(
        default=(), description="For every send window that names none of its own: IT, DE-BY, or dates."
    )
    fields: dict[Name, FieldEntry] = Field(default={})
    signals: dict[Name, SignalEntry | None] = Field(default={})
    segments: dict[Name, Condition] = Field(default={})
    scores: dict[Name, ScoreEntry] = Field(default={})
    programs: dict[Name, ProgramEntry] = Field(default={})
    lists: dict[Name, Annotated[ListEntry, TextFor("hubspot")]] = Field(default={})
    notifications: dict[Name, NotificationEntry] = Field(default={})
    write_back: WriteBackEntry = Field(default_factory=WriteBackEntry)
