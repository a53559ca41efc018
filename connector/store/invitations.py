"""Invitations, and the answers to them, sealed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, LargeBinary, Text, bindparam, delete, literal_column, select, update

from connector.ports import InvitationState, KeptInvitation
from connector.store.codec import from_ms, to_ms
from connector.store.schema import invitations
from connector.store.sealed import Seal
from connector.store.session import Session
from connector.store.upsert import insert_into

_THIS = invitations.c.key == bindparam("key_", type_=Text)
_FIND = select(invitations).where(_THIS)
_ADD = insert_into(invitations)
_ANSWER = (
    update(invitations)
    .where(
        _THIS,
        invitations.c.state == literal_column(f"'{InvitationState.OPEN}'"),
        invitations.c.expires_at > bindparam("now", type_=BigInteger),
    )
    .values(state=literal_column(f"'{InvitationState.ANSWERED}'"), answer=bindparam("answer_", type_=LargeBinary))
)
_CLOSE = (
    update(invitations)
    .where(_THIS)
    .values(
        state=bindparam("state_", type_=Text),
        words=bindparam("words_", type_=Text),
        answer=bindparam("nothing", type_=LargeBinary),
    )
)
_FORGET = delete(invitations).where(invitations.c.expires_at < bindparam("moment", type_=BigInteger))


class StoredInvitations:
    """The Invitations port."""

    __slots__ = ("_seal", "_session")

    def __init__(self, session: Session, seal: Seal) -> None:
        self._session = session
        self._seal = seal

    def add(self, invitation: KeptInvitation) -> None:
        """Let somebody answer it."""
        row = {
            "key": invitation.key,
            "crm": invitation.crm,
            "expires_at": to_ms(invitation.expires_at),
            "state": str(invitation.state),
            "answer": self._seal.seal(invitation.answer),
            "words": invitation.words,
        }
        self._session.run(_ADD, row)

    def find(self, key: str) -> KeptInvitation | None:
        """One of them; None where there is none, or it is forgotten."""
        for key_, crm, expires_at, state, answer, words in self._session.rows(_FIND, {"key_": key}):
            opened = self._seal.unseal(bytes(answer))
            return KeptInvitation(key_, crm, from_ms(expires_at), InvitationState(state), opened, words)
        return None

    def answer(self, key: str, answer: str, now: datetime) -> bool:
        """Keep the answer, sealed; False where it was answered before, or expired. An invitation is good once."""
        given = {"key_": key, "now": to_ms(now), "answer_": self._seal.seal(answer)}
        return self._session.run(_ANSWER, given) > 0

    def close(self, key: str, state: InvitationState, words: str) -> None:
        """Say what became of it. The answer is forgotten."""
        self._session.run(_CLOSE, {"key_": key, "state_": str(state), "words_": words, "nothing": b""})

    def forget_before(self, moment: datetime) -> None:
        """Forget those that expired before this moment."""
        self._session.run(_FORGET, {"moment": to_ms(moment)})
