"""How an org lets us in, and how a grant is renewed and given back. Salesforce: OAuth Authorization Flows.

simple-salesforce can log in as well; it does so unasked, once a thread, and a refresh token that is used twice ends
the grant. So tokens are our own business, and the library is given one that is good.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode, urlsplit

import msgspec
import requests

from connector.clock import Clock
from connector.crms.salesforce.grants import Flow, Grant
from connector.crms.salesforce.hosts import to_audience, to_host
from connector.crms.salesforce.translate import to_long_id
from connector.crms.salesforce.transport import open_session
from connector.errors import CredentialsError, CrmUnavailableError, SetupError, UnreadableReplyError

SCOPES: Final = ("api", "refresh_token")
_JWT_LASTS: Final = timedelta(minutes=3)
_BUSY: Final = timedelta(seconds=5)
_JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"

#: What is told of the same token being renewed at the same moment, by the newer and the older text.
_IN_PROCESS: Final = ("already being processed", "expired authorization code")
#: Refusals, by code or words -> what a person can do. Any other ends in connecting again.
_REMEDIES: Final[Mapping[str, str]] = {
    "OAUTH_EC_APP_NOT_FOUND": "Install the Coltiva package in the org, then connect it again.",
    "app_not_found": "Install the Coltiva package in the org, then connect it again.",
    "invalid_client": "Check the app's consumer secret in the settings.",
    "invalid_client_id": "Check the app's consumer key in the settings.",
    "invalid_client_credentials": "Check the app's consumer secret in the settings.",
    "inactive_user": "Activate the integration user, then connect the org again.",
    "inactive_org": "The org is closed or locked.",
    "redirect_uri_mismatch": "Register the callback URL with the app.",
    "invalid assertion": "Is the certificate that the app holds in the org that of COLTIVA_SALESFORCE_KEY_FILE?",
    "user hasn't approved this consumer": (
        "Is the name of --username right, as it stands in Setup, Users? Then let that user in beforehand, in the "
        "policies of the app."
    ),
    "no client credentials user enabled": (
        "In the org's Setup, External Client App Manager, policies of the app: allow the client credentials flow and "
        "name the integration user as whom it runs."
    ),
}
_RECONNECT: Final = "The connection needs to be connected again."


@dataclass(frozen=True, slots=True)
class App:
    """Our app, as Salesforce knows it: its consumer key and what proves that we are it."""

    client_id: str
    client_secret: str = field(default="", repr=False)
    #: In PEM; signs for orgs that let us in by certificate.
    private_key: str = field(default="", repr=False)


class _Answer(msgspec.Struct):
    """What the token endpoint says; every field may be missing."""

    access_token: str = ""
    refresh_token: str = ""
    instance_url: str = ""
    id: str = ""
    issued_at: str = ""
    error: str = ""
    error_description: str = ""


_ANSWER: Final = msgspec.json.Decoder(_Answer)


def new_verifier() -> str:
    """A secret for one authorisation, with which the code that comes back is redeemed. RFC 7636."""
    return secrets.token_urlsafe(64)


class OAuth:
    """Gets, renews and gives back grants; it keeps none. May be shared by threads.

    Calls raise CredentialsError when the org does not let us in, CrmUnavailableError when it cannot say now, and
    SetupError for a host that is none of Salesforce's.
    """

    def __init__(self, app: App, clock: Clock, rehearsal_url: str = "") -> None:
        self._app = app
        self._clock = clock
        self._rehearsal_url = rehearsal_url

    # --- the browser flow ---------------------------------------------------------------------------------------

    def authorise_url(self, host: str, *, redirect_uri: str, state: str, verifier: str) -> str:
        """Where to send the admin. Salesforce: OAuth 2.0 Web Server Flow, with PKCE."""
        challenge = _base64url(hashlib.sha256(verifier.encode()).digest())
        query = {
            "response_type": "code",
            "client_id": self._app.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(SCOPES),
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{self._to_host(host)}/services/oauth2/authorize?{urlencode(query)}"

    def redeem(self, host: str, *, code: str, redirect_uri: str, verifier: str) -> Grant:
        """The grant for the code with which the admin came back. A code is good once, for minutes."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
            "client_id": self._app.client_id,
            "client_secret": self._app.client_secret,
        }
        host = self._to_host(host)
        answer = self._ask(host, form)
        if not answer.refresh_token:
            raise CredentialsError(f"Salesforce gave no refresh token. Allow the app the scope {SCOPES[1]}.")
        return self._to_grant(answer, Flow.WEB_SERVER, host, self._app.client_id)

    # --- flows between servers ----------------------------------------------------------------------------------

    def connect_by_certificate(self, host: str, username: str, app: App | None = None) -> Grant:
        """A grant for a user whom the org's admin let the app act for. Salesforce: OAuth 2.0 JWT Bearer Flow.

        `app` is a customer's own; ours otherwise.
        """
        used, host = app or self._app, self._to_host(host)
        if not used.private_key:
            raise SetupError("To sign as the app, Coltiva needs its private key: set COLTIVA_SALESFORCE_KEY_FILE.")
        answer = self._ask(host, self._jwt_form(host, username, used.client_id, used.private_key))
        secret = app.private_key if app else ""
        return self._to_grant(answer, Flow.JWT_BEARER, host, used.client_id, username=username, secret=secret)

    def connect_by_secret(self, host: str, app: App | None = None) -> Grant:
        """A grant for the user whom the app's policies name. Salesforce: OAuth 2.0 Client Credentials Flow."""
        used, host = app or self._app, self._to_host(host)
        answer = self._ask(host, _secret_form(used.client_id, used.client_secret))
        secret = app.client_secret if app else ""
        return self._to_grant(answer, Flow.CLIENT_CREDENTIALS, host, used.client_id, secret=secret)

    # --- later --------------------------------------------------------------------------------------------------

    def renew(self, grant: Grant) -> Grant:
        """The grant with new tokens; the old refresh token is spent by this, whatever becomes of the answer."""
        host = self._to_host(grant.host)
        answer = self._ask(host, self._renewal_form(host, grant), is_rotation=grant.flow is Flow.WEB_SERVER)
        renewed = self._to_grant(
            answer, grant.flow, grant.host, grant.client_id, username=grant.username, secret=grant.secret
        )
        if renewed.org_id != grant.org_id:
            raise CredentialsError(f"The grant leads to another org now, {renewed.org_id}. {_RECONNECT}")
        return msgspec.structs.replace(renewed, refresh_token=answer.refresh_token or grant.refresh_token)

    def revoke(self, grant: Grant) -> None:
        """Give the grant back; nothing happens where it is gone already. Salesforce: Revoke OAuth Tokens."""
        form = {"token": grant.refresh_token or grant.access_token}
        response = self._post(f"{self._to_host(grant.host)}/services/oauth2/revoke", form)
        if response.status_code >= 500:
            raise CrmUnavailableError("Salesforce could not take the grant back.", status=response.status_code)

    # --- forms --------------------------------------------------------------------------------------------------

    def _renewal_form(self, host: str, grant: Grant) -> dict[str, str]:
        if grant.flow is Flow.JWT_BEARER:
            return self._jwt_form(host, grant.username, grant.client_id, grant.secret or self._app.private_key)
        secret = grant.secret or self._app.client_secret
        if grant.flow is Flow.CLIENT_CREDENTIALS:
            return _secret_form(grant.client_id, secret)
        return {
            "grant_type": "refresh_token",
            "refresh_token": grant.refresh_token,
            "client_id": grant.client_id,
            "client_secret": secret,
        }

    def _jwt_form(self, host: str, username: str, client_id: str, private_key: str) -> dict[str, str]:
        claims: dict[str, str | int] = {
            "iss": client_id,
            "sub": username,
            "aud": to_audience(host),
            "exp": int((self._clock.now() + _JWT_LASTS).timestamp()),
        }
        return {"grant_type": _JWT_BEARER, "assertion": _sign(claims, private_key)}

    # --- calls --------------------------------------------------------------------------------------------------

    def _to_host(self, text: str) -> str:
        return to_host(text, self._rehearsal_url)

    def _post(self, url: str, form: Mapping[str, str]) -> requests.Response:
        try:
            with open_session() as session:
                return session.post(url, data=form)
        except requests.RequestException as error:
            message = f"Salesforce did not answer about its tokens: {type(error).__name__}."
            # Without its cause: a debugger's view of that holds the form.
            raise CrmUnavailableError(message, operation="POST /services/oauth2") from None

    def _ask(self, host: str, form: Mapping[str, str], *, is_rotation: bool = False) -> _Answer:
        response = self._post(f"{host}/services/oauth2/token", form)
        status = response.status_code
        if status in (420, 429) or status >= 500:
            raise CrmUnavailableError(f"Salesforce gives no tokens now ({status}).", status=status)
        try:
            answer = _ANSWER.decode(response.content)
        except (msgspec.MsgspecError, UnicodeError):
            raise UnreadableReplyError(f"Salesforce answered {status} about its tokens.", status=status) from None
        if status == 200 and answer.access_token:
            return answer
        raise self._to_error(answer, status, is_rotation=is_rotation)

    def _to_error(self, answer: _Answer, status: int, *, is_rotation: bool) -> CredentialsError | CrmUnavailableError:
        said = ": ".join(part for part in (answer.error, answer.error_description) if part) or str(status)
        if (
            is_rotation
            and answer.error == "invalid_grant"
            and any(text in answer.error_description for text in _IN_PROCESS)
        ):
            return CrmUnavailableError(
                "Somebody else renews the same token.", retry_at=self._clock.now() + _BUSY, status=status
            )
        remedy = _REMEDIES.get(answer.error_description) or _REMEDIES.get(answer.error, _RECONNECT)
        return CredentialsError(f"Salesforce does not let us in ({said}). {remedy}", status=status)

    def _to_grant(
        self, answer: _Answer, flow: Flow, host: str, client_id: str, *, username: str = "", secret: str = ""
    ) -> Grant:
        # https://login.salesforce.com/id/<org>/<user>. Salesforce: Identity URLs.
        ids = [to_long_id(part) for part in urlsplit(answer.id).path.split("/")[-2:]]
        try:
            instance_url = self._to_host(answer.instance_url)
        except SetupError as error:
            raise UnreadableReplyError(f"Salesforce sends us elsewhere. {error}") from error
        if len(ids) != 2 or not all(ids):
            raise UnreadableReplyError("Salesforce does not say whose the token is.")
        return Grant(
            flow=flow, host=host, client_id=client_id, instance_url=instance_url, org_id=ids[0], user_id=ids[1],
            access_token=answer.access_token, refresh_token=answer.refresh_token,
            issued_at=_to_moment(answer.issued_at) or self._clock.now(), username=username, secret=secret,
        )  # fmt: skip


def _secret_form(client_id: str, secret: str) -> dict[str, str]:
    return {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}


def _to_moment(milliseconds: str) -> datetime | None:
    is_number = milliseconds.isascii() and milliseconds.isdigit() and len(milliseconds) <= 14
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(milliseconds)) if is_number else None


def _sign(claims: Mapping[str, str | int], private_key: str) -> str:
    """A JSON Web Token, signed as RS256. RFC 7515."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(private_key.encode(), password=None)
    except ValueError:
        raise SetupError("The private key of the Salesforce app is no private key in PEM.") from None
    if not isinstance(key, RSAPrivateKey):
        raise SetupError("The private key of the Salesforce app is no RSA key.")
    signed = ".".join(_base64url(msgspec.json.encode(part)) for part in ({"alg": "RS256", "typ": "JWT"}, claims))
    return f"{signed}.{_base64url(key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
