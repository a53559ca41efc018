"""HubSpot fails three calls in ten; in the end it holds everything, and every task and note once."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.domain.outward.change import ChangeState
from connector.sandbox.faults import ApiFault, Fault
from tests.stories.stage import Event, Stage, acme_files, on_stage, portal_state

CONTACTS = 120
WEEKS = timedelta(days=28)

#: Of every hundred calls: some answered by an error before or after they were done, some by nothing at all.
TROUBLE = (
    (ApiFault.STATUS, 0.06, 429),
    (ApiFault.STATUS, 0.06, 500),
    (ApiFault.STATUS, 0.03, 503),
    (ApiFault.DROPPED_BEFORE, 0.05, 500),
    (ApiFault.DROPPED_AFTER, 0.05, 500),
    (ApiFault.STATUS_AFTER, 0.05, 502),
    (ApiFault.HALF_DONE, 0.05, 500),
)


def live(stage: Stage) -> list[Event]:
    """Each contact reads three reports and comes to events until it is hot."""
    dice = random.Random(5)
    for number in range(CONTACTS):
        contact_id = stage.portal.create_contact(
            f"lead{number}@example.com", user=None, industry="MACHINERY", numemployees="100-500", company="Example Ltd"
        )
        for step in range(dice.randrange(2, 5)):
            stage.clock.advance(timedelta(seconds=dice.randrange(1, 20)))
            stage.portal.set_property(contact_id, "last_report_topic", f"topic {step}")
            stage.portal.set_property(contact_id, "events_attended", str(step + 1))
    return stage.webhooks.take()


def play(stage: Stage, trouble: Sequence[tuple[ApiFault, float, int]] = ()) -> None:
    """What happened arrives piece by piece; then some weeks pass."""
    events = live(stage)
    stage.connect(acme_files())
    for kind, probability, status in trouble:
        stage.sandbox.faults.add(Fault(kind, probability, status=status))
    for start in range(0, len(events), 50):
        stage.deliver(events[start : start + 50])
        stage.let_pass(timedelta(minutes=3), step=timedelta(minutes=1))
    stage.let_pass(timedelta(hours=1), step=timedelta(minutes=2))
    stage.let_pass(WEEKS, step=timedelta(days=1))
    stage.let_pass(timedelta(hours=2), step=timedelta(minutes=2))


def outbox(stage: Stage) -> Mapping[str, int]:
    with stage.store.reading() as transaction:
        return Counter(one.state for one in transaction.outbox.list(None, tuple(ChangeState), 1_000_000))


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """What the portal holds when nothing goes wrong."""
    with on_stage(tmp_path_factory.mktemp("calm") / "stage") as stage:
        play(stage)
        return portal_state(stage.portal, stage.portal.contact_ids())


def test_everything_arrives_though_three_calls_in_ten_fail(tmp_path: Path, calm: Mapping[str, Any]) -> None:
    with on_stage(tmp_path / "stage") as stage:
        play(stage, TROUBLE)

        struck = sum(fault.struck for fault in stage.sandbox.faults.faults)
        assert 0.2 < struck / stage.sandbox.calls.total() < 0.4
        assert set(outbox(stage)) <= {ChangeState.DONE, ChangeState.WITHDRAWN}
        assert portal_state(stage.portal, stage.portal.contact_ids()) == calm
        keys = Counter(one["coltiva_key"] for one in (*stage.portal.tasks(), *stage.portal.notes()))
        assert len(keys) >= CONTACTS
        assert set(keys.values()) == {1}
