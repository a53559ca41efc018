"""A lead that came while its connection is paused, as people look for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from connector.cli import app
from tests.rehearsal import Rehearsal, rehearsed

EVE = "eve@example.com"


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """HubSpot refuses the token, and then Eve is added there."""
    with rehearsed(tmp_path_factory.mktemp("waiting")) as found:
        with found.services.store.transaction() as transaction:
            (connection,) = transaction.connections.all()
            transaction.connections.pause(connection.id, "HubSpot no longer accepts the access token (401).")
        found.portal.create_contact(EVE, user=None, firstname="Eve")
        found.catch_up()
        yield found


@pytest.fixture
def run(rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in rehearsal.environ.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(app, list(arguments), prog_name="coltiva")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        return result

    return run


@pytest.mark.parametrize("who", [EVE, "EVE@example.com", "541935000001"])
def test_a_lead_that_waits_behind_a_pause_is_known_and_says_what_it_waits_for(run: Any, who: str) -> None:
    result = run("explain", who)

    shown = " ".join(result.output.split())
    assert result.exit_code == 0
    assert "Known, but not read from the CRM yet: hubspot:62515001 is paused: HubSpot no longer" in shown
    assert "With a good token: coltiva connect hubspot" in shown
    assert json.loads(run("explain", who, "--json").stdout)["unread_because"]


def test_somebody_else_may_be_among_those_who_wait(run: Any) -> None:
    result = run("explain", "nobody@example.com")

    assert result.exit_code == 2
    assert "1 lead still to be read may be it" in result.output


def test_the_list_of_leads_says_who_was_not_read_yet(run: Any) -> None:
    assert "not read from the CRM yet" in run("leads").output
