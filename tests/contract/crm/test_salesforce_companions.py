"""Campaign members, tasks and roles of an org, found by asking what changed, over real HTTP and without an event."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.domain.fact import Fact, FactKind
from connector.domain.records.sources import CompanionEvent, CompanionKind, CompanionSource
from connector.domain.traits.deal import DealEvent, DealField, DealSignal, DealSource, Measure, Outcome, Stages
from connector.sandbox.salesforce.permissions import Right
from tests.census import QUARTER, OrgOffice, org_office

MINUTE = timedelta(minutes=1)
MEMBER, TASK = CompanionKind.MEMBER, CompanionKind.TASK
TOLD = {MEMBER: {"campaign": "campaign", "status": "status"}, TASK: {"about": "subject", "kind": "type"}}
STATUSES = {"Sent": False, "Attended": False, "Responded": True}


def source(
    signal: str, kind: CompanionKind, event: CompanionEvent, *only: str, to: tuple[str, ...] = ()
) -> CompanionSource:
    return CompanionSource(signal, "salesforce", kind, event, only, to, TOLD[kind])


BOOK: dict[str, Any] = {
    "companions": (
        source("invited", MEMBER, CompanionEvent.ADDED),
        source("came", MEMBER, CompanionEvent.MOVED, to=("Attended",)),
        source("responded", MEMBER, CompanionEvent.DONE, "Webinar"),
        source("planned", TASK, CompanionEvent.ADDED),
        source("called", TASK, CompanionEvent.DONE, "Call"),
    ),
    "deals": (
        DealSource(
            "salesforce", "Opportunity.Amount", "Opportunity.CloseDate", "Opportunity.StageName",
            "Opportunity.RecordTypeId", won=Stages(frozenset({"Closed Won"})), lost=Stages(frozenset({"Closed Lost"})),
        ),
    ),
    "deal_fields": (DealField("purchases", Measure.COUNT, Outcome.WON),),
    "deal_signals": (DealSignal("bought", "salesforce", DealEvent.WON),),
}  # fmt: skip


@pytest.fixture
def office(tmp_path: Path) -> Iterator[OrgOffice]:
    with org_office(tmp_path, **BOOK) as opened:
        opened.fill()
        opened.platform.advance(MINUTE)
        yield opened


def facts(office: OrgOffice, record_id: str) -> list[Fact]:
    found = office.summary(record_id)
    assert found is not None
    return sorted(office.store.read_models.facts(found.workspace, found.lead.id), key=lambda fact: fact.at)


def signals(office: OrgOffice, record_id: str) -> list[tuple[str, dict[str, object]]]:
    return [(fact.name, dict(fact.data)) for fact in facts(office, record_id) if fact.kind is FactKind.SIGNAL]


def names(office: OrgOffice, record_id: str) -> list[str]:
    return [name for name, _ in signals(office, record_id)]


def member(office: OrgOffice, lead: str, campaign: str, **more: str) -> str:
    return office.people.create("CampaignMember", CampaignId=campaign, LeadId=lead, **more)


# --- campaign members ---------------------------------------------------------------------------------------


def test_who_is_added_to_a_campaign_and_responds_gives_both_signals(office: OrgOffice) -> None:
    lead = office.people.create_lead("mara@example.com")
    webinar = office.people.create_campaign("Webinar", statuses=STATUSES)
    hers = member(office, lead, webinar)
    office.pass_time()

    office.people.change(hers, Status="Responded")
    office.pass_time()

    assert signals(office, lead) == [
        ("invited", {"campaign": "Webinar", "status": "Sent"}),
        ("responded", {"campaign": "Webinar", "status": "Responded"}),
    ]


def test_a_status_that_came_before_we_asked_is_no_news_and_one_that_came_since_is(tmp_path: Path) -> None:
    with org_office(tmp_path, "mara@example.com", **BOOK) as office:
        (row,) = office.people.records("Lead")
        webinar = office.people.create_campaign("Webinar", statuses=STATUSES)
        old = member(office, row["Id"], webinar, Status="Attended")
        office.platform.advance(MINUTE)
        office.fill().pass_time()

        office.people.change(old, Status="Responded")
        office.pass_time()

        assert names(office, row["Id"]) == ["responded"]


def test_a_member_whom_we_added_gives_no_signal_but_what_becomes_of_it_does(office: OrgOffice) -> None:
    lead = office.people.create_lead("mara@example.com")
    webinar = office.people.create_campaign("Webinar", statuses=STATUSES)
    us = office.org.integration_user
    ours = office.people.create("CampaignMember", user=us, CampaignId=webinar, LeadId=lead)
    office.pass_time()

    office.people.change(ours, Status="Attended", user=us)
    office.pass_time()
    office.people.change(ours, Status="Responded")
    office.pass_time()

    assert names(office, lead) == ["responded"]


def test_a_status_counts_each_time_that_it_comes_and_no_other_change_of_its_record(office: OrgOffice) -> None:
    lead = office.people.create_lead("mara@example.com")
    campaign = office.people.create_campaign("Fair", statuses=STATUSES)
    hers = member(office, lead, campaign, Status="Attended")
    for status in ("Sent", "Attended", "Attended"):
        office.pass_time()
        office.people.change(hers, Status=status)
    for _ in range(3):
        office.pass_time()

    assert sorted(names(office, lead)) == ["came", "came", "invited"]


def test_only_the_campaigns_that_are_named_count(office: OrgOffice) -> None:
    lead = office.people.create_lead("mara@example.com")
    fair = office.people.create_campaign("Fair", statuses=STATUSES)

    member(office, lead, fair, Status="Responded")
    office.pass_time()

    assert names(office, lead) == ["invited"]


# --- tasks --------------------------------------------------------------------------------------------------


def test_a_call_that_a_rep_logs_is_a_signal_with_what_it_was_about(office: OrgOffice) -> None:
    lead = office.people.create_lead("mara@example.com")

    office.people.create("Task", WhoId=lead, Subject="Asked about plans", Type="Call", Status="Completed")
    office.pass_time()

    told = {"about": "Asked about plans", "kind": "Call"}
    assert sorted(names(office, lead)) == ["called", "planned"]
    assert [data for _, data in signals(office, lead)] == [told, told]


def test_a_task_of_ours_gives_a_signal_when_a_rep_completes_it_and_not_before(office: OrgOffice) -> None:
    lead = office.people.create_lead("mara@example.com")
    us = office.org.integration_user
    ours = office.people.create("Task", user=us, WhoId=lead, Subject="Call her", TaskSubtype="Call")
    office.pass_time()
    before = names(office, lead)

    office.people.close_task(ours)
    done_at = office.org.clock.now()
    office.pass_time()

    assert (before, names(office, lead)) == ([], ["called"])
    (called,) = (fact for fact in facts(office, lead) if fact.name == "called")
    assert called.at == done_at.replace(microsecond=0)


def test_a_note_of_ours_that_somebody_edits_is_no_call(office: OrgOffice) -> None:
    lead = office.people.create_lead("mara@example.com")
    us = office.org.integration_user
    note = office.people.create("Task", user=us, WhoId=lead, Subject="Score", TaskSubtype="Call", Status="Completed")
    office.platform.advance(MINUTE)

    office.people.change(note, Subject="Score, seen")
    office.pass_time()

    assert names(office, lead) == []


def test_a_task_that_was_open_before_we_asked_counts_when_it_is_completed(tmp_path: Path) -> None:
    with org_office(tmp_path, "mara@example.com", **BOOK) as office:
        (row,) = office.people.records("Lead")
        old = office.people.create("Task", WhoId=row["Id"], Subject="Call", Type="Call")
        done = office.people.create("Task", WhoId=row["Id"], Subject="Call", Type="Call", Status="Completed")
        office.platform.advance(MINUTE)
        office.fill().pass_time()

        office.people.close_task(old)
        office.people.change(done, Subject="Called long ago")
        office.pass_time()

        assert names(office, row["Id"]) == ["called"]


def test_what_the_user_may_not_see_is_told_and_stops_nothing_else(office: OrgOffice) -> None:
    lead = office.people.create_lead("mara@example.com")
    office.org.permissions_of(office.org.integration_user).take_right("Task", Right.READ)

    office.people.create("Task", WhoId=lead, Subject="Call", Type="Call", Status="Completed")
    office.pass_time()

    assert "INVALID_TYPE" in office.states()["task"].problem
    assert office.email(lead) == "mara@example.com"


# --- roles and deals ----------------------------------------------------------------------------------------


def purchases(office: OrgOffice, record_id: str) -> object:
    """How many deals the lead won, as far as it was told."""
    found = office.summary(record_id)
    assert found is not None
    return found.lead.fields.get("purchases")


def test_a_deal_that_is_won_is_told_to_all_who_have_a_role_in_it(office: OrgOffice) -> None:
    ana, ben = (office.people.create_contact(f"{name}@example.com") for name in ("ana", "ben"))
    deal = office.people.create_opportunity([ana, ben], Amount=900)
    office.pass_time()
    before = purchases(office, ana)

    office.people.change(deal, StageName="Closed Won")
    office.pass_time()

    assert (before, purchases(office, ana), purchases(office, ben)) == (0.0, 1.0, 1.0)


def test_a_role_that_comes_later_moves_and_ends_is_followed(office: OrgOffice) -> None:
    ana, ben = (office.people.create_contact(f"{name}@example.com") for name in ("ana", "ben"))
    deal = office.people.create_opportunity([], StageName="Closed Won", Amount=900)
    office.pass_time()

    role = office.people.create("OpportunityContactRole", OpportunityId=deal, ContactId=ana)
    office.pass_time()
    with_ana = purchases(office, ana)
    office.people.change(role, ContactId=ben)
    office.pass_time()
    moved = purchases(office, ana), purchases(office, ben)
    office.people.delete(role)
    office.pass_time()

    assert (with_ana, moved, purchases(office, ben)) == (1.0, (0.0, 1.0), 0.0)


def test_a_deal_that_is_deleted_counts_no_more_and_again_when_it_is_restored(office: OrgOffice) -> None:
    ana = office.people.create_contact("ana@example.com")
    deal = office.people.create_opportunity([ana], StageName="Closed Won", Amount=900)
    office.pass_time()
    before = purchases(office, ana)

    office.people.delete(deal)
    office.pass_time()
    deleted = purchases(office, ana)
    office.people.undelete(deal)
    office.pass_time()

    assert (before, deleted, purchases(office, ana)) == (1.0, 0.0, 1.0)


def test_a_role_that_was_deleted_for_good_before_it_was_read_ends_all_the_same(office: OrgOffice) -> None:
    ana = office.people.create_contact("ana@example.com")
    deal = office.people.create_opportunity([ana], StageName="Closed Won", Amount=900)
    office.pass_time()
    (role,) = office.people.records("OpportunityContactRole", OpportunityId=deal)

    office.people.delete(role["Id"])
    office.platform.advance(QUARTER)
    while not waits(office):
        assert office.calls.run_once().amount
    office.people.empty_bin()
    office.pass_time()

    assert purchases(office, ana) == 0.0


def waits(office: OrgOffice) -> bool:
    """Whether a companion waits to be read."""
    with office.store.reading() as transaction:
        return bool(transaction.companions.unread(office.connection, office.clock.now(), 1))


def test_what_nothing_looks_at_is_not_asked_for(tmp_path: Path) -> None:
    with org_office(tmp_path) as office:
        office.fill().pass_time()

        assert sorted(office.states()) == ["contact", "lead"]
