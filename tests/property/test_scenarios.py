"""Whatever a scenario file says, it is read or refused, and what is read can be played."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from connector.scenario import run
from tests.unit.scenario.stories import HEAD, read

SOUND = f"""{HEAD}scenarios:
  a story:
    leads: {{ada: {{seats: 20, hubspot: {{last_form: Report}}}}}}
    steps:
      - {{at: day 1 10:00, lead: ada, did: came, with: {{form: Report}}}}
      - {{at: +2d, lead: ada, set: {{seats: 800, zone: America/New_York}}}}
      - {{at: 2026-10-25 02:30, lead: [ada], contact: deleted}}
      - at: day 60 10:00
        lead: ada
        expect: {{sent: [first, {{second: day 3 10:00}}, ...], scores: {{interest: {{gte: 3}}}}, lists: []}}
    never: {{tasks: "*"}}
"""
WORDS = (
    "",
    "...",
    "+9999999w",
    "day 0",
    "9999-12-31 23:59",
    "{",
    "]",
    "*",
    "&a",
    "\t",
    "null",
    "[]",
    "{}",
    "-",
    "é",
    "\x00",
    '"',
    "0001-01-01 00:00",
)

places = st.integers(0, len(SOUND) - 1)
cuts = st.tuples(places, st.integers(0, 12), st.sampled_from(WORDS) | st.text(max_size=5))


@given(st.lists(cuts, min_size=1, max_size=4))
def test_a_file_with_anything_in_it_is_read_or_refused(edits: list[tuple[int, int, str]]) -> None:
    text = SOUND
    for place, length, words in edits:
        text = text[:place] + words + text[place + length :]

    report, scenarios = read(text)

    assert report.errors or scenarios or "scenarios: {}" in text
    for scenario in scenarios:
        assert run(scenario) == run(scenario)


def test_the_file_that_is_changed_is_sound() -> None:
    report, (scenario,) = read(SOUND)

    assert not report.problems
    assert scenario.title == "a story"
