"""One lead with sales: where a hand-over stands and what it waits for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connector.errors import InvariantError


class HandOverState(StrEnum):
    """Where a hand-over stands."""

    WAITING = "waiting"  # for a rep
    ASSIGNED = "assigned"  # a rep has it, and was not seen to look after it
    TOUCHED = "touched"  # the rep looks after it, or a person gave it to somebody
    ACCEPTED = "accepted"  # sales wants it
    REJECTED = "rejected"  # sales does not want it; it was handed back
    CLOSED = "closed"  # sales is done with it
    WITHDRAWN = "withdrawn"  # the mapping has it no more


class Turn(StrEnum):
    """What can happen to a hand-over."""

    ASSIGN = "assign"
    PASS_ON = "pass_on"
    TOUCH = "touch"
    ACCEPT = "accept"
    REJECT = "reject"
    CLOSE = "close"
    WITHDRAW = "withdraw"


_WAITING, _ASSIGNED, _TOUCHED, _ACCEPTED = (
    HandOverState.WAITING,
    HandOverState.ASSIGNED,
    HandOverState.TOUCHED,
    HandOverState.ACCEPTED,
)
_WITH_SALES = (_WAITING, _ASSIGNED, _TOUCHED, _ACCEPTED)
#: Every legal move; anything else is a defect.
TRANSITIONS: dict[tuple[HandOverState, Turn], HandOverState] = {
    (_WAITING, Turn.ASSIGN): _ASSIGNED,
    (_ASSIGNED, Turn.PASS_ON): _WAITING,
    **{(state, Turn.TOUCH): _TOUCHED for state in (_WAITING, _ASSIGNED, _TOUCHED)},
    (_ACCEPTED, Turn.TOUCH): _ACCEPTED,
    **{(state, Turn.ACCEPT): _ACCEPTED for state in (_WAITING, _ASSIGNED, _TOUCHED)},
    **{(state, Turn.REJECT): HandOverState.REJECTED for state in _WITH_SALES},
    **{(state, Turn.CLOSE): HandOverState.CLOSED for state in _WITH_SALES},
    **{(state, Turn.WITHDRAW): HandOverState.WITHDRAWN for state in _WITH_SALES},
}

OPEN = frozenset(_WITH_SALES)


def to_state(state: HandOverState, turn: Turn) -> HandOverState:
    """The state after the turn. Raises InvariantError for one that the table does not have."""
    try:
        return TRANSITIONS[state, turn]
    except KeyError:
        raise InvariantError(f"a hand-over that is {state} cannot {turn}") from None


@dataclass(frozen=True, slots=True)
class HandOver:
    """One time that one lead was handed over."""

    name: str
    #: The lead's first of this name is 1; part of the keys of its acts and petitions.
    number: int
    began_at: datetime
    #: What set it off, in words.
    because: str
    state: HandOverState = HandOverState.WAITING
    #: How many times it was given to a rep or asked to be; part of the keys.
    times: int = 1
    #: Who has it, by name and by the CRM's owner id; no name for somebody of no team.
    rep: str = ""
    owner: str = ""
    assigned_at: datetime | None = None
    #: Those who had it and did not look after it.
    had: tuple[str, ...] = ()
    #: How many escalations there were, and when the next one comes; None for none.
    level: int = 0
    due_at: datetime | None = None
    ended_at: datetime | None = None
    #: Why it ended, or who took it.
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """Whether sales has the lead."""
        return self.state in OPEN

    @property
    def key(self) -> str:
        """What the keys of its acts begin with."""
        return f"sales:{self.name}:{self.number}"

    @property
    def petition(self) -> str:
        """The key of its petition for a rep."""
        return f"{self.key}:{self.times}"
