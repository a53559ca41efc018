"""Conditions: what mapping files say about leads, as data. `predicate` makes functions of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from connector.domain.fact import Value
from connector.domain.field import FieldType
from connector.domain.sales.handover import HandOverState


class Op(StrEnum):
    """The comparisons of the mapping language."""

    EQ = "eq"
    NE = "ne"
    IN = "in"
    NOT_IN = "not_in"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    KNOWN = "known"
    UNKNOWN = "unknown"
    BEFORE = "before"
    AFTER = "after"
    WITHIN_NEXT = "within_next"
    WITHIN_LAST = "within_last"
    MORE_THAN_AGO = "more_than_ago"


#: What stands on the right of a comparison: a value, several, a duration, or nothing (known, unknown).
Operand = Value | timedelta | None


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds; with no part, always."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Condition


@dataclass(frozen=True, slots=True)
class FieldTest:
    """A lead field compared. A field without a value satisfies only `unknown`, `ne` and `not_in`."""

    field: str
    type: FieldType
    op: Op
    operand: Operand = None


@dataclass(frozen=True, slots=True)
class ScoreTest:
    """A score's whole points compared (eq, ne, gt, gte, lt, lte)."""

    score: str
    op: Op
    operand: float
    #: Once it holds: the fewest (gt, gte) or most (lt, lte) points with which it still does. None: no others.
    until: float | None = None


@dataclass(frozen=True, slots=True)
class GradeTest:
    """A score's grade is one of these."""

    score: str
    grades: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SegmentTest:
    """The lead is in the segment."""

    segment: str


@dataclass(frozen=True, slots=True)
class PersonaTest:
    """This is the lead's persona."""

    persona: str


@dataclass(frozen=True, slots=True)
class TagTest:
    """The lead has the tag."""

    tag: str


@dataclass(frozen=True, slots=True)
class ProgramTest:
    """The lead has an open enrolment in the program; in this phase, where one is named."""

    program: str
    phase: str | None = None


@dataclass(frozen=True, slots=True)
class SalesTest:
    """The latest hand-over of that name stands in one of these ways; of any, where none is named."""

    hand_over: str
    states: tuple[HandOverState, ...]


@dataclass(frozen=True, slots=True)
class AnsweredTest:
    """The lead answered an activity of the program, in its latest enrolment there."""

    program: str
    activity: str
    #: Of activities of one name in several phases, the one in this phase; None for any.
    phase: str | None = None


class Since(NamedTuple):
    """Since the lead's latest enrolment in the program began, or the phase that it is in, or was in last."""

    program: str
    of_phase: bool = False


@dataclass(frozen=True, slots=True)
class AttributeTest:
    """One attribute of a signal compared."""

    attribute: str
    op: Op
    operand: Operand = None


@dataclass(frozen=True, slots=True)
class SignalTest:
    """A signal of this name whose attributes satisfy every test."""

    signal: str
    where: tuple[AttributeTest, ...] = ()


@dataclass(frozen=True, slots=True)
class DidTest:
    """The lead gave the signal at least so many times, ever or within the last so long."""

    what: SignalTest
    at_least: int = 1
    within: timedelta | None = None
    #: Only later than this counts; who never was in the program did nothing since.
    since: Since | None = None

    @property
    def counter(self) -> str:
        """The key under which a lead keeps the latest times of this signal."""
        wheres = ",".join(f"{t.attribute}:{t.op}:{t.operand!r}" for t in self.what.where)
        return f"{self.what.signal}({wheres})x{self.at_least}"


def eased(condition: Condition) -> Condition:
    """What must hold for a condition that came to hold to go on holding; most conditions are the same as before.

    Nothing within a `Not` is eased: what would be easier there is harder for the whole.
    """
    match condition:
        case AllOf(parts):
            return AllOf(tuple(map(eased, parts)))
        case AnyOf(parts):
            return AnyOf(tuple(map(eased, parts)))
        case ScoreTest(score, op, _, until) if until is not None:
            return ScoreTest(score, Op.GTE if op in (Op.GT, Op.GTE) else Op.LTE, until)
    return condition


Condition = (
    AllOf
    | AnyOf
    | Not
    | FieldTest
    | ScoreTest
    | GradeTest
    | SegmentTest
    | PersonaTest
    | TagTest
    | ProgramTest
    | SalesTest
    | AnsweredTest
    | DidTest
)
