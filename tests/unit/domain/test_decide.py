"""Facts and time folded into a lead: order, lateness, notifications, and another book."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import permutations
from typing import Any

import pytest

from connector.domain.calendar import SendWindow
from connector.domain.conditions.condition import Op, SignalTest
from connector.domain.decide import decide, fold, needs_refold
from connector.domain.definitions import Definitions, ListRule, Notification, Segment, WriteBack
from connector.domain.fact import Fact, FactKind, RecordName
from connector.domain.field import Field
from connector.domain.history import HistoryKind
from connector.domain.lead import Standing, blank
from connector.domain.outward.change import ChangeKind
from connector.domain.programs.enrolment import EnrolmentState
from connector.domain.programs.program import Milestone, Phase, Program
from connector.domain.traits.score import EngagementRule, FitRule, Score
from tests.builders import (
    CRM,
    EXIT,
    FIELDS,
    LEAD,
    START,
    Story,
    activity,
    after,
    alarm,
    archived,
    baseline,
    book_applied,
    changed,
    command,
    definitions,
    did,
    field_is,
    holds,
    note,
    outcome,
    phase,
    program,
    record,
    restored,
    score_is,
    signal,
    task,
)

K = HistoryKind
WEEK = timedelta(days=7)
MONTH = timedelta(days=30)
SOFTWARE = field_is("industry", "software")


def two_weeks() -> Phase:
    """Two activities, a week apart, each to be answered within a week."""
    return phase("one", activity("a", answered="x"), activity("b", after=WEEK, answered="x"))


# --- order and lateness -------------------------------------------------------------------------------------


def test_facts_of_one_moment_count_in_a_fixed_order_whatever_their_order_of_arrival() -> None:
    facts = [
        baseline(industry="software"),
        changed(START, industry="banking"),
        signal("came", START),
        command("exit", START, "p"),
    ]
    defined = definitions(programs=(program("p", phase("one", activity("a", answered="x"))),))

    ends = {repr(Story(defined).receive(*order, now=START).lead) for order in permutations(facts)}

    assert len(ends) == 1
    assert "exited" in ends.pop()


def test_what_was_read_when_we_first_heard_of_a_lead_counts_from_its_earliest_fact() -> None:
    story = Story(scores=(Score("fit", (FitRule("software", SOFTWARE, 20),)),))

    story.receive(signal("came", START), now=after(days=2))
    story.receive(baseline(after(days=1), industry="software"), now=after(days=2))

    assert story.told(K.SCORED)[0].at == START
    assert [entry.kind for entry in story.history] == [K.KNOWN, K.SCORED, K.SIGNAL]


def test_a_late_answer_is_judged_as_if_it_had_come_in_time() -> None:
    defined = definitions(
        programs=(program("p", phase("one", activity("a", answered="read")), on_completed=(task(),)),)
    )
    punctual, late = Story(defined), Story(defined)
    facts = [baseline(), signal("came", START), signal("read", after(days=3))]

    punctual.receive(*facts).let_pass(after(days=30))
    late.receive(*facts[:2]).let_pass(after(days=30))
    state_before = late.enrolment().state
    late.receive(facts[2], now=after(days=30))

    assert state_before is EnrolmentState.EXITED
    assert late.lead == punctual.lead
    assert late.history == punctual.history
    assert late.acts.keys() == punctual.acts.keys()


def test_a_fact_is_late_when_something_after_it_was_folded_in_be_it_an_alarm() -> None:
    story = Story(programs=(program("p", phase("one", activity("a", after=WEEK))),))
    story.receive(baseline(), signal("came", START)).let_pass(after(days=8))

    assert needs_refold(story.lead, [signal("x", after(days=7))])
    assert needs_refold(story.lead, [signal("y", after(days=9)), signal("x", START)])
    assert not needs_refold(story.lead, [signal("x", after(days=7, ms=1))])
    assert not needs_refold(story.lead, [])
    assert not needs_refold(Story().receive(signal("x", START)).lead, [signal("x", START)])


@pytest.mark.parametrize("kind", [FactKind.MERGED, FactKind.BOOK])
def test_a_merge_and_a_new_book_change_the_past_but_not_of_a_lead_without_one(kind: FactKind) -> None:
    story = Story().receive(signal("came", START))
    fact = Fact("m", after(days=5), kind, "v2")

    assert needs_refold(story.lead, [fact])
    assert not needs_refold(blank(LEAD, "v1"), [fact])


def test_what_is_set_on_top_of_a_mapping_changes_nothing_that_was() -> None:
    story = Story().receive(signal("came", START))

    assert not needs_refold(story.lead, [book_applied(after(days=5), "v1+1f")])
    assert needs_refold(story.lead, [book_applied(after(days=-1), "v1+1f")])


def test_a_merge_is_told() -> None:
    story = Story().receive(signal("came", START), Fact("m", after(days=1), FactKind.MERGED, "L2"))

    (merged,) = story.told(K.MERGED)
    assert merged.detail == {"lead": "L2"}


def test_asking_again_at_any_time_changes_nothing() -> None:
    story = Story(programs=(program("p", two_weeks()),)).receive(baseline(), signal("came", START))
    book = story.book_of("v1")

    for hours in range(0, 24 * 7, 5):
        decision = decide(book, story.lead, alarm(after(hours=hours)), after(hours=hours))
        assert (decision.lead, decision.acts, decision.history) == (story.lead, (), ())


def test_an_alarm_that_rings_late_does_everything_at_its_own_moment() -> None:
    story = Story(programs=(program("p", two_weeks()),)).receive(baseline(), signal("came", START))

    story.let_pass(after(days=300))

    assert story.enrolment().ended_at == after(days=14)
    assert {entry.at for entry in story.told(K.SENT, K.UNANSWERED, K.SETTLED)} == {START, after(days=7), after(days=14)}


def test_nothing_at_all_leaves_a_blank_lead_blank() -> None:
    story = Story().let_pass(after(days=1))

    assert story.lead == blank(LEAD, "v1")


def test_every_line_of_history_names_its_fact_and_time_has_no_name() -> None:
    story = Story(programs=(program("p", two_weeks()),))
    story.receive(signal("came", START, key="fact-1")).let_pass(after(days=30))

    assert {entry.cause for entry in story.history if entry.at == START} == {"fact-1"}
    assert {entry.cause for entry in story.history if entry.at > START} == {""}


# --- notifications ------------------------------------------------------------------------------------------

HOT = Notification("hot", score_is("s", Op.GTE, 10), (task("Hot: {name}", "{why}"), note("{scores[s]}")), MONTH)
POINTS = Score("s", (EngagementRule("click", SignalTest("click"), 10),), half_life=WEEK)


def watched(**more: object) -> Story:
    return Story(scores=(POINTS,), notifications=(HOT,), **more)


def notified(story: Story) -> list[tuple[datetime, object]]:
    return [(entry.at, entry.detail["time"]) for entry in story.told(K.NOTIFIED)]


def test_a_rep_is_told_once_when_the_condition_comes_to_hold() -> None:
    story = watched().receive(baseline(), signal("click", START), signal("click", after(hours=1)))

    assert notified(story) == [(START, 1.0)]
    assert [(act.key, act.kind, act.subject) for act in story.acts.values()] == [
        ("notification:hot:1:0", ChangeKind.TASK, "Hot: L1"),
        ("notification:hot:1:1", ChangeKind.NOTE, ""),
    ]


def test_a_score_that_hovers_around_the_threshold_is_not_told_again_for_a_while() -> None:
    story = watched().receive(baseline(), signal("click", START))

    story.receive(signal("click", after(days=2)), signal("click", after(days=29, hours=23)))
    within = notified(story)
    story.receive(signal("click", after(days=40)))

    assert within == [(START, 1.0)]
    assert notified(story) == [(START, 1.0), (after(days=40), 2.0)]
    assert [key for key in story.acts if key.startswith("notification:hot:2")] == [
        "notification:hot:2:0", "notification:hot:2:1",
    ]  # fmt: skip


def test_the_while_counts_from_the_last_time_it_was_told() -> None:
    story = watched().receive(baseline(), signal("click", START), signal("click", after(days=40)))

    story.receive(signal("click", after(days=60)), signal("click", after(days=71)))

    assert notified(story) == [(START, 1.0), (after(days=40), 2.0), (after(days=71), 3.0)]


def test_a_crossing_as_soon_as_it_may_be_told_again_is_told() -> None:
    story = watched().receive(baseline(), signal("click", START))

    story.receive(signal("click", START + MONTH))

    assert notified(story) == [(START, 1.0), (START + MONTH, 2.0)]


def test_what_held_before_we_knew_the_lead_is_told_to_nobody() -> None:
    known = Notification("known", SOFTWARE, (note("x"),))
    story = Story(notifications=(known,)).receive(baseline(industry="software"))

    story.receive(changed(after(days=1), firstname="Anna"))

    assert story.acts == {}


def test_a_lead_that_is_created_hot_is_told() -> None:
    known = Notification("known", SOFTWARE, (note("x"),))
    story = Story(notifications=(known,))

    story.receive(
        record(RecordName.CREATED, START), baseline(after(minutes=1), industry="software"), now=after(minutes=1)
    )

    assert list(story.acts) == ["notification:known:1:0"]


def test_a_lead_that_was_created_after_its_record_was_deleted_is_told_when_it_is_restored() -> None:
    known = Notification("known", SOFTWARE, (note("x"),))
    story = Story(notifications=(known,)).receive(baseline(industry="software"), archived(after(days=1)))

    story.receive(record(RecordName.CREATED, after(days=2)))
    resting = set(story.acts)
    story.receive(restored(after(days=3)))

    assert resting == set()
    assert list(story.acts) == ["notification:known:1:0"]


def test_a_crossing_while_the_lead_rested_is_told_when_it_is_back() -> None:
    told_before = Notification("known", SOFTWARE, (note("x"),), MONTH)
    story = Story(notifications=(told_before,)).receive(baseline(), changed(after(days=1), industry="software"))

    story.receive(changed(after(days=2), industry="x"), archived(after(days=50)))
    story.receive(changed(after(days=51), industry="software"), restored(after(days=52)))

    assert notified(story) == [(after(days=1), 1.0), (after(days=52), 2.0)]


def test_a_lead_whose_deleted_record_was_merged_away_is_told_as_one_that_is_back() -> None:
    story = Story(notifications=(Notification("known", SOFTWARE, (note("x"),)),))

    story.receive(baseline(), archived(after(days=1)), changed(after(days=2), industry="software"))
    story.receive(Fact("merged", after(days=3), FactKind.MERGED, "L2", CRM))

    assert notified(story) == [(after(days=3), 1.0)]


def test_a_lead_that_comes_back_as_it_went_is_neither_told_nor_enrolled_again() -> None:
    known = Notification("known", SOFTWARE, (note("x"),), MONTH)
    entered = Program("p", (phase("one"),), enrol=(holds(SOFTWARE),), again_after=timedelta())
    story = Story(notifications=(known,), programs=(entered,))

    story.receive(baseline(), changed(after(days=1), industry="software"))
    story.receive(archived(after(days=50)), restored(after(days=52)))

    assert notified(story) == [(after(days=1), 1.0)]
    assert [enrolment.entered_at for enrolment in story.lead.enrolments] == [after(days=1)]


def test_a_notification_says_what_the_lead_did_and_who_it_is() -> None:
    story = watched().receive(
        baseline(firstname="Anna", email="anna@example.com", hubspot_owner_id="77"), signal("click", START)
    )

    told = story.acts["notification:hot:1:0"]
    assert told.subject == "Hot: Anna"
    assert told.body == "[{'score': 's', 'rule': 'click', 'points': 10}]"
    assert told.owner == "77"
    assert story.acts["notification:hot:1:1"].body == "10"


# --- acts: when they leave ----------------------------------------------------------------------------------

OFFICE = SendWindow(frozenset(range(5)), time(9), time(18))


def test_what_a_notification_says_of_a_program_is_empty() -> None:
    known = Notification("known", SOFTWARE, (note("{program}{phase}{activity}!"),))

    story = Story(notifications=(known,)).receive(baseline(), changed(after(days=1), industry="software"))

    assert [act.body for act in story.acts.values()] == ["!"]


def test_a_task_is_due_and_reminds_relative_to_when_it_leaves() -> None:
    call = task(due=timedelta(days=2), remind=timedelta(hours=3), priority="HIGH", type="CALL")
    story = Story(programs=(program("p", phase("one", activity("a", call))),), settle=timedelta(minutes=10))

    act = story.receive(signal("came", START)).acts["p:1:1:a"]

    assert act.due_at == after(minutes=10)
    assert act.task_due_at == after(days=2, minutes=10)
    assert act.remind_at == after(days=2, minutes=-170)
    assert (act.priority, act.type) == ("HIGH", "CALL")


def test_acts_that_are_decided_late_leave_when_the_window_opens_next() -> None:
    defined = definitions(programs=(program("p", phase("one", activity("a")), window=OFFICE),))
    an_hour_late, too_late = Story(defined), Story(defined)

    an_hour_late.receive(signal("came", after(hours=7)), now=after(hours=8))
    too_late.receive(signal("came", after(hours=7)), now=after(hours=8, ms=1))

    assert an_hour_late.acts["p:1:1:a"].due_at == after(hours=7)
    assert too_late.acts["p:1:1:a"].due_at == after(days=1, hours=-1)
    assert an_hour_late.lead == too_late.lead


def test_a_notification_that_is_decided_late_leaves_at_once() -> None:
    story = watched().receive(baseline(), signal("click", START), now=after(days=3))

    assert story.acts["notification:hot:1:0"].due_at == START


def test_the_keys_of_acts_do_not_change_when_the_lead_is_folded_anew() -> None:
    everything = frozenset(Milestone)
    one = phase("one", activity("a", task(), answered="x"), none=outcome("two", repeat=True))
    two = phase("two", activity("b"))
    defined = definitions(
        scores=(POINTS,),
        notifications=(HOT,),
        programs=(program("p", one, two, again_after=timedelta(), on_completed=(note(),), milestones=everything),),
    )
    story = Story(defined)
    story.receive(baseline(), signal("click", START), signal("came", START), signal("came", after(days=50)))
    story.let_pass(after(days=100))
    before = dict(story.acts)

    story.receive(changed(after(hours=1), firstname="Anna"), now=after(days=100))
    again = fold(story.book_of, blank(LEAD, "v1"), story.facts, after(days=100))

    assert story.acts.keys() == before.keys() == {act.key for act in again.acts}
    assert len({act.key for act in again.acts}) == len(again.acts)
    assert {act.body for act in again.acts} - {act.body for act in before.values()}  # Anna, by name


# --- another book -------------------------------------------------------------------------------------------


def rebooked(first: Definitions, second: Definitions, *facts: Fact, at: datetime) -> Story:
    """The second book applies from a moment on."""
    return Story(first, replace(second, version="v2")).receive(*facts).receive(book_applied(at, "v2"))


def test_a_new_book_reads_everything_known_so_far_in_its_own_way() -> None:
    first = definitions(scores=(Score("old", (EngagementRule("r", SignalTest("clicked"), 1),)),))
    second = definitions(
        fields=(*FIELDS, Field("town", properties={CRM: ("city",)})),
        scores=(
            Score("new", (EngagementRule("r", SignalTest("clicked"), 5),), half_life=WEEK),
            Score("fit", (FitRule("home", field_is("town", "Rome"), 7),)),
        ),
        segments=(Segment("active", did("clicked", 2)),),
    )

    story = rebooked(
        first, second, baseline(city="Rome"), changed(START, hs_click="1"), changed(after(days=7), hs_click="2"),
        at=after(days=14),
    )  # fmt: skip

    assert story.lead.book == "v2"
    assert story.lead.fields == {"town": "Rome"}
    assert story.lead.scores.keys() == {"new", "fit"}
    assert (story.points("new", after(days=14)), story.points("fit", after(days=14))) == (3, 7)
    assert story.lead.holding == {"segment:active": after(days=7)}
    assert story.told(K.BOOK)[0].detail == {"new": 3.0, "fit": 7.0}


def test_a_new_book_counts_time_from_when_things_happened_and_not_from_when_they_were_read() -> None:
    halving = (Score("s", (EngagementRule("r", SignalTest("clicked"), 8),), half_life=WEEK),)
    facts = [changed(START, hs_click="1"), baseline(after(days=7)), changed(after(days=8), firstname="Anna")]
    story = Story(definitions(), definitions("v2", scores=halving))

    story.receive(*facts, now=after(days=8)).receive(book_applied(after(days=14), "v2"))

    assert story.points("s", after(days=14)) == 2


def test_nobody_is_notified_because_a_new_book_sees_things_differently() -> None:
    second = definitions(
        notifications=(Notification("known", SOFTWARE, (note("x"),)),),
        programs=(replace(program("p", phase("one")), enrol=(holds(SOFTWARE),)),),
        lists=(ListRule("l", {CRM: "L"}, SOFTWARE),),
    )

    story = rebooked(definitions(), second, baseline(industry="software"), at=after(days=1))
    story.receive(changed(after(days=2), firstname="Anna"))

    assert story.acts == {}
    assert story.lead.enrolments == ()
    assert story.lead.desired[CRM].lists == {"L": after(days=1)}


def program_of(*phases: Phase, **more: Any) -> Definitions:
    return definitions(programs=(program("p", *phases, **more),))


STAYS = phase("one", activity("a", answered="x"), activity("b", after=2 * WEEK), some=outcome(), none=outcome())

# what the lead waits for when the book changes, the new program, whether it goes on
PLACES: dict[str, tuple[datetime, Definitions, bool]] = {
    "the same place": (after(days=1), program_of(STAYS), True),
    "its phase has gone": (after(days=1), program_of(phase("other")), False),
    "its program has gone": (after(days=1), definitions(), False),
    "what it was to be sent next has gone": (
        after(days=1), program_of(phase("one", activity("a", answered="x"))), False),
    "what it was sent has gone": (after(days=1), program_of(phase("one", activity("b", answered="x"))), True),
    "the phase has gone in which it waits to go on": (after(days=15), program_of(phase("two")), False),
}  # fmt: skip


@pytest.mark.parametrize(("at", "second", "goes_on"), PLACES.values(), ids=PLACES.keys())
def test_an_enrolment_goes_on_under_a_new_book_that_still_has_its_place(
    at: datetime, second: Definitions, goes_on: bool
) -> None:
    slow = replace(STAYS, some_answered=outcome(days=30), none_answered=outcome(days=30))
    first = program_of(slow, milestones=frozenset(Milestone))

    story = rebooked(first, second, baseline(), signal("came", START), at=at)

    enrolment = story.enrolment()
    assert enrolment.is_open is goes_on
    if not goes_on:
        assert (enrolment.reason, enrolment.ended_at) == ("no longer in the mapping", at)
    story.receive(signal("x", at + timedelta(days=1))).let_pass(after(days=90))
    assert not story.enrolment().is_open


def test_what_was_not_answered_is_not_repeated_when_a_new_book_has_it_no_more() -> None:
    repeating = outcome(EXIT, days=5, repeat=True)
    first = program_of(phase("one", activity("a", answered="x"), none=repeating))
    second = program_of(phase("one", activity("b", answered="x"), none=repeating))

    story = rebooked(first, second, signal("came", START), at=after(days=8)).let_pass(after(days=30))

    assert (story.enrolment().state, story.enrolment().ended_at) == (EnrolmentState.EXITED, after(days=12))
    assert [name for _, name in story.sent()] == ["a"]


def test_a_target_that_a_new_book_has_no_more_ends_the_enrolment() -> None:
    first = program_of(phase("one", activity("a"), all_=outcome("two", days=5)), phase("two"))
    second = program_of(phase("one", activity("a"), all_=outcome("three", days=5)), phase("three"))

    story = rebooked(first, second, signal("came", START), at=after(days=1)).let_pass(after(days=30))

    assert story.enrolment().reason == "no longer in the mapping"


def test_the_state_of_a_property_that_the_new_book_writes_is_right_at_once() -> None:
    second = definitions(write_back=(WriteBack(CRM, "coltiva_industry", ("field", "industry")),))

    story = rebooked(definitions(), second, baseline(industry="software"), at=after(days=1))

    assert story.lead.desired[CRM].properties == {"coltiva_industry": "software"}


def test_an_archived_lead_stays_at_rest_under_a_new_book() -> None:
    first = program_of(phase("one", activity("a", answered="x")), milestones=frozenset(Milestone))
    second = program_of(phase("two"), milestones=frozenset(Milestone))

    story = rebooked(first, second, signal("came", START), archived(after(days=1)), at=after(days=2))

    assert story.lead.standing is Standing.ARCHIVED
    assert (story.lead.wake_at, story.lead.desired) == (None, {})
    assert "p:1:milestone:exited" not in story.acts
