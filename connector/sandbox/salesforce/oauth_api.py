"""The OAuth endpoints. Salesforce: "OAuth Authorization Flows", "OpenID Connect Token Introspection"."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from connector.sandbox.exchange import Reply
from connector.sandbox.salesforce.apps import App
from connector.sandbox.salesforce.tokens import Grant, InvalidGrantError

if TYPE_CHECKING:
    from connector.sandbox.salesforce.org import Org
    from connector.sandbox.salesforce.platform import Platform

Form = Mapping[str, str]
_AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
#: A JWT is good for no longer than this many seconds.
_ASSERTION_LIFE = 300


class OAuthError(Exception):
    """The endpoint answers with an error and a description."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error, self.description, self.status = error, description, status


def token(platform: Platform, org: Org | None, form: Form, address: str) -> Reply:
    """`POST /services/oauth2/token`; `org` is the one whose My Domain was asked."""
    grants: dict[str, Callable[[], dict[str, Any]]] = {
        "authorization_code": lambda: _exchange_code(platform, form, address),
        "refresh_token": lambda: _refresh(platform, form, address),
        "urn:ietf:params:oauth:grant-type:jwt-bearer": lambda: _take_assertion(platform, form),
        "client_credentials": lambda: _run_as(platform, org, form),
    }
    try:
        kind = grants.get(form.get("grant_type", ""))
        if kind is None:
            raise OAuthError("unsupported_grant_type", "grant type not supported")
        return Reply(body=kind(), headers={"Cache-Control": "no-store"})
    except InvalidGrantError as error:
        return _refusal(OAuthError("invalid_grant", str(error)))
    except OAuthError as error:
        return _refusal(error)


