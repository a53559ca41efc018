"""Programs that nobody draws on a whiteboard, and that mappings allow: what a lead lives through in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connector.domain.conditions.condition import ProgramTest
from connector.domain.definitions import ListRule
from connector.domain.fact import Fact
from connector.domain.field import Field, FieldRole, FieldType
from connector.domain.history import HistoryKind as K
from connector.domain.lead import Had
from connector.domain.programs.enrolment import EnrolmentState
from connector.domain.programs.program import Activity, ListSend, Outcome, Program, Target, TargetKind
from connector.domain.programs.sending import is_old
from tests.builders import (
    CRM,
    EXIT,
    FIELDS,
    START,
    Story,
    activity,
    after,
    baseline,
    book_applied,
    definitions,
    field_is,
    holds,
    on,
    outcome,
    phase,
    program,
    signal,
)

DAY = timedelta(days=1)
LISTS = tuple(ListRule(name, {CRM: name}) for name in ("news", "offer"))
CONSENT = Field("opted_out", FieldType.BOOLEAN, {CRM: ("hs_email_optout",)}, role=FieldRole.CONSENT)
PARTS = {"lists": LISTS, "fields": (*FIELDS, CONSENT)}


def mail(name: str, list_: str, days: float = 2, **more: Any) -> Activity:
    return replace(activity(name, ListSend(list_), answered="email_clicked", days=days), **more)


def wait(name: str, **more: Any) -> Activity:
    made = Activity(name, None, answered=(on("email_clicked"),), within=7 * DAY, holds_up=True)
    return replace(made, **more)


def story(*programs: Program) -> Story:
    return Story(programs=programs, **PARTS).receive(baseline(industry="software"))


def came() -> Fact:
    return signal("came", START)


def test_however_many_waits_in_a_row_are_over_already_the_lead_goes_on_at_once() -> None:
    waits = [wait(f"w{number}", answered=(holds(field_is("industry", "software")),)) for number in range(30)]
    lived = story(program("p", phase("one", *waits, activity("at_last"))))

    lived.receive(came())

    assert lived.sent() == [(START, "at_last")]


def test_however_long_a_chain_of_programs_is_each_is_entered_because_of_the_one_before() -> None:
    chain = [program("p0", phase("one", wait("w")))]
    for number in range(1, 30):
        because = holds(ProgramTest(f"p{number - 1}"))
        chain.append(replace(program(f"p{number}", phase("one", wait("w"))), enrol=(because,)))

    lived = story(*chain).receive(came())

    assert [each.program for each in lived.lead.enrolments] == [each.name for each in chain]


# --- nothing twice --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("again", [False, True])
def test_another_activity_of_the_same_program_sends_the_same_content_only_where_it_says_so(again: bool) -> None:
    first = phase("one", mail("a", "news"), none=outcome("two"))
    lived = story(program("p", first, phase("two", mail("b", "news", again=again))))

    lived.receive(came()).let_pass(after(days=9))

    assert lived.sent() == [(START, "a"), *([(after(days=2), "b")] if again else [])]


def test_a_lead_that_is_led_back_gets_from_the_same_activity_what_it_did_not_answer() -> None:
    back = Outcome(Target(TargetKind.PHASE, "one"), DAY, times=1)
    lived = story(program("p", phase("one", mail("a", "news"), none=back)))

    lived.receive(came()).let_pass(after(days=9))

    assert lived.sent() == [(START, "a"), (after(days=3), "a")]


# --- pauses ---------------------------------------------------------------------------------------------------


def test_a_program_that_was_paused_goes_on_for_a_lead_that_answered_meanwhile() -> None:
    going = program("p", phase("one", wait("w"), activity("then", days=3)))
    versions = [definitions(version, programs=(each,), **PARTS) for version, each in (
        ("v1", going), ("v2", replace(going, is_paused=True)), ("v3", going),
    )]  # fmt: skip
    lived = Story(*versions).receive(baseline(), came())

    lived.receive(book_applied(after(days=1), "v2"), signal("email_clicked", after(days=2)))
    lived.receive(book_applied(after(days=3), "v3")).let_pass(after(days=20))

    assert lived.enrolment().state is EnrolmentState.COMPLETED
    assert [name for _, name in lived.sent()] == ["then"]


# --- ways out of one activity ---------------------------------------------------------------------------------


def test_the_way_after_an_answer_waits_as_long_in_a_repetition() -> None:
    asked = mail("a", "news", on_answer=outcome("two", days=5))
    again = Outcome(EXIT, DAY, repeat_unanswered=True)
    lived = story(program("p", phase("one", asked, none=again), phase("two", activity("b"))))

    lived.receive(came(), signal("email_clicked", after(days=4))).let_pass(after(days=20))

    assert lived.sent()[-1] == (after(days=9), "b")


def test_of_two_activities_each_leads_back_as_often_as_it_says() -> None:
    back = Outcome(Target(TargetKind.PHASE, "one"), DAY, times=1)
    first = mail("a", "news", again=True, no_answer=back)
    second = mail("b", "offer", again=True, no_answer=back, after=3 * DAY)
    lived = story(program("p", phase("one", first, second)))

    lived.receive(came(), signal("email_clicked", after(days=4))).let_pass(after(days=60))

    assert [entry.at for entry in lived.told(K.PHASE)] == [after(days=3), after(days=9)]


def test_what_was_answered_before_leads_away_at_once_where_the_activity_says_so() -> None:
    away = Outcome(Target(TargetKind.PHASE, "two"))
    first = program("p", phase("one", mail("a", "news")))
    asked = mail("b", "news", on_answer=away)
    second = program("q", phase("one", asked, activity("call", days=9)), phase("two", activity("visit")), enrol="wrote")

    lived = story(first, second).receive(came(), signal("email_clicked", after(days=1)), signal("wrote", after(days=2)))

    assert lived.sent() == [(START, "a"), (after(days=2), "visit")]
    assert [entry.detail["outcome"] for entry in lived.told(K.SETTLED)][1:] == ["answered", "all"]


def test_who_waits_for_an_answer_to_what_it_had_before_is_put_on_no_list_again() -> None:
    first = program("p", phase("one", activity("a", ListSend("news"))))
    second = program("q", phase("one", mail("b", "news", days=9)), enrol="wrote")

    lived = story(first, second).receive(came(), signal("wrote", after(days=3)))

    assert lived.enrolment("q").sent[0].is_waiting
    assert lived.lead.desired[CRM].lists == {}


@pytest.mark.parametrize(("sender", "is_sent_again"), [("", True), ("one.a", True), ("one.b", False), ("two.a", False)])
def test_what_was_not_answered_is_sent_again_by_whoever_sent_it_as_far_as_that_is_remembered(
    sender: str, is_sent_again: bool
) -> None:
    a = mail("a", "news")
    enrolment = story(program("p", phase("one", a))).receive(came()).enrolment()

    assert is_old(enrolment, a, Had(START, "p", 1, activity=sender)) is not is_sent_again
