"""One lead in one program: where it stands and what it waits for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from connector.domain.conditions.predicate import earliest
from connector.domain.frozen import quick
from connector.domain.programs.program import Target
from connector.errors import InvariantError


class EnrolmentState(StrEnum):
    """Where an enrolment stands."""

    RUNNING = "running"  # sends and waits for answers
    MOVING = "moving"  # the phase is settled; waits to go on
    COMPLETED = "completed"  # went through
    WON = "won"  # reached the goal
    EXITED = "exited"  # ended otherwise; `reason` says why
    HELD_OUT = "held_out"  # is sent nothing, for comparison; goal and exit count


class Step(StrEnum):
    """What can happen to an enrolment."""

    SETTLE = "settle"
    MOVE = "move"
    COMPLETE = "complete"
    WIN = "win"
    EXIT = "exit"


#: Every legal move; anything else is a defect.
TRANSITIONS: dict[tuple[EnrolmentState, Step], EnrolmentState] = {
    (EnrolmentState.RUNNING, Step.SETTLE): EnrolmentState.MOVING,
    (EnrolmentState.RUNNING, Step.WIN): EnrolmentState.WON,
    (EnrolmentState.RUNNING, Step.EXIT): EnrolmentState.EXITED,
    (EnrolmentState.MOVING, Step.MOVE): EnrolmentState.RUNNING,
    (EnrolmentState.MOVING, Step.COMPLETE): EnrolmentState.COMPLETED,
    (EnrolmentState.MOVING, Step.WIN): EnrolmentState.WON,
    (EnrolmentState.MOVING, Step.EXIT): EnrolmentState.EXITED,
    (EnrolmentState.HELD_OUT, Step.WIN): EnrolmentState.WON,
    (EnrolmentState.HELD_OUT, Step.EXIT): EnrolmentState.EXITED,
}

_RUNNING, _MOVING = EnrolmentState.RUNNING, EnrolmentState.MOVING
OPEN_STATES = frozenset({EnrolmentState.RUNNING, EnrolmentState.MOVING, EnrolmentState.HELD_OUT})


def to_state(state: EnrolmentState, step: Step) -> EnrolmentState:
    """The state after the step. Raises InvariantError for a step that the table does not have."""
    try:
        return TRANSITIONS[state, step]
    except KeyError:
        raise InvariantError(f"an enrolment that is {state} cannot {step}") from None


@quick
@dataclass(frozen=True, slots=True)
class Sent:
    """A step that was begun, and its answer."""

    activity: str
    at: datetime
    #: Until when an answer counts, or the lead stays on a list that asks for none; else None.
    answer_by: datetime | None = None
    answered_at: datetime | None = None
    #: The time for an answer ran out.
    lapsed: bool = False
    #: How many times it was sent.
    times: int = 1
    #: When it is sent once more.
    remind_at: datetime | None = None
    #: What the lead has had with it: `list x`, `email x`; empty for what sales does.
    content: str = ""
    #: Whether the lead had had the content before, so that nothing left this time.
    is_old: bool = False

    @property
    def is_waiting(self) -> bool:
        """Whether an answer may still come."""
        return self.answer_by is not None and self.answered_at is None and not self.lapsed


@dataclass(frozen=True, slots=True)
class Move:
    """Where the enrolment goes next, and when."""

    target: Target
    at: datetime
    repeat_unanswered: bool = False


class Parted(NamedTuple):
    """The way on which chance sent a lead."""

    case: str
    at: datetime


@quick
@dataclass(frozen=True, slots=True)
class Enrolment:
    """One lead's way through one program."""

    program: str
    #: First enrolment of this lead in this program is 1; part of every act's key.
    number: int
    entered_at: datetime
    phase: str
    phase_at: datetime
    #: How many times a phase of this enrolment began; part of every act's key.
    visit: int = 1
    #: Of a visit that repeats what was unanswered: the activities it repeats.
    only: tuple[str, ...] | None = None
    state: EnrolmentState = EnrolmentState.RUNNING
    #: What comes next, and when; None when all was begun, or when what comes next waits for an answer.
    next_activity: str | None = None
    send_at: datetime | None = None
    sent: tuple[Sent, ...] = ()
    move: Move | None = None
    ended_at: datetime | None = None
    reason: str = ""
    #: Which activities were answered in any of its phases, each as `phase.activity`.
    answered: tuple[str, ...] = ()
    #: Ways that may be taken so many times only -> how many times they were taken.
    taken: Mapping[str, int] = field(default_factory=dict)
    #: Fork -> the case that was chosen, in this visit.
    chosen: Mapping[str, str] = field(default_factory=dict)
    #: Split (`phase.activity`) -> the way on which chance sent the lead, in any visit.
    parted: Mapping[str, Parted] = field(default_factory=dict)
    #: Why what is due has to wait, and was told to.
    put_off: str = ""
    #: Since when everything stands still, or stood still when it ended: what had not left by then never does.
    paused_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether it still goes on."""
        return self.state in OPEN_STATES

    @property
    def due_at(self) -> datetime | None:
        """The earliest moment at which time alone moves it."""
        if self.paused_at is not None:
            return None
        if self.state is _MOVING:
            return self.move.at if self.move else None
        if self.state is not _RUNNING:
            return None
        waits = [sent.answer_by if sent.is_waiting else sent.remind_at for sent in self.sent]
        return earliest([self.send_at, *waits])


def key_of(enrolment: Enrolment) -> str:
    """What the keys of an enrolment's acts begin with."""
    return f"{enrolment.program}:{enrolment.number}"
