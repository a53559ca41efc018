"""What people do in an org, and what becomes of the records."""

from __future__ import annotations

import pytest

from connector.sandbox.salesforce.people import People
from connector.sandbox.salesforce.refusals import RefusalError
from tests.contract.sandbox.salesforce.conftest import World


def test_a_converted_lead_lives_on_as_a_contact(world: World, people: People) -> None:
    people.mapped_on_conversion = {"coltiva__Score__c": "coltiva__Score__c"}
    lead_id = people.create_lead("ada@example.com", FirstName="Ada", Company="Analytical", coltiva__Score__c=80)
    campaign = people.create_campaign("Webinar")
    member = people.create("CampaignMember", CampaignId=campaign, LeadId=lead_id)
    task = people.create("Task", Subject="Call", WhoId=lead_id)

    became = people.convert(lead_id, opportunity="Engine")

    lead, contact = people.read(lead_id), people.read(became.contact_id)
    assert (lead["IsConverted"], lead["Status"], lead["ConvertedDate"]) == (True, "Closed - Converted", "2026-11-23")
    assert lead["ConvertedContactId"] == became.contact_id
    assert lead["ConvertedOpportunityId"] == became.opportunity_id
    assert (contact["Email"], contact["coltiva__Score__c"]) == ("ada@example.com", 80.0)
    assert people.read(contact["AccountId"])["Name"] == "Analytical"
    assert people.read(member)["LeadOrContactId"] == became.contact_id
    assert people.read(task)["WhoId"] == became.contact_id
    roles = people.records("OpportunityContactRole", ContactId=became.contact_id)
    assert [role["IsPrimary"] for role in roles] == [True]


def test_a_lead_is_converted_into_a_contact_that_is_there_and_once_only(people: People) -> None:
    contact = people.create_contact("ada@example.com")
    lead_id = people.create_lead("ada@example.com")

    became = people.convert(lead_id, contact_id=contact)

    assert became.contact_id == contact
    assert len(people.records("Contact")) == 1
    with pytest.raises(RefusalError, match="already converted"):
        people.convert(lead_id)


def test_a_merge_moves_everything_to_the_winner(people: People) -> None:
    winner, *losers = [people.create_contact(f"{name}@example.com") for name in "abc"]
    campaign = people.create_campaign("Webinar")
    kept = people.create("CampaignMember", CampaignId=campaign, ContactId=winner)
    dropped = people.create("CampaignMember", CampaignId=campaign, ContactId=losers[0])
    deal = people.create_opportunity([losers[1]])

    people.merge(winner, *losers)

    assert [people.read(one)["MasterRecordId"] for one in losers] == [winner, winner]
    assert [row["Id"] for row in people.records("CampaignMember")] == [kept]
    assert people.read(dropped)["IsDeleted"] is True
    assert [row["ContactId"] for row in people.records("OpportunityContactRole", OpportunityId=deal)] == [winner]


def test_no_more_than_three_and_only_like_records_are_merged(people: People) -> None:
    leads = [people.create_lead() for _ in range(4)]
    contact = people.create_contact()

    with pytest.raises(RefusalError, match="two or three"):
        people.merge(*leads)
    with pytest.raises(RefusalError, match="not supported"):
        people.merge(leads[0], contact)
    assert len(people.records("Lead")) == 4


def test_what_was_deleted_comes_back_until_the_bin_is_emptied(people: People) -> None:
    back, gone = people.create_lead("ada@example.com"), people.create_lead()
    people.delete(back)
    people.delete(gone)

    people.undelete(back)
    people.empty_bin()

    assert people.read(back)["IsDeleted"] is False
    assert [row["Id"] for row in people.records("Lead", Email="ada@example.com")] == [back]
    with pytest.raises(RefusalError):
        people.undelete(gone)


def test_what_hangs_on_a_record_is_deleted_and_comes_back_with_it(people: People) -> None:
    lead_id, campaign = people.create_lead(), people.create_campaign("Webinar")
    member = people.create("CampaignMember", CampaignId=campaign, LeadId=lead_id)
    task = people.create("Task", Subject="Call", WhoId=lead_id)
    dropped = people.create("Task", Subject="Old", WhoId=lead_id)
    people.delete(dropped)

    people.delete(lead_id)
    without = [people.read(one)["IsDeleted"] for one in (member, task)]
    people.undelete(lead_id)

    assert without == [True, True]
    assert [people.read(one)["IsDeleted"] for one in (member, task, dropped)] == [False, False, True]


def test_a_stage_says_whether_a_deal_is_closed_and_won(people: People) -> None:
    deal = people.create_opportunity([people.create_contact()], Amount=500)

    people.change(deal, StageName="Closed Won")

    assert (people.read(deal)["IsClosed"], people.read(deal)["IsWon"]) == (True, True)
