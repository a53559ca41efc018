"""Why a lead does not enter a program, in the words that people read, and who goes first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connector.domain.fact import CommandName, Fact, FactKind
from connector.domain.history import HistoryKind as K
from connector.domain.programs.program import Program
from tests.builders import (
    Story,
    activity,
    after,
    archived,
    baseline,
    changed,
    definitions,
    field_is,
    holds,
    on,
    phase,
    program,
    signal,
)

ASKED = phase("one", activity("call", answered="clicked", days=90))


def entering(*programs: Program, **rules: Any) -> Story:
    """A lead at a bank that came into the program p."""
    both = (program("p", ASKED, **rules), *programs)
    return Story(definitions(programs=both)).receive(baseline(industry="banking"), signal("came", after()))


def enrol(program_: str, days: float) -> Fact:
    return Fact(f"enrol@{days}", after(days=days), FactKind.COMMAND, CommandName.ENROL, "cli", {"program": program_})


def whys(story: Story) -> list[str]:
    return [str(entry.detail["why"]) for entry in story.told(K.NOT_ENTERED)]


BANKS = field_is("industry", "banking")
LEFT = {"exit": (on("left"),)}


@pytest.mark.parametrize(
    ("rules", "facts", "why"),
    [
        pytest.param({}, [], "it is in the program already", id="twice"),
        pytest.param(LEFT, [signal("left", after(days=1))], "it was in the program before", id="once"),
        pytest.param(
            {**LEFT, "again_after": timedelta(days=3)},
            [signal("left", after(days=1))],
            "it left the program too short a time ago",
            id="too soon",
        ),
        pytest.param(
            {**LEFT, "again_after": timedelta(), "again_if": frozenset({"won", "other"})},
            [signal("left", after(days=1))],
            "it ended before as exited (signal left)",
            id="ended otherwise",
        ),
        pytest.param({"is_paused": True}, [], "the program is paused", id="paused"),
        pytest.param({"suppress": BANKS}, [], "it is suppressed", id="suppressed"),
        pytest.param(
            {"goal": (holds(BANKS),)}, [], "the program's goal or exit condition holds already", id="at the goal"
        ),
        pytest.param(
            {"exit": (holds(BANKS),)}, [], "the program's goal or exit condition holds already", id="at the exit"
        ),
        pytest.param(LEFT, [archived(after(days=1))], "its record is deleted in the CRM", id="deleted"),
    ],
)
def test_who_does_not_enter_is_told_why(rules: dict[str, Any], facts: list[Fact], why: str) -> None:
    story = entering(**rules).receive(*facts, enrol("p", 2))

    assert whys(story)[-1] == why


def test_a_lead_may_come_back_at_the_very_moment_that_the_mapping_says() -> None:
    story = entering(again_after=timedelta(days=3), **LEFT).receive(signal("left", after(days=1)))

    story.receive(enrol("p", 3.99), enrol("p", 4))

    assert [each.entered_at for each in story.lead.enrolments] == [after(), after(days=4)]


@pytest.mark.parametrize(("priority", "left"), [(-1, []), (0, []), (1, ["p"])])
def test_in_a_group_only_the_more_important_program_takes_over(priority: int, left: list[str]) -> None:
    other = program("q", ASKED, enrol="asked", group="g", priority=priority)
    story = entering(other, group="g").receive(signal("asked", after(days=1)))

    assert [entry.subject for entry in story.told(K.EXITED)] == left
    assert whys(story) == ([] if left else ["it is in p, of the same group"])


def test_programs_of_other_groups_and_of_none_stand_in_nobodys_way() -> None:
    others = (program("q", ASKED, enrol="came", group="h"), program("r", ASKED, enrol="came"))
    story = entering(*others, group="g")

    assert [entry.subject for entry in story.told(K.ENTERED)] == ["p", "q", "r"]


def test_who_waits_outside_of_two_groups_is_let_in_where_there_is_room_first() -> None:
    first, second = (
        program(name, ASKED, enrol=f"{name} came", group=group, exit=(on(f"{name} left"),))
        for name, group in (("a", "g"), ("b", "h"))
    )
    waiting = [
        replace(program(name, ASKED), group=group, enrol=(holds(BANKS),), priority=priority)
        for name, group, priority in (("q", "g", 2), ("r", "h", 1))
    ]
    more = [replace(each, priority=5) for each in (first, second)]
    story = Story(definitions(programs=(*more, *waiting)))
    story.receive(signal("a came", after()), signal("b came", after()), changed(after(days=1), industry="banking"))

    story.receive(signal("b left", after(days=2)), signal("a left", after(days=3)))

    entered = [(entry.at, entry.subject) for entry in story.told(K.ENTERED)]
    assert entered[2:] == [(after(days=2), "r"), (after(days=3), "q")]
    assert [(entry.subject, entry.detail["why"]) for entry in story.told(K.NOT_ENTERED)] == [
        ("q", "it is in a, of the same group; it waits outside"),
        ("r", "it is in b, of the same group; it waits outside"),
    ]
