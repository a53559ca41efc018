"""Segments, lists, points for fit and written scores: kept true while facts come and while nothing happens."""

from __future__ import annotations

from datetime import timedelta

from connector.domain.conditions.condition import AllOf, AnyOf, FieldTest, Not, Op, ProgramTest, SegmentTest, SignalTest
from connector.domain.definitions import ListRule, Segment, WriteBack
from connector.domain.field import FieldType
from connector.domain.history import HistoryKind
from connector.domain.traits.score import EngagementRule, FitRule, Score
from tests.builders import (
    CRM,
    EXIT,
    START,
    Story,
    activity,
    after,
    baseline,
    changed,
    did,
    field_is,
    outcome,
    phase,
    program,
    score_is,
    signal,
)

WEEK = timedelta(days=7)
MONTH = timedelta(days=30)
ACTIVE = Segment("active", did("clicked", within=WEEK))


def joined_and_left(story: Story) -> list[tuple[str, str, object]]:
    entries = story.told(HistoryKind.JOINED, HistoryKind.LEFT)
    return [(str(entry.kind), entry.subject, entry.at) for entry in entries]


# --- time alone ---------------------------------------------------------------------------------------------


def test_a_segment_that_lapses_is_left_when_the_minute_is_full() -> None:
    story = Story(segments=(ACTIVE,)).receive(baseline(), signal("clicked", after(minutes=3, ms=500)))

    story.let_pass(after(days=30))

    assert joined_and_left(story) == [
        ("joined", "segment:active", after(minutes=3, ms=500)),
        ("left", "segment:active", after(days=7, minutes=4)),
    ]
    assert story.lead.wake_at is None


def test_a_fact_between_the_lapse_and_the_full_minute_does_not_make_it_forgotten() -> None:
    story = Story(segments=(ACTIVE,)).receive(baseline(), signal("clicked", after(ms=500)))
    lapsed_at = START + WEEK + timedelta(milliseconds=501)

    story.receive(changed(lapsed_at + timedelta(seconds=10), firstname="Anna")).let_pass(after(days=30))

    assert joined_and_left(story)[-1] == ("left", "segment:active", after(days=7, minutes=1))


def test_a_lapse_on_the_full_minute_is_seen_on_it() -> None:
    story = Story(segments=(ACTIVE,)).receive(baseline(), signal("clicked", after(ms=-1)))

    story.let_pass(after(days=30))

    assert joined_and_left(story)[-1] == ("left", "segment:active", after(days=7))


def test_a_condition_that_was_looked_at_in_its_last_minute_wakes_once_and_never_again() -> None:
    story = Story(segments=(ACTIVE,)).receive(baseline(), signal("clicked", after(ms=500)))

    story.let_pass(after(days=7, minutes=1))

    assert story.lead.wake_at is None
    assert story.lead.position[1] == after(days=7, minutes=1)


def test_a_date_that_comes_near_and_passes_moves_the_lead_in_and_out() -> None:
    soon = Segment("soon", FieldTest("renewal", FieldType.DATE, Op.WITHIN_NEXT, WEEK))
    story = Story(segments=(soon,)).receive(baseline(renewal="2026-10-01"))

    story.let_pass(after(days=60))

    assert [(kind, str(at)[:16]) for kind, _, at in joined_and_left(story)] == [
        ("joined", "2026-09-23 22:00"),
        ("left", "2026-09-30 22:01"),
    ]


def test_a_date_without_end_does_not_stop_the_lead() -> None:
    past = Segment("past", FieldTest("renewal", FieldType.DATE, Op.MORE_THAN_AGO, WEEK))

    story = Story(segments=(past,)).receive(baseline(renewal="9999-12-31")).let_pass(after(days=60))

    assert story.lead.holding == {}


def test_a_list_is_left_when_the_score_has_faded_below_its_threshold() -> None:
    rule = EngagementRule("click", SignalTest("clicked"), 60)
    story = Story(
        scores=(Score("s", (rule,), half_life=MONTH),),
        lists=(ListRule("hot", {CRM: "Hot"}, score_is("s", Op.GTE, 30)),),
    )

    story.receive(baseline(), signal("clicked", START))
    on_it = dict(story.lead.desired[CRM].lists)
    story.let_pass(START + MONTH)
    still_on_it = dict(story.lead.desired[CRM].lists)
    story.let_pass(START + MONTH + timedelta(minutes=1))

    assert on_it == still_on_it == {"Hot": START}
    assert story.lead.desired[CRM].lists == {}


