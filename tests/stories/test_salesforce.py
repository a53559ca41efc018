"""A Salesforce org is nurtured: from its messages through programs to fields, tasks and campaigns over there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connector.cli.connect_salesforce import connect_salesforce
from connector.domain.programs.enrolment import EnrolmentState
from connector.errors import SetupError
from tests.org_rehearsal import OrgRehearsal, rehearsed

MAPPING = """
format: 1
workspace: acme
timezone: Europe/Rome
fields:
  email:     {salesforce: [Lead.Email, Contact.Email], identity: true}
  firstname: {salesforce: [Lead.FirstName, Contact.FirstName]}
  lastname:  {salesforce: [Lead.LastName, Contact.LastName]}
  industry:  {salesforce: Lead.Industry}
  opted_out: {salesforce: [Lead.HasOptedOutOfEmail, Contact.HasOptedOutOfEmail], type: boolean, consent: email}
  owner:     {salesforce: [Lead.OwnerId, Contact.OwnerId], owner: true}
signals:
  worked_on: {salesforce: {when_changed: Lead.Status, to: Working - Contacted}}
scores:
  fit:        {rules: [{when: {industry: Technology}, points: 20}]}
  engagement: {rules: [{on: worked_on, points: 15}]}
  lead_score: {sum: [fit, engagement]}
notifications:
  warm: {when: {lead_score: {gte: 35}}, task: "Call {{ lead.firstname }}"}
programs:
  welcome:
    enrol: {when: {email: {known: true}}}
    phases:
      hello:
        activities:
          greeting: {send: {list: greeting}, answered: worked_on, within: 7d}
lists:
  greeting: {salesforce: Coltiva – greeting}
write_back:
  salesforce:
    coltiva__Score__c: lead_score
    coltiva__Phase__c: welcome.phase
    coltiva__Why__c:   lead_score.why
