"""Programs: the definition of a nurturing journey. How one lead goes through it is `enrolment`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from connector.domain.calendar import SendWindow
from connector.domain.condition import Condition, SignalTest
from connector.domain.fact import Value
from connector.domain.field import format_value

#: Renders message text from the lead's values. Never raises: what cannot be rendered comes out as its own source.
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
class ListSend:
    """The lead is put on a list while an answer is awaited; the CRM sends what belongs to that list."""

    list: str


@dataclass(frozen=True, slots=True)
class EmailSend:
    """The CRM sends the lead this email of the mapping."""

    email: str


Send = Task | Note | ListSend | EmailSend


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
    """Something that a lead does, or that comes to hold."""

    #: The signal; None for a condition alone.
    on: SignalTest | None = None
    #: Must hold at that moment.
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """One message with its content offer."""

    name: str
    send: Send
    #: Waits so long after the phase began or the activity before it was sent.
    after: timedelta = timedelta()
    #: Any of these counts as the answer; none: no answer is expected.
    answered: tuple[Trigger, ...] = ()
    #: Answers count for so long after sending.
    within: timedelta | None = None


class TargetKind(StrEnum):
    """Where a lead goes when a phase is settled."""

    PHASE = "phase"
    PREVIOUS = "previous"
    COMPLETED = "completed"
    EXIT = "exit"
    PROGRAM = "program"  # completes this one and enters another


@dataclass(frozen=True, slots=True)
class Target:
    """Where a lead goes; `name` for a phase or a program."""

    kind: TargetKind
    name: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What follows when a phase's activities are settled one way."""

    target: Target
    after: timedelta = timedelta()
    #: First sends the unanswered activities once more; the target comes when that is settled, too.
    repeat_unanswered: bool = False


@dataclass(frozen=True, slots=True)
class Phase:
    """A stage of the buyer's journey: activities in order, and what follows."""

    name: str
    activities: tuple[Activity, ...]
    all_answered: Outcome
    some_answered: Outcome
    none_answered: Outcome
    stage: str = ""


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
    #: Any of these ends the enrolment as won.
    goal: tuple[Trigger, ...] = ()
    #: Any of these ends it otherwise.
    exit: tuple[Trigger, ...] = ()
    window: SendWindow = field(default_factory=SendWindow)
    #: What a completed enrolment does, in order.
    on_completed: tuple[Task | Note, ...] = ()
    #: What the CRM record is told by a note.
    milestones: frozenset[Milestone] = frozenset()

    def phase(self, name: str) -> Phase | None:
        """The phase of that name."""
        return next((phase for phase in self.phases if phase.name == name), None)

    def before(self, name: str) -> str:
        """The name of the phase before this one; of the first phase, its own."""
        names = [phase.name for phase in self.phases]
        return names[max(0, names.index(name) - 1)]
