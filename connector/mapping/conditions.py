"""Conditions: from the mappings in which they are written to the domain's terms, every name and type checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, NamedTuple

from connector.domain.conditions.condition import (
    AllOf,
    AnsweredTest,
    AnyOf,
    AttributeTest,
    Condition,
    DidTest,
    FieldTest,
    GradeTest,
    Not,
    PersonaTest,
    ProgramTest,
    SalesTest,
    ScoreTest,
    SegmentTest,
    SignalTest,
    Since,
    TagTest,
)
from connector.domain.field import Field, FieldType
from connector.domain.sales.handover import OPEN, HandOverState
from connector.mapping.comparisons import (
    ATTRIBUTE_OPS,
    OPS,
    SCORE_OPS,
    Subject,
    is_yearly,
    read_comparisons,
    read_until,
)
from connector.mapping.durations import parse_duration
from connector.mapping.names import Attributes, Names
from connector.mapping.places import Path, Problems
from connector.mapping.report import Known, kind_of, nearest, quoted

#: Keys of a condition that are no fields. `where`, `at_least` and `within` belong to `did`.
WORDS = (
    *("all", "any", "not", "did", "where", "at_least", "within", "since", "sales"),
    *("segment", "persona", "tag", "in_program", "answered"),
)
#: Words that came later, with the section that gives them their meaning; a field or score of such a name is older.
LATER = {"persona": "personas", "tag": "tags", "answered": "programs", "since": "programs", "sales": "sales"}
_OF_DID = ("where", "at_least", "within", "since")
#: A lead keeps so many moments for one condition at most.
MOST_TIMES = 1_000
#: Stands for every hand-over.
_ANY = "any"
#: Stands for what could not be read; the mapping is refused anyway.
NOTHING = AllOf(())
#: Stands for a signal that nobody knows: it is reported as such, and may carry anything.
_OPEN = Attributes({}, is_open=True)


_GROUPS: Mapping[str, Callable[[str], Condition]] = {"segment": SegmentTest, "persona": PersonaTest, "tag": TagTest}


class Threshold(NamedTuple):
    """A comparison with a score's points, and where it stands."""

    test: ScoreTest
    path: Path


