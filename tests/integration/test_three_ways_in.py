"""An org may tell of its changes in three ways: each alone gives the same facts, and all together no more than one."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

pytest.importorskip("grpc", reason="the extra salesforce-cdc is not installed")
pytest.importorskip("fastavro", reason="the extra salesforce-cdc is not installed")

from app import build_app
from connector.crms.salesforce.changes_inbox import ChangeEvents
from connector.crms.salesforce.events_inbox import SignedEvents
from connector.crms.salesforce.oauth import App, OAuth
from connector.crms.salesforce.org import SalesforceOrg
from connector.crms.salesforce.outbound import OutboundMessages
from connector.domain.book import compile_book
from connector.domain.fact import Fact, FactKind, RecordName
from connector.domain.ids import LeadId
from connector.domain.records.sources import CompanionEvent, CompanionKind, CompanionSource
from connector.domain.traits.deal import DealSource, Stages
from connector.engine.inward import intake
from connector.engine.inward.intake import IntakeResult
from connector.engine.judging.shelf import Shelf
from connector.engine.running.calls import Calls
from connector.engine.running.line import Tools
from connector.engine.running.tokens import StoredToken
from connector.ports import Connection, Endpoint, StoredBook
from connector.sandbox.server import create_server
from tests.builders import definitions
from tests.listening import START, Hall
from tests.office import ACME, FakeClock
from tests.org_door import SECRET
from tests.two_crms import FIELDS
from webhooks.door import Door
from webhooks.refusals import Refusals

WAYS = ("changes", "outbound", "events")
OBJECTS = frozenset({"Lead", "Contact"})
#: Roles are told by no outbound message: there is no such rule for them. What nothing tells is asked for.
BESIDE = frozenset({"Opportunity", "CampaignMember", "Task"})


class World(Hall):
    """An org that tells in some of the ways, and the engine that takes it in and reads."""

    def __init__(self, folder: Path, ways: tuple[str, ...], **parts: Any) -> None:
        super().__init__(folder)
        self.told_of = OBJECTS | (BESIDE if parts else frozenset())
        self.ways = ways
        self.time = FakeClock(START)
        self.endpoints: dict[str, Endpoint] = {
            one.name: one
            for one in (
                ChangeEvents(),
                OutboundMessages(lambda org, now: org == self.org.id),
                SignedEvents(lambda org, now: (SECRET,) if org == self.org.id else ()),
            )
        }
        book = compile_book(definitions("v1", fields=FIELDS, signals=(), **parts))
        with self.store.transaction() as transaction:
            transaction.books.add(ACME, StoredBook("v1", {}, START))
        self.shelf = Shelf(self.store, lambda _: book)
        backoff = lambda attempts: timedelta(seconds=1)  # noqa: E731
        tools = Tools(self.store, self.time, self.open_crm, backoff, "w1", timedelta(seconds=60))
        self.calls = Calls(tools, self.shelf)

    def open_crm(self, connection: Connection) -> SalesforceOrg:
        keeper = StoredToken(self.store, self.time, connection.id)
        oauth = OAuth(App(self.app.client_id, self.app.client_secret), self.time, self.login)
        return SalesforceOrg(connection.token, keeper, oauth, self.time)

    @contextmanager
    def telling(self) -> Iterator[World]:
        """The org tells, and we hear."""
        door = Door(self.endpoints, self.store, cast(Any, self.org.clock), Refusals(self.store, flush_seconds=3600))
        server = create_server(build_app(door))
        url = f"http://127.0.0.1:{server.server_port}/webhooks/salesforce"
        if "outbound" in self.ways:
            for name in sorted(self.told_of):
                self.platform.outbound.add(self.org, name, f"{url}/outbound")
        if "events" in self.ways:
            self.platform.signed_events.add(self.org, f"{url}/events", base64.b64decode(SECRET), self.told_of)
        if "changes" in self.ways:
            self.begin()
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            self.close()

    def settle(self) -> IntakeResult:
        """Everything that the org told is taken in and read; then half a minute passes."""
        assert all(one.is_accepted for one in self.platform.flush())
        if "changes" in self.ways:
            self.until(lambda: self.state().place == self.bus.newest())
        self.time.moment = self.org.clock.now() + timedelta(seconds=10)
        total = IntakeResult()
        while True:
            result = intake.run_once(self.store, self.endpoints, self.shelf, self.time.now())
            total += result
            if not result.deliveries + self.calls.run_once().amount:
                break
        self.org.clock.advance(timedelta(seconds=30))
        return total

    def facts(self) -> dict[str, list[tuple[Any, ...]]]:
        """All facts, lead by lead, but for how many of our tables they went through."""
        told = {}
        for summary in self.store.read_models.leads(ACME, 1000):
            facts = self.store.read_models.facts(ACME, summary.id)
            told[summary.id] = sorted((_key(one), one.at, one.kind, one.name, dict(one.data)) for one in facts)
        return told


def _key(fact: Fact) -> str:
    """Of what was read of a deal, the key names the moment of the reading, and counts for nothing else."""
    return fact.name if fact.kind is FactKind.DEAL else fact.key


def live(world: World) -> None:
    """What happens to a few people."""
    ana = world.org.people.create_lead("ana@example.com", Industry="Banking")
    world.settle()
    world.org.people.change(ana, Industry=None, Title="Head of Purchasing")
    contact = world.org.people.create_contact("ben@example.com")
    world.settle()
    world.org.people.change(contact, Email="ben.b@example.com")
    world.org.people.change(ana, Email="ana.a@example.com")
    world.org.people.change(ana, Industry="Technology")
    world.settle()


@pytest.fixture(scope="module")
def by_changes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Any, ...]]]:
    with World(tmp_path_factory.mktemp("changes"), ("changes",)).telling() as world:
        live(world)
        return world.facts()


@pytest.mark.parametrize("ways", [("outbound",), ("events",), WAYS], ids="+".join)
def test_each_way_alone_and_all_together_give_the_same_facts(
    ways: tuple[str, ...], tmp_path: Path, by_changes: dict[str, list[tuple[Any, ...]]]
) -> None:
    with World(tmp_path, ways).telling() as world:
        live(world)

        facts = world.facts()

    assert facts == by_changes
    reads = [sum(key.startswith("read:") for key, *_ in of_lead) for of_lead in facts.values()]
    assert sorted(reads) == [1, 2]


def test_what_we_write_ourselves_never_comes_back(tmp_path: Path) -> None:
    with World(tmp_path, ("changes", "events")).telling() as world:
        lead = world.org.people.create_lead("ana@example.com")
        world.settle()
        before = world.facts()

        world.org.people.change(lead, user=world.org.integration_user, Title="Written by us")
        result = world.settle()

        assert (result.echoes, result.hints, result.rereads) == (2, 0, 0)
        assert world.facts() == before


def test_a_merge_is_found_by_reading_and_nobody_is_gone(tmp_path: Path) -> None:
    with World(tmp_path, ("changes",)).telling() as world:
        winner, loser = (world.org.people.create_lead(f"{name}@example.com") for name in ("ana", "ana.silva"))
        world.settle()

        world.org.people.merge(winner, loser)
        world.settle()

        (summary,) = world.store.read_models.leads(ACME, 10)
        facts = world.store.read_models.facts(ACME, summary.id)
        assert RecordName.ARCHIVED not in {one.name for one in facts}
        assert [one.name[-18:] for one in facts if one.kind is FactKind.MERGED] == [loser]


def test_a_deletion_is_found_by_reading(tmp_path: Path) -> None:
    with World(tmp_path, ("changes",)).telling() as world:
        lead = world.org.people.create_lead("ana@example.com")
        world.settle()

        world.org.people.delete(lead)
        world.settle()

        (facts,) = world.facts().values()
        assert [key for key, *_ in facts if key.startswith("gone:")] != []


def test_a_converted_lead_goes_on_as_the_contact(tmp_path: Path) -> None:
    with World(tmp_path, ("changes",)).telling() as world:
        lead = world.org.people.create_lead("ana@example.com")
        world.settle()

        became = world.org.people.convert(lead)
        world.settle()

        (summary,) = world.store.read_models.leads(ACME, 10)
        assert {ref.record_id for ref in summary.refs} == {lead, became.contact_id}


# --- what stands beside leads and contacts ------------------------------------------------------------------

MEMBER, TASK = CompanionKind.MEMBER, CompanionKind.TASK
PARTS: dict[str, Any] = {
    "companions": (
        CompanionSource("invited", "salesforce", MEMBER, CompanionEvent.ADDED, attributes={"campaign": "campaign"}),
        CompanionSource("responded", "salesforce", MEMBER, CompanionEvent.DONE),
        CompanionSource("called", "salesforce", TASK, CompanionEvent.DONE, ("Call",), attributes={"about": "subject"}),
    ),
    "deals": (
        DealSource(
            "salesforce", "Opportunity.Amount", "Opportunity.CloseDate", "Opportunity.StageName",
            "Opportunity.RecordTypeId", won=Stages(frozenset({"Closed Won"})),
        ),
    ),
}  # fmt: skip


def work(world: World) -> None:
    """What sales does with a few people, and what we do."""
    people, us = world.org.people, world.org.integration_user
    world.settle()
    ana, ben = people.create_lead("ana@example.com"), people.create_contact("ben@example.com")
    webinar = people.create_campaign("Webinar")
    member = people.create("CampaignMember", CampaignId=webinar, LeadId=ana)
    people.create("CampaignMember", user=us, CampaignId=webinar, ContactId=ben)
    ours = people.create("Task", user=us, WhoId=ana, Subject="Call her", TaskSubtype="Call")
    deal = people.create_opportunity([ben], Amount=500)
    world.settle()
    people.change(member, Status="Responded")
    people.close_task(ours)
    people.create("Task", WhoId=ben, Subject="Asked about plans", Type="Call", Status="Completed")
    people.change(deal, StageName="Closed Won")
    world.settle()
    people.change(member, Status="Sent")
    people.change(deal, Description="Thanked")
    world.settle()


@pytest.fixture(scope="module")
def work_by_changes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Any, ...]]]:
    with World(tmp_path_factory.mktemp("work"), ("changes",), **PARTS).telling() as world:
        work(world)
        return world.facts()


@pytest.mark.parametrize("ways", [("outbound",), ("events",), WAYS], ids="+".join)
def test_members_tasks_and_deals_are_the_same_facts_in_each_way(
    ways: tuple[str, ...], tmp_path: Path, work_by_changes: dict[str, list[tuple[Any, ...]]]
) -> None:
    with World(tmp_path, ways, **PARTS).telling() as world:
        work(world)

        facts = world.facts()

    assert facts == work_by_changes
    signals = sorted(name for of_lead in facts.values() for _, _, kind, name, _ in of_lead if kind is FactKind.SIGNAL)
    assert signals == ["called", "called", "invited", "responded"]


def test_a_role_that_is_told_moves_and_ends_with_what_is_told_of_it(tmp_path: Path) -> None:
    with World(tmp_path, ("changes",), **PARTS).telling() as world:
        people = world.org.people
        world.settle()
        ana, ben = (people.create_contact(f"{name}@example.com") for name in ("ana", "ben"))
        deal = people.create_opportunity(Amount=500)
        world.settle()
        role = people.create("OpportunityContactRole", OpportunityId=deal, ContactId=ana)
        world.settle()
        people.change(role, ContactId=ben)
        world.settle()
        people.delete(role)
        world.settle()

        told = {
            ref.record_id: told_of(world, lead.id)
            for lead in world.store.read_models.leads(ACME, 9)
            for ref in lead.refs
        }

    assert told == {ana: ["changed", "gone"], ben: ["changed", "gone"]}


def told_of(world: World, lead_id: LeadId) -> list[str]:
    facts = world.store.read_models.facts(ACME, lead_id)
    return [one.name.partition(":")[0] for one in sorted(facts, key=lambda one: one.at) if one.kind is FactKind.DEAL]
