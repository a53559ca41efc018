"""Scenarios pause programs for everybody, and let splits be decided."""

from __future__ import annotations

import pytest

from connector.domain.book import compile_book
from connector.mapping.load import names_in, parse_mapping
from connector.scenario import run
from connector.scenario.reading import read_scenarios
from tests.unit.scenario.stories import HEAD, mistakes_in, passes

SPLIT = """\
format: 1
workspace: small
timezone: Europe/Rome
signals: {came: }
programs:
  p:
    enrol: came
    phases:
      one:
        activities:
          subject:
            split:
              long: {share: 50, activities: {long_one: {send: {note: A}}}}
              short: {share: 50, activities: {short_one: {send: {note: B}}}}
"""

STORY = """\
format: 1
begins: 2026-09-07 09:00
scenarios:
  decided:
    steps:
      - {at: day 1 10:00, winner: {subject: CASE}}
      - {did: came, expect: {sent: CASE_one}}
"""


def test_while_a_program_stands_still_nothing_of_it_is_sent_and_then_it_comes_so_much_later() -> None:
    assert passes("""
        - {at: day 1 10:00, did: came, expect: {sent: first}}
        - {at: day 2 10:00, pause_program: welcome}
        - {at: day 9 10:00, expect: {sent: [], unanswered: []}}
        - {at: day 9 10:00, resume_program: welcome}
        - {at: day 10 10:00, expect: {sent: {second: day 10 10:00}}}
    """)


@pytest.mark.parametrize("case", ["long", "short"])
def test_everybody_goes_the_way_of_the_winner(case: str) -> None:
    texts, text = {"mapping.yaml": SPLIT}, STORY.replace("CASE", case)

    report, scenarios = read_scenarios({"s.yaml": text}, compile_book(parse_mapping(texts)), names_in(texts))

    assert [str(problem) for problem in report.problems] == []
    assert [run(scenario).is_right for scenario in scenarios] == [True]


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("pause_program: welcom", 'unknown program "welcom"; did you mean "welcome"?'),
        ("pause_program: welcome, lead: ada", "this is set for all leads of the scenario; remove lead:"),
    ],
)
def test_what_is_set_for_everybody_names_what_there_is(step: str, told: str) -> None:
    (found,) = mistakes_in(f"{HEAD}scenarios:\n  a:\n    steps:\n      - {{at: day 1 10:00, {step}}}\n")

    assert found.endswith(told)
