from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import hubspot
import msgspec
import pytest
import urllib3

from connector.sandbox.hubspot.apps import DEFAULT_SCOPES
from tests.contract.sandbox.hubspot.conftest import World
from tests.contract.sandbox.hubspot.test_records import refusal

REDIRECT = "https://app.example.com/hubspot/oauth/callback"


def post_form(world: World, path: str, **form: str) -> tuple[int, dict[str, Any]]:
    fields = {"client_id": world.app.client_id, "client_secret": world.app.client_secret, **form}
    with urllib3.PoolManager() as http:
        answer = http.request("POST", world.url + path, fields=fields, encode_multipart=False)
        return answer.status, msgspec.json.decode(answer.data) if answer.data else {}


def refreshed(world: World, refresh_token: str) -> str:
    status, body = post_form(world, "/oauth/2026-09/token", grant_type="refresh_token", refresh_token=refresh_token)
    assert status == 200
    return str(body["access_token"])


def test_a_call_without_a_known_token_is_refused(world: World) -> None:
    with pytest.raises(hubspot.crm.contacts.exceptions.UnauthorizedException) as error:
        world.client("pat-eu1-stranger").crm.contacts.basic_api.get_page()

    assert refusal(error)["category"] == "INVALID_AUTHENTICATION"


def test_an_access_token_lives_half_an_hour(world: World) -> None:
    refresh_token = world.sandbox.connect_with_oauth(world.app, world.portal)
    client = world.client(refreshed(world, refresh_token))

    world.stopwatch.let_pass(1_799)
    client.crm.contacts.basic_api.get_page()
    world.stopwatch.let_pass(1)
    with pytest.raises(hubspot.crm.contacts.exceptions.UnauthorizedException) as error:
        client.crm.contacts.basic_api.get_page()

    assert refusal(error)["category"] == "EXPIRED_AUTHENTICATION"
    assert world.client(refreshed(world, refresh_token)).crm.contacts.basic_api.get_page().results == []


def test_a_token_can_be_made_to_run_out_at_once(world: World) -> None:
    client = world.client(refreshed(world, world.sandbox.connect_with_oauth(world.app, world.portal)))

    world.sandbox.tokens.expire_access_tokens(world.portal.id)

    with pytest.raises(hubspot.crm.contacts.exceptions.UnauthorizedException):
        client.crm.contacts.basic_api.get_page()


def test_an_administrator_connects_the_app(world: World) -> None:
    world.app.redirect_urls = (REDIRECT,)
    query = {
        "client_id": world.app.client_id,
        "redirect_uri": REDIRECT,
        "scope": "oauth crm.objects.contacts.read",
        "state": "s1",
    }
    with urllib3.PoolManager() as http:
        answer = http.request("GET", f"{world.url}/oauth/authorize", fields=query, redirect=False)
    returned = parse_qs(urlsplit(answer.headers["Location"]).query)
    exchange = {"grant_type": "authorization_code", "code": returned["code"][0], "redirect_uri": REDIRECT}

    status, body = post_form(world, "/oauth/2026-09/token", **exchange)
    again, refused = post_form(world, "/oauth/2026-09/token", **exchange)

    assert (status, body["hub_id"], body["expires_in"], body["token_type"]) == (200, world.portal.id, 1800, "bearer")
    assert returned["state"] == ["s1"]
    assert body["scopes"] == ["crm.objects.contacts.read", "oauth"]
    assert (again, refused["status"]) == (400, "BAD_AUTH_CODE")


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"grant_type": "refresh_token", "refresh_token": "stranger"}, "BAD_REFRESH_TOKEN"),
        ({"client_id": "stranger"}, "BAD_CLIENT_ID"),
        ({"client_secret": "wrong"}, "BAD_CLIENT_SECRET"),
        ({"grant_type": "password"}, "BAD_GRANT_TYPE"),
    ],
)
def test_a_bad_token_request_says_what_is_bad(world: World, form: dict[str, str], status: str) -> None:
    code, body = post_form(world, "/oauth/2026-09/token", **form)

    assert (code, body["status"]) == (400, status)


