"""Programs as a marketer writes them, several at once, and what one lead lives through."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest

from connector.domain.calendar import SendWindow
from connector.domain.conditions.condition import (
    AllOf,
    AnsweredTest,
    AttributeTest,
    DidTest,
    Not,
    Op,
    SegmentTest,
    SignalTest,
    Since,
)
from connector.domain.definitions import Definitions, FrequencyCap, ListRule, Segment
from connector.domain.fact import CommandName, Fact, FactKind
from connector.domain.field import Field, FieldRole, FieldType
from connector.domain.history import HistoryKind as K
from connector.domain.programs.enrolment import EnrolmentState
from connector.domain.programs.phases import chance
from connector.domain.programs.program import (
    Activity,
    Case,
    Choice,
    DateRule,
    Fork,
    ListSend,
    Outcome,
    Program,
    Reminders,
    Target,
    TargetKind,
    Trigger,
)
from tests.builders import (
    CRM,
    EXIT,
    FIELDS,
    LEAD,
    START,
    Story,
    activity,
    after,
    baseline,
    book_applied,
    changed,
    definitions,
    field_is,
    holds,
    on,
    outcome,
    phase,
    program,
    signal,
    utc,
)

DAY = timedelta(days=1)
LISTS = tuple(ListRule(name, {CRM: name}) for name in ("news", "offer", "report"))
CONSENT = Field("opted_out", FieldType.BOOLEAN, {CRM: ("hs_email_optout",)}, role=FieldRole.CONSENT)


def mail(name: str, list_: str = "", *, answered: str = "", days: float = 7, **more: object) -> Activity:
    """A message by a list of the activity's name."""
    made = activity(name, ListSend(list_ or name), answered=answered, days=days)
    return Activity(**{**{slot: getattr(made, slot) for slot in made.__slots__}, **more})


def story(*programs: Program, **parts: object) -> Story:
    return Story(programs=programs, lists=LISTS, fields=(*FIELDS, CONSENT), **parts).receive(
        baseline(industry="software")
    )


def came(days: float = 0) -> Fact:
    return signal("came", after(days=days))


def whys(told: Story, kind: K) -> list[str]:
    return [str(entry.detail["why"]) for entry in told.told(kind)]


# --- the frequency cap and who comes first --------------------------------------------------------------------


def test_no_lead_gets_more_messages_than_the_cap_allows_and_what_is_too_much_comes_later() -> None:
    lived = story(
        program("p", phase("one", mail("news"))),
        program("q", phase("one", mail("offer"))),
        cap=FrequencyCap(1, 7 * DAY),
    )

    lived.receive(came()).let_pass(after(days=30))

    assert lived.sent() == [(START, "news"), (after(days=7), "offer")]
    assert whys(lived, K.PUT_OFF) == ["no more than 1 messages in 7 days"]


def test_the_program_with_the_higher_priority_gets_the_slot() -> None:
    lived = story(
        program("p", phase("one", mail("news"))),
        program("q", phase("one", mail("offer")), priority=1),
        cap=FrequencyCap(1, 7 * DAY),
    )

    lived.receive(came()).let_pass(after(days=30))

    assert lived.sent() == [(START, "offer"), (after(days=7), "news")]


def test_what_sales_is_told_is_no_message() -> None:
    lived = story(program("p", phase("one", activity("a"), activity("b"))), cap=FrequencyCap(1, 7 * DAY))

    lived.receive(came())

    assert lived.sent() == [(START, "a"), (START, "b")]


# --- nothing twice --------------------------------------------------------------------------------------------


def test_what_one_program_sent_no_other_sends_again() -> None:
    lived = story(
        program("p", phase("one", mail("a", "news"))), program("q", phase("one", mail("b", "news")), enrol="wrote")
    )

    lived.receive(came(), signal("wrote", after(days=3)))

    assert lived.sent() == [(START, "a")]
    (left_out,) = lived.told(K.LEFT_OUT)
    assert left_out.detail == {"phase": "one", "activity": "b", "why": "the lead has had it"}


