"""The demo as a newcomer runs it, with a few contacts: real processes, seven weeks, one verdict."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from connector.demo.both import stage
from connector.demo.both.play import play_both
from connector.demo.both.story import STORY
from connector.demo.cast import ROLES

CONTACTS = len(ROLES)


def play(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "connector", "demo", f"--contacts={CONTACTS}", "--json", *arguments]
    return subprocess.run(
        command, env={**os.environ, **environ}, capture_output=True, text=True, timeout=240, check=False
    )


@pytest.fixture(scope="module")
def played() -> dict[str, Any]:
    # Settings of the person who runs it must neither be used nor touched.
    done = play(COLTIVA_DATABASE_URL="sqlite:////nowhere/real.sqlite", COLTIVA_PORT="1")
    assert done.returncode == 0, done.stderr
    account: dict[str, Any] = json.loads(done.stdout)
    return account


def test_everybody_ends_where_the_programs_demand(played: dict[str, Any]) -> None:
    assert played["differences"] == []
    assert (played["contacts"], played["days"]) == (CONTACTS, 49)


def test_every_way_through_the_three_programs_was_gone(played: dict[str, Any]) -> None:
    ways = {(line["program"], line["phase"]): set(line["ways"]) for line in played["funnel"]}
    ends = {(line["program"], line["phase"]): set(line["standing"]) for line in played["funnel"]}

    assert ways["new_contact", "reading"] == {"newsletter", "film"}
    assert ways["known_contact", "recap"] == {"thanks", "request"}
    assert ways["known_contact", "request"] == {"thanks", "news"}
    assert ways["known_contact", "thanks"] == {"meeting"}
    assert ways["known_contact", "news"] == {"meeting", "abandoned_cart", "new_contact", "welcome"}
    assert ways["lost_customer", "renewal"] == {"benefits", "call"}
    assert ways["lost_customer", "benefits"] == {"reminder", "call"}
    assert ways["lost_customer", "reminder"] == {"survey", "call"}
    assert ways["lost_customer", "survey"] == {"follow_up", "new_contact"}
    assert ends["new_contact", "film"] == {"won", "completed", "exited"}
    assert ends["known_contact", "meeting"] == {"won", "completed"}
    assert ends["lost_customer", "follow_up"] >= {"won", "running"}


def test_lists_and_single_sends_both_sent_what_was_clicked(played: dict[str, Any]) -> None:
    messages = {line["name"]: line for line in played["messages"]}

    assert {name for name, line in messages.items() if line["is_single_send"]} == {"meeting_invitation", "after_survey"}
    assert messages["thank you, energy"]["clicked"]
    assert messages["after_survey"]["clicked"]


def test_sales_was_asked_to_call(played: dict[str, Any]) -> None:
    assert any("looked at our renewal offer" in subject for subject in played["tasks"])
    assert any(subject.startswith("Hot lead: ") for subject in played["tasks"])


def test_three_leads_are_explained(played: dict[str, Any]) -> None:
    assert len(played["leads"]) == 3
    for shown in played["leads"]:
        assert shown["lead"]["timeline"]
        assert shown["lead"]["scores"][0]["parts"]


def test_no_call_was_refused(played: dict[str, Any]) -> None:
    assert sum(line["failed"] for line in played["calls"]) == 0
    assert sum(line["records"] for line in played["calls"]) > CONTACTS


def test_one_person_is_played_through_both_crms_without_a_difference(played: dict[str, Any]) -> None:
    both = played["both_crms"]

    assert both["differences"] == []
    assert [scene["crm"] for scene in both["scenes"]] == ["HubSpot"] * 2 + ["Salesforce"] * 4


def test_both_crms_end_with_the_same_score_phase_and_rep(played: dict[str, Any]) -> None:
    shown = played["both_crms"]["scenes"][-1]["shown"]
    (hubspot,), (salesforce,) = shown["hubspot"], shown["salesforce"]

    for name, value in {"score": 90, "phase": "customer", "owner": "Rita Riva", "record": "contact"}.items():
        assert hubspot[name] == salesforce[name] == value


def test_coltiva_says_what_it_did_about_each_step(played: dict[str, Any]) -> None:
    answers = [", ".join(scene["answers"]) for scene in played["both_crms"]["scenes"]]

    for told, expected in zip(
        answers,
        ("begins the program", "moves her on", "same person", "gives her to Rita", "go on as the contact", "ends the"),
        strict=True,
    ):
        assert expected in told


def test_a_mapping_that_does_something_else_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "mapping"
    shutil.copytree(stage.MAPPINGS, other)
    file = other / "workspace.yaml"
    file.write_text(file.read_text("utf-8").replace("on: bought, points: 25", "on: bought, points: 24"), "utf-8")
    monkeypatch.setattr(stage, "MAPPINGS", other)
    (tmp_path / "stage").mkdir()

    with stage.staged(tmp_path / "stage") as played_on:
        played = play_both(played_on, 0)

    assert played.differences == tuple(
        f"after “{STORY[-1].what}”: {crm}: score must be “90”, not “89.0”" for crm in ("HubSpot", "Salesforce")
    )
