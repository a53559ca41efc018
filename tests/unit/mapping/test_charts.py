"""Programs in words and as flow charts."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from connector.domain.calendar import SendWindow
from connector.domain.programs.program import (
    Activity,
    Case,
    Choice,
    EmailSend,
    Fork,
    ListSend,
    Program,
    Reminders,
    Send,
    Target,
    TargetKind,
)
from connector.mapping.charts import chart, label
from connector.mapping.load import parse_mapping
from connector.mapping.program_sentences import tell_send, tell_window
from connector.mapping.sketches import ProgramSketch, sketch
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
    cases: dict[str, Send] = {"energy": ListSend("green"), "costs": EmailSend("offer")}

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


WAYS = """\
format: 1
workspace: ways
timezone: Europe/Rome
fields:
  email:     {hubspot: email, identity: true}
  opted_out: {hubspot: hs_email_optout, type: boolean, consent: email}
  seats:     {hubspot: seats, type: number}
  stage:     {hubspot: stage}
  renewal:   {hubspot: renewal_date, type: date}
signals: {clicked: {hubspot: {when_changed: clicked}}, booked: {hubspot: {when_changed: booked}}}
lists: {first: First, second: Second, third: Third}
programs:
  ways:
    enrol:
      - {date: renewal, before: 30d, every: year, at: "09:00", when: {seats: {gte: 5}}}
      - {changed: stage, to: [lost, gone]}
      - {changed: seats}
    again: {after: 30d, ended: [won, exited]}
    goal: {changed: stage, to: back}
    priority: 20
    group: talks
    suppress: {opted_out: true}
    existing: true
    holdout: 12.5
    paused: true
    phases:
      one:
        activities:
          ask:
            {after: 1h, send: {list: first}, answered: clicked, within: 7d,
             remind: {times: 2, after: 1d}, no_answer: {after: 2d, next: two}}
          wait:  {wait_for: [booked, {when: {seats: {gte: 9}}}], at_most: 3d, no_answer: exit}
          fork:
            choose:
              many: {when: {seats: {gte: 50}}, activities: {call: {at: "10:00", send: {task: Call}}}}
              some:
                when: {seats: {gte: 10}}
                activities: {mail: {send: {list: second}, answered: clicked, within: 7d}}
          last:  {on: 2026-12-01, when: {seats: {lt: 100}}, send: {note: Told}}
        all_answered:
          - {when: {seats: {gte: 50}}, after: 1d, next: two}
          - {program: other, phase: second}
        some_answered: completed
        none_answered: completed
      two: {activities: {hello: {send: {list: third}}}}
  other:
    enrol: by_hand
    phases:
      first: {activities: {a: {send: {note: A}}}}
      second: {activities: {b: {send: {note: B}}}}
"""

ARROWS = """\
phase0_0 -->|"at once"| phase0_1
phase0_1 -->|"at once"| phase0_2
phase0_2 -->|"many: if seats is at least 50, at 10:00"| phase0_3
phase0_2 -->|"some: if seats is at least 10"| phase0_4
phase0_2 -->|"else, not before 2026-12-01"| phase0_5
phase0_3 -->|"not before 2026-12-01"| phase0_5
phase0_4 -->|"not before 2026-12-01"| phase0_5
enter --> phase0
phase0_0 -->|"no answer, after 2d"| phase1
phase0_1 -->|"no answer"| stop0
phase0 -->|"all answered, if seats is at least 50, after 1d"| phase1
phase0 -->|"all answered, else"| stop1
phase0 -->|"some answered or none answered"| stop2
phase1 -->|"when all has left"| stop2
"""


@pytest.fixture(scope="module")
def ways() -> ProgramSketch:
    return sketch(parse_mapping({"ways.yaml": WAYS}).programs[0])


def test_days_and_changes_are_told_as_triggers(ways: ProgramSketch) -> None:
    assert ways.enters == (
        "30d before renewal, every year, at 09:00, when seats is at least 5",
        "stage changes to gone or lost",
        "seats changes",
    )
    assert ways.goal == ("stage changes to back",)
    assert ways.again == "after 30d, if it ended by exited or won"


def test_the_terms_on_which_a_program_runs_are_told(ways: ProgramSketch) -> None:
    assert dict(ways.terms) == {
        "paused": "everything stands still, and nobody enters",
        "priority": "20",
        "group": "talks: in one program of it at a time",
        "suppressed": "opted_out is true",
        "existing": "also those of whom it held before",
        "held out": "12.5 of 100, for comparison",
    }


def test_a_program_on_no_terms_says_nothing_of_them() -> None:
    plain = sketch(program("p", phase("one")))

    assert plain.terms == ()
    assert "terms" not in chart(plain)


def test_waits_reminders_and_what_follows_silence_are_told(ways: ProgramSketch) -> None:
    ask, wait, fork, call, mail, last = ways.phases[0].steps

    assert (ask.leaves, ask.answer) == ("after 1h", "clicked within 7d, else again 1d later, 2 times")
    assert [(way.words, way.first, way.leads_to) for way in ask.ways] == [("no answer", "after 2d", "two")]
    assert (wait.sends, wait.answer) == ("wait for booked or seats is at least 9, at most 3d", "")
    assert [way.leads_to for way in wait.ways] == ["exit"]
    assert fork.sends == "choose: many if seats is at least 50, some if seats is at least 10"
    assert (call.leaves, call.path, mail.path) == ("at 10:00", (("fork", "many"),), (("fork", "some"),))
    assert (last.leaves, last.only) == ("not before 2026-12-01", "seats is less than 100")


def test_ways_with_conditions_stay_apart(ways: ProgramSketch) -> None:
    assert [(way.words, way.first, way.leads_to) for way in ways.phases[0].ways] == [
        ("all answered, if seats is at least 50", "after 1d", "two"),
        ("all answered, else", "", "program other, phase second"),
        ("some answered or none answered", "", "completed"),
    ]


def test_ways_that_part_are_drawn_apart_and_join_again(ways: ProgramSketch) -> None:
    drawn = [line.strip() for line in chart(ways).splitlines()]

    assert [line for line in drawn if "-->" in line] == ARROWS.splitlines()
    assert 'phase0_2{"fork"}' in drawn


def test_a_chart_says_what_a_step_waits_for_and_whom_it_is_for(ways: ProgramSketch) -> None:
    drawn = chart(ways)

    assert '["ask<br/>after 1h<br/>list first<br/>answer: clicked within 7d, else again 1d later, 2 times"]' in drawn
    assert '["wait<br/>wait for booked or seats is at least 9, at most 3d"]' in drawn
    assert '["last<br/>a note<br/>only if seats is less than 100"]' in drawn
    assert "<br/>priority: 20<br/>group: talks: in one program of it at a time<br/>" in drawn


def test_of_ways_that_exclude_each_other_one_is_asked_of_a_lead() -> None:
    fork = Fork((Case("a"), Case("b")), by_chance=True)
    asks = [replace(activity(name, answered="yes"), path=(("fork", name),)) for name in ("a", "b")]
    parting = program("p", phase("one", Activity("fork", None, fork=fork), *asks))

    assert [way.when for way in sketch(parting).phases[0].ways] == ["answered", "not answered"]


def test_an_answer_is_asked_for_again_at_once_where_no_pause_is_said() -> None:
    asking = replace(activity("a", answered="yes"), reminders=Reminders(1, timedelta()))

    assert sketch(program("p", phase("one", asking))).phases[0].steps[0].answer == "yes within 7d, else again at once"