def test_an_answer_to_what_another_program_sent_counts() -> None:
    first = program("p", phase("one", mail("a", "news", answered="clicked")))
    second = program("q", phase("one", mail("b", "news", answered="clicked")), enrol="wrote")

    lived = story(first, second).receive(came(), signal("wrote", after(days=1)), signal("clicked", after(days=2)))

    assert [lived.enrolment(each).state for each in "pq"] == [EnrolmentState.COMPLETED] * 2


def test_what_the_lead_answered_for_another_program_is_answered_from_the_start() -> None:
    first = program("p", phase("one", mail("a", "news", answered="clicked")))
    second = program("q", phase("one", mail("b", "news", answered="clicked")), enrol="wrote")

    lived = story(first, second).receive(came(), signal("clicked", after(days=1)), signal("wrote", after(days=2)))

    assert lived.enrolment("q").state is EnrolmentState.COMPLETED
    (step,) = lived.enrolment("q").sent
    assert (step.at, step.answer_by, step.answered_at, step.is_old) == (*[after(days=2)] * 3, True)


def test_an_answer_to_what_the_lead_had_before_counts_for_every_program_that_would_send_it() -> None:
    first = program("p", phase("one", mail("a", "news")))
    second, third = (
        program(name, phase("one", mail("b", "news", answered="clicked")), enrol=enrol)
        for name, enrol in (("q", "wrote"), ("r", "called"))
    )

    lived = story(first, second, third).receive(
        came(), signal("wrote", after(days=2)), signal("clicked", after(days=3)), signal("called", after(days=4))
    )

    assert lived.enrolment("r").sent[0].answered_at == after(days=4)


def test_a_lead_that_is_led_back_gets_what_it_did_not_answer() -> None:
    one = phase("one", mail("a", "news", answered="read"), mail("b", "offer", answered="wrote"), some=outcome("two"))
    two = phase("two", mail("c", "report", answered="called"), none=outcome(Target(TargetKind.PREVIOUS)))

    lived = story(program("p", one, two)).receive(came(), signal("read", after(days=1))).let_pass(after(days=15))

    assert [name for _, name in lived.sent()] == ["a", "b", "c", "b"]


def test_the_mapping_may_say_that_it_is_sent_again() -> None:
    second = program("q", phase("one", mail("b", "news", again=True)), enrol="wrote")

    lived = story(program("p", phase("one", mail("a", "news"))), second).receive(came(), signal("wrote", after(days=3)))

    assert [name for _, name in lived.sent()] == ["a", "b"]


# --- steps that are no messages -------------------------------------------------------------------------------


def test_a_step_is_left_out_for_those_of_whom_its_condition_does_not_hold() -> None:
    bankers = mail("offer", when=field_is("industry", "banking"))

    lived = story(program("p", phase("one", bankers, mail("news")))).receive(came())

    assert lived.sent() == [(START, "news")]


def wait(days: float = 7) -> Activity:
    return Activity("reply", None, answered=(on("wrote"),), within=days * DAY, holds_up=True)


def test_a_step_is_left_out_where_there_is_nothing_for_this_lead() -> None:
    by_industry = Choice("industry", {"banking": ListSend("offer")})

    lived = story(program("p", phase("one", Activity("chosen", by_industry), mail("news")))).receive(came())

    (left_out,) = lived.told(K.LEFT_OUT)
    assert left_out.detail == {"phase": "one", "activity": "chosen", "why": "there is nothing for this lead"}
    assert lived.sent() == [(START, "news")]


@pytest.mark.parametrize(("wrote_after", "sent_after"), [(2, 2), (30, 7)])
def test_a_lead_waits_until_something_happens_or_the_time_is_over(wrote_after: int, sent_after: int) -> None:
    lived = story(program("p", phase("one", wait(), mail("news"))))

    lived.receive(came(), signal("wrote", after(days=wrote_after))).let_pass(after(days=40))

    assert lived.sent() == [(after(days=sent_after), "news")]


