"""Conditions compiled to functions.

A predicate answers two questions: does it hold for this lead now, and, nothing else happening, when at the
earliest could time alone change the answer.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import ceil, floor
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from connector.domain.conditions.comparison import compile_comparison
from connector.domain.conditions.condition import (
    AllOf,
    AnsweredTest,
    AnyOf,
    Condition,
    DidTest,
    FieldTest,
    GradeTest,
    Not,
    Op,
    PersonaTest,
    ProgramTest,
    SalesTest,
    ScoreTest,
    SegmentTest,
    TagTest,
)
from connector.domain.conditions.moments import MILLISECOND, bounds_of, to_moment
from connector.domain.fact import Value
from connector.domain.field import FieldType
from connector.domain.sales.handover import HandOverState
from connector.domain.traits.deal import Deals
from connector.domain.traits.memory import Memory
from connector.domain.traits.quintiles import Edges


class View(Protocol):
    """What a condition may see of a lead."""

    @property
    def now(self) -> datetime:
        """The moment of judgement."""
        ...

    @property
    def zone(self) -> ZoneInfo:
        """The lead's own time zone."""
        ...

    @property
    def fields(self) -> Mapping[str, Value]:
        """The lead's field values."""
        ...

    @property
    def seen(self) -> Mapping[str, tuple[datetime, ...]]:
        """Counter -> the latest moments of its signal, oldest first, no more than the counter needs."""
        ...

    @property
    def mentions(self) -> Mapping[str, Memory]:
        """Field that follows from signals -> what is remembered of them."""
        ...

    @property
    def persona(self) -> str:
        """The lead's persona; empty where it has none."""
        ...

    @property
    def deals(self) -> Deals:
        """The lead's deals by reference."""
        ...

    @property
    def rfm_edges(self) -> Edges | None:
        """The edges between RFM's scores that were measured; None: none were yet, as far as the lead was told."""
        ...

    def points(self, score: str) -> int:
        """The score's whole points now."""
        ...

    def grade(self, score: str) -> str:
        """The score's grade now; empty where it has none."""
        ...

    def passes_at(self, score: str, threshold: float) -> datetime | None:
        """When fading alone takes the score across the threshold; None for never."""
        ...

    @property
    def holding(self) -> Mapping[str, datetime]:
        """What holds of the lead, since when: `segment:x` and the like."""
        ...

    @property
    def frozen_until(self) -> Mapping[str, datetime]:
        """Field that is not carried to CRMs for a while -> until when."""
        ...

    def expires_at(self, score: str) -> datetime | None:
        """When the next points of the rules score expire; None for never."""
        ...

    def has_tag(self, tag: str) -> bool:
        """Whether the lead has the tag."""
        ...

    def loses_tag_at(self, tag: str) -> datetime | None:
        """When the tag comes off by itself; None for never, or where the lead does not have it."""
        ...

    def in_program(self, program: str, phase: str | None) -> bool:
        """Whether the lead has an open enrolment there."""
        ...

    def in_sales(self, hand_over: str, states: frozenset[HandOverState]) -> bool:
        """Whether the latest hand-over of that name, or of any where none is named, stands so."""
        ...

    def has_answered(self, program: str, phase: str | None, activity: str) -> bool:
        """Whether the lead answered the activity in its latest enrolment in the program."""
        ...

    def began_at(self, program: str, *, of_phase: bool) -> datetime | None:
        """When the latest enrolment in the program, or its latest phase, began; None where there was none."""
        ...


#: From a lead to the earliest moment after its now at which time alone may change something there; None for never.
FlipsAt = Callable[[View], datetime | None]


@dataclass(frozen=True, slots=True)
class Predicate:
    """A compiled condition."""

    holds: Callable[[View], bool]
    #: The earliest moment after now at which time alone may change `holds`; None where time changes nothing.
    flips_at: FlipsAt | None = None
    #: What it looks at: `field:industry`, `signal:form_submitted`, `score:fit`, `segment:big`, `persona`, `tag:vip`,
    #: `program:welcome`.
    reads: frozenset[str] = frozenset()
    #: The counters that leads must keep for it.
    counters: tuple[DidTest, ...] = ()


