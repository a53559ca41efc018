"""A lead becomes hot, goes to the rep whose turn it is, is not forgotten, and comes back where sales rejects it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connector.domain.book import compile_book
from connector.domain.sales.handover import HandOver, HandOverState
from connector.engine.judging.assignments import verify
from connector.engine.judging.shelf import Shelf
from connector.engine.telling.replay import verify as replayed
from connector.mapping.load import parse_kept
from connector.ports import LeadSummary
from tests.stories.stage import ACME, Stage, on_stage

MAPPING = """\
format: 1
workspace: acme
timezone: Europe/Rome
fields:
  email:     {hubspot: email, identity: true}
  firstname: {hubspot: firstname}
  owner:     {hubspot: hubspot_owner_id, owner: true}
  stage:     {hubspot: lifecyclestage}
  status:    {hubspot: hs_lead_status}
  opted_out: {hubspot: hs_email_optout, type: boolean, consent: email}
signals:
  report_read: {hubspot: {when_changed: last_report_topic, attributes: {topic: value}}}
scores:
  interest: {rules: [{on: report_read, points: 30}]}
lists:
  tips: Coltiva – tips
sales:
  lifecycle: stage
  status: status
  teams:
    inbound:
      hours: {days: mon-fri, hours: "09:00-18:00"}
      reps:
        anna: {hubspot: "ANNA", weight: 2}
        ben:  {hubspot: "BEN", away: 2026-09-07 to 2026-09-07}
    heads:
      reps:
        maria: {hubspot: "MARIA"}
  hand_over:
    hot:
      when: {interest: {gte: 60}}
      owner: {team: inbound}
      lifecycle: salesqualifiedlead
      status: NEW
      next_step: Offer a demo.
      untouched:
        within: 4h
        touched_by: {changed: status, to: [IN_PROGRESS, CONNECTED]}
        then: [maria, next]
      rejected: {changed: status, to: UNQUALIFIED, program: tips, lifecycle: lead}
programs:
  tips:
    enrol: by_hand
    phases:
      month: {activities: {tip: {send: {list: tips}}}}
