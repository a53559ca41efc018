"""The person we nurture: all that `decide` knows of one lead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from connector.domain.fact import START, Position, Value
from connector.domain.frozen import quick
from connector.domain.ids import LeadId
from connector.domain.outward.change import Desired
from connector.domain.petition import Petition
from connector.domain.programs.enrolment import Enrolment
from connector.domain.sales.handover import HandOver
from connector.domain.traits.computed import Mentions
from connector.domain.traits.deal import Deal
from connector.domain.traits.quintiles import Edges
from connector.domain.traits.score import Part


class Standing(StrEnum):
    """Whether the lead is nurtured."""

    ACTIVE = "active"
    ARCHIVED = "archived"  # all its records are deleted, restorably: nothing moves, nothing is written


@dataclass(frozen=True, slots=True)
class Had:
    """A message that the lead was sent, the last time."""

    at: datetime
    program: str
    number: int
    #: Whether it was answered then.
    is_answered: bool = False
    #: Which activity sent it, as `phase.activity`.
    activity: str = ""


@dataclass(frozen=True, slots=True)
class Tagging:
    """One tag of one lead, and what is remembered of its conditions."""

    #: Since when the lead has it; None for not.
    since: datetime | None = None
    #: When it comes off by itself; None for never.
    until: datetime | None = None
    #: Whether the conditions that put it on, and those that take it off, held when they were last looked at.
    adds: bool = False
    removes: bool = False


@dataclass(frozen=True, slots=True)
class Latest:
    """A signal as message texts see it: how often it was given, and what the last one said."""

    times: int
    at: datetime
    attributes: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Own:
    """A value that we set in the CRM, of a field that people set, too."""

    value: str
    #: What was there before.
    was: str
    at: datetime
    #: Whether it is set even where the CRM lets the property only move forward.
    may_go_back: bool = False
    #: CRM -> what it said before, where several fill the field.
    before: Mapping[str, str] = field(default_factory=dict)
    #: The CRMs that held it already, which are not written to.
    held_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """A value that a carried field took, and whose word it was."""

    at: datetime
    crm: str
    value: str
    #: Whether it takes back the turn before it.
    is_flip: bool = False


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that a lead did, for whoever is to call it."""

    at: datetime
    signal: str
    #: Its attributes, for people.
    words: str = ""


@quick
@dataclass(frozen=True, slots=True)
class Lead:
    """One lead's state: a pure function of its facts and the book versions they name."""

    id: LeadId
    #: The version of the book it was born under: where folding it anew begins.
    born_under: str = ""
    #: The version of the book it was last judged by.
    book: str = ""
    standing: Standing = Standing.ACTIVE
    fields: Mapping[str, Value] = field(default_factory=dict)
    #: Counter -> latest moments of its signal.
    seen: Mapping[str, tuple[datetime, ...]] = field(default_factory=dict)
    #: Score -> rule -> what the rule gave.
    scores: Mapping[str, Mapping[str, Part]] = field(default_factory=dict)
    #: Which segments, lists and notifications hold, since when: `segment:x`, `list:x`, `notification:x`.
    holding: Mapping[str, datetime] = field(default_factory=dict)
    #: Notification -> how many times it was told, and when last.
    told: Mapping[str, tuple[int, datetime]] = field(default_factory=dict)
    enrolments: tuple[Enrolment, ...] = ()
    #: Content -> when and where it was sent.
    had: Mapping[str, Had] = field(default_factory=dict)
    #: The latest moments at which a message left, oldest first, as many as the frequency cap looks at.
    contacted: tuple[datetime, ...] = ()
    #: CRM -> what its record should hold; empty while archived.
    desired: Mapping[str, Desired] = field(default_factory=dict)
    #: Reference in a CRM -> deal; those that are gone are kept for when they come back.
    deals: Mapping[str, Deal] = field(default_factory=dict)
    #: The last fact or alarm that was folded in.
    position: Position = START
    #: Node of the book -> the full minute at which time alone may change it: `segment:x`, `list:x`, `faded:x` ...
    alarms: Mapping[str, datetime] = field(default_factory=dict)
    #: When time alone changes something: the earliest alarm, or what an enrolment waits for.
    wake_at: datetime | None = None
    #: Why no message is sent until a person lifts it: a signal, or what the CRM said; empty: nothing stops them.
    suppressed_by: str = ""
    #: Signal -> the last of those that message texts look at.
    latest: Mapping[str, Latest] = field(default_factory=dict)
    #: Field that follows from signals -> what is remembered of them.
    mentions: Mapping[str, Mentions] = field(default_factory=dict)
    tags: Mapping[str, Tagging] = field(default_factory=dict)
    #: The persona's name, and since when; empty and None where no condition holds.
    persona: str = ""
    persona_since: datetime | None = None
    #: Program with a brake -> how often the lead was given no place there, or could not take it any more.
    turned_away: Mapping[str, int] = field(default_factory=dict)
    #: Of the programs that it is or was in, those that stand still for everybody.
    paused: tuple[str, ...] = ()
    #: Key -> what the lead asks the workspace for and was not given yet.
    petitions: Mapping[str, Petition] = field(default_factory=dict)
    #: Key of a petition -> a ruling that came though nothing asks for it, or not yet.
    rulings: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    hand_overs: tuple[HandOver, ...] = ()
    #: Field -> what we set in the CRM and no person changed since.
    own: Mapping[str, Own] = field(default_factory=dict)
    #: The latest signals, oldest first, where the mapping hands leads over.
    recent: tuple[Deed, ...] = ()
    #: The edges between RFM's scores that the lead was told; None: none yet.
    rfm_edges: Edges | None = None
    #: Program -> since when the lead waits until it is out of another one of its group.
    outside: Mapping[str, datetime] = field(default_factory=dict)
    #: Record -> property -> what it held when it was last read; of CRMs that do not tell what changed.
    held: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    #: Field that several CRMs fill -> CRM -> what it says.
    said: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    #: Record that it is known by -> since when; of a lead of several alone.
    records: Mapping[str, datetime] = field(default_factory=dict)
    #: Those of them that were deleted, and what lives on as another one.
    gone: tuple[str, ...] = ()
    #: Record that was deleted -> when that was told last: what it holds does not count until it is there again.
    deleted: Mapping[str, datetime] = field(default_factory=dict)
    #: Field that is carried to CRMs -> its latest values, the last one last.
    turns: Mapping[str, tuple[Turn, ...]] = field(default_factory=dict)
    #: Field that is not carried for a while -> until when: CRMs kept taking back each other's word.
    frozen_until: Mapping[str, datetime] = field(default_factory=dict)


def blank(lead_id: LeadId, book: str) -> Lead:
    """A lead before its first fact, born under this version of the book."""
    return Lead(lead_id, born_under=book, book=book)
