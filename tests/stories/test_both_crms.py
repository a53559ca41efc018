"""One person in HubSpot and in Salesforce is one lead with one score, whatever happens on either side."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connector.domain.lead import Standing
from connector.sandbox.faults import ApiFault, Fault
from tests.both_rehearsal import BothRehearsal, rehearsed

MAPPING = """
format: 1
workspace: acme
timezone: Europe/Rome
fields:
  email:     {hubspot: email, salesforce: [Lead.Email, Contact.Email], identity: true}
  firstname: {hubspot: firstname, salesforce: [Lead.FirstName, Contact.FirstName]}
  company:   {hubspot: company, salesforce: Lead.Company, prefer: salesforce}
  industry:  {hubspot: industry, salesforce: Lead.Industry}
  opted_out:
    hubspot: hs_email_optout
    salesforce: [Lead.HasOptedOutOfEmail, Contact.HasOptedOutOfEmail]
    type: boolean
    consent: email
signals:
  clicked:   {hubspot: {when_changed: hs_email_last_click_date}}
  worked_on: {salesforce: {when_changed: Lead.Status, to: Working - Contacted}}
scores:
  fit:        {rules: [{when: {industry: [COMPUTER_SOFTWARE, Technology]}, points: 20}]}
  engagement: {rules: [{on: clicked, points: 10}, {on: worked_on, points: 15}]}
  lead_score: {sum: [fit, engagement]}
programs:
  welcome:
    enrol: {when: {email: {known: true}}}
    phases:
      hello:
        activities:
          greeting: {send: {list: greeting}, answered: worked_on, within: 7d}
lists:
  greeting: {hubspot: Coltiva – greeting, salesforce: Coltiva – greeting}
write_back:
  hubspot:    {coltiva_score: lead_score, coltiva_phase: welcome.phase}
  salesforce: {coltiva__Score__c: lead_score, coltiva__Phase__c: welcome.phase}