def test_a_step_that_only_waits_puts_off_what_comes_after_it() -> None:
    lived = story(program("p", phase("one", Activity("a_day", None, after=DAY), mail("news", after=DAY))))

    lived.receive(came()).let_pass(after(days=9))

    assert lived.sent() == [(after(days=2), "news")]


def test_a_message_with_an_hour_leaves_at_that_hour_of_the_day_on_which_the_window_opens() -> None:
    weekdays = SendWindow(frozenset(range(5)), time(9), time(18))
    at_ten = mail("news", after=5 * DAY, at=time(10))  # five days after a Monday is a Saturday

    lived = story(program("p", phase("one", at_ten), window=weekdays)).receive(came()).let_pass(after(days=9))

    assert lived.sent() == [(utc("2026-09-14 08:00"), "news")]  # Monday, ten o'clock in Rome


def fork(*cases: Case, by_chance: bool = False) -> Activity:
    return Activity("way", None, fork=Fork(cases, by_chance))


def test_the_ways_part_by_condition_nest_and_come_together_again() -> None:
    small = Case("small", field_is("employees", 10.0, Op.LT, FieldType.NUMBER))
    steps = (
        fork(Case("banks", field_is("industry", "banking")), Case("others")),
        mail("offer", path=(("way", "banks"),)),
        Activity("inner", None, fork=Fork((small, Case("rest"))), path=(("way", "others"),)),
        mail("report", path=(("way", "others"), ("inner", "rest"))),
        mail("news"),
    )

    lived = story(program("p", phase("one", *steps))).receive(came())

    assert [name for _, name in lived.sent()] == ["report", "news"]
    assert [entry.detail["way"] for entry in lived.told(K.CHOSE)] == ["others", "rest"]


def test_chance_sends_a_lead_the_same_way_for_ever_and_all_in_proportion() -> None:
    shares = [chance(f"lead {number}", "p", "way") for number in range(4000)]

    assert chance("lead 1", "p", "way") == shares[1]
    assert sum(share < 0.25 for share in shares) == pytest.approx(1000, abs=100)


def test_a_split_goes_one_of_its_ways() -> None:
    steps = (
        fork(Case("a", weight=1), Case("b", weight=1), by_chance=True),
        mail("news", path=(("way", "a"),)),
        mail("offer", path=(("way", "b"),)),
    )

    lived = story(program("p", phase("one", *steps))).receive(came())

    (chosen,) = lived.told(K.CHOSE)
    assert [name for _, name in lived.sent()] == [{"a": "news", "b": "offer"}[str(chosen.detail["way"])]]


def test_a_split_sends_leads_its_ways_in_proportion_to_their_weights() -> None:
    way = fork(Case("a", weight=1), Case("b", weight=3), by_chance=True)
    names = [f"p{number}" for number in range(40)]

    lived = story(*(program(name, phase("one", way, activity("a"))) for name in names)).receive(came())

    chosen = {entry.subject: entry.detail["way"] for entry in lived.told(K.CHOSE)}
    assert chosen == {name: "a" if chance(LEAD, name, "way") < 0.25 else "b" for name in names}
    assert set(chosen.values()) == {"a", "b"}


def test_of_a_hundred_some_are_held_out_and_their_goal_still_counts() -> None:
    lived = story(program("p", phase("one", mail("news")), holdout=100.0, goal=(on("bought"),)))

    lived.receive(came(), signal("bought", after(days=1)))

    assert lived.sent() == []
    assert lived.enrolment().state is EnrolmentState.WON


# --- no answer ------------------------------------------------------------------------------------------------


def test_a_reminder_goes_out_when_no_answer_came_and_its_answer_counts() -> None:
    reminded = mail("news", answered="clicked", reminders=Reminders(2, DAY))

    lived = story(program("p", phase("one", reminded))).receive(came(), signal("clicked", after(days=10)))

    assert lived.sent() == [(START, "news"), (after(days=8), "news")]
    assert lived.enrolment().state is EnrolmentState.COMPLETED


