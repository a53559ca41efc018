"""What is written to CRMs can be read on narrow and on wide screens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.cli.outbox import print_changes
from connector.domain.ids import ConnectionId, LeadId, WorkspaceId
from connector.domain.outward.change import ChangeKind, ChangeState
from connector.ports import OutboxChange

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
WRITTEN = OutboxChange(
    id=41207,
    workspace=WorkspaceId("acme"),
    connection_id=ConnectionId("salesforce:00D"),
    lead_id=LeadId("L1"),
    record_id="00Q000000000001AAA",
    kind=ChangeKind.PROPERTIES,
    key="",
    state=ChangeState.ATTEMPTED,
    wanted={"coltiva__Engagement_Score__c": "55", "coltiva__Reasons__c": "+30 asked for a demonstration [fair]"},
    written={},
    act=None,
    due_at=NOW - timedelta(minutes=3),
    attempts=1,
    version=1,
    words="[busy] try again",
)


def printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(width))
    later = replace(WRITTEN, id=9, record_id="51", wanted={"coltiva_score": "7"}, words="")

    print_changes([WRITTEN, later], NOW, nothing="")

    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


def test_on_a_narrow_screen_what_is_written_has_lines_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert printed(monkeypatch, capsys, 80) == [
        "id     kind        state      due        tries  record",
        "41207  properties  attempted  3 min ago  1      00Q000000000001AAA",
        "    coltiva__Engagement_Score__c = 55",
        "    coltiva__Reasons__c = +30 asked for a demonstration [fair]",
        "    » [busy] try again",
        "9      properties  attempted  3 min ago  1      51",
        "    coltiva_score = 7",
    ]


def test_on_a_wide_screen_it_stands_beside_the_rest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = printed(monkeypatch, capsys, 120)

    assert lines[0].split() == ["id", "kind", "state", "due", "tries", "record", "what"]
    assert lines[1].split()[-3:] == ["coltiva__Engagement_Score__c", "=", "55"]
    assert lines[-1].endswith("51                  coltiva_score = 7")
