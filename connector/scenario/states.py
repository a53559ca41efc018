"""How things stand: from what a scenario expects at a moment to functions that look at a lead."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from connector.domain.book import Book
from connector.domain.conditions.condition import Condition, GradeTest
from connector.domain.conditions.predicate import Scales, compile_condition
from connector.domain.draft import Draft
from connector.domain.field import format_value
from connector.domain.outward.change import BACKWARDS
from connector.domain.outward.own import written_by_sales
from connector.domain.programs.enrolment import EnrolmentState
from connector.domain.sales.handover import HandOverState
from connector.mapping.conditions import ConditionReader
from connector.mapping.names import Names
from connector.mapping.places import Path, Problems, place_of
from connector.mapping.report import Known, kind_of, nearest, quoted
from connector.mapping.sentences import to_sentence
from connector.scenario.models import ExpectEntry
from connector.scenario.scenario import State

#: Where a lead stands in a program that it never entered.
_NEVER = "never"
#: The end of a list that may have more in it.
OPEN_END = "..."


@dataclass(frozen=True, slots=True)
class Reading:
    """What is needed to read a scenario file."""

    book: Book
    names: Names
    problems: Problems

    @property
    def conditions(self) -> ConditionReader:
        """Reads conditions of this file."""
        return ConditionReader(self.names, self.problems)

    def line(self, path: Path) -> int:
        """The line on which something stands."""
        return place_of(self.problems.root, path, on_key=True).line

    def is_known(self, name: str, known: Known, what: str, path: Path) -> bool:
        """Whether there is something of this name; reports it where there is not."""
        if name in known:
            return True
        is_key = path[-1] == name
        self.problems.error(path, f"unknown {what} {quoted(name)}", nearest(name, known), on_key=is_key)
        return False


def read_states(expect: ExpectEntry, path: Path, reading: Reading) -> Iterator[State]:
    """Every state that is expected; what cannot be is reported."""
    for key, read in READERS.items():
        asked = getattr(expect, key)
        if asked is not None and asked != {}:
            yield from (replace(state, kind=key) for state in read(asked, (*path, key), reading))


def _programs(asked: Mapping[str, str], path: Path, reading: Reading) -> Iterator[State]:
    for name, wanted in asked.items():
        here = (*path, name)
        if not reading.is_known(name, reading.names.programs, "program", here):
            continue
        places = (*reading.names.programs[name], *map(str, EnrolmentState), _NEVER)
        if reading.is_known(wanted, places, "place", here):
            yield State(f"program {name}", wanted, _stands_at(name, wanted), _place_of(name), reading.line(here))


def _stands_at(program: str, wanted: str) -> Callable[[Draft], bool]:
    return lambda draft: wanted in _places(draft, program)


def _place_of(program: str) -> Callable[[Draft], str]:
    return lambda draft: ", ".join(_places(draft, program))


def _places(draft: Draft, program: str) -> tuple[str, ...]:
    """Where the latest enrolment stands: phase and state while it is open, else its end."""
    latest = next((each for each in reversed(draft.enrolments) if each.program == program), None)
    if latest is None:
        return (_NEVER,)
    return (latest.phase, str(latest.state)) if latest.is_open else (str(latest.state),)


def _scores(asked: Mapping[str, Any], path: Path, reading: Reading) -> Iterator[State]:
    for name, wanted in asked.items():
        if reading.is_known(name, reading.names.scores, "score", (*path, name)):
            condition = reading.conditions.read({name: wanted}, path)
            yield _of_condition(name, condition, (*path, name), reading, _points_of(name))


def _points_of(score: str) -> Callable[[Draft], str]:
    return lambda draft: f"{score} is {draft.points(score)}"


def _grades(asked: Mapping[str, str], path: Path, reading: Reading) -> Iterator[State]:
    for name, wanted in asked.items():
        here = (*path, name)
        if not reading.is_known(name, reading.names.scores, "score", here):
            continue
        if reading.is_known(wanted, reading.names.scores[name], "grade", here):
            condition = GradeTest(name, (wanted,))
            yield _of_condition(name, condition, here, reading, _grade_of(name))


def _grade_of(score: str) -> Callable[[Draft], str]:
    return lambda draft: f"grade of {score} is {draft.grade(score) or 'none'}, with {draft.points(score)} points"


def _fields(asked: Mapping[str, Any], path: Path, reading: Reading) -> Iterator[State]:
    for name, wanted in asked.items():
        if reading.is_known(name, reading.names.fields, "field", (*path, name)):
            condition = reading.conditions.read({name: {"unknown": True} if wanted == "" else wanted}, path)
            yield _of_condition(name, condition, (*path, name), reading, _value_of(name))


def _value_of(field: str) -> Callable[[Draft], str]:
    return lambda draft: f"{field} is {format_value(draft.fields.get(field)) or 'not known'}"


def _holds(asked: Any, path: Path, reading: Reading) -> Iterator[State]:
    condition = reading.conditions.read(asked, path)
    yield _of_condition("condition", condition, path, reading, lambda draft: "this does not hold")


def _of_condition(what: str, condition: Condition, path: Path, reading: Reading, tell: Callable[[Draft], str]) -> State:
    definitions = reading.book.definitions
    scales = Scales({score.name: score.grades for score in definitions.scores}, definitions.zone)
    test = compile_condition(condition, scales)
    kept = {counter for counters in reading.book.counters.values() for counter, *_ in counters}
    if any(each.counter not in kept for each in test.counters):
        hint = "expect signals:, or ask what the mapping asks"
        reading.problems.error(path, "leads do not remember this, for no condition of the mapping asks for it", hint)
    return State(what, to_sentence(condition), test.holds, tell, reading.line(path))


def _segments(asked: tuple[str, ...], path: Path, reading: Reading) -> Iterator[State]:
    yield from _members(asked, path, reading, reading.names.segments, "segment", _segments_of)


def _segments_of(draft: Draft) -> set[str]:
    return {key.removeprefix("segment:") for key in draft.holding if key.startswith("segment:")}


def _lists(asked: tuple[str, ...], path: Path, reading: Reading) -> Iterator[State]:
    yield from _members(asked, path, reading, reading.names.lists, "list", _lists_of)


def _lists_of(draft: Draft) -> set[str]:
    """Our names of the lists that some CRM is to hold the lead on."""
    return {
        name
        for name, rule in draft.book.lists.items()
        for crm, title in rule.titles.items()
        if crm in draft.lead.desired and title in draft.lead.desired[crm].lists
    }


def _tags(asked: tuple[str, ...], path: Path, reading: Reading) -> Iterator[State]:
    yield from _members(asked, path, reading, reading.names.tags, "tag", _tags_of)


def _tags_of(draft: Draft) -> set[str]:
    return set(filter(draft.has_tag, draft.tags))


def _persona(asked: str, path: Path, reading: Reading) -> Iterator[State]:
    if not asked or reading.is_known(asked, reading.names.personas, "persona", path):
        line = reading.line(path)
        yield State(
            "persona",
            asked or "none",
            lambda draft: draft.persona == asked,
            lambda draft: draft.persona or "none",
            line,
        )


def _sales(asked: Mapping[str, str], path: Path, reading: Reading) -> Iterator[State]:
    for name, wanted in asked.items():
        here = (*path, name)
        if reading.is_known(name, reading.names.hand_overs, "hand-over", here) and reading.is_known(
            wanted, (*map(str, HandOverState), _NEVER), "state of a hand-over", here
        ):
            line = reading.line(here)
            yield State(f"sales {name}", wanted, _is_with_sales(name, wanted), _stands_with_sales(name), line)


def _is_with_sales(hand_over: str, wanted: str) -> Callable[[Draft], bool]:
    stands = _stands_with_sales(hand_over)
    return lambda draft: stands(draft) == wanted


def _stands_with_sales(hand_over: str) -> Callable[[Draft], str]:
    def stands(draft: Draft) -> str:
        return next((str(each.state) for each in reversed(draft.hand_overs) if each.name == hand_over), _NEVER)

    return stands


def _owner(asked: str, path: Path, reading: Reading) -> Iterator[State]:
    """The rep who has the lead, by its latest hand-over."""
    if not asked or reading.is_known(asked, reading.names.reps, "rep", path):
        line = reading.line(path)
        yield State("owner", asked or "nobody", lambda draft: _rep_of(draft) == asked, _tell_rep, line)


def _rep_of(draft: Draft) -> str:
    return draft.hand_overs[-1].rep if draft.hand_overs else ""


def _tell_rep(draft: Draft) -> str:
    return _rep_of(draft) or "nobody"


def _members(
    asked: tuple[str, ...],
    path: Path,
    reading: Reading,
    known: frozenset[str],
    what: str,
    members: Callable[[Draft], set[str]],
) -> Iterator[State]:
    """A set of names: exactly these, or at least these where it ends with dots."""
    is_open = asked[-1:] == (OPEN_END,)
    names = {name for index, name in enumerate(asked[:-1] if is_open else asked)
             if reading.is_known(name, known, what, (*path, index))}  # fmt: skip

    def holds(draft: Draft) -> bool:
        return names <= members(draft) if is_open else names == members(draft)

    more = [OPEN_END] if is_open else []
    expected = ", ".join([*sorted(names), *more]) or "none"
    yield State(
        f"{what}s", expected, holds, lambda draft: ", ".join(sorted(members(draft))) or "none", reading.line(path)
    )


def deal_ref(name: str) -> str:
    """The reference of a scenario's deal."""
    return f"scenario:deal:{name}"