def test_a_reminder_waits_for_the_window_and_the_cap_as_everything() -> None:
    reminded = mail("news", answered="clicked", days=1, reminders=Reminders(1, DAY))
    office = SendWindow(frozenset({0, 1}))
    lived = story(
        program("p", phase("one", reminded), window=office),
        program("q", phase("one", mail("offer")), enrol="wrote"),
        cap=FrequencyCap(1, 3 * DAY),
    )

    lived.receive(came(), signal("wrote", after(days=5))).let_pass(after(days=30))

    assert lived.sent() == [(START, "news"), (after(days=5), "offer"), (after(days=8), "news")]
    assert [(entry.detail["activity"], entry.detail["why"]) for entry in lived.told(K.PUT_OFF)] == [
        ("news", "the send window is shut"), ("news", "no more than 1 messages in 3 days")
    ]  # fmt: skip


def test_nobody_is_reminded_of_what_a_new_mapping_has_no_more() -> None:
    reminded, later = mail("news", answered="clicked", reminders=Reminders(1, 2 * DAY)), mail("offer", after=20 * DAY)
    with_it, without = (program("p", phase("one", *steps)) for steps in ((reminded, later), (later,)))
    parts = {"lists": LISTS, "fields": (*FIELDS, CONSENT)}
    lived = Story(definitions("v1", programs=(with_it,), **parts), definitions("v2", programs=(without,), **parts))

    lived.receive(baseline(), came(), book_applied(after(days=8), "v2")).let_pass(after(days=30))

    assert lived.sent() == [(START, "news"), (after(days=20), "offer")]
    assert lived.enrolment().sent[0].remind_at is None


def test_after_the_last_reminder_the_lead_goes_where_the_activity_says() -> None:
    away = Outcome(Target(TargetKind.PHASE, "two"))
    reminded = mail("news", answered="clicked", reminders=Reminders(1, DAY), no_answer=away)

    lived = story(program("p", phase("one", reminded, mail("offer", after=60 * DAY)), phase("two", mail("report"))))
    lived.receive(came()).let_pass(after(days=20))

    assert lived.sent() == [(START, "news"), (after(days=8), "news"), (after(days=15), "report")]
    assert lived.told(K.SETTLED)[0].detail == {"phase": "one", "outcome": "unanswered", "next": "two"}


def test_where_the_silent_go_may_depend_on_the_lead() -> None:
    banks = Outcome(Target(TargetKind.PHASE, "two"))
    on_with_it = Outcome(Target(TargetKind.ON), cases=((field_is("industry", "banking"), banks),))
    asked = mail("news", answered="clicked", no_answer=on_with_it)

    lived = story(program("p", phase("one", asked, mail("offer", after=10 * DAY)), phase("two", mail("report"))))
    lived.receive(came(), changed(after(days=8), industry="banking")).let_pass(after(days=20))

    assert lived.sent() == [(START, "news"), (after(days=10), "offer")]  # software when nothing came; on it went


# --- answers --------------------------------------------------------------------------------------------------


def test_an_answer_leads_away_at_once_where_the_activity_says_so() -> None:
    away = Outcome(Target(TargetKind.PHASE, "two"), DAY)
    asked = mail("news", answered="clicked", on_answer=away)

    lived = story(program("p", phase("one", asked, mail("offer", after=10 * DAY)), phase("two", mail("report"))))
    lived.receive(came(), signal("clicked", after(days=2))).let_pass(after(days=20))

    assert lived.sent() == [(START, "news"), (after(days=3), "report")]


def test_an_answer_during_a_pause_leads_away_when_the_pause_is_over() -> None:
    away = Outcome(Target(TargetKind.PHASE, "two"), 2 * DAY)
    asked = mail("news", answered="clicked", on_answer=away)
    lived = story(program("p", phase("one", asked), phase("two", mail("report")))).receive(came())

    lived.receive(order(CommandName.PAUSE, 1), signal("clicked", after(days=3)), order(CommandName.RESUME, 6))
    lived.let_pass(after(days=20))

    assert lived.sent() == [(START, "news"), (after(days=8), "report")]


