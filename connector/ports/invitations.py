"""Invitations: pages over there on which a person may let us in, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Protocol


class InvitationState(StrEnum):
    """Where an invitation stands."""

    OPEN = "open"  # nobody came back yet
    ANSWERED = "answered"  # somebody did: whoever invited finishes the connecting
    CONNECTED = "connected"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class KeptInvitation:
    """One invitation."""

    #: Names it to anybody: from it nobody can tell the secret that the browser comes back with.
    key: str
    crm: str
    expires_at: datetime
    state: InvitationState = InvitationState.OPEN
    #: The query with which the browser came back; holds a code that is good once.
    answer: str = field(default="", repr=False)
    #: For the person: which account is connected, or why none is.
    words: str = ""


def to_invitation_key(state: str) -> str:
    """The key of the invitation whose secret, OAuth's `state`, this is."""
    return sha256(state.encode()).hexdigest()


class Invitations(Protocol):
    """All that are open, or were lately."""

    def add(self, invitation: KeptInvitation) -> None:
        """Let somebody answer it."""
        ...

    def find(self, key: str) -> KeptInvitation | None:
        """One of them; None where there is none, or it is forgotten."""
        ...

    def answer(self, key: str, answer: str, now: datetime) -> bool:
        """Keep the answer, sealed; False where it was answered before, or expired. An invitation is good once."""
        ...

    def close(self, key: str, state: InvitationState, words: str) -> None:
        """Say what became of it. The answer is forgotten."""
        ...

    def forget_before(self, moment: datetime) -> None:
        """Forget those that expired before this moment."""
        ...
