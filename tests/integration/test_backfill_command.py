"""`coltiva backfill` and what `coltiva status` says of the records of an org."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from connector.bootstrap import open_services
from connector.cli import app
from connector.sandbox.salesforce.permissions import Right
from connector.settings import load_settings
from tests.census import OrgOffice, org_office
from tests.office import SECRET_KEY

MAPPING = """\
format: 1
workspace: acme
timezone: Europe/Rome
fields:
  email: {salesforce: [Lead.Email, Contact.Email], identity: true}
"""


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OrgOffice]:
    """An org with two leads and a contact, connected, and the environment in which the commands find it."""
    mappings = tmp_path / "mappings"
    mappings.mkdir()
    (mappings / "mapping.yaml").write_text(MAPPING)
    with org_office(tmp_path, "ada@example.com", "ben@example.com") as office:
        office.people.create_contact("cleo@example.com")
        clock_file = tmp_path / "clock"
        clock_file.write_text((office.clock.now() + timedelta(minutes=5)).isoformat())
        environ = {
            "COLTIVA_DATABASE_URL": office.url,
            "COLTIVA_SECRET_KEY": SECRET_KEY,
            "COLTIVA_MAPPINGS": str(mappings),
            "COLTIVA_SALESFORCE_BASE_URL": office.org.instance_url,
            "COLTIVA_HUBSPOT_BASE_URL": office.org.instance_url,
            "COLTIVA_CLOCK_FILE": str(clock_file),
            "COLTIVA_LOG_LEVEL": "error",
        }
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        services = open_services(load_settings())
        services.apply_mapping()
        with services.store.transaction() as transaction:
            transaction.connections.save(office.org_connection(), services.clock.now())
        services.store.close()
        yield office


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), prog_name="coltiva")


def read(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json").stdout)


def test_without_a_worker_the_command_reads_everybody_itself(office: OrgOffice) -> None:
    result = run("backfill")

    assert result.exit_code == 0, result.output
    assert "2 records of type lead, all that there are" in result.output
    assert "1 record of type contact, all that there are" in result.output
    assert office.leads() == 3


def test_a_second_run_finds_everything_done(office: OrgOffice) -> None:
    first, calls = read("backfill"), office.platform.calls.total(office.org.id)

    second = read("backfill")

    assert first == second
    assert [(one["object_type"], one["read"], one["is_complete"]) for one in first] == [
        ("lead", 2, True),
        ("contact", 1, True),
    ]
    assert office.platform.calls.total(office.org.id) == calls


def test_the_status_shows_up_to_when_all_is_known(office: OrgOffice) -> None:
    run("backfill")

    records = read("status")["records"]
    shown = run("status").output

    assert {one["object_type"] for one in records} == {"contact", "lead"}
    assert all(one["complete_to"] for one in records)
    assert "complete up to" in shown


def test_what_cannot_be_read_is_told_with_the_reason(office: OrgOffice) -> None:
    office.org.permissions_of(office.org.integration_user).take_right("Lead", Right.READ)

    result = run("backfill")

    assert result.exit_code == 1
    assert "the records of type lead cannot be read" in result.output
    assert any("Lead" in need for need in read("status")["needs"])
