"""Who may call: private-app tokens, and OAuth grants with access tokens that run out.

Lives are measured on the stopwatch, in real time, so that accelerated portal time does not make them useless.
"""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass

from connector.sandbox.clock import Stopwatch
from connector.sandbox.hubspot.apps import App
from connector.sandbox.hubspot.refusals import Category, RefusalError

#: Seconds that an access token lives.
ACCESS_TOKEN_LIFE = 1_800
_TOKEN_BYTES = 160


@dataclass(frozen=True, slots=True)
class Grant:
    """What a portal allowed an app to do; what a token stands for."""

    portal_id: int
    app: App
    scopes: frozenset[str]
    user_id: int
    #: Stopwatch reading at which an access token ends; None never ends.
    expires_at: float | None = None


class TokenBook:
    """All codes and tokens in force."""

    def __init__(self, stopwatch: Stopwatch, dice: random.Random) -> None:
        self._stopwatch = stopwatch
        self._dice = dice
        self._lock = threading.Lock()
        self._access: dict[str, Grant] = {}
        self._refresh: dict[str, Grant] = {}
        self._codes: dict[str, tuple[Grant, str]] = {}
        self.life = ACCESS_TOKEN_LIFE

    def add_static(self, token: str, grant: Grant) -> None:
        """A private app's token, good until revoked."""
        with self._lock:
            self._access[token] = grant

    def new_code(self, grant: Grant, redirect_uri: str) -> str:
        """An authorization code, good once."""
        with self._lock:
            code = self._random_token()
            self._codes[code] = (grant, redirect_uri)
            return code

    def take_code(self, code: str, redirect_uri: str) -> Grant | None:
        """The grant behind a code, whose use is thereby over."""
        with self._lock:
            grant, expected = self._codes.pop(code, (None, ""))
            return grant if redirect_uri == expected else None

    def new_refresh_token(self, grant: Grant) -> str:
        """A refresh token, good until revoked or uninstalled."""
        with self._lock:
            token = self._random_token()
            self._refresh[token] = grant
            return token

    def new_access_token(self, grant: Grant) -> str:
        """An access token that lives half an hour."""
        with self._lock:
            token = self._random_token()
            ends = self._stopwatch() + self.life
            self._access[token] = Grant(grant.portal_id, grant.app, grant.scopes, grant.user_id, ends)
            return token

    def refresh_grant(self, token: str) -> Grant | None:
        """The grant behind a refresh token."""
        return self._refresh.get(token)

    def access_grant(self, token: str) -> Grant | None:
        """The grant behind an access token, also one that ran out."""
        return self._access.get(token)

    def seconds_left(self, grant: Grant) -> int:
        """How long an access token still lives; 0 when it ran out."""
        if grant.expires_at is None:
            return self.life
        return max(0, int(grant.expires_at - self._stopwatch()))

    def authenticate(self, header: str | None) -> Grant:
        """The grant of an Authorization header; refuses with 401."""
        scheme, _, token = (header or "").partition(" ")
        grant = self._access.get(token) if scheme.lower() == "bearer" else None
        if grant is None:
            message = "Authentication credentials not found. This API supports OAuth 2.0 authentication."
            raise RefusalError(401, Category.UNAUTHENTICATED, message)
        if grant.expires_at is not None and grant.expires_at <= self._stopwatch():
            message = "The OAuth token used to make this call expired."
            raise RefusalError(401, Category.EXPIRED, message)
        return grant

    def revoke(self, refresh_token: str) -> None:
        """End a refresh token; access tokens made from it live on to their end."""
        with self._lock:
            self._refresh.pop(refresh_token, None)

    def uninstall(self, portal_id: int, app: App) -> None:
        """End everything that a portal allowed an app."""
        with self._lock:
            for book in (self._access, self._refresh):
                gone = [t for t, g in book.items() if g.portal_id == portal_id and g.app is app]
                for token in gone:
                    del book[token]

    def expire_access_tokens(self, portal_id: int) -> None:
        """Let every OAuth access token of a portal run out now."""
        now = self._stopwatch()
        with self._lock:
            for token, grant in self._access.items():
                if grant.portal_id == portal_id and grant.expires_at is not None:
                    self._access[token] = Grant(grant.portal_id, grant.app, grant.scopes, grant.user_id, now)

    def _random_token(self) -> str:
        return self._dice.randbytes(_TOKEN_BYTES).hex()