def test_the_sdk_refreshes_on_its_own_path(world: World) -> None:
    refresh_token = world.sandbox.connect_with_oauth(world.app, world.portal)
    client = world.client()

    tokens = client.oauth.tokens_api.create(
        grant_type="refresh_token",
        refresh_token=refresh_token,
        client_id=world.app.client_id,
        client_secret=world.app.client_secret,
    )

    assert tokens.refresh_token == refresh_token
    assert client.oauth.access_tokens_api.get(tokens.access_token).hub_id == world.portal.id


def test_a_token_is_introspected_and_revoked(world: World) -> None:
    refresh_token = world.sandbox.connect_with_oauth(world.app, world.portal)
    access_token = refreshed(world, refresh_token)

    _, about = post_form(world, "/oauth/2026-09/token/introspect", token=access_token, token_type_hint="access_token")
    post_form(world, "/oauth/2026-09/token/revoke", token=refresh_token)
    status, body = post_form(world, "/oauth/2026-09/token", grant_type="refresh_token", refresh_token=refresh_token)

    assert (about["active"], about["hub_id"], about["app_id"]) == (True, world.portal.id, world.app.app_id)
    assert (status, body["status"]) == (400, "BAD_REFRESH_TOKEN")
    assert world.client(access_token).crm.contacts.basic_api.get_page().results == []


def test_an_uninstalled_app_has_no_access_and_hears_nothing(world: World) -> None:
    world.app.target_url = "http://127.0.0.1:1/"
    world.app.subscribe_broadly()
    refresh_token = world.sandbox.connect_with_oauth(world.app, world.portal)
    client = world.client(refreshed(world, refresh_token))

    answer = client.api_request({"method": "DELETE", "path": "/appinstalls/2026-09/external-install"})
    world.portal.create_contact("ada@example.com")

    assert answer.status_code == 204
    assert world.sandbox.sender.pending == 0
    status, body = post_form(world, "/oauth/2026-09/token", grant_type="refresh_token", refresh_token=refresh_token)
    assert (status, body["status"]) == (400, "BAD_REFRESH_TOKEN")


@pytest.mark.parametrize(
    ("missing", "call"),
    [
        ("crm.objects.contacts.write", lambda crm: crm.contacts.batch_api.update({"inputs": []})),
        ("crm.objects.contacts.read", lambda crm: crm.contacts.basic_api.get_page()),
        ("crm.objects.contacts.write", lambda crm: crm.objects.tasks.batch_api.update({"inputs": []})),
        ("crm.lists.read", lambda crm: crm.lists.memberships_api.add("1", request_body=[])),
        ("crm.lists.write", lambda crm: crm.lists.memberships_api.add("1", request_body=[])),
        ("crm.objects.owners.read", lambda crm: crm.owners.owners_api.get_page()),
        ("crm.schemas.contacts.write", lambda crm: crm.properties.groups_api.create("contacts", {})),
        ("crm.objects.companies.read", lambda crm: crm.companies.basic_api.get_page()),
    ],
)
def test_an_operation_without_its_scope_is_refused(world: World, missing: str, call: Any) -> None:
    scopes = [scope for scope in DEFAULT_SCOPES if scope != missing]
    token = world.sandbox.connect(world.app, world.portal, "pat-eu1-less", scopes)

    with pytest.raises(Exception, match="403") as error:
        call(world.client(token).crm)

    body = refusal(error)
    assert body["category"] == "MISSING_SCOPES"
    assert missing in body["errors"][0]["context"]["requiredGranularScopes"]


def test_the_token_chooses_the_portal(world: World) -> None:
    other = world.sandbox.create_portal("Other Ltd")
    other_token = world.sandbox.connect(world.app, other)
    world.portal.create_contact("ada@example.com")
    other.create_contact("zoe@example.com")

    emails = [
        [one.properties["email"] for one in world.client(token).crm.contacts.basic_api.get_page().results]
        for token in (world.token, other_token)
    ]

    assert emails == [["ada@example.com"], ["zoe@example.com"]]


def test_account_details_name_the_portal_and_its_time_zone(world: World) -> None:
    answer = world.client().api_request({"path": "/account-info/2026-09/details"})

    body = answer.json()
    assert (body["portalId"], body["timeZone"], body["utcOffset"]) == (world.portal.id, "Europe/Rome", "+01:00")


def test_a_path_that_hubspot_does_not_have_is_not_found(world: World) -> None:
    answer = world.client().api_request({"path": "/marketing/v9/guess"})

    assert answer.status_code == 404
