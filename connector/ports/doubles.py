"""Addresses that may be of several leads who are one person."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from connector.domain.ids import WorkspaceId


@dataclass(frozen=True, slots=True)
class Double:
    """An address that a lead came by; others may have it, too."""

    id: int
    workspace: WorkspaceId
    #: In lower case.
    email: str
    since: datetime


class Doubles(Protocol):
    """Addresses to be looked at. A lead that comes by one is saved together with it, so that none is missed."""

    def waiting(self, limit: int) -> Sequence[Double]:
        """The oldest first."""
        ...

    def settle(self, ids: Collection[int]) -> None:
        """They were looked at. A second run changes nothing."""
        ...
