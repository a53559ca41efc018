"""A person decides for one lead."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from connector.cli import app
from tests.rehearsal import Rehearsal, rehearsed

ADA = "ada@example.com"


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """Ada read a report and is in the program for new contacts."""
    with rehearsed(tmp_path_factory.mktemp("orders")) as found:
        found.portal.create_contact(ADA, user=None, firstname="Ada")
        found.portal.marketing.submit_form(ADA, "Report 2026", last_report_topic="Energy costs")
        found.let_pass(timedelta(hours=1))
        yield found


@pytest.fixture
def run(rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in rehearsal.environ.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments), prog_name="coltiva")

    return run


def programs(run: Any) -> dict[str, str]:
    """Program -> how it goes in it, as `explain` says."""
    explained = json.loads(run("explain", ADA, "--json").stdout)
    return {each["program"]: each["state"] for each in explained["enrolments"]}


def test_a_lead_is_moved_to_another_program_by_hand(rehearsal: Rehearsal, run: Any) -> None:
    assert programs(run) == {"new_contact": "running"}

    told = run("move", ADA, "new_contact", "lost_customer")
    rehearsal.let_pass(timedelta(hours=1))

    assert "moves from new_contact to lost_customer" in told.output
    assert programs(run) == {"new_contact": "exited", "lost_customer": "running"}


@pytest.mark.parametrize(
    "order",
    [
        ("enrol", ADA, "no_such"),
        ("exit", ADA, "no_such"),
        ("move", ADA, "new_contact", "no_such"),
        ("pause", ADA, "--program", "no_such"),
    ],
    ids=lambda order: order[0],
)
def test_a_program_that_is_not_there_is_named_with_those_that_are(run: Any, order: tuple[str, ...]) -> None:
    refused = run(*order)

    assert refused.exit_code == 2
    assert "There is no program no_such. There are: lost_customer, new_contact." in refused.output


def test_a_lead_that_is_not_there_is_named(run: Any) -> None:
    refused = run("pause", "nobody@example.com")

    assert (refused.exit_code, "There is no lead nobody@example.com." in refused.output) == (2, True)
