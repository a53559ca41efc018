"""A marketer finds a wrong link, stops a program, mends it and lets everybody go on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from connector.cli import app
from tests.rehearsal import Rehearsal, rehearsed

ADA = "ada@example.com"
DAY = timedelta(days=1)


@pytest.fixture
def rehearsal(tmp_path: Path) -> Iterator[Rehearsal]:
    """Ada read a report, and is thanked by a list on which HubSpot's email hangs."""
    with rehearsed(tmp_path) as found:
        found.portal.create_contact(ADA, user=None, firstname="Ada")
        found.catch_up()
        yield found


@pytest.fixture
def run(rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in rehearsal.environ.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments), prog_name="coltiva")

    return run


def read_a_report(rehearsal: Rehearsal) -> None:
    rehearsal.portal.marketing.submit_form(ADA, "Report 2026", last_report_topic="Energy costs")


def sent(run: Any) -> list[str]:
    """What left for Ada, as the timeline tells it."""
    timeline = json.loads(run("explain", ADA, "--json").stdout)["timeline"]
    return [each["what"] for each in timeline if each["kind"] == "sent"]


def place(run: Any) -> dict[str, Any]:
    """Where Ada stands in the program."""
    (enrolment,) = json.loads(run("explain", ADA, "--json").stdout)["enrolments"]
    return {name: enrolment[name] for name in ("phase", "state")}


def test_while_a_program_stands_still_weeks_pass_and_nothing_is_sent(rehearsal: Rehearsal, run: Any) -> None:
    read_a_report(rehearsal)
    rehearsal.let_pass(timedelta(hours=1))
    before, stood = sent(run), place(run)

    told = run("programs", "pause", "new_contact", "--because", "wrong link")
    rehearsal.let_pass(30 * DAY)

    assert told.output == "new_contact stands still.\n"
    assert (sent(run), place(run)) == (before, stood)


def test_after_the_pause_everything_comes_as_much_later_as_the_pause_was_long(rehearsal: Rehearsal, run: Any) -> None:
    read_a_report(rehearsal)
    rehearsal.let_pass(timedelta(hours=1))
    before = sent(run)
    run("programs", "pause", "new_contact")
    rehearsal.let_pass(28 * DAY)

    told = run("programs", "resume", "new_contact")
    rehearsal.let_pass(2 * DAY)
    two_days_later = sent(run)
    rehearsal.let_pass(1 * DAY)

    assert told.output == "new_contact goes on.\n"
    assert two_days_later == before
    assert sent(run) == [*before, "new_contact sent second_read, by list second_read"]


def test_whoever_looks_sees_what_stands_still_since_when_by_whom_and_why(
    rehearsal: Rehearsal, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connector.cli.standstill.who", lambda: "ada")

    run("programs", "pause", "--all", "--because", "the trade fair")
    listed, status = run("programs", "list"), run("status")

    assert listed.output.count("still since Mon 7 Sep 2026 10:00, by ada: the trade fair") == 2
    assert "To go on: coltiva programs resume --all" in " ".join(status.output.split())


def test_a_single_program_does_not_go_on_while_everything_stands_still(rehearsal: Rehearsal, run: Any) -> None:
    run("programs", "pause", "--all")

    told = run("programs", "resume", "new_contact")

    assert told.output == "Everything stands still, this program too. To let it go on: coltiva programs resume --all\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["no_such"], "There is no program no_such. There are: lost_customer, new_contact."),
        ([], "Name a program, or write --all."),
        (["new_contact", "--all"], "Name a program, or write --all."),
    ],
    ids=["unknown", "nothing", "both"],
)
def test_a_mistaken_order_stops_nothing(run: Any, arguments: list[str], words: str) -> None:
    refused = run("programs", "pause", *arguments)

    assert refused.exit_code == 2
    assert words in " ".join(refused.output.split())
    assert not any(each["is_paused"] for each in json.loads(run("programs", "list", "--json").stdout)["programs"])


def test_what_is_ordered_twice_is_done_once(run: Any) -> None:
    run("programs", "pause", "new_contact")

    assert run("programs", "pause", "new_contact").output == "new_contact stands still already.\n"
    assert run("programs", "resume", "new_contact").output == "new_contact goes on.\n"
    assert run("programs", "resume", "new_contact").output == "new_contact was not paused.\n"