def _deals(asked: Mapping[str, str], path: Path, reading: Reading) -> Iterator[State]:
    if not reading.book.deals:
        hint = "add deals: {hubspot: {won: {stage: closedwon}}} to it"
        reading.problems.error(path, "the mapping reads no deals", hint, on_key=True)
        return
    for name, wanted in asked.items():
        line = reading.line((*path, name))
        yield State(f"deal {name}", wanted, _deal_stands(name, wanted), _tell_deal(name), line)


def _deal_stands(name: str, wanted: str) -> Callable[[Draft], bool]:
    return lambda draft: wanted in _deal_words(draft, name)


def _tell_deal(name: str) -> Callable[[Draft], str]:
    return lambda draft: ", ".join(_deal_words(draft, name))


def _deal_words(draft: Draft, name: str) -> tuple[str, ...]:
    """What became of it and its stage; or that it is gone, or not known."""
    deal = draft.deals.get(deal_ref(name))
    if deal is None:
        return ("unknown",)
    return ("gone",) if deal.is_gone else (str(deal.outcome), deal.stage)


def _hubspot(asked: Mapping[str, Any], path: Path, reading: Reading) -> Iterator[State]:
    return _written("hubspot", asked, path, reading)


def _salesforce(asked: Mapping[str, Any], path: Path, reading: Reading) -> Iterator[State]:
    return _written("salesforce", asked, path, reading)


