"""Conditions: what holds, and the exact moment at which time alone changes that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from connector.domain.conditions.comparison import compile_signal_test
from connector.domain.conditions.condition import (
    AllOf,
    AnyOf,
    AttributeTest,
    Condition,
    DidTest,
    FieldTest,
    GradeTest,
    Not,
    Op,
    Operand,
    ProgramTest,
    ScoreTest,
    SegmentTest,
    SignalTest,
)
from connector.domain.conditions.predicate import Predicate, Scales, compile_condition
from connector.domain.fact import Value
from connector.domain.field import FieldType
from connector.domain.traits.score import Part, blend, grade_of, look_ahead, passes_at, total, whole
from tests.builders import ROME, START, after, did, field_is, score_is, utc

TEXT, NUMBER, BOOLEAN = FieldType.TEXT, FieldType.NUMBER, FieldType.BOOLEAN
DATE, DATETIME, CHOICES = FieldType.DATE, FieldType.DATETIME, FieldType.CHOICES
GRADES = (("A", 60.0), ("B", 39.5), ("C", 0.0))
MONTH = timedelta(days=30)
MS = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Seen:
    """What a condition sees of a lead that has one score, which fades as `half_life` says."""

    now: datetime = START
    fields: Mapping[str, Value] = field(default_factory=dict)
    seen: Mapping[str, tuple[datetime, ...]] = field(default_factory=dict)
    parts: Mapping[str, Part] = field(default_factory=dict)
    half_life: timedelta | None = None
    holding: Mapping[str, datetime] = field(default_factory=dict)
    programs: Mapping[str, str] = field(default_factory=dict)

    def points(self, score: str) -> int:
        return whole(total(look_ahead(self.parts, self.half_life), self.now))

    def grade(self, score: str) -> str:
        return grade_of(self.points(score), GRADES)

    def passes_at(self, score: str, threshold: float) -> datetime | None:
        return passes_at(blend([look_ahead(self.parts, self.half_life)]), threshold, self.now)

    def expires_at(self, score: str) -> datetime | None:
        return None

    def in_program(self, program: str, phase: str | None) -> bool:
        return program in self.programs and phase in (None, self.programs[program])


def compiled(condition: Condition, zone: ZoneInfo = ROME) -> Predicate:
    return compile_condition(condition, Scales({"engagement": GRADES}, zone))


def flip(condition: Condition, view: Seen) -> datetime | None:
    predicate = compiled(condition)
    return predicate.flips_at(view) if predicate.flips_at else None


# --- one field ----------------------------------------------------------------------------------------------

# the field's type and value, the comparison, whether it holds
FIELD_TABLE: dict[str, tuple[FieldType, Value | None, Op, Operand, bool]] = {
    "eq, another case": (TEXT, "SoftWare", Op.EQ, "sOFTware", True),
    "eq, sharp s": (TEXT, "STRASSE", Op.EQ, "straße", True),
    "eq, other text": (TEXT, "software", Op.EQ, "soft", False),
    "eq, unknown": (TEXT, None, Op.EQ, "software", False),
    "eq, number": (NUMBER, 50.0, Op.EQ, 50.0, True),
    "eq, other number": (NUMBER, 50.0, Op.EQ, 51.0, False),
    "eq, truth": (BOOLEAN, False, Op.EQ, False, True),
    "eq, other truth": (BOOLEAN, False, Op.EQ, True, False),
    "eq, date": (DATE, "2026-11-22", Op.EQ, "2026-11-22", True),
    "eq, one of the choices": (CHOICES, ("A", "B"), Op.EQ, "b", True),
    "eq, none of the choices": (CHOICES, ("A", "B"), Op.EQ, "c", False),
    "ne": (TEXT, "software", Op.NE, "banking", True),
    "ne, the same in another case": (TEXT, "software", Op.NE, "SOFTWARE", False),
    "ne, unknown": (TEXT, None, Op.NE, "banking", True),
    "ne, one of the choices": (CHOICES, ("A", "B"), Op.NE, "A", False),
    "ne, none of the choices": (CHOICES, ("A", "B"), Op.NE, "C", True),
    "in": (TEXT, "Software", Op.IN, ("banking", "SOFTWARE"), True),
    "in, a set of one": (TEXT, "Software", Op.IN, "software", True),
    "in, not": (TEXT, "farming", Op.IN, ("banking", "software"), False),
    "in, unknown": (TEXT, None, Op.IN, ("banking",), False),
    "in, one of the choices": (CHOICES, ("A", "B"), Op.IN, ("c", "b"), True),
    "not in": (TEXT, "farming", Op.NOT_IN, ("banking", "software"), True),
    "not in, but is": (TEXT, "Banking", Op.NOT_IN, ("banking", "software"), False),
    "not in, unknown": (TEXT, None, Op.NOT_IN, ("banking",), True),
    "not in, one of the choices is": (CHOICES, ("A", "B"), Op.NOT_IN, ("b",), False),
    "gt": (NUMBER, 50.5, Op.GT, 50.0, True),
    "gt, equal": (NUMBER, 50.0, Op.GT, 50.0, False),
    "gt, unknown": (NUMBER, None, Op.GT, 50.0, False),
    "gte, equal": (NUMBER, 50.0, Op.GTE, 50.0, True),
    "gte, less": (NUMBER, 49.9, Op.GTE, 50.0, False),
    "lt": (NUMBER, -1.0, Op.LT, 0.0, True),
    "lt, equal": (NUMBER, 0.0, Op.LT, 0.0, False),
    "lt, unknown is not zero": (NUMBER, None, Op.LT, 1.0, False),
    "lte, equal": (NUMBER, 0.0, Op.LTE, 0.0, True),
    "lte, more": (NUMBER, 0.1, Op.LTE, 0.0, False),
    "gt, text by the alphabet": (TEXT, "b", Op.GT, "a", True),
    "gt, text in another case": (TEXT, "b", Op.GT, "A", True),
    "lt, text in another case": (TEXT, "B", Op.LT, "a", False),
    "gt, a date given as such": (DATE, "2026-11-22", Op.GT, "2026-11-21", True),
    "gt, text against a number": (TEXT, "100", Op.GT, 50.0, False),
    "gt, a truth is no number": (BOOLEAN, True, Op.GT, 0.0, False),
    "contains": (TEXT, "Head of Marketing", Op.CONTAINS, "market", True),
    "contains, not": (TEXT, "Head of Sales", Op.CONTAINS, "market", False),
    "contains, unknown": (TEXT, None, Op.CONTAINS, "market", False),
    "contains, in one of the choices": (CHOICES, ("x", "Marketing"), Op.CONTAINS, "market", True),
    "starts with": (TEXT, "Head of Marketing", Op.STARTS_WITH, "HEAD", True),
    "starts with, not": (TEXT, "Head of Marketing", Op.STARTS_WITH, "of", False),
    "ends with": (TEXT, "anna@Example.com", Op.ENDS_WITH, "@example.COM", True),
    "ends with, not": (TEXT, "anna@example.com.org", Op.ENDS_WITH, "@example.com", False),
    "known": (TEXT, "x", Op.KNOWN, None, True),
    "known, false is": (BOOLEAN, False, Op.KNOWN, None, True),
    "known, zero is": (NUMBER, 0.0, Op.KNOWN, None, True),
    "known, unknown is not": (TEXT, None, Op.KNOWN, None, False),
    "unknown": (TEXT, None, Op.UNKNOWN, None, True),
    "unknown, known is not": (NUMBER, 0.0, Op.UNKNOWN, None, False),
    "before": (DATE, "2026-11-21", Op.BEFORE, "2026-11-22", True),
    "before, the day itself": (DATE, "2026-11-22", Op.BEFORE, "2026-11-22", False),
    "before, unknown": (DATE, None, Op.BEFORE, "2026-11-22", False),
    "after": (DATE, "2026-11-23", Op.AFTER, "2026-11-22", True),
    "after, the day itself": (DATE, "2026-11-22", Op.AFTER, "2026-11-22", False),
    "before, a moment and a day in Rome": (DATETIME, "2026-11-21T22:59:59.999+00:00", Op.BEFORE, "2026-11-22", True),
    "before, a moment as the day begins in Rome": (
        DATETIME, "2026-11-21T23:00:00.000+00:00", Op.BEFORE, "2026-11-22", False),
    "after, a moment against a moment": (
        DATETIME, "2026-11-22T10:00:00.001+00:00", Op.AFTER, "2026-11-22T11:00:00+01:00", True),
    "after, against a moment without a zone: Rome's": (
        DATETIME, "2026-11-22T09:30:00.000+00:00", Op.AFTER, "2026-11-22T10:00:00", True),
}  # fmt: skip


@pytest.mark.parametrize(("type_", "value", "op", "operand", "expected"), FIELD_TABLE.values(), ids=FIELD_TABLE.keys())
def test_a_field_is_compared(type_: FieldType, value: Value | None, op: Op, operand: Operand, expected: bool) -> None:
    fields = {} if value is None else {"f": value}
    predicate = compiled(FieldTest("f", type_, op, operand))

    assert predicate.holds(Seen(fields=fields)) is expected
    assert predicate.reads == {"field:f"}
    assert predicate.flips_at is None


def test_every_comparison_of_the_language_is_in_the_tables() -> None:
    in_tables = {row[2] for row in FIELD_TABLE.values()} | {row[1] for row in FLIPS.values()}

    assert in_tables == set(Op)


# --- dates relative to now ----------------------------------------------------------------------------------

WEEK = timedelta(days=7)
NOON = "2026-11-22T11:00:00.000+00:00"

# the field's value, the comparison, from when and until before when it holds
FLIPS: dict[str, tuple[str, Op, timedelta, datetime | None, datetime | None]] = {
    "within the next week, a moment": (
        NOON, Op.WITHIN_NEXT, WEEK, utc("2026-11-15 11:00"), utc("2026-11-22 11:00:00.001")),
    "within the last week, a moment": (
        NOON, Op.WITHIN_LAST, WEEK, utc("2026-11-22 11:00"), utc("2026-11-29 11:00:00.001")),
    "more than a week ago, a moment": (NOON, Op.MORE_THAN_AGO, WEEK, utc("2026-11-29 11:00:00.001"), None),
    "within the next week, a day: it begins at midnight in Rome": (
        "2026-11-22", Op.WITHIN_NEXT, WEEK, utc("2026-11-14 23:00"), utc("2026-11-21 23:00:00.001")),
    "within the last week, a day": (
        "2026-11-22", Op.WITHIN_LAST, WEEK, utc("2026-11-21 23:00"), utc("2026-11-28 23:00:00.001")),
    "more than a week ago, a day over which the clock goes back": (
        "2026-10-25", Op.MORE_THAN_AGO, WEEK, utc("2026-10-31 22:00:00.001"), None),
    "within the next week, the end of all days": (
        "9999-12-31", Op.WITHIN_NEXT, WEEK, utc("9999-12-23 23:00"), utc("9999-12-30 23:00:00.001")),
}  # fmt: skip


@pytest.mark.parametrize(("value", "op", "span", "opens", "closes"), FLIPS.values(), ids=FLIPS.keys())
def test_a_date_comes_near_and_passes_to_the_millisecond(
    value: str, op: Op, span: timedelta, opens: datetime | None, closes: datetime | None
) -> None:
    condition = FieldTest("f", DATE if len(value) == 10 else DATETIME, op, span)
    view = Seen(fields={"f": value})
    holds = compiled(condition).holds

    for edge, before, from_then_on in ((opens, False, True), (closes, True, False)):
        if edge is not None:
            assert holds(replace(view, now=edge - MS)) is before
            assert holds(replace(view, now=edge)) is from_then_on
            assert flip(condition, replace(view, now=edge - MS)) == edge
    last = closes or opens
    assert last is not None
    assert flip(condition, replace(view, now=last)) is None


@pytest.mark.parametrize("op", [Op.WITHIN_NEXT, Op.WITHIN_LAST, Op.MORE_THAN_AGO, Op.BEFORE, Op.AFTER])
@pytest.mark.parametrize("value", ["0001-01-01", "9999-12-31"])
@pytest.mark.parametrize("zone", ["Europe/Rome", "America/New_York", "Pacific/Kiritimati"])
def test_dates_at_the_ends_of_the_calendar_stop_nobody(op: Op, value: str, zone: str) -> None:
    operand: Operand = value if op in (Op.BEFORE, Op.AFTER) else timedelta(days=365)
    predicate = compiled(FieldTest("f", DATE, op, operand), ZoneInfo(zone))
    view = Seen(fields={"f": value})

    holds = predicate.holds(view)

    assert holds is (op is Op.MORE_THAN_AGO and value == "0001-01-01")
    assert predicate.flips_at is None or value == "9999-12-31" or predicate.flips_at(view) is None


def test_a_lead_without_the_date_never_satisfies_a_relative_date() -> None:
    for op in (Op.WITHIN_NEXT, Op.WITHIN_LAST, Op.MORE_THAN_AGO):
        condition = FieldTest("f", DATE, op, WEEK)

        assert not compiled(condition).holds(Seen())
        assert flip(condition, Seen()) is None


def test_a_not_flips_when_its_part_does() -> None:
    condition = FieldTest("f", DATETIME, Op.WITHIN_NEXT, WEEK)
    view = Seen(now=utc("2026-11-15 10:59"), fields={"f": NOON})

    assert compiled(Not(condition)).holds(view)
    assert flip(Not(condition), view) == flip(condition, view) == utc("2026-11-15 11:00")


# --- together -----------------------------------------------------------------------------------------------


def test_all_any_and_not_combine() -> None:
    rich, italian = field_is("industry", "software"), field_is("country", "IT")
    view = Seen(fields={"industry": "software", "country": "DE"})

    assert not compiled(AllOf((rich, italian))).holds(view)
    assert compiled(AnyOf((italian, rich))).holds(view)
    assert compiled(AllOf((rich, Not(italian)))).holds(view)
    assert not compiled(Not(AnyOf((rich, italian)))).holds(view)


def test_all_of_nothing_holds_and_any_of_nothing_does_not() -> None:
    assert compiled(AllOf(())).holds(Seen())
    assert not compiled(AnyOf(())).holds(Seen())


def test_a_combination_flips_with_the_first_of_its_parts_and_reads_what_they_read() -> None:
    condition = AllOf((did("clicked", within=WEEK), AnyOf((did("came", within=MONTH), field_is("f", "x")))))
    view = Seen(now=after(days=1), seen={did("clicked").counter: (START,), did("came").counter: (START,)})

    assert flip(condition, view) == START + WEEK + MS
    assert compiled(condition).reads == {"signal:clicked", "signal:came", "field:f"}
    assert {test.what.signal for test in compiled(condition).counters} == {"clicked", "came"}


def test_a_condition_on_segments_and_programs_asks_for_them() -> None:
    view = Seen(holding={"segment:big": START}, programs={"welcome": "second"})

    assert compiled(SegmentTest("big")).holds(view)
    assert not compiled(SegmentTest("small")).holds(view)
    assert compiled(ProgramTest("welcome")).holds(view)
    assert compiled(ProgramTest("welcome", "second")).holds(view)
    assert not compiled(ProgramTest("welcome", "first")).holds(view)
    assert compiled(AllOf((SegmentTest("big"), ProgramTest("welcome")))).reads == {"segment:big", "program:welcome"}


# --- did ----------------------------------------------------------------------------------------------------


def test_did_ever_counts_every_time_and_never_lapses() -> None:
    twice = did("clicked", 2)
    once, both = Seen(seen={twice.counter: (START,)}), Seen(seen={twice.counter: (START, START)})

    assert not compiled(twice).holds(once)
    assert compiled(twice).holds(replace(both, now=after(days=10_000)))
    assert flip(twice, both) is None


def test_did_within_lapses_a_millisecond_after_its_span() -> None:
    twice = did("clicked", 2, WEEK)
    view = Seen(seen={twice.counter: (START, after(days=3))})
    lapses_at = START + WEEK + MS

    assert compiled(twice).holds(replace(view, now=lapses_at - MS))
    assert not compiled(twice).holds(replace(view, now=lapses_at))
    assert flip(twice, replace(view, now=lapses_at - MS)) == lapses_at
    assert flip(twice, replace(view, now=lapses_at)) is None


def test_did_within_needs_all_of_its_times() -> None:
    twice = did("clicked", 2, WEEK)

    assert not compiled(twice).holds(Seen(seen={twice.counter: (START,)}))
    assert flip(twice, Seen(seen={twice.counter: (START,)})) is None
    assert not compiled(twice).holds(Seen())


def test_counters_of_different_questions_are_kept_apart() -> None:
    where = (AttributeTest("form", Op.EQ, "Report"),)
    keys = [
        did("clicked").counter,
        did("clicked", 2).counter,
        DidTest(SignalTest("clicked", where)).counter,
        DidTest(SignalTest("clicked", (replace(where[0], operand="Other"),))).counter,
        DidTest(SignalTest("clicked", (replace(where[0], op=Op.NE),))).counter,
    ]

    assert len(set(keys)) == len(keys)
    assert did("clicked", within=WEEK).counter == did("clicked", within=MONTH).counter


# --- signals' attributes ------------------------------------------------------------------------------------

ATTRIBUTES: dict[str, tuple[Value | None, Op, Operand, bool]] = {
    "text": ("Report 2026", Op.EQ, "report 2026", True),
    "other text": ("Report 2025", Op.EQ, "report 2026", False),
    "missing": (None, Op.EQ, "x", False),
    "missing is unknown": (None, Op.UNKNOWN, None, True),
    "missing is not equal": (None, Op.NE, 5.0, True),
    "text read as a number": ("90", Op.GTE, 60.0, True),
    "text that is no number": ("long", Op.GTE, 60.0, False),
    "text that is no number is not equal to one": ("long", Op.NE, 60.0, True),
    "a number": (90.0, Op.GT, 60.0, True),
    "text starts with": ("/report/5", Op.STARTS_WITH, "/report", True),
    "one of several": ("b", Op.IN, ("a", "B"), True),
}


@pytest.mark.parametrize(("value", "op", "operand", "expected"), ATTRIBUTES.values(), ids=ATTRIBUTES.keys())
def test_a_signals_attribute_is_compared(value: Value | None, op: Op, operand: Operand, expected: bool) -> None:
    matches = compile_signal_test(SignalTest("came", (AttributeTest("a", op, operand),)))

    assert matches({} if value is None else {"a": value}) is expected


def test_a_signal_must_satisfy_every_test_on_its_attributes() -> None:
    matches = compile_signal_test(SignalTest("came", (AttributeTest("a", Op.EQ, "1"), AttributeTest("b", Op.EQ, "2"))))

    assert matches({"a": "1", "b": "2", "c": "3"})
    assert not matches({"a": "1", "b": "3"})
    assert compile_signal_test(SignalTest("came"))({})


# --- scores -------------------------------------------------------------------------------------------------

# points, what fades of them, the comparison, since when the answer is the other one
FADING: dict[str, tuple[float, Op, float, bool]] = {
    "gte": (60, Op.GTE, 30, True),
    "gt": (60, Op.GT, 30, True),
    "lt": (60, Op.LT, 30, False),
    "lte": (60, Op.LTE, 30, False),
    "gte a fraction": (60, Op.GTE, 29.5, True),
    "lte a fraction": (60, Op.LTE, 29.5, False),
    "eq, on its way in": (60, Op.EQ, 30, False),
    "ne, on its way out": (60, Op.NE, 30, True),
    "a negative score rises": (-60, Op.GTE, -30, False),
    "a negative score is no longer below": (-60, Op.LT, -30, True),
}


@pytest.mark.parametrize(("points", "op", "threshold", "at_first"), FADING.values(), ids=FADING.keys())
def test_a_fading_score_passes_a_threshold_at_an_exact_moment(
    points: float, op: Op, threshold: float, at_first: bool
) -> None:
    condition = score_is("engagement", op, threshold)
    view = Seen(parts={"r": Part(points, START)}, half_life=MONTH)
    holds = compiled(condition).holds

    moment = flip(condition, view)

    assert moment is not None
    assert abs(moment - after(days=30)) < timedelta(days=3)
    assert holds(view) is at_first
    assert holds(replace(view, now=moment - timedelta(seconds=1))) is at_first
    assert holds(replace(view, now=moment)) is not at_first


def test_points_that_fade_to_half_reach_half_of_them_a_half_life_later() -> None:
    view = Seen(parts={"r": Part(60, START)}, half_life=MONTH)

    assert compiled(score_is("engagement", Op.GTE, 30)).holds(replace(view, now=START + MONTH))
    assert flip(score_is("engagement", Op.GTE, 30), view) == pytest.approx(START + MONTH, abs=timedelta(milliseconds=5))


@pytest.mark.parametrize("half_life", [timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), MONTH])
@pytest.mark.parametrize("points", [2, 10, 1_000, 1_000_000])
def test_the_flip_of_a_score_is_never_too_early(half_life: timedelta, points: float) -> None:
    condition = score_is("engagement", Op.GTE, points / 2)
    view = Seen(parts={"r": Part(points, START)}, half_life=half_life)

    moment = flip(condition, view)

    assert moment is not None
    assert not compiled(condition).holds(replace(view, now=moment))


def test_the_moment_at_which_a_score_passes_does_not_depend_on_when_one_asks() -> None:
    condition = score_is("engagement", Op.GTE, 20)
    parts = {"click": Part(30, START), "form": Part(15.5, after(days=3, ms=123))}
    view = Seen(parts=parts, half_life=MONTH)

    moments = {flip(condition, replace(view, now=after(days=3, hours=h, ms=123))) for h in range(0, 700, 13)}

    assert len(moments) == 1


def test_a_score_that_does_not_fade_flips_never() -> None:
    assert flip(score_is("engagement", Op.GTE, 30), Seen(parts={"r": Part(60, START)})) is None
    assert flip(score_is("engagement", Op.GTE, 30), Seen(half_life=MONTH)) is None


def test_a_score_that_has_passed_or_never_will_flips_never() -> None:
    view = Seen(parts={"r": Part(20, START)}, half_life=MONTH)

    assert flip(score_is("engagement", Op.GTE, 30), view) is None
    assert flip(score_is("engagement", Op.GTE, 0), view) is None
    assert flip(score_is("engagement", Op.GTE, -1), view) is None


@pytest.mark.parametrize("op", [Op.EQ, Op.NE])
def test_a_fading_score_that_equals_a_whole_number_leaves_it_a_point_later(op: Op) -> None:
    view = Seen(parts={"r": Part(30, START)}, half_life=MONTH)

    moment = flip(score_is("engagement", op, 30), view)

    assert moment is not None
    assert START < moment < after(minutes=1)
    assert replace(view, now=moment).points("engagement") == 29


def test_a_grade_is_lost_at_the_moment_at_which_its_least_points_are() -> None:
    condition = GradeTest("engagement", ("A", "B"))
    view = Seen(parts={"r": Part(60, START)}, half_life=MONTH)
    in_b = replace(view, now=after(days=1))

    moment = flip(condition, in_b)

    assert moment is not None
    assert compiled(condition).holds(replace(view, now=moment - timedelta(seconds=1)))
    assert not compiled(condition).holds(replace(view, now=moment))
    assert replace(view, now=moment).points("engagement") == 39


def test_a_grade_that_is_not_wanted_may_come_by_fading() -> None:
    condition = GradeTest("engagement", ("C",))
    view = Seen(now=after(days=1), parts={"r": Part(60, START)}, half_life=MONTH)

    moment = flip(condition, view)

    assert moment is not None
    assert not compiled(condition).holds(replace(view, now=moment - timedelta(seconds=1)))
    assert compiled(condition).holds(replace(view, now=moment))


def test_a_score_test_knows_all_its_comparisons() -> None:
    view = Seen(parts={"r": Part(30, START)})
    ops = (Op.EQ, Op.NE, Op.GT, Op.GTE, Op.LT, Op.LTE)

    at_30 = [compiled(ScoreTest("engagement", op, 30)).holds(view) for op in ops]
    at_31 = [compiled(ScoreTest("engagement", op, 31)).holds(view) for op in ops]

    assert at_30 == [True, False, False, True, False, True]
    assert at_31 == [False, True, False, False, True, True]
