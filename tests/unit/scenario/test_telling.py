"""What a marketer reads when something is not as expected."""

from __future__ import annotations

import pytest

from connector.scenario import check
from tests.unit.scenario.stories import HEAD, read, result_of

FAILING = """
- {at: day 1 10:00, did: came}
- {at: day 4 10:00, expect: {sent: [first, call], scores: {interest: 3}}}
"""

TOLD = """\
✗ tested
  here.yaml:9  day 4, Thu 10 Sep 2026 10:00  the lead
    interest:
      - expected  interest is 3
      + found     interest is 13
    sent:
        welcome.hello.first  Mon 7 Sep 2026 10:00
      - call  did not happen
      + welcome.hello.second  Wed 9 Sep 2026 10:00  was not expected
    What happened to the lead, and why:
      Mon 7 Sep 2026 09:00    persona is visitor
      Mon 7 Sep 2026 10:00    came  (line 8)
      Mon 7 Sep 2026 10:00    +15 interest for came, now 15  (line 8)
      Mon 7 Sep 2026 10:00    entered welcome, phase hello  (line 8)
      Mon 7 Sep 2026 10:00    welcome sent first, by list first  (line 8)
      Wed 9 Sep 2026 10:00    welcome sent second, by list second
      Thu 10 Sep 2026 10:00   ◂ here
      Mon 14 Sep 2026 10:00   welcome goes on next, if nothing else happens"""


def test_a_difference_comes_with_what_happened_around_it_and_why() -> None:
    assert result_of(FAILING).text == TOLD


def test_a_wrong_moment_is_told_with_the_right_one() -> None:
    text = result_of(
        "- {at: day 1 10:00, did: came}\n- {at: day 4 10:00, expect: {sent: [first, {second: day 4 10:00}]}}"
    ).text

    assert "~ welcome.hello.second  Wed 9 Sep 2026 10:00  expected Thu 10 Sep 2026 10:00" in text


def test_what_never_should_have_happened_is_told_where_it_happened() -> None:
    text = result_of("- {at: day 1 10:00, did: came}\n- {at: day 9 10:00}", never="{sent: second}").text

    assert "here.yaml:9  day 3, Wed 9 Sep 2026 10:00  the lead" in text
    assert "never sent:\n      + welcome.hello.second" in text


def test_a_property_is_told_with_all_that_the_crm_was_told() -> None:
    text = result_of("- {at: day 1 10:00, did: came, expect: {hubspot: {our_phase: call}}}").text

    assert "- expected  call\n      + found     hello" in text
    assert "hubspot is told our_phase = hello" in text


def test_of_a_long_story_the_nearest_is_told() -> None:
    many = "\n".join(f"- {{at: day {day} 10:00, set: {{seats: {day}}}}}" for day in range(1, 30))

    text = result_of(f"{many}\n- {{at: day 30 10:00, expect: {{segments: large}}}}").text

    assert "… 15 more before" in text
    assert "seats changed from 28 to 29" in text
    assert "is now 1 " not in text


def test_words_of_strangers_steer_no_terminal() -> None:
    text = result_of('- {at: day 1 10:00, set: {city: "a\\u202eb"}, expect: {segments: large}}').text

    assert "\u202e" not in text


def test_a_check_from_pytest_fails_with_the_same_words() -> None:
    indented = FAILING.strip().replace("\n", "\n      ")
    _, (scenario,) = read(f"{HEAD}scenarios:\n  tested:\n    steps:\n      {indented}\n")

    with pytest.raises(AssertionError, match="interest is 3"):
        check(scenario)