ALWAYS = Predicate(holds=lambda view: True)


@dataclass(frozen=True, slots=True)
class Scales:
    """What compiling needs of the book: each score's grades (best first, with least points), and the zone of dates."""

    grades: Mapping[str, tuple[tuple[str, float], ...]]
    zone: ZoneInfo


def earliest(moments: Iterable[datetime | None]) -> datetime | None:
    """The first of several moments, any of which may be None."""
    first = None
    for moment in moments:
        if moment is not None and (first is None or moment < first):
            first = moment
    return first


def compile_condition(condition: Condition, scales: Scales) -> Predicate:
    """The condition as functions; total and pure."""
    match condition:
        case AllOf(parts):
            return _combine(_all, [compile_condition(part, scales) for part in parts])
        case AnyOf(parts):
            return _combine(_any, [compile_condition(part, scales) for part in parts])
        case Not(part):
            inner = compile_condition(part, scales)
            return Predicate(lambda view: not inner.holds(view), inner.flips_at, inner.reads, inner.counters)
        case FieldTest():
            return _compile_field(condition, scales.zone)
        case ScoreTest():
            return _compile_score(condition)
        case GradeTest():
            return _compile_grade(condition, scales)
        case SegmentTest() | PersonaTest() | TagTest() | ProgramTest() | AnsweredTest() | SalesTest():
            return _compile_place(condition)
        case DidTest():
            return _compile_did(condition)


def _compile_place(
    test: SegmentTest | PersonaTest | TagTest | ProgramTest | AnsweredTest | SalesTest,
) -> Predicate:
    """Where the lead stands, which others keep up to date."""
    match test:
        case SegmentTest(segment):
            key = f"segment:{segment}"
            return Predicate(lambda view: key in view.holding, reads=frozenset({key}))
        case PersonaTest(persona):
            return Predicate(lambda view: view.persona == persona, reads=frozenset({"persona"}))
        case TagTest(tag):
            return Predicate(lambda view: view.has_tag(tag), reads=frozenset({f"tag:{tag}"}))
        case ProgramTest(program, phase):
            reads = frozenset({f"program:{program}"})
            return Predicate(lambda view: view.in_program(program, phase), reads=reads)
        case SalesTest(hand_over, states):
            wanted = frozenset(states)
            return Predicate(lambda view: view.in_sales(hand_over, wanted), reads=frozenset({"sales"}))
        case AnsweredTest(program, activity, phase):
            reads = frozenset({f"program:{program}"})
            return Predicate(lambda view: view.has_answered(program, phase, activity), reads=reads)


_Holds = Callable[[View], bool]


def _combine(join: Callable[[list[_Holds]], _Holds], tests: list[Predicate]) -> Predicate:
    if len(tests) == 1:
        return tests[0]
    flips = [test.flips_at for test in tests if test.flips_at is not None]
    return Predicate(
        holds=join([test.holds for test in tests]),
        flips_at=(lambda view: earliest([flip(view) for flip in flips])) if flips else None,
        reads=frozenset().union(*(test.reads for test in tests)),
        counters=tuple(counter for test in tests for counter in test.counters),
    )


# Loops rather than `all` and `any`: what a generator costs is what most conditions cost.


def _all(parts: list[_Holds]) -> _Holds:
    def holds(view: View) -> bool:
        for part in parts:  # noqa: SIM110 - see above
            if not part(view):
                return False
        return True

    return holds


def _any(parts: list[_Holds]) -> _Holds:
    def holds(view: View) -> bool:
        for part in parts:  # noqa: SIM110 - see above
            if part(view):
                return True
        return False

    return holds


def _compile_field(test: FieldTest, zone: ZoneInfo) -> Predicate:
    name, reads = test.field, frozenset({f"field:{test.field}"})
    if test.op in _MOMENT_OPS and test.type in (FieldType.DATE, FieldType.DATETIME):
        return _compile_moment(test, zone)
    compare = compile_comparison(test.op, test.operand)
    return Predicate(lambda view: compare(view.fields.get(name)), reads=reads)


