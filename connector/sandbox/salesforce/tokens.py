"""Grants and their tokens: access tokens that idle out, refresh tokens that rotate.

Lives are measured on the stopwatch. Salesforce: "Refresh Token Rotation", "Session Settings".
"""

from __future__ import annotations

import base64
import random
import threading
from collections import defaultdict
from dataclasses import dataclass

from connector.sandbox.clock import Stopwatch
from connector.sandbox.salesforce.apps import App
from connector.sandbox.salesforce.refusals import session_expired

#: Seconds without use after which an access token ends, and after which a refresh token does.
SESSION_LIFE = 7_200.0
IDLE_LIFE = 30 * 86_400.0
CODE_LIFE = 900.0
#: How many grants one user has for one app; a further one ends the oldest.
MAX_GRANTS = 5


class InvalidGrantError(Exception):
    """The OAuth endpoint answers `invalid_grant` with these words."""


@dataclass(slots=True, eq=False)
class Grant:
    """What one user of one org allowed an app."""

    org_id: str
    user_id: str
    app: App
    scopes: tuple[str, ...]
    #: The refresh token in force; empty for flows that give none.
    refresh_token: str = ""
    is_revoked: bool = False
    used_at: float = 0.0
    #: While one request rotates the token, others are turned away.
    is_busy: bool = False


@dataclass(slots=True)
class Session:
    """An access token's state."""

    grant: Grant
    used_at: float


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code, good once."""

    grant: Grant
    redirect_uri: str
    challenge: str
    made_at: float


class TokenBook:
    """All codes and tokens of all orgs."""

    def __init__(self, stopwatch: Stopwatch, dice: random.Random) -> None:
        self._stopwatch = stopwatch
        self._dice = dice
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}
        #: Old refresh tokens stay, so that their use is noticed.
        self._refresh: dict[str, Grant] = {}
        self._codes: dict[str, Code] = {}
        self._grants: defaultdict[tuple[str, str, str], list[Grant]] = defaultdict(list)
        self.session_life = SESSION_LIFE

    def new_code(self, grant: Grant, redirect_uri: str, challenge: str) -> str:
        """An authorization code."""
        with self._lock:
            code = f"aPrx{self._random(48)}"
            self._codes[code] = Code(grant, redirect_uri, challenge, self._stopwatch())
            return code

    def take_code(self, text: str) -> Code:
        """What a code stands for; its use is thereby over. Raises InvalidGrantError."""
        with self._lock:
            code = self._codes.pop(text, None)
            if code is None or self._stopwatch() - code.made_at > CODE_LIFE:
                raise InvalidGrantError("expired authorization code")
            return code

    def open_grant(self, grant: Grant) -> str:
        """Put a grant in force and give its first refresh token; the sixth of a user and app ends the first."""
        with self._lock:
            known = self._grants[grant.org_id, grant.user_id, grant.app.client_id]
            known.append(grant)
            if len(known) > MAX_GRANTS:
                self._end(known.pop(0))
            return self._new_refresh_token(grant)

    def new_session(self, grant: Grant) -> str:
        """An access token."""
        with self._lock:
            return self._new_session(grant)

    def begin_refresh(self, token: str, app: App) -> Grant:
        """The grant that a refresh token stands for, busy from now on. Raises InvalidGrantError.

        A token that was rotated away ends the whole grant.
        """
        with self._lock:
            grant = self._refresh.get(token)
            if grant is None or grant.app is not app or grant.is_revoked:
                raise InvalidGrantError("expired access/refresh token")
            if token != grant.refresh_token or self._stopwatch() - grant.used_at > IDLE_LIFE:
                self._end(grant)
                raise InvalidGrantError("expired access/refresh token")
            if grant.is_busy:
                raise InvalidGrantError("token request is already being processed")
            grant.is_busy = True
            return grant

    def finish_refresh(self, grant: Grant) -> tuple[str, str]:
        """A new access token, and the refresh token from now on."""
        with self._lock:
            grant.is_busy = False
            if grant.is_revoked:
                raise InvalidGrantError("expired access/refresh token")
            grant.used_at = self._stopwatch()
            refresh = self._new_refresh_token(grant) if grant.app.rotates else grant.refresh_token
            return self._new_session(grant), refresh

    def authenticate(self, header: str | None) -> Grant:
        """The grant behind an Authorization header, whose session lives on. Refuses with 401."""
        scheme, _, token = (header or "").partition(" ")
        session = self._sessions.get(token) if scheme in ("Bearer", "OAuth") else None
        if session is None or not self._is_alive(session):
            raise session_expired()
        session.used_at = self._stopwatch()
        return session.grant

    def find(self, token: str) -> Grant | None:
        """The grant of a live access token or a refresh token in force."""
        with self._lock:
            session = self._sessions.get(token)
            if session is not None:
                return session.grant if self._is_alive(session) else None
            grant = self._refresh.get(token)
            is_current = grant is not None and not grant.is_revoked and grant.refresh_token == token
            return grant if is_current else None

    def revoke(self, token: str) -> bool:
        """End an access token, or with a refresh token all of its grant; false when it is unknown."""
        with self._lock:
            if self._sessions.pop(token, None) is not None:
                return True
            grant = self._refresh.get(token)
            if grant is None or grant.is_revoked:
                return False
            self._end(grant)
            return True

    def end_all(self, org_id: str) -> None:
        """End every grant of an org, as uninstalling the app or refreshing a sandbox does."""
        with self._lock:
            grants = {session.grant for session in self._sessions.values()} | set(self._refresh.values())
            for grant in grants:
                if grant.org_id == org_id:
                    self._end(grant)

    def expire_sessions(self, org_id: str) -> None:
        """Let all access tokens of an org run out now."""
        with self._lock:
            self._sessions = {key: one for key, one in self._sessions.items() if one.grant.org_id != org_id}

    def _is_alive(self, session: Session) -> bool:
        return not session.grant.is_revoked and self._stopwatch() - session.used_at <= self.session_life

    def _new_session(self, grant: Grant) -> str:
        token = f"{grant.org_id[:15]}!AQ{self._random(66)}"
        self._sessions[token] = Session(grant, self._stopwatch())
        return token

    def _new_refresh_token(self, grant: Grant) -> str:
        grant.refresh_token = f"5Aep861{self._random(54)}"
        grant.used_at = self._stopwatch()
        self._refresh[grant.refresh_token] = grant
        return grant.refresh_token

    def _end(self, grant: Grant) -> None:
        grant.is_revoked = True
        self._sessions = {key: one for key, one in self._sessions.items() if one.grant is not grant}

    def _random(self, bytes_: int) -> str:
        return base64.urlsafe_b64encode(self._dice.randbytes(bytes_)).decode().rstrip("=")
