"""A lead in two CRMs: who owns it in each, what each is written, and whose word is told."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from connector.domain.definitions import Notification
from connector.domain.fact import SNAPSHOT_OF, Fact, FactKind, RecordName
from connector.domain.field import Field
from connector.domain.history import HistoryKind
from connector.domain.outward.change import Act, ChangeKind
from connector.domain.outward.own import written_by_sales, written_properties
from tests.builders import CRM, START, Story, after, baseline, changed, did, record, signal, task
from tests.selling import hand_over, ruled, selling

ORG = "salesforce"
ANNA_THERE, BEN_THERE, RITA_THERE = "0055e000001AAAAAAA", "0055e000001BBBBBBB", "0055e000001RRRRRRR"
BOTH = (
    ("email: {hubspot: email,", "email: {hubspot: email, salesforce: [Lead.Email, Contact.Email],"),
    (
        "owner: {hubspot: hubspot_owner_id,",
        "owner: {hubspot: hubspot_owner_id, salesforce: [Lead.OwnerId, Contact.OwnerId],",
    ),
    ('anna: {hubspot: "101"}', f'anna: {{hubspot: "101", salesforce: {ANNA_THERE}}}'),
    ('ben: {hubspot: "102"}', f'ben: {{hubspot: "102", salesforce: {BEN_THERE}}}'),
    ('maria: {hubspot: "109"}', 'maria: {hubspot: "109", salesforce: 0055e000001MMMMMMM}'),
)
#: A task for whoever owns the lead when it calls.
ASKED = ("lists:\n", 'notifications:\n  asked: {when: {did: called}, task: "Call {{ name }}"}\nlists:\n')
PREFERRING = (*BOTH, ("Contact.OwnerId],", "Contact.OwnerId], prefer: salesforce,"))


def first_read(**properties: str) -> Fact:
    """The lead's record in Salesforce, when it is first heard of."""
    said = {f"Lead.{name}": value for name, value in properties.items()}
    return Fact("baseline:00Q1", START, FactKind.RECORD, RecordName.BASELINE, ORG, {SNAPSHOT_OF: "00Q1", **said})


def handed_over(story: Story) -> Story:
    """The lead clicks twice, and anna is given it."""
    clicks = (signal("clicked", after(minutes=minute)) for minute in (1, 2))
    return story.receive(*clicks, ruled(after(minutes=10)))


def the_task(story: Story) -> Act:
    (made,) = (act for act in story.acts.values() if act.kind is ChangeKind.TASK)
    return made


# --- who owns the lead in each ------------------------------------------------------------------------------


def test_a_task_is_for_the_rep_by_the_id_that_she_has_in_each_crm() -> None:
    made = the_task(handed_over(selling(*BOTH)))

    assert (made.owner, made.owners) == ("101", {CRM: "101", ORG: ANNA_THERE})


def test_a_task_is_made_in_the_crm_that_has_the_say_on_who_owns_leads() -> None:
    assert the_task(handed_over(selling())).crm == CRM
    assert the_task(handed_over(selling(*BOTH))).crm == ""
    assert the_task(handed_over(selling(*PREFERRING))).crm == ORG


def test_of_leads_that_one_crm_owns_nothing_is_said_for_another_one() -> None:
    assert the_task(handed_over(selling())).owners == {}


def test_whom_the_mapping_does_not_know_is_in_each_crm_what_that_one_says() -> None:
    story = selling(*BOTH, ASKED, hubspot_owner_id="777").receive(first_read(OwnerId=RITA_THERE))

    story.receive(signal("called", after(minutes=5)))

    assert the_task(story).owners == {CRM: "777", ORG: RITA_THERE}


def test_who_owns_nothing_there_has_no_name_there() -> None:
    story = selling(*BOTH, ASKED, hubspot_owner_id="777").receive(signal("called", after(minutes=5)))

    assert the_task(story).owners == {CRM: "777", ORG: ""}