# --- dates and moments --------------------------------------------------------------------------------------

_MOMENT_OPS = frozenset({Op.BEFORE, Op.AFTER, Op.WITHIN_NEXT, Op.WITHIN_LAST, Op.MORE_THAN_AGO})


def _compile_moment(test: FieldTest, zone: ZoneInfo) -> Predicate:
    """Date comparisons. A date stands for its first moment in the workspace's zone."""
    name = test.field

    def moment(view: View) -> datetime | None:
        value = view.fields.get(name)
        return to_moment(value, zone) if isinstance(value, str) else None

    bounds = bounds_of(test, zone)

    def holds(view: View) -> bool:
        at = moment(view)
        if at is None:
            return False
        opens, closes = bounds(at)
        return (opens is None or opens <= view.now) and (closes is None or view.now < closes)

    def flips_at(view: View) -> datetime | None:
        at = moment(view)
        return None if at is None else earliest(edge for edge in bounds(at) if edge is not None and edge > view.now)

    moves = test.op not in (Op.BEFORE, Op.AFTER)
    return Predicate(holds, flips_at if moves else None, frozenset({f"field:{name}"}))


# --- scores and behaviour -----------------------------------------------------------------------------------


def _compile_score(test: ScoreTest) -> Predicate:
    score, value = test.score, test.operand
    compare = _SCORE_COMPARISONS[test.op]
    edges = _score_edges(test.op, value)
    return Predicate(
        holds=lambda view: compare(view.points(score), value),
        flips_at=lambda view: earliest([view.passes_at(score, edge) for edge in edges]),
        reads=frozenset({f"score:{score}"}),
    )


_SCORE_COMPARISONS: Mapping[Op, Callable[[Any, Any], bool]] = {
    Op.EQ: operator.eq,
    Op.NE: operator.ne,
    Op.GT: operator.gt,
    Op.GTE: operator.ge,
    Op.LT: operator.lt,
    Op.LTE: operator.le,
}


def _score_edges(op: Op, value: float) -> tuple[float, ...]:
    """The exact totals at which a comparison of whole points changes its answer."""
    match op:
        case Op.GTE | Op.LT:
            return (ceil(value),)
        case Op.GT | Op.LTE:
            return (floor(value) + 1,)
        case _:
            return (ceil(value), floor(value) + 1)


def _compile_grade(test: GradeTest, scales: Scales) -> Predicate:
    score, wanted = test.score, frozenset(test.grades)
    edges = tuple(ceil(least) for _, least in scales.grades.get(score, ()))
    return Predicate(
        holds=lambda view: view.grade(score) in wanted,
        flips_at=lambda view: earliest([view.passes_at(score, edge) for edge in edges]),
        reads=frozenset({f"score:{score}"}),
    )


def _compile_did(test: DidTest) -> Predicate:
    lately = _compile_times(test)
    if test.since is None:
        return lately
    program, of_phase = test.since
    counter, needed, often_enough = test.counter, test.at_least, lately.holds

    def holds(view: View) -> bool:
        if not often_enough(view):
            return False
        began_at = view.began_at(program, of_phase=of_phase)
        return began_at is not None and view.seen[counter][-needed] > began_at

    return Predicate(holds, lately.flips_at, lately.reads | {f"program:{program}"}, (test,))


def _compile_times(test: DidTest) -> Predicate:
    """How often, and how lately."""
    counter, needed, within = test.counter, test.at_least, test.within
    reads = frozenset({f"signal:{test.what.signal}"})
    if within is None:
        return Predicate(lambda view: len(view.seen.get(counter, ())) >= needed, None, reads, (test,))
    span = within

    def lapses_at(view: View) -> datetime | None:
        times = view.seen.get(counter, ())
        return times[-needed] + span + MILLISECOND if len(times) >= needed else None

    def holds(view: View) -> bool:
        end = lapses_at(view)
        return end is not None and view.now < end

    def flips_at(view: View) -> datetime | None:
        end = lapses_at(view)
        return end if end is not None and end > view.now else None

    return Predicate(holds, flips_at, reads, (test,))
