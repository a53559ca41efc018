"""Where signals come from that are no changes of a lead's record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class ToldSource:
    """A signal that other systems may tell through the API."""

    signal: str
    #: What of its attributes is kept.
    attributes: frozenset[str] = frozenset()
    #: Whether a person whom no lead is known by is sought in the CRM.
    looks_up: bool = False


@dataclass(frozen=True, slots=True)
class FeedSource:
    """A signal that a CRM tells when it is asked."""

    signal: str
    crm: str
    #: The name of the feed in the mapping language.
    feed: str
    #: What of it: the type of an email event, a list's title, a form's name; empty for all.
    only: str = ""
    #: Attribute -> what the feed calls it.
    attributes: Mapping[str, str] = field(default_factory=dict)


class CompanionKind(StrEnum):
    """What stands beside a lead's record and says something of the lead."""

    MEMBER = "member"  # of a campaign
    TASK = "task"
    ROLE = "role"  # in a deal; it gives no signal itself


class CompanionEvent(StrEnum):
    """What of a companion can be a signal."""

    ADDED = "added"  # it is new
    MOVED = "moved"  # its status changed, or it is new
    DONE = "done"  # a member responded, a task was completed


@dataclass(frozen=True, slots=True)
class CompanionSource:
    """A signal that a campaign member or a task of the lead gives."""

    signal: str
    crm: str
    kind: CompanionKind
    event: CompanionEvent
    #: Only of these campaigns, or tasks of these types; empty: of all.
    only: tuple[str, ...] = ()
    #: Of MOVED: only to one of these statuses; empty: to any.
    to: tuple[str, ...] = ()
    #: Attribute -> what the companion tells.
    attributes: Mapping[str, str] = field(default_factory=dict)
