"""No program that passes `check` keeps a lead for ever: whoever does nothing more is out of it in the end."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import given, settings

from connector.domain.book import compile_book
from connector.domain.decide import fold
from connector.domain.definitions import Definitions
from connector.domain.fact import Fact
from connector.domain.lead import blank
from connector.mapping.load import check_mapping, parse_mapping
from tests.builders import LEAD, START, after, signal
from tests.mapping_files import files_with
from tests.property.books import NUMBERS

PHASES = ("one", "two", "three")
PROGRAMS = ("p", "q", "r")
SPANS = ("1h", "1d", "9d")
CONDITIONS = ({"answered": "a0"}, {"did": "called", "since": "entered"}, {"did": "called", "since": "phase"})
#: With every delay, response window and repetition that is drawn here, nothing lasts as long.
FOR_EVER = timedelta(days=3_000)
#: Nothing of programs of one step does.
LONG = timedelta(days=300)


def sometimes(random: Random, share: float, **parts: Any) -> dict[str, Any]:
    return parts if random.random() < share else {}


def way(random: Random, names: Sequence[str]) -> dict[str, Any]:
    to = random.choice((*names, "previous", "completed", "exit"))
    back = {"next": to, **sometimes(random, 0.7, times=random.randint(1, 2), then=random.choice((*names, "exit")))}
    if random.random() < 0.2:
        back = {"repeat": "unanswered", "then": to}
    return {"after": random.choice(SPANS), **back}


def ways(random: Random, names: Sequence[str]) -> Any:
    """One, or a list of them by condition."""
    if random.random() < 0.7:
        return way(random, names)
    return [{"when": random.choice(CONDITIONS), **way(random, names)}, way(random, names)]


def asked(random: Random, names: Sequence[str]) -> dict[str, Any]:
    trigger = random.choice(("called", "email_clicked", {"when": {"did": "called"}}, {"when": {"industry": "energy"}}))
    early = {
        **sometimes(random, 0.2, on_answer=ways(random, names)),
        **sometimes(random, 0.2, no_answer=ways(random, names)),
    }
    if random.random() < 0.3:
        return {"wait_for": trigger, "at_most": random.choice(SPANS), **early}
    return {
        "send": {"list": random.choice(("greeting", "news"))},
        "answered": trigger,
        "within": random.choice(SPANS),
        **sometimes(random, 0.2, remind="1d"),
        **sometimes(random, 0.3, again=True),
        **early,
    }


def activity(random: Random, names: Sequence[str]) -> dict[str, Any]:
    what = {"send": {"note": "Hi"}} if random.random() < 0.4 else asked(random, names)
    return {**what, **sometimes(random, 0.3, after="2d"), **sometimes(random, 0.2, when=random.choice(CONDITIONS))}


def phase(random: Random, names: Sequence[str]) -> dict[str, Any]:
    activities = {f"a{number}": activity(random, names) for number in range(random.randint(1, 3))}
    if random.random() < 0.2:
        activities["fork"] = {
            "choose": {"left": {"when": CONDITIONS[1], "activities": {"a9": activity(random, names)}}}
        }
    outcomes = ("all_answered", "some_answered", "none_answered")
    return {
        "activities": activities,
        **{word: ways(random, names) for word in outcomes if random.random() < 0.7},
    }


def text_of(random: Random) -> str:
    names = PHASES[: random.randint(1, 3)]
    made = {"enrol": "called", "phases": {name: phase(random, names) for name in names}}
    return f"programs: {json.dumps({'p': made})}\nlists: {{news: News}}\n"


def text_of_several(random: Random) -> str:
    """Programs of one step that lead into one another, and let leads enter again sooner or later."""
    programs = {}
    for name in PROGRAMS:
        asked = {"send": {"list": random.choice(("greeting", "news"))}, "answered": "called", "within": "1d"}
        step = random.choice(({"send": {"note": "Hi"}}, asked))
        only = {
            "activities": {"a": {**step, **sometimes(random, 0.5, after=random.choice(SPANS))}},
            **{word: random.choice(("completed", "exit")) for word in ("all_answered", "none_answered")},
        }
        programs[name] = {
            "enrol": "called",
            "again": random.choice(("0d", "3h", "2d", "20d", "never")),
            "phases": {"one": only},
            "completed": {"program": random.choice(PROGRAMS)},
        }
    return f"programs: {json.dumps(programs)}\nlists: {{news: News}}\n"


def sound(random: Random, make: Callable[[Random], str] = text_of) -> Definitions:
    """The first workspace that passes the checks without a warning of what goes on for ever; a third of them does."""
    for _ in range(200):
        files = files_with(make(random))
        report = check_mapping(files)
        if not report.errors and not any("for ever" in each.message for each in report.problems):
            return parse_mapping(files)
    raise AssertionError("none passes the checks")


def calls(random: Random) -> list[Fact]:
    """What the lead does, at first."""
    days = sorted(random.uniform(0, 40) for _ in range(random.randint(1, 8)))
    return [signal(random.choice(("called", "email_clicked")), after(days=day)) for day in days]


@settings(max_examples=50)
@given(NUMBERS)
def test_whoever_does_nothing_more_is_out_of_the_program_in_the_end(number: int) -> None:
    random = Random(number)
    book = compile_book(sound(random))

    decided = fold(lambda version: book, blank(LEAD, book.version), calls(random), START + FOR_EVER)

    assert [each for each in decided.lead.enrolments if each.is_open] == []
    assert not [entry for entry in decided.history if "circle" in str(entry.detail.get("by", ""))]


@settings(max_examples=50)
@given(NUMBERS)
def test_whoever_does_nothing_more_is_out_of_all_programs_that_lead_into_one_another(number: int) -> None:
    random = Random(number)
    book = compile_book(sound(random, text_of_several))

    decided = fold(lambda version: book, blank(LEAD, book.version), calls(random), START + LONG)

    assert [each for each in decided.lead.enrolments if each.is_open] == []