def test_a_task_for_a_lead_of_whose_owner_nobody_spoke_is_for_nobody() -> None:
    made = the_task(selling(*BOTH, ASKED).receive(signal("called", after(minutes=5))))

    assert (made.owner, made.owners) == ("", {CRM: "", ORG: ""})


def test_where_nobody_says_who_owns_leads_no_crm_has_the_say() -> None:
    told = Notification("asked", did("called"), (task(),), timedelta(days=30))

    story = Story(fields=(), notifications=(told,)).receive(baseline(), signal("called", after(minutes=5)))

    assert (the_task(story).crm, the_task(story).owner, the_task(story).owners) == ("", "", {})


# --- what each is written -----------------------------------------------------------------------------------


def test_the_owner_is_written_to_leads_and_contacts_alike() -> None:
    story = handed_over(selling(*BOTH))

    assert written_by_sales(story.book_of(story.lead.book), ORG) == ("Lead.OwnerId", "Contact.OwnerId")
    held = story.lead.desired[ORG].properties
    assert (held["Lead.OwnerId"], held["Contact.OwnerId"]) == (ANNA_THERE, ANNA_THERE)


def test_a_record_that_is_read_for_an_owner_for_the_first_time_and_has_none_takes_nobody_away() -> None:
    story = handed_over(selling(*BOTH).receive(first_read(Email="ada@example.com")))
    nobody = {SNAPSHOT_OF: "00Q1", "Lead.Email": "ada@example.com", "Lead.OwnerId": ""}

    story.receive(Fact("read", after(minutes=20), FactKind.RECORD, RecordName.READ, ORG, nobody))

    assert story.lead.desired[ORG].properties["Lead.OwnerId"] == ANNA_THERE


def test_of_several_properties_of_one_object_the_first_is_written() -> None:
    field = Field("city", properties={ORG: ("Lead.City", "Lead.Street", "Contact.MailingCity"), CRM: ("city", "town")})

    assert written_properties(field, ORG) == ("Lead.City", "Contact.MailingCity")
    assert written_properties(field, CRM) == ("city",)
    assert written_properties(field, "another") == ()


# --- a rep whom one of them has already ---------------------------------------------------------------------


def owner_read(id_: str, at: datetime, owner: str, *, record: str = "00Q1", of: str = "Lead") -> Fact:
    """A record in Salesforce, read again."""
    data = {SNAPSHOT_OF: record, f"{of}.OwnerId": owner}
    return Fact(id_, at, FactKind.RECORD, RecordName.READ, ORG, data)


def owners_wanted(story: Story) -> tuple[str | None, str | None]:
    """Whom we set in HubSpot and in Salesforce; None where we leave it as it is."""
    desired = story.lead.desired
    return desired[CRM].properties.get("hubspot_owner_id"), desired[ORG].properties.get("Lead.OwnerId")


@pytest.mark.parametrize(
    ("there", "portal", "expected"),
    [
        (ANNA_THERE, "", ("101", None)),
        (ANNA_THERE, "102", ("101", None)),
        (BEN_THERE, "101", (None, ANNA_THERE)),
        (BEN_THERE, "", ("101", ANNA_THERE)),
        (ANNA_THERE, "101", (None, None)),
    ],
)
@pytest.mark.parametrize("changes", [BOTH, PREFERRING], ids=["latest", "preferred"])
def test_each_crm_is_written_the_rep_that_does_not_have_her_whatever_the_other_has(
    changes: tuple[tuple[str, str], ...], there: str, portal: str, expected: tuple[str | None, str | None]
) -> None:
    known = {"hubspot_owner_id": portal} if portal else {}

    story = handed_over(selling(*changes, **known).receive(first_read(OwnerId=there)))

    assert owners_wanted(story) == expected
    assert story.lead.fields["owner"] == "101"


