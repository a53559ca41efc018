"""Points that expire, scores that begin anew or stand still, and thresholds that are easier to keep than to reach."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from connector.domain.conditions.condition import (
    AllOf,
    AnyOf,
    Condition,
    Not,
    Op,
    ScoreTest,
    SegmentTest,
    SignalTest,
    eased,
)
from connector.domain.definitions import ListRule, Notification, Segment
from connector.domain.history import HistoryKind
from connector.domain.traits.score import (
    MOST_LOTS,
    Cap,
    EngagementRule,
    FitRule,
    Part,
    Score,
    expire,
    give,
    stood_still,
)
from tests.builders import (
    CRM,
    START,
    Story,
    after,
    baseline,
    book_applied,
    changed,
    definitions,
    field_is,
    score_is,
    signal,
    task,
)

WEEK, MONTH = timedelta(days=7), timedelta(days=30)
CLICK = EngagementRule("click", SignalTest("click"), 10)
WEEKLY = replace(CLICK, expires=WEEK)
CUSTOMER = field_is("industry", "customer")
FROZEN = Score("s", (CLICK,), half_life=WEEK, freeze_while=CUSTOMER)


def ledger(story: Story) -> list[tuple[datetime, float, str]]:
    """When how many points were given or taken, and what took them by itself."""
    told = story.told(HistoryKind.SCORED)
    return [(entry.at, float(entry.detail["points"]), str(entry.detail.get("because", ""))) for entry in told]


# --- expiry -------------------------------------------------------------------------------------------------


def test_points_that_expire_count_in_full_and_then_not_at_all() -> None:
    story = Story(scores=(Score("s", (WEEKLY,)),))

    story.receive(signal("click", START), signal("click", after(days=3))).let_pass(after(days=30))

    assert ledger(story) == [
        (START, 10, ""),
        (after(days=3), 10, ""),
        (after(days=7), -10, "expired"),
        (after(days=10), -10, "expired"),
    ]
    assert [entry.detail["total"] for entry in story.told(HistoryKind.SCORED)] == [10, 20, 10, 0]
    assert story.lead.scores == {"s": {}}
    assert story.lead.wake_at is None


def test_points_expire_on_the_full_minute() -> None:
    story = Story(scores=(Score("s", (WEEKLY,)),)).receive(signal("click", after(ms=1)))

    assert story.lead.wake_at == after(days=7, minutes=1)
    story.let_pass(after(days=7, minutes=1))

    assert ledger(story)[-1] == (after(days=7, minutes=1), -10, "expired")


def test_points_expire_though_something_happens_at_that_very_minute() -> None:
    story = Story(scores=(Score("s", (WEEKLY,)),)).receive(signal("click", START))

    story.receive(changed(after(days=7), industry="x")).let_pass(after(days=7, ms=1))

    assert ledger(story)[-1] == (after(days=7, ms=1), -10, "expired")


def test_points_that_are_taken_come_back_when_they_expire() -> None:
    story = Story(scores=(Score("s", (replace(WEEKLY, points=-10),)),)).receive(signal("click", START))

    assert story.points("s", START) == -10
    story.let_pass(after(days=8))

    assert ledger(story)[-1] == (after(days=7), 10, "expired")


def test_a_cap_for_ever_remembers_points_that_expired() -> None:
    story = Story(scores=(Score("s", (replace(WEEKLY, at_most=Cap(15)),)),))

    story.receive(*(signal("click", after(days=10 * n)) for n in range(4)))

    assert [points for _, points, because in ledger(story) if not because] == [10, 5]


def test_a_rule_of_a_fading_score_may_expire_instead() -> None:
    story = Story(scores=(Score("s", (WEEKLY,), half_life=WEEK),)).receive(signal("click", START))

    assert story.points("s", after(days=6)) == 10


def test_conditions_follow_when_points_expire() -> None:
    story = Story(scores=(Score("s", (WEEKLY,)),), segments=(Segment("warm", score_is("s", Op.GTE, 10)),))

    story.receive(signal("click", START)).let_pass(after(days=8))

    assert [(entry.at, entry.kind) for entry in story.told(HistoryKind.JOINED, HistoryKind.LEFT)] == [
        (START, HistoryKind.JOINED),
        (after(days=7), HistoryKind.LEFT),
    ]


def test_a_lead_carries_a_bounded_number_of_points_that_expire_and_loses_none() -> None:
    part, points = None, 0.0
    for n in range(MOST_LOTS + 10):
        part, given = give(part, WEEKLY, None, after(minutes=n))
        points += given

    assert part is not None
    assert len(part.lots) == MOST_LOTS
    assert part.points == points == sum(each for _, each in part.lots)
    assert expire(part, after(days=30)) == (None, points)


# --- reset --------------------------------------------------------------------------------------------------


def test_a_reset_takes_the_points_for_signals_and_leaves_those_for_fit() -> None:
    fit = FitRule("software", field_is("industry", "software"), 20)
    story = Story(scores=(Score("s", (fit, CLICK), reset_on=(SignalTest("bought"),)),))

    story.receive(baseline(industry="software"), signal("click", after(1)), signal("bought", after(2)))

    assert story.points("s", after(2)) == 20
    assert ledger(story) == [(START, 20, ""), (after(1), 10, ""), (after(2), -10, "reset")]
    (reset,) = story.told(HistoryKind.RESET)
    assert (reset.at, reset.subject, reset.detail) == (after(2), "s", {"by": "bought", "book": "v1"})


def test_the_signal_that_resets_a_score_gives_its_own_points_afterwards_and_caps_begin_anew() -> None:
    bought = EngagementRule("bought", SignalTest("bought"), 5)
    capped = replace(CLICK, at_most=Cap(10))
    story = Story(scores=(Score("s", (capped, bought), reset_on=(SignalTest("bought"),)),))

    story.receive(*(signal(name, after(day)) for day, name in enumerate(["click", "click", "bought", "click"])))

    assert [points for _, points, _ in ledger(story)] == [10, -10, 5, 10]


def test_what_a_reset_takes_is_what_had_not_faded() -> None:
    story = Story(scores=(Score("s", (CLICK,), half_life=WEEK, reset_on=(SignalTest("bought"),)),))

    story.receive(signal("click", START), signal("bought", after(7)))

    assert ledger(story)[-1] == (after(7), -5, "reset")


# --- freezing -----------------------------------------------------------------------------------------------


def test_nothing_changes_a_frozen_score_and_it_goes_on_where_it_stopped() -> None:
    story = Story(scores=(FROZEN,)).receive(baseline(), signal("click", START))

    story.receive(changed(after(7), industry="customer"), signal("click", after(8)))
    assert story.points("s", after(100)) == 5
    story.receive(changed(after(100), industry="former"))

    assert story.points("s", after(100)) == 5
    assert story.points("s", after(107)) == 2
    stands = {"total": 5.0, "book": "v1"}
    assert [(e.at, e.kind, e.subject, e.detail) for e in story.told(HistoryKind.FROZEN, HistoryKind.THAWED)] == [
        (after(7), HistoryKind.FROZEN, "s", stands),
        (after(100), HistoryKind.THAWED, "s", stands),
    ]


def test_points_of_a_frozen_score_do_not_expire_until_it_counts_on() -> None:
    story = Story(scores=(replace(FROZEN, rules=(WEEKLY,), half_life=None),)).receive(
        baseline(), signal("click", START)
    )

    story.receive(changed(after(5), industry="customer"), changed(after(50), industry="former")).let_pass(after(60))

    assert ledger(story)[-1] == (after(52), -10, "expired")


def test_points_whose_time_was_over_a_moment_before_are_not_kept_by_a_freeze() -> None:
    story = Story(scores=(Score("s", (WEEKLY,), freeze_while=CUSTOMER),))
    given, frozen = START + timedelta(milliseconds=1), after(days=7) + timedelta(milliseconds=2)

    story.receive(signal("click", given), changed(frozen, industry="customer")).let_pass(after(days=30))

    assert ledger(story) == [(given, 10, ""), (frozen, -10, "expired")]


def test_points_for_fit_are_as_they_were_while_a_score_is_frozen_and_follow_then() -> None:
    fit = FitRule("large", field_is("employees", 50.0, Op.GTE), 20)
    story = Story(scores=(replace(FROZEN, rules=(fit,)),))

    story.receive(baseline(industry="customer", numemployees="100"), changed(after(1), numemployees="10"))
    assert story.points("s", after(1)) == 20
    story.receive(changed(after(2), industry="former"))

    assert ledger(story) == [(START, 20, ""), (after(2), -20, "")]


def test_a_frozen_score_can_be_reset() -> None:
    story = Story(scores=(replace(FROZEN, reset_on=(SignalTest("bought"),)),))

    story.receive(baseline(), signal("click", START), changed(after(7), industry="customer"))
    story.receive(signal("bought", after(21)))

    assert ledger(story)[-1] == (after(21), -5, "reset")
    assert story.points("s", after(21)) == 0


def test_a_condition_on_a_frozen_score_waits_for_nothing() -> None:
    story = Story(scores=(FROZEN,), segments=(Segment("warm", score_is("s", Op.GTE, 6)),)).receive(
        baseline(), signal("click", START)
    )
    assert story.lead.alarms

    story.receive(changed(after(1), industry="customer"))

    assert not story.lead.alarms
    assert "segment:warm" in story.lead.holding


def test_a_book_that_comes_later_knows_what_was_frozen_when() -> None:
    first = definitions("v1", scores=(FROZEN,))
    story = Story(first, replace(first, version="v2")).receive(baseline(), signal("click", START))
    story.receive(changed(after(7), industry="customer"), changed(after(100), industry="former"))
    before = story.lead.scores

    story.receive(book_applied(after(101), "v2"))

    assert story.lead.scores == before
    assert story.points("s", after(107)) == 2


def test_only_what_fades_or_expires_remembers_that_it_stood_still() -> None:
    lasting, fading = Part(5, START, fades=False), Part(5, START)

    assert stood_still(lasting, WEEK) is lasting
    assert stood_still(fading, WEEK).still == WEEK


def test_a_book_that_comes_later_knows_what_expired_when_and_what_was_lost_by_it() -> None:
    first = definitions("v1", scores=(Score("s", (WEEKLY,)),), segments=(Segment("warm", WARM),))
    story = Story(first, replace(first, version="v2"))
    story.receive(*(signal("click", after(day)) for day in (0, 1, 20)))
    before = story.lead.scores

    story.receive(book_applied(after(21), "v2"))

    assert story.lead.scores == before
    assert story.points("s", after(21)) == 10
    assert "segment:warm" not in story.lead.holding  # it was left on day 8, and ten points are too few to join it


# --- thresholds that are easier to keep ---------------------------------------------------------------------

WARM = ScoreTest("s", Op.GTE, 20, until=10)
COLD = ScoreTest("s", Op.LT, 5, until=15)


def test_a_segment_is_kept_until_the_score_falls_below_its_second_threshold() -> None:
    story = Story(scores=(Score("s", (WEEKLY,)),), segments=(Segment("warm", WARM),))

    story.receive(*(signal("click", after(day)) for day in (0, 1, 2))).let_pass(after(20))

    assert [(entry.at, entry.kind) for entry in story.told(HistoryKind.JOINED, HistoryKind.LEFT)] == [
        (after(1), HistoryKind.JOINED),
        (after(9), HistoryKind.LEFT),
    ]


def test_time_alone_ends_what_is_kept_at_the_second_threshold() -> None:
    story = Story(scores=(Score("s", (replace(CLICK, points=40),), half_life=WEEK),), segments=(Segment("warm", WARM),))

    story.receive(signal("click", START)).let_pass(after(30))

    (left,) = story.told(HistoryKind.LEFT)
    assert timedelta() <= left.at - after(14) <= timedelta(minutes=1)


def test_a_low_score_is_kept_until_it_is_above_its_second_threshold() -> None:
    story = Story(scores=(Score("s", (CLICK,)),), segments=(Segment("cold", COLD),)).receive(baseline())

    story.receive(signal("click", after(1)))
    assert "segment:cold" in story.lead.holding
    story.receive(signal("click", after(2)))

    assert "segment:cold" not in story.lead.holding


@pytest.mark.parametrize("versions", [("v1",), ("v1", "v2")])
def test_a_list_and_a_notification_are_kept_also_when_the_book_changes(versions: tuple[str, ...]) -> None:
    first = definitions(
        "v1",
        scores=(Score("s", (WEEKLY,)),),
        lists=(ListRule("hot", {CRM: "Hot"}, WARM),),
        notifications=(Notification("n", WARM, (task(),), timedelta()),),
    )
    story = Story(first, replace(first, version="v2"))
    story.receive(
        *(signal("click", after(day)) for day in (0, 1)), *(book_applied(after(7.5), v) for v in versions[1:])
    )

    story.receive(signal("click", after(7.6)))

    assert story.lead.holding.keys() == {"list:hot", "notification:n"}
    assert story.lead.desired[CRM].lists == {"Hot": after(1)}
    assert len(story.acts) == 1


EASED: dict[str, tuple[Condition, Condition]] = {
    "a threshold": (WARM, ScoreTest("s", Op.GTE, 10)),
    "more than": (ScoreTest("s", Op.GT, 20, 10), ScoreTest("s", Op.GTE, 10)),
    "a low one": (COLD, ScoreTest("s", Op.LTE, 15)),
    "without a second": (ScoreTest("s", Op.GTE, 20), ScoreTest("s", Op.GTE, 20)),
    "several": (AllOf((WARM, SegmentTest("x"))), AllOf((ScoreTest("s", Op.GTE, 10), SegmentTest("x")))),
    "one of several": (AnyOf((WARM,)), AnyOf((ScoreTest("s", Op.GTE, 10),))),
    "not": (Not(WARM), Not(WARM)),
}


@pytest.mark.parametrize(("condition", "easier"), EASED.values(), ids=EASED)
def test_what_is_easier_to_keep(condition: Condition, easier: Condition) -> None:
    assert eased(condition) == easier
