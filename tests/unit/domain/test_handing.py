"""A lead with sales: it asks for a rep, is given one, is not forgotten, and comes back when sales does not want it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from connector.domain.fact import CommandName
from connector.domain.fact import RecordName as R
from connector.domain.history import HistoryKind
from connector.domain.petition import PetitionKind
from connector.domain.programs.enrolment import EnrolmentState
from connector.domain.sales.handover import HandOverState, Turn, to_state
from connector.errors import InvariantError
from tests.builders import CRM, START, Story, after, archived, changed, command, record, restored, signal
from tests.selling import hand_over, mapping, ruled, selling

K, S = HistoryKind, HandOverState


def clicks(story: Story, *moments: datetime) -> Story:
    return story.receive(*(signal("clicked", at, what="the report") for at in moments))


def hot(*changes: tuple[str, str], **properties: str) -> Story:
    """A lead that clicked twice: it is to be handed over."""
    return clicks(selling(*changes, **properties), after(minutes=1), after(minutes=2))


def given(*changes: tuple[str, str], **properties: str) -> Story:
    """A lead that anna has since ten minutes past ten in Rome."""
    return hot(*changes, **properties).receive(ruled(after(minutes=10)))


def wanted(story: Story) -> dict[str, str]:
    """What HubSpot is to hold of what sales looks at."""
    return dict(story.lead.desired[CRM].properties)


def tasks(story: Story) -> list[tuple[str, str]]:
    return [(act.owner, act.subject) for act in story.acts.values()]


# --- asking -------------------------------------------------------------------------------------------------


def test_a_lead_that_reaches_the_threshold_asks_for_a_rep() -> None:
    story = hot()

    (petition,) = story.lead.petitions.values()
    assert (petition.key, petition.kind, petition.subject) == ("sales:hot:1:1", PetitionKind.ASSIGNMENT, "hot")
    assert (petition.at, petition.data["team"], petition.data["may"]) == (after(minutes=2), "inbound", ("anna", "ben"))
    assert hand_over(story).state is S.WAITING


def test_what_is_asked_for_waits_as_long_as_facts_may_be_late() -> None:
    story = hot(("timezone: Europe/Rome\n", "timezone: Europe/Rome\nsettle: 5m\n"))

    assert story.lead.petitions["sales:hot:1:1"].due_at == after(minutes=7)


def test_a_lead_is_handed_over_once_for_as_long_as_the_threshold_holds() -> None:
    story = clicks(hot(), after(minutes=3), after(days=30))

    assert len(story.lead.hand_overs) == 1


def test_a_lead_is_not_handed_over_by_the_very_deed_with_which_sales_is_done() -> None:
    closes = ("      closed: {changed: stage, to: Customer}\n", "      closed: called\n")
    warms = ("{on: clicked, points: 10}", "{on: clicked, points: 10}, {on: called, points: 15}")
    story = clicks(selling(closes, warms), after(minutes=1)).receive(signal("called", after(minutes=2)))

    assert (story.lead.hand_overs, story.lead.petitions, tasks(story)) == ((), {}, [])
    assert "owner" not in story.lead.own
    (told,) = story.told(HistoryKind.NOT_HANDED_OVER)
    assert (told.subject, told.detail) == ("hot", {"why": "what would close it has just happened"})


def test_what_closes_a_hand_over_bars_none_that_comes_later() -> None:
    closes = ("      closed: {changed: stage, to: Customer}\n", "      closed: called\n")
    story = selling(closes).receive(signal("called", after(minutes=1)))

    clicks(story, after(minutes=2), after(minutes=3))

    assert hand_over(story).state is S.WAITING


def test_a_lead_whose_record_is_deleted_is_not_handed_over() -> None:
    story = selling().receive(archived(after(minutes=1)))

    clicks(story, after(minutes=2), after(minutes=3))

    assert story.lead.hand_overs == ()


def test_a_lead_that_was_hot_before_we_heard_of_it_is_handed_over_when_it_is_restored() -> None:
    story = selling().receive(archived(after(minutes=1)))
    clicks(story, after(minutes=2), after(minutes=3)).receive(restored(after(hours=1)))

    assert hand_over(story).began_at == after(hours=1)


def test_a_program_hands_over_at_its_end() -> None:
    story = selling().receive(command(CommandName.ENROL, START, "nurture"))
    story.let_pass(after(days=1))

    clicks(story, after(days=1, minutes=1))

    assert story.enrolment("nurture").state is EnrolmentState.COMPLETED
    assert hand_over(story).because == "program nurture completed"


def test_sales_has_a_lead_once_at_a_time() -> None:
    other = (
        "  hand_over:\n",
        "  hand_over:\n    warm: {when: {heat: {gte: 30}}, owner: {team: inbound}, rejected: called}\n",
    )
    story = clicks(hot(other), after(minutes=3))

    assert [each.name for each in story.lead.hand_overs] == ["hot"]
    (told,) = story.told(K.NOT_HANDED_OVER)
    assert told.detail["why"] == "sales has it already, by hot"


@pytest.mark.parametrize(
    ("owner", "asked"),
    [
        pytest.param("maria", {"team": "heads", "rep": "maria"}, id="a rep"),
        pytest.param("[{when: {country: DE}, rep: ben}, {team: inbound}]", {"team": "inbound", "rep": "ben"}, id="by"),
        pytest.param("[{when: {country: FR}, rep: ben}, {team: heads}]", {"team": "heads"}, id="else"),
        pytest.param("{rep: keep, team: inbound}", {"team": "inbound", "keep": "ben"}, id="keep"),
        pytest.param("{rep: keep, team: heads}", {"team": "heads"}, id="keep, of another team"),
    ],
)
def test_rules_say_who_is_asked_for(owner: str, asked: dict[str, str]) -> None:
    story = hot(("owner: {team: inbound}", f"owner: {owner}"), country="DE", hubspot_owner_id="102")

    data = story.lead.petitions["sales:hot:1:1"].data
    assert {key: data[key] for key in ("team", "rep", "keep") if key in data} == asked


def test_only_reps_who_take_such_leads_are_asked() -> None:
    story = hot(('ben: {hubspot: "102"}', 'ben: {hubspot: "102", takes: {country: DE}}'), country="IT")

    assert story.lead.petitions["sales:hot:1:1"].data["may"] == ("anna",)


# --- being given a rep --------------------------------------------------------------------------------------


def test_the_crm_is_told_the_owner_the_stage_and_the_status() -> None:
    story = given(lifecyclestage="lead")

    expected = {"hubspot_owner_id": "101", "lifecyclestage": "salesqualifiedlead", "hs_lead_status": "NEW"}
    assert wanted(story) == expected
    assert (story.lead.fields["owner"], story.lead.fields["stage"]) == ("101", "SQL")


def test_a_lifecycle_stage_never_goes_back_on_the_way_to_sales() -> None:
    story = given(lifecyclestage="customer")

    assert "lifecyclestage" not in wanted(story)


def test_a_stage_of_the_portals_own_is_left_to_the_crm_to_judge() -> None:
    story = given(lifecyclestage="123456")

    assert wanted(story)["lifecyclestage"] == "salesqualifiedlead"


def test_the_rep_is_told_why_now_what_the_lead_did_and_what_to_do() -> None:
    story = given(firstname="Ada")

    (act,) = story.acts.values()
    assert (act.owner, act.subject) == ("101", "Ada is ready for sales: heat is at least 20")
    for words in ("20 heat: clicked", "7 September 2026: clicked (what the report)", "Offer a demo"):
        assert words in act.body


def test_a_ruling_for_a_lead_that_is_not_hot_any_more_changes_nothing() -> None:
    story = selling().receive(ruled(after(minutes=10)))

    assert (story.lead.hand_overs, story.acts, wanted(story)) == ((), {}, {})
    assert [entry.subject for entry in story.told(K.UNCLAIMED)] == ["sales:hot:1:1"]


def test_a_ruling_that_came_before_its_petition_counts_when_it_is_filed() -> None:
    story = selling().receive(ruled(after(minutes=1)))

    clicks(story, after(minutes=5), after(minutes=6))

    assert (hand_over(story).state, hand_over(story).assigned_at) == (S.ASSIGNED, after(minutes=6))
    assert story.lead.petitions == {}


def test_a_late_fact_that_brings_the_hand_over_forward_keeps_its_rep() -> None:
    story = given()

    story.receive(signal("clicked", START, what="an older report"), now=after(hours=1))

    assert (hand_over(story).began_at, hand_over(story).rep) == (after(minutes=1), "anna")


# --- nobody is forgotten ------------------------------------------------------------------------------------


def test_an_untouched_lead_is_escalated_in_the_working_time_of_its_rep() -> None:
    story = given().let_pass(after(hours=4, minutes=9))
    assert story.told(K.ESCALATED) == []

    story.let_pass(after(days=4))

    first, second = story.told(K.ESCALATED)
    assert (first.at, second.at) == (after(hours=4, minutes=10), after(days=1, hours=0, minutes=10))
    assert tasks(story)[1] == ("109", "ada@example.com still waits for anna")


def test_the_last_step_gives_the_lead_to_the_next_rep() -> None:
    story = given().let_pass(after(days=1, hours=2))

    assert (hand_over(story).state, hand_over(story).had) == (S.WAITING, ("anna",))
    assert story.lead.petitions["sales:hot:1:2"].data["had"] == ("anna",)

    story.receive(ruled(after(days=1, hours=3), "ben", "sales:hot:1:2"))

    assert (hand_over(story).rep, wanted(story)["hubspot_owner_id"]) == ("ben", "102")
    assert [owner for owner, _ in tasks(story)] == ["101", "109", "102"]


@pytest.mark.parametrize(
    "touch",
    [
        pytest.param(signal("called", after(hours=1)), id="a signal"),
        pytest.param(changed(after(hours=1), hs_lead_status="IN_PROGRESS"), id="a field"),
    ],
)
def test_a_lead_that_was_touched_is_not_escalated(touch: object) -> None:
    story = given().receive(touch).let_pass(after(days=9))  # type: ignore[arg-type]

    assert hand_over(story).state is S.TOUCHED
    assert story.told(K.ESCALATED) == []


def test_another_change_of_the_status_is_no_touch() -> None:
    story = given().receive(changed(after(hours=1), hs_lead_status="OPEN"))

    assert hand_over(story).state is S.ASSIGNED


# --- what persons do ----------------------------------------------------------------------------------------


def test_a_person_who_gives_the_lead_to_somebody_else_is_respected() -> None:
    story = given().receive(changed(after(hours=1), hubspot_owner_id="777")).let_pass(after(days=9))

    assert (hand_over(story).state, hand_over(story).owner, hand_over(story).rep) == (S.TOUCHED, "777", "")
    assert story.told(K.ESCALATED) == []
    assert "hubspot_owner_id" not in wanted(story)


def test_a_person_who_takes_a_waiting_lead_is_respected() -> None:
    story = hot().receive(changed(after(minutes=5), hubspot_owner_id="102"))

    assert (hand_over(story).state, hand_over(story).rep) == (S.TOUCHED, "ben")
    assert story.lead.petitions == {}


def test_a_ruling_that_crosses_a_take_over_changes_nothing() -> None:
    story = hot().receive(changed(after(minutes=5), hubspot_owner_id="102"), ruled(after(minutes=6)))

    assert hand_over(story).rep == "ben"
    assert "hubspot_owner_id" not in wanted(story)


def test_a_record_that_is_read_before_our_owner_was_written_is_no_take_over() -> None:
    story = given(hubspot_owner_id="55").receive(record(R.READ, after(minutes=11), hubspot_owner_id="55"))

    assert (hand_over(story).state, wanted(story)["hubspot_owner_id"]) == (S.ASSIGNED, "101")
    assert story.lead.fields["owner"] == "101"


def test_a_record_that_shows_a_third_owner_is_a_take_over() -> None:
    story = given(hubspot_owner_id="55").receive(record(R.READ, after(minutes=11), hubspot_owner_id="77"))

    assert (hand_over(story).state, hand_over(story).owner) == (S.TOUCHED, "77")


def test_once_the_crm_was_seen_to_hold_our_owner_the_former_one_is_news() -> None:
    story = given(hubspot_owner_id="55").receive(record(R.READ, after(minutes=11), hubspot_owner_id="101"))
    assert hand_over(story).state is S.ASSIGNED

    story.receive(record(R.READ, after(minutes=12), hubspot_owner_id="55"))

    assert hand_over(story).owner == "55"


def test_a_lead_whose_owner_is_removed_is_no_longer_with_sales() -> None:
    story = given().receive(changed(after(hours=1), hubspot_owner_id=""))

    assert (hand_over(story).state, hand_over(story).reason) == (S.CLOSED, "its owner was removed in the CRM")


def test_a_stage_that_a_person_sets_stands() -> None:
    story = given().receive(changed(after(hours=1), lifecyclestage="opportunity"))

    assert "lifecyclestage" not in wanted(story)
    assert wanted(story)["hubspot_owner_id"] == "101"


# --- the verdict of sales -----------------------------------------------------------------------------------


def test_an_accepted_lead_is_not_escalated_and_stays_with_sales() -> None:
    story = given().receive(changed(after(hours=1), hs_lead_status="OPEN_DEAL")).let_pass(after(days=9))

    assert (hand_over(story).state, hand_over(story).is_open) == (S.ACCEPTED, True)
    assert hand_over(story).reason == "status is now OPEN_DEAL"
    assert story.told(K.ESCALATED) == []


def test_a_rejected_lead_is_nurtured_on_where_the_mapping_says_and_its_stage_goes_back() -> None:
    story = given(lifecyclestage="lead").receive(changed(after(hours=1), hs_lead_status="UNQUALIFIED"))

    assert (hand_over(story).state, hand_over(story).reason) == (S.REJECTED, "status is now UNQUALIFIED")
    assert story.enrolment("nurture").phase == "long"
    assert (wanted(story)["lifecyclestage<"], wanted(story)["hs_lead_status"]) == ("lead", "OPEN")
    assert "lifecyclestage" not in wanted(story)


def test_an_accepted_lead_may_still_be_rejected() -> None:
    story = given().receive(changed(after(hours=1), hs_lead_status="OPEN_DEAL"))

    story.receive(changed(after(days=20), hs_lead_status="BAD_TIMING"))

    assert hand_over(story).state is S.REJECTED
    assert story.lead.enrolments == ()


def test_sales_is_done_with_a_customer() -> None:
    story = given().receive(changed(after(days=3), lifecyclestage="customer"))

    assert (hand_over(story).state, hand_over(story).is_open) == (S.CLOSED, False)


@pytest.mark.parametrize(("days", "times"), [(9, 1), (11, 2)])
def test_a_rejected_lead_is_handed_over_again_only_after_a_while(days: float, times: int) -> None:
    story = given().receive(changed(after(hours=1), hs_lead_status="BAD_TIMING"))
    story.receive(command(CommandName.ENROL, after(days=days - 2), "nurture"))

    clicks(story, after(days=days - 0.5), after(days=days))

    assert len(story.lead.hand_overs) == times


def test_a_hand_over_that_another_mapping_does_not_have_ends() -> None:
    from connector.domain.fact import Fact, FactKind

    first, second = mapping(), mapping(("    hot:\n", "    warm:\n"), ("sales: hot", "sales: warm"))
    story = Story(first, second).receive(ruled(START))
    clicks(story, after(minutes=1), after(minutes=2))

    story.receive(Fact("book", after(hours=1), FactKind.BOOK, second.version, "cli"))

    assert (story.lead.hand_overs[0].state, story.lead.hand_overs[0].due_at) == (S.WITHDRAWN, None)


# --- programs meanwhile -------------------------------------------------------------------------------------


def nurtured(*changes: tuple[str, str]) -> Story:
    """A lead in a program, about to be sent something, that becomes hot before that."""
    story = selling(*changes).receive(command(CommandName.ENROL, START, "nurture"))
    return clicks(story, after(minutes=1), after(minutes=2))


def test_programs_stand_still_while_sales_has_the_lead() -> None:
    story = nurtured().let_pass(after(days=5))

    assert story.sent() == []
    assert [entry.detail["by"] for entry in story.told(K.PAUSED)] == ["sales has the lead"]


def test_programs_go_on_where_they_stood_when_sales_rejects() -> None:
    story = nurtured().receive(ruled(after(minutes=10)))

    story.receive(changed(after(days=5), hs_lead_status="BAD_TIMING")).let_pass(after(days=7))

    assert story.sent() == [(after(days=6) - timedelta(minutes=2), "hello")]


def test_programs_go_on_where_the_mapping_says_so() -> None:
    story = nurtured(("      next_step:", "      nurturing: continue\n      next_step:")).let_pass(after(days=5))

    assert story.sent() == [(after(days=1), "hello")]


def test_a_program_that_is_entered_meanwhile_stands_still_too() -> None:
    story = given().receive(command(CommandName.ENROL, after(hours=1), "nurture")).let_pass(after(days=5))

    assert story.sent() == []
    assert story.enrolment("nurture").put_off == "sales has the lead"


@pytest.mark.parametrize("states", ["any", "hot", "{hot: [assigned, waiting]}", "{any: assigned}"])
def test_conditions_know_whether_sales_has_the_lead(states: str) -> None:
    story = given(("lists:\n", f"segments:\n  theirs: {{sales: {states}}}\nlists:\n"))
    assert "segment:theirs" in story.lead.holding

    story.receive(changed(after(hours=1), hs_lead_status="BAD_TIMING"))

    assert "segment:theirs" not in story.lead.holding


def test_a_hand_over_moves_by_its_table_alone() -> None:
    with pytest.raises(InvariantError, match="a hand-over that is rejected cannot accept"):
        to_state(S.REJECTED, Turn.ACCEPT)