"""
SECONDS = timedelta(seconds=5)


@pytest.fixture(params=["outbound", "events"])
def stage(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[OrgRehearsal]:
    """An org that tells by outbound messages, and one that signs events."""
    with rehearsed(tmp_path, MAPPING, by=request.param) as stage:
        yield stage


def test_a_lead_is_scored_enrolled_and_told_of_and_its_rep_is_called_for(stage: OrgRehearsal) -> None:
    mara = stage.org.people.create_lead("mara@example.com", FirstName="Mara", Industry="Technology")
    stage.let_pass(SECONDS)
    held = stage.held(mara)
    members = stage.org.people.records("CampaignMember", LeadId=mara)

    stage.org.people.change(mara, Status="Working - Contacted")
    stage.let_pass(SECONDS)

    assert (held["coltiva__Score__c"], held["coltiva__Phase__c"], len(members)) == (20, "hello", 1)
    assert stage.held(mara)["coltiva__Score__c"] == 35
    (task,) = stage.org.people.records("Task", WhoId=mara)
    assert (task["Subject"], task["OwnerId"]) == ("Call Mara", stage.held(mara)["OwnerId"])
    assert [each.state for each in stage.lead().enrolments] == [EnrolmentState.COMPLETED]


def test_what_we_wrote_never_comes_back_as_anything(stage: OrgRehearsal) -> None:
    mara = stage.org.people.create_lead("mara@example.com", Industry="Technology")
    stage.let_pass(SECONDS)
    before, told = stage.held(mara), stage.told()

    stage.let_pass(timedelta(hours=1))

    assert stage.held(mara) == before
    assert stage.told() == told


def test_whoever_was_there_before_we_were_is_no_newcomer(stage: OrgRehearsal) -> None:
    mara = stage.org.people.create_lead("mara@example.com", Industry="Technology")
    stage.org.database.tables["Lead"].rows[mara]["CreatedDate"] = "2026-01-01T08:00:00.000+0000"

    stage.org.people.change(mara, City="Rome")
    stage.let_pass(SECONDS)

    assert stage.lead().enrolments == ()
    assert stage.held(mara)["coltiva__Score__c"] == 20


def test_a_lead_that_is_converted_goes_on_as_its_contact_with_all_that_it_had(stage: OrgRehearsal) -> None:
    mara = stage.org.people.create_lead("mara@example.com", Industry="Technology")
    stage.let_pass(SECONDS)
    stage.org.people.change(mara, Status="Working - Contacted")
    stage.let_pass(SECONDS)

    contact = stage.org.people.convert(mara).contact_id
    stage.let_pass(SECONDS)

    assert stage.held(contact)["coltiva__Score__c"] == 35
    assert [each.program for each in stage.lead().enrolments] == ["welcome"]


def test_two_leads_of_one_person_are_one_and_both_hold_the_score(stage: OrgRehearsal) -> None:
    first = stage.org.people.create_lead("mara@example.com", Industry="Technology")
    stage.let_pass(SECONDS)
    second = stage.org.people.create_lead("MARA@example.com")
    stage.let_pass(SECONDS)

    assert len(stage.leads()) == 1
    assert [stage.held(each)["coltiva__Score__c"] for each in (first, second)] == [20, 20]


def test_an_opt_out_ends_messages_at_once(stage: OrgRehearsal) -> None:
    mara = stage.org.people.create_lead("mara@example.com")
    stage.let_pass(SECONDS)

    stage.org.people.change(mara, HasOptedOutOfEmail=True)
    stage.let_pass(SECONDS)

    assert stage.org.people.records("CampaignMember", LeadId=mara) == []


def test_a_deleted_lead_is_left_alone_and_goes_on_when_it_is_back(stage: OrgRehearsal) -> None:
    mara = stage.org.people.create_lead("mara@example.com", Industry="Technology")
    stage.let_pass(SECONDS)
    stage.org.people.delete(mara)
    stage.org.people.undelete(mara)
    stage.org.people.change(mara, Status="Working - Contacted")
    stage.let_pass(SECONDS)

    assert stage.held(mara)["coltiva__Score__c"] == 35


def test_a_lead_that_a_merge_took_away_comes_back_from_the_bin_and_holds_the_score_of_both(tmp_path: Path) -> None:
    with rehearsed(tmp_path, MAPPING, by="events") as stage:
        people = stage.org.people
        kept, lost = people.create_lead("mara@example.com"), people.create_lead("m.rossi@example.com")
        stage.let_pass(SECONDS)
        people.merge(kept, lost)
        stage.let_pass(SECONDS)

        people.undelete(lost)
        stage.let_pass(SECONDS)
        people.change(lost, Industry="Technology")
        stage.let_pass(SECONDS)

        assert len(stage.leads()) == 1
        assert [stage.held(each)["coltiva__Score__c"] for each in (kept, lost)] == [20, 20]


def test_an_org_is_not_taken_from_the_workspace_that_it_feeds(tmp_path: Path) -> None:
    with rehearsed(tmp_path, MAPPING) as stage:
        mapping = tmp_path / "mapping" / "workspace.yaml"
        mapping.write_text(MAPPING.replace("workspace: acme", "workspace: other"), "utf-8")

        with pytest.raises(SetupError, match="is connected to workspace acme"):
            connect_salesforce(stage.services, stage.services.be_let_in_by_salesforce(stage.org.instance_url))

        mara = stage.org.people.create_lead("mara@example.com", Industry="Technology")
        stage.let_pass(SECONDS)
        assert stage.held(mara)["coltiva__Score__c"] == 20


SALES = """
sales:
  teams:
    inbound:
      reps:
        rita: {salesforce: RITA}
  hand_over:
    hot:
      when: {lead_score: {gte: 35}}
      closed: {changed: industry, to: Banking}
"""


def test_the_owner_that_we_set_ourselves_is_no_person_who_takes_over(tmp_path: Path) -> None:
    """Salesforce tells moments in whole seconds: our own write bears a moment before the ruling that it follows."""
    rita = "0055e0000000003AAA"
    with rehearsed(tmp_path, MAPPING + SALES.replace("RITA", rita)) as stage:
        assert stage.org.people.add_user("rita", "Rita", "Rep") == rita
        mara = stage.org.people.create_lead("mara@example.com", Industry="Technology")
        stage.let_pass(SECONDS)
        stage.platform.advance(timedelta(milliseconds=400))

        stage.org.people.change(mara, Status="Working - Contacted")
        stage.let_pass(SECONDS)
        stage.let_pass(SECONDS)

        assert stage.held(mara)["OwnerId"] == rita
        assert "assigned hot" in stage.told()
        assert "taken_over hot" not in stage.told()


def test_what_our_calls_have_spent_is_remembered_when_the_token_is_another(stage: OrgRehearsal) -> None:
    first = stage.services.open_account(stage.connection)
    again = stage.services.open_account(replace(stage.connection, token="another"))

    assert again._client.limits is first._client.limits  # type: ignore[attr-defined]