def test_what_was_answered_in_one_phase_decides_in_another() -> None:
    both = AllOf((AnsweredTest("p", "news"), AnsweredTest("p", "offer", "two")))
    talk = Outcome(EXIT, cases=((both, Outcome(Target(TargetKind.PHASE, "three"))),))
    lived = story(
        program(
            "p",
            phase("one", mail("news", answered="clicked"), all_=outcome("two"), none=outcome("two")),
            phase("two", mail("offer", answered="clicked"), all_=talk),
            phase("three", mail("report")),
        )
    )

    lived.receive(came(), signal("clicked", after(days=1)), signal("clicked", after(days=2)))

    assert [name for _, name in lived.sent()] == ["news", "offer", "report"]


def test_an_activity_of_the_same_name_in_another_phase_was_not_answered() -> None:
    other = Outcome(EXIT, cases=((AnsweredTest("p", "ask", "two"), Outcome(Target(TargetKind.PHASE, "three"))),))
    lived = story(
        program(
            "p",
            phase("one", mail("ask", "news", answered="clicked"), all_=other),
            phase("two", mail("ask", "offer", answered="clicked")),
            phase("three", mail("report")),
        )
    )

    lived.receive(came(), signal("clicked", after(days=1)))

    assert [name for _, name in lived.sent()] == ["ask"]
    assert lived.enrolment().state is EnrolmentState.EXITED


def test_what_was_answered_the_time_before_counts_no_more() -> None:
    asked_before = phase("one", mail("news", answered="clicked"))
    lived = Story(
        programs=(program("p", asked_before, again_after=timedelta()),),
        lists=LISTS,
        fields=(*FIELDS, CONSENT),
        segments=(Segment("readers", AnsweredTest("p", "news")),),
    ).receive(baseline(industry="software"))

    lived.receive(came(), signal("clicked", after(days=1)))
    assert "segment:readers" in lived.lead.holding

    lived.receive(came(2))
    assert "segment:readers" not in lived.lead.holding


@pytest.mark.parametrize(("of_phase", "names"), [(False, ["news", "report"]), (True, ["news", "offer"])])
def test_only_what_was_done_since_the_lead_came_counts(of_phase: bool, names: list[str]) -> None:
    since = DidTest(SignalTest("read"), since=Since("p", of_phase))
    steps = (mail("report", when=since), mail("offer", when=Not(since)))
    lived = story(
        program("p", phase("one", mail("news", answered="clicked"), all_=outcome("two")), phase("two", *steps))
    )

    lived.receive(signal("read", START - DAY), came(), signal("read", after(days=1)), signal("clicked", after(days=2)))

    assert [name for _, name in lived.sent()] == names


def test_the_signal_by_which_a_lead_came_was_not_given_since() -> None:
    since = DidTest(SignalTest("came"), since=Since("p"))

    lived = story(program("p", phase("one", mail("news", when=since), mail("offer", when=Not(since))))).receive(came())

    assert [name for _, name in lived.sent()] == ["offer"]


# --- there and back -------------------------------------------------------------------------------------------


def test_a_way_is_taken_so_many_times_and_then_the_other_one() -> None:
    back = Outcome(Target(TargetKind.PREVIOUS), DAY, times=2, instead=Target(TargetKind.PHASE, "three"))
    lived = story(
        program(
            "p",
            phase("one", mail("news"), all_=outcome("two")),
            phase("two", mail("offer", answered="x"), none=back),
            phase("three"),
        )
    ).receive(came())

    lived.let_pass(after(days=90))

    assert [entry.detail["phase"] for entry in lived.told(K.PHASE)] == ["two", "one", "two", "one", "two", "three"]


