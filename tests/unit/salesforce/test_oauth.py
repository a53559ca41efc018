"""An org lets us in, in three ways; what was refused is said in words that tell what to do."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from connector.crms.salesforce.grants import Flow, Grant, parse_grant
from connector.crms.salesforce.oauth import App, OAuth, new_verifier
from connector.errors import CredentialsError, CrmUnavailableError, SetupError, UnreadableReplyError
from tests.clocks import HandClock

HOST = "https://acme.my.salesforce.com"
TOKENS = f"{HOST}/services/oauth2/token"
ORG, USER = "00D5e000001AbCdEAK", "0055e000007UsErAAK"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
ANSWER = {
    "access_token": "00D!access-1",
    "refresh_token": "5Aep-refresh-1",
    "instance_url": HOST,
    "id": f"https://login.salesforce.com/id/{ORG}/{USER}",
    "issued_at": "1795339200000",
    "token_type": "Bearer",
}
GRANT = Grant(
    flow=Flow.WEB_SERVER,
    host=HOST,
    client_id="3MVG-our-key",
    instance_url=HOST,
    org_id=ORG,
    user_id=USER,
    access_token="00D!access-0",
    refresh_token="5Aep-refresh-0",
)


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def oauth() -> OAuth:
    return OAuth(App("3MVG-our-key", "our-secret", PEM), HandClock())


def sent(wire: responses.RequestsMock) -> dict[str, str]:
    body = wire.calls[-1].request.body
    assert isinstance(body, str)
    return {name: values[0] for name, values in parse_qs(body).items()}


def test_an_admin_is_sent_to_the_org_with_a_challenge(oauth: OAuth) -> None:
    verifier = new_verifier()

    url = oauth.authorise_url(HOST, redirect_uri="https://app.example.com/back", state="s1", verifier=verifier)

    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    digest = hashlib.sha256(verifier.encode()).digest()
    assert url.startswith(f"{HOST}/services/oauth2/authorize?")
    assert 43 <= len(verifier) <= 128
    assert query == {
        "response_type": "code",
        "client_id": "3MVG-our-key",
        "redirect_uri": "https://app.example.com/back",
        "scope": "api refresh_token",
        "state": "s1",
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }


def test_the_code_that_comes_back_becomes_a_grant(oauth: OAuth, wire: responses.RequestsMock) -> None:
    wire.post(TOKENS, json=ANSWER)

    grant = oauth.redeem(HOST, code="c", redirect_uri="https://app.example.com/back", verifier="v")

    assert sent(wire) == {
        "grant_type": "authorization_code",
        "code": "c",
        "redirect_uri": "https://app.example.com/back",
        "code_verifier": "v",
        "client_id": "3MVG-our-key",
        "client_secret": "our-secret",
    }
    assert (grant.org_id, grant.user_id, grant.instance_url) == (ORG, USER, HOST)
    assert (grant.access_token, grant.refresh_token) == ("00D!access-1", "5Aep-refresh-1")
    assert grant.issued_at == datetime(2026, 11, 22, 9, 20, tzinfo=UTC)
    assert grant.secret == ""
    assert parse_grant(grant.to_text()) == grant


def test_a_grant_without_a_refresh_token_is_none_to_live_on(oauth: OAuth, wire: responses.RequestsMock) -> None:
    wire.post(TOKENS, json={**ANSWER, "refresh_token": ""})

    with pytest.raises(CredentialsError, match="refresh_token"):
        oauth.redeem(HOST, code="c", redirect_uri="https://app.example.com/back", verifier="v")


def test_a_renewed_grant_has_the_new_refresh_token(oauth: OAuth, wire: responses.RequestsMock) -> None:
    wire.post(TOKENS, json=ANSWER)

    renewed = oauth.renew(GRANT)

    assert sent(wire)["refresh_token"] == "5Aep-refresh-0"
    assert (renewed.access_token, renewed.refresh_token) == ("00D!access-1", "5Aep-refresh-1")


def test_an_app_that_does_not_rotate_keeps_its_refresh_token(oauth: OAuth, wire: responses.RequestsMock) -> None:
    wire.post(TOKENS, json={name: value for name, value in ANSWER.items() if name != "refresh_token"})

    assert oauth.renew(GRANT).refresh_token == "5Aep-refresh-0"


def test_a_certificate_lets_us_in_for_a_user(oauth: OAuth, wire: responses.RequestsMock) -> None:
    wire.post(TOKENS, json={**ANSWER, "refresh_token": "", "issued_at": ""})

    grant = oauth.connect_by_certificate(HOST, "integration@example.com")

    form = sent(wire)
    head, claims, signature = form["assertion"].split(".")
    KEY.public_key().verify(decode(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), SHA256())
    assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    assert json.loads(decode(head)) == {"alg": "RS256", "typ": "JWT"}
    assert json.loads(decode(claims)) == {
        "iss": "3MVG-our-key",
        "sub": "integration@example.com",
        "aud": "https://login.salesforce.com",
        "exp": int(HandClock().now().timestamp()) + 180,
    }
    assert grant.flow is Flow.JWT_BEARER
    assert grant.issued_at == HandClock().now()


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_a_customers_own_app_lets_us_in_again_by_itself(oauth: OAuth, wire: responses.RequestsMock) -> None:
    wire.post(TOKENS, json={**ANSWER, "refresh_token": ""})
    own = App("3MVG-their-key", "their-secret")

    grant = oauth.connect_by_secret(HOST, own)
    again = oauth.renew(grant)

    assert sent(wire) == {
        "grant_type": "client_credentials",
        "client_id": "3MVG-their-key",
        "client_secret": "their-secret",
    }
    assert again.flow is Flow.CLIENT_CREDENTIALS
    assert again.secret == "their-secret"


def test_without_a_key_the_setting_is_named() -> None:
    with pytest.raises(SetupError, match="set COLTIVA_SALESFORCE_KEY_FILE"):
        OAuth(App("k"), HandClock()).connect_by_certificate(HOST, "u@example.com")


def test_a_key_that_is_none_is_said_without_showing_it() -> None:
    with pytest.raises(SetupError, match="no private key in PEM") as caught:
        OAuth(App("k", private_key="-----secret"), HandClock()).connect_by_certificate(HOST, "u@example.com")

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "description", "told"),
    [
        ("invalid_grant", "expired access/refresh token", "needs to be connected again"),
        ("invalid_client", "invalid client credentials", "consumer secret"),
        ("invalid_client_id", "client identifier invalid", "consumer key"),
        ("invalid_grant", "no client credentials user enabled", "name the integration user as whom it runs"),
        ("invalid_grant", "invalid assertion", "COLTIVA_SALESFORCE_KEY_FILE"),
        ("invalid_grant", "user hasn't approved this consumer", "let that user in beforehand"),
        ("inactive_user", "user is inactive", "Activate the integration user"),
        ("OAUTH_EC_APP_NOT_FOUND", "", "Install the Coltiva package"),
        ("something_new", "", "needs to be connected again"),
    ],
)
def test_a_refusal_tells_what_to_do(
    oauth: OAuth, wire: responses.RequestsMock, error: str, description: str, told: str
) -> None:
    wire.post(TOKENS, json={"error": error, "error_description": description}, status=400)

    with pytest.raises(CredentialsError, match=told):
        oauth.renew(GRANT)


@pytest.mark.parametrize("words", ["token request is already being processed", "expired authorization code"])
def test_a_token_that_is_being_renewed_is_tried_again(oauth: OAuth, wire: responses.RequestsMock, words: str) -> None:
    wire.post(TOKENS, json={"error": "invalid_grant", "error_description": words}, status=400)

    with pytest.raises(CrmUnavailableError) as caught:
        oauth.renew(GRANT)

    assert caught.value.retry_at is not None


@pytest.mark.parametrize("status", [429, 500, 503])
def test_trouble_at_the_token_endpoint_ends_no_grant(oauth: OAuth, wire: responses.RequestsMock, status: int) -> None:
    wire.post(TOKENS, body="<html>", status=status)

    with pytest.raises(CrmUnavailableError):
        oauth.renew(GRANT)


def test_no_answer_shows_no_secret(oauth: OAuth, wire: responses.RequestsMock) -> None:
    wire.post(TOKENS, body=requests.ConnectionError("refresh_token=5Aep-refresh-0"))

    with pytest.raises(CrmUnavailableError) as caught:
        oauth.renew(GRANT)

    assert "5Aep" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_answer_that_moves_us_elsewhere_is_not_followed(oauth: OAuth, wire: responses.RequestsMock) -> None:
    wire.post(TOKENS, status=307, headers={"Location": "https://evil.example.com/token"})

    with pytest.raises(UnreadableReplyError):
        oauth.renew(GRANT)

    assert len(wire.calls) == 1


@pytest.mark.parametrize(
    "change", [{"instance_url": "https://evil.example.com"}, {"id": "https://login.salesforce.com/id/x/y"}]
)
def test_a_token_for_who_knows_where_is_refused(
    oauth: OAuth, wire: responses.RequestsMock, change: dict[str, str]
) -> None:
    wire.post(TOKENS, json=ANSWER | change)

    with pytest.raises(UnreadableReplyError):
        oauth.renew(GRANT)


def test_a_grant_that_turns_up_in_another_org_is_refused(oauth: OAuth, wire: responses.RequestsMock) -> None:
    wire.post(TOKENS, json={**ANSWER, "id": f"https://login.salesforce.com/id/00D000000000001EAA/{USER}"})

    with pytest.raises(CredentialsError, match="another org"):
        oauth.renew(GRANT)


def test_a_grant_is_given_back_with_its_refresh_token(oauth: OAuth, wire: responses.RequestsMock) -> None:
    wire.post(f"{HOST}/services/oauth2/revoke", status=400, json={"error": "unsupported_token_type"})

    oauth.revoke(GRANT)

    assert sent(wire) == {"token": "5Aep-refresh-0"}


def test_no_text_of_ours_shows_a_secret() -> None:
    shown = repr(GRANT) + repr(App("k", "our-secret", PEM))

    assert "refresh-0" not in shown
    assert "access-0" not in shown
    assert "secret" not in shown
    assert "PRIVATE" not in shown


def test_a_connection_without_a_grant_is_to_be_connected_again() -> None:
    with pytest.raises(CredentialsError, match="connected again") as caught:
        parse_grant("5Aep-not-json")

    assert caught.value.__cause__ is None
