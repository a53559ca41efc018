"""What HubSpot does not tell by itself is known all the same, a few minutes later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.domain.fact import Fact, FactKind
from connector.mapping.arrivals import tell_arrivals
from connector.mapping.load import check_mapping, parse_mapping
from connector.ports import FeedState
from connector.sandbox.faults import ApiFault, Fault
from tests.stories.stage import ACME, Stage, on_stage

MINUTES = timedelta(minutes=5)
MAPPING = """\
format: 1
workspace: acme
timezone: Europe/Rome
fields:
  email: {hubspot: email, identity: true}
signals:
  form_submitted:
    hubspot: {poll: form_submissions, attributes: {form: form_name, page: page_url}}
  report_requested:
    hubspot: {poll: form_submissions, form: Report 2026}
  email_clicked:
    hubspot: {poll: email_events, type: CLICK, attributes: {email: campaign, link: url}}
  email_bounced:
    hubspot: {poll: email_events, type: BOUNCE, attributes: {email: campaign}}
  unsubscribed:
    hubspot: {poll: email_events, type: STATUSCHANGE, attributes: {status: status}}
  list_joined:
    hubspot: {poll: list_memberships, list: Customers, attributes: {list: list}}
  meeting_booked:
    hubspot: {poll: meetings, attributes: {about: title}}
  page_visited:
    hubspot: {poll: page_visits, attributes: {page: url, title: title}}
