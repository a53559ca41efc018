"""The shape of programs in mapping files: triggers, activities, phases, what follows, and when messages may leave."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, PlainValidator, WithJsonSchema, model_validator

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
from connector.mapping.windows import parse_day, parse_days, parse_holidays, parse_hour, parse_hours


def read_again(value: Any) -> timedelta | None:
    """`never`, `after 30d` or `30d`."""
    return None if value == "never" else read_pause(value)


def read_pause(value: Any) -> timedelta:
    """`after 30d` or `30d`."""
    try:
        return parse_duration(str(value).removeprefix("after "))
    except ValueError as error:
        raise wrong(str(error)) from error


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


class ForkCase(Entry):
    """One way at a fork."""

    what: ClassVar[str] = "one of the ways"

    when: Condition = Field(default=None, description="Of choose: who goes this way; without, everybody who is left.")
    share: Annotated[float, Field(gt=0, le=1_000_000)] | None = Field(
        default=None, description="Of split: how many go this way, in proportion."
    )
    activities: dict[Name, ActivityEntry] = Field(default={})


class WinnerEntry(Entry):
    """When a split is decided, and by what."""

    what: ClassVar[str] = "winner"

    by: Literal["answered", "goal"] = Field(default="answered", description="What counts: answers, or the goal.")
    of: Name | None = Field(default=None, description="Only answers to this activity of the phase.")
    at_least: Annotated[int, Field(ge=20, le=1_000_000)] = Field(
        default=200, description="So many leads must have gone each way."
    )
    after: Duration = Field(default=timedelta(days=7), description="Not sooner than this after the first lead came.")
    sure: Annotated[float, Field(ge=80, le=99.9)] = Field(
        default=95.0, description="How sure it must be, of a hundred, that the best is no accident."
    )
    until: Span | None = Field(default=None, description="Then chance ends, whatever came of it.")
    otherwise: Name | None = Field(default=None, description="The way that wins then, where no other did.")

    @model_validator(mode="after")
    def _ends_well(self) -> Self:
        if self.of and self.by != "answered":
            raise wrong("`of` names an activity that is answered", "write by: answered, or remove of:", "of")
        if self.until is not None and self.otherwise is None:
            raise wrong("`until` needs `otherwise`: which way wins then", "add otherwise: and one of the ways", "until")
        if self.otherwise and self.until is None:
            raise wrong("`otherwise` needs `until`: when that is", "add until: 30d", "otherwise")
        if self.until is not None and self.until <= self.after:
            raise wrong("this is over before the contest begins", "make until: longer than after:", "until")
        return self


class RemindEntry(Entry):
    """The same once more, where no answer came."""

    what: ClassVar[str] = "remind"

    times: Annotated[int, Field(ge=1, le=10)] = 1
    after: Duration = Field(default=timedelta(), description="So long after the time for an answer ran out.")


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


class SendEntry(Entry):
    """What an activity sends: one of these."""

    what: ClassVar[str] = "send"

    list_: ChosenName | None = Field(
        default=None, alias="list", description="Puts the lead on this list; the CRM sends what belongs to it."
    )
    email: ChosenName | None = Field(default=None, description="The CRM sends this email of the section emails.")
    task: Task | None = None
    note: Note | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        amount = sum(part is not None for part in (self.list_, self.email, self.task, self.note))
        if amount != 1:
            hint = "make two activities of two things" if amount else "write send: {list: greeting}, for example"
            raise wrong("an activity sends one thing: a list, an email, a task or a note", hint)
        return self


class OutcomeEntry(Entry):
    """What follows when the activities of a phase are settled one way."""

    what: ClassVar[str] = "what follows a phase"

    when: Condition = Field(
        default=None, description="Only for leads of whom this holds; the next in the list for others."
    )
    after: Duration = timedelta()
    next: str | None = Field(default=None, description="A phase, or previous, completed, exit.")
    program: Name | None = Field(default=None, description="Completes this program and enters that one.")
    phase: Name | None = Field(default=None, description="Of that program: the phase to begin with.")
    sales: Name | None = Field(default=None, description="Completes this program and hands the lead over to sales.")
    repeat: Literal["unanswered"] | None = Field(default=None, description="Sends the unanswered activities once more.")
    times: Annotated[int, Field(ge=1, le=100)] | None = Field(
        default=None, description="An enrolment goes this way so many times at most, and then where then: says."
    )
    then: str | None = Field(
        default=None, description="Where to go once the repetition is settled, or the times are used up."
    )

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if self.repeat and self.next:
            raise wrong("after `repeat` the way goes on with `then`", "write then: instead of next:", "next")
        if self.then and not self.repeat and not self.times:
            raise wrong("`then` follows `repeat` or `times`", "write next: instead of then:", "then")
        if self.times and (self.repeat or self.program or not self.next):
            raise wrong("`times` counts how often a way to a phase is taken", "write it beside next:", "times")
        if self.program and (self.next or self.then):
            raise wrong("either another program or a phase, not both", at="program")
        if self.sales and (self.next or self.then or self.program):
            raise wrong("either sales or another place, not both", at="sales")
        if self.phase and not self.program:
            raise wrong("`phase` belongs to `program`", "write next: for a phase of this program", "phase")
        return self


Outcome = Annotated[OutcomeEntry, TextFor("next")]
Outcomes = Annotated[tuple[Outcome, ...], OneOrMany()]


class ActivityEntry(Entry):
    """One step of a phase: a message with its content offer, something to wait for, or a fork."""

    what: ClassVar[str] = "an activity"

    send: SendEntry | None = None
    wait_for: Triggers = Field(default=(), description="Instead of sending: goes on when any of these happens.")
    at_most: Span | None = Field(default=None, description="Of wait_for: goes on after so long, whatever happens.")
    choose: Annotated[dict[Name, ForkCase], Field(min_length=1)] | None = Field(
        default=None, description="Instead of sending: the first way whose condition holds."
    )
    split: Annotated[dict[Name, ForkCase], Field(min_length=2)] | None = Field(
        default=None, description="Instead of sending: chance decides the way, the same for a lead for ever."
    )
    winner: Annotated[WinnerEntry, TextFor("by")] | None = Field(
        default=None, description="Of split: the way that does best is that of everybody, once that is certain."
    )
    after: Duration = Field(
        default=timedelta(), description="Waits so long after the phase began or the activity before left."
    )
    at: Hour | None = Field(default=None, description="Then waits for this hour of the lead's day.")
    on: Day | None = Field(default=None, description="Not before this day.")
    when: Condition = Field(default=None, description="Left out unless this holds when its turn comes.")
    answered: Triggers = Field(default=(), description="Any of these counts as the answer.")
    within: Span | None = Field(default=None, description="Answers count for so long.")
    remind: Annotated[RemindEntry, TextFor("after")] | None = Field(
        default=None, description="Sends it again when no answer came."
    )
    on_answer: Outcomes | None = Field(default=None, description="Where the lead goes at once when it answered.")
    no_answer: Outcomes | None = Field(default=None, description="Where the lead goes at once when no answer came.")
    again: bool = Field(default=False, description="Sends it also to those who have had it.")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [kind for kind in ("send", "wait_for", "choose", "split") if getattr(self, kind)]
        if not kinds and not (self.after or self.at or self.on):
            raise wrong("an activity sends something", "add send: {list: greeting}, for example")
        if len(kinds) > 1:
            raise wrong(f"an activity does one thing, not {kinds[0]} and {kinds[1]}", "make two of them", kinds[1])
        if self.send is None:
            for word in ("answered", "within", "remind", "again"):
                if getattr(self, word):
                    raise wrong(f"`{word}` belongs to `send`", at=word)
        if self.at_most is not None and not self.wait_for:
            raise wrong("`at_most` belongs to `wait_for`", at="at_most")
        return self

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.wait_for and self.at_most is None:
            raise wrong("a lead to whom this does not happen would wait here for ever", "add at_most: 7d", "wait_for")
        if self.answered and self.within is None:
            raise wrong("a lead that does not answer would wait here for ever", "add within: 7d", "answered")
        if self.within is not None and not self.answered:
            raise wrong("`within` needs `answered`: there is no answer to wait for", at="within")
        for word in ("remind", "on_answer", "no_answer"):
            if getattr(self, word) is not None and not (self.answered or self.wait_for):
                raise wrong(f"`{word}` needs `answered`: there is no answer to wait for", at=word)
        return self

    @model_validator(mode="after")
    def _fair_fork(self) -> Self:
        for name, case in (self.choose or {}).items():
            if case.share is not None:
                raise wrong("`share` belongs to `split`", "write when: for who goes this way", "choose")
            if case.when is None and name != list(self.choose or {})[-1]:
                raise wrong(f"nobody is left after `{name}`: it has no condition", "put it last", "choose")
        if self.winner is not None and not self.split:
            raise wrong("`winner` belongs to `split`", at="winner")
        if self.winner is not None and self.winner.otherwise and self.winner.otherwise not in (self.split or {}):
            known = ", ".join(self.split or {})
            raise wrong(f"the split has no way {self.winner.otherwise}", f"known: {known}", "winner")
        for case in (self.split or {}).values():
            if case.share is None or case.when is not None:
                raise wrong("each way of a `split` has a share", "write share: 50 and share: 50", "split")
        return self


ForkCase.model_rebuild()


class PhaseEntry(Entry):
    """A stage of the buyer's journey: activities in order, and what follows."""

    what: ClassVar[str] = "a phase"

    stage: str = Field(default="", description="The stage of the buyer's journey.")
    activities: Annotated[dict[Name, ActivityEntry], Field(min_length=1)]
    all_answered: Outcomes | None = Field(default=None, description="Default: the next phase in order, or completed.")
    some_answered: Outcomes | None = Field(default=None, description="Default: as all_answered.")
    none_answered: Outcomes | None = Field(default=None, description="Default: exit.")


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


class CompletedEntry(Entry):
    """What happens when a lead went through a program."""

    what: ClassVar[str] = "completed"

    task: Tasks = ()
    note: Notes = ()
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