"""
CLICKED = "hs_email_last_click_date"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[BothRehearsal]:
    with rehearsed(tmp_path, MAPPING) as stage:
        yield stage


def scores(stage: BothRehearsal, contact: str, record: str) -> tuple[str, float]:
    """What the portal and the org hold."""
    return stage.in_portal(contact)["coltiva_score"], stage.in_org(record)["coltiva__Score__c"]


def in_both(stage: BothRehearsal) -> tuple[str, str]:
    """Mara, who was in HubSpot first and is in Salesforce, too."""
    contact = stage.portal.create_contact("mara@example.com", firstname="Mara", industry="COMPUTER_SOFTWARE")
    stage.let_pass()
    record = stage.org.people.create_lead("Mara@Example.com", FirstName="Mara")
    stage.let_pass()
    return contact, record


def test_a_person_in_both_is_one_lead_and_has_one_score_and_one_phase_there(stage: BothRehearsal) -> None:
    contact, record = in_both(stage)

    stage.portal.set_property(contact, CLICKED, "1788768060001")
    stage.let_pass()
    stage.org.people.change(record, Status="Working - Contacted")
    stage.let_pass()

    assert len(stage.leads()) == 1
    assert scores(stage, contact, record) == ("45", 45)
    assert stage.in_portal(contact)["coltiva_phase"] == stage.in_org(record)["coltiva__Phase__c"] == "hello"
    assert len(stage.lead().enrolments) == 1


def test_it_makes_no_difference_in_which_crm_the_person_was_first(stage: BothRehearsal) -> None:
    record = stage.org.people.create_lead("mara@example.com", Industry="Technology")
    stage.let_pass()
    contact = stage.portal.create_contact("mara@example.com")
    stage.let_pass()

    assert len(stage.leads()) == 1
    assert scores(stage, contact, record) == ("20", 20)


def test_a_lead_that_is_converted_is_still_one_with_the_contact_of_the_portal(stage: BothRehearsal) -> None:
    contact, record = in_both(stage)

    became = stage.org.people.convert(record).contact_id
    stage.let_pass()
    stage.portal.set_property(contact, CLICKED, "1788768060001")
    stage.let_pass()

    assert len(stage.leads()) == 1
    assert scores(stage, contact, became) == ("30", 30)


def test_contacts_that_are_merged_in_the_portal_stay_one_with_the_lead_of_the_org(stage: BothRehearsal) -> None:
    contact, record = in_both(stage)
    other = stage.portal.create_contact("m.rossi@example.com")
    stage.let_pass()

    survivor = stage.portal.merge_contacts(contact, other)
    stage.let_pass()
    stage.portal.set_property(survivor, CLICKED, "1788768060001")
    stage.let_pass()

    assert len(stage.leads()) == 1
    assert scores(stage, survivor, record) == ("30", 30)


def test_the_preferred_crm_has_the_say_where_both_fill_a_field(stage: BothRehearsal) -> None:
    contact, record = in_both(stage)
    stage.org.people.change(record, Company="Rossi SpA")
    stage.let_pass()

    stage.portal.set_property(contact, "company", "Rossi")
    stage.let_pass()

    assert stage.lead().fields["company"] == "Rossi SpA"


def test_whoever_opts_out_in_one_is_sent_nothing_by_the_other(stage: BothRehearsal) -> None:
    contact, record = in_both(stage)

    stage.org.people.change(record, HasOptedOutOfEmail=True)
    stage.let_pass()

    assert stage.lead().fields["opted_out"] is True
    assert stage.portal.lists_of(contact) == set()


def test_a_grant_that_is_gone_on_one_side_leaves_the_other_at_work(stage: BothRehearsal) -> None:
    contact, record = in_both(stage)
    stage.platform.tokens.end_all(stage.org.id)
    stage.org.installations.clear()

    stage.portal.set_property(contact, CLICKED, "1788768060001")
    stage.let_pass()

    assert scores(stage, contact, record) == ("30", 20)


def test_a_limit_on_one_side_holds_up_nothing_on_the_other(stage: BothRehearsal) -> None:
    contact, record = in_both(stage)
    stage.sandbox.faults.add(Fault(ApiFault.STATUS, status=429))

    stage.org.people.change(record, Status="Working - Contacted")
    stage.let_pass()

    assert scores(stage, contact, record) == ("20", 35)


OWNER = "  owner: {hubspot: hubspot_owner_id, salesforce: [Lead.OwnerId, Contact.OwnerId], owner: true}\n"
CALL = 'notifications:\n  warm: {when: {lead_score: {gte: 30}}, task: "Call {{ name }}"}\n'
OWNED = MAPPING.replace("  opted_out:\n", f"{OWNER}  opted_out:\n").replace("programs:\n", f"{CALL}programs:\n")


@pytest.mark.parametrize("first_in", ["portal", "org"])
def test_a_task_is_for_whoever_owns_the_lead_in_the_crm_in_which_it_is_made(tmp_path: Path, first_in: str) -> None:
    with rehearsed(tmp_path, OWNED) as stage:
        rita = stage.portal.add_owner("rita@example.com", "Rita", "Rep")
        contact = record = ""
        for crm in ("portal", "org") if first_in == "portal" else ("org", "portal"):
            if crm == "portal":
                contact = stage.portal.create_contact("mara@example.com", industry="COMPUTER_SOFTWARE")
                stage.portal.set_property(contact, "hubspot_owner_id", str(rita.id))
            else:
                record = stage.org.people.create_lead("mara@example.com")
            stage.let_pass()

        stage.portal.set_property(contact, CLICKED, "1788768060001")
        stage.let_pass()

        of_portal = [task["hubspot_owner_id"] for task in stage.portal.tasks(contact)]
        of_org = [task["OwnerId"] for task in stage.org.people.records("Task", WhoId=record)]
        expected = ([str(rita.id)], []) if first_in == "portal" else ([], [stage.in_org(record)["OwnerId"]])
        assert (of_portal, of_org) == expected


RITA = ("1100002", "0055e0000000003AAA")  # in the portal and in the org, each the first who is added
SALES = f"""
sales:
  teams: {{sales: {{reps: {{rita: {{hubspot: "{RITA[0]}", salesforce: {RITA[1]}}}}}}}}}
  hand_over:
    ready: {{when: {{lead_score: {{gte: 30}}}}, next_step: Call., nurturing: continue}}