def test_a_record_of_several_in_one_crm_that_has_another_owner_is_written_too() -> None:
    story = selling(*BOTH, hubspot_owner_id="101").receive(first_read(OwnerId=BEN_THERE))
    data = {SNAPSHOT_OF: "0031", "Contact.OwnerId": ANNA_THERE}
    contact = Fact("baseline:0031", START, FactKind.RECORD, RecordName.BASELINE, ORG, data)

    handed_over(story.receive(contact))

    assert owners_wanted(story) == (None, ANNA_THERE)


@pytest.mark.parametrize("changes", [BOTH, PREFERRING], ids=["latest", "preferred"])
def test_what_each_crm_held_before_ours_and_ours_itself_are_nobodys_word(changes: tuple[tuple[str, str], ...]) -> None:
    story = handed_over(selling(*changes).receive(first_read(OwnerId=BEN_THERE)))

    story.receive(
        record(RecordName.READ, after(minutes=11), hubspot_owner_id=""),  # ours has not arrived
        record(RecordName.READ, after(minutes=12), hubspot_owner_id="101"),
        owner_read("still", after(minutes=13), BEN_THERE),
        owner_read("arrived", after(minutes=14), ANNA_THERE),
    )

    assert owners_wanted(story) == ("101", ANNA_THERE)
    assert (story.lead.fields["owner"], hand_over(story).rep) == ("101", "anna")
    assert story.told(HistoryKind.TAKEN_OVER) == story.told(HistoryKind.FIELD_KEPT) == []


def test_a_person_who_gives_the_lead_to_somebody_else_in_either_crm_is_respected() -> None:
    story = handed_over(selling(*BOTH, hubspot_owner_id="102").receive(first_read(OwnerId=ANNA_THERE)))

    story.receive(owner_read("given", after(minutes=20), BEN_THERE))

    assert owners_wanted(story) == (None, None)
    assert (story.lead.fields["owner"], hand_over(story).rep) == ("102", "ben")


def test_what_a_preferred_crm_said_before_our_owner_is_no_word_of_its_own_any_more() -> None:
    changes = (*BOTH, ("Contact.OwnerId],", "Contact.OwnerId], prefer: hubspot,"))
    story = handed_over(selling(*changes, hubspot_owner_id="102").receive(first_read(OwnerId=ANNA_THERE)))

    story.receive(owner_read("given", after(minutes=20), RITA_THERE))

    assert (story.lead.fields["owner"], hand_over(story).rep) == ("101", "anna")


def test_a_rep_who_has_the_lead_everywhere_is_given_it_without_another_word() -> None:
    story = handed_over(selling(*BOTH, hubspot_owner_id="101").receive(first_read(OwnerId=ANNA_THERE)))

    assert "owner" not in story.lead.own
    assert hand_over(story).rep == "anna"


# --- whose word is told -------------------------------------------------------------------------------------


def preferring() -> Story:
    city = Field("city", properties={CRM: ("city",), ORG: ("Lead.City",)}, prefer=ORG)
    return Story(fields=(city,)).receive(baseline(city="Rome"), first_read(City="Bern"))


def test_a_word_that_does_not_count_is_told_with_the_field_that_it_was_about() -> None:
    story = preferring().receive(changed(after(days=1), city="Wien"))

    assert [entry.subject for entry in story.told(HistoryKind.FIELD_KEPT)] == ["city"]


def test_a_crm_that_says_the_same_or_nothing_any_more_contradicts_nobody() -> None:
    story = preferring().receive(changed(after(days=1), city="Bern"), changed(after(days=2), city=""))

    assert story.told(HistoryKind.FIELD_KEPT) == []


def test_the_preferred_crm_contradicts_nobody_by_its_own_word() -> None:
    again = {SNAPSHOT_OF: "00Q1", "Lead.City": "Oslo"}
    story = preferring().receive(Fact("read", after(days=1), FactKind.RECORD, RecordName.READ, ORG, again))

    assert story.lead.fields == {"city": "Oslo"}
    assert story.told(HistoryKind.FIELD_KEPT) == []
