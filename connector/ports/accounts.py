"""CRM accounts: how we are let in, and the link that is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from connector.domain.ids import ConnectionId, WorkspaceId


class ConnectionState(StrEnum):
    """Whether we may talk to a CRM account."""

    ACTIVE = "active"
    PAUSED = "paused"  # credentials refused: nothing is lost, nothing leaves


@dataclass(frozen=True, slots=True)
class Connection:
    """A workspace's link to one CRM account."""

    id: ConnectionId
    workspace: WorkspaceId
    crm: str
    #: HubSpot's portal id, Salesforce's org id.
    account: str
    #: Secret; sealed at rest and left out of every repr.
    token: str = field(repr=False, default="")
    state: ConnectionState = ConnectionState.ACTIVE
    paused_because: str = ""
    #: Whom the CRM takes us for: changes by this user of its are our own writes. Empty where it tells those otherwise.
    user: str = ""
    #: When it was connected first; None where it is not kept yet.
    connected_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class LetIn:
    """That an account lets us in: which it is, as whom, and with what."""

    account: str
    user: str
    #: Secret.
    token: str = field(repr=False)


class Invitation(Protocol):
    """A page on which a person lets us in."""

    @property
    def state(self) -> str:
        """The secret with which the browser comes back."""
        ...

    @property
    def page(self) -> str:
        """What to open."""
        ...

    def accept(self, answer: str) -> LetIn:
        """Be let in by the address that the browser was sent to. Raises SetupError where it says no, or is forged."""
        ...