write_back:
"""


@pytest.mark.parametrize("has_her", ["portal", "org", "nobody", "both"])
@pytest.mark.parametrize("prefer", ["", ", prefer: salesforce"], ids=["latest", "preferred"])
def test_a_lead_that_is_handed_over_has_the_rep_as_its_owner_in_both_whichever_had_her_before(
    tmp_path: Path, has_her: str, prefer: str
) -> None:
    mapping = OWNED.replace(OWNER, OWNER.replace(", owner: true", f"{prefer}, owner: true"))
    with rehearsed(tmp_path, mapping.replace("write_back:\n", SALES)) as stage:
        added = stage.portal.add_owner("rita@example.com", "Rita", "Rep"), stage.org.people.add_user("rita", "R", "Rep")
        assert (str(added[0].id), added[1]) == RITA
        contact, record = in_both(stage)
        if has_her in ("portal", "both"):
            stage.portal.set_property(contact, "hubspot_owner_id", RITA[0])
        if has_her in ("org", "both"):
            stage.org.people.change(record, OwnerId=RITA[1])
        stage.let_pass()

        stage.portal.set_property(contact, CLICKED, "1788768060001")
        stage.let_pass()
        stage.let_pass()

        assert [each.rep for each in stage.lead().hand_overs] == ["rita"]
        owners = stage.in_portal(contact)["hubspot_owner_id"], stage.in_org(record)["OwnerId"]
        assert (owners, stage.lead().fields["owner"], stage.refused()) == (RITA, RITA[0], [])
        assert ("hubspot_owner_id" in stage.wanted_of(contact)) == (has_her in ("org", "nobody"))
        assert ("Lead.OwnerId" in stage.wanted_of(record)) == (has_her in ("portal", "nobody"))


def test_the_outbox_tells_of_a_record_only_what_its_object_has(tmp_path: Path) -> None:
    telling = "  salesforce: {Contact.Description: welcome.phase, Lead.Description: welcome.phase, "
    with rehearsed(
        tmp_path, MAPPING.replace("  salesforce: {coltiva__Score__c", telling + "coltiva__Score__c")
    ) as stage:
        _, record = in_both(stage)
        as_lead = stage.wanted_of(record)

        became = stage.org.people.convert(record).contact_id
        stage.let_pass()

        ours = {"coltiva__Score__c", "coltiva__Phase__c"}
        assert (as_lead, stage.wanted_of(became)) == ({*ours, "Lead.Description"}, {*ours, "Contact.Description"})
        assert stage.in_org(became)["Description"] == "hello"


def test_records_of_an_address_that_many_share_stay_leads_of_their_own(tmp_path: Path) -> None:
    with rehearsed(tmp_path, MAPPING + "same_person: {kept_apart: info@*}\n") as stage:
        stage.portal.create_contact("info@example.com")
        stage.org.people.create_lead("info@example.com")
        stage.let_pass()

        assert len(stage.leads()) == 2


@pytest.mark.parametrize(
    "owner",
    [
        pytest.param("{salesforce: [Lead.OwnerId, Contact.OwnerId], owner: true}", id="alone"),
        pytest.param(
            "{hubspot: hubspot_owner_id, salesforce: [Lead.OwnerId, Contact.OwnerId], prefer: salesforce, owner: true}",
            id="preferred",
        ),
    ],
)
def test_a_task_is_made_in_the_crm_that_says_who_owns_leads_wherever_the_lead_was_first(
    tmp_path: Path, owner: str
) -> None:
    mapping = MAPPING.replace("  opted_out:\n", f"  owner: {owner}\n  opted_out:\n")
    with rehearsed(tmp_path, mapping.replace("programs:\n", f"{CALL}programs:\n")) as stage:
        contact, record = in_both(stage)

        stage.portal.set_property(contact, CLICKED, "1788768060001")
        stage.let_pass()

        (task,) = stage.org.people.records("Task", WhoId=record)
        assert task["OwnerId"] == stage.in_org(record)["OwnerId"]
        assert list(stage.portal.tasks(contact)) == []


def test_a_task_for_nobody_is_made_where_the_lead_is_if_the_crm_of_the_owners_has_no_record(tmp_path: Path) -> None:
    owner = "  owner: {salesforce: [Lead.OwnerId, Contact.OwnerId], owner: true}\n"
    mapping = MAPPING.replace("  opted_out:\n", f"{owner}  opted_out:\n")
    with rehearsed(tmp_path, mapping.replace("programs:\n", f"{CALL}programs:\n")) as stage:
        contact = stage.portal.create_contact("mara@example.com", industry="COMPUTER_SOFTWARE")
        stage.let_pass()

        stage.portal.set_property(contact, CLICKED, "1788768060001")
        stage.let_pass()

        (task,) = stage.portal.tasks(contact)
        assert not task.get("hubspot_owner_id")


# --- a record is deleted while another one of the lead is there ----------------------------------------------


@pytest.fixture
def called(tmp_path: Path) -> Iterator[BothRehearsal]:
    """With a task for whoever scores 30 points."""
    with rehearsed(tmp_path, MAPPING.replace("programs:\n", f"{CALL}programs:\n")) as stage:
        yield stage


def calls(stage: BothRehearsal, record: str) -> tuple[list[str], list[str]]:
    """The tasks in the portal, and those of the record of the org."""
    of_org = stage.org.people.records("Task", WhoId=record)
    return [task["hs_task_subject"] for task in stage.portal.tasks()], [str(task["Subject"]) for task in of_org]


def test_who_is_deleted_in_hubspot_is_nurtured_on_in_salesforce_and_catches_up_when_back(called: BothRehearsal) -> None:
    contact, record = in_both(called)
    called.org.people.change(record, Industry="Technology")  # what the contact held counts no more once it is deleted
    called.let_pass()
    called.portal.delete_contact(contact)
    called.let_pass()

    called.org.people.change(record, Status="Working - Contacted")
    called.let_pass()

    assert called.in_org(record)["coltiva__Score__c"] == 35
    assert calls(called, record) == ([], ["Call Mara"])
    assert called.refused() == []
    called.portal.restore_contact(contact)
    called.let_pass()
    assert scores(called, contact, record) == ("35", 35)
    assert (calls(called, record), called.refused()) == (([], ["Call Mara"]), [])


def test_who_is_deleted_in_salesforce_is_nurtured_on_in_hubspot_and_catches_up_when_back(called: BothRehearsal) -> None:
    contact, record = in_both(called)
    called.org.people.delete(record)
    called.let_pass()

    called.portal.set_property(contact, CLICKED, "1788768060001")
    called.let_pass()

    assert scores(called, contact, record) == ("30", 20)
    assert calls(called, record) == (["Call Mara"], [])
    assert called.refused() == []
    called.org.people.undelete(record)
    called.let_pass()
    assert scores(called, contact, record) == ("30", 30)
    assert (calls(called, record), called.refused()) == ((["Call Mara"], []), [])


@pytest.mark.parametrize("back", ["portal", "org"])
def test_who_is_deleted_in_both_rests_and_goes_on_where_it_is_back(called: BothRehearsal, back: str) -> None:
    contact, record = in_both(called)
    called.org.people.change(record, Industry="Technology")  # what the contact held counts no more once it is deleted
    called.let_pass()
    called.portal.delete_contact(contact)
    called.let_pass()
    called.org.people.delete(record)
    called.let_pass()

    rested = called.lead()
    if back == "portal":
        called.portal.restore_contact(contact)
        called.let_pass()
        called.portal.set_property(contact, CLICKED, "1788768060001")
    else:
        called.org.people.undelete(record)
        called.let_pass()
        called.org.people.change(record, Status="Working - Contacted")
    called.let_pass()

    assert (rested.standing, called.lead().standing) == (Standing.ARCHIVED, Standing.ACTIVE)
    expected = (["Call Mara"], []) if back == "portal" else ([], ["Call Mara"])
    assert (calls(called, record), called.refused()) == (expected, [])


def test_a_task_that_waits_for_a_record_that_is_deleted_goes_to_the_other_one(tmp_path: Path) -> None:
    with rehearsed(tmp_path, MAPPING.replace("programs:\n", f"settle: 1h\n{CALL}programs:\n")) as stage:
        contact, record = in_both(stage)
        stage.portal.set_property(contact, CLICKED, "1788768060001")
        stage.let_pass()
        stage.portal.delete_contact(contact)

        stage.let_pass(timedelta(hours=2))

        assert calls(stage, record) == ([], ["Call Mara"])
