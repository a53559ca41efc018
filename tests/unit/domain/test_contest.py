"""A split is decided when the figures say so, and not by luck, however often they are looked at."""

from __future__ import annotations

from datetime import timedelta
from math import exp, sqrt
from random import Random

import pytest

from connector.domain.programs.contest import Contest, Merit, Tally, evidence, interval, judge, rate
from tests.builders import ROME, START, after

WAYS = ("short", "long")
DAY = timedelta(days=1)
SURE = Contest(at_least=200, after=7 * DAY, sure=0.95)


def tallies(short: tuple[int, int], long: tuple[int, int]) -> list[Tally]:
    """How many were sent each way, and how many of them answered."""
    return [
        Tally(case, entered, answered, 0, START) for case, (entered, answered) in zip(WAYS, (short, long), strict=True)
    ]


def test_the_way_that_is_clearly_answered_more_wins() -> None:
    assert judge(SURE, WAYS, tallies((1000, 200), (1000, 100)), after(days=8)).case == "short"
    assert judge(SURE, WAYS, tallies((1000, 100), (1000, 200)), after(days=8)).case == "long"


@pytest.mark.parametrize(
    ("short", "long", "days", "because"),
    [
        ((1000, 200), (1000, 100), 6, "not before 2026-09-14 08:00 UTC"),
        ((1000, 200), (150, 10), 8, "too few yet: 50 more long"),
        ((1000, 110), (1000, 100), 8, "no difference that could not be an accident"),
        ((1000, 0), (1000, 0), 8, "no difference that could not be an accident"),
    ],
)
def test_nobody_wins_too_early_by_too_few_or_by_accident(
    short: tuple[int, int], long: tuple[int, int], days: int, because: str
) -> None:
    assert judge(SURE, WAYS, tallies(short, long), after(days=days)) == ("", because)


def test_it_is_told_on_the_clock_of_the_workspace_when_a_split_can_be_decided() -> None:
    figures = tallies((1000, 200), (1000, 100))

    assert judge(SURE, WAYS, figures, after(days=6), ROME).because == "not before 2026-09-14 10:00 CEST"


def test_a_split_to_which_nobody_came_is_open() -> None:
    assert judge(SURE, WAYS, [], after(days=8)) == ("", "no lead has come to the split yet")


@pytest.mark.parametrize(("days", "case"), [(29, ""), (30, "long")])
def test_when_its_time_is_over_the_way_wins_that_the_mapping_names(days: int, case: str) -> None:
    contest = Contest(at_least=200, until=30 * DAY, otherwise="long")

    assert judge(contest, WAYS, tallies((10, 1), (10, 1)), after(days=days)).case == case


def test_a_contest_says_why_it_was_decided() -> None:
    late = Contest(until=30 * DAY, otherwise="long")

    won = judge(SURE, WAYS, tallies((1000, 200), (1000, 100)), after(days=7))
    named = judge(late, WAYS, tallies((10, 1), (10, 1)), after(days=30))
    missing = judge(SURE, WAYS, tallies((199, 20), (100, 10)), after(days=8))

    assert won == ("short", "better than each other way, sure by 95 of 100")
    assert named == ("long", "no difference was seen in time")
    assert missing == ("", "too few yet: 1 more short, 100 more long")


def test_exactly_as_many_as_are_asked_for_are_enough() -> None:
    assert judge(SURE, WAYS, tallies((200, 100), (200, 20)), after(days=8)).case == "short"
    assert judge(SURE, WAYS, tallies((200, 100), (199, 20)), after(days=8)).case == ""


def test_the_time_of_a_contest_begins_with_the_first_lead_of_any_way() -> None:
    late, early = Tally("short", 1000, 200, 0, after(days=3)), Tally("long", 1000, 100, 0, START)

    assert judge(SURE, WAYS, [late, early], after(days=7)).case == "short"
    assert judge(SURE, WAYS, [late], after(days=9)).because == "not before 2026-09-17 08:00 UTC"


def test_a_way_that_nobody_went_yet_is_waited_for() -> None:
    verdict = judge(SURE, WAYS, tallies((1000, 200), (0, 0))[:1], after(days=8))

    assert verdict == ("", "too few yet: 200 more long")


def test_goals_count_where_the_mapping_says_so() -> None:
    found = [Tally("short", 1000, 0, 200, START), Tally("long", 1000, 900, 100, START)]

    assert judge(Contest(by=Merit.GOAL), WAYS, found, after(days=8)).case == "short"


def test_of_several_ways_one_wins_only_when_it_beats_every_other() -> None:
    one, two, three = (Tally(name, 1000, answered, 0, START) for name, answered in (("a", 200), ("b", 195), ("c", 50)))

    assert judge(SURE, "abc", [one, two, three], after(days=8)).case == ""
    assert judge(SURE, "abc", [one, two._replace(answered=90), three], after(days=8)).case == "a"


def test_the_evidence_is_the_published_formula() -> None:
    better, worse = Tally("a", 998, 199, 0), Tally("b", 998, 99, 0)
    p, q, n, squared = 0.2, 0.1, 1000, 0.05**2
    v = p * (1 - p) / n + q * (1 - q) / n

    assert exp(evidence(better, worse, Merit.ANSWERED)) == pytest.approx(
        sqrt(v / (v + squared)) * exp(squared * (p - q) ** 2 / (2 * v * (v + squared)))
    )


def test_of_ways_that_are_the_same_hardly_one_in_twenty_is_ever_decided_though_each_is_looked_at_a_hundred_times() -> (
    None
):
    random, decided = Random(1), 0
    for _ in range(300):
        counts = [[0, 0], [0, 0]]
        for _ in range(100):
            for way in counts:
                way[0] += 50
                way[1] += sum(random.random() < 0.1 for _ in range(50))
            found = tallies((counts[0][0], counts[0][1]), (counts[1][0], counts[1][1]))
            if judge(SURE, WAYS, found, after(days=8)).case:
                decided += 1
                break

    assert decided <= 15


@pytest.mark.parametrize(
    ("merit", "entered", "low", "high"),
    [(0, 0, 0.0, 1.0), (0, 10, 0.0, 0.278), (5, 10, 0.237, 0.763), (10, 10, 0.722, 1.0), (100, 1000, 0.083, 0.120)],
)
def test_the_interval_is_wilsons(merit: int, entered: int, low: float, high: float) -> None:
    assert interval(merit, entered) == pytest.approx((low, high), abs=0.001)


@pytest.mark.parametrize(("merit", "entered", "share"), [(0, 0, 0.0), (0, 10, 0.0), (1, 4, 0.25), (4, 4, 1.0)])
def test_of_a_way_that_nobody_went_nobody_answered(merit: int, entered: int, share: float) -> None:
    assert rate(merit, entered) == share