# --- segments of segments -----------------------------------------------------------------------------------


def test_every_level_of_segments_is_joined_and_left_at_the_same_moment_and_told() -> None:
    deep = 200
    levels = [Segment(f"s{level}", SegmentTest(f"s{level - 1}")) for level in range(deep, 0, -1)]
    story = Story(segments=(*levels, Segment("s0", did("clicked", within=WEEK)))).receive(baseline())

    story.receive(signal("clicked", after(minutes=3))).let_pass(after(30))

    names = [f"segment:s{level}" for level in range(deep + 1)]
    assert joined_and_left(story) == [
        *(("joined", name, after(minutes=3)) for name in names),
        *(("left", name, after(days=7, minutes=4)) for name in names),
    ]


def test_a_segment_of_segments_moves_only_when_its_own_answer_changes() -> None:
    either = Segment("either", AnyOf((SegmentTest("a"), SegmentTest("b"))))
    software, anna = Segment("a", field_is("industry", "software")), Segment("b", field_is("firstname", "Anna"))
    story = Story(segments=(either, software, anna)).receive(baseline(industry="software"))

    story.receive(changed(after(1), firstname="Anna"), changed(after(2), industry="x"), changed(after(3), firstname=""))

    assert joined_and_left(story) == [
        ("joined", "segment:a", START),
        ("joined", "segment:either", START),
        ("joined", "segment:b", after(1)),
        ("left", "segment:a", after(2)),
        ("left", "segment:b", after(3)),
        ("left", "segment:either", after(3)),
    ]


# --- one thing follows from another -------------------------------------------------------------------------


def test_a_segment_made_of_others_and_of_scores_is_right_within_the_same_fact() -> None:
    fit = Score("fit", (FitRule("big", SegmentTest("big"), 20), FitRule("small", Not(SegmentTest("big")), 1)))
    story = Story(
        segments=(
            Segment("good", AllOf((SegmentTest("big"), score_is("total", Op.GTE, 20)))),
            Segment("big", field_is("employees", 50.0, Op.GTE, FieldType.NUMBER)),
        ),
        scores=(Score("total", sum_of=("fit",)), fit),
    )

    story.receive(baseline(numemployees="10"), changed(after(days=1), numemployees="80"))

    assert story.points("total", after(days=1)) == 20
    assert dict(story.lead.holding) == {"segment:big": after(days=1), "segment:good": after(days=1)}


def test_points_for_fit_go_when_their_condition_does_and_the_ledger_adds_up() -> None:
    story = Story(scores=(Score("fit", (FitRule("software", field_is("industry", "software"), 20),)),))

    story.receive(
        baseline(industry="COMPUTER_SOFTWARE"),
        changed(after(days=1), industry="BANKING"),
        changed(after(days=2), industry="COMPUTER_SOFTWARE"),
    )

    assert [entry.detail["points"] for entry in story.told(HistoryKind.SCORED)] == [20, -20, 20]
    assert story.points("fit", after(days=2)) == 20


def test_a_segment_of_those_in_a_program_follows_the_program_also_by_time() -> None:
    story = Story(
        programs=(program("p", phase("one", activity("a", answered="clicked", days=7), none=outcome(EXIT))),),
        segments=(Segment("nurtured", ProgramTest("p")),),
    )

    story.receive(baseline(), signal("came", START)).let_pass(after(days=10))

    assert joined_and_left(story) == [
        ("joined", "segment:nurtured", START),
        ("left", "segment:nurtured", after(days=7)),
    ]


def test_a_segment_of_those_in_a_phase_is_left_with_the_phase() -> None:
    story = Story(
        programs=(program("p", phase("one", activity("a"), all_=outcome("two", days=3)), phase("two", activity("b"))),),
        segments=(Segment("first_phase", ProgramTest("p", "one")), Segment("second_phase", ProgramTest("p", "two"))),
    )

    story.receive(baseline(), signal("came", START)).let_pass(after(days=3))

    assert joined_and_left(story) == [
        ("joined", "segment:first_phase", START),
        ("left", "segment:first_phase", after(days=3)),
    ]


