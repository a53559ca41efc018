"""`coltiva sales` and what `coltiva explain` says of a lead with sales."""

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

MAPPING = """\
format: 1
workspace: acme
timezone: Europe/Rome
fields:
  email: {hubspot: email, identity: true}
  owner: {hubspot: hubspot_owner_id, owner: true}
signals:
  report_read: {hubspot: {when_changed: last_report_topic}}
sales:
  teams:
    inbound:
      reps:
        anna: {hubspot: "1100002"}
        ben:  {hubspot: "1100003", away: 2026-09-01 to 2026-09-30}
  hand_over:
    hot:
      when: {did: report_read}
      untouched: {within: 4h, touched_by: {changed: owner}, then: anna}
      nurturing: continue
"""
ADA = "ada@example.com"


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """Ada read a report, and anna was given her."""
    folder: Path = tmp_path_factory.mktemp("sales")
    (folder / "mapping").mkdir()
    (folder / "mapping" / "mapping.yaml").write_text(MAPPING, "utf-8")
    with rehearsed(folder, folder / "mapping") as found:
        for name in ("anna", "ben"):
            found.portal.add_owner(f"{name}@example.com", name.title(), "")
        contact_id = found.portal.create_contact(ADA, user=None)
        found.portal.set_property(contact_id, "last_report_topic", "Energy")
        found.let_pass(timedelta(hours=1))
        yield found


@pytest.fixture
def run(rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in rehearsal.environ.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments), prog_name="coltiva")

    return run


def test_sales_tells_who_has_what_and_who_was_given_what(run: Any) -> None:
    told = run("sales")

    assert told.exit_code == 0
    for words in ("anna", "away", "assigned", "the next in turn"):
        assert words in told.output
    assert told.output.count(ADA) == 2, "in hand, and among what was given lately"
    assert all(title in told.output for title in ("Reps", "In hand", "Given lately"))


def test_sales_prints_json(run: Any) -> None:
    found = json.loads(run("sales", "--json").stdout)

    assert [(rep["rep"], rep["given"], rep["in_hand"], rep["is_away"]) for rep in found["reps"]] == [
        ("anna", 1, 1, False),
        ("ben", 0, 0, True),
    ]
    assert [(one["email"], one["hand_over"], one["rep"]) for one in found["in_hand"]] == [(ADA, "hot", "anna")]
    assert [one["assignment"]["rep"] for one in found["assignments"]] == ["anna"]


def test_every_assignment_is_computed_again(run: Any) -> None:
    told = run("sales", "--verify")

    assert (told.exit_code, told.output) == (
        0,
        "1 assignment computed again: every one follows from the one before it.\n",
    )
    assert json.loads(run("sales", "--verify", "--json").stdout) == {"checked": 1, "differing": []}


def test_explain_says_to_whom_a_lead_was_given_and_why_to_nobody_else(run: Any) -> None:
    told = run("explain", ADA).output
    (hand_over,) = json.loads(run("explain", ADA, "--json").stdout)["hand_overs"]

    assert "given to anna: the next in turn" in told
    assert "ben is away" in told
    assert (hand_over["state"], hand_over["rep"]) == ("assigned", "anna")
    assert {one["rep"]: one["excluded"] for one in hand_over["choices"][0]["candidates"]} == {
        "anna": "",
        "ben": "is away",
    }


def test_a_program_that_hands_over_is_drawn_with_where_it_leads(tmp_path: Path, run: Any) -> None:
    phases = "phases: {a: {activities: {n: {send: {note: Hi}}}, all_answered: {sales: hot}}}"
    (tmp_path / "m.yaml").write_text(f"{MAPPING}programs:\n  p: {{enrol: report_read, {phases}}}\n", "utf-8")

    told = run("programs", "show", "p", "--mappings", str(tmp_path), "--mermaid").output

    assert "sales, by hot" in told
