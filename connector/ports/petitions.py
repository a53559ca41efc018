"""Petitions as the workspace sees them: which wait, and what was ruled."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from connector.domain.ids import LeadId, WorkspaceId
from connector.domain.petition import Petition, PetitionKind, PetitionState, Ruling, Verdict


@dataclass(frozen=True, slots=True)
class FiledPetition:
    """A lead's petition, and where it stands."""

    #: Counts petitions in the order in which they came in.
    number: int
    lead_id: LeadId
    petition: Petition
    state: PetitionState = PetitionState.OPEN
    #: Ruled on no sooner: `petition.due_at`, or what it was put off to.
    due_at: datetime | None = None
    #: Why it was put off or parked.
    because: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """A petition, and what became of it."""

    filed: FiledPetition
    verdict: Verdict


class Petitions(Protocol):
    """What leads ask their workspaces for."""

    def waiting(self, now: datetime) -> Sequence[WorkspaceId]:
        """The workspaces in which a petition is due."""
        ...

    def due(self, workspace: WorkspaceId, now: datetime, limit: int) -> Sequence[FiledPetition]:
        """The open petitions whose time has come: the longest due first, then in the order in which they came in."""
        ...

    def settle(self, judged: Collection[Judged], now: datetime) -> None:
        """Close them with their rulings, put them off, or park them.

        Raises LostClaimError when one of them is not as it was found any more: it was withdrawn or ruled on meanwhile.
        """
        ...

    def list(
        self, workspace: WorkspaceId, kind: PetitionKind, states: Collection[PetitionState], limit: int
    ) -> Sequence[FiledPetition]:
        """In the order in which they came in."""
        ...

    def of_lead(self, workspace: WorkspaceId, lead_id: LeadId) -> Sequence[FiledPetition]:
        """All that a lead ever asked for, in the order in which it came in."""
        ...

    def parked(self, workspace: WorkspaceId, kind: PetitionKind) -> Mapping[str, int]:
        """Subject -> how many petitions wait for a person; subjects without any are left out."""
        ...

    def parked_of(
        self, workspace: WorkspaceId, kind: PetitionKind, subject: str, limit: int
    ) -> Sequence[FiledPetition]:
        """Those of a subject that wait for a person, in the order in which they came in."""
        ...

    def ruled_since(
        self, workspace: WorkspaceId, kind: PetitionKind, subject: str, ruling: Ruling, since: datetime
    ) -> int:
        """How many of a subject were ruled on in exactly this way after that moment."""
        ...
