"""Comparisons: `{gte: 50}`, `software`, `[a, b]`, each checked against the type of what is compared."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from typing import Any

from connector.domain.conditions.condition import Op, Operand
from connector.domain.fact import Value
from connector.domain.field import Field, FieldType, parse_value
from connector.mapping.durations import parse_duration
from connector.mapping.places import Path, Problems
from connector.mapping.report import kind_of, nearest, quoted

_PRESENCE = {Op.KNOWN, Op.UNKNOWN}
_SAME = {Op.EQ, Op.NE}
_SET = {Op.IN, Op.NOT_IN}
_ORDER = {Op.GT, Op.GTE, Op.LT, Op.LTE}
_TEXTUAL = {Op.CONTAINS, Op.STARTS_WITH, Op.ENDS_WITH}
_RELATIVE = {Op.WITHIN_NEXT, Op.WITHIN_LAST, Op.MORE_THAN_AGO}
_DATED = {Op.BEFORE, Op.AFTER}

#: Type -> the comparisons that make sense for it.
OPS: Mapping[FieldType, frozenset[Op]] = {
    FieldType.TEXT: frozenset(_SAME | _SET | _TEXTUAL | _PRESENCE),
    FieldType.NUMBER: frozenset(_SAME | _SET | _ORDER | _PRESENCE),
    FieldType.BOOLEAN: frozenset(_SAME | _PRESENCE),
    FieldType.DATE: frozenset(_SAME | _DATED | _RELATIVE | _PRESENCE),
    FieldType.DATETIME: frozenset(_DATED | _RELATIVE | _PRESENCE),
    FieldType.CHOICES: frozenset(_SAME | _SET | _TEXTUAL | _PRESENCE),
}
#: What may be asked of a score's points.
SCORE_OPS = frozenset(_SAME | _ORDER)
#: What may be asked of a signal's attribute whose type is not known.
ATTRIBUTE_OPS = frozenset(_SAME | _SET | _ORDER | _TEXTUAL | _PRESENCE | _DATED)

_SYNONYMS = {
    "is": "eq", "=": "eq", "==": "eq", "equals": "eq", "not": "ne", "is_not": "ne", "!=": "ne", "min": "gte",
    "at_least": "gte", ">=": "gte", "max": "lte", "at_most": "lte", "<=": "lte", ">": "gt", "more_than": "gt",
    "<": "lt", "less_than": "lt",
    "exists": "known", "empty": "unknown", "last": "within_last", "next": "within_next", "one_of": "in",
}  # fmt: skip


#: What may stand beside a comparison of a score, and with which.
UNTIL: Mapping[str, tuple[Op, ...]] = {"until_below": (Op.GTE, Op.GT), "until_above": (Op.LTE, Op.LT)}


@dataclass(frozen=True, slots=True)
class Subject:
    """What is compared."""

    #: As messages call it.
    name: str
    #: None where the type is not known: what is written decides.
    type: FieldType | None
    ops: frozenset[Op]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison."""

    op: Op
    operand: Operand = None


_YEARLY = re.compile(r"birth|anniversary|name_?day")
_A_YEAR = timedelta(days=366)


def is_yearly(field: Field, comparison: Comparison) -> bool:
    """Whether this asks for the days around a date of long ago, as if it came round every year.

    A property with the next birthday says so in its name.
    """
    words = " ".join([field.name, *chain(*field.properties.values())]).lower()
    span = comparison.operand if comparison.op in (Op.WITHIN_NEXT, Op.WITHIN_LAST) else None
    is_near = isinstance(span, timedelta) and span <= _A_YEAR
    return is_near and _YEARLY.search(words) is not None and "next" not in words