"""
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
REPS = ("anna", "ben", "maria")


@pytest.fixture
def reps() -> dict[str, str]:
    """Rep -> the owner id that HubSpot gave."""
    return {}


@pytest.fixture
def stage(tmp_path: Path, reps: dict[str, str]) -> Iterator[Stage]:
    with on_stage(tmp_path / "stage") as staged:
        text = MAPPING
        for name in REPS:
            reps[name] = staged.portal.add_owner(f"{name}@example.com", name.title(), "").id
            text = text.replace(name.upper(), reps[name])
        staged.clock.advance(2 * HOUR)  # ten o'clock in Rome
        yield staged.connect({"mapping.yaml": text})


def becomes_hot(stage: Stage, name: str) -> str:
    """Somebody reads two reports, and the portal tells of it."""
    contact_id = stage.portal.create_contact(f"{name}@example.com", firstname=name.title(), lifecyclestage="lead")
    for topic in ("Energy", "Heating"):
        stage.portal.set_property(contact_id, "last_report_topic", topic)
        stage.let_pass(MINUTE, step=MINUTE)
    return contact_id


def says(stage: Stage, contact_id: str, status: str) -> None:
    """A rep sets the lead status."""
    stage.let_pass(MINUTE, step=MINUTE)
    stage.portal.set_property(contact_id, "hs_lead_status", status)
    stage.let_pass(2 * MINUTE, step=MINUTE)


def held(stage: Stage, contact_id: str) -> tuple[str, str, str]:
    """Owner, stage and status, as the portal has them."""
    properties = stage.portal.contact(contact_id)
    return (
        properties.get("hubspot_owner_id", ""),
        properties.get("lifecyclestage", ""),
        properties.get("hs_lead_status", ""),
    )


def lead(stage: Stage, name: str) -> LeadSummary:
    found = stage.store.read_models.lead(ACME, f"{name}@example.com")
    assert found is not None
    return found


def hand_over(stage: Stage, name: str) -> HandOver:
    return lead(stage, name).lead.hand_overs[-1]


def test_leads_go_to_the_reps_who_are_there_in_proportion_to_their_weights(stage: Stage, reps: dict[str, str]) -> None:
    monday = [becomes_hot(stage, name) for name in ("ada", "bob")]
    for one in monday:
        says(stage, one, "IN_PROGRESS")
    stage.let_pass(24 * HOUR, step=HOUR)
    tuesday = [becomes_hot(stage, name) for name in ("cyd", "dan", "eve")]

    anna, ben = reps["anna"], reps["ben"]
    assert [held(stage, one)[0] for one in monday] == [anna, anna]
    assert sorted(held(stage, one)[0] for one in tuesday) == sorted([anna, anna, ben])
    assert (verify(stage.store, ACME).checked, verify(stage.store, ACME).differing) == (5, ())


def test_the_rep_reads_why_now_what_the_lead_did_and_what_to_do(stage: Stage, reps: dict[str, str]) -> None:
    ada = becomes_hot(stage, "ada")

    assert held(stage, ada) == (reps["anna"], "salesqualifiedlead", "NEW")
    (task,) = stage.portal.tasks(ada)
    assert (task["hubspot_owner_id"], task["hs_task_subject"]) == (
        reps["anna"],
        "Ada is ready for sales: interest is at least 60",
    )
    for words in ("60 interest: report_read", "report_read (topic Heating)", "Offer a demo."):
        assert words in task["hs_task_body"]


def test_a_lead_that_nobody_calls_is_told_to_the_head_of_sales_and_then_given_to_the_next_rep(
    stage: Stage, reps: dict[str, str]
) -> None:
    ada = becomes_hot(stage, "ada")

    stage.let_pass(4 * HOUR, step=HOUR)
    assert [task["hubspot_owner_id"] for task in stage.portal.tasks(ada)] == [reps["anna"], reps["maria"]]

    stage.let_pass(24 * HOUR, step=HOUR)
    assert held(stage, ada)[0] == reps["ben"]
    assert stage.portal.tasks(ada)[-1]["hubspot_owner_id"] == reps["ben"]


def test_a_lead_that_sales_does_not_want_is_nurtured_on_and_its_stage_goes_back(stage: Stage) -> None:
    ada = becomes_hot(stage, "ada")
    says(stage, ada, "IN_PROGRESS")
    assert hand_over(stage, "ada").state is HandOverState.TOUCHED

    says(stage, ada, "UNQUALIFIED")

    assert hand_over(stage, "ada").state is HandOverState.REJECTED
    assert held(stage, ada)[1:] == ("lead", "UNQUALIFIED")
    assert "Coltiva – tips" in stage.portal.lists_of(ada)


def test_an_owner_that_a_person_sets_stays_and_our_own_is_no_touch(stage: Stage, reps: dict[str, str]) -> None:
    ada = becomes_hot(stage, "ada")
    stage.let_pass(HOUR, step=10 * MINUTE)  # the portal tells us of what we wrote
    assert hand_over(stage, "ada").state is HandOverState.ASSIGNED

    stage.portal.set_property(ada, "hubspot_owner_id", reps["maria"])
    stage.let_pass(30 * HOUR, step=HOUR)

    assert (held(stage, ada)[0], hand_over(stage, "ada").rep) == (reps["maria"], "maria")
    assert len(stage.portal.tasks(ada)) == 1


def test_all_of_it_follows_from_the_facts_to_the_byte(stage: Stage) -> None:
    ada = becomes_hot(stage, "ada")
    becomes_hot(stage, "bob")
    stage.let_pass(30 * HOUR, step=HOUR)
    says(stage, ada, "UNQUALIFIED")

    result = replayed(stage.store, Shelf(stage.store, lambda stored: compile_book(parse_kept(stored.files))), ACME)

    assert (result.checked, result.differing) == (2, ())