@dataclass(frozen=True, slots=True)
class ConditionReader:
    """Reads conditions of one mapping; never raises, reports instead."""

    names: Names
    problems: Problems
    #: Every comparison with a score that was read.
    thresholds: list[Threshold] = field(default_factory=list)
    #: The signals that texts look at.
    quoted: set[str] = field(default_factory=set)
    #: The texts with blocks in them, and where they stand.
    wholes: list[tuple[Path, str]] = field(default_factory=list)
    #: The program that what is read belongs to; empty outside programs.
    program: str = ""

    def inside(self, program: str) -> ConditionReader:
        """The reader of what belongs to this program."""
        return replace(self, program=program)

    def read(self, raw: Any, path: Path) -> Condition:
        """The condition; several keys in one mapping mean all of them."""
        if isinstance(raw, list):
            self.problems.error(path, "a list is no condition", "write all: or any: before it")
            return NOTHING
        if not isinstance(raw, dict) or not raw:
            self.problems.error(
                path, f"expected a condition, found {'nothing' if raw == {} else kind_of(raw)}", _EXAMPLE
            )
            return NOTHING
        return all_of(part for key, value in raw.items() for part in self._part(key, value, raw, path))

    def _part(self, key: str, value: Any, raw: Mapping[str, Any], path: Path) -> Iterable[Condition]:
        here = (*path, key)
        if key in LATER and (key in self.names.fields or key in self.names.scores):
            return self._comparison(key, value, here)
        match key:
            case "all" | "any":
                return [self._several(key, value, here)]
            case "not":
                return [Not(self.read(value, here))]
            case "did":
                return [self._did(raw, path)]
            case "segment" | "persona" | "tag":
                return self._group(key, value, here)
            case "in_program" | "answered" | "sales":
                read = {"in_program": self._program, "answered": self._answered, "sales": self._sales}[key]
                return [read(value, here)]
            case _ if key in _OF_DID:
                if "did" not in raw:
                    self.problems.error(
                        here, f"`{key}` belongs to `did`", "write did: and the signal beside it", on_key=True
                    )
                return []
            case _:
                return self._comparison(key, value, here)

    def _several(self, key: str, value: Any, path: Path) -> Condition:
        if not isinstance(value, list) or not value:
            self.problems.error(path, f"`{key}` takes a list of conditions", f"write {key}: [{{...}}, {{...}}]")
            return NOTHING
        parts = tuple(self.read(part, (*path, index)) for index, part in enumerate(value))
        return all_of(parts) if key == "all" else any_of(parts)

    # --- fields and scores ---

    def _comparison(self, key: str, value: Any, path: Path) -> Iterable[Condition]:
        if key in self.names.fields:
            known_field = self.names.fields[key]
            return self._field(known_field, value, path) if known_field else []
        if key in self.names.scores:
            return self._points(key, value, path)
        score, dot, part = key.partition(".")
        if dot and score in self.names.scores:
            return self._grade(score, part, value, path)
        known = (*self.names.fields, *self.names.scores, *WORDS)
        self.problems.error(path, f"unknown field {quoted(key)} in a condition", nearest(score, known), on_key=True)
        return []

    def _field(self, known: Field, value: Any, path: Path) -> Iterator[Condition]:
        subject = Subject(known.name, known.type, OPS[known.type])
        for comparison in read_comparisons(subject, value, path, self.problems):
            if is_yearly(known, comparison):
                message = f"{quoted(known.name)} does not come round: this holds around that day of that one year alone"
                self.problems.warn(path, message, _YEARLY_REMEDY, on_key=True)
            yield FieldTest(known.name, known.type, comparison.op, comparison.operand)

    def _points(self, score: str, value: Any, path: Path) -> Iterator[Condition]:
        subject = Subject(score, FieldType.NUMBER, SCORE_OPS)
        asked, until = read_until(value, path, self.problems)
        if not asked and value:
            return  # `until_below` alone was reported
        for comparison in read_comparisons(subject, asked, path, self.problems):
            if isinstance(comparison.operand, float):
                test = ScoreTest(score, comparison.op, comparison.operand, until.get(comparison.op))
                self.thresholds.append(Threshold(test, path))
                yield test

    def _grade(self, score: str, part: str, value: Any, path: Path) -> Iterator[Condition]:
        grades = self.names.scores[score]
        if part != "grade":
            self.problems.error(
                path, f"a score has no {quoted(part)} to compare", f"write {score} or {score}.grade", on_key=True
            )
            return
        wanted = self._words(value, path, "a grade")
        for index, grade in wanted:
            if grade not in grades:
                hint = nearest(grade, grades) or f"add grades: to the score {score}"
                self.problems.error((*path, index), f"{quoted(score)} has no grade {quoted(grade)}", hint)
        if wanted:
            yield GradeTest(score, tuple(grade for _, grade in wanted))

    # --- segments, personas, tags, programs, behaviour ---

    def _group(self, kind: str, value: Any, path: Path) -> Iterable[Condition]:
        """The lead is in one of these segments, is one of these personas, or has one of these tags."""
        known = {"segment": self.names.segments, "persona": self.names.personas, "tag": self.names.tags}[kind]
        words = self._words(value, path, f"a {kind}")
        for index, word in words:
            self._know(word, known, (*path, index), kind)
        return [any_of(_GROUPS[kind](word) for _, word in words)]

    def _program(self, value: Any, path: Path) -> Condition:
        if not isinstance(value, dict):
            pairs = [(index, program, None) for index, program in self._words(value, path, "a program")]
        else:
            pairs = [(program, program, phases) for program, phases in value.items()]
        return any_of(test for part, name, phases in pairs for test in self._phases(name, phases, (*path, part)))

    def _sales(self, value: Any, path: Path) -> Condition:
        """Sales has the lead by one of these hand-overs, or it stands there in one of these ways."""
        if not isinstance(value, dict):
            pairs = [(index, name, None) for index, name in self._words(value, path, "a hand-over")]
        else:
            pairs = [(name, name, states) for name, states in value.items()]
        return any_of(self._in_sales(name, states, (*path, part)) for part, name, states in pairs)

    def _in_sales(self, name: str, states: Any, path: Path) -> SalesTest:
        if name != _ANY:
            self._know(name, self.names.hand_overs, path, "hand-over", on_key=states is not None)
        if states is None:
            return SalesTest("" if name == _ANY else name, tuple(sorted(OPEN)))
        words = self._words(states, path, "how a hand-over stands")
        known = tuple(map(str, HandOverState))
        found = [word for index, word in words if self._know(word, known, (*path, index), "state of a hand-over")]
        return SalesTest("" if name == _ANY else name, tuple(map(HandOverState, found)))

    def _phases(self, program: str, phases: Any, path: Path) -> Iterator[ProgramTest]:
        known = self._know(program, self.names.programs, path, "program", on_key=phases is not None)
        if phases is None:
            yield ProgramTest(program)
            return
        for index, phase in self._words(phases, path, "a phase"):
            if known:
                self._know(phase, self.names.programs[program], (*path, index), "phase")
            yield ProgramTest(program, phase)

    def _answered(self, value: Any, path: Path) -> Condition:
        if isinstance(value, dict):
            return any_of(
                test for name, words in value.items() for test in self._of_program(name, words, (*path, name))
            )
        if not self.program:
            self.problems.error(
                path, "outside programs say whose activity it is", "write answered: {welcome: greeting}"
            )
            return NOTHING
        return any_of(self._activities(self.program, value, path))

    def _of_program(self, program: str, value: Any, path: Path) -> Iterable[AnsweredTest]:
        known = self._know(program, self.names.programs, path, "program", on_key=True)
        return self._activities(program, value, path) if known else ()

    def _activities(self, program: str, value: Any, path: Path) -> Iterator[AnsweredTest]:
        """Activities by their names, or as `phase.activity` where several phases have one of that name."""
        activities = self.names.activities.get(program, {})
        known = frozenset({*activities, *(name.partition(".")[2] for name in activities)})
        for index, word in self._words(value, path, "an activity"):
            here = (*path, index)
            phase, dot, activity = word.rpartition(".")
            if self._know(word, known, here, "activity") and not self._is_asked(activities, word):
                message = f"{quoted(word)} is never answered: it asks for no answer"
                self.problems.warn(here, message, "give it answered:, or ask for something else")
            yield AnsweredTest(program, activity, phase if dot else None)

    def _is_asked(self, activities: Mapping[str, bool], word: str) -> bool:
        return any(asks for name, asks in activities.items() if word in (name, name.partition(".")[2]))

    def _did(self, raw: Mapping[str, Any], path: Path) -> Condition:
        at_least, within, since = self._times(raw, path), self._within(raw, path), self._since(raw, path)
        tests = []
        for index, signal in self._words(raw["did"], (*path, "did"), "a signal"):
            self.know_signal(signal, (*path, "did", index))
            where = self.read_where(signal, raw.get("where"), (*path, "where"))
            tests.append(DidTest(SignalTest(signal, where), at_least, within, since))
        return any_of(tests)

    def _times(self, raw: Mapping[str, Any], path: Path) -> int:
        times = raw.get("at_least", 1)
        if isinstance(times, int) and not isinstance(times, bool) and 1 <= times <= MOST_TIMES:
            return times
        self.problems.error(
            (*path, "at_least"), f"expected a whole number from 1 to {MOST_TIMES:,}, found {kind_of(times)}"
        )
        return 1

    def _within(self, raw: Mapping[str, Any], path: Path) -> timedelta | None:
        if "within" not in raw:
            return None
        here = (*path, "within")
        try:
            span = parse_duration(str(raw["within"]))
        except ValueError as error:
            message, _, hint = str(error).partition("; ")
            self.problems.error(here, message, hint)
            return None
        if not span:
            self.problems.error(here, "no time at all", "write a duration such as 30d")
        return span or None

    def _since(self, raw: Mapping[str, Any], path: Path) -> Since | None:
        if "since" not in raw or "since" in self.names.fields or "since" in self.names.scores:
            return None
        here = (*path, "since")
        if raw["since"] not in ("entered", "phase"):
            self.problems.error(here, f"expected entered or phase, found {kind_of(raw['since'])}")
        elif not self.program:
            self.problems.error(here, "only in programs something was entered", "write within: 30d", on_key=True)
        return Since(self.program, of_phase=raw["since"] == "phase")

    # --- signals and their attributes ---

    def know_field(self, name: str, path: Path) -> Field | None:
        """The field of that name; reports one that the mapping does not have. None also for one that is misshapen."""
        self._know(name, self.names.fields, path, "field")
        return self.names.fields.get(name)

    def know_signal(self, signal: str, path: Path) -> bool:
        """Report a signal that the mapping does not name."""
        return self._know(signal, self.names.signals, path, "signal")

    def read_where(self, signal: str, raw: Any, path: Path) -> tuple[AttributeTest, ...]:
        """What is asked of a signal's attributes."""
        if raw is None:
            return ()
        if not isinstance(raw, dict) or not raw:
            self.problems.error(
                path, f"expected attributes of the signal, found {kind_of(raw)}", "write where: {form: Report 2026}"
            )
            return ()
        attributes = self.names.signals.get(signal, _OPEN)
        return tuple(
            test for key, value in raw.items() for test in self._attribute(signal, attributes, key, value, (*path, key))
        )

    def know_attribute(self, signal: str, key: str, path: Path, *, on_key: bool = False) -> bool:
        """Report an attribute that the signal does not carry."""
        attributes = self.names.signals.get(signal, _OPEN)
        is_known = attributes.is_open or key in attributes.known
        if not is_known:
            hint = nearest(key, attributes.known) or f"add attributes: to the signal {signal}"
            message = f"the signal {quoted(signal)} has no attribute {quoted(key)}"
            self.problems.error(path, message, hint, on_key=on_key)
        return is_known

    def _attribute(
        self, signal: str, attributes: Attributes, key: str, value: Any, path: Path
    ) -> Iterator[AttributeTest]:
        if not self.know_attribute(signal, key, path, on_key=True):
            return
        for comparison in read_comparisons(self._attribute_subject(attributes, key), value, path, self.problems):
            yield AttributeTest(key, comparison.op, comparison.operand)

    def _attribute_subject(self, attributes: Attributes, key: str) -> Subject:
        filled_from = self.names.fields.get(attributes.known.get(key) or "")
        kind = filled_from.type if filled_from else None
        return Subject(key, kind, OPS[kind] & ATTRIBUTE_OPS if kind else ATTRIBUTE_OPS)

    # --- words ---

    def _words(self, value: Any, path: Path, what: str) -> list[tuple[int, str]]:
        """One name or a list of them, with their positions."""
        words = list(enumerate(value if isinstance(value, list) else [value]))
        if not words:
            self.problems.error(path, f"expected {what}, found an empty list")
        for index, word in words:
            if not isinstance(word, str):
                self.problems.error((*path, index), f"expected {what}, found {kind_of(word)}")
        return [(index, word) for index, word in words if isinstance(word, str)]

    def _know(self, name: str, known: Known, path: Path, what: str, *, on_key: bool = False) -> bool:
        is_known = name in known
        if not is_known:
            self.problems.error(path, f"unknown {what} {quoted(name)}", nearest(name, known), on_key=on_key)
        return is_known


_YEARLY_REMEDY = "keep the next one in a property of its own, such as next_birthday, and ask for that"
_EXAMPLE = "write a field and what it must be, such as {industry: software}"


def all_of(parts: Iterable[Condition]) -> Condition:
    """All of several conditions; of one, itself."""
    several = tuple(parts)
    return several[0] if len(several) == 1 else AllOf(several)


def any_of(parts: Iterable[Condition]) -> Condition:
    """Any of several conditions; of one, itself."""
    several = tuple(parts)
    return several[0] if len(several) == 1 else AnyOf(several)
