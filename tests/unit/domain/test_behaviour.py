"""What a fact says about a lead: fields filled from properties, signals from changes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.domain.definitions import Segment, SignalSource
from connector.domain.fact import RecordName
from connector.domain.field import Field, FieldType
from connector.domain.history import HistoryKind
from tests.builders import CRM, START, Story, after, baseline, changed, did, record, signal

PHONE = Field("phone", properties={CRM: ("mobilephone", "phone"), "salesforce": ("Lead.Phone",)})


def phones(*facts: dict[str, str]) -> Story:
    story = Story(fields=(PHONE,)).receive(baseline(mobilephone="", phone="2"))
    for day, properties in enumerate(facts, start=1):
        story.receive(changed(after(days=day), **properties))
    return story


# --- fields -------------------------------------------------------------------------------------------------

# the changes one day after the other, and what the field holds then
SEVERAL: dict[str, tuple[list[dict[str, str]], str | None]] = {
    "the first that has a value": ([], "2"),
    "the one that changed": ([{"mobilephone": "1"}], "1"),
    "the one that changed last": ([{"mobilephone": "1"}, {"phone": "3"}], "3"),
    "one is cleared: another may still hold a value": ([{"mobilephone": "1"}, {"phone": ""}], "1"),
    "both change: the first that has a value": ([{"phone": "3", "mobilephone": "1"}], "1"),
    "both change, the first to nothing": ([{"mobilephone": "", "phone": "3"}], "3"),
    "both change, the first to blanks": ([{"mobilephone": "  ", "phone": "3"}], "3"),
    "both are cleared": ([{"mobilephone": "", "phone": ""}], None),
}


@pytest.mark.parametrize(("changes", "value"), SEVERAL.values(), ids=SEVERAL.keys())
def test_a_field_of_several_properties_holds(changes: list[dict[str, str]], value: str | None) -> None:
    assert phones(*changes).lead.fields.get("phone") == value


def test_a_field_is_filled_from_each_crm_by_its_own_properties() -> None:
    story = phones()

    story.receive(record(RecordName.CHANGED, after(days=1), source="salesforce", phone="wrong", **{"Lead.Phone": "9"}))

    assert story.lead.fields == {"phone": "9"}


def test_a_crm_that_no_field_is_read_from_says_nothing() -> None:
    story = phones().receive(record(RecordName.CHANGED, after(days=1), source="elsewhere", phone="9"))

    assert story.lead.fields == {"phone": "2"}


def test_a_property_may_fill_several_fields() -> None:
    fields = (Field("size", FieldType.NUMBER, {CRM: ("n",)}), Field("size_text", FieldType.TEXT, {CRM: ("n",)}))

    story = Story(fields=fields).receive(baseline(n="5"))

    assert story.lead.fields == {"size": 5.0, "size_text": "5"}


def test_a_text_that_cannot_be_read_leaves_the_field_as_it_was_and_is_told() -> None:
    story = Story().receive(baseline(numemployees="50"), changed(after(days=1), numemployees="many" * 100))

    (entry,) = story.told(HistoryKind.FIELD_UNREADABLE)
    assert story.lead.fields["employees"] == 50.0
    assert (entry.subject, entry.at) == ("employees", after(days=1))
    assert str(entry.detail["problem"]).endswith("is not a number")
    assert len(str(entry.detail["text"])) == 200


def test_a_change_is_told_with_was_and_now_and_the_same_value_again_is_none() -> None:
    story = Story().receive(baseline(numemployees="50"))

    story.receive(*(changed(after(days=day), numemployees=raw) for day, raw in enumerate(["50.0", "60", ""], start=1)))

    changes = [(entry.subject, entry.detail) for entry in story.told(HistoryKind.FIELD_CHANGED)]
    assert changes == [("employees", {"was": "50", "now": "60"}), ("employees", {"was": "60", "now": ""})]
    assert "employees" not in story.lead.fields


def test_what_was_so_when_we_first_heard_of_the_lead_is_no_change() -> None:
    story = Story().receive(baseline(firstname="Anna", email="anna@example.com"))

    assert [entry.kind for entry in story.history] == [HistoryKind.KNOWN]


# --- signals ------------------------------------------------------------------------------------------------


def signals_of(story: Story) -> list[tuple[str, dict[str, object]]]:
    return [(entry.subject, dict(entry.detail)) for entry in story.told(HistoryKind.SIGNAL)]


def test_the_change_of_a_watched_property_is_a_signal_with_attributes() -> None:
    sources = (
        SignalSource("clicked", CRM, "hs_click", attributes={"what": "value", "who": "firstname", "where": "city"}),
        SignalSource("touched", CRM, "hs_click"),
    )
    story = Story(signals=sources).receive(baseline(firstname="Anna"), changed(after(days=1), hs_click="report"))

    assert signals_of(story) == [("clicked", {"what": "report", "who": "Anna"}), ("touched", {})]


def test_the_attributes_of_a_signal_are_the_fields_after_the_change() -> None:
    sources = (SignalSource("clicked", CRM, "hs_click", attributes={"who": "firstname"}),)
    story = Story(signals=sources).receive(changed(START, hs_click="x", firstname="Anna"))

    assert signals_of(story) == [("clicked", {"who": "Anna"})]


def test_a_cleared_property_is_no_signal() -> None:
    assert signals_of(Story().receive(changed(START, hs_click=""))) == []


def test_a_signal_may_wait_for_certain_values() -> None:
    became = (SignalSource("became_customer", CRM, "lifecyclestage", to=("customer", "evangelist")),)
    story = Story(signals=became)

    story.receive(*(changed(after(days=n), lifecyclestage=stage) for n, stage in enumerate(["lead", "customer", ""])))

    assert [entry.at for entry in story.told(HistoryKind.SIGNAL)] == [after(days=1)]


@pytest.mark.parametrize("name", [name for name in RecordName if name is not RecordName.CHANGED])
def test_only_a_change_is_a_signal_and_not_what_is_read(name: RecordName) -> None:
    story = Story().receive(record(name, START, hs_click="report"))

    assert signals_of(story) == []


def test_a_lead_keeps_no_more_moments_of_a_signal_than_its_conditions_need() -> None:
    story = Story(segments=(Segment("a", did("read")), Segment("b", did("read", 3, timedelta(days=7)))))

    story.receive(*(signal("read", after(days=day)) for day in range(9)))

    assert sorted(story.lead.seen.values()) == [tuple(after(days=day) for day in (6, 7, 8)), (after(days=8),)]


def test_a_signal_that_came_through_another_door_carries_its_own_attributes() -> None:
    story = Story().receive(signal("read", START, topic="prices", seconds=90.0))

    assert signals_of(story) == [("read", {"topic": "prices", "seconds": "90"})]
