from __future__ import annotations

from datetime import timedelta

import pytest

from connector.domain.conditions.condition import SegmentTest
from connector.domain.definitions import ListRule, WriteBack
from connector.domain.programs.program import Note, Task
from tests.mapping_files import definitions_with, mistakes_in

LISTS = {
    "{hubspot: Hot, when: {segment: big}}": ListRule("tested", {"hubspot": "Hot"}, SegmentTest("big")),
    "{hubspot: {list: Hot}, when: {segment: big}}": ListRule("tested", {"hubspot": "Hot"}, SegmentTest("big")),
    "{salesforce: {campaign: Hot}, when: {segment: big}}": ListRule(
        "tested", {"salesforce": "Hot"}, SegmentTest("big")
    ),
    "{hubspot: Hot, salesforce: Warm, when: {segment: big}}": ListRule(
        "tested", {"hubspot": "Hot", "salesforce": "Warm"}, SegmentTest("big")
    ),
}


@pytest.mark.parametrize(("text", "rule"), LISTS.items(), ids=LISTS)
def test_a_list_has_a_title_in_the_crm_and_those_who_belong_on_it(text: str, rule: ListRule) -> None:
    assert definitions_with(f"lists:\n  tested: {text}\n").lists[-1] == rule


def test_a_list_that_activities_fill_is_its_title_alone() -> None:
    assert definitions_with("").lists == (ListRule("greeting", {"hubspot": "Greeting"}),)


WRITTEN = {
    "fit": WriteBack("hubspot", "p_x", ("score", "fit", "points"), "number", "P x"),
    "fit.points": WriteBack("hubspot", "p_x", ("score", "fit", "points"), "number", "P x"),
    "fit.grade": WriteBack("hubspot", "p_x", ("score", "fit", "grade"), "string", "P x"),
    "fit.why": WriteBack("hubspot", "p_x", ("score", "fit", "why"), "string", "P x"),
    "welcome.phase": WriteBack("hubspot", "p_x", ("program", "welcome", "phase"), "string", "P x"),
    "welcome.activity": WriteBack("hubspot", "p_x", ("program", "welcome", "activity"), "string", "P x"),
    "welcome.state": WriteBack("hubspot", "p_x", ("program", "welcome", "state"), "string", "P x"),
    "segments": WriteBack("hubspot", "p_x", ("segments",), "string", "P x"),
    "industry": WriteBack("hubspot", "p_x", ("field", "industry"), "string", "P x"),
    "{value: fit, label: Coltiva fit}": WriteBack(
        "hubspot", "p_x", ("score", "fit", "points"), "number", "Coltiva fit"
    ),
}


@pytest.mark.parametrize(("text", "written"), WRITTEN.items(), ids=WRITTEN)
def test_a_property_is_written_from_scores_programs_segments_and_fields(text: str, written: WriteBack) -> None:
    assert definitions_with(f"write_back: {{hubspot: {{p_x: {text}}}}}\n").write_back == (written,)


def test_a_field_of_both_objects_of_salesforce_or_of_one_is_written() -> None:
    text = "write_back: {salesforce: {acme__Score__c: fit, Lead.Rating: fit.grade}}\n"

    assert definitions_with(text).write_back == (
        WriteBack("salesforce", "acme__Score__c", ("score", "fit", "points"), "number", "Acme  score  c"),
        WriteBack("salesforce", "Lead.Rating", ("score", "fit", "grade"), "string", "Lead.rating"),
    )


def test_a_notification_is_a_task_a_note_or_both() -> None:
    definitions = definitions_with(
        "notifications:\n  hot: {when: {segment: big}, task: Call, note: [One, Two], again: after 7d}\n"
    )

    (notification,) = definitions.notifications
    assert notification.when == SegmentTest("big")
    assert [type(act) for act in notification.acts] == [Task, Note, Note]
    assert notification.again_after == timedelta(days=7)


MISTAKES = {
    "an unknown value": (
        "write_back: {hubspot: {a: fitt}}\n",
        ['2:27: unknown value "fitt" to write; did you mean "fit"?'],
    ),
    "an unknown part of a score": (
        "write_back: {hubspot: {a: fit.total}}\n",
        ['2:27: a score has no "total"; write fit, fit.grade or fit.why'],
    ),
    "a program as such": (
        "write_back: {hubspot: {a: welcome}}\n",
        ["2:27: a program has no value of its own; write welcome.phase, welcome.activity or welcome.state"],
    ),
    "an unknown part of a program": (
        "write_back: {hubspot: {a: welcome.step}}\n",
        ['2:27: a program has no "step"; write welcome.phase, welcome.activity or welcome.state'],
    ),
    "a property twice": (
        "write_back:\n  hubspot:\n    a: fit\n    a: fit.grade\n",
        ['5:5: duplicate key "a"; it stands in line 4 already'],
    ),
    "a field of an object that no lead is made of": (
        "write_back: {salesforce: {Account.Score__c: fit}}\n",
        [
            (
                '2:27: "Account.Score__c" is no field of a lead or contact in Salesforce'
                "; write Lead.Score__c or Contact.Score__c"
            )
        ],
    ),
    "a list without a title": (
        "lists:\n  x: {when: {segment: big}}\n",
        ["3:3: no CRM keeps this list; add hubspot: and the list's name, or salesforce: and a campaign"],
    ),
    "a notification that says nothing": (
        "notifications:\n  x: {when: {segment: big}}\n",
        ["3:3: a notification tells by a task, a note, an alert or a post; add task:"],
    ),
    "a notification for nothing": (
        "notifications:\n  x: {task: Call}\n",
        ['3:3: "when" is missing in a notification; add when:'],
    ),
}


@pytest.mark.parametrize(("text", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_in_what_is_done_is_told_at_its_place(text: str, words: list[str]) -> None:
    assert mistakes_in(text) == words
