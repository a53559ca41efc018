"""What several records and several CRMs say of one lead, and what counts."""

from __future__ import annotations

from datetime import datetime

from connector.domain.definitions import SignalSource
from connector.domain.fact import RECORD_OF, SNAPSHOT_OF, Fact, FactKind, RecordName
from connector.domain.field import Field, FieldRole, FieldType
from connector.domain.history import HistoryKind
from tests.builders import CRM, START, Story, after, baseline, changed

ORG = "salesforce"
LEAD, OTHER_LEAD, CONTACT = "00Q000000000001AAA", "00Q000000000002AAA", "003000000000001AAA"
CITY = Field("city", properties={ORG: ("Lead.City", "Contact.City")})
WORKING = SignalSource("worked_on", ORG, "Lead.Status", ("Working",))


def read(at: datetime, record: str = LEAD, **properties: str) -> Fact:
    """The record as it is read again."""
    data = {SNAPSHOT_OF: record, **_qualified(record, properties)}
    return Fact(f"read:{record}:{at.isoformat()}", at, FactKind.RECORD, RecordName.READ, ORG, data)


def first_read(record: str = LEAD, at: datetime = START, **properties: str) -> Fact:
    """The record as it is when it is first heard of."""
    data = {SNAPSHOT_OF: record, **_qualified(record, properties)}
    return Fact(f"baseline:{record}", at, FactKind.RECORD, RecordName.BASELINE, ORG, data)


def _qualified(record: str, properties: dict[str, str]) -> dict[str, str]:
    kind = "Lead" if record.startswith("00Q") else "Contact"
    return {f"{kind}.{name}": value for name, value in properties.items()}


def signals(story: Story) -> list[str]:
    return [entry.subject for entry in story.told(HistoryKind.SIGNAL)]


# --- what changed is found by comparing ---------------------------------------------------------------------


def test_a_record_that_is_read_with_another_value_gives_the_signal_of_its_change_once() -> None:
    story = Story(fields=(CITY,), signals=(WORKING,)).receive(first_read(Status="New"))

    story.receive(read(after(days=1), Status="Working"), read(after(days=2), Status="Working", City="Rome"))

    assert signals(story) == ["worked_on"]


def test_what_was_so_when_the_record_was_first_heard_of_is_no_change() -> None:
    story = Story(fields=(CITY,), signals=(WORKING,)).receive(first_read(Status="Working", City="Rome"))

    assert (signals(story), story.lead.fields) == ([], {"city": "Rome"})


def test_a_record_of_which_nothing_was_held_says_what_is_so_and_not_what_changed() -> None:
    story = Story(fields=(CITY,), signals=(WORKING,)).receive(
        baseline(), read(after(days=1), Status="Working", City="Rome")
    )

    assert (signals(story), story.lead.fields) == ([], {"city": "Rome"})


def test_a_value_that_comes_back_is_a_change_again() -> None:
    story = Story(fields=(CITY,), signals=(WORKING,)).receive(first_read(Status="Working"))

    story.receive(read(after(days=1), Status="New"), read(after(days=2), Status="Working"))

    assert signals(story) == ["worked_on"]


def test_a_read_that_arrives_late_changes_nothing_that_a_later_one_said() -> None:
    story = Story(fields=(CITY,)).receive(first_read(City="Rome"))

    story.receive(read(after(days=2), City="Oslo"))
    story.receive(read(after(days=1), City="Bern"))

    assert story.lead.fields == {"city": "Oslo"}


# --- several records of one lead ----------------------------------------------------------------------------


def test_a_record_that_repeats_what_it_held_does_not_outweigh_what_another_one_said_since() -> None:
    story = Story(fields=(CITY,)).receive(first_read(City="Rome"), first_read(OTHER_LEAD, City="Bern"))

    story.receive(read(after(days=1), City="Oslo"), read(after(days=2), OTHER_LEAD, City="Bern"))

    assert story.lead.fields == {"city": "Oslo"}


def test_a_record_that_changes_nothing_gives_no_signal_though_another_one_differs() -> None:
    story = Story(fields=(CITY,), signals=(WORKING,))
    story.receive(first_read(Status="New"), first_read(OTHER_LEAD, Status="Working"))

    story.receive(read(after(days=1), OTHER_LEAD, Status="Working", City="Rome"))

    assert signals(story) == []


def test_a_value_that_one_record_loses_is_what_another_one_still_holds() -> None:
    story = Story(fields=(CITY,)).receive(first_read(City="Rome"), first_read(CONTACT, City="Bern"))

    story.receive(read(after(days=1), City="Oslo"), read(after(days=2), City=""))

    assert story.lead.fields == {"city": "Bern"}


def test_a_value_that_no_record_holds_any_more_is_gone() -> None:
    story = Story(fields=(CITY,)).receive(first_read(City="Rome"), read(after(days=1), City=""))

    assert story.lead.fields == {}


# --- several CRMs of one field ------------------------------------------------------------------------------


def both(**field: object) -> Story:
    shared = Field("city", properties={CRM: ("city",), ORG: ("Lead.City",)}, **field)  # type: ignore[arg-type]
    return Story(fields=(shared,)).receive(baseline(city="Rome"), first_read(City="Bern"))


def test_the_latest_word_counts_where_no_crm_is_preferred() -> None:
    story = both()

    story.receive(read(after(days=1), City="Oslo"), changed(after(days=2), city="Wien"))

    assert story.lead.fields == {"city": "Wien"}


