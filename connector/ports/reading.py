"""The questions of people: what the CLI and the console show."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol

from connector.domain.fact import Fact
from connector.domain.history import HistoryEntry
from connector.domain.ids import CrmRef, LeadId, WorkspaceId
from connector.domain.lead import Lead
from connector.domain.programs.contest import Tally
from connector.domain.traits.score import Outlook
from connector.ports.exchange import OutboxChange


@dataclass(frozen=True, slots=True)
class LeadSummary:
    """A lead as a list of leads shows it."""

    workspace: WorkspaceId
    id: LeadId
    email: str
    refs: tuple[CrmRef, ...]
    lead: Lead
    facts: int
    #: How many of the facts were not folded in yet.
    unread: int = 0
    #: False for a lead whose record was not read from its CRM yet.
    is_read: bool = True


# A tuple: thousands are made where many leads may be the best.
class RankedLead(NamedTuple):
    """A lead in the order of what is known of it without its state."""

    #: Its `Rank.rank`, its `Rank.idle` and its id; what is asked for lies behind it.
    place: tuple[int, int, LeadId]
    #: What its points do by themselves; None: its state has to be looked at.
    outlooks: tuple[Outlook, ...] | None


@dataclass(frozen=True, slots=True)
class ProgramCount:
    """How many enrolments of a program stand in a phase and state."""

    program: str
    phase: str
    state: str
    enrolments: int


@dataclass(frozen=True, slots=True)
class Health:
    """What is going on, in numbers."""

    deliveries_waiting: int
    leads: int
    leads_unread: int
    leads_due: int
    facts: int
    outbox: Mapping[str, int]
    strays: Mapping[str, int]
    oldest_delivery_at: datetime | None
    #: Field -> of how many leads it is not carried for a while.
    frozen: Mapping[str, int] = field(default_factory=dict)


class ReadModels(Protocol):
    """The questions of the CLI and the console, one query each."""

    def lead(self, workspace: WorkspaceId, who: str) -> LeadSummary | None:
        """By lead id, email address, CRM reference or record id."""
        ...

    def unread(self, workspace: WorkspaceId, email: str) -> LeadSummary | None:
        """A lead that was not read from its CRM yet, by an address, in lower case, that the CRM told of it."""
        ...

    def leads(self, workspace: WorkspaceId, limit: int, after: LeadId | None = None) -> Sequence[LeadSummary]:
        """By id, paged."""
        ...

    def those(self, workspace: WorkspaceId, lead_ids: Collection[LeadId]) -> Mapping[LeadId, LeadSummary]:
        """These leads; those that are gone are left out."""
        ...

    def versions_told(self, workspace: WorkspaceId) -> Sequence[str]:
        """The mapping versions that leads were told of last."""
        ...

    def ranked(
        self, workspace: WorkspaceId, version: str, limit: int, after: tuple[int, int, LeadId] | None = None
    ) -> Sequence[RankedLead]:
        """Leads that were told of this version last, by place, paged."""
        ...

    def recent(
        self, workspace: WorkspaceId, limit: int, after: tuple[int, int, LeadId] | None = None
    ) -> Sequence[RankedLead]:
        """Leads by their last activity alone, those of whom it is not known first, paged; without outlooks."""
        ...

    def facts(self, workspace: WorkspaceId, lead_id: LeadId) -> Sequence[Fact]:
        """All, by position."""
        ...

    def history(self, workspace: WorkspaceId, lead_id: LeadId) -> Sequence[HistoryEntry]:
        """All, oldest first."""
        ...

    def changes(self, workspace: WorkspaceId, lead_id: LeadId) -> Sequence[OutboxChange]:
        """Everything of the outbox that concerns the lead."""
        ...

    def funnel(self, workspace: WorkspaceId) -> Sequence[ProgramCount]:
        """Enrolments by program, phase and state."""
        ...

    def tallies(self, workspace: WorkspaceId, program: str) -> Mapping[str, Sequence[Tally]]:
        """What became of the leads on each way of each split (`phase.activity`); the empty one is the holdout.

        One query that reads one index; it costs what was entered, so it is for people and for every few minutes.
        """
        ...

    def health(self, now: datetime) -> Health:
        """The numbers of `coltiva status`."""
        ...

    def held_leases(self, now: datetime) -> Mapping[str, str]:
        """Lease -> its holder. A running worker renews one named `worker:<its id>`: readiness looks for it."""
        ...
