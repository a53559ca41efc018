"""Programs in words and as flow charts."""

from __future__ import annotations

import re
from datetime import date, time, timedelta

import pytest

from connector.domain.calendar import SendWindow
from connector.domain.program import Choice, EmailSend, ListSend, Program, Target, TargetKind
from connector.mapping.charts import chart, label
from connector.mapping.load import parse_mapping
from connector.mapping.sketches import sketch, tell_send, tell_window
from tests.builders import PREVIOUS, activity, note, outcome, phase, program, task
from tests.unit.scenario.stories import MAPPING

CHART = """\
flowchart TD
    enter(["enters<br/>came"])
    subgraph phase0["hello"]
        phase0_0["first<br/>list first<br/>answer: clicked within 7d"]
        phase0_1["second<br/>list second<br/>answer: clicked within 7d"]
        phase0_0 -->|"after 2d"| phase0_1
    end
    subgraph phase1["call"]
        phase1_0["call<br/>a task for sales<br/>answer: clicked within 7d"]
    end
    enter --> phase0
    phase0 -->|"all answered or some answered, after 1d"| phase1
    stop0(["exit"])
    phase0 -->|"none answered"| stop0
    stop1(["completed"])
    phase1 -->|"answered"| stop1
    phase1 -->|"not answered"| stop0
    won{{"goal, at any moment<br/>answered"}}
    left{{"exit, at any moment<br/>opted_out is true"}}
"""


def ways_of(program_: Program, index: int = 0) -> list[tuple[str, str, str]]:
    return [(way.when, way.first, way.leads_to) for way in sketch(program_).phases[index].ways]


def test_a_program_becomes_a_flow_chart() -> None:
    welcome, *_ = parse_mapping({"small.yaml": MAPPING}).programs

    assert chart(sketch(welcome)) == CHART


def test_a_phase_that_asks_nothing_has_one_way_out() -> None:
    silent = program("p", phase("one", activity("a"), all_=outcome("two", days=1)), phase("two"))

    assert ways_of(silent) == [("when all has left", "after 1d", "two")]


def test_a_phase_that_asks_one_thing_is_answered_or_not() -> None:
    asking = program("p", phase("one", activity("a", answered="yes")))

    assert ways_of(asking) == [("answered", "", "completed"), ("not answered", "", "exit")]


def test_ways_to_the_same_are_one_and_repetition_is_said() -> None:
    two = (activity("a", answered="yes"), activity("b", answered="yes"))
    repeating = program(
        "p", phase("one", *two), phase("two", *two, some=outcome(PREVIOUS, days=2, repeat=True), none=outcome(PREVIOUS))
    )

    assert ways_of(repeating)[0][0] == "all answered or some answered"
    assert ways_of(repeating, 1) == [
        ("all answered", "", "completed"),
        ("some answered", "after 2d the unanswered once more, then", "one"),
        ("none answered", "", "one"),
    ]


def test_another_program_that_follows_is_named() -> None:
    onward = program("p", phase("one", all_=outcome(Target(TargetKind.PROGRAM, "care"))))

    assert ways_of(onward) == [("when all has left", "", "program care")]
    assert '(["program care"])' in chart(sketch(onward))


def test_what_is_sent_is_told_with_what_it_is_chosen_by() -> None:
    cases = {"energy": ListSend("green"), "costs": EmailSend("offer")}

    assert tell_send(Choice("topic", cases)) == "by topic: energy list green, costs email offer, else nothing"
    assert tell_send(Choice("topic", cases, ListSend("all"))).endswith("else list all")
    assert [tell_send(send) for send in (task(), note())] == ["a task for sales", "a note"]


WINDOWS = {
    "at any time": SendWindow(),
    "mon-fri 09:00-18:00": SendWindow(frozenset(range(5)), time(9), time(18)),
    "mon, wed 22:00-06:00": SendWindow(frozenset({0, 2}), time(22), time(6)),
    "sat, sun at any hour": SendWindow(frozenset({5, 6})),
    "mon-sun at any hour, not on holidays": SendWindow(holidays=frozenset({date(2026, 12, 25)})),
}


@pytest.mark.parametrize(("words", "window"), list(WINDOWS.items()), ids=WINDOWS)
def test_a_send_window_is_told_as_people_say_it(words: str, window: SendWindow) -> None:
    assert tell_window(window) == words


HOSTILE = [
    '"]',
    "a --> b",
    "`code`",
    "<script>",
    "%%{init}",
    "a|b",
    "x\nend",
    "{{b}}",
    "#quot;",
    "click a href",
    "a&lt;b",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_a_label(name: str) -> None:
    drawn = chart(sketch(program(name, phase(name, activity(name, answered=name)), enrol=name)))

    assert drawn.count("\n") == chart(sketch(program("p", phase("p", activity("p", answered="p")), enrol="p"))).count(
        "\n"
    )
    for quoted in re.findall(r'"([^"]*)"', drawn):
        assert not re.search(r"[<>`{}|\[\]&\"]", quoted.replace("<br/>", ""))
        assert not re.search(r"#(?!\d+;)", quoted)


def test_a_label_of_any_length_can_be_read() -> None:
    assert len(label("x" * 10_000)) < 250


def test_a_delay_is_told_in_its_largest_units() -> None:
    slow = program("p", phase("one", activity("a"), activity("b", after=timedelta(days=1, hours=12))))

    assert [step.leaves for step in sketch(slow).phases[0].steps] == ["at once", "after 1d12h"]
    assert ways_of(slow) == [("when all has left", "", "completed")]
