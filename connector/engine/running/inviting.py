"""Inviting: a person is asked to let us in, in a browser, and whoever asked waits for the answer.

The browser comes back to another process, which keeps the answer in the database. What redeems it stays in the memory
of this one, so that nobody who reads the database can use it.
"""

from __future__ import annotations

from datetime import timedelta
from types import TracebackType
from typing import Final

from connector.clock import Clock
from connector.errors import SetupError
from connector.ports import Invitation, InvitationState, KeptInvitation, Store, to_invitation_key

GOOD_FOR: Final = timedelta(minutes=15)
_LOOK_AGAIN: Final = 1.0
_ENDED: Final = "The command that invited you was ended. Nothing was connected."


class Inviting:
    """One invitation, while it is open. Whoever leaves without a word has given it up."""

    def __init__(self, store: Store, clock: Clock, crm: str, invitation: Invitation) -> None:
        self._store = store
        self._clock = clock
        self._key = to_invitation_key(invitation.state)
        self._kept = KeptInvitation(self._key, crm, clock.now() + GOOD_FOR)
        self._is_closed = False

    def __enter__(self) -> Inviting:
        """Let it be answered."""
        with self._store.transaction() as transaction:
            transaction.invitations.add(self._kept)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Nobody is left waiting for what does not come."""
        if not self._is_closed:
            self.refuse(_ENDED)

    def wait(self) -> str:
        """What the browser came back with. Raises SetupError when nobody came in time."""
        while self._clock.now() < self._kept.expires_at:
            with self._store.reading() as transaction:
                found = transaction.invitations.find(self._key)
            if found is not None and found.state is InvitationState.ANSWERED:
                return f"?{found.answer}"
            self._clock.wait(_LOOK_AGAIN)
        raise SetupError(
            "Nobody said yes within a quarter of an hour. Run the command again; where no browser reaches this "
            "installation, add --paste."
        )

    def succeed(self, words: str) -> None:
        """Tell the person that it is done."""
        self._close(InvitationState.CONNECTED, words)

    def refuse(self, words: str) -> None:
        """Tell the person why not."""
        self._close(InvitationState.REFUSED, words)

    def _close(self, state: InvitationState, words: str) -> None:
        with self._store.transaction() as transaction:
            transaction.invitations.close(self._key, state, words)
        self._is_closed = True
