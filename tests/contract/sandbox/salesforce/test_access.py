"""How an app is let in, and how it is shut out."""

from __future__ import annotations

import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from simple_salesforce.exceptions import SalesforceExpiredSession, SalesforceRefusedRequest

from connector.sandbox.clock import SandboxClock
from connector.sandbox.faults import ApiFault, Fault
from connector.sandbox.salesforce.apps import CALLBACK
from connector.sandbox.salesforce.platform import Platform
from connector.sandbox.salesforce.server import running
from tests.contract.sandbox.salesforce.conftest import START, World

VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


def post(url: str, **form: str) -> requests.Response:
    return requests.post(url, data=form, timeout=60)


def ask_token(world: World, host: str = "", **form: str) -> requests.Response:
    credentials = {"client_id": world.app.client_id, "client_secret": world.app.client_secret}
    return post(f"{host or world.login_url}/services/oauth2/token", **{**credentials, **form})


def authorize(world: World, **more: str) -> dict[str, str]:
    query = {
        "response_type": "code",
        "client_id": world.app.client_id,
        "redirect_uri": CALLBACK,
        "state": "s1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **more,
    }
    reply = requests.get(
        f"{world.org.instance_url}/services/oauth2/authorize", params=query, timeout=60, allow_redirects=False
    )
    assert reply.status_code == 302
    return {key: values[0] for key, values in parse_qs(urlsplit(reply.headers["Location"]).query).items()}


def exchange(world: World, code: str, **more: str) -> requests.Response:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    return ask_token(world, **{**form, **more})


def refresh(world: World, token: str) -> requests.Response:
    return ask_token(world, grant_type="refresh_token", refresh_token=token)


def test_the_web_server_flow_ends_in_tokens_that_work(world: World) -> None:
    answer = authorize(world)

    told = exchange(world, answer["code"]).json()

    assert answer["state"] == "s1"
    assert told["instance_url"] == world.org.instance_url
    assert told["id"] == f"{world.login_url}/id/{world.org.id}/{world.org.integration_user}"
    assert "expires_in" not in told
    limits = world.client(told["access_token"]).limits()
    assert limits["DailyApiRequests"]["Max"] == 15_000


def test_a_code_is_good_once(world: World) -> None:
    code = authorize(world)["code"]
    exchange(world, code)

    again = exchange(world, code)

    assert (again.status_code, again.json()) == (
        400,
        {"error": "invalid_grant", "error_description": "expired authorization code"},
    )


def test_a_code_needs_its_verifier_and_its_redirect(world: World) -> None:
    wrong_verifier = exchange(world, authorize(world)["code"], code_verifier="w" * 64)
    wrong_redirect = exchange(world, authorize(world)["code"], redirect_uri="https://example.com/other")
    wrong_secret = exchange(world, authorize(world)["code"], client_secret="wrong")

    assert wrong_verifier.json()["error_description"] == "invalid code verifier"
    assert wrong_redirect.json()["error"] == "redirect_uri_mismatch"
    assert wrong_secret.json()["error"] == "invalid_client"


def test_without_a_challenge_or_a_yes_there_is_no_code(world: World) -> None:
    no_challenge = authorize(world, code_challenge="")
    world.org.approves = False
    denied = authorize(world)

    assert no_challenge["error"] == "invalid_request"
    assert denied["error"] == "access_denied"


def test_an_app_that_is_not_installed_is_not_found(world: World) -> None:
    world.org.installations.clear()

    reply = requests.get(
        f"{world.org.instance_url}/services/oauth2/authorize",
        params={"client_id": world.app.client_id, "redirect_uri": CALLBACK},
        timeout=60,
    )

    assert (reply.status_code, reply.json()["error"]) == (400, "OAUTH_EC_APP_NOT_FOUND")


def test_each_refresh_gives_another_refresh_token(world: World) -> None:
    first = world.platform.connect_with_oauth(world.app, world.org)

    told = refresh(world, first).json()
    again = refresh(world, told["refresh_token"])

    assert told["refresh_token"] != first
    assert again.status_code == 200


def test_every_asking_for_a_token_is_counted(world: World) -> None:
    refresh(world, world.platform.connect_with_oauth(world.app, world.org))
    refresh(world, "5Aep861nobody")

    assert world.platform.calls.total(operation="oauth.refresh_token") == 2
    assert world.platform.calls.total(operation="oauth.refresh_token", status=400) == 1