# --- desired state ------------------------------------------------------------------------------------------

SCORE = Score(
    "s",
    (
        EngagementRule("click", SignalTest("clicked"), 20),
        EngagementRule("bounce", SignalTest("bounced"), -30),
        FitRule("software", field_is("industry", "software"), 40),
    ),
    half_life=MONTH,
    grades=(("A", 50), ("B", 0)),
)
WRITTEN = tuple(
    WriteBack(CRM, property_, source, clears=source[0] == "field")
    for property_, source in {
        "points": ("score", "s", "points"),
        "grade": ("score", "s", "grade"),
        "why": ("score", "s", "why"),
        "phase": ("program", "p", "phase"),
        "activity": ("program", "p", "activity"),
        "state": ("program", "p", "state"),
        "industry": ("field", "industry"),
        "size": ("field", "employees"),
        "segments": ("segments",),
    }.items()
)


def test_a_crm_record_is_to_hold_scores_reasons_places_fields_and_segments() -> None:
    story = Story(
        scores=(SCORE,),
        programs=(program("p", phase("one", activity("first", answered="clicked"))),),
        segments=(Segment("z", AllOf(())), Segment("a", AllOf(()))),
        write_back=WRITTEN,
    )

    story.receive(baseline(industry="software", numemployees="50"), signal("clicked", START, key="1"))
    story.receive(signal("came", START, key="2"))

    assert story.lead.desired[CRM].properties == {
        "points": "60",
        "grade": "A",
        "why": "+40 software; +20 click",
        "phase": "one",
        "activity": "first",
        "state": "running",
        "industry": "software",
        "size": "50",
        "segments": "a;z",
    }


def test_the_weightiest_reasons_come_first_and_five_are_enough() -> None:
    points = {"b": 5, "a": 5, "rose": 1, "fell": -20, "most": 30, "least": 0.4, "sixth": 1}
    rules = tuple(EngagementRule(name, SignalTest("clicked"), float(given)) for name, given in points.items())
    story = Story(scores=(Score("s", rules),), write_back=(WriteBack(CRM, "why", ("score", "s", "why")),))

    story.receive(signal("clicked", START))

    assert story.lead.desired[CRM].properties["why"] == "+30 most; -20 fell; +5 a; +5 b; +1 rose"


def test_what_is_no_longer_so_is_cleared_in_the_crm() -> None:
    story = Story(scores=(SCORE,), write_back=WRITTEN).receive(baseline(industry="software", numemployees="50"))

    story.receive(changed(after(days=1), industry="", numemployees=""), signal("bounced", after(days=1)))

    assert story.lead.desired[CRM].properties == {
        "points": "-30", "grade": "", "why": "-30 bounce", "phase": "", "activity": "", "state": "",
        "industry": "", "size": "", "segments": "",
    }  # fmt: skip


def wake_after_wake(story: Story) -> list[str]:
    """The points that the CRM is to hold, each time the lead wakes by itself."""
    written = []
    while story.lead.wake_at is not None and len(written) < 20:
        story.let_pass(story.lead.wake_at)
        written.append(story.lead.desired[CRM].properties["points"])
    return written


def test_a_written_score_is_written_again_each_time_it_has_faded_by_five_points() -> None:
    story = Story(scores=(SCORE,), write_back=WRITTEN).receive(baseline(), signal("clicked", START))

    assert wake_after_wake(story) == ["15", "10", "5", "0"]


def test_a_written_score_is_written_again_when_what_was_taken_fades() -> None:
    story = Story(scores=(SCORE,), write_back=WRITTEN).receive(baseline(industry="software"), signal("bounced", START))

    assert wake_after_wake(story) == ["15", "20", "25", "30", "35", "40"]


def test_a_negative_score_that_is_written_rises_to_nothing() -> None:
    story = Story(scores=(SCORE,), write_back=WRITTEN).receive(baseline(), signal("bounced", START))

    assert wake_after_wake(story) == ["-25", "-20", "-15", "-10", "-5", "-1"]


def test_a_score_that_no_crm_shows_wakes_nobody() -> None:
    story = Story(scores=(SCORE,)).receive(baseline(), signal("clicked", START))

    assert story.lead.wake_at is None
