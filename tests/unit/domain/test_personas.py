"""Personas: the first that fits, and what follows from a change."""

from __future__ import annotations

from datetime import timedelta

from connector.domain.conditions.condition import AllOf, Not, Op, PersonaTest, SegmentTest, SignalTest
from connector.domain.definitions import ListRule, Notification, Persona, Segment, WriteBack
from connector.domain.history import HistoryKind
from connector.domain.traits.score import EngagementRule, FitRule, Score
from tests.builders import (
    CRM,
    START,
    Story,
    after,
    archived,
    baseline,
    book_applied,
    changed,
    definitions,
    did,
    field_is,
    note,
    score_is,
    signal,
    task,
)

BANKER = Persona("banker", field_is("industry", "banking"))
READER = Persona("reader", did("read", within=timedelta(days=7)))
VISITOR = Persona("visitor", AllOf(()))
THREE = (BANKER, READER, VISITOR)


def assigned(story: Story) -> list[tuple[object, str, object]]:
    return [(entry.at, entry.subject, entry.detail["was"]) for entry in story.told(HistoryKind.PERSONA)]


def test_a_lead_has_its_persona_from_the_first_moment_on() -> None:
    story = Story(personas=THREE).receive(baseline(industry="banking"))

    assert (story.lead.persona, story.lead.persona_since) == ("banker", START)
    assert assigned(story) == [(START, "banker", "")]


def test_of_several_personas_that_fit_the_first_counts() -> None:
    story = Story(personas=THREE).receive(baseline(industry="banking"), signal("read", after(1)))

    assert assigned(story) == [(START, "banker", "")]


def test_the_persona_changes_with_the_fields_and_with_time_and_the_timeline_tells_from_what() -> None:
    story = Story(personas=THREE).receive(baseline(), signal("read", after(1)), changed(after(2), industry="banking"))

    story.receive(changed(after(3), industry="")).let_pass(after(30))

    assert assigned(story) == [
        (START, "visitor", ""),
        (after(1), "reader", "visitor"),
        (after(2), "banker", "reader"),
        (after(3), "reader", "banker"),
        (after(8, minutes=1), "visitor", "reader"),
    ]
    assert story.lead.wake_at is None


def test_without_a_fallback_a_lead_may_have_no_persona() -> None:
    story = Story(personas=(BANKER,)).receive(baseline(industry="banking"), changed(after(1), industry="retail"))

    assert (story.lead.persona, story.lead.persona_since) == ("", None)
    assert assigned(story)[-1] == (after(1), "", "banker")


def test_what_looks_at_the_persona_follows_at_once() -> None:
    is_banker = PersonaTest("banker")
    story = Story(
        personas=THREE,
        segments=(Segment("money", is_banker), Segment("rich", SegmentTest("money"))),
        scores=(Score("fit", (FitRule("a banker", is_banker, 20.0),)),),
        lists=(ListRule("others", {CRM: "Others"}, Not(is_banker)),),
        notifications=(Notification("hot", is_banker, (task("{persona}"), note("{persona}"))),),
        write_back=(WriteBack(CRM, "persona", ("persona",)),),
    ).receive(baseline())
    before = story.lead.desired[CRM]

    story.receive(changed(after(1), industry="banking"))

    assert (before.properties, list(before.lists)) == ({"persona": "visitor"}, ["Others"])
    assert (story.lead.desired[CRM].properties, story.lead.desired[CRM].lists) == ({"persona": "banker"}, {})
    assert {"segment:money", "segment:rich"} <= story.lead.holding.keys()
    assert story.points("fit", after(1)) == 20
    assert [act.subject or act.body for act in story.acts.values()] == ["banker", "banker"]


def test_a_persona_may_depend_on_a_score() -> None:
    clicks = Score("clicks", (EngagementRule("click", SignalTest("clicked"), 10.0),))
    keen = Persona("keen", score_is("clicks", Op.GTE, 20.0))
    story = Story(scores=(clicks,), personas=(keen, VISITOR)).receive(baseline())

    story.receive(signal("clicked", after(1)), signal("clicked", after(2)))

    assert assigned(story) == [(START, "visitor", ""), (after(2), "keen", "visitor")]


def test_a_new_mapping_assigns_anew_and_tells_it() -> None:
    second = definitions("v2", personas=(Persona("fan", did("read")), VISITOR))
    story = Story(definitions(personas=THREE), second).receive(baseline(industry="banking"), signal("read", after(1)))

    story.receive(book_applied(after(2), "v2"))

    assert assigned(story)[-1] == (after(2), "fan", "banker")


def test_a_mapping_without_personas_leaves_none_behind() -> None:
    story = Story(definitions(personas=THREE), definitions("v2")).receive(baseline())

    story.receive(book_applied(after(2), "v2"))

    assert (story.lead.persona, story.lead.persona_since) == ("", None)


def test_an_archived_lead_keeps_its_persona() -> None:
    story = Story(personas=THREE).receive(baseline(), signal("read", after(1)), archived(after(2)))

    story.let_pass(after(30))

    assert story.lead.persona == "reader"
