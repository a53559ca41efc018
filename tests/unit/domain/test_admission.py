"""A lead before a program with a brake: it asks for a place, is given one or refused, and asks no more than it must."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from connector.domain.definitions import Definitions
from connector.domain.fact import CommandName, Fact, FactKind, Value
from connector.domain.history import HistoryKind as K
from connector.domain.override import Overrides, overridden
from connector.domain.petition import PetitionKind
from connector.domain.programs.program import Brake, Program, Target, TargetKind
from tests.builders import (
    Story,
    activity,
    after,
    book_applied,
    changed,
    command,
    definitions,
    field_is,
    on,
    outcome,
    phase,
    program,
    signal,
)

THREE = Brake(3, timedelta(hours=1))
PLACE = "admission:p:1:0"


def braked(brake: Brake | None = THREE, **more: Any) -> Program:
    return program("p", phase("one", activity("call")), phase("two", activity("visit")), brake=brake, **more)


def mapping(version: str = "v1", *more: Program, **rules: Any) -> Definitions:
    return definitions(version, programs=(braked(**rules), *more))


def asking(*more: Definitions, **rules: Any) -> Story:
    """A lead that would enter."""
    return Story(mapping(**rules), *more).receive(signal("came", after()))


def ruled(at: datetime, key: str = PLACE, **data: Value) -> Fact:
    return Fact(f"ruling:{key}@{at}", at, FactKind.RULING, key, "", data)


def told(story: Story) -> list[tuple[K, str, dict[str, Value]]]:
    """What the timeline says of entering."""
    kinds = (K.WAITS, K.ENTERED, K.NOT_ENTERED, K.UNCLAIMED)
    return [(entry.kind, entry.subject, dict(entry.detail)) for entry in story.told(*kinds)]


def test_a_lead_asks_for_a_place_and_says_what_for() -> None:
    (petition,) = asking().lead.petitions.values()

    assert (petition.key, petition.kind, petition.subject) == (PLACE, PetitionKind.ADMISSION, "p")
    assert (petition.at, petition.data) == (after(), {"because": "signal came", "phase": ""})


def test_a_lead_asks_once_for_as_long_as_it_waits() -> None:
    story = asking().receive(signal("came", after(minutes=1)))

    assert told(story) == [(K.WAITS, "p", {"by": "signal came"})]
    assert [petition.at for petition in story.lead.petitions.values()] == [after()]


def test_a_lead_that_is_given_a_place_enters_then_for_the_reason_of_which_it_asked() -> None:
    story = asking().receive(ruled(after(minutes=5)))

    assert told(story)[1:] == [(K.ENTERED, "p", {"phase": "one", "by": "signal came"})]
    assert (story.enrolment().entered_at, story.lead.petitions) == (after(minutes=5), {})


def test_a_lead_that_was_to_enter_a_later_phase_enters_that() -> None:
    before = program("q", phase("only", activity("a"), all_=outcome(Target(TargetKind.PROGRAM, "p", "two"))), enrol="x")
    story = Story(mapping("v1", before)).receive(signal("x", after()), ruled(after(minutes=5)))

    assert [(line.subject, line.detail["phase"]) for line in story.told(K.ENTERED)] == [("q", "only"), ("p", "two")]
    assert story.told(K.ENTERED)[-1].detail["by"] == "program q completed"


def test_a_lead_that_a_person_refused_stays_outside_and_asks_anew_the_next_time() -> None:
    story = asking().receive(ruled(after(minutes=5), refused=True), signal("came", after(minutes=6)))

    assert told(story)[1:] == [
        (K.NOT_ENTERED, "p", {"why": "a person refused it"}),
        (K.WAITS, "p", {"by": "signal came"}),
    ]
    assert list(story.lead.petitions) == ["admission:p:1:1"]

    story.receive(ruled(after(minutes=7), "admission:p:1:1", refused=True), signal("came", after(minutes=8)))

    assert list(story.lead.petitions) == ["admission:p:1:2"]


def test_what_was_ruled_before_a_late_fact_asked_counts_at_once() -> None:
    given = Story(mapping()).receive(ruled(after()), signal("came", after(minutes=1)))
    refused = Story(mapping()).receive(ruled(after(), refused=True), signal("came", after(minutes=1)))

    assert told(given)[1:] == [(K.ENTERED, "p", {"phase": "one", "by": "signal came"})]
    assert told(refused)[1:] == [(K.NOT_ENTERED, "p", {"why": "a person refused it"})]


def test_each_time_a_lead_comes_back_it_asks_for_a_place_of_its_own() -> None:
    story = asking(exit=(on("left"),), again_after=timedelta()).receive(ruled(after(minutes=5)))

    story.receive(signal("left", after(days=1)), signal("came", after(days=2)))

    assert list(story.lead.petitions) == ["admission:p:2:0"]


def test_who_may_not_enter_any_more_is_turned_away_though_a_place_is_free() -> None:
    story = asking(suppress=field_is("industry", "banking")).receive(changed(after(minutes=1), industry="banking"))

    story.receive(ruled(after(minutes=5)))

    assert told(story)[1:] == [(K.NOT_ENTERED, "p", {"why": "it is suppressed"})]
    assert (story.lead.enrolments, story.lead.petitions) == ((), {})


def still() -> tuple[Definitions, Definitions]:
    """The mapping with the program paused by a person, and as it was."""
    return overridden(mapping(), Overrides(paused=("p",))), mapping()


@pytest.mark.parametrize("again", [False, True], ids=["once", "paused more than once"])
def test_a_place_that_is_given_while_the_program_stands_still_is_kept_until_it_goes_on(again: bool) -> None:
    paused, plain = still()
    all_paused = overridden(plain, Overrides(is_all_paused=True))
    story = asking(paused, all_paused).receive(book_applied(after(minutes=1), paused.version), ruled(after(minutes=5)))
    if again:
        story.receive(book_applied(after(minutes=10), all_paused.version))
    waits = (dict(story.lead.petitions), story.lead.enrolments)

    story.receive(book_applied(after(hours=1), plain.version))

    assert (list(waits[0]), waits[1]) == ([PLACE], ())
    assert told(story)[1:] == [(K.ENTERED, "p", {"phase": "one", "by": "signal came"})]
    assert (story.enrolment().entered_at, story.lead.petitions, story.lead.rulings) == (after(hours=1), {}, {})


def test_whom_a_person_refuses_while_the_program_stands_still_is_turned_away_at_once() -> None:
    paused, plain = still()
    story = asking(paused).receive(book_applied(after(minutes=1), paused.version))

    story.receive(ruled(after(minutes=5), refused=True), book_applied(after(hours=1), plain.version))

    assert told(story)[1:] == [(K.NOT_ENTERED, "p", {"why": "a person refused it"})]
    assert (story.lead.enrolments, story.lead.petitions) == ((), {})


def test_a_program_that_brakes_no_more_lets_those_enter_who_waited() -> None:
    story = asking(mapping("v2", brake=None)).receive(book_applied(after(hours=1), "v2"))

    assert (story.enrolment().entered_at, story.lead.petitions) == (after(hours=1), {})


def test_who_waited_enters_though_the_program_that_stood_in_the_way_is_gone_from_the_mapping() -> None:
    other = program("q", phase("only", activity("news", after=timedelta(days=9))), enrol="x", group="g")
    before, now = mapping("v1", other, group="g"), mapping("v2", brake=None, group="g")
    story = Story(before, now).receive(signal("came", after()), signal("x", after(minutes=1)))

    story.receive(book_applied(after(hours=1), "v2"))

    assert (story.enrolment("q").reason, story.enrolment("p").entered_at) == (
        "no longer in the mapping",
        after(hours=1),
    )


def test_a_program_that_brakes_as_before_lets_nobody_in_by_a_new_mapping() -> None:
    story = asking(mapping("v2")).receive(book_applied(after(hours=1), "v2"))

    assert (story.lead.enrolments, list(story.lead.petitions)) == ((), [PLACE])


def test_nobody_waits_for_a_program_that_another_mapping_does_not_have() -> None:
    other = replace(mapping("v2"), programs=(program("q", phase("only"), enrol="x"),))
    story = asking(other).receive(book_applied(after(hours=1), "v2"))

    assert told(story)[1:] == [(K.NOT_ENTERED, "p", {"why": "there is no such program"})]
    assert story.lead.petitions == {}


@pytest.mark.parametrize("name", [CommandName.ENROL, CommandName.MOVE])
def test_whom_a_person_enrols_or_moves_there_no_brake_stops(name: CommandName) -> None:
    story = Story(mapping()).receive(command(name, after(), "p"))

    assert told(story) == [(K.ENTERED, "p", {"phase": "one", "by": "by hand"})]