def test_an_old_refresh_token_ends_the_whole_grant(world: World) -> None:
    first = world.platform.connect_with_oauth(world.app, world.org)
    told = refresh(world, first).json()

    reused = refresh(world, first)
    after = refresh(world, told["refresh_token"])

    assert reused.json() == {"error": "invalid_grant", "error_description": "expired access/refresh token"}
    assert after.status_code == 400
    with pytest.raises(SalesforceExpiredSession):
        world.client(told["access_token"]).limits()


def test_a_second_refresh_at_once_is_turned_away_and_harms_nothing(world: World) -> None:
    token = world.platform.connect_with_oauth(world.app, world.org)
    world.platform.refresh_seconds = 0.3

    with ThreadPoolExecutor(2) as both:
        replies = list(both.map(lambda _: refresh(world, token), range(2)))

    world.platform.refresh_seconds = 0.0
    refused = next(reply for reply in replies if reply.status_code == 400)
    given = next(reply for reply in replies if reply.status_code == 200)
    assert refused.json()["error_description"] == "token request is already being processed"
    assert refresh(world, given.json()["refresh_token"]).status_code == 200


def test_a_refresh_token_that_nobody_used_for_a_month_is_over(world: World) -> None:
    token = world.platform.connect_with_oauth(world.app, world.org)
    world.stopwatch.let_pass(31 * 86_400)

    assert refresh(world, token).json()["error"] == "invalid_grant"


def test_the_sixth_grant_ends_the_first(world: World) -> None:
    tokens = [world.platform.connect_with_oauth(world.app, world.org) for _ in range(6)]

    assert refresh(world, tokens[0]).status_code == 400
    assert refresh(world, tokens[1]).status_code == 200


def test_a_lost_answer_to_a_refresh_breaks_the_chain(world: World) -> None:
    token = world.platform.connect_with_oauth(world.app, world.org)
    world.platform.faults.add(Fault(ApiFault.DROPPED_AFTER, times=1, path="*/token"))

    with pytest.raises(requests.ConnectionError):
        refresh(world, token)

    assert refresh(world, token).json()["error"] == "invalid_grant"


def test_tokens_are_refused_from_elsewhere_than_allowed(world: World) -> None:
    token = world.platform.connect_with_oauth(world.app, world.org)
    world.app.allowed_addresses = frozenset({"192.0.2.1"})

    assert refresh(world, token).json() == {"error": "invalid_grant", "error_description": "ip restricted"}


def test_a_revoked_refresh_token_takes_its_sessions_along(world: World) -> None:
    told = refresh(world, world.platform.connect_with_oauth(world.app, world.org)).json()

    revoked = post(f"{world.org.instance_url}/services/oauth2/revoke", token=told["refresh_token"])
    again = post(f"{world.org.instance_url}/services/oauth2/revoke", token=told["refresh_token"])

    assert (revoked.status_code, again.status_code) == (200, 400)
    with pytest.raises(SalesforceExpiredSession):
        world.client(told["access_token"]).limits()


def test_introspection_tells_live_tokens_from_dead_ones(world: World) -> None:
    form = {"client_id": world.app.client_id, "client_secret": world.app.client_secret}
    url = f"{world.org.instance_url}/services/oauth2/introspect"

    live = post(url, token=world.token, **form).json()
    world.platform.tokens.expire_sessions(world.org.id)
    dead = post(url, token=world.token, **form).json()

    assert (live["active"], live["username"]) == (True, world.org.username(world.org.integration_user))
    assert dead == {"active": False}


def test_the_user_behind_a_token_is_told(world: World) -> None:
    told = world.ask("GET", "/services/oauth2/userinfo").json()
    by_id = world.ask("GET", f"/id/{world.org.id}/{world.org.integration_user}").json()
    unknown = requests.get(f"{world.org.instance_url}/services/oauth2/userinfo", timeout=60)

    assert told["organization_id"] == world.org.id
    assert told["user_id"] == by_id["user_id"] == world.org.integration_user
    assert (unknown.status_code, unknown.text) == (403, "Bad_OAuth_Token")


def test_a_session_idles_out_after_two_hours_without_use(world: World) -> None:
    world.stopwatch.let_pass(7_000)
    world.client().limits()
    world.stopwatch.let_pass(7_000)
    world.client().limits()
    world.stopwatch.let_pass(7_300)

    with pytest.raises(SalesforceExpiredSession) as expired:
        world.client().limits()

    assert expired.value.content == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


