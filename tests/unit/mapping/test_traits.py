"""Personas, tags and fields that follow from signals: what they mean, and every mistake at its place."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.domain.conditions.condition import (
    AllOf,
    AnyOf,
    AttributeTest,
    FieldTest,
    Op,
    PersonaTest,
    SignalTest,
    TagTest,
)
from connector.domain.definitions import Persona, Tag
from connector.domain.field import Field, FieldType
from connector.domain.programs.program import Trigger
from connector.domain.traits.computed import Computed, Reckoning
from connector.mapping.load import check_mapping
from connector.mapping.sentences import to_sentence
from tests.mapping_files import condition, definitions_with, files_with, mistakes_in

SOFTWARE = FieldTest("industry", FieldType.TEXT, Op.EQ, "software")
READ = SignalTest("report_read")


# --- what they mean -----------------------------------------------------------------------------------------

COMPUTED = {
    "{most: report_read.topic}": (FieldType.TEXT, Reckoning.MOST, READ, "topic", "", None),
    "{most: report_read.topic, by: size, within: 90d}": (
        FieldType.TEXT, Reckoning.MOST, READ, "topic", "size", timedelta(days=90),
    ),
    "{latest: report_read.topic, type: date}": (FieldType.DATE, Reckoning.LATEST, READ, "topic", "", None),
    "{first: report_read.topic}": (FieldType.TEXT, Reckoning.FIRST, READ, "topic", "", None),
    "{count: called, within: 30d}": (
        FieldType.NUMBER, Reckoning.COUNT, SignalTest("called"), "", "", timedelta(days=30),
    ),
    "{count: called, type: number}": (FieldType.NUMBER, Reckoning.COUNT, SignalTest("called"), "", "", None),
    "{sum: report_read.size, where: {topic: x}}": (
        FieldType.NUMBER, Reckoning.SUM, SignalTest("report_read", (AttributeTest("topic", Op.EQ, "x"),)), "size", "",
        None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", COMPUTED)
def test_a_field_follows_from_signals(text: str) -> None:
    kind, *rest = COMPUTED[text]

    definitions = definitions_with(f"fields:\n  made: {text}\n")

    assert definitions.computed == (Computed(Field("made", kind), *rest),)
    assert definitions.computed[0].field in definitions.fields


def test_personas_keep_their_order_and_otherwise_is_everybody() -> None:
    definitions = definitions_with("personas:\n  planner: {industry: software}\n  visitor: otherwise\n")

    assert definitions.personas == (Persona("planner", SOFTWARE), Persona("visitor", AllOf(())))


def test_a_tag_has_triggers_and_a_time() -> None:
    text = """\
tags:
  plain: called
  full:
    add: [{on: [called, report_read], when: {industry: software}}, {when: {industry: software}}]
    remove: email_clicked
    for: 90d
"""
    plain, full = definitions_with(text).tags

    assert plain == Tag("plain", (Trigger(SignalTest("called")),))
    assert full == Tag(
        "full",
        (Trigger(SignalTest("called"), SOFTWARE), Trigger(READ, SOFTWARE), Trigger(None, SOFTWARE)),
        (Trigger(SignalTest("email_clicked")),),
        timedelta(days=90),
    )


def test_conditions_ask_for_personas_and_tags() -> None:
    text = (
        "personas: {planner: {industry: software}, visitor: otherwise}\ntags: {fan: called}\n"
        "segments: {s: {persona: [planner, visitor], tag: fan}}\n"
    )
    when = next(segment.when for segment in definitions_with(text).segments if segment.name == "s")

    assert when == AllOf((AnyOf((PersonaTest("planner"), PersonaTest("visitor"))), TagTest("fan")))
    assert to_sentence(when) == "(persona is planner or persona is visitor) and tagged fan"


def test_write_back_and_texts_know_them() -> None:
    text = """\
