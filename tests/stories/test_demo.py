"""The demo as a newcomer runs it, with a few contacts: real processes, six weeks, one verdict."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

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
    assert (played["contacts"], played["days"]) == (CONTACTS, 42)


def test_both_programs_were_gone_through(played: dict[str, Any]) -> None:
    reached = {(line["program"], line["phase"]): line["reached"] for line in played["funnel"]}

    assert reached["new_contact", "decision"]
    assert reached["lost_customer", "survey"]
    assert {state for line in played["funnel"] for state in line["standing"]} >= {"won", "exited", "running"}


def test_three_leads_are_explained(played: dict[str, Any]) -> None:
    assert len(played["leads"]) == 3
    for shown in played["leads"]:
        assert shown["lead"]["timeline"]
        assert shown["lead"]["scores"][0]["parts"]


def test_no_call_was_refused(played: dict[str, Any]) -> None:
    assert sum(line["failed"] for line in played["calls"]) == 0
    assert sum(line["records"] for line in played["calls"]) > CONTACTS
