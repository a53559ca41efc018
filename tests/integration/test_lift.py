"""A person lets a lead be sent messages again."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from connector.cli import app
from connector.domain.conditions.condition import SignalTest
from connector.domain.definitions import SignalSource
from tests.builders import CRM, definitions
from tests.office import SECRET_KEY, Office, changed, sqlite_url


def test_what_stopped_messages_is_lifted_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bounces = definitions(
        "v1", signals=(SignalSource("bounced", CRM, "hs_bounce"),), suppress_on=(SignalTest("bounced"),)
    )
    office = Office(sqlite_url(tmp_path), bounces).open()
    office.crm.records["51"] = {"email": "ada@example.com"}
    office.receive(changed("hs_bounce", "hard")).work()
    assert office.lead().lead.suppressed_by == "bounced"
    monkeypatch.setenv("COLTIVA_DATABASE_URL", sqlite_url(tmp_path))
    monkeypatch.setenv("COLTIVA_SECRET_KEY", SECRET_KEY)

    result = CliRunner().invoke(app, ["lift", "ada@example.com"])
    office.clock.moment = office.lead().lead.position[1].replace(year=2099)
    office.work()

    assert "they had been stopped by bounced" in result.output
    assert office.lead().lead.suppressed_by == ""
    office.close()
