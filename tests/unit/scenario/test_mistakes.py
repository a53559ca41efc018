"""A mistake in a scenario is told with its place and the nearest word."""

from __future__ import annotations

import pytest

from tests.unit.scenario.stories import HEAD, mistakes_in, read

STEP = {
    "did: cam": 'unknown signal "cam"; did you mean "came"?',
    "did: came, with: {from: x}": 'unknown attribute "from"; did you mean "form"?',
    "did: came, with: {form: [x]}": "expected a value, found a list",
    "with: {form: x}": "`with` gives the attributes of a signal and needs `did`; write did: and the signal",
    "set: {seat: 5}": 'unknown field "seat"; did you mean "seats"?',
    "set: {seats: many}": '"seats" is of type number, and "many" is not',
    "set: {city: [a]}": '"city" is of type text, found a list',
    "set: {imagined: a}": 'no CRM property fills the field "imagined"',
    "set: {hubspot: {sets: 1}}": 'the mapping does not read the property "sets"; did you mean "seats"?',
    "set: {hubspot: seats}": 'expected a mapping, found the text "seats"; write {property: text}',
    "set: {hubspot: {seats: [1]}}": "expected the property's text, found a list",
    "enrol: welcom": 'unknown program "welcom"; did you mean "welcome"?',
    "exit: wellcome": 'unknown program "wellcome"; did you mean "welcome"?',
    "contact: gone": '"gone" is not possible here; known: created, deleted, restored',
    "lead: bob": 'unknown lead "bob"; known: the lead',
    "expct: {}": 'unknown key "expct" in a step; did you mean "expect"?',
    "expect: {send: first}": 'unknown key "send" in expect; did you mean "sent"?',
    "expect: {sent: frist}": 'nothing here is called "frist"; did you mean "first"?',
    "expect: {sent: hello.frist}": 'nothing here is called "hello.frist"; did you mean "welcome.hello.first"?',
    "expect: {sent: 3}": (
        "expected a name, or a name and its moment, found the number 3; write thank_you, or {thank_you: day 3 10:00}"
    ),
    "expect: {sent: [..., first]}": "the dots stand at the end of a list",
    "expect: {sent: {first: soon}}": '"soon" is no moment; write 2026-09-07 10:00 or day 3 10:00',
    "expect: {}": "nothing is asked here, so nothing can fail; write sent: greeting, for example",
    "expect: {scores: {}}": "nothing is asked of `scores`, so nothing can fail; write a name and what it is",
    "expect: {holds: {}}": "nothing is asked of `holds`, so nothing can fail; write a name and what it is",
    "expect: {sent: }": 'nothing stands after "sent"; write a value, or remove the key',
    "expect: {joined: larg}": 'nothing here is called "larg"; did you mean "large"?',
    "expect: {programs: {welcome: hallo}}": 'unknown place "hallo"; did you mean "hello"?',
    "expect: {programs: {welcom: hello}}": 'unknown program "welcom"; did you mean "welcome"?',
    "expect: {scores: {interes: 3}}": 'unknown score "interes"; did you mean "interest"?',
    "expect: {scores: {interest: many}}": (
        '"interest" is of type number, but this is the text "many"; write a number without quotation marks'
    ),
    "expect: {grades: {interest: C}}": 'unknown grade "C"; known: A, B',
    "expect: {segments: [huge]}": 'unknown segment "huge"; known: fond, large',
    "expect: {lists: frist}": 'unknown list "frist"; did you mean "first"?',
    "expect: {tags: keen}": 'unknown tag "keen"; did you mean "keen_one"?',
    "expect: {persona: bos}": 'unknown persona "bos"; did you mean "boss"?',
    "expect: {fields: {citi: a}}": 'unknown field "citi"; did you mean "city"?',
    "expect: {hubspot: {our_fase: a}}": 'unknown written property "our_fase"; did you mean "our_phase"?',
    "expect: {hubspot: {our_phase: [a]}}": "expected the property's text, found a list",
    "expect: {holds: {citi: a}}": 'unknown field "citi" in a condition; did you mean "city"?',
    "expect: {holds: {did: came}}": (
        "leads do not remember this, for no condition of the mapping asks for it; expect signals:, or ask what the "
        "mapping asks"
    ),
}


@pytest.mark.parametrize(("step", "told"), STEP.items(), ids=STEP)
def test_a_mistake_in_a_step_is_told_once_and_with_a_remedy(step: str, told: str) -> None:
    (mistake,) = mistakes_in(f"{HEAD}scenarios:\n  a:\n    steps:\n      - {{{step}}}\n")

    line, column, words = mistake.split(":", 2)
    assert (int(line), words.strip()) == (7, told)
    assert int(column) >= 9


