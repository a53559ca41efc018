"""Leads and facts on their way in and out of the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from connector.domain.fact import Fact
from connector.domain.history import HistoryEntry
from connector.domain.ids import CrmRef, LeadId, WorkspaceId
from connector.domain.lead import Lead
from connector.domain.outward.change import Act
from connector.domain.programs.parting import Parting
from connector.domain.traits.rank import Rank
from connector.domain.traits.rfm import Bought


@dataclass(frozen=True, slots=True)
class StoredLead:
    """A lead as the store holds it, with what came in since it was last advanced."""

    workspace: WorkspaceId
    lead: Lead
    #: Guards against two hands: a save with another version is refused.
    version: int
    #: Number of the last fact that came in when this was read; what is saved as folded.
    last_fact: int
    #: The facts that came in since, in order of arrival.
    unread: Sequence[Fact] = ()
    #: The address by which people look it up.
    email: str = ""


@dataclass(frozen=True, slots=True)
class SavedLead:
    """A lead to save, and what saving it must carry along."""

    stored: StoredLead
    lead: Lead
    history: Sequence[HistoryEntry]
    acts: Sequence[Act]
    #: The lead's address, by which people look it up; empty where it has none.
    email: str = ""
    #: True when the lead was folded from its first fact: its history is replaced, and acts that are still pending
    #: and no longer wanted are withdrawn.
    refolded: bool = False
    #: Enrolments that stood still and go on (`program:number`) -> no sooner than this leaves what was held.
    resumed: Mapping[str, datetime] = field(default_factory=dict)
    #: The ways on which chance sent it, and what came of them.
    partings: Sequence[Parting] = ()
    #: What it bought, where RFM asks for that; None for nothing.
    bought: Bought | None = None
    #: It came by its address, and others who have the same are the same person.
    may_have_doubles: bool = False
    #: Where it stands among the others; None: somebody else has to look.
    rank: Rank | None = None


@dataclass(frozen=True, slots=True)
class CurrentLead:
    """A lead as it stands now, for what is about to leave."""

    lead: Lead
    #: Facts have come in that it was not judged by yet.
    has_mail: bool


class NewFact(NamedTuple):
    """A fact for a lead's mailbox."""

    lead_id: LeadId
    fact: Fact
    received_at: datetime
    #: The delivery it came in; 0 for none.
    delivery_id: int = 0


class NewRecord(NamedTuple):
    """A record that nobody heard of before, already read: the lead that is to be made of it."""

    ref: CrmRef
    lead_id: LeadId
    facts: Sequence[Fact]
    #: As of when it was read; None where what changes next may bear the same moment.
    as_of: datetime | None


@dataclass(frozen=True, slots=True)
class Unread:
    """A lead's record to be read from its CRM: for the first time, or again because what we hold is out of date."""

    workspace: WorkspaceId
    lead_id: LeadId
    ref: CrmRef
    #: False for a record of which we know nothing but an id. A lead is not judged before one of its records was read.
    again: bool = False
