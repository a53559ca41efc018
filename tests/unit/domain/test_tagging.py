"""Tags: put on and taken off by signals, by conditions that come to hold, and by time."""

from __future__ import annotations

from datetime import timedelta

from connector.domain.conditions.condition import AttributeTest, Not, Op, SignalTest, TagTest
from connector.domain.definitions import Notification, Segment, Tag, WriteBack
from connector.domain.history import HistoryKind
from connector.domain.programs.program import Trigger
from connector.domain.traits.score import EngagementRule, Score
from tests.builders import (
    CRM,
    START,
    Story,
    after,
    baseline,
    book_applied,
    changed,
    definitions,
    did,
    field_is,
    holds,
    on,
    phase,
    program,
    score_is,
    signal,
    task,
)

WEEK = timedelta(days=7)
SOFTWARE = field_is("industry", "software")
FAIR = Tag("fair", (on("visited"),), (on("left"),))


def told(story: Story) -> list[tuple[str, object, object]]:
    entries = story.told(HistoryKind.TAGGED, HistoryKind.UNTAGGED)
    return [(str(entry.kind), entry.at, entry.detail["by"]) for entry in entries]


def test_a_signal_puts_a_tag_on_once_and_another_takes_it_off() -> None:
    story = Story(tags=(FAIR,)).receive(baseline(), signal("left", START))

    story.receive(signal("visited", after(1)), signal("visited", after(2)), signal("left", after(3)))

    assert told(story) == [("tagged", after(1), "signal visited"), ("untagged", after(3), "signal left")]
    assert story.lead.tags == {}


def test_a_signal_counts_only_with_its_attributes_and_its_condition() -> None:
    milan = Trigger(SignalTest("visited", (AttributeTest("place", Op.EQ, "Milan"),)), SOFTWARE)
    story = Story(tags=(Tag("fair", (milan,)),)).receive(baseline())

    story.receive(signal("visited", after(1), place="Milan"), changed(after(2), industry="software"))
    story.receive(signal("visited", after(3), place="Rome"), signal("visited", after(4), place="milan"))

    assert told(story) == [("tagged", after(4), "signal visited")]


def test_of_a_signal_that_does_both_taking_off_counts() -> None:
    story = Story(tags=(Tag("fair", (on("visited"),), (on("visited", SOFTWARE),)),))

    story.receive(baseline(industry="software"), signal("visited", after(1)))

    assert story.lead.tags == {}


def test_the_signals_own_points_count_for_its_condition() -> None:
    clicks = Score("clicks", (EngagementRule("click", SignalTest("clicked"), 10.0),))
    keen = Tag("keen", (on("clicked", score_is("clicks", Op.GTE, 20.0)),))
    story = Story(scores=(clicks,), tags=(keen,)).receive(baseline())

    story.receive(signal("clicked", after(1)), signal("clicked", after(2)))

    assert told(story) == [("tagged", after(2), "signal clicked")]


def test_a_tag_of_a_condition_stays_when_the_condition_ends_and_comes_again_only_when_it_comes_to_hold_again() -> None:
    story = Story(tags=(Tag("maker", (holds(SOFTWARE),), (on("left"),)),)).receive(baseline(industry="software"))

    story.receive(changed(after(1), industry="banking"), signal("left", after(2)))
    story.receive(changed(after(3), industry="software"), signal("left", after(4)), signal("came", after(5)))

    assert [(kind, at) for kind, at, _ in told(story)] == [
        ("tagged", START),
        ("untagged", after(2)),
        ("tagged", after(3)),
        ("untagged", after(4)),
    ]


def test_a_condition_that_time_alone_makes_hold_takes_the_tag_off() -> None:
    silent = Not(did("read", within=WEEK))
    story = Story(tags=(Tag("reader", (on("read"),), (holds(silent),)),)).receive(baseline(), signal("read", after(1)))

    story.receive(signal("read", after(5))).let_pass(after(30))

    assert told(story) == [
        ("tagged", after(1), "signal read"),
        ("untagged", after(12, minutes=1), "its condition"),
    ]


def test_a_tag_for_a_week_comes_off_a_week_after_it_was_last_put_on() -> None:
    story = Story(tags=(Tag("fair", (on("visited"),), lasts=WEEK),)).receive(baseline())

    story.receive(signal("visited", after(1)), signal("visited", after(5)))
    assert story.lead.wake_at == after(12)
    story.let_pass(after(30))

    assert told(story) == [("tagged", after(1), "signal visited"), ("untagged", after(12), "time")]
    assert story.lead.wake_at is None
    assert story.lead.tags == {}


def test_a_condition_that_goes_on_holding_does_not_put_a_tag_on_again_whose_time_is_over() -> None:
    story = Story(
        tags=(Tag("maker", (holds(SOFTWARE),), lasts=WEEK),), write_back=(WriteBack(CRM, "tags", ("tags",)),)
    ).receive(baseline(industry="software"))

    story.let_pass(after(30)).receive(changed(after(31), firstname="Anna"))

    assert told(story) == [("tagged", START, "its condition"), ("untagged", after(7), "time")]
    assert story.lead.desired[CRM].properties == {"tags": ""}


def test_what_looks_at_a_tag_follows_at_once() -> None:
    has = TagTest("fair")
    story = Story(
        tags=(FAIR, Tag("twice", (holds(has),))),
        segments=(Segment("warm", has),),
        notifications=(Notification("n", has, (task("{tags[fair]}"),)),),
        programs=(program("p", phase("one"), enrol="never", exit=(holds(has),)),),
        write_back=(WriteBack(CRM, "tags", ("tags",)),),
    ).receive(baseline())

    story.receive(signal("visited", after(1)))

    assert "segment:warm" in story.lead.holding
    assert story.lead.desired[CRM].properties == {"tags": "fair;twice"}
    assert [act.subject for act in story.acts.values()] == ["True"]


def test_an_unchanged_tag_survives_a_new_mapping_though_nothing_would_put_it_on_again() -> None:
    rules = (on("visited", field_is("industry", "software")),)
    story = Story(definitions(tags=(Tag("fair", rules, lasts=WEEK),)), definitions("v2", tags=(Tag("fair", ()),)))
    story.receive(baseline(industry="software"), signal("visited", after(1)), changed(after(2), industry="banking"))

    story.receive(book_applied(after(3), "v2")).let_pass(after(30))

    assert [(kind, at) for kind, at, _ in told(story)] == [("tagged", after(1)), ("untagged", after(8))]


def test_a_tag_that_a_new_mapping_brings_is_put_on_those_who_earned_it_before_and_one_that_it_drops_is_gone() -> None:
    story = Story(definitions(tags=(FAIR,)), definitions("v2", tags=(Tag("reader", (on("read"),)),)))
    story.receive(baseline(), signal("visited", after(1)), signal("read", after(2)))

    story.receive(book_applied(after(3), "v2"))

    assert story.lead.tags.keys() == {"reader"}
    assert story.lead.tags["reader"].since == after(2)
    assert told(story)[-1] == ("tagged", after(3), "what was known")
