"""What leads bought, beside one another: from this, RFM's quintiles are measured."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from connector.domain.ids import LeadId, WorkspaceId
from connector.domain.traits.quintiles import Edges, Fifths


@dataclass(frozen=True, slots=True)
class Measurement:
    """When it was measured last, among how many, and what has counted since."""

    measured_at: datetime
    #: How many leads had bought something then.
    buyers: int
    edges: Edges


class Purchases(Protocol):
    """What leads bought, and what they were told of the others'. Leads are saved with what they bought."""

    def count(self, workspace: WorkspaceId) -> int:
        """How many leads bought something."""
        ...

    def fifths(self, workspace: WorkspaceId, now: datetime) -> Fifths:
        """Where the fifths of those who bought something end."""
        ...

    def cells(self, workspace: WorkspaceId) -> Mapping[str, int]:
        """RFM's code -> how many leads have it; empty: how many bought something and have none."""
        ...

    def measurement(self, workspace: WorkspaceId) -> Measurement | None:
        """The last one; None where nothing was measured yet."""
        ...

    def save_measurement(self, workspace: WorkspaceId, new: Measurement, before: Measurement | None) -> bool:
        """Keep it; False, and nothing is kept, where another worker measured since `before`.

        The first one is news to those who bought before it, as later ones are.
        """
        ...

    def untold(self, workspace: WorkspaceId, measured_at: datetime, limit: int) -> Mapping[LeadId, bool]:
        """Leads that bought something and were told last of other edges than those of this moment.

        And whether they were told of any.
        """
        ...

    def set_told(self, workspace: WorkspaceId, lead_ids: Collection[LeadId], measured_at: datetime) -> None:
        """They are told of the edges of this moment."""
        ...