def read_comparisons(subject: Subject, raw: Any, path: Path, problems: Problems) -> list[Comparison]:
    """What a key of a condition asks of its subject; reports what makes no sense and leaves it out."""
    if isinstance(raw, dict):
        found = list(_each(subject, raw, path, problems))
    elif isinstance(raw, list) and Op.IN not in subject.ops:
        problems.error(path, f"{quoted(subject.name)} is compared with one value, not with a list")
        found = []
    else:
        op = Op.IN if isinstance(raw, list) else Op.EQ
        found = [_compare(subject, op, raw, path, problems)]
    return [comparison for comparison in found if comparison is not None]


def _each(subject: Subject, raw: dict[str, Any], path: Path, problems: Problems) -> Iterator[Comparison | None]:
    if not raw:
        problems.error(
            path, f"nothing is asked of {quoted(subject.name)}", "write a value, or a comparison such as {gte: 50}"
        )
    for word, operand in raw.items():
        if word in tuple(Op):
            yield _compare(subject, Op(word), operand, (*path, word), problems)
        else:
            problems.error((*path, word), f"unknown comparison {quoted(word)}", _better(subject, word), on_key=True)


def _better(subject: Subject, word: str) -> str:
    if word in UNTIL:
        return "only scores are kept until they pass a second threshold"
    return f'write "{_SYNONYMS[word]}"' if word in _SYNONYMS else nearest(word, tuple(subject.ops))


def read_until(raw: Any, path: Path, problems: Problems) -> tuple[Any, dict[Op, float]]:
    """What is asked of a score without `until_below` and `until_above`, and what these say of which comparison."""
    if not isinstance(raw, dict):
        return raw, {}
    until: dict[Op, float] = {}
    for word in (word for word in UNTIL if word in raw):
        beside = [op for op in UNTIL[word] if op in raw]
        problem = _until_problem(word, raw[word], [raw[op] for op in beside])
        if problem:
            problems.error((*path, word), *problem, on_key=not beside)
        else:
            until |= {op: float(raw[word]) for op in beside}
    rest = {word: operand for word, operand in raw.items() if word not in UNTIL}
    return rest, until


def _until_problem(word: str, until: Any, thresholds: list[Any]) -> tuple[str, str] | None:
    example = "gte: 70, until_below: 60" if word == "until_below" else "lte: 10, until_above: 20"
    if not thresholds:
        beside = " or ".join(f"`{op}`" for op in UNTIL[word])
        return f"`{word}` belongs to {beside}", f"write {{{example}}}"
    if isinstance(until, bool) or not isinstance(until, int | float):
        return f"expected points, found {kind_of(until)}", f"write {{{example}}}"
    side = -1 if word == "until_below" else 1
    if any(isinstance(each, int | float) and (until - each) * side <= 0 for each in thresholds):
        return f"`{word}` lies on the wrong side of the threshold", f"write {{{example}}}"
    return None


def _compare(subject: Subject, op: Op, raw: Any, path: Path, problems: Problems) -> Comparison | None:
    if raw is None:
        hint = "for a field without a value write {unknown: true}"
        problems.error(path, f"{quoted(subject.name)} is compared with nothing", hint)
        return None
    if op not in subject.ops:
        words = ", ".join(op.value for op in Op if op in subject.ops)
        problems.error(
            path,
            f"{quoted(op)} does not go with {quoted(subject.name)}, {_kind(subject)}",
            f"possible: {words}",
            on_key=True,
        )
        return None
    try:
        return _READERS.get(op, _read_single)(subject, op, raw)
    except ValueError as error:
        message, _, hint = str(error).partition("; ")
        problems.error(path, message, hint)
        return None


def _kind(subject: Subject) -> str:
    return "a score" if subject.ops is SCORE_OPS else f"which is of type {subject.type}"


def _read_presence(_: Subject, op: Op, raw: Any) -> Comparison:
    if not isinstance(raw, bool):
        raise ValueError(f"expected true or false, found {kind_of(raw)}; write {{{op}: true}}")
    return Comparison(op if raw else (Op.UNKNOWN if op is Op.KNOWN else Op.KNOWN))


