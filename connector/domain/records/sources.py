"""Where signals come from that are no changes of a lead's record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


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