def test_two_ways_of_a_list_that_lead_to_the_same_are_counted_apart() -> None:
    third, back = Target(TargetKind.PHASE, "three"), Target(TargetKind.PREVIOUS)
    by_industry = ((field_is("industry", "software"), Outcome(back, DAY, times=1, instead=third)),)
    lived = story(
        program(
            "p",
            phase("one", mail("news"), all_=outcome("two")),
            phase(
                "two", mail("offer", answered="x"), none=Outcome(back, DAY, cases=by_industry, times=1, instead=third)
            ),
            phase("three"),
        )
    ).receive(came())

    lived.let_pass(after(days=9)).receive(changed(after(days=9), industry="energy")).let_pass(after(days=90))

    assert [entry.detail["phase"] for entry in lived.told(K.PHASE)] == ["two", "one", "two", "one", "two", "three"]


def test_a_way_that_was_counted_by_an_earlier_release_is_counted_on() -> None:
    back = Outcome(Target(TargetKind.PREVIOUS), DAY, times=2)
    phases = (phase("one", mail("news"), all_=outcome("two")), phase("two", mail("offer", answered="x"), none=back))
    lived = story(program("p", *phases)).receive(came()).let_pass(after(days=10))

    (enrolment,) = lived.lead.enrolments

    assert enrolment.taken == {"two none previous ": 1}


def test_a_new_enrolment_has_all_its_times_before_it() -> None:
    back = Outcome(Target(TargetKind.PHASE, "one"), DAY, times=1)
    lived = story(program("p", phase("one", mail("news"), all_=back), again_after=timedelta())).receive(came())

    lived.let_pass(after(days=9)).receive(came(10)).let_pass(after(days=19))

    assert [entry.detail["from"] for entry in lived.told(K.PHASE)] == ["one", "one"]


# --- by the lead ----------------------------------------------------------------------------------------------


def test_what_follows_a_phase_depends_on_the_lead() -> None:
    banks = Outcome(Target(TargetKind.PHASE, "two"))
    others = Outcome(Target(TargetKind.PHASE, "three"))
    either = Outcome(EXIT, cases=((field_is("industry", "banking"), banks), (field_is("industry", "software"), others)))

    lived = story(program("p", phase("one", activity("a"), all_=either), phase("two"), phase("three"))).receive(came())

    assert [name for _, name in lived.sent()] == ["a", "three_note"]


# --- entering -------------------------------------------------------------------------------------------------


def test_a_changed_field_enrols_but_not_what_was_known_from_the_start() -> None:
    to_banking = SignalTest("changed:industry", (AttributeTest("now", Op.EQ, "banking"),))

    lived = story(
        program("p", phase("one"), enrol_on=None)
        if False
        else Program("p", (phase("one"),), enrol=(Trigger(to_banking),))
    )
    assert lived.lead.enrolments == ()

    lived.receive(changed(after(days=1), industry="energy"), changed(after(days=2), industry="banking"))

    assert lived.enrolment().entered_at == after(days=2)


def by_date(**more: object) -> Program:
    return Program("p", (phase("one"),), enrol=(Trigger(date=DateRule("renewal", **more)),), again_after=timedelta())


def test_so_many_days_before_a_date_the_lead_enters_on_its_own_clock() -> None:
    lived = Story(programs=(by_date(offset=-30 * DAY, at=utc("2026-09-07 09:00").time()),))

    lived.receive(baseline(renewal="2026-12-01", hs_timezone="America/New_York")).let_pass(utc("2026-12-31 00:00"))

    assert lived.enrolment().entered_at == utc("2026-11-01 14:00")  # 9 o'clock, after summer time


def test_a_day_that_comes_every_year_comes_every_year_on_leap_days_too() -> None:
    lived = Story(programs=(by_date(every_year=True),))

    lived.receive(baseline(renewal="2024-02-29", hs_timezone="UTC")).let_pass(utc("2028-12-31 00:00"))

    days = [entry.at.date().isoformat() for entry in lived.told(K.ENTERED)]
    assert days == ["2027-02-28", "2028-02-29"]