def _read_set(subject: Subject, op: Op, raw: Any) -> Comparison:
    members = raw if isinstance(raw, list) else [raw]
    if not members:
        raise ValueError(f"{quoted(subject.name)} is compared with an empty list; write what it may be")
    values = tuple(_read_value(subject, member) for member in members)
    return Comparison(op, values)  # type: ignore[arg-type]  # a set of numbers compares as a set of text does


def _read_span(_: Subject, op: Op, raw: Any) -> Comparison:
    if not isinstance(raw, str):
        raise ValueError(f"expected a duration, found {kind_of(raw)}; write 30d")
    span = parse_duration(raw)
    if span == timedelta():
        raise ValueError("no time at all; write a duration such as 7d")
    return Comparison(op, span)


def _read_textual(_: Subject, op: Op, raw: Any) -> Comparison:
    if not isinstance(raw, str) or not raw:
        raise ValueError(f'expected text, found {kind_of(raw)}; write {{{op}: "text"}}')
    return Comparison(op, raw)


def _read_single(subject: Subject, op: Op, raw: Any) -> Comparison:
    if isinstance(raw, dict | list):
        raise ValueError(f"expected one value, found {kind_of(raw)}; for several write in: [one, two]")
    return Comparison(op, _read_value(subject, raw))


_READERS = {
    **dict.fromkeys(_PRESENCE, _read_presence),
    **dict.fromkeys(_SET, _read_set),
    **dict.fromkeys(_RELATIVE, _read_span),
    **dict.fromkeys(_TEXTUAL, _read_textual),
}


def _read_value(subject: Subject, raw: Any) -> Value:
    """The value as leads keep it. Raises ValueError with a sentence where its type is another."""
    if subject.type is not None:
        _check_kind(subject, subject.type, raw)
        if subject.type in (FieldType.DATE, FieldType.DATETIME):
            return _read_moment(subject, str(raw))
    return _as_written(raw)


def _check_kind(subject: Subject, kind: FieldType, raw: Any) -> None:
    wanted, hint = _WANTED[kind]
    if isinstance(raw, wanted) and not (isinstance(raw, bool) and kind is not FieldType.BOOLEAN):
        return
    if not hint:
        hint = (
            "write one word or text"
            if isinstance(raw, dict | list)
            else f'write it in quotation marks: "{_as_text(raw)}"'
        )
    raise ValueError(f"{quoted(subject.name)} is of type {kind}, but this is {kind_of(raw)}; {hint}")


_WANTED: Mapping[FieldType, tuple[tuple[type, ...], str]] = {
    FieldType.TEXT: ((str,), ""),
    FieldType.CHOICES: ((str,), ""),
    FieldType.NUMBER: ((int, float), "write a number without quotation marks"),
    FieldType.BOOLEAN: ((bool,), "write true or false without quotation marks"),
    FieldType.DATE: ((str,), "write a date such as 2026-12-24"),
    FieldType.DATETIME: ((str,), "write a moment such as 2026-12-24T09:00+01:00"),
}


def _as_text(raw: Any) -> str:
    return str(raw).lower() if isinstance(raw, bool) else str(raw)


def _as_written(raw: Any) -> Value:
    match raw:
        case bool() | str():
            return raw
        case int() | float():
            return float(raw)
        case _:
            raise ValueError(f"expected one value, found {kind_of(raw)}")


def _read_moment(subject: Subject, text: str) -> Value:
    kind = subject.type or FieldType.DATETIME
    # A bare date stays one in a comparison: its first moment depends on the workspace's zone.
    if len(text) == 10:
        kind = FieldType.DATE
    try:
        if not text[:4].isdigit() or "-" not in text:
            raise ValueError
        value = parse_value(Field(subject.name, kind), text)
    except (ValueError, OverflowError, OSError):
        value = None
    if value is None:
        raise ValueError(f"{quoted(text)} is no {kind} of the calendar; {_WANTED[kind][1]}")
    return value
