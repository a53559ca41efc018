"""Programs: the definition of a nurturing journey. How one lead goes through it is `enrolment`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from connector.domain.calendar import SendWindow
from connector.domain.conditions.condition import Condition, SignalTest
from connector.domain.fact import Value
from connector.domain.field import format_value
from connector.domain.programs.contest import Contest

#: Renders message text from the lead's values. Never raises, and never shows a template.
Text = Callable[[Mapping[str, object]], str]


@dataclass(frozen=True, slots=True)
class Task:
    """A task for the sales rep, in the CRM."""

    subject: Text
    body: Text
    #: Due so long after it is made.
    due: timedelta = timedelta(days=1)
    priority: str = "MEDIUM"
    #: TODO, CALL or EMAIL.
    type: str = "TODO"
    #: Reminds the owner so long before it is due; None for no reminder.
    remind: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A note on the CRM record."""

    body: Text


@dataclass(frozen=True, slots=True)
class Alert:
    """What a CRM shows at once to whoever owns the lead there."""

    title: Text
    body: Text
    #: Which of the alerts that the CRM knows.
    type: str
    crm: str


@dataclass(frozen=True, slots=True)
class Post:
    """What is said on the CRM record, where colleagues discuss it."""

    body: Text
    crm: str
    #: Whether it mentions whoever owns the lead, who is told of it then.
    mentions_owner: bool = True


#: What sales is told.
Telling = Task | Note | Alert | Post


@dataclass(frozen=True, slots=True)
class ListSend:
    """The lead is put on a list while an answer is awaited; the CRM sends what belongs to that list."""

    list: str


@dataclass(frozen=True, slots=True)
class EmailSend:
    """The CRM sends the lead this email of the mapping."""

    email: str


Send = Task | Note | ListSend | EmailSend


def content_of(send: Send) -> str:
    """What the lead has had once this is sent: nobody is sent the same twice. Empty for what sales does."""
    if isinstance(send, ListSend):
        return f"list {send.list}"
    return f"email {send.email}" if isinstance(send, EmailSend) else ""


class DateRule(NamedTuple):
    """A day by a date that the lead has: the day itself, or so long before or after it."""

    field: str
    #: Added to the date; less than nothing for before.
    offset: timedelta = timedelta()
    #: Every year, or in the date's own year alone.
    every_year: bool = False
    #: On the lead's own wall clock.
    at: time = time(0)


@dataclass(frozen=True, slots=True)
class Choice:
    """Of several things the one that goes with a field's value."""

    #: The field's name.
    by: str
    #: The value as people read it, in small letters -> what is sent.
    cases: Mapping[str, Send]
    #: What is sent for every other value, and where there is none; None for nothing.
    otherwise: Send | None = None


def pick(choice: Choice, fields: Mapping[str, Value]) -> Send | None:
    """What is sent to a lead with these fields; of several values the first that is known counts."""
    value = fields.get(choice.by)
    values = value if isinstance(value, tuple) else () if value is None else (value,)
    known = (choice.cases.get(format_value(one).casefold()) for one in values)
    return next((send for send in known if send is not None), choice.otherwise)


@dataclass(frozen=True, slots=True)
class Trigger:
    """Something that a lead does, or that comes to hold, or a day that comes."""

    #: The signal; None for a condition or a date alone.
    on: SignalTest | None = None
    #: Must hold at that moment.
    when: Condition | None = None
    date: DateRule | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One of the ways at a fork."""

    name: str
    #: The way is open while this holds; None: to everybody.
    when: Condition | None = None
    #: How many of all go this way, in proportion, where chance decides.
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Fork:
    """Where the way parts: the first case that is open, or chance, the same for a lead however often it is asked."""

    cases: tuple[Case, ...]
    by_chance: bool = False
    #: The case that everybody goes by from now on, where that is decided; empty: chance decides.
    winner: str = ""
    #: When and by what that is decided without a person; None: never.
    contest: Contest | None = None


class Reminders(NamedTuple):
    """The same once more, where no answer came."""

    times: int
    #: So long after the time for an answer ran out.
    after: timedelta


NO_REMINDERS = Reminders(0, timedelta())


@dataclass(frozen=True, slots=True)
class Activity:
    """One step of a phase: a message with its content offer, something to wait for, or a fork."""

    name: str
    #: None for what only waits, and for a fork.
    send: Send | Choice | None
    #: Waits so long after the phase began or the step before it was done.
    after: timedelta = timedelta()
    #: Any of these counts as the answer; none: no answer is expected.
    answered: tuple[Trigger, ...] = ()
    #: Answers count for so long after sending.
    within: timedelta | None = None
    #: Then waits for this hour of the lead's day.
    at: time | None = None
    #: Not before this day.
    on: date | None = None
    #: Left out unless this holds when its turn comes.
    when: Condition | None = None
    #: Whether what follows waits for its answer.
    holds_up: bool = False
    reminders: Reminders = NO_REMINDERS
    #: Where the lead goes at once when it answered, and when no answer came; None: on with the phase.
    on_answer: Outcome | None = None
    no_answer: Outcome | None = None
    #: Whether it is sent to those who have had its content.
    again: bool = False
    fork: Fork | None = None
    #: The forks it stands behind, outermost first, each with the case that leads to it.
    path: tuple[tuple[str, str], ...] = ()

    @property
    def sends(self) -> tuple[Send, ...]:
        """All that it may send."""
        if not isinstance(self.send, Choice):
            return () if self.send is None else (self.send,)
        otherwise = () if self.send.otherwise is None else (self.send.otherwise,)
        return (*self.send.cases.values(), *otherwise)

    def due_on_wall(self, due_at: datetime, zone: ZoneInfo) -> datetime:
        """When it is due by the lead's own calendar: no sooner than its day, and at its hour."""
        local = due_at.astimezone(zone)
        if self.on is not None and local.date() < self.on:
            local = datetime.combine(self.on, time(), zone)
        if self.at is not None:
            day = local.date() if local.time() <= self.at else local.date() + timedelta(days=1)
            local = datetime.combine(day, self.at, zone)
        return local.astimezone(UTC)


