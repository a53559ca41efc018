"""A simulated org and our doors understand one another, over real HTTP."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from app import build_app
from connector.crms.salesforce.events_inbox import SignedEvents
from connector.crms.salesforce.outbound import OutboundMessages
from connector.ports import CrmEvent, EventKind, Store
from connector.sandbox.clock import SandboxClock
from connector.sandbox.faults import Fault, WebhookFault
from connector.sandbox.salesforce.platform import Platform
from connector.sandbox.server import create_server
from tests.door import RememberingStore
from tests.org_door import SECRET
from webhooks.door import Door
from webhooks.refusals import Refusals

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
OBJECTS = frozenset({"Lead", "Contact"})


class World:
    """An org that tells us in both ways, and what we kept of it."""

    def __init__(self) -> None:
        self.platform = Platform(clock=SandboxClock(START))
        self.org = self.platform.create_org()
        self.store = RememberingStore()
        self.connected = {self.org.id}
        outbound = OutboundMessages(lambda org, now: org in self.connected)
        events = SignedEvents(lambda org, now: (SECRET,) if org in self.connected else ())
        self.endpoints = {outbound.name: outbound, events.name: events}
        store = cast(Store, self.store)
        door = Door(self.endpoints, store, cast(Any, self.platform.clock), Refusals(store, flush_seconds=3600))
        self.server = create_server(build_app(door))
        url = f"http://127.0.0.1:{self.server.server_port}/webhooks"
        for name in sorted(OBJECTS):
            self.platform.outbound.add(self.org, name, f"{url}/{outbound.name}")
        self.platform.signed_events.add(self.org, f"{url}/{events.name}", base64.b64decode(SECRET), OBJECTS)

    def heard(self, endpoint: str) -> list[CrmEvent]:
        """Everything that came through one of the doors."""
        bodies = [one.body for one in self.store.kept if one.endpoint == f"salesforce/{endpoint}"]
        parsed = [self.endpoints[f"salesforce/{endpoint}"].parse(body) for body in bodies]
        assert not any(one.unreadable for one in parsed)
        return [event for one in parsed for event in one.events]


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    thread = threading.Thread(target=world.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield world
    world.server.shutdown()
    thread.join()
    world.server.server_close()
    world.platform.stop()


def test_what_is_told_in_both_ways_is_the_same_event(world: World) -> None:
    ids = [world.org.people.create_lead(f"lead{number}@example.com") for number in range(130)]
    ids.append(world.org.people.create_contact("contact@example.com"))

    sent = world.platform.flush()

    assert all(one.is_accepted for one in sent)
    assert {event.ref.record_id for event in world.heard("outbound")} == set(ids)
    assert {event.key for event in world.heard("outbound")} == {event.key for event in world.heard("events")}
    assert world.platform.outbound.pending == 0


def test_a_message_is_sent_again_until_it_is_durable(world: World) -> None:
    world.org.people.create_lead("ana@example.com")
    world.store.is_away = True
    refused = world.platform.flush()
    world.store.is_away = False

    world.platform.advance(timedelta(minutes=5))

    assert [one.status for one in refused if "outbound" in one.url] == [503]
    assert len(world.heard("outbound")) == 1
    assert world.platform.outbound.pending == 0


def test_an_org_that_is_connected_within_a_day_has_lost_no_message(world: World) -> None:
    world.connected.clear()
    world.org.people.create_lead("ana@example.com")
    refused = world.platform.flush()

    world.connected.add(world.org.id)
    world.platform.advance(timedelta(hours=3))

    assert sorted(one.status or 0 for one in refused) == [401, 403]
    assert len(world.heard("outbound")) == 1


def test_a_message_that_comes_twice_is_one_event(world: World) -> None:
    world.platform.faults.add(Fault(WebhookFault.DUPLICATED, times=2))
    world.org.people.create_lead("ana@example.com")
    world.platform.flush()

    world.platform.advance(timedelta(hours=1))

    assert len(world.store.kept) > 2
    assert len({event.key for name in ("outbound", "events") for event in world.heard(name)}) == 1


def test_a_merge_is_heard_with_who_lives_on(world: World) -> None:
    winner, loser = (world.org.people.create_lead(f"{name}@example.com") for name in ("ana", "ana.silva"))
    world.platform.flush()
    world.store.kept.clear()

    world.org.people.merge(winner, loser)
    world.platform.flush()

    (merge,) = (event for event in world.heard("events") if event.kind is EventKind.MERGED)
    assert (merge.ref.record_id, [one.record_id for one in merge.merged]) == (winner, [loser])
    assert {event.kind for event in world.heard("events")} == {EventKind.MERGED, EventKind.HINTED}


def test_a_deletion_and_its_undoing_are_heard(world: World) -> None:
    lead = world.org.people.create_lead("ana@example.com")
    world.org.people.delete(lead)
    world.org.people.undelete(lead)

    world.platform.flush()

    kinds = [event.kind for event in world.heard("events")]
    assert kinds == [EventKind.HINTED, EventKind.DELETED, EventKind.RESTORED, EventKind.HINTED]


def test_who_did_it_is_heard(world: World) -> None:
    world.org.people.create_lead("ana@example.com", user=world.org.integration_user)

    world.platform.flush()

    assert {event.by for event in world.heard("events")} == {world.org.integration_user}
