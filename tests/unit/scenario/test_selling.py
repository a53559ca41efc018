"""Scenarios hand leads over: who is given which lead is told by the team and the clock of the story."""

from __future__ import annotations

import pytest

from connector.domain.book import compile_book
from connector.mapping.load import names_in, parse_mapping
from connector.scenario import Scenario, run
from connector.scenario.reading import read_scenarios
from tests.selling import MAPPING

STORIES = """\
format: 1
begins: 2026-09-07 10:00
leads:
  ada: {email: ada@example.com, stage: Lead}
  bob: {email: bob@example.com}
  cyd: {email: cyd@example.com}
scenarios:
  Three leads become hot in the night, and are given out in turn in the morning:
    steps:
      - {at: day 1 20:00, lead: bob, did: [clicked, clicked]}
      - {at: day 1 21:00, lead: ada, did: [clicked, clicked]}
      - {at: day 1 22:00, lead: cyd, did: [clicked, clicked]}
      - {at: day 1 23:00, lead: ada, expect: {sales: {hot: waiting}, handed_over: {hot: day 1 21:00}, owner: ""}}
      - {at: day 2 09:00, lead: bob, expect: {owner: anna, assigned: {hot.anna: day 2 09:00}}}
      - at: day 2 09:00
        lead: ada
        expect: {owner: ben, hubspot: {hubspot_owner_id: "102", lifecyclestage: salesqualifiedlead}}
      - {at: day 2 09:00, lead: cyd, expect: {owner: anna, tasks: "cyd@example.com is ready for sales: *"}}
  Nobody calls, and after four hours of work somebody else hears of it:
    steps:
      - {at: day 1 16:00, lead: ada, did: [clicked, clicked]}
      - {at: day 1 16:00, lead: ada, expect: {assigned: anna}}
      - {at: day 2 11:59, lead: ada, expect: {escalated: []}}
      - at: day 2 12:00
        lead: ada
        expect: {escalated: anna, tasks: ["ada@example.com is ready *", "ada@example.com still waits for anna"]}
      - {at: day 2 16:00, lead: ada, expect: {escalated: anna, assigned: ben, owner: ben}}
  Sales does not want it, and it is nurtured on:
    steps:
      - {lead: ada, did: [clicked, clicked]}
      - {at: day 2 10:00, lead: ada, set: {status: UNQUALIFIED}}
      - at: day 2 10:00
        lead: ada
        expect:
          rejected: hot
          entered: nurture
          programs: {nurture: long}
          sales: {hot: rejected}
          hubspot: {lifecyclestage: lead, hs_lead_status: OPEN}
"""


def stories(text: str = STORIES) -> list[Scenario]:
    mapping = {"m.yaml": MAPPING}
    report, found = read_scenarios(
        {"tests/selling.yaml": text}, compile_book(parse_mapping(mapping)), names_in(mapping)
    )
    assert [str(problem) for problem in report.problems] == []
    return found


@pytest.mark.parametrize("story", stories(), ids=lambda story: story.title)
def test_a_story_of_sales_goes_as_it_is_told(story: Scenario) -> None:
    result = run(story)

    assert result.is_right, result.text


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("owner: ben, hubspot", "owner: anna, hubspot", "ben"),
        ("{assigned: anna}", "{assigned: ben}", "hot.anna"),
        ("{hot: rejected}", "{hot: accepted}", "rejected"),
    ],
)
def test_another_end_is_told(right: str, wrong: str, told: str) -> None:
    results = [run(story) for story in stories(STORIES.replace(right, wrong))]

    (failed,) = [result for result in results if not result.is_right]
    assert told in failed.text


def test_a_rep_that_no_team_has_is_refused() -> None:
    mapping = {"m.yaml": MAPPING}
    text = STORIES.replace("owner: ben, hubspot", "owner: bent, hubspot")

    report, _ = read_scenarios({"s.yaml": text}, compile_book(parse_mapping(mapping)), names_in(mapping))

    assert [problem.message for problem in report.problems] == ['unknown rep "bent"']
