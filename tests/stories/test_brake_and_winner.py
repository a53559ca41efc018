"""A marketer imports too many leads at once, and lets the better subject line win."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from connector.cli import app
from tests.rehearsal import MAPPINGS, Rehearsal, rehearsed

INVITATION = """\
format: 1
programs:
  invitation:
    enrol: report_read
    brake: {enrolments: 2, per: 1h}
    phases:
      one:
        activities:
          subject:
            split:
              short: {share: 1, activities: {short_one: {send: {note: Come}, answered: email_clicked, within: 30d}}}
              long:  {share: 1, activities: {long_one: {send: {note: Do come}, answered: email_clicked, within: 30d}}}
            winner: {at_least: 200}
"""


@pytest.fixture
def rehearsal(tmp_path: Path) -> Iterator[Rehearsal]:
    """ACME with an invitation into which two leads an hour enter."""
    (tmp_path / "place").mkdir()
    shutil.copytree(MAPPINGS, tmp_path / "mappings", ignore=shutil.ignore_patterns("tests"))
    (tmp_path / "mappings" / "invitation.yaml").write_text(INVITATION)
    with rehearsed(tmp_path / "place") as found:
        settings = replace(found.services.settings, mappings=tmp_path / "mappings")
        replace(found.services, settings=settings).apply_mapping()
        for name in ("ada", "bruno", "carla", "dino"):
            found.portal.create_contact(f"{name}@example.com", user=None, firstname=name.title())
        found.let_pass(timedelta(hours=1))
        yield found


@pytest.fixture
def run(rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in rehearsal.environ.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments), prog_name="coltiva")

    return run


def import_all(rehearsal: Rehearsal) -> None:
    for name in ("ada", "bruno", "carla", "dino"):
        rehearsal.portal.marketing.submit_form(f"{name}@example.com", "Report 2026", last_report_topic="Energy costs")
        rehearsal.catch_up()
    rehearsal.let_pass(timedelta(hours=3))


def listed(run: Any) -> dict[str, Any]:
    programs = json.loads(run("programs", "list", "--json").stdout)["programs"]
    return next({key: each[key] for key in ("open", "waiting")} for each in programs if each["program"] == "invitation")


def test_of_an_import_as_many_enter_as_the_brake_lets_in_and_a_person_is_asked(rehearsal: Rehearsal, run: Any) -> None:
    import_all(rehearsal)

    status = run("status")

    assert listed(run) == {"open": 2, "waiting": 2}
    assert status.exit_code == 1
    assert "2 leads waiting to enter invitation: coltiva programs admit invitation" in " ".join(status.output.split())


@pytest.mark.parametrize(
    ("word", "told", "open_"), [("admit", "2 leads may enter", 4), ("refuse", "2 leads stay outside", 2)]
)
def test_a_person_decides_for_those_who_wait(rehearsal: Rehearsal, run: Any, word: str, told: str, open_: int) -> None:
    import_all(rehearsal)

    answered = run("programs", word, "invitation")
    rehearsal.catch_up()

    assert answered.output == f"{told}: invitation.\n"
    assert listed(run) == {"open": open_, "waiting": 0}
    assert run("programs", word, "invitation").output == "Nobody waits to enter invitation.\n"


def test_who_is_admitted_while_the_program_stands_still_enters_when_it_goes_on(rehearsal: Rehearsal, run: Any) -> None:
    import_all(rehearsal)
    rehearsal.let_pass(timedelta(minutes=1))
    run("programs", "pause", "invitation")

    answered = run("programs", "admit", "invitation")
    rehearsal.catch_up()
    while_still = listed(run)
    run("programs", "resume", "invitation")
    rehearsal.catch_up()

    assert answered.output == "2 leads may enter: invitation, as soon as it goes on.\n"
    assert (while_still, listed(run)) == ({"open": 2, "waiting": 0}, {"open": 4, "waiting": 0})


def test_of_a_lead_behind_the_brake_explain_says_so_and_what_lets_it_in(rehearsal: Rehearsal, run: Any) -> None:
    import_all(rehearsal)

    names = ("ada", "bruno", "carla", "dino")
    told = [" ".join(run("explain", f"{name}@example.com").output.split()) for name in names]

    waiting = [page for page in told if "invitation waits for a person since" in page]
    assert len(waiting) == 2
    assert all("more than 2 leads in an hour would enter" in page for page in waiting)
    assert all("coltiva programs admit invitation" in page for page in waiting)


def test_whoever_looks_sees_what_came_of_each_way_and_why_nothing_is_decided(rehearsal: Rehearsal, run: Any) -> None:
    import_all(rehearsal)

    (found,) = json.loads(run("programs", "results", "invitation", "--json").stdout)["splits"]

    assert (found["split"], sum(way["entered"] for way in found["ways"])) == ("one.subject", 2)
    assert found["verdict"].startswith("open: not before 2026-09-14")
    assert "open: not before 2026-09-14" in " ".join(run("programs", "results").output.split())


def test_a_person_lets_one_subject_line_win_and_takes_it_back(rehearsal: Rehearsal, run: Any) -> None:
    decided = run("programs", "split", "invitation", "subject", "--winner", "short", "--because", "it reads better")
    (found,) = json.loads(run("programs", "results", "invitation", "--json").stdout)["splits"]
    reopened = run("programs", "split", "invitation", "subject", "--reopen")

    assert decided.output == "invitation: everybody who comes to subject from now on goes by short.\n"
    assert found["verdict"].startswith("decided: short since ")
    assert found["verdict"].endswith(": it reads better")
    assert reopened.output == "invitation: at subject chance decides again.\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["invitation", "subjct", "--reopen"], "invitation has no split subjct. There are: one.subject."),
        (["invitation", "subject", "--winner", "shrt"], "The split subject has no way shrt. There are: short, long."),
        (["invitation", "subject"], "Write --winner and a way, or --reopen."),
        (["no_such", "subject", "--reopen"], "There is no program no_such."),
    ],
    ids=["split", "way", "nothing", "program"],
)
def test_a_mistaken_decision_decides_nothing(run: Any, arguments: list[str], words: str) -> None:
    refused = run("programs", "split", *arguments)

    assert refused.exit_code == 2
    assert words in " ".join(refused.output.split())
