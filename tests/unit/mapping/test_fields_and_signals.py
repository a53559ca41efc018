from __future__ import annotations

import pytest

from connector.domain.definitions import SignalSource
from connector.domain.field import Field, FieldRole, FieldType
from tests.mapping_files import definitions_with, mistakes_in

FIELDS = {
    "{hubspot: city}": Field("tested", FieldType.TEXT, {"hubspot": ("city",)}),
    "{hubspot: [city, town]}": Field("tested", FieldType.TEXT, {"hubspot": ("city", "town")}),
    "{hubspot: city, salesforce: [Lead.City, Contact.City]}": Field(
        "tested", FieldType.TEXT, {"hubspot": ("city",), "salesforce": ("Lead.City", "Contact.City")}
    ),
    "{hubspot: range, type: number, values: {1-5: 1, 5-25: 5.5}}": Field(
        "tested", FieldType.NUMBER, {"hubspot": ("range",)}, {"1-5": "1", "5-25": "5.5"}
    ),
    "{hubspot: b, type: boolean, values: {Ja: true, Nein: false, 1: true}}": Field(
        "tested", FieldType.BOOLEAN, {"hubspot": ("b",)}, {"Ja": "true", "Nein": "false", "1": "true"}
    ),
    "{hubspot: zone, timezone: true}": Field("tested", FieldType.TEXT, {"hubspot": ("zone",)}, role=FieldRole.TIMEZONE),
    "{hubspot: rep, owner: true}": Field("tested", FieldType.TEXT, {"hubspot": ("rep",)}, role=FieldRole.OWNER),
    "{hubspot: i, type: choices}": Field("tested", FieldType.CHOICES, {"hubspot": ("i",)}),
}


@pytest.mark.parametrize(("text", "field"), FIELDS.items(), ids=FIELDS)
def test_a_field_says_where_it_is_read_and_what_it_holds(text: str, field: Field) -> None:
    definitions = definitions_with(f"fields:\n  tested: {text}\n")

    assert [each for each in definitions.fields if each.name == "tested"] == [field]


def test_roles_are_found_on_fields() -> None:
    roles = {field.name: field.role for field in definitions_with("").fields if field.role}

    assert roles == {"email": FieldRole.IDENTITY, "opted_out": FieldRole.CONSENT}


SOURCES = {
    "{hubspot: {when_changed: stage}}": [SignalSource("tested", "hubspot", "stage")],
    "{hubspot: {when_changed: stage, to: customer}}": [SignalSource("tested", "hubspot", "stage", ("customer",))],
    "{hubspot: {when_changed: stage, to: [a, 1, true]}}": [
        SignalSource("tested", "hubspot", "stage", ("a", "1", "true"))
    ],
    "{hubspot: {when_changed: t, attributes: {topic: value, size: employees}}}": [
        SignalSource("tested", "hubspot", "t", (), {"topic": "value", "size": "employees"})
    ],
    "{hubspot: [{when_changed: a}, {when_changed: b}]}": [
        SignalSource("tested", "hubspot", "a"),
        SignalSource("tested", "hubspot", "b"),
    ],
    "{}": [],
    "": [],
    "{attributes: [form]}": [],
}


@pytest.mark.parametrize(("text", "sources"), SOURCES.items(), ids=[text or "nothing" for text in SOURCES])
def test_a_signal_is_the_change_of_a_property_or_comes_from_elsewhere(text: str, sources: list[SignalSource]) -> None:
    definitions = definitions_with(f"signals:\n  tested: {text}\n")

    assert [each for each in definitions.signals if each.signal == "tested"] == sources


MISTAKES = {
    "a role too many": (
        "fields:\n  x: {hubspot: x, owner: true, timezone: true}\n",
        ["3:19: a field has one role, not timezone and owner; make two fields"],
    ),
    "a role of another type": (
        "fields:\n  x: {hubspot: x, type: number, owner: true}\n",
        ["3:19: a field for owner holds text; write type: text"],
    ),
    "consent that is text": (
        "fields:\n  x: {hubspot: x, consent: email}\n",
        ["3:3: a field for consent holds boolean; write type: boolean"],
    ),
    "a role given twice": (
        "fields:\n  a: {hubspot: a, owner: true}\n  b: {hubspot: b, owner: true}\n",
        ['4:19: a second field for owner; the first is "a"'],
    ),
    "a value of another type": (
        "fields:\n  x: {hubspot: x, type: number, values: {few: some}}\n",
        ['3:47: "x" is of type number, and "some" is not'],
    ),
    "an unknown type": (
        "fields:\n  x: {hubspot: x, type: txt}\n",
        ['3:25: "txt" is not possible here; did you mean "text"?'],
    ),
    "an unknown key": (
        "fields:\n  x: {hubspt: x}\n",
        ['3:7: unknown key "hubspt" in a field; did you mean "hubspot"?'],
    ),
    "no source": (
        "fields:\n  x: {type: text}\n",
        ['3:3: warning: nothing fills the field "x"; add hubspot: and a property'],
    ),
    "a word of conditions": (
        "fields:\n  any: {hubspot: x}\n",
        ['3:3: "any" is a word of conditions and cannot be a field; give it another name'],
    ),
    "a name with blanks": (
        "fields:\n  Big Deal: {hubspot: x}\n",
        [
            ('3:3: "Big Deal" cannot be a name; names begin with a small letter and have small letters, '
            "digits and _, at most 60")
        ],
    ),
    "no mapping": (
        "fields:\n  x: city\n",
        ['3:6: expected a mapping, found the text "city"; write key: value lines, indented'],
    ),
    "a role that is no boolean": (
        "fields:\n  x: {hubspot: x, owner: please}\n",
        [
            ('3:26: expected true or false, found the text "please"; '
            "write true or false without quotation marks")
        ],
    ),
    "a forgotten value": (
        "fields:\n  x:\n    hubspot: x\n    type:\n",
        ['5:5: nothing stands after "type"; write a value, or remove the key'],
    ),
    "an attribute from nowhere": (
        "signals:\n  x: {hubspot: {when_changed: p, attributes: {size: employes}}}\n",
        ['3:53: unknown field "employes" for an attribute; did you mean "employees"?'],
    ),
    "a signal that is polled": (
        "signals:\n  x: {hubspot: {poll: form_submissions}}\n",
        [
            '3:7: "when_changed" is missing in a signal source; add when_changed:',
            '3:17: polling for a signal ("poll") is not supported yet',
        ],
    ),
    "a signal from Salesforce": (
        "signals:\n  x: {salesforce: {object: Opportunity}}\n",
        ["3:7: Salesforce is not supported yet in a signal"],
    ),
    "a section that is no mapping": (
        "signals: [a, b]\n",
        ['2:1: "signals" must be a mapping: names, and under each what it is; write key: value lines, indented'],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_in_a_field_or_signal_is_told_at_its_place(text: str, words: list[str]) -> None:
    assert mistakes_in(text) == words