def test_a_date_that_is_moved_moves_the_day() -> None:
    lived = Story(programs=(by_date(),)).receive(baseline(renewal="2026-12-01"))

    lived.receive(changed(after(days=1), renewal="2026-10-01")).let_pass(utc("2026-12-31 00:00"))

    assert [entry.at for entry in lived.told(K.ENTERED)] == [utc("2026-09-30 22:00")]  # midnight in Rome


def in_turn(*, condition: str = "banking", **more: object) -> Program:
    """A program of the group that a lead of this industry enters."""
    return Program("q", (phase("one", wait(90)),), enrol=(holds(field_is("industry", condition)),), group="g", **more)


def test_whoever_has_to_wait_outside_is_let_in_when_the_group_is_free() -> None:
    lived = story(program("p", phase("one", wait(30)), group="g"), in_turn())

    lived.receive(came(), changed(after(days=1), industry="banking")).let_pass(after(days=40))

    assert whys(lived, K.NOT_ENTERED) == ["it is in p, of the same group; it waits outside"]
    assert lived.enrolment("q").entered_at == after(days=30)


def test_whoever_waits_outside_and_is_no_longer_meant_stays_out() -> None:
    lived = story(program("p", phase("one", wait(30)), group="g"), in_turn())

    lived.receive(came(), changed(after(days=1), industry="banking"), changed(after(days=2), industry="energy"))
    lived.let_pass(after(days=40))

    assert [entry.subject for entry in lived.told(K.ENTERED)] == ["p"]


def test_of_two_that_wait_outside_the_more_important_one_is_let_in_first() -> None:
    late = replace(in_turn(), name="r", priority=1)
    lived = story(program("p", phase("one", wait(30)), group="g", priority=2), in_turn(), late)

    lived.receive(came(), changed(after(days=1), industry="banking")).let_pass(after(days=200))

    entered = [(entry.at, entry.subject) for entry in lived.told(K.ENTERED)]
    assert entered == [(START, "p"), (after(days=30), "r"), (after(days=120), "q")]


def test_of_one_group_a_lead_is_in_one_program_and_the_more_important_one_takes_it_over() -> None:
    lived = story(
        program("p", phase("one", wait(90)), group="g"),
        program("q", phase("one", wait(90)), group="g", enrol="asked"),
        program("r", phase("one", wait(90)), group="g", enrol="bought", priority=1),
    )

    lived.receive(came(), signal("asked", after(days=1)), signal("bought", after(days=2)))

    assert whys(lived, K.NOT_ENTERED) == ["it is in p, of the same group"]
    assert (lived.enrolment("p").reason, lived.enrolment("r").is_open) == ("made way for r", True)


def test_who_is_suppressed_neither_enters_nor_stays() -> None:
    lived = story(
        program("p", phase("one", wait(90)), suppress=field_is("industry", "banking"), again_after=timedelta())
    )

    lived.receive(came(), changed(after(days=1), industry="banking"), came(2))

    assert lived.enrolment().reason == "suppressed"
    assert whys(lived, K.NOT_ENTERED) == ["it is suppressed"]


def test_a_lead_enters_again_only_if_it_ended_as_the_mapping_says() -> None:
    again = program(
        "p", phase("one", wait(1)), goal=(on("bought"),), again_after=timedelta(), again_if=frozenset({"won"})
    )

    lived = story(again).receive(came()).let_pass(after(days=5)).receive(came(6))

    assert whys(lived, K.NOT_ENTERED) == ["it ended before as completed (phase one settled)"]


def test_a_lead_enters_again_after_the_signal_that_the_mapping_names_took_it_out() -> None:
    again = program(
        "p", phase("one", wait(90)), exit=(on("moved"),), again_after=timedelta(), again_if=frozenset({"moved"})
    )

    lived = story(again).receive(came(), signal("moved", after(days=1)), came(2))

    assert [each.entered_at for each in lived.lead.enrolments] == [START, after(days=2)]