fields: {interest: {most: report_read.topic}, calls: {count: called}}
personas: {planner: {industry: software}}
tags: {fan: called}
write_back: {hubspot: {p: persona, t: tags, i: interest, c: calls}}
notifications: {n: {when: {tag: fan}, note: "{{ persona }}{% if tags.fan %} {{ lead.interest }}{% endif %}"}}
"""
    definitions = definitions_with(text)

    assert [(rule.source, rule.type) for rule in definitions.write_back] == [
        (("persona",), "string"),
        (("tags",), "string"),
        (("field", "interest"), "string"),
        (("field", "calls"), "number"),
    ]


# --- mistakes -----------------------------------------------------------------------------------------------

MISTAKES = {
    "fields: {x: {most: report_red.topic}}": '2:20: unknown signal "report_red"; did you mean "report_read"?',
    "fields: {x: {most: report_read.topik}}": (
        '2:20: the signal "report_read" has no attribute "topik"; did you mean "topic"?'
    ),
    "fields: {x: {most: report_read.topic, by: sise}}": (
        '2:43: the signal "report_read" has no attribute "sise"; did you mean "size"?'
    ),
    "fields: {x: {most: report_read.topic, where: {topik: a}}}": (
        '2:47: the signal "report_read" has no attribute "topik"; did you mean "topic"?'
    ),
    "fields: {x: {latest: report_read}}": (
        '2:22: expected a signal and its attribute, found the text "report_read"; write report_read.topic'
    ),
    "fields: {x: {count: caled}}": '2:21: unknown signal "caled"; did you mean "called"?',
    "fields: {x: {count: called, type: date}}": "2:29: `count` gives a number; remove it",
    "fields: {x: {count: called, values: {a: 1}}}": "2:29: `count` gives a number; remove it",
    "fields: {x: {count: called, hubspot: y}}": (
        "2:29: a field is made in one way, not by count and hubspot; make two fields"
    ),
    "fields: {x: {first: report_read.topic, latest: report_read.topic}}": (
        "2:14: a field is made in one way, not by latest and first; make two fields"
    ),
    "fields: {x: {latest: report_read.topic, identity: true}}": (
        "2:41: a field is made in one way, not by latest and identity; make two fields"
    ),
    "fields: {x: {count: called, within: 0d}}": "2:37: no time at all; write a duration such as 7d",
    "fields: {x: {first: report_read.topic, within: 2d}}": (
        "2:40: the first value does not change with time; write latest:, or remove it"
    ),
    "fields: {x: {count: called, by: size}}": "2:29: `by` weighs the values of `most`",
    "fields: {x: {hubspot: y, within: 3d}}": (
        "2:26: `within` belongs to a field that follows from signals; write most:, latest: or count:"
    ),
    "personas: {a: otherwise, b: {industry: x}}": (
        '2:26: no lead becomes "b": "a" is everybody else already; put a last'
    ),
    "personas: {a: whatever}": (
        '2:15: "whatever" is no condition; write a condition such as {industry: software}, or otherwise'
    ),
    "personas: {a: {persona: a}}": "2:1: in a circle: the persona → the persona; one of them must not look at the next",
    "personas: {planner: otherwise}\nsegments: {s: {persona: planer}}": (
        '3:25: unknown persona "planer"; did you mean "planner"?'
    ),
    "personas: [a]": "2:1: expected a mapping, found a list; write key: value lines, indented",
    "fields: {persona: {hubspot: hs_persona}}\npersonas: {a: otherwise}": (
        '2:10: "persona" is a word of conditions and cannot be a field; give it another name'
    ),
    "tags: {a: {add: cald}}": '2:17: unknown signal "cald"; did you mean "called"?',
    "tags: {a: {remove: called}}": '2:8: "add" is missing in a tag; add add:',
    "tags: {a: {add: []}}": "2:12: nothing puts this tag on; name a signal or a condition",
    "tags: {a: {add: called, fro: 3d}}": '2:25: unknown key "fro" in a tag; did you mean "for"?',
    "tags: {a: {add: {when: {tag: a}}}}": ("2:8: in a circle: tag a → tag a; one of them must not look at the next"),
    "tags: {fan: called}\nsegments: {s: {tag: fun}}": '3:21: unknown tag "fun"; did you mean "fan"?',
    "tags: {fan: called}\nnotifications: {n: {when: {tag: fan}, note: '{{ tags.fun }}'}}": (
        '3:45: unknown tag "fun" in a text; did you mean "fan"?'
    ),
    "write_back: {hubspot: {p: personas}}": '2:27: unknown value "personas" to write; did you mean "persona"?',
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_told_at_its_place(text: str) -> None:
    assert mistakes_in(f"{text}\n") == [MISTAKES[text]]


def test_a_tag_that_looks_at_itself_only_when_a_signal_comes_is_no_circle() -> None:
    text = (
        "tags: {twice: {add: {on: called, when: {tag: once}}}, once: {add: {on: called, when: {not: {tag: twice}}}}}\n"
    )

    assert mistakes_in(text) == []


def test_personas_stand_in_one_file() -> None:
    files = files_with("personas: {a: {industry: x}}\n") | {"z.yaml": "format: 1\npersonas: {b: otherwise}\n"}

    (problem,) = check_mapping(files).problems

    assert str(problem) == 'z.yaml:2:1: "personas" stands in here.yaml:2 already; say it once'


def test_a_field_that_was_named_before_the_word_was_one_keeps_its_meaning() -> None:
    definitions = definitions_with("fields: {persona: {hubspot: hs_persona}}\nsegments: {s: {persona: planner}}\n")

    assert definitions.segments[-1].when == FieldTest("persona", FieldType.TEXT, Op.EQ, "planner")


def test_nothing_is_wrong_with_a_field_that_no_crm_fills() -> None:
    assert mistakes_in("fields: {visits: {count: called}}\n") == []
    assert condition("{industry: software}") == SOFTWARE