class TargetKind(StrEnum):
    """Where a lead goes when a phase is settled."""

    PHASE = "phase"
    PREVIOUS = "previous"
    COMPLETED = "completed"
    EXIT = "exit"
    PROGRAM = "program"  # completes this one and enters another
    SALES = "sales"  # completes this one and hands the lead over
    ON = "on"  # on with the phase, of what follows one activity


@dataclass(frozen=True, slots=True)
class Target:
    """Where a lead goes; `name` for a phase, a program or a hand-over."""

    kind: TargetKind
    name: str = ""
    #: Of another program: the phase to begin with; empty for its first.
    phase: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What follows when a phase's activities are settled one way."""

    target: Target
    after: timedelta = timedelta()
    #: First sends the unanswered activities once more; the target comes when that is settled, too.
    repeat_unanswered: bool = False
    #: Other outcomes for those of whom a condition holds; the first counts.
    cases: tuple[tuple[Condition, Outcome], ...] = ()
    #: How many times an enrolment goes this way; after that it goes the other. 0 for as often as it comes.
    times: int = 0
    instead: Target = Target(TargetKind.EXIT)


@dataclass(frozen=True, slots=True)
class Phase:
    """A stage of the buyer's journey: activities in order, and what follows."""

    name: str
    activities: tuple[Activity, ...]
    all_answered: Outcome
    some_answered: Outcome
    none_answered: Outcome
    stage: str = ""


class Brake(NamedTuple):
    """No more leads enter than this in any stretch of `per`; the others wait until a person decides."""

    enrolments: int
    per: timedelta


class Milestone(StrEnum):
    """What a program may note on the CRM record."""

    ENTERED = "entered"
    GOAL = "goal"
    COMPLETED = "completed"
    EXITED = "exited"


@dataclass(frozen=True, slots=True)
class Program:
    """A nurturing journey: who enters, through which phases, to which goal."""

    name: str
    phases: tuple[Phase, ...]
    enrol: tuple[Trigger, ...] = ()
    #: Enters again at the earliest so long after the last exit; None for never.
    again_after: timedelta | None = None
    #: And only when it ended in one of these ways; empty for any.
    again_if: frozenset[str] = frozenset()
    #: Any of these ends the enrolment as won.
    goal: tuple[Trigger, ...] = ()
    #: Any of these ends it otherwise.
    exit: tuple[Trigger, ...] = ()
    window: SendWindow = field(default_factory=SendWindow)
    #: What a completed enrolment does, in order.
    on_completed: tuple[Telling, ...] = ()
    #: What the CRM record is told by a note.
    milestones: frozenset[Milestone] = frozenset()
    #: Who comes first where two programs want the same: the higher one.
    priority: int = 0
    #: A lead is in one program of a group at a time; empty for no group.
    group: str = ""
    #: Who neither enters nor stays.
    suppress: Condition | None = None
    #: Whether leads enter of whom the condition held before we heard of them, or before the program was there.
    takes_existing: bool = False
    #: How many of a hundred are enrolled but sent nothing, for comparison.
    holdout: float = 0.0
    #: Whether everything stands still.
    is_paused: bool = False
    brake: Brake | None = None

    @property
    def brake_in_words(self) -> str:
        """For people: `500 leads in an hour`; empty without a brake."""
        if self.brake is None:
            return ""
        hours, leads = self.brake.per / timedelta(hours=1), "lead" if self.brake.enrolments == 1 else "leads"
        return f"{self.brake.enrolments:,} {leads} in {'an hour' if hours == 1 else f'{hours:g} hours'}"

    def phase(self, name: str) -> Phase | None:
        """The phase of that name."""
        return next((phase for phase in self.phases if phase.name == name), None)

    def before(self, name: str) -> str:
        """The name of the phase before this one; of the first phase, its own."""
        names = [phase.name for phase in self.phases]
        return names[max(0, names.index(name) - 1)]