@pytest.mark.parametrize("takes_existing", [True, False])
def test_a_program_takes_leads_of_before_only_if_it_says_so(takes_existing: bool) -> None:
    enrol = (holds(SegmentTest("software")),)
    parts = {"segments": (Segment("software", field_is("industry", "software")),)}
    new = Program("p", (phase("one"),), enrol=enrol, takes_existing=takes_existing)
    lived = Story(definitions("v1", **parts), definitions("v2", programs=(new,), **parts))

    lived.receive(baseline(industry="software"), book_applied(after(days=1), "v2"))

    assert bool(lived.lead.enrolments) is takes_existing


# --- standing still -------------------------------------------------------------------------------------------


def order(name: CommandName, days: float, **data: str | bool) -> Fact:
    return Fact(f"{name}@{days}", after(days=days), FactKind.COMMAND, name, "cli", data)


def test_what_was_to_come_in_three_days_comes_three_days_after_a_pause_ends() -> None:
    steps = mail("news", answered="clicked"), mail("offer", after=3 * DAY)

    lived = story(program("p", phase("one", *steps))).receive(came(), order(CommandName.PAUSE, 1))
    lived.receive(order(CommandName.RESUME, 11)).let_pass(after(days=30))

    assert lived.sent() == [(START, "news"), (after(days=13), "offer")]
    (unanswered,) = lived.told(K.UNANSWERED)
    assert unanswered.at == after(days=17)


def test_a_pause_puts_off_a_reminder_by_as_long() -> None:
    reminded = mail("news", answered="clicked", reminders=Reminders(1, 3 * DAY))

    lived = story(program("p", phase("one", reminded))).receive(came(), order(CommandName.PAUSE, 8))
    lived.receive(order(CommandName.RESUME, 18)).let_pass(after(days=30))

    assert lived.sent() == [(START, "news"), (after(days=20), "news")]


def test_an_answer_during_a_pause_counts_and_what_follows_it_waits_from_the_end_of_the_pause() -> None:
    lived = story(program("p", phase("one", wait(90), mail("news", after=2 * DAY))))

    lived.receive(came(), order(CommandName.PAUSE, 1), signal("wrote", after(days=6)))
    lived.receive(order(CommandName.RESUME, 11)).let_pass(after(days=30))

    assert lived.sent() == [(after(days=13), "news")]


def test_a_paused_program_stands_still_until_the_mapping_lets_it_go_on() -> None:
    def version(name: str, *, paused: bool) -> Definitions:
        return definitions(
            name, programs=(program("p", phase("one", activity("a"), activity("b", after=3 * DAY)), is_paused=paused),)
        )

    lived = Story(version("v1", paused=False), version("v2", paused=True), version("v3", paused=False))

    lived.receive(baseline(), came(), book_applied(after(days=1), "v2"), book_applied(after(days=9), "v3"))
    lived.let_pass(after(days=30))

    assert lived.sent() == [(START, "a"), (after(days=11), "b")]


def test_a_person_may_enrol_a_lead_in_a_phase_of_their_choice() -> None:
    lived = story(program("p", phase("one", wait(1)), phase("two", wait(90))))

    lived.receive(order(CommandName.ENROL, 1, program="p", phase="two"))

    assert (lived.enrolment().phase, lived.enrolment().entered_at) == ("two", after(days=1))


def test_a_person_moves_a_lead_to_another_program_keeping_its_phase() -> None:
    phases = phase("one", wait(1), none=outcome("two"), all_=outcome("two")), phase("two", wait(90))
    lived = story(program("p", *phases), program("q", *phases, enrol="never"))

    lived.receive(came()).let_pass(after(days=2))
    lived.receive(order(CommandName.MOVE, 3, **{"program": "q", "from": "p", "keep": True}))

    assert (lived.enrolment("p").is_open, lived.enrolment("q").phase) == (False, "two")
