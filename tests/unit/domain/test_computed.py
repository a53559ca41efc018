"""Fields that follow from what a lead did: the topic it read most, how often it came, what it said last."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations

import pytest

from connector.domain.conditions.condition import AttributeTest, Op, SignalTest
from connector.domain.definitions import Definitions, Segment, WriteBack
from connector.domain.fact import Value
from connector.domain.field import Field, FieldType
from connector.domain.history import HistoryKind
from connector.domain.traits.computed import Computed, Mention, Reckoning, shares_of
from connector.domain.traits.memory import MOST_DAYS, MOST_VALUES
from tests.builders import CRM, FIELDS, START, Story, after, baseline, book_applied, definitions, field_is, signal

WEEK = timedelta(days=7)
INTEREST = Computed(Field("interest"), Reckoning.MOST, SignalTest("read"), "topic")
BY_TIME = Computed(Field("interest"), Reckoning.MOST, SignalTest("read"), "topic", "seconds")
THIS_WEEK = Computed(Field("interest"), Reckoning.MOST, SignalTest("read"), "topic", within=WEEK)
VISITS = Computed(Field("visits", FieldType.NUMBER), Reckoning.COUNT, SignalTest("read"), within=WEEK)


def workspace(*computed: Computed, version: str = "v1", **parts: object) -> Definitions:
    fields = (*FIELDS, *(each.field for each in computed))
    return definitions(version, fields=fields, computed=computed, **parts)


def reader(*computed: Computed, **parts: object) -> Story:
    return Story(workspace(*computed, **parts)).receive(baseline())


def changes(story: Story) -> list[tuple[datetime, object]]:
    return [(entry.at, entry.detail["now"]) for entry in story.told(HistoryKind.FIELD_CHANGED)]


# --- the value that was said most ---------------------------------------------------------------------------


def test_the_topic_that_was_read_most_is_the_interest() -> None:
    story = reader(INTEREST)

    for hours, topic in enumerate(("planning", "production", "planning")):
        story.receive(signal("read", after(hours=hours), topic=topic))

    assert story.lead.fields["interest"] == "planning"
    assert changes(story) == [(START, "planning"), (after(hours=1), "production"), (after(hours=2), "planning")]
    assert {entry.subject for entry in story.told(HistoryKind.FIELD_CHANGED)} == {"interest"}


def test_of_two_topics_read_equally_often_the_latest_counts() -> None:
    story = reader(INTEREST).receive(signal("read", START, topic="a"), signal("read", after(hours=1), topic="b"))

    assert story.lead.fields["interest"] == "b"


def test_the_topic_with_the_most_time_wins_over_the_one_with_more_visits() -> None:
    story = reader(BY_TIME)

    story.receive(signal("read", after(hours=1), topic="long", seconds="90.5"))
    story.receive(signal("read", after(hours=2), topic="short", seconds=10.0))
    story.receive(signal("read", after(hours=3), topic="short", seconds=20.0))

    assert story.lead.fields["interest"] == "long"
    assert [mention.weight for mention in story.lead.mentions["interest"]] == [90.5, 30.0]


def test_the_shares_of_topics_are_told_the_heaviest_first_and_add_up() -> None:
    said = [
        Mention("a", 1.0, START),
        Mention("b", 2.0, after(1)),
        Mention("a", 3.0, after(2)),
        Mention("c", 2.0, after(3)),
    ]

    assert shares_of(said) == [Mention("a", 4.0, after(2)), Mention("c", 2.0, after(3)), Mention("b", 2.0, after(1))]


@pytest.mark.parametrize("seconds", ["", "many", 0.0, -5.0, True, "nan", "inf", 1e300])
def test_a_visit_without_a_sensible_time_weighs_nothing(seconds: Value) -> None:
    story = reader(BY_TIME).receive(signal("read", START, topic="x", seconds=seconds))

    assert "interest" not in story.lead.fields


def test_a_signal_without_the_attribute_says_nothing() -> None:
    story = reader(INTEREST, BY_TIME).receive(signal("read", START), signal("other", START, topic="x"))

    assert story.lead.mentions == {}


def test_large_and_small_letters_are_one_topic_in_the_spelling_that_came_first() -> None:
    story = reader(INTEREST)

    story.receive(signal("read", START, topic="other"), signal("read", after(hours=1), topic="other"))
    for hours in (2, 3, 4):
        story.receive(signal("read", after(hours=hours), topic="planning" if hours < 4 else "PLANNING"))

    assert story.lead.fields["interest"] == "planning"
    assert [mention.value for mention in story.lead.mentions["interest"]] == ["other", "planning"]


def test_of_several_choices_each_is_said() -> None:
    topics = Field("interest", FieldType.CHOICES)
    story = reader(Computed(topics, Reckoning.MOST, SignalTest("read"), "topic"))

    story.receive(signal("read", START, topic=("a", "b")), signal("read", after(hours=1), topic=("b", "c")))

    assert story.lead.fields["interest"] == "b"


def test_only_signals_with_the_wanted_attributes_count() -> None:
    where = SignalTest("read", (AttributeTest("place", Op.EQ, "blog"),))
    story = reader(Computed(Field("interest"), Reckoning.MOST, where, "topic"))

    story.receive(signal("read", START, topic="a", place="blog"), signal("read", after(1), topic="b", place="shop"))

    assert story.lead.fields["interest"] == "a"


def test_what_is_not_of_the_fields_type_is_told_and_left_out() -> None:
    year = Computed(Field("year", FieldType.NUMBER), Reckoning.LATEST, SignalTest("read"), "year")
    story = reader(year).receive(signal("read", START, year="soon"), signal("read", after(1), year="2027"))

    (entry,) = story.told(HistoryKind.FIELD_UNREADABLE)
    assert (entry.subject, entry.at) == ("year", START)
    assert story.lead.fields["year"] == 2027.0


# --- counts, sums, first and latest -------------------------------------------------------------------------


def test_a_count_begins_at_zero() -> None:
    few = Segment("few", field_is("visits", 2.0, Op.LT, FieldType.NUMBER))
    story = reader(VISITS, segments=(few,))

    story.receive(signal("read", START), signal("read", after(hours=1)))

    assert [(entry.kind, entry.at) for entry in story.history if entry.subject == "segment:few"] == [
        (HistoryKind.JOINED, START),
        (HistoryKind.LEFT, after(hours=1)),
    ]
    assert story.lead.fields["visits"] == 2.0
    assert changes(story) == []


def test_amounts_add_up() -> None:
    spent = Computed(Field("spent", FieldType.NUMBER), Reckoning.SUM, SignalTest("bought"), "amount")
    story = reader(spent)

    for days, amount in enumerate(("100.5", 20.0, -0.5, "gift")):
        story.receive(signal("bought", after(days), amount=amount))

    assert story.lead.fields["spent"] == 120.0


def test_the_first_value_stays_and_the_latest_follows() -> None:
    first = Computed(Field("came_by"), Reckoning.FIRST, SignalTest("form"), "form")
    latest = Computed(Field("last_form", values={"n": "Newsletter"}), Reckoning.LATEST, SignalTest("form"), "form")
    story = reader(first, latest)

    story.receive(signal("form", START, form="report"), signal("form", after(1), form="n"))

    assert (story.lead.fields["came_by"], story.lead.fields["last_form"]) == ("report", "Newsletter")


# --- time ---------------------------------------------------------------------------------------------------


def test_the_interest_changes_when_what_was_read_is_too_long_ago() -> None:
    story = reader(THIS_WEEK)
    story.receive(signal("read", START, topic="a"), signal("read", after(hours=2), topic="a"))
    story.receive(signal("read", after(3), topic="b"))

    story.let_pass(after(30))

    assert changes(story) == [
        (START, "a"),
        (after(7, minutes=1), "b"),  # once each, and b was read last
        (after(10, minutes=1), ""),
    ]
    assert story.lead.wake_at is None


def test_a_count_of_the_latest_week_falls_by_itself() -> None:
    busy = Segment("busy", field_is("visits", 2.0, Op.GTE, FieldType.NUMBER))
    story = reader(VISITS, segments=(busy,), write_back=(WriteBack(CRM, "visits", ("field", "visits")),))
    story.receive(signal("read", START), signal("read", after(2)))

    story.let_pass(after(7, minutes=1))

    assert story.told(HistoryKind.LEFT)[0].at == after(7, minutes=1)
    assert story.lead.desired[CRM].properties == {"visits": "1"}
    assert story.lead.wake_at == after(9, minutes=1)


def test_what_one_hour_says_of_a_topic_lapses_together_and_where_a_month_counts_what_one_day_says() -> None:
    month = Computed(Field("of_month"), Reckoning.MOST, SignalTest("read"), "topic", within=timedelta(days=30))
    story = reader(THIS_WEEK, month)

    story.receive(*(signal("read", after(minutes=minute), topic="a") for minute in (0, 58, 59, 60, 16 * 60)))

    assert [(one.weight, one.at) for one in story.lead.mentions["interest"]] == [
        (3.0, after(minutes=59)),
        (1.0, after(minutes=60)),
        (1.0, after(hours=16)),
    ]
    assert [one.weight for one in story.lead.mentions["of_month"]] == [4.0, 1.0]


# --- bounds and order ---------------------------------------------------------------------------------------


def test_of_too_many_topics_the_lightest_and_oldest_are_forgotten_and_the_newest_never() -> None:
    story = reader(INTEREST)
    facts = [signal("read", after(hours=n), topic=f"t{n}") for n in range(MOST_VALUES)]
    facts += [signal("read", after(hours=MOST_VALUES), topic="t0")]

    story.receive(*facts, signal("read", after(hours=MOST_VALUES + 1), topic="new"))

    kept = {mention.value for mention in story.lead.mentions["interest"]}
    assert len(kept) == MOST_VALUES
    assert kept.isdisjoint({"t1"})
    assert {"t0", "t2", "new"} <= kept


def test_within_a_span_of_time_no_more_days_are_remembered_than_a_lead_should_carry() -> None:
    year = Computed(Field("interest"), Reckoning.MOST, SignalTest("read"), "topic", within=timedelta(days=365))
    facts = [baseline(), *(signal("read", after(n), topic="a") for n in range(MOST_DAYS + 50))]

    story = Story(workspace(year)).receive_all(facts, after(MOST_DAYS + 51))

    assert len(story.lead.mentions["interest"]) == MOST_DAYS
    assert story.lead.mentions["interest"][0].at == after(50)


def test_whatever_the_order_of_arrival_the_interest_is_the_same() -> None:
    facts = [signal("read", after(hours=n), topic=topic) for n, topic in enumerate("abab")]

    ends = set()
    for order in permutations(facts):
        story = reader(INTEREST)
        for fact in order:
            story.receive(fact, now=after(1))
        ends.add(repr(story.lead))

    assert len(ends) == 1


def test_a_new_mapping_makes_its_fields_of_what_was_done_before_it() -> None:
    story = Story(definitions("v1"), workspace(INTEREST, VISITS, version="v2"))
    story.receive(baseline(), signal("read", after(1), topic="a"))

    story.receive(book_applied(after(2), "v2"))

    assert (story.lead.fields["interest"], story.lead.fields["visits"]) == ("a", 1.0)
