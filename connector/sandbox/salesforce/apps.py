"""Apps that ask for access to orgs. Salesforce: "External Client Apps"."""

from __future__ import annotations

from dataclasses import dataclass, field

CALLBACK = "http://127.0.0.1:8000/oauth/salesforce/callback"


@dataclass(slots=True, eq=False)
class App:
    """An External Client App as a partner must keep it: PKCE, and refresh tokens that rotate."""

    client_id: str = "3MVG9sandbox.client.id"
    client_secret: str = "sandbox-client-secret"
    redirect_urls: tuple[str, ...] = (CALLBACK,)
    scopes: tuple[str, ...] = ("api", "refresh_token")
    requires_pkce: bool = True
    rotates: bool = True
    #: The public key, as PEM, that a JWT's signature is checked with.
    public_key: bytes = b""
    #: Addresses that refresh and code exchange are taken from; empty is from everywhere.
    allowed_addresses: frozenset[str] = frozenset()


@dataclass(slots=True)
class Installation:
    """What an org's administrator decided about an app."""

    app: App
    #: Users who need not approve the app, which the JWT flow asks for.
    approved_users: set[str] = field(default_factory=set)
    #: The user that the client-credentials flow runs as.
    run_as: str = ""
