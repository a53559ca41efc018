"""Conditions as sentences: for the names of score rules, for explanations and flow charts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

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
    Operand,
    PersonaTest,
    ProgramTest,
    SalesTest,
    ScoreTest,
    SegmentTest,
    SignalTest,
    TagTest,
)
from connector.domain.field import format_value
from connector.domain.sales.handover import OPEN
from connector.mapping.durations import format_duration

_PHRASES = {
    Op.EQ: "is {}",
    Op.NE: "is not {}",
    Op.IN: "is {}",
    Op.NOT_IN: "is neither {}",
    Op.GT: "is more than {}",
    Op.GTE: "is at least {}",
    Op.LT: "is less than {}",
    Op.LTE: "is at most {}",
    Op.CONTAINS: "contains {}",
    Op.STARTS_WITH: "starts with {}",
    Op.ENDS_WITH: "ends with {}",
    Op.KNOWN: "is known",
    Op.UNKNOWN: "is not known",
    Op.BEFORE: "is before {}",
    Op.AFTER: "is after {}",
    Op.WITHIN_NEXT: "is within the next {}",
    Op.WITHIN_LAST: "was within the last {}",
    Op.MORE_THAN_AGO: "was more than {} ago",
}


def to_sentence(condition: Condition) -> str:
    """The condition in words: `industry is manufacturing or software`. The same for every order of a set."""
    match condition:
        case AllOf(parts):
            return _joined(parts, " and ") or "always"
        case AnyOf(parts):
            return _joined(parts, " or ") or "never"
        case Not(part):
            return f"not ({to_sentence(part)})"
        case FieldTest():
            return f"{condition.field} {to_phrase(condition.op, condition.operand)}"
        case ScoreTest():
            return f"{condition.score} {to_phrase(condition.op, condition.operand)}{_until(condition)}"
        case GradeTest():
            return f"grade of {condition.score} is {_listed(condition.grades, 'or')}"
        case SegmentTest() | PersonaTest() | TagTest() | ProgramTest() | AnsweredTest() | SalesTest():
            return _place(condition)
        case DidTest():
            return _did(condition)


def _place(test: SegmentTest | PersonaTest | TagTest | ProgramTest | AnsweredTest | SalesTest) -> str:
    match test:
        case SegmentTest(segment):
            return f"in segment {segment}"
        case PersonaTest(persona):
            return f"persona is {persona}"
        case TagTest(tag):
            return f"tagged {tag}"
        case ProgramTest(program, phase):
            return f"in program {program}" + (f" at {phase}" if phase else "")
        case AnsweredTest(program, activity, phase):
            return f"answered {f'{phase}.' if phase else ''}{activity} of {program}"
        case SalesTest(hand_over, states):
            name = f" by {hand_over}" if hand_over else ""
            return f"with sales{name}" if set(states) == OPEN else f"sales{name}: {_listed(states, 'or')}"


def signal_sentence(test: SignalTest) -> str:
    """A signal in words: `form_submitted where form is Report 2026`."""
    wheres = (f"{part.attribute} {to_phrase(part.op, part.operand)}" for part in test.where)
    return f"{test.signal} where {text}" if (text := " and ".join(wheres)) else test.signal


def to_phrase(op: Op, operand: Operand) -> str:
    """A comparison in words: `is at least 50`."""
    words = _listed(operand, "nor" if op is Op.NOT_IN else "or") if isinstance(operand, tuple) else _word(operand)
    return _PHRASES[op].format(words)


def _joined(parts: Iterable[Condition], word: str) -> str:
    texts = [f"({to_sentence(part)})" if _needs_brackets(part) else to_sentence(part) for part in parts]
    return word.join(texts)


def _needs_brackets(part: Condition) -> bool:
    return isinstance(part, AllOf | AnyOf) and len(part.parts) > 1


def _until(test: ScoreTest) -> str:
    if test.until is None:
        return ""
    return f", until {'below' if test.op in (Op.GT, Op.GTE) else 'above'} {_word(test.until)}"


def _did(test: DidTest) -> str:
    times = f" at least {test.at_least} times" if test.at_least > 1 else ""
    span = f" within {format_duration(test.within)}" if test.within else ""
    since = f" since {'its phase in' if test.since.of_phase else 'entering'} {test.since.program}" if test.since else ""
    return f"did {signal_sentence(test.what)}{times}{span}{since}"


def _listed(words: Iterable[object], last: str) -> str:
    """One of a set, in alphabetical order: the order in the file means nothing."""
    ordered = sorted((_word(word) for word in words), key=str.casefold)
    return f" {last} ".join(filter(None, [", ".join(ordered[:-1]), ordered[-1]]))


def _word(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case float() | int():
            return format_value(float(value))
        case timedelta():
            return format_duration(value)
        case _:
            return str(value)
