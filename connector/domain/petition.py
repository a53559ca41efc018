"""Petitions: what a lead asks for that only the whole workspace can give.

A fold knows one lead. Whose turn it is among sales reps, or whether one more lead may enter a program this hour, is
known by nobody who looks at one lead alone. So the lead files a petition, which the workspace rules on in turn; the
ruling comes back as a fact of the lead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from connector.domain.fact import Value


class PetitionKind(StrEnum):
    """What is asked for."""

    ASSIGNMENT = "assignment"  # a sales rep; `subject` is the hand-over
    ADMISSION = "admission"  # a place in a program; `subject` is the program


class PetitionState(StrEnum):
    """Where a petition stands with the workspace."""

    OPEN = "open"  # is ruled on when its time and its turn have come
    PARKED = "parked"  # waits for a person
    RULED = "ruled"  # the ruling is in the lead's mailbox
    WITHDRAWN = "withdrawn"  # the lead does not ask for it any more


@dataclass(frozen=True, slots=True)
class Petition:
    """One thing that a lead asks for."""

    #: Unique for the lead and stable over replays: what it is for, counted.
    key: str
    kind: PetitionKind
    subject: str
    #: When the lead came to ask for it.
    at: datetime
    #: Is ruled on no sooner.
    due_at: datetime
    #: What the ruling needs to know of the lead.
    data: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ruling:
    """The petition is answered with this."""

    data: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Deferral:
    """It cannot be answered before this moment."""

    until: datetime
    because: str


@dataclass(frozen=True, slots=True)
class Parking:
    """A person has to say whether it is answered."""

    because: str


Verdict = Ruling | Deferral | Parking
