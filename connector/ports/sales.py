"""Who was given which lead, and what sales has in hand."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from connector.domain.ids import LeadId, WorkspaceId
from connector.domain.sales.assigning import Assignment
from connector.domain.sales.handover import HandOverState


@dataclass(frozen=True, slots=True)
class Given:
    """A lead that was given to a rep."""

    #: Empty for a lead that was erased since.
    lead_id: LeadId
    assignment: Assignment
    #: The lead's address, where the latest are listed; empty where it has none.
    email: str = ""


@dataclass(frozen=True, slots=True)
class InHand:
    """A hand-over as lists of them show it."""

    lead_id: LeadId
    email: str
    name: str
    number: int
    state: HandOverState
    rep: str
    began_at: datetime
    #: How many escalations there were, and when the next one comes.
    level: int
    due_at: datetime | None


class Assignments(Protocol):
    """The ledger of assignments: it is added to and never changed."""

    def latest(self, workspace: WorkspaceId, teams: Collection[str]) -> Mapping[str, Assignment]:
        """The last assignment of each of these teams; those without any are left out."""
        ...

    def add(self, workspace: WorkspaceId, given: Sequence[Given]) -> None:
        """Add to the end. Raises LostClaimError when another worker added one of these numbers a moment ago."""
        ...

    def after(self, workspace: WorkspaceId, place: tuple[str, int], limit: int) -> Sequence[Given]:
        """The next ones after this team and number, by team and number."""
        ...

    def recent(self, workspace: WorkspaceId, limit: int) -> Sequence[Given]:
        """The latest first."""
        ...

    def of_lead(self, workspace: WorkspaceId, lead_id: LeadId) -> Sequence[Given]:
        """The lead's, oldest first."""
        ...

    def loads(self, workspace: WorkspaceId, since: datetime) -> Mapping[str, int]:
        """Rep -> how many leads were given to it since."""
        ...

    def in_hand(self, workspace: WorkspaceId, limit: int) -> Sequence[InHand]:
        """The hand-overs that go on: those that wait for a rep first, then those whose time runs out first."""
        ...
