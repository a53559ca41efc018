"""Webhooks come twice, late and out of order; what they lead to is the same."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connector.domain.outward.change import ACTS, ChangeKind, ChangeState
from connector.engine.telling.replay import to_bytes
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.vocabulary import milliseconds
from tests.stories.stage import ACME, MONDAY, Event, Stage, acme_files, on_stage, portal_state

CONTACTS = 300
DISTINCT = 8_334
DUPLICATED = 1_666
AT_ONCE = 250
#: Less than the mapping lets acts wait, so that none leaves on a wrong verdict.
MOST_DELAY = timedelta(minutes=5)
SETTLE = "settle: 10m"
EVENING = MONDAY + timedelta(hours=16)
AFTERWARDS = timedelta(days=21)


# --- what people do -----------------------------------------------------------------------------------------


def live(stage: Stage) -> list[Event]:
    """Half a day in the portal, the same each time; the webhooks it sets off, in order."""
    dice = random.Random(7)
    ids: list[str] = []
    while len(stage.webhooks.events) < DISTINCT:
        stage.clock.advance(timedelta(milliseconds=dice.randrange(500, 6_000)))
        if len(ids) < CONTACTS:
            ids.append(new_contact(stage.portal, dice, len(ids)))
        else:
            act(stage.portal, dice, dice.choice(ids), stage.clock.now())
    return stage.webhooks.take()[:DISTINCT]


def new_contact(portal: Portal, dice: random.Random, number: int) -> str:
    properties = {
        "firstname": f"Lead {number}",
        "industry": dice.choice(["COMPUTER_SOFTWARE", "MACHINERY", "BANKING"]),
        "jobtitle": dice.choice(["Plant manager", "Engineer", "Director"]),
        "country": dice.choice(["Italy", "France"]),
    }
    if dice.random() < 0.8:
        properties["company"] = "Example Ltd"
    if dice.random() < 0.3:
        properties |= {"lifecyclestage": "customer", "renewal_date": dice.choice(["2026-09-30", "2026-12-31"])}
    return portal.create_contact(f"lead{number}@example.com", user=None, **properties)


def act(portal: Portal, dice: random.Random, contact_id: str, now: datetime) -> None:
    moment = str(milliseconds(now))
    name, value = dice.choice(
        [
            ("last_report_topic", f"topic {dice.randrange(1_000)}"),
            ("hs_email_last_click_date", moment),
            ("hs_email_last_open_date", moment),
            ("hs_email_last_open_date", moment),
            ("events_attended", str(dice.randrange(1_000))),
            ("industry", dice.choice(["COMPUTER_SOFTWARE", "MACHINERY", "BANKING"])),
            ("jobtitle", dice.choice(["Plant manager", "Engineer", "Director"])),
            ("hs_email_last_reply_date", moment),
        ]
    )
    portal.set_property(contact_id, name, value)


# --- how it arrives -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Arrival:
    """A webhook event and when it comes."""

    at: datetime
    event: Event


def in_order(events: Sequence[Event]) -> list[Arrival]:
    """Each once, when it happened."""
    return [Arrival(happened_at(event), event) for event in events]


def shuffled(events: Sequence[Event]) -> list[Arrival]:
    """A fifth of them twice, each copy late by up to some minutes."""
    dice = random.Random(11)
    copies = [
        {**event, "eventId": dice.randrange(1, 2**32), "attemptNumber": 1} for event in dice.sample(events, DUPLICATED)
    ]
    arrivals = [Arrival(happened_at(event) + dice.random() * MOST_DELAY, event) for event in (*events, *copies)]
    return sorted(arrivals, key=lambda arrival: arrival.at)


def happened_at(event: Event) -> datetime:
    return datetime.fromtimestamp(event["occurredAt"] / 1000, UTC)


def play(stage: Stage, arrivals: Sequence[Arrival], *, echoes_late: bool) -> None:
    """They arrive in their order, with the echoes of what we write meanwhile."""
    dice = random.Random(13)
    late: list[Event] = []
    for start in range(0, len(arrivals), AT_ONCE):
        batch = arrivals[start : start + AT_ONCE]
        stage.clock.set(max(stage.clock.now(), batch[-1].at))
        echoes = stage.webhooks.take()
        now, late = (late, echoes) if echoes_late else (echoes, [])
        mixed = [*(arrival.event for arrival in batch), *now]
        stage.deliver(dice.sample(mixed, len(mixed)) if echoes_late else mixed)
        stage.work()
    stage.deliver(late)
    stage.let_pass(EVENING - stage.clock.now(), step=timedelta(minutes=5))
    stage.let_pass(AFTERWARDS, step=timedelta(days=1))


# --- what comes of it ---------------------------------------------------------------------------------------


def outcome(stage: Stage) -> Mapping[str, Any]:
    """Every lead's state to the byte, its timeline, and all that was written."""
    models = stage.store.read_models
    leads = models.leads(ACME, CONTACTS + 1)
    with stage.store.reading() as transaction:
        changes = transaction.outbox.list(None, tuple(ChangeState), 1_000_000)
    return {
        "leads": {lead.id: to_bytes(lead.lead) for lead in leads},
        "history": {lead.id: models.history(ACME, lead.id) for lead in leads},
        "acts": sorted(
            (one.key, one.record_id, one.kind, one.state, repr(one.act))
            for one in changes
            if one.kind in ACTS and one.state is not ChangeState.WITHDRAWN
        ),
        "properties": sorted(
            (one.record_id, one.state, sorted(one.written.items()))
            for one in changes
            if one.kind is ChangeKind.PROPERTIES
        ),
        "members": sorted(
            (one.record_id, one.key, one.state)
            for one in changes
            if one.kind is ChangeKind.MEMBERSHIP and one.wanted["member"] == "true"
        ),
        "portal": portal_state(stage.portal, stage.portal.contact_ids()),
    }


def test_a_stream_that_comes_twice_late_and_out_of_order_ends_as_the_clean_one(tmp_path: Path) -> None:
    with on_stage(tmp_path / "clean") as stage:
        events = live(stage)
        stage.clock.set(happened_at(events[0]))
        play(stage.connect(acme_files(settle=SETTLE)), in_order(events), echoes_late=False)
        clean, clean_counts = outcome(stage), counts(stage)

    with on_stage(tmp_path / "shuffled") as stage:
        assert live(stage) == events
        stage.clock.set(happened_at(events[0]))
        arrivals = shuffled(events)
        play(stage.connect(acme_files(settle=SETTLE)), arrivals, echoes_late=True)
        disorderly, disorderly_counts = outcome(stage), counts(stage)

    assert len(arrivals) == 10_000
    assert disorderly_counts["intake.duplicates"] > 1_000
    assert min(clean_counts["intake.echoes"], disorderly_counts["intake.echoes"]) > 1_000
    assert len(clean["acts"]) > 100
    for part in clean:
        assert disorderly[part] == clean[part], part


def counts(stage: Stage) -> Mapping[str, int]:
    with stage.store.reading() as transaction:
        return transaction.counts.all()
