"""A lead with sales while the mapping changes, programs are paused, and when it may be handed over again."""

from __future__ import annotations

import pytest

from connector.domain.fact import CommandName
from connector.domain.history import HistoryKind as K
from connector.domain.override import Overrides, overridden
from tests.builders import START, Story, after, book_applied, changed, command
from tests.selling import hand_over, mapping, ruled, selling
from tests.unit.domain.test_handing import clicks, given

ENROLLED = command(CommandName.ENROL, START, "nurture")
NEXT = ("then: [maria, next]", "then: [next]")
NOT_HELD = ("      next_step:", "      nurturing: continue\n      next_step:")


def follows(*changes: tuple[str, str], ruling: bool = False) -> Story:
    """A lead with sales, and an hour later another mapping."""
    first, second = mapping(), mapping(*changes)
    story = clicks(Story(first, second).receive(ENROLLED), after(minutes=1), after(minutes=2))
    if ruling:
        story.receive(ruled(after(minutes=10)))
    return story.receive(book_applied(after(hours=1), second.version))


def test_a_lead_that_waits_for_a_rep_asks_by_the_rules_of_a_new_mapping() -> None:
    story = follows(("owner: {team: inbound}", "owner: maria"))

    (petition,) = story.lead.petitions.values()
    assert (petition.data["team"], petition.data["rep"], petition.at) == ("heads", "maria", after(hours=1))


def test_a_lead_that_has_a_rep_asks_for_no_other_by_a_new_mapping() -> None:
    story = follows(("owner: {team: inbound}", "owner: maria"), ruling=True)

    assert story.lead.petitions == {}
    assert (hand_over(story).rep, hand_over(story).due_at) == ("anna", after(hours=4, minutes=10))


def test_programs_go_on_as_soon_as_a_new_mapping_does_not_hold_them_back() -> None:
    story = follows(NOT_HELD)

    assert [(entry.at, entry.subject) for entry in story.told(K.RESUMED)] == [(after(hours=1), "nurture")]


def test_programs_stand_still_as_soon_as_a_new_mapping_holds_them_back() -> None:
    first, second = mapping(NOT_HELD), mapping()
    story = clicks(Story(first, second).receive(ENROLLED), after(minutes=1), after(minutes=2))

    story.receive(book_applied(after(hours=1), second.version))

    (paused,) = story.told(K.PAUSED)
    assert (paused.at, paused.detail["by"]) == (after(hours=1), "sales has the lead")


def test_a_lead_that_rose_higher_than_a_new_mapping_knows_is_escalated_no_more() -> None:
    first, second = mapping(), mapping(NEXT)
    story = clicks(Story(first, second).receive(ENROLLED), after(minutes=1), after(minutes=2))
    story.receive(ruled(after(minutes=10))).let_pass(after(hours=5))

    story.receive(book_applied(after(hours=6), second.version)).let_pass(after(days=9))

    assert (hand_over(story).level, hand_over(story).due_at, hand_over(story).rep) == (1, None, "anna")
    assert len(story.told(K.ESCALATED)) == 1


def test_a_program_that_was_paused_meanwhile_does_not_go_on_when_sales_is_done() -> None:
    plain = mapping()
    still = overridden(plain, Overrides(paused=("nurture",)))
    story = clicks(Story(plain, still).receive(ENROLLED), after(minutes=1), after(minutes=2))
    story.receive(ruled(after(minutes=10)), book_applied(after(hours=1), still.version))

    story.receive(changed(after(hours=2), lifecyclestage="customer")).let_pass(after(days=9))

    assert (story.sent(), story.enrolment("nurture").put_off) == ([], "the program is paused")


@pytest.mark.parametrize(("changes", "stands"), [((), "sales has the lead"), ((NOT_HELD,), "")], ids=["held", "not"])
def test_a_program_that_was_paused_before_goes_on_only_when_sales_is_done(
    changes: tuple[tuple[str, str], ...], stands: str
) -> None:
    plain = mapping(*changes)
    still = overridden(plain, Overrides(paused=("nurture",)))
    story = Story(plain, still).receive(ENROLLED, book_applied(after(ms=1), still.version))
    clicks(story, after(minutes=1), after(minutes=2)).receive(ruled(after(minutes=10)))

    story.receive(book_applied(after(hours=1), plain.version))

    assert story.enrolment("nurture").put_off == stands
    story.receive(changed(after(hours=2), lifecyclestage="customer")).let_pass(after(days=2))
    assert [activity for _, activity in story.sent()] == ["hello"]


def test_what_a_person_paused_stays_so_when_sales_is_done() -> None:
    story = selling().receive(ENROLLED, command(CommandName.PAUSE, after(minutes=1), "nurture"))
    clicks(story, after(minutes=2), after(minutes=3)).receive(ruled(after(minutes=10)))

    story.receive(changed(after(hours=2), lifecyclestage="customer")).let_pass(after(days=9))

    assert story.sent() == []


def test_a_hand_over_that_a_new_mapping_does_not_have_says_so() -> None:
    story = follows(("    hot:\n", "    warm:\n"), ("sales: hot", "sales: warm"))

    assert (hand_over(story).reason, story.lead.petitions) == ("no longer in the mapping", {})
    assert [entry.detail["by"] for entry in story.told(K.CLOSED)] == ["no longer in the mapping"]


# --- conditions of sales ---


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("closed: {changed: stage, to: Customer}", "closed: {when: {country: DE}}", K.CLOSED),
        ("accepted: {changed: status, to: OPEN_DEAL}", "accepted: {when: {country: DE}}", K.ACCEPTED),
        ("touched_by: [called, ", "touched_by: [{when: {country: DE}}, ", K.TOUCHED),
        ("- {changed: status, to: BAD_TIMING}", "- {when: {country: DE}}", K.REJECTED),
    ],
)
def test_sales_may_be_done_with_a_lead_by_a_condition_that_comes_to_hold(old: str, new: str, kind: K) -> None:
    story = given((old, new), country="IT").receive(changed(after(hours=1), country="FR"))
    assert story.told(kind) == []

    story.receive(changed(after(hours=2), country="DE"))

    assert [(entry.at, entry.detail["by"]) for entry in story.told(kind)] == [(after(hours=2), "its condition")]


# --- why not ------------------------------------------------------------------------------------------------


def whys(story: Story) -> list[str]:
    return [str(entry.detail["why"]) for entry in story.told(K.NOT_HANDED_OVER)]


def rejected(*changes: tuple[str, str]) -> Story:
    """A lead that sales did not want, in a program that hands over at its end."""
    story = given(*changes).receive(changed(after(hours=1), hs_lead_status="BAD_TIMING"))
    return story.receive(command(CommandName.ENROL, after(hours=2), "nurture")).let_pass(after(days=2))


def test_where_the_mapping_says_never_a_lead_is_handed_over_once() -> None:
    story = clicks(rejected(("again: 10d", "again: never")), after(days=3))

    assert whys(story) == ["it was handed over before"]


@pytest.mark.parametrize(("minutes", "times"), [(-1, 1), (0, 2)])
def test_a_lead_is_handed_over_again_from_the_very_moment_that_the_mapping_says(minutes: int, times: int) -> None:
    story = rejected(("within: 7d", "within: 30d"))

    clicks(story, after(days=10, hours=1, minutes=minutes))

    assert len(story.lead.hand_overs) == times