"""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with on_stage(tmp_path / "stage") as stage:
        stage.portal.create_list("Customers")
        stage.portal.marketing.form("Report 2026")
        stage.connect({"mapping.yaml": MAPPING})
        stage.work()
        yield stage


def signals(stage: Stage, contact_id: str) -> list[tuple[str, dict[str, Any]]]:
    """The name and the attributes of what the lead did, in order."""
    return [(fact.name, dict(fact.data)) for fact in facts(stage, contact_id)]


def facts(stage: Stage, contact_id: str) -> list[Fact]:
    lead = stage.store.read_models.lead(ACME, contact_id)
    found = stage.store.read_models.facts(ACME, lead.id) if lead else ()
    return [fact for fact in found if fact.kind is FactKind.SIGNAL]


def states(stage: Stage) -> dict[str, FeedState]:
    with stage.store.reading() as transaction:
        (connection,) = transaction.connections.all()
        return {str(state.feed): state for state in transaction.feeds.of(connection.id)}


def let_pass(stage: Stage, length: timedelta = MINUTES + timedelta(seconds=1)) -> None:
    """Without any webhook."""
    stage.clock.advance(length)
    stage.work()


def test_a_form_makes_a_lead_that_no_webhook_told_of(stage: Stage) -> None:
    stage.clock.advance(timedelta(minutes=1))
    ada = stage.portal.marketing.submit_form("Ada@Example.com", "Report 2026", "https://www.example.com/report")
    bob = stage.portal.marketing.submit_form("bob@example.com", "Newsletter")

    let_pass(stage)

    assert sorted(signals(stage, ada)) == [
        ("form_submitted", {"form": "Report 2026", "page": "https://www.example.com/report"}),
        ("report_requested", {}),
    ]
    assert signals(stage, bob) == [("form_submitted", {"form": "Newsletter"})]
    lead = stage.store.read_models.lead(ACME, ada)
    assert lead is not None
    assert lead.email == "ada@example.com"


def test_every_feed_tells_what_the_lead_did_and_when(stage: Stage) -> None:
    ada = stage.portal.create_contact("ada@example.com")
    marketing = stage.portal.marketing
    stage.clock.advance(timedelta(minutes=1))
    did_at = stage.clock.now()
    marketing.send_email(ada, "Spring offer")
    marketing.click_email(ada, "Spring offer", "https://www.example.com/offer")
    marketing.bounce_email(ada, "Spring offer")
    marketing.opt_out(ada)
    stage.portal.join_list(ada, "Customers")
    marketing.book_meeting(ada, "Demo", did_at + timedelta(days=2))
    marketing.visit_page(ada, "https://www.example.com/prices", "Prices")

    let_pass(stage)

    assert sorted(signals(stage, ada)) == [
        ("email_bounced", {"email": "Spring offer"}),
        ("email_clicked", {"email": "Spring offer", "link": "https://www.example.com/offer"}),
        ("list_joined", {"list": "Customers"}),
        ("meeting_booked", {"about": "Demo"}),
        ("page_visited", {"page": "https://www.example.com/prices", "title": "Prices"}),
        ("unsubscribed", {"status": "UNSUBSCRIBED"}),
    ]
    assert {fact.at for fact in facts(stage, ada)} == {did_at}


def test_what_was_polled_before_is_not_counted_again(stage: Stage) -> None:
    ada = stage.portal.create_contact("ada@example.com")
    stage.clock.advance(timedelta(minutes=1))
    stage.portal.marketing.click_email(ada, "Offer")
    stage.portal.join_list(ada, "Customers")
    stage.portal.marketing.visit_page(ada, "https://www.example.com/")

    for _ in range(5):
        let_pass(stage)

    assert sorted(name for name, _ in signals(stage, ada)) == ["email_clicked", "list_joined", "page_visited"]


def test_who_leaves_a_list_and_joins_again_has_joined_twice(stage: Stage) -> None:
    ada = stage.portal.create_contact("ada@example.com")
    for _ in range(2):
        stage.clock.advance(timedelta(minutes=1))
        stage.portal.join_list(ada, "Customers")
        let_pass(stage)
        stage.portal.leave_list(ada, "Customers")

    let_pass(stage)

    assert [name for name, _ in signals(stage, ada)] == ["list_joined", "list_joined"]


def test_a_long_list_is_walked_once_and_nobody_is_missed_when_members_leave(stage: Stage) -> None:
    old = [stage.portal.create_contact(f"p{number}@example.com") for number in range(600)]
    for contact_id in old:
        stage.portal.join_list(contact_id, "Customers")
    let_pass(stage, timedelta(hours=2))
    let_pass(stage, timedelta(hours=2))
    stage.sandbox.calls.reset()
    let_pass(stage)
    walked = stage.sandbox.calls.total(operation="members.list_by_joining")

    for contact_id in old[:400]:
        stage.portal.leave_list(contact_id, "Customers")
    ada = stage.portal.create_contact("ada@example.com")
    stage.portal.join_list(ada, "Customers")
    let_pass(stage)

    assert walked == 1
    assert [name for name, _ in signals(stage, ada)] == ["list_joined"]


def test_many_happenings_are_read_page_by_page(stage: Stage) -> None:
    people = [stage.portal.create_contact(f"p{number}@example.com") for number in range(120)]
    stage.clock.advance(timedelta(minutes=1))
    for number, contact_id in enumerate(people):
        email = f"p{number}@example.com"
        stage.portal.marketing.submit_form(email, "Report 2026")
        stage.portal.marketing.book_meeting(contact_id, "Demo", stage.clock.now())
        for _ in range(3):
            stage.portal.marketing.click_email(contact_id, "Offer")
        stage.portal.marketing.visit_page(contact_id, "https://www.example.com/")

    let_pass(stage)
    for _ in range(30):  # HubSpot allows five searches a second
        let_pass(stage, timedelta(seconds=10))

    expected = ["email_clicked"] * 3 + ["form_submitted", "meeting_booked", "page_visited", "report_requested"]
    for contact_id in (people[0], people[60], people[119]):
        assert sorted(name for name, _ in signals(stage, contact_id)) == expected


def test_what_shows_late_in_the_search_index_is_found_all_the_same(stage: Stage) -> None:
    stage.portal.crm.habits.search_lag = timedelta(minutes=12)
    ada = stage.portal.create_contact("ada@example.com")
    stage.clock.advance(timedelta(minutes=1))
    stage.portal.marketing.book_meeting(ada, "Demo", stage.clock.now())

    for _ in range(4):
        let_pass(stage)

    assert [name for name, _ in signals(stage, ada)] == ["meeting_booked"]


def test_what_happened_before_the_feed_was_asked_for_tells_nobody_anything(tmp_path: Path) -> None:
    with on_stage(tmp_path / "stage") as stage:
        stage.portal.create_list("Customers")
        stage.portal.marketing.form("Report 2026")
        ada = stage.portal.create_contact("ada@example.com")
        stage.portal.marketing.click_email(ada, "Old offer")
        stage.portal.join_list(ada, "Customers")
        stage.clock.advance(timedelta(seconds=1))

        stage.connect({"mapping.yaml": MAPPING})
        let_pass(stage)

        assert signals(stage, ada) == []


def test_a_portal_without_the_tier_loses_that_feed_alone(stage: Stage) -> None:
    stage.portal.crm.habits.offers_events = False
    ada = stage.portal.create_contact("ada@example.com")
    stage.clock.advance(timedelta(minutes=1))
    stage.portal.marketing.visit_page(ada, "https://www.example.com/")
    stage.portal.marketing.click_email(ada, "Offer")

    let_pass(stage)

    assert [name for name, _ in signals(stage, ada)] == ["email_clicked"]
    assert "Enterprise" in states(stage)["page_visits"].problem

    stage.portal.crm.habits.offers_events = True
    let_pass(stage, timedelta(hours=2))

    assert states(stage)["page_visits"].problem == ""
    assert ("page_visited", {"page": "https://www.example.com/"}) in signals(stage, ada)


def test_a_missing_scope_stops_its_feeds_and_nothing_else(tmp_path: Path) -> None:
    with on_stage(tmp_path / "stage", without="forms") as stage:
        stage.portal.create_list("Customers")
        stage.connect({"mapping.yaml": MAPPING})
        stage.work()
        ada = stage.portal.create_contact("ada@example.com")
        stage.clock.advance(timedelta(minutes=1))
        stage.portal.marketing.click_email(ada, "Offer")

        let_pass(stage)

        with stage.store.reading() as transaction:
            (connection,) = transaction.connections.all()
        assert connection.paused_because == ""
        assert "forms" in states(stage)["form_submissions"].problem
        assert [name for name, _ in signals(stage, ada)] == ["email_clicked"]


def test_a_list_or_form_that_is_not_there_is_told(stage: Stage) -> None:
    stage.portal.delete_list("Customers")

    let_pass(stage)

    assert "Customers" in states(stage)["list_memberships (Customers)"].problem


def test_every_feed_says_up_to_when_all_is_known(stage: Stage) -> None:
    let_pass(stage)

    found = states(stage)
    assert {state.complete_to for state in found.values()} == {stage.clock.now()}
    assert all(state.until is None for state in found.values())
    assert len(found) == 8


def test_trouble_on_the_line_loses_nothing(stage: Stage) -> None:
    ada = stage.portal.create_contact("ada@example.com")
    stage.clock.advance(timedelta(minutes=1))
    stage.portal.marketing.click_email(ada, "Offer")
    stage.portal.marketing.submit_form("ada@example.com", "Report 2026")
    stage.sandbox.faults.add(Fault(ApiFault.STATUS, status=503, times=6))

    for _ in range(20):
        let_pass(stage)

    names = sorted(name for name, _ in signals(stage, ada))
    assert names == ["email_clicked", "form_submitted", "report_requested"]


def test_a_person_who_was_erased_is_not_made_anew(stage: Stage) -> None:
    ada = stage.portal.create_contact("ada@example.com")
    stage.clock.advance(timedelta(minutes=1))
    stage.portal.marketing.click_email(ada, "Offer")
    let_pass(stage)
    stage.portal.privacy_delete_contact(ada)
    stage.deliver(stage.webhooks.take())

    let_pass(stage)

    assert stage.store.read_models.leads(ACME, 10) == []


def test_a_check_tells_which_signals_the_portal_delivers_and_how_late(tmp_path: Path) -> None:
    with on_stage(tmp_path / "stage", without="content") as stage:
        stage.portal.crm.habits.offers_events = False
        ada = stage.portal.create_contact("ada@example.com")
        stage.portal.marketing.visit_page(ada, "https://www.example.com/")
        stage.connect({"mapping.yaml": MAPPING})
        with stage.store.reading() as transaction:
            (connection,) = transaction.connections.all()

        portal, definitions = stage.open_crm(connection), parse_mapping({"m.yaml": MAPPING})
        catalog = replace(portal.fetch_catalog(), feeds=portal.try_feeds({feed.feed for feed in definitions.feeds}))
        arrivals = {one.signal: one for one in tell_arrivals(definitions, MINUTES, 3 * MINUTES, catalog)}

        assert arrivals["form_submitted"].delay == "within 5m"
        assert arrivals["meeting_booked"].arrives
        assert "content" in arrivals["email_clicked"].delay
        assert "Enterprise" in arrivals["page_visited"].delay
        warned = [str(problem) for problem in check_mapping({"m.yaml": MAPPING}, catalog).problems]
        assert [word for word in ("email_events", "page_visits") if any(word in one for one in warned)] == [
            "email_events",
            "page_visits",
        ]
