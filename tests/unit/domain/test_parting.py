"""What chance did with a lead, and what came of it: the figures by which the ways of a split are compared."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connector.domain.programs.contest import Contest
from connector.domain.programs.parting import Parting, partings_of
from connector.domain.programs.program import Activity, Case, Fork, Program
from tests.builders import START, Story, activity, after, definitions, on, phase, program, signal

BIG, SMALL = Case("big", weight=1), Case("small", weight=1)


def split(contest: Contest | None = None, **more: Any) -> Program:
    """Half of all leads are sent one thing and half the other, then all are sent a third."""
    fork = Activity("subject", None, fork=Fork((BIG, SMALL), by_chance=True, contest=contest))
    ways = [replace(activity(case, answered="clicked"), path=(("subject", case),)) for case in ("big", "small")]
    return program("p", phase("one", fork, *ways, activity("offer", answered="wrote")), goal=(on("bought"),), **more)


def lived(parted: Program | None = None) -> Story:
    return Story(definitions(programs=(parted or split(),))).receive(signal("came", START))


def found(story: Story) -> list[Parting]:
    return partings_of(story.lead, story.book_of("v1").programs)


def way(story: Story) -> str:
    return story.enrolment().chosen["subject"]


def test_a_lead_at_a_split_counts_for_its_way_from_that_moment() -> None:
    story = lived()

    assert found(story) == [Parting("p", 1, "one.subject", way(story), START, is_answered=False, is_won=False)]


def test_an_answer_on_the_way_counts_for_it() -> None:
    story = lived().receive(signal("clicked", after(days=1)))

    assert [(each.is_answered, each.is_won) for each in found(story)] == [(True, False)]


def test_an_answer_to_what_all_are_sent_tells_nothing_of_the_way() -> None:
    story = lived().receive(signal("wrote", after(days=1)))

    assert [each.is_answered for each in found(story)] == [False]


@pytest.mark.parametrize(("answer", "is_answered"), [("wrote", True), ("clicked", False)])
def test_where_the_mapping_names_an_activity_its_answers_alone_count(answer: str, is_answered: bool) -> None:
    story = lived(split(Contest(of="offer"))).receive(signal(answer, after(days=1)))

    assert [each.is_answered for each in found(story)] == [is_answered]


def test_a_goal_that_is_reached_counts_for_the_way() -> None:
    story = lived().receive(signal("bought", after(days=1)))

    assert [(each.is_answered, each.is_won) for each in found(story)] == [(False, True)]


def test_each_time_in_the_program_counts_by_itself() -> None:
    story = lived(split(exit=(on("left"),), again_after=timedelta())).receive(signal("left", after(days=1)))

    story.receive(signal("came", after(days=2)))

    assert [(each.number, each.at) for each in found(story)] == [(1, START), (2, after(days=2))]


@pytest.mark.parametrize(("share", "case"), [(100, "held_out"), (1e-9, "nurtured")])
def test_who_is_held_out_is_compared_with_all_who_are_not(share: float, case: str) -> None:
    story = lived(split(holdout=share)).receive(signal("bought", after(days=1)))

    assert found(story)[0] == Parting("p", 1, "", case, START, is_answered=False, is_won=True)


def test_of_those_who_are_not_held_out_it_is_known_whether_they_answered() -> None:
    story = lived(split(holdout=1e-9)).receive(signal("clicked", after(days=1)))

    assert [(each.fork, each.is_answered) for each in found(story)] == [("", True), ("one.subject", True)]


def test_a_program_that_the_mapping_has_no_more_is_not_reported() -> None:
    other = Story(definitions(programs=(program("q", phase("only")),)))

    assert partings_of(lived().lead, other.book_of("v1").programs) == []