def test_a_crm_that_says_nothing_any_more_leaves_what_the_other_says() -> None:
    story = both()

    story.receive(read(after(days=1), City="Oslo"), read(after(days=2), City=""))

    assert story.lead.fields == {"city": "Rome"}


def test_the_preferred_crm_has_the_say_and_the_other_ones_word_is_told() -> None:
    story = both(prefer=ORG)

    story.receive(changed(after(days=1), city="Wien"))

    (entry,) = story.told(HistoryKind.FIELD_KEPT)
    assert (story.lead.fields, entry.detail) == ({"city": "Bern"}, {"crm": CRM, "said": "Wien"})


def test_the_other_crm_is_heard_where_the_preferred_one_says_nothing() -> None:
    story = both(prefer=ORG)

    story.receive(changed(after(days=1), city="Wien"), read(after(days=2), City=""))

    assert story.lead.fields == {"city": "Wien"}


def test_an_opt_out_in_either_crm_counts_until_both_take_it_back() -> None:
    properties = {CRM: ("optout",), ORG: ("Lead.HasOptedOutOfEmail",)}
    consent = Field("opted_out", FieldType.BOOLEAN, properties, role=FieldRole.CONSENT, prefer=ORG)
    story = Story(fields=(consent,)).receive(baseline(optout="false"), first_read(HasOptedOutOfEmail="false"))

    story.receive(changed(after(days=1), optout="true"), read(after(days=2), HasOptedOutOfEmail="false", City="Rome"))
    opted_out = story.lead.fields["opted_out"]
    story.receive(changed(after(days=3), optout="false"))

    assert (opted_out, story.lead.fields["opted_out"]) == (True, False)


# --- what deleted records held ------------------------------------------------------------------------------

HERE, THERE = f"{ORG}:00D:lead:{LEAD}", f"{CRM}:1:contact:51"
INDUSTRY = Field("industry", properties={CRM: ("industry",), ORG: ("Lead.Industry",)})
RATING = Field("rating", properties={ORG: ("Lead.Rating",)})
SIZE = Field("size", properties={CRM: ("size",)})
OPT_OUT = Field("out", FieldType.BOOLEAN, {ORG: ("Lead.Out",)}, role=FieldRole.CONSENT)


def known_twice(**portal: str) -> Story:
    """Known by a lead of the org, which holds all of these, and by a contact of the portal."""
    data = {SNAPSHOT_OF: LEAD, "Lead.Industry": "machinery", "Lead.Rating": "hot", "Lead.Out": "true"}
    org = Fact(f"baseline:{HERE}", START, FactKind.RECORD, RecordName.BASELINE, ORG, data)
    contact = Fact(f"baseline:{THERE}", START, FactKind.RECORD, RecordName.BASELINE, CRM, portal)
    return Story(fields=(INDUSTRY, RATING, SIZE, OPT_OUT)).receive(org, contact)


def turned(name: RecordName, record: str, at: datetime) -> Fact:
    return Fact(f"{name}:{record}:{at}", at, FactKind.RECORD, name, record.partition(":")[0], {RECORD_OF: record})


def test_what_a_deleted_record_held_counts_no_more_but_for_an_opt_out() -> None:
    story = known_twice(industry="software")
    story.receive(read(after(days=1), Industry="steel", Rating="hot", Out="true"))

    story.receive(turned(RecordName.ARCHIVED, HERE, after(days=2)))

    assert story.lead.fields == {"industry": "software", "out": True}


def test_it_counts_again_when_the_record_is_there_again() -> None:
    story = known_twice().receive(turned(RecordName.ARCHIVED, HERE, after(days=2)))
    assert story.lead.fields == {"out": True}

    story.receive(turned(RecordName.RESTORED, HERE, after(days=3)))

    assert story.lead.fields == {"industry": "machinery", "rating": "hot", "out": True}


def test_of_a_portals_contact_it_counts_again_when_that_was_read() -> None:
    story = known_twice(industry="software", size="50")
    story.receive(turned(RecordName.ARCHIVED, THERE, after(days=2)))
    assert story.lead.fields == {"industry": "machinery", "rating": "hot", "out": True}

    back = Fact("read", after(days=3), FactKind.RECORD, RecordName.READ, CRM, {"industry": "software", "size": "50"})
    story.receive(turned(RecordName.RESTORED, THERE, after(days=3)), back)

    assert story.lead.fields["size"] == "50"


def test_the_other_of_two_records_of_one_crm_has_the_say_when_one_is_deleted() -> None:
    other = f"{ORG}:00D:lead:{OTHER_LEAD}"
    data = {SNAPSHOT_OF: OTHER_LEAD, "Lead.Industry": "steel"}
    story = known_twice().receive(Fact(f"baseline:{other}", START, FactKind.RECORD, RecordName.BASELINE, ORG, data))

    story.receive(turned(RecordName.ARCHIVED, HERE, after(days=2)))

    assert story.lead.fields["industry"] == "steel"


def test_who_is_deleted_everywhere_keeps_what_was_known() -> None:
    story = known_twice(size="50")

    story.receive(*(turned(RecordName.ARCHIVED, one, after(days=day)) for day, one in ((1, THERE), (2, HERE))))

    assert story.lead.fields == {"industry": "machinery", "rating": "hot", "out": True}