def _written(crm: str, asked: Mapping[str, Any], path: Path, reading: Reading) -> Iterator[State]:
    written = (
        *(rule.property for rule in reading.book.definitions.write_back if rule.crm == crm),
        *written_by_sales(reading.book),
    )
    for name, wanted in asked.items():
        here = (*path, name)
        if isinstance(wanted, dict | list):
            reading.problems.error(here, f"expected the property's text, found {kind_of(wanted)}")
        elif reading.is_known(name, written, "written property", here):
            text = format_value(float(wanted) if isinstance(wanted, int) and not isinstance(wanted, bool) else wanted)
            yield State(
                name, text or "nothing", _is_written(crm, name, text), _written_to(crm, name), reading.line(here)
            )


def _is_written(crm: str, name: str, text: str) -> Callable[[Draft], bool]:
    return lambda draft: _property(draft, crm, name) == text


def _written_to(crm: str, name: str) -> Callable[[Draft], str]:
    return lambda draft: _property(draft, crm, name) or "nothing"


def _property(draft: Draft, crm: str, name: str) -> str:
    desired = draft.lead.desired.get(crm)
    held = desired.properties if desired else {}
    return held.get(name, held.get(name + BACKWARDS, ""))


#: The words of scenarios for how things stand.
READERS: Mapping[str, Callable[[Any, Path, Reading], Iterator[State]]] = {
    "programs": _programs,
    "scores": _scores,
    "grades": _grades,
    "fields": _fields,
    "deals": _deals,
    "segments": _segments,
    "lists": _lists,
    "tags": _tags,
    "persona": _persona,
    "sales": _sales,
    "owner": _owner,
    "hubspot": _hubspot,
    "salesforce": _salesforce,
    "holds": _holds,
}