MOMENTS = {
    "soon": '"soon" is no moment; write 2026-09-07 10:00 or day 3 10:00 or +7d',
    "day 3": "the hour is missing; write it after the day, such as 10:00",
    "day 0 10:00": "the day on which a scenario begins is day 1",
    "day 99999 10:00": None,
    "day 3 25:00": '"25:00" is no hour; write 10:00',
    "day 3 10": '"10" is no hour; write 10:00',
    "2026-02-29 10:00": "there is no day 2026-02-29",
    "0001-01-01 00:00": "there is no such day",
    "day 10000000 10:00": '"day 10000000 10:00" is no moment; write 2026-09-07 10:00 or day 3 10:00 or +7d',
    "+7 monhts": None,
    "+1 month": "months and years differ in length; write days, such as 30d or 365d",
    "2026-09-07 08:59": "this lies before the step above it; write steps in their order",
    "2027-03-28 02:30": "there is no 02:30 on 2027-03-28: the clocks of Europe/Rome jump over it",
}


@pytest.mark.parametrize(("text", "told"), MOMENTS.items(), ids=MOMENTS)
def test_a_moment_that_is_none_is_told(text: str, told: str | None) -> None:
    found = mistakes_in(f"{HEAD}scenarios:\n  a:\n    steps:\n      - at: {text}\n")

    assert found == ([f"7:13: {told}"] if told else found)


WHOLE = {
    "scenarios: {}": ['1:1: "format" is missing in a scenario file; add format:'],
    "format: 2\nscenarios: {}": None,
    "format: 1\nscenario: {}": ['2:1: unknown key "scenario" in a scenario file; did you mean "scenarios"?'],
    "format: 1\nscenarios: {a: {steps: [{at: day 1 10:00}]}}": [
        "2:13: this scenario does not say when it begins; add begins: such as 2026-09-07 09:00"
    ],
    "format: 1\nbegins: day 1 10:00\nscenarios: {a: {steps: [{did: came}]}}": [
        '2:9: "day 1 10:00" is no moment; write 2026-09-07 10:00'
    ],
    "format: 1\nbegins: 2026-09-07 09:00\nscenarios: {a: {steps: []}}": [
        "3:17: there is nothing here; write something, or remove the key"
    ],
    "format: 1\nbegins: 2026-09-07 09:00\nleads: {a: {}, b: {}}\nscenarios: {a: {steps: [{did: came}]}}": [
        "4:25: this step does not say whose it is; add lead: a"
    ],
    "format: 1\nbegins: 2026-09-07 09:00\nscenarios: {a: {steps: [{did: came}], never: {sent: [first, ...]}}}": [
        "3:47: nothing may be left open in never; remove the dots"
    ],
    "format: 1\nbegins: 2026-09-07 09:00\nleads: {a: {}, b: {}}\nscenarios: {a: {steps: [{pause: care}]}}": [
        "4:25: this step does not say whose it is; add lead: a"
    ],
    "format: 1\nbegins: 2026-09-07 09:00\nscenarios: {a: {steps: [{did: came}]}}": [
        "3:13: this scenario expects nothing, so it cannot fail; add expect: to a step"
    ],
    "format: 1\nbegins: 2026-09-07 09:00\nscenarios: {a: {steps: [{did: came}], never: {}}}": [
        "3:39: nothing is asked here, so nothing can fail; write sent: greeting, for example"
    ],
    "format: 1\nbegins: 2026-09-07 09:00\nscenarios: {a: {steps: [{did: came}], never: {sent: []}}}": [
        '3:47: an empty list forbids nothing of `sent`; write "*" to forbid all'
    ],
    "format: 1\nscenarios: [": None,
    "format: 1\nscenarios: &a {}": None,
    "- a": ["1:1: expected a scenario file; write key: value lines"],
    "": ['1:1: "format" is missing in a scenario file; add format:'],
}


@pytest.mark.parametrize(("text", "told"), WHOLE.items(), ids=WHOLE)
def test_a_file_that_is_not_right_is_never_played(text: str, told: list[str] | None) -> None:
    found, (report, scenarios) = mistakes_in(text), read(text)

    assert report.errors
    assert not scenarios
    assert found[:1] == (told[:1] if told else found[:1])


def test_the_calendar_has_an_end() -> None:
    steps = "begins: 9999-12-30 10:00, steps: [{at: %s}]"

    found = [mistakes_in(f"{HEAD}scenarios:\n  a: {{{steps % at}}}\n") for at in ("+9d", "day 9 10:00", "day 2 10:00")]

    assert ["there is no such day" in "".join(each) for each in found] == [True, True, False]


def test_so_many_mistakes_are_too_many() -> None:
    steps = "\n".join("      - {did: nothing}" for _ in range(1000))

    assert len(mistakes_in(f"{HEAD}scenarios:\n  a:\n    steps:\n{steps}\n")) == 200


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("pause: welcom", 'unknown program "welcom"; did you mean "welcome"?'),
        ("resume: [care, welcom]", 'unknown program "welcom"; did you mean "welcome"?'),
        ("move: car", 'unknown program "car"; did you mean "care"?'),
        ("move: {to: care, from: welcom}", 'unknown program "welcom"; did you mean "welcome"?'),
        ("move: {to: welcome, phase: cal}", 'unknown phase "cal"; did you mean "call"?'),
    ],
)
def test_orders_name_programs_and_phases_that_there_are(step: str, told: str) -> None:
    (found,) = mistakes_in(f"{HEAD}scenarios:\n  a:\n    steps:\n      - {{at: day 1 10:00, {step}}}\n")

    assert found.endswith(told)
