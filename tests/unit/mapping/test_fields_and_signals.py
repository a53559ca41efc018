from __future__ import annotations

import pytest

from connector.domain.definitions import SignalSource
from connector.domain.field import Field, FieldRole, FieldType
from connector.domain.records.sources import FeedSource, ToldSource
from tests.mapping_files import definitions_with, mistakes_in

FIELDS = {
    "{hubspot: city}": Field("tested", FieldType.TEXT, {"hubspot": ("city",)}),
    "{hubspot: [city, town]}": Field("tested", FieldType.TEXT, {"hubspot": ("city", "town")}),
    "{hubspot: city, salesforce: [Lead.City, Contact.City]}": Field(
        "tested", FieldType.TEXT, {"hubspot": ("city",), "salesforce": ("Lead.City", "Contact.City")}
    ),
    "{hubspot: city, salesforce: Lead.City, prefer: salesforce}": Field(
        "tested",
        FieldType.TEXT,
        {"hubspot": ("city",), "salesforce": ("Lead.City",)},
        prefer="salesforce",
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
    "{salesforce: {when_changed: Lead.Status, to: Working}}": [
        SignalSource("tested", "salesforce", "Lead.Status", ("Working",))
    ],
    "{salesforce: {when_changed: Lead.Rating}, hubspot: {when_changed: a}}": [
        SignalSource("tested", "hubspot", "a"),
        SignalSource("tested", "salesforce", "Lead.Rating"),
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
    "a source without a way": (
        "signals:\n  x: {hubspot: {attributes: {}}}\n",
        [
            ("3:7: a signal source has one of `when_changed`, `deal` and `poll`; "
            "add when_changed: and a property, deal: won, or poll: and a feed")
        ],
    ),
    "a source with two ways": (
        "signals:\n  x: {hubspot: {when_changed: p, poll: meetings}}\n",
        ["3:34: a signal source has one of `when_changed`, `deal` and `poll`; make two sources"],
    ),
    "a feed that HubSpot does not have": (
        "signals:\n  x: {hubspot: {poll: form_submission}}\n",
        ['3:23: "form_submission" is not possible here; did you mean "form_submissions"?'],
    ),
    "email events of any type": (
        "signals:\n  x: {hubspot: {poll: email_events}}\n",
        ['3:17: "type" is missing in a source that polls email_events; add type:'],
    ),
    "an email event that is none": (
        "signals:\n  x: {hubspot: {poll: email_events, type: CLICKED}}\n",
        ['3:43: "CLICKED" is not possible here; did you mean "CLICK"?'],
    ),
    "no list": (
        "signals:\n  x: {hubspot: {poll: list_memberships}}\n",
        ['3:17: "list" is missing in a source that polls list_memberships; add list:'],
    ),
    "a key of another feed": (
        "signals:\n  x: {hubspot: {poll: meetings, list: Customers}}\n",
        ["3:33: `list` belongs to another feed; remove it"],
    ),
    "a key of a feed without one": (
        "signals:\n  x: {hubspot: {when_changed: p, form: Report}}\n",
        ["3:34: `form` belongs to a source with `poll`; remove it"],
    ),
    "a key of a property": (
        "signals:\n  x: {hubspot: {poll: meetings, to: x}}\n",
        ["3:33: `to` belongs to a source with `when_changed` or `deal`; remove it"],
    ),
    "what a feed does not tell": (
        "signals:\n  x: {hubspot: {poll: meetings, attributes: {who: owner}}}\n",
        ['3:33: meetings does not tell "owner"; "who" can be one of title, starts_at, outcome, kind'],
    ),
    "an unknown rule for strangers": (
        "signals:\n  x: {api: {unknown: lookup}}\n",
        ['3:22: "lookup" is not possible here; did you mean "look_up"?'],
    ),
    "an attribute that the API does not take": (
        "signals:\n  x: {api: {attributes: [topic]}}\nsegments:\n  s: {did: x, where: {tpic: a}}\n",
        ['5:23: the signal "x" has no attribute "tpic"; did you mean "topic"?'],
    ),
    "a signal from Salesforce that is polled": (
        "signals:\n  x: {salesforce: {poll: email_events}}\n",
        [('3:20: unknown key "poll" in a signal source; known: attributes, campaign, deal, member, task, '
        "to, type, when_changed")],
    ),
    "a campaign of no member": (
        "signals:\n  x: {salesforce: {task: made, campaign: Fair}}\n",
        ["3:32: `campaign` belongs to a source with `member`; remove it"],
    ),
    "a status that a task did not move to": (
        "signals:\n  x: {salesforce: {task: completed, to: Completed}}\n",
        ["3:37: `to` names the statuses that it moved to; write task: moved"],
    ),
    "a signal of a member that carries what tasks tell": (
        "signals:\n  x: {salesforce: {member: added, attributes: {about: subject}}}\n",
        ['3:35: a member does not tell "subject"; "about" can be one of campaign, campaign_id, status'],
    ),
    "a signal from Salesforce of nothing": (
        "signals:\n  x: {salesforce: {to: Working}}\n",
        [("3:7: a signal source has one of `when_changed`, `deal`, `member` and `task`; "
        "add when_changed: and a field, deal: won, member: responded, or task: completed")],
    ),
    "a field of Salesforce without its object": (
        "fields:\n  x: {salesforce: [Lead.City, City]}\n",
        ['3:31: "City" is no field of a lead or contact in Salesforce; write Lead.City or Contact.City'],
    ),
    "a change of a field of an object that no lead is made of": (
        "signals:\n  x: {salesforce: {when_changed: Account.Rating}}\n",
        ['3:34: "Account.Rating" is no field of a lead or contact in Salesforce; write Lead.Rating or Contact.Rating'],
    ),
    "a deal of Salesforce where only HubSpot's are read": (
        "deals: {hubspot: {won: {stage: won}}}\nsignals:\n  x: {salesforce: {deal: won}}\n",
        ["4:20: no deals are read; add deals: {salesforce: {won: {stage: Closed Won}}}"],
    ),
    "a preference where there is one CRM alone": (
        "fields:\n  x: {hubspot: city, prefer: salesforce}\n",
        ["3:22: only where several CRMs fill a field one can have the say; remove prefer:"],
    ),
    "a section that is no mapping": (
        "signals: [a, b]\n",
        ['2:1: "signals" must be a mapping: names, and under each what it is; write key: value lines, indented'],
    ),
}  # fmt: skip


def test_feeds_are_read_with_what_of_them_is_meant() -> None:
    parts = "{poll: form_submissions, form: [A, B], attributes: {form: form_name}}, {poll: email_events, type: OPEN}"

    feeds = definitions_with(f"signals:\n  tested: {{hubspot: [{parts}, {{when_changed: p}}]}}\n").feeds

    assert feeds == (
        FeedSource("tested", "hubspot", "form_submissions", "A", {"form": "form_name"}),
        FeedSource("tested", "hubspot", "form_submissions", "B", {"form": "form_name"}),
        FeedSource("tested", "hubspot", "email_events", "OPEN"),
    )


def test_signals_of_the_api_are_read_with_what_is_kept_of_them() -> None:
    parts = ("a: {api: {}}", "b: {api: {attributes: [topic, seconds], unknown: look_up}}", "c: {attributes: [x]}")

    told = definitions_with("signals:\n" + "".join(f"  {part}\n" for part in parts)).told

    assert told == (ToldSource("a"), ToldSource("b", frozenset({"topic", "seconds"}), looks_up=True))


@pytest.mark.parametrize(("text", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_in_a_field_or_signal_is_told_at_its_place(text: str, words: list[str]) -> None:
    assert mistakes_in(text) == words