@pytest.fixture
def key(world: World) -> bytes:
    """A private key whose public half the app has."""
    made = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    world.app.public_key = made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def assertion(world: World, key: bytes, **more: Any) -> str:
    claims = {
        "iss": world.app.client_id,
        "sub": world.org.username(world.org.integration_user),
        "aud": "https://login.salesforce.com",
        "exp": int((START + timedelta(minutes=3)).timestamp()),
        **more,
    }
    return jwt.encode(claims, key, algorithm="RS256")


def bearer(world: World, token: str) -> requests.Response:
    return ask_token(world, grant_type="urn:ietf:params:oauth:grant-type:jwt-bearer", assertion=token)


def test_a_signed_assertion_gives_a_session_and_no_refresh_token(world: World, key: bytes) -> None:
    told = bearer(world, assertion(world, key)).json()

    assert "refresh_token" not in told
    assert world.client(told["access_token"]).limits()


def test_a_bad_assertion_is_refused(world: World, key: bytes) -> None:
    other = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    forged = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    refused = {
        "invalid assertion": assertion(world, forged),
        "audience is invalid": assertion(world, key, aud="https://example.com"),
        "expired authorization code": assertion(world, key, exp=int(START.timestamp()) - 1),
        "user hasn't approved this consumer": assertion(world, key, sub="stranger@example.com"),
    }

    answers = {bearer(world, text).json()["error_description"] for text in refused.values()}

    assert answers == set(refused)


def test_client_credentials_run_as_the_user_that_the_org_names(world: World) -> None:
    nobody = ask_token(world, world.org.instance_url, grant_type="client_credentials")
    world.org.install(world.app, run_as=world.org.integration_user)

    told = ask_token(world, world.org.instance_url, grant_type="client_credentials")
    at_login = ask_token(world, grant_type="client_credentials")

    assert nobody.json()["error_description"] == "no client credentials user enabled"
    assert "refresh_token" not in told.json()
    assert at_login.json()["error_description"] == "request not supported on this domain"


def test_what_is_no_grant_is_unsupported(world: World) -> None:
    assert ask_token(world, grant_type="password").json()["error"] == "unsupported_grant_type"


def test_one_orgs_token_opens_no_other_org() -> None:
    platform = Platform(clock=SandboxClock(START))
    app = platform.create_app()
    ours, theirs = platform.create_org("Ours"), platform.create_org("Theirs")
    token = platform.connect(app, ours)
    header = {"Authorization": f"Bearer {token}"}
    theirs.people.create_lead("secret@example.com")

    with running(platform):
        at_home = requests.get(f"{ours.instance_url}/services/data/v66.0/limits", headers=header, timeout=60)
        abroad = requests.get(f"{theirs.instance_url}/services/data/v66.0/limits", headers=header, timeout=60)

    assert (at_home.status_code, abroad.status_code) == (200, 401)
    assert ours.id != theirs.id
    assert len(ours.id) == 18


def test_the_days_requests_run_out_and_come_back(world: World) -> None:
    world.org.pool.maximum = 3
    client = world.client()
    seen: list[str] = []
    client.session.hooks["response"] = lambda reply, *_, **__: seen.append(reply.headers["Sforce-Limit-Info"])
    for _ in range(3):
        client.limits()

    with pytest.raises(SalesforceRefusedRequest) as refused:
        client.limits()

    world.platform.advance(timedelta(days=1, hours=1))
    client.limits()
    assert refused.value.content[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"
    assert refused.value.content[0]["message"] == "TotalRequests Limit exceeded."
    assert seen == ["api-usage=1/3", "api-usage=2/3", "api-usage=3/3", "api-usage=3/3", "api-usage=1/3"]


def test_versions_are_listed_and_others_are_not_served(world: World) -> None:
    versions = requests.get(f"{world.org.instance_url}/services/data", timeout=60).json()

    assert versions[-1] == {"label": "Version 68.0", "url": "/services/data/v68.0", "version": "68.0"}
    assert world.ask("GET", "/services/data/v99.0/limits").status_code == 404
    assert world.ask("GET", "/services/data/v20.0/limits").status_code == 410
    assert world.ask("GET", "unicorns").json()[0]["errorCode"] == "NOT_FOUND"


def test_an_address_that_is_too_long_is_refused(world: World) -> None:
    ids = ",".join(f"'{number:018}'" for number in range(1_000))

    assert world.ask("GET", f"query?q=SELECT+Id+FROM+Lead+WHERE+Id+IN+({ids})").status_code == 414