def authorize(platform: Platform, org: Org | None, query: Form) -> Reply:
    """`GET /services/oauth2/authorize`: the administrator of the org approves at once."""
    app = platform.apps.get(query.get("client_id", ""))
    redirect = query.get("redirect_uri", "")
    if app is None:
        return _refusal(OAuthError("invalid_client_id", "client identifier invalid"))
    if redirect not in app.redirect_urls:
        return _refusal(OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration"))
    org = org or next(iter(platform.orgs.values()), None)
    if org is None or app.client_id not in org.installations:
        return _refusal(OAuthError("OAUTH_EC_APP_NOT_FOUND", "external client app is not installed in this org"))
    try:
        answer = {"code": _approve(platform, org, app, query)}
    except OAuthError as error:
        answer = {"error": error.error, "error_description": error.description}
    if "state" in query:
        answer["state"] = query["state"]
    return Reply(302, headers={"Location": f"{redirect}?{urlencode(answer)}"})


def revoke(platform: Platform, form: Form) -> Reply:
    """`POST /services/oauth2/revoke`."""
    if platform.tokens.revoke(form.get("token", "")):
        return Reply(200)
    return _refusal(OAuthError("unsupported_token_type", "this token type is not supported"))


def introspect(platform: Platform, form: Form) -> Reply:
    """`POST /services/oauth2/introspect`."""
    try:
        app = _authenticated(platform, form)
    except OAuthError as error:
        return _refusal(error)
    grant = platform.tokens.find(form.get("token", ""))
    if grant is None or grant.app is not app:
        return Reply(body={"active": False})
    org, now = platform.orgs[grant.org_id], int(platform.clock.now().timestamp())
    return Reply(
        body={
            "active": True,
            "scope": " ".join(grant.scopes),
            "client_id": app.client_id,
            "username": org.username(grant.user_id),
            "sub": _identity_url(org, grant),
            "token_type": "access_token" if "!" in form["token"] else "refresh_token",
            "exp": now + int(platform.tokens.session_life),
            "iat": now,
            "nbf": now,
        }
    )


def identity(org: Org, grant: Grant) -> dict[str, Any]:
    """What the identity URL and `/services/oauth2/userinfo` tell of the user behind a token."""
    user = org.database.tables["User"].rows[grant.user_id]
    url = org.instance_url
    return {
        "id": _identity_url(org, grant),
        "sub": _identity_url(org, grant),
        "asserted_user": True,
        "user_id": grant.user_id,
        "organization_id": org.id,
        "username": user["Username"],
        "preferred_username": user["Username"],
        "display_name": user["Name"],
        "name": user["Name"],
        "email": user["Email"],
        "email_verified": True,
        "active": user["IsActive"],
        "user_type": "STANDARD",
        "timezone": user["TimeZoneSidKey"],
        "zoneinfo": user["TimeZoneSidKey"],
        "is_app_installed": True,
        "urls": {
            "enterprise": f"{url}/services/Soap/c/{{version}}/{org.id[:15]}",
            "partner": f"{url}/services/Soap/u/{{version}}/{org.id[:15]}",
            "rest": f"{url}/services/data/v{{version}}/",
            "sobjects": f"{url}/services/data/v{{version}}/sobjects/",
            "query": f"{url}/services/data/v{{version}}/query/",
            "custom_domain": url,
        },
    }


def _approve(platform: Platform, org: Org, app: App, query: Form) -> str:
    challenge = query.get("code_challenge", "")
    if query.get("response_type") != "code":
        raise OAuthError("unsupported_response_type", "response type not supported")
    if app.requires_pkce and (not challenge or query.get("code_challenge_method", "S256") != "S256"):
        raise OAuthError("invalid_request", "missing required code challenge")
    if not org.approves:
        raise OAuthError("access_denied", "end-user denied authorization")
    asked = query.get("scope", " ".join(app.scopes)).split()
    if unknown := set(asked) - set(app.scopes):
        raise OAuthError("invalid_scope", f"the requested scope is not allowed: {' '.join(sorted(unknown))}")
    grant = Grant(org.id, org.integration_user, app, tuple(asked))
    return platform.tokens.new_code(grant, query["redirect_uri"], challenge)


def _exchange_code(platform: Platform, form: Form, address: str) -> dict[str, Any]:
    app = _authenticated(platform, form)
    _check_address(app, address)
    code = platform.tokens.take_code(form.get("code", ""))
    if code.grant.app is not app:
        raise InvalidGrantError("invalid authorization code")
    if code.redirect_uri != form.get("redirect_uri"):
        raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")
    if code.challenge and not _is_verified(code.challenge, form.get("code_verifier", "")):
        raise InvalidGrantError("invalid code verifier")
    tokens = platform.tokens
    refresh = tokens.open_grant(code.grant) if "refresh_token" in code.grant.scopes else ""
    return _issued(platform, code.grant, tokens.new_session(code.grant), refresh)


def _refresh(platform: Platform, form: Form, address: str) -> dict[str, Any]:
    app = _authenticated(platform, form)
    _check_address(app, address)
    grant = platform.tokens.begin_refresh(form.get("refresh_token", ""), app)
    platform.closing.wait(platform.refresh_seconds)
    session, refresh = platform.tokens.finish_refresh(grant)
    return _issued(platform, grant, session, refresh if app.rotates else "")


def _take_assertion(platform: Platform, form: Form) -> dict[str, Any]:
    app, claims = _read_assertion(platform, form.get("assertion", ""))
    if claims.get("aud") not in (*_AUDIENCES, *(org.instance_url for org in platform.orgs.values())):
        raise InvalidGrantError("audience is invalid")
    expires = claims.get("exp")
    left = float(expires) - platform.clock.now().timestamp() if isinstance(expires, int | float) else -1.0
    if not 0 < left <= _ASSERTION_LIFE:
        raise InvalidGrantError("expired authorization code")
    for org in platform.orgs.values():
        user_id = org.user_id(str(claims.get("sub", "")))
        if user_id and user_id in org.installation_of(app).approved_users:
            grant = Grant(org.id, user_id, app, app.scopes)
            return _issued(platform, grant, platform.tokens.new_session(grant), "")
    raise InvalidGrantError("user hasn't approved this consumer")


def _run_as(platform: Platform, org: Org | None, form: Form) -> dict[str, Any]:
    if org is None:
        raise OAuthError("invalid_request", "request not supported on this domain")
    app = _authenticated(platform, form)
    user_id = org.installation_of(app).run_as
    if not user_id:
        raise OAuthError("invalid_grant", "no client credentials user enabled")
    grant = Grant(org.id, user_id, app, app.scopes)
    return _issued(platform, grant, platform.tokens.new_session(grant), "")


def _issued(platform: Platform, grant: Grant, session: str, refresh: str) -> dict[str, Any]:
    org = platform.orgs[grant.org_id]
    issued_at = str(round(platform.clock.now().timestamp() * 1000))
    identity_url = _identity_url(org, grant)
    signed = hmac.digest(grant.app.client_secret.encode(), (identity_url + issued_at).encode(), "sha256")
    told = {
        "access_token": session,
        "signature": base64.b64encode(signed).decode(),
        "scope": " ".join(grant.scopes),
        "instance_url": org.instance_url,
        "id": identity_url,
        "token_type": "Bearer",
        "issued_at": issued_at,
    }
    return {**told, "refresh_token": refresh} if refresh else told


def _authenticated(platform: Platform, form: Form) -> App:
    app = platform.apps.get(form.get("client_id", ""))
    if app is None:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    if not hmac.compare_digest(form.get("client_secret", "").encode(), app.client_secret.encode()):
        raise OAuthError("invalid_client", "invalid client credentials")
    return app


def _check_address(app: App, address: str) -> None:
    if app.allowed_addresses and address not in app.allowed_addresses:
        raise OAuthError("invalid_grant", "ip restricted")


def _is_verified(challenge: str, verifier: str) -> bool:
    digest = hashlib.sha256(verifier.encode()).digest()
    return 43 <= len(verifier) <= 128 and base64.urlsafe_b64encode(digest).decode().rstrip("=") == challenge


def _read_assertion(platform: Platform, text: str) -> tuple[App, dict[str, Any]]:
    """Who signed a JWT, and what it claims. Raises InvalidGrantError."""
    try:
        head, claims, signature = text.split(".")
        header: Any = msgspec.json.decode(_decode(head))
        told: Any = msgspec.json.decode(_decode(claims))
        app = platform.apps[told["iss"]]
        key = load_pem_public_key(app.public_key)
        if header["alg"] != "RS256" or not isinstance(key, RSAPublicKey):
            raise InvalidGrantError("invalid assertion")
        key.verify(_decode(signature), f"{head}.{claims}".encode(), PKCS1v15(), SHA256())
    except (ValueError, KeyError, TypeError, InvalidSignature):
        raise InvalidGrantError("invalid assertion") from None
    return app, told


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _identity_url(org: Org, grant: Grant) -> str:
    return f"{org.login_url}/id/{org.id}/{grant.user_id}"


def _refusal(error: OAuthError) -> Reply:
    return Reply(error.status, {"error": error.error, "error_description": error.description})
