"""From the command that makes an org's key to the door that takes what is signed with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask.testing import FlaskClient
from typer.testing import CliRunner

from app import create_app
from connector.bootstrap import Services, open_services
from connector.cli import app
from connector.settings import load_settings
from tests.office import CONNECTION, SECRET_KEY, sqlite_url
from tests.org_door import EVENTS, ORG, OTHER_ORG, OUTBOUND, XML, batch, message, signed_by_org

Run = Callable[..., Result]


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """A database with one connected org."""
    monkeypatch.setenv("COLTIVA_DATABASE_URL", sqlite_url(tmp_path))
    monkeypatch.setenv("COLTIVA_SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv("COLTIVA_HUBSPOT_CLIENT_SECRET", "x")
    services = open_services(load_settings())
    services.store.migrate()
    with services.store.transaction() as transaction:
        connection = replace(CONNECTION, id="c2", crm="salesforce", account=ORG)
        transaction.connections.save(connection, services.clock.now())
    yield services
    services.store.close()


@pytest.fixture
def run(services: Services) -> Run:
    def invoke(*arguments: str) -> Result:
        result = CliRunner().invoke(app, list(arguments), prog_name="coltiva")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        return result

    return invoke


@pytest.fixture
def new_client(services: Services) -> Iterator[Callable[[], FlaskClient]]:
    """A web process that was just started."""
    stores: list[Any] = []

    def start() -> FlaskClient:
        served = create_app()
        stores.append(served.extensions["coltiva"].store)
        return served.test_client()

    yield start
    for store in stores:
        store.close()


def post(client: FlaskClient, secret: str) -> int:
    body = batch()
    headers = signed_by_org(body, secret=secret, at=datetime.now(UTC))
    return client.post(EVENTS, data=body, headers=headers).status_code


def test_what_an_org_signs_with_its_key_is_taken_until_the_key_is_revoked(
    run: Run, new_client: Callable[[], FlaskClient]
) -> None:
    first = json.loads(run("keys", "signing", "add", ORG, "--json").stdout)
    second = json.loads(run("keys", "signing", "add", ORG[:15], "--json").stdout)

    before = [post(new_client(), key["secret"]) for key in (first, second)]
    revoked = run("keys", "signing", "revoke", first["id"])
    after = [post(new_client(), key["secret"]) for key in (first, second)]

    assert (before, revoked.exit_code, after) == ([200, 200], 0, [401, 200])
    assert first["org"] == second["org"] == ORG


def test_an_org_has_two_keys_at_most(run: Run) -> None:
    for _ in range(2):
        run("keys", "signing", "add", ORG)

    result = run("keys", "signing", "add", ORG)

    assert result.exit_code == 3
    assert "Revoke the one" in " ".join(result.output.split())


def test_a_key_is_shown_once(run: Run) -> None:
    assert "There is no key" in run("keys", "signing", "list").output
    shown = run("keys", "signing", "add", ORG).output

    listed = run("keys", "signing", "list").output + run("keys", "signing", "list", "--json").output

    secret = shown.splitlines()[-1]
    assert len(secret) == 44
    assert secret not in listed
    assert listed.count(ORG) == 2


@pytest.mark.parametrize("org", [OTHER_ORG, ORG[:14], "4711"])
def test_only_an_org_that_is_connected_gets_a_key(run: Run, org: str) -> None:
    result = run("keys", "signing", "add", org)

    assert result.exit_code == 2
    assert "coltiva status" in " ".join(result.output.split())


def test_a_key_that_is_not_there_cannot_be_revoked(run: Run) -> None:
    assert run("keys", "signing", "revoke", "nonsense").exit_code == 2


def test_outbound_messages_are_taken_from_orgs_that_are_connected(
    services: Services, new_client: Callable[[], FlaskClient]
) -> None:
    client = new_client()

    answers = [client.post(OUTBOUND, data=message(org=org), headers=XML).status_code for org in (ORG, OTHER_ORG)]

    assert answers == [200, 403]
    with services.store.claim_deliveries(10) as claim:
        assert [delivery.endpoint for delivery in claim.deliveries] == ["salesforce/outbound"]
