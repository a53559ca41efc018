"""Points: what rules give, how much at most, and how it fades."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from connector.domain.conditions.condition import Op, SignalTest
from connector.domain.definitions import Segment
from connector.domain.history import HistoryKind
from connector.domain.traits.score import (
    Cap,
    EngagementRule,
    FitRule,
    Part,
    Score,
    blend,
    decayed,
    give,
    grade_of,
    look_ahead,
    passes_at,
    total,
    whole,
)
from tests.builders import START, Story, after, baseline, changed, field_is, score_is, signal

MONTH = timedelta(days=30)
WEEK = timedelta(days=7)


def clicks(points: float = 10, at_most: Cap | None = None) -> EngagementRule:
    return EngagementRule("click", SignalTest("click"), points, at_most)


def give_all(rule: EngagementRule, moments: list[datetime], half_life: timedelta | None = None) -> list[float]:
    """What each of several signals gives."""
    part, gifts = None, []
    for moment in moments:
        part, points = give(part, rule, half_life, moment)
        gifts.append(points)
    return gifts


# --- giving and caps ----------------------------------------------------------------------------------------

CAPS: dict[str, tuple[float, Cap | None, list[float], list[float]]] = {
    # points, cap, signals on these days, what each gives
    "no cap": (10, None, [0, 0, 0, 0], [10, 10, 10, 10]),
    "a cap for ever gives the rest, then nothing": (10, Cap(25), [0, 1, 2, 500], [10, 10, 5, 0]),
    "a cap below one gift": (10, Cap(4), [0, 1], [4, 0]),
    "a cap per week counts from each gift": (10, Cap(20, WEEK), [0, 3, 6, 7, 8, 10], [10, 10, 0, 10, 0, 10]),
    "what was not given takes no room": (10, Cap(15, WEEK), [0, 1, 2, 7, 8], [10, 5, 0, 10, 5]),
    "a gift leaves the week when it is a week old": (10, Cap(10, WEEK), [0, 7 - 1e-6, 7], [10, 0, 10]),
    "tenths add up to the cap and no hair beyond": (0.1, Cap(1.0), [0] * 12, [0.1] * 10 + [0, 0]),
    "three times 0.3 make 0.9, and leave no hair": (0.3, Cap(0.9), [0] * 5, [0.3] * 3 + [0, 0]),
    "points that are taken have no cap": (-5, None, [0, 0], [-5, -5]),
}


@pytest.mark.parametrize(("points", "cap", "days", "gifts"), CAPS.values(), ids=CAPS.keys())
def test_a_rule_gives_no_more_than_its_cap(
    points: float, cap: Cap | None, days: list[float], gifts: list[float]
) -> None:
    given = give_all(clicks(points, cap), [after(days=day) for day in days])

    assert given == pytest.approx(gifts)
    assert [points == 0 for points in given] == [points == 0 for points in gifts]


def test_the_cap_counts_points_as_they_were_given_however_much_they_faded() -> None:
    gifts = give_all(clicks(10, Cap(20, MONTH)), [START, after(days=1), after(days=29)], half_life=timedelta(days=1))

    assert gifts == [10, 10, 0]


def test_a_signal_beyond_the_cap_leaves_the_part_as_it_is() -> None:
    full, _ = give(None, clicks(4, Cap(4)), None, START)

    assert give(full, clicks(4, Cap(4)), None, after(days=1)) == (full, 0)


def test_a_rule_remembers_only_what_its_cap_looks_at() -> None:
    uncapped, _ = give(None, clicks(), None, START)
    weekly, _ = give(None, clicks(1, Cap(100, WEEK)), None, START)
    for day in range(1, 30):
        weekly, _ = give(weekly, clicks(1, Cap(100, WEEK)), None, after(days=day))

    assert uncapped is not None
    assert uncapped.given == ()
    assert weekly is not None
    assert [moment for moment, _ in weekly.given] == [after(days=day) for day in range(23, 30)]
    assert weekly.count == 30


def test_a_signal_beyond_the_cap_leaves_no_line_in_the_ledger() -> None:
    story = Story(scores=(Score("s", (clicks(10, Cap(15)),)),))

    story.receive(*(signal("click", after(days=day)) for day in range(4)))

    assert [entry.detail["points"] for entry in story.told(HistoryKind.SCORED)] == [10, 5]
    assert len(story.told(HistoryKind.SIGNAL)) == 4


# --- fading -------------------------------------------------------------------------------------------------


def test_points_halve_with_every_half_life() -> None:
    assert decayed(80, timedelta(), MONTH) == 80
    assert decayed(80, MONTH, MONTH) == 40
    assert decayed(80, 3 * MONTH, MONTH) == 10
    assert decayed(80, 3 * MONTH, None) == 80


def test_new_points_are_added_to_what_is_left() -> None:
    part, _ = give(None, clicks(10), MONTH, START)

    part, _ = give(part, clicks(10), MONTH, START + MONTH)

    assert part == Part(15.0, START + MONTH, 2)
    assert total(look_ahead({"click": part}, MONTH), START + 2 * MONTH) == 7.5


def test_points_that_are_taken_fade_too() -> None:
    score = Score("s", (clicks(-20),), half_life=MONTH)
    story = Story(scores=(score,)).receive(signal("click", START))

    assert story.points("s", START) == -20
    assert story.points("s", START + MONTH) == -10


def test_points_for_fit_last_as_long_as_their_condition_and_do_not_fade() -> None:
    software = FitRule("software", field_is("industry", "software"), 20)
    story = Story(scores=(Score("s", (software, clicks(10)), half_life=MONTH),))

    story.receive(baseline(industry="software"), signal("click", START), changed(after(days=90), industry="Banking"))

    assert [entry.detail["total"] for entry in story.told(HistoryKind.SCORED)] == [20, 30, 1]
    assert story.points("s", after(days=90)) == 1


@pytest.mark.parametrize("points", [0.0, 29.0, 29.9999, -0.5, -1.0])
def test_whole_points_are_rounded_down(points: float) -> None:
    assert whole(points) <= points < whole(points) + 1


def test_sums_that_come_out_a_hair_below_a_whole_number_are_that_number() -> None:
    tenths = {str(n): Part(0.1, START) for n in range(10)}

    assert whole(total(look_ahead(tenths, None), START)) == 1
    assert whole(29.9999999999) == 30
    assert whole(-0.0000000001) == 0


def test_the_order_of_the_rules_changes_no_total() -> None:
    parts = {str(n): Part(value, START) for n, value in enumerate([0.1, 1e16, -1e16, 0.2, 0.3])}

    totals = {total(look_ahead(each, None), START) for each in (parts, dict(reversed(parts.items())))}

    assert totals == {0.6}


# --- grades -------------------------------------------------------------------------------------------------

GRADES = (("A", 60.0), ("B", 39.5), ("C", 0.0))


@pytest.mark.parametrize(
    ("points", "grade"), [(100, "A"), (60, "A"), (59, "B"), (40, "B"), (39, "C"), (0, "C"), (-1, "")]
)
def test_the_grade_is_the_best_that_the_points_reach(points: int, grade: str) -> None:
    assert grade_of(points, GRADES) == grade


def test_a_score_without_grades_has_none() -> None:
    assert grade_of(100, ()) == ""


# --- several scores -----------------------------------------------------------------------------------------

FIT = Score("fit", (FitRule("software", field_is("industry", "software"), 20.5),))
ENGAGEMENT = Score("engagement", (clicks(10.5),), half_life=MONTH)
SUM = Score("lead_score", sum_of=("fit", "engagement"), grades=(("hot", 31), ("cold", 0)))
SUM_OF_SUM = Score("double", sum_of=("lead_score", "fit"))


def test_a_sum_adds_exact_totals_and_is_rounded_once() -> None:
    story = Story(scores=(SUM_OF_SUM, SUM, FIT, ENGAGEMENT))

    story.receive(baseline(industry="software"), signal("click", START))

    assert [story.points(name, START) for name in ("fit", "engagement", "lead_score", "double")] == [20, 10, 31, 51]


def test_one_signal_may_give_points_in_several_scores_and_by_several_rules() -> None:
    other = EngagementRule("again", SignalTest("click"), 1)
    story = Story(scores=(Score("a", (clicks(10), other)), Score("b", (clicks(-3),))))

    story.receive(signal("click", START))

    assert (story.points("a", START), story.points("b", START)) == (11, -3)


def test_the_ledger_says_rule_points_total_and_book() -> None:
    story = Story(scores=(SUM, FIT, ENGAGEMENT)).receive(baseline(industry="software"), signal("click", after(days=1)))

    lines = [(entry.subject, entry.at, dict(entry.detail)) for entry in story.told(HistoryKind.SCORED)]

    assert lines == [
        ("fit", START, {"rule": "software", "points": 20.5, "total": 20.0, "book": "v1"}),
        ("engagement", after(days=1), {"rule": "click", "points": 10.5, "total": 10.0, "book": "v1"}),
    ]


def test_where_half_lives_mix_the_score_is_looked_at_each_midnight_while_it_may_still_pass() -> None:
    slow, fast = {"a": Part(30, START)}, {"b": Part(30, START)}
    outlooks = blend([look_ahead(slow, MONTH), look_ahead(fast, WEEK), look_ahead({"fit": Part(5, START)}, None)])

    assert passes_at(outlooks, 40, START) == after(hours=16)
    assert passes_at(outlooks, 40, after(hours=16)) == after(days=1, hours=16)
    assert passes_at(outlooks, 66, START) is None
    assert passes_at(outlooks, 5, START) is None
    assert passes_at(outlooks, 40, after(days=100)) is None
    assert passes_at(outlooks, 6, after(days=200)) is None


def test_points_of_which_nothing_is_left_do_not_blur_when_others_have_faded() -> None:
    month = look_ahead({"a": Part(30, START)}, MONTH)
    nothing = look_ahead({"b": Part(10, START), "c": Part(-10, START)}, WEEK)

    assert passes_at(blend([month, nothing]), 20, START) == passes_at(blend([month]), 20, START)


def test_a_list_by_a_sum_of_several_half_lives_is_left_within_a_day() -> None:
    scores = (
        Score("a", (clicks(30),), half_life=MONTH),
        Score("b", (clicks(30),), half_life=WEEK),
        Score("sum", sum_of=("a", "b")),
    )
    story = Story(scores=scores, segments=(Segment("warm", score_is("sum", Op.GTE, 40)),))

    story.receive(signal("click", START)).let_pass(after(days=365))

    (left,) = story.told(HistoryKind.LEFT)
    assert story.points("sum", left.at) < 40
    assert (
        decayed(30, left.at - START - timedelta(days=1), MONTH) + decayed(30, left.at - START - timedelta(days=1), WEEK)
        > 40
    )
    assert story.lead.wake_at is None
