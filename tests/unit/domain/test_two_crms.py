"""A lead in two CRMs: who owns it in each, what each is written, and whose word is told."""

from __future__ import annotations

from datetime import timedelta

from connector.domain.definitions import Notification
from connector.domain.fact import SNAPSHOT_OF, Fact, FactKind, RecordName
from connector.domain.field import Field
from connector.domain.history import HistoryKind
from connector.domain.outward.change import Act, ChangeKind
from connector.domain.outward.own import written_by_sales, written_properties
from tests.builders import CRM, START, Story, after, baseline, changed, did, signal, task
from tests.selling import ruled, selling

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
