"""Deals: records that belong to leads through the people they are associated with."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from connector.domain.ids import CrmRef, LeadId, WorkspaceId
from connector.ports.accounts import Connection


class HeardDeal(NamedTuple):
    """A deal of which a CRM told something."""

    ref: CrmRef
    #: The moment of the latest that was heard; None where nothing was, and it was only found.
    heard_at: datetime | None = None
    #: The moment at which it was new, or came to another stage, last; None where that was never heard.
    moved_at: datetime | None = None
    #: When it was read last; of two reads at one moment the second counts as a millisecond later.
    read_at: datetime | None = None


class ToldDeal(NamedTuple):
    """What a lead was told of a deal last."""

    #: What was told, as text to compare with; empty: to be told again.
    text: str
    #: `HeardDeal.moved_at` as it was then.
    moved_at: datetime | None = None


class Deals(Protocol):
    """Which deals there are, and what each lead knows of them."""

    def hear(self, workspace: WorkspaceId, deals: Collection[HeardDeal], now: datetime) -> None:
        """Have these deals read. What was heard of one before stays, where it was later."""
        ...

    def unread(self, connection: Connection, now: datetime, limit: int) -> Sequence[HeardDeal]:
        """Deals of this connection that wait to be read now, longest waiting first."""
        ...

    def set_read(self, workspace: WorkspaceId, refs: Collection[CrmRef], now: datetime) -> None:
        """They were read at this moment. A wish to read one again that is younger stays."""
        ...

    def postpone(self, workspace: WorkspaceId, refs: Collection[CrmRef], until: datetime, now: datetime) -> None:
        """Let these wait until then. A wish to read one again that is younger than `now` stays."""
        ...

    def heard(self, workspace: WorkspaceId, refs: Collection[CrmRef]) -> Mapping[CrmRef, HeardDeal]:
        """What was heard of these deals; unknown ones are left out."""
        ...

    def told(self, workspace: WorkspaceId, refs: Collection[CrmRef]) -> Mapping[CrmRef, Mapping[LeadId, ToldDeal]]:
        """What leads were told of these deals; deals of which nobody was told are left out."""
        ...

    def set_told(self, workspace: WorkspaceId, told: Mapping[tuple[CrmRef, LeadId], ToldDeal]) -> None:
        """Remember what leads were told."""
        ...
