"""How a lead goes through a program: every way in, on and out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest

from connector.domain.calendar import SendWindow
from connector.domain.conditions.condition import (
    AllOf,
    AttributeTest,
    DidTest,
    Not,
    Op,
    ProgramTest,
    SegmentTest,
    SignalTest,
)
from connector.domain.definitions import ListRule, Segment, WriteBack
from connector.domain.history import HistoryKind
from connector.domain.programs.enrolment import EnrolmentState
from connector.domain.programs.program import (
    Activity,
    ListSend,
    Milestone,
    Outcome,
    Phase,
    Program,
    Target,
    TargetKind,
    Trigger,
)
from connector.domain.traits.score import EngagementRule, Score
from tests.builders import (
    COMPLETED,
    CRM,
    EXIT,
    PREVIOUS,
    START,
    Story,
    activity,
    after,
    archived,
    baseline,
    changed,
    command,
    did,
    field_is,
    holds,
    note,
    on,
    outcome,
    phase,
    program,
    restored,
    score_is,
    signal,
    task,
)

WEEK = timedelta(days=7)
K = HistoryKind


def two_asked(**outcomes: Outcome) -> Phase:
    """Two activities, a week apart, each answered by its own signal within a week."""
    return phase(
        "one",
        activity("first", answered="read_first"),
        activity("second", answered="read_second", after=WEEK),
        **outcomes,
    )


def entered(*phases: Phase, **more: object) -> Story:
    """A lead that has just entered the program `p`."""
    return Story(programs=(program("p", *phases, **more),)).receive(baseline(), signal("came", START))  # type: ignore[arg-type]


def told(story: Story, *kinds: HistoryKind) -> list[tuple[str, datetime]]:
    return [(str(entry.kind), entry.at) for entry in story.told(*kinds)]


# --- one phase ----------------------------------------------------------------------------------------------

THIRD = phase("third", activity("third_note"))
ALL, SOME, NONE = outcome("third", days=1), outcome("third", days=2), outcome("third", days=3)

# the answers, the outcome's word, when the phase is settled, when the next one begins
PHASES: dict[str, tuple[list[tuple[str, datetime]], str, datetime, datetime]] = {
    "all answered: as soon as the last answer came": (
        [("read_first", after(days=1)), ("read_second", after(days=8))], "all", after(days=8), after(days=9)),
    "some answered, the first": ([("read_first", after(days=1))], "some", after(days=14), after(days=16)),
    "some answered, the last": ([("read_second", after(days=8))], "some", after(days=8), after(days=10)),
    "none answered": ([], "none", after(days=14), after(days=17)),
    "answered on the last millisecond": (
        [("read_first", after(days=7)), ("read_second", after(days=14))], "all", after(days=14), after(days=15)),
    "answered a millisecond too late": ([("read_first", after(days=7, ms=1))], "none", after(days=14), after(days=17)),
    "the answer to an activity that has not left yet": (
        [("read_second", after(days=1))], "none", after(days=14), after(days=17)),
}  # fmt: skip


@pytest.mark.parametrize(("answers", "word", "settled_at", "next_at"), PHASES.values(), ids=PHASES.keys())
def test_a_phase_is_settled_by_how_much_was_answered(
    answers: list[tuple[str, datetime]], word: str, settled_at: datetime, next_at: datetime
) -> None:
    story = entered(two_asked(all_=ALL, some=SOME, none=NONE), THIRD)

    story.receive(*(signal(name, at) for name, at in answers)).let_pass(after(days=60))

    (settled, _) = story.told(K.SETTLED)
    assert (settled.detail["outcome"], settled.at) == (word, settled_at)
    assert story.sent() == [(START, "first"), (after(days=7), "second"), (next_at, "third_note")]
    assert story.enrolment().state is EnrolmentState.COMPLETED


def test_each_activity_waits_from_the_one_before_and_the_first_from_the_phase() -> None:
    story = entered(phase("one", activity("a", after=WEEK), activity("b", after=WEEK), activity("c")))

    story.let_pass(after(days=60))

    assert story.sent() == [(after(days=7), "a"), (after(days=14), "b"), (after(days=14), "c")]


def test_a_phase_that_expects_no_answer_counts_as_answered_in_full() -> None:
    story = entered(phase("one", activity("a"), activity("b", after=WEEK), none=outcome(EXIT), some=outcome(EXIT)))

    story.let_pass(after(days=60))

    assert [entry.detail["outcome"] for entry in story.told(K.SETTLED)] == ["all"]
    assert story.told(K.UNANSWERED) == []


def test_only_activities_that_expect_an_answer_count() -> None:
    story = entered(phase("one", activity("a"), activity("b", answered="read"), none=outcome(EXIT)))

    story.receive(signal("read", after(days=1)))

    assert [entry.detail["outcome"] for entry in story.told(K.SETTLED)] == ["all"]


def test_an_answer_counts_for_the_latest_activity_that_waits_for_it_and_no_other() -> None:
    one = phase("one", activity("a", answered="read", days=30), activity("b", answered="read", after=WEEK, days=7))
    story = entered(one)

    story.receive(signal("read", after(days=8)))
    after_one = [entry.detail["activity"] for entry in story.told(K.ANSWERED)]
    story.receive(signal("read", after(days=9)))

    assert after_one == ["b"]
    assert [entry.detail["activity"] for entry in story.told(K.ANSWERED)] == ["b", "a"]


def test_an_answer_whose_attributes_or_condition_do_not_fit_is_none() -> None:
    report = Trigger(SignalTest("read", (AttributeTest("what", Op.EQ, "report"),)), field_is("industry", "software"))
    story = entered(phase("one", Activity("a", note(), answered=(report,), within=WEEK)))

    story.receive(signal("read", after(days=1), what="report"))
    story.receive(changed(after(days=2), industry="software"), signal("read", after(days=3), what="price list"))
    not_yet = story.told(K.ANSWERED)
    story.receive(signal("read", after(days=4), what="Report"))

    assert not_yet == []
    assert told(story, K.ANSWERED) == [("answered", after(days=4))]


def test_answers_are_told_with_what_answered_them() -> None:
    story = entered(phase("one", activity("a", answered="read"))).receive(signal("read", after(days=1)))

    (answered,) = story.told(K.ANSWERED)
    assert (answered.subject, answered.detail) == ("p", {"phase": "one", "activity": "a", "by": "read"})


def test_a_changed_field_that_answers_is_told_by_its_name() -> None:
    story = entered(phase("one", activity("a", answered="changed:industry")))

    story.receive(changed(after(days=1), industry="Banking"))

    (answered,) = story.told(K.ANSWERED)
    assert answered.detail["by"] == "industry changed"


def test_what_sales_is_told_may_say_where_in_the_program_the_lead_stands() -> None:
    story = entered(phase("one", activity("a", note("{program}, {phase}, {activity}"))))

    assert story.acts["p:1:1:a"].body == "p, one, a"


def test_the_timeline_tells_whether_a_task_or_a_note_was_sent() -> None:
    story = entered(phase("one", activity("a", task()), activity("b", note())))

    assert [entry.detail["what"] for entry in story.told(K.SENT)] == ["task", "note"]


# --- repeating what was not answered ------------------------------------------------------------------------


def test_what_was_not_answered_is_sent_once_more_and_then_the_lead_goes_on() -> None:
    story = entered(two_asked(some=outcome("third", days=2, repeat=True)), THIRD)

    story.receive(signal("read_first", after(days=1))).let_pass(after(days=90))

    # settled on day 14, repeats on day 16 with the activity's own delay, lapses a week later, goes straight on
    assert story.sent() == [
        (START, "first"), (after(days=7), "second"), (after(days=23), "second"), (after(days=30), "third_note"),
    ]  # fmt: skip
    assert [entry.detail["next"] for entry in story.told(K.SETTLED)][:2] == ["repeat unanswered", "third"]


def test_a_repetition_that_is_answered_makes_the_phase_answered_in_full() -> None:
    story = entered(two_asked(all_=outcome("third", days=5), some=outcome(EXIT, repeat=True)), THIRD)

    story.receive(signal("read_first", after(days=1)), signal("read_second", after(days=22)))
    story.let_pass(after(days=90))

    settled = [(entry.detail["outcome"], entry.at) for entry in story.told(K.SETTLED)]
    assert settled[:2] == [("some", after(days=14)), ("all", after(days=22))]
    assert story.sent()[-1] == (after(days=27), "third_note")


def test_a_repetition_answered_in_part_goes_where_some_go_and_is_not_repeated_again() -> None:
    story = entered(two_asked(none=outcome(EXIT, repeat=True), some=outcome("third", days=9, repeat=True)), THIRD)

    story.receive(signal("read_first", after(days=15))).let_pass(after(days=90))

    assert [entry.detail["outcome"] for entry in story.told(K.SETTLED)] == ["none", "some", "all"]
    assert [name for _, name in story.sent()] == ["first", "second", "first", "second", "third_note"]


def test_a_repetition_that_nobody_answers_goes_where_nobody_goes() -> None:
    story = entered(two_asked(none=outcome(EXIT, repeat=True)), THIRD).let_pass(after(days=90))

    assert [name for _, name in story.sent()] == ["first", "second", "first", "second"]
    assert story.enrolment().state is EnrolmentState.EXITED


def test_when_everything_was_answered_there_is_nothing_to_repeat() -> None:
    story = entered(phase("one", activity("a"), all_=outcome(COMPLETED, days=1, repeat=True))).let_pass(after(days=9))

    assert [name for _, name in story.sent()] == ["a"]
    assert story.enrolment().state is EnrolmentState.COMPLETED


def test_the_answer_of_the_first_round_does_not_count_for_what_the_second_round_sends() -> None:
    story = entered(two_asked(none=outcome(EXIT, repeat=True)))

    story.let_pass(after(days=13)).receive(signal("read_first", after(days=13, hours=1))).let_pass(after(days=90))

    assert story.told(K.ANSWERED) == []


# --- where phases lead --------------------------------------------------------------------------------------


def test_previous_sends_the_phase_before_once_more_as_a_new_visit() -> None:
    back = phase("two", activity("b", answered="read"), all_=outcome(), none=outcome(PREVIOUS, days=1))
    story = entered(phase("one", activity("a"), all_=outcome("two", days=1)), back)

    story.let_pass(after(days=10))

    assert story.sent() == [(START, "a"), (after(days=1), "b"), (after(days=9), "a"), (after(days=10), "b")]
    assert list(story.acts) == ["p:1:1:a", "p:1:2:b", "p:1:3:a", "p:1:4:b"]
    assert [(entry.detail["from"], entry.detail["phase"]) for entry in story.told(K.PHASE)] == [
        ("one", "two"), ("two", "one"), ("one", "two"),
    ]  # fmt: skip


def test_previous_of_the_first_phase_is_the_first_phase() -> None:
    story = entered(phase("one", activity("a"), all_=outcome(PREVIOUS, days=5))).let_pass(after(days=11))

    assert story.sent() == [(START, "a"), (after(days=5), "a"), (after(days=10), "a")]


def test_a_phase_may_lead_out_of_the_program() -> None:
    story = entered(phase("one", activity("a"), all_=outcome(EXIT, days=2))).let_pass(after(days=2))

    enrolment = story.enrolment()
    assert (enrolment.state, enrolment.ended_at) == (EnrolmentState.EXITED, after(days=2))
    assert enrolment.reason == "phase one settled"


def test_a_phase_may_lead_into_the_next_program_which_starts_at_its_start() -> None:
    story = Story(
        programs=(
            program("p", phase("one", activity("a"), all_=outcome(Target(TargetKind.PROGRAM, "q"), days=1))),
            program("q", phase("first", activity("b", after=WEEK)), enrol="never"),
        )
    )

    story.receive(signal("came", START)).let_pass(after(days=30))

    assert story.enrolment("p").state is EnrolmentState.COMPLETED
    assert story.enrolment("q").entered_at == after(days=1)
    assert story.sent() == [(START, "a"), (after(days=8), "b")]
    assert story.told(K.ENTERED)[1].detail["by"] == "program p completed"


def test_a_next_program_that_does_not_let_the_lead_in_still_completes_this_one() -> None:
    story = Story(
        programs=(
            program("p", phase("one", all_=outcome(Target(TargetKind.PROGRAM, "q")))),
            program("q", phase("one"), enrol="never", goal=(holds(AllOf(())),)),
        )
    ).receive(signal("came", START))

    assert story.enrolment("p").state is EnrolmentState.COMPLETED
    assert [entry.subject for entry in story.told(K.NOT_ENTERED)] == ["q"]


def test_completion_does_what_the_program_says_in_order() -> None:
    story = entered(phase("one"), on_completed=(task("Call {name}"), note("Done with {program}, {phase}")))

    completed = [story.acts["p:1:completed:0"], story.acts["p:1:completed:1"]]
    assert [(act.subject, act.body) for act in completed] == [("Call L1", "Now"), ("", "Done with p, one")]


def test_a_circle_without_delay_ends() -> None:
    story = entered(phase("one", activity("a"), all_=outcome("two")), phase("two", activity("b"), all_=outcome("one")))

    assert story.enrolment().state is EnrolmentState.EXITED
    assert story.enrolment().reason == "goes in a circle without delay"
    assert story.lead.wake_at is None


def test_programs_that_lead_into_one_another_without_delay_end() -> None:
    def leads_to(name: str, following: str, enrol: str) -> Program:
        last = phase("one", all_=outcome(Target(TargetKind.PROGRAM, following)))
        return program(name, last, enrol=enrol, again_after=timedelta())

    story = Story(programs=(leads_to("p", "q", "came"), leads_to("q", "p", "never")))

    story.receive(signal("came", START), signal("came", after(days=1)))

    assert [enrolment.program for enrolment in story.lead.enrolments] == ["p", "q", "p", "q"]
    assert [(entry.subject, entry.detail["why"]) for entry in story.told(K.NOT_ENTERED)] == [
        ("p", "programs lead into one another without delay")
    ] * 2
    assert story.lead.wake_at is None


# --- goal and exit ------------------------------------------------------------------------------------------

# moments at which the enrolment below stands differently
STANDS = {
    "waits to send": after(hours=1),
    "waits for an answer": after(days=3),
    "has settled and waits to go on": after(days=10),
    "repeats": after(days=13),
    "is in its second phase": after(days=31),
}


def long_program(**more: object) -> Story:
    one = phase(
        "one", activity("a", answered="read", after=timedelta(days=1)), none=outcome("two", days=4, repeat=True)
    )
    return entered(one, phase("two", activity("b", answered="read", days=90)), **more)


@pytest.mark.parametrize("at", STANDS.values(), ids=STANDS.keys())
@pytest.mark.parametrize("ending", ["goal", "exit"])
@pytest.mark.parametrize("how", ["by signal", "by condition"])
def test_goal_and_exit_end_an_enrolment_at_once_wherever_it_stands(at: datetime, ending: str, how: str) -> None:
    trigger = on("bought") if how == "by signal" else holds(field_is("industry", "software"))
    story = long_program(**{ending: (trigger,)})

    story.receive(signal("bought", at) if how == "by signal" else changed(at, industry="software"))
    sent_by_then = story.sent()
    story.let_pass(after(days=400))

    enrolment = story.enrolment()
    assert enrolment.state is (EnrolmentState.WON if ending == "goal" else EnrolmentState.EXITED)
    assert enrolment.ended_at == at
    assert enrolment.reason == ("signal bought" if how == "by signal" else "its condition")
    assert story.sent() == sent_by_then
    assert (enrolment.due_at, story.lead.wake_at) == (None, None)


def test_a_goal_that_time_brings_about_ends_the_enrolment_within_the_minute() -> None:
    faded = score_is("s", Op.LT, 10)
    story = Story(
        scores=(Score("s", (EngagementRule("r", SignalTest("came"), 20),), half_life=WEEK),),
        programs=(program("p", phase("one", activity("a", answered="read", days=90)), exit=(holds(faded),)),),
    ).receive(signal("came", START))

    story.let_pass(after(days=90))

    assert story.enrolment().ended_at == after(days=7, minutes=1)


def test_nothing_is_sent_once_time_has_brought_about_the_exit_be_it_a_moment_before() -> None:
    quiet = Not(did("read", within=WEEK))
    steps = (activity("a"), activity("b", after=WEEK + timedelta(seconds=40)))
    story = Story(programs=(program("p", phase("one", *steps), exit=(holds(quiet),)),)).receive(baseline())

    story.receive(signal("read", after()), signal("came", after(ms=1))).let_pass(after(days=8))

    assert story.sent() == [(after(ms=1), "a")]
    assert story.enrolment().ended_at == after(days=7, ms=40_001)


def test_the_goal_goes_before_the_exit_and_both_before_an_answer() -> None:
    one = phase("one", activity("a", answered="bought"))
    story = entered(one, goal=(on("bought"),), exit=(on("bought"),)).receive(signal("bought", after(days=1)))

    assert story.enrolment().state is EnrolmentState.WON
    assert story.told(K.ANSWERED) == []


def test_a_signal_that_ends_one_enrolment_answers_and_begins_others() -> None:
    story = Story(
        programs=(
            program("p", phase("one", activity("a", answered="x")), goal=(on("bought"),)),
            program("q", phase("one", activity("b", answered="bought"))),
            program("r", phase("one", activity("c", answered="x")), enrol="bought"),
        )
    ).receive(signal("came", START), signal("bought", after(days=1)))

    assert [story.enrolment(name).state for name in "pqr"] == [
        EnrolmentState.WON, EnrolmentState.COMPLETED, EnrolmentState.RUNNING,
    ]  # fmt: skip


def test_a_program_leaves_when_another_one_was_entered_by_time_alone() -> None:
    story = Story(
        programs=(
            program("p", phase("one", activity("a", answered="x", days=90)), exit=(holds(ProgramTest("r")),)),
            program("q", phase("one", activity("b"), all_=outcome(Target(TargetKind.PROGRAM, "r"), days=2))),
            program("r", phase("one", activity("c", answered="x", days=90)), enrol="never"),
        )
    ).receive(signal("came", START))

    story.let_pass(after(days=2))

    assert story.enrolment("p").ended_at == after(days=2)


# --- ways in ------------------------------------------------------------------------------------------------


def test_a_lead_enters_when_the_signal_and_its_condition_fit() -> None:
    trigger = on("came", field_is("industry", "software"))
    story = Story(programs=(replace(program("p", phase("one")), enrol=(trigger,)),))

    story.receive(signal("came", START))
    not_yet = story.lead.enrolments
    story.receive(changed(after(days=1), industry="software"), signal("came", after(days=2)))

    assert not_yet == ()
    assert story.enrolment().entered_at == after(days=2)
    assert story.told(K.ENTERED)[0].detail == {"phase": "one", "by": "signal came"}


def test_the_signal_itself_counts_for_the_condition_that_goes_with_it() -> None:
    trigger = on("came", did("came", 2))
    story = Story(programs=(replace(program("p", phase("one")), enrol=(trigger,)),))

    story.receive(signal("came", START), signal("came", after(days=1)))

    assert story.enrolment().entered_at == after(days=1)


def test_a_lead_enters_when_a_condition_comes_to_hold_and_not_by_what_held_before_we_knew_it() -> None:
    trigger = holds(field_is("industry", "software"))
    entering = Story(programs=(replace(program("p", phase("one")), enrol=(trigger,)),))
    known = Story(programs=(replace(program("p", phase("one")), enrol=(trigger,)),))

    entering.receive(baseline(), changed(after(days=1), industry="software"))
    known.receive(baseline(industry="software"), changed(after(days=1), firstname="Anna"))

    assert entering.enrolment().entered_at == after(days=1)
    assert entering.sent() == [(after(days=1), "one_note")]
    assert known.lead.enrolments == ()


def test_a_lead_is_in_a_program_only_once_at_a_time() -> None:
    story = entered(phase("one", activity("a", answered="x", days=30)), again_after=timedelta())

    story.receive(signal("came", after(days=1)))

    assert len(story.lead.enrolments) == 1
    assert [entry.detail["why"] for entry in story.told(K.NOT_ENTERED)] == ["it is in the program already"]


AGAIN: dict[str, tuple[timedelta | None, datetime, str]] = {
    "never": (None, after(days=1000), "it was in the program before"),
    "too early by a millisecond": (WEEK, after(days=9, ms=-1), "it left the program too short a time ago"),
    "a week after it left": (WEEK, after(days=9), ""),
    "at once": (timedelta(), after(days=2, ms=1), ""),
}


@pytest.mark.parametrize(("again_after", "at", "refusal"), AGAIN.values(), ids=AGAIN.keys())
def test_a_lead_enters_again_as_the_program_allows(again_after: timedelta | None, at: datetime, refusal: str) -> None:
    story = entered(phase("one", activity("a"), all_=outcome(COMPLETED, days=2)), again_after=again_after)

    story.let_pass(after(days=2)).receive(signal("came", at))

    assert [entry.detail["why"] for entry in story.told(K.NOT_ENTERED)] == ([refusal] if refusal else [])
    assert [enrolment.number for enrolment in story.lead.enrolments] == ([1] if refusal else [1, 2])
    assert list(story.acts) == (["p:1:1:a"] if refusal else ["p:1:1:a", "p:2:1:a"])


@pytest.mark.parametrize("ending", ["goal", "exit"])
def test_a_lead_whose_goal_or_exit_condition_holds_already_does_not_enter(ending: str) -> None:
    customer = field_is("industry", "customer")
    story = Story(programs=(program("p", phase("one"), **{ending: (holds(customer),)}),))

    story.receive(baseline(industry="customer"), signal("came", START))

    assert story.lead.enrolments == ()
    (refused,) = story.told(K.NOT_ENTERED)
    assert refused.detail["why"] == "the program's goal or exit condition holds already"


# --- a person's orders --------------------------------------------------------------------------------------


def test_a_person_enrols_a_lead_and_takes_it_out_again() -> None:
    story = Story(programs=(program("p", phase("one", activity("a", answered="x"))), program("q", phase("one"))))

    story.receive(baseline(), command("enrol", START, "p"), command("exit", after(days=1), "p"))

    assert story.told(K.ENTERED)[0].detail["by"] == "by hand"
    assert (story.enrolment().state, story.enrolment().reason) == (EnrolmentState.EXITED, "by hand")
    assert [enrolment.program for enrolment in story.lead.enrolments] == ["p"]


def test_an_order_for_a_program_that_does_not_exist_or_is_not_running_changes_nothing() -> None:
    story = Story(programs=(program("p", phase("one")),))

    story.receive(command("enrol", START, "nowhere"), command("exit", after(days=1), "p"))

    assert story.lead.enrolments == ()
    assert [(e.subject, e.detail["why"]) for e in story.told(K.NOT_ENTERED)] == [
        ("nowhere", "there is no such program")
    ]


def test_nobody_enters_a_program_that_is_paused() -> None:
    story = Story(programs=(program("p", phase("one"), is_paused=True),)).receive(signal("came", START))

    assert story.lead.enrolments == ()
    assert [entry.detail["why"] for entry in story.told(K.NOT_ENTERED)] == ["the program is paused"]


def test_a_person_cannot_enrol_against_the_rules_of_the_program() -> None:
    story = entered(phase("one")).receive(command("enrol", after(days=1), "p"))

    assert len(story.lead.enrolments) == 1
    assert [entry.detail["why"] for entry in story.told(K.NOT_ENTERED)] == ["it was in the program before"]


# --- send windows -------------------------------------------------------------------------------------------

OFFICE = SendWindow(frozenset(range(5)), time(9), time(18))


def test_activities_leave_in_the_window_of_the_leads_own_time_zone() -> None:
    in_rome, in_new_york, nowhere = (
        Story(programs=(program("p", phase("one"), window=OFFICE),)).receive(baseline(hs_timezone=zone))
        for zone in ("", "America/New_York", "Mars/Olympus")
    )

    for story in (in_rome, in_new_york, nowhere):
        story.receive(signal("came", START)).let_pass(after(days=3))

    assert in_rome.sent() == nowhere.sent() == [(START, "one_note")]
    assert in_new_york.sent() == [(after(hours=5), "one_note")]


def test_a_delay_that_ends_outside_the_window_waits_until_it_opens() -> None:
    story = entered(phase("one", activity("a", after=timedelta(days=5))), window=OFFICE).let_pass(after(days=30))

    assert story.sent() == [(after(days=7, hours=-1), "a")]


def test_an_activity_that_became_due_while_the_lead_rested_waits_for_the_window() -> None:
    story = entered(phase("one", activity("a", after=WEEK)), window=OFFICE)

    story.receive(archived(after(days=1)), restored(after(days=13))).let_pass(after(days=30))

    assert story.sent() == [(after(days=14, hours=-1), "a")]
    (put_off,) = story.told(K.PUT_OFF)
    assert put_off.at == after(days=13)
    assert put_off.detail == {
        "phase": "one", "activity": "a", "why": "the send window is shut", "until": "2026-09-21T07:00+00:00"
    }  # fmt: skip


def test_an_activity_is_not_sent_at_night_because_the_lead_moved_meanwhile() -> None:
    story = entered(phase("one", activity("a", after=timedelta(days=1))), window=OFFICE)

    story.receive(changed(after(hours=1), hs_timezone="America/Los_Angeles")).let_pass(after(days=30))

    assert story.sent() == [(after(days=1, hours=8), "a")]


# --- archived -----------------------------------------------------------------------------------------------


def test_an_archived_lead_rests_and_resumes_where_it_stood() -> None:
    story = Story(
        programs=(program("p", two_asked(none=outcome(EXIT))),),
        lists=(ListRule("hot", {CRM: "Hot"}, AllOf(())),),
    ).receive(baseline(), signal("came", START))

    story.receive(archived(after(days=1)), signal("read_first", after(days=2)), signal("came", after(days=3)))
    resting = story.let_pass(after(days=100)).lead
    story.receive(restored(after(days=100))).let_pass(after(days=200))

    assert (resting.wake_at, resting.desired) == (None, {})
    assert story.told(K.ANSWERED) == []
    assert story.sent() == [(START, "first"), (after(days=100), "second")]
    assert story.enrolment().ended_at == after(days=107)
    assert story.lead.desired[CRM].lists.keys() == {"Hot"}


def test_an_archived_lead_is_not_enrolled_and_nothing_is_written_to_its_record() -> None:
    everything = frozenset(Milestone)
    story = entered(phase("one", activity("a", answered="x", days=90)), milestones=everything)
    acts_before = set(story.acts)

    story.receive(archived(after(days=1)), command("exit", after(days=2), "p"), command("enrol", after(days=3), "p"))

    assert set(story.acts) == acts_before
    assert [enrolment.is_open for enrolment in story.lead.enrolments] == [False]


# --- answers that are conditions ------------------------------------------------------------------------------


def test_a_condition_that_comes_to_hold_while_an_answer_is_awaited_is_the_answer() -> None:
    asked = Activity("a", note("a"), answered=(holds(field_is("industry", "software")),), within=WEEK)
    story = entered(phase("one", asked, activity("z", after=2 * WEEK)))

    story.receive(changed(after(days=3), industry="software"))

    assert told(story, K.ANSWERED) == [("answered", after(days=3))]


def test_a_condition_that_time_brings_about_is_an_answer_at_its_moment() -> None:
    quiet = Not(did("came", within=timedelta(days=3)))
    asked = Activity("a", note("a"), answered=(holds(quiet),), within=WEEK)
    story = entered(phase("one", asked, activity("z", after=2 * WEEK)))

    story.let_pass(after(days=30))

    assert told(story, K.ANSWERED) == [("answered", after(days=3, minutes=1))]


# --- lists --------------------------------------------------------------------------------------------------


def test_a_lead_is_on_an_activitys_list_until_it_answers() -> None:
    story = Story(
        programs=(
            program("p", phase("one", activity("a", ListSend("mail"), answered="read"), activity("z", after=2 * WEEK))),
        ),
        lists=(ListRule("mail", {CRM: "Send mail"}),),
    ).receive(signal("came", START))

    waiting = story.lead.desired[CRM].lists
    answered = story.receive(signal("read", after(days=1))).lead.desired[CRM].lists

    assert waiting == {"Send mail": START}
    assert answered == {}


def test_a_lead_that_is_asked_nothing_stays_on_the_list_for_a_day_and_then_goes_on() -> None:
    one = phase("one", activity("a", ListSend("mail")))
    story = Story(programs=(program("p", one),), lists=(ListRule("mail", {CRM: "Send mail", "other": "Mail"}),))

    story.receive(signal("came", START)).let_pass(after(days=1, ms=-1))
    on_the_day = story.lead.desired
    story.let_pass(after(days=1))

    assert on_the_day[CRM].lists == {"Send mail": START}
    assert on_the_day["other"].lists == {"Mail": START}
    assert story.lead.desired[CRM].lists == story.lead.desired["other"].lists == {}
    assert story.enrolment().state is EnrolmentState.COMPLETED
    assert not story.told(K.UNANSWERED)


def test_a_lead_that_does_not_answer_in_time_leaves_the_list_so_that_it_can_be_sent_again() -> None:
    asked = activity("a", ListSend("mail"), answered="read")
    one = phase("one", asked, activity("b", answered="seen", days=30), some=outcome(repeat=True))
    story = Story(programs=(program("p", one),), lists=(ListRule("mail", {CRM: "Send mail"}),))
    story.receive(signal("came", START))

    story.let_pass(after(days=7))
    lapsed = story.lead.desired[CRM].lists
    story.receive(signal("seen", after(days=10)))

    assert lapsed == {}
    assert story.lead.desired[CRM].lists == {"Send mail": after(days=10)}


def test_a_list_with_a_condition_and_a_program_holds_the_lead_since_the_condition() -> None:
    story = Story(
        programs=(program("p", phase("one", activity("a", ListSend("mail"), answered="read"))),),
        lists=(ListRule("mail", {CRM: "Mail"}, field_is("industry", "software")),),
    ).receive(baseline(industry="software"), signal("came", after(days=1)))

    assert story.lead.desired[CRM].lists == {"Mail": START}


# --- notes on milestones ------------------------------------------------------------------------------------


def test_milestones_are_noted_on_the_record_once_each_where_the_program_says_so() -> None:
    silent = entered(phase("one"))
    telling = entered(phase("one"), milestones=frozenset({Milestone.ENTERED, Milestone.COMPLETED}))

    assert list(silent.acts) == ["p:1:1:one_note"]
    assert list(telling.acts) == ["p:1:milestone:entered", "p:1:1:one_note", "p:1:milestone:completed"]


@pytest.mark.parametrize("ending", ["goal", "exit"])
def test_goal_and_exit_are_milestones(ending: str) -> None:
    story = entered(
        phase("one", activity("a", answered="x")), milestones=frozenset(Milestone), **{ending: (on("bought"),)}
    ).receive(signal("bought", after(days=1)))

    assert list(story.acts)[-1] == f"p:1:milestone:{'goal' if ending == 'goal' else 'exited'}"


def test_what_a_milestone_says_is_escaped() -> None:
    story = Story(
        programs=(program("<p>", phase("a&b"), enrol="<came>", milestones=frozenset({Milestone.ENTERED})),)
    ).receive(signal("<came>", START))

    body = story.acts["<p>:1:milestone:entered"].body
    assert body == "<b>Coltiva</b> · &lt;p&gt;: entered the program (signal &lt;came&gt;), phase a&amp;b."


def test_the_crm_shows_the_latest_enrolment() -> None:
    shown = tuple(WriteBack(CRM, word, ("program", "p", word)) for word in ("phase", "activity", "state"))
    one = phase("one", activity("a", answered="x"), none=outcome("two", days=1))
    story = Story(
        programs=(program("p", one, phase("two", activity("b", after=WEEK)), again_after=timedelta()),),
        write_back=shown,
    ).receive(signal("came", START))

    def at(moment: datetime) -> list[str]:
        return list(story.let_pass(moment).lead.desired[CRM].properties.values())

    assert at(START) == ["one", "a", "running"]
    assert at(after(days=7)) == ["one", "a", "moving"]
    assert at(after(days=8)) == ["two", "", "running"]
    assert at(after(days=15)) == ["two", "b", "completed"]
    story.receive(signal("came", after(days=16)))
    assert at(after(days=16)) == ["one", "a", "running"]


def test_an_enrolment_condition_may_be_a_segment_that_is_about_what_the_lead_did() -> None:
    keen = Segment("keen", DidTest(SignalTest("clicked", (AttributeTest("what", Op.EQ, "price"),)), 2))
    story = Story(
        segments=(keen,), programs=(replace(program("p", phase("one")), enrol=(holds(SegmentTest("keen")),)),)
    ).receive(baseline())

    story.receive(*(changed(after(days=day), hs_click=what) for day, what in enumerate(["price", "other", "price"])))

    assert story.enrolment().entered_at == after(days=2)
