from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from connector.domain.calendar import SendWindow
from connector.domain.conditions.condition import (
    AnsweredTest,
    AttributeTest,
    DidTest,
    FieldTest,
    Op,
    SegmentTest,
    SignalTest,
    Since,
)
from connector.domain.field import FieldType
from connector.domain.programs.program import (
    ListSend,
    Milestone,
    Note,
    Outcome,
    Phase,
    Program,
    Target,
    TargetKind,
    Task,
    Trigger,
)
from tests.mapping_files import definitions_with, mistakes_in

COMPLETED, EXIT = Target(TargetKind.COMPLETED), Target(TargetKind.EXIT)
ACTIVITIES = (
    "activities: {a: {send: {list: greeting}, answered: email_clicked, within: 7d}, "
    "b: {send: {list: greeting}, answered: called, within: 7d}}"
)
SAYS_HI = "activities: {a: {send: {note: Hi}}}"
OF_THE_MOMENT = "of the moment it leaves its list, and the CRM sends nothing"
CLICKED = Trigger(SignalTest("email_clicked"))


def program(text: str) -> Program:
    """The program `tested` with these lines."""
    lines = "".join(f"    {line}\n" for line in text.splitlines())
    definitions = definitions_with(f"programs:\n  tested:\n{lines}")
    return next(each for each in definitions.programs if each.name == "tested")


def program_with(line: str) -> Program:
    return program(f"enrol: called\n{line}\nphases: {{one: {{activities: {{a: {{send: {{note: Hi}}}}}}}}}}")


def phase_with(line: str) -> Phase:
    two = f"  two: {{{SAYS_HI}}}"
    return program(f"enrol: called\nphases:\n  one:\n    {ACTIVITIES}\n    {line}\n{two}").phases[0]


TRIGGERS = {
    "email_clicked": (CLICKED,),
    "{on: email_clicked}": (CLICKED,),
    "[email_clicked, called]": (CLICKED, Trigger(SignalTest("called"))),
    "{on: [email_clicked, called]}": (CLICKED, Trigger(SignalTest("called"))),
    "[{on: email_clicked}, {when: {segment: big}}]": (CLICKED, Trigger(when=SegmentTest("big"))),
    "{when: {segment: big}}": (Trigger(when=SegmentTest("big")),),
    "{on: email_clicked, when: {segment: big}}": (Trigger(SignalTest("email_clicked"), SegmentTest("big")),),
    "{on: report_read, where: {topic: planning}}": (
        Trigger(SignalTest("report_read", (AttributeTest("topic", Op.EQ, "planning"),))),
    ),
}


@pytest.mark.parametrize(("text", "triggers"), TRIGGERS.items(), ids=TRIGGERS)
@pytest.mark.parametrize("word", ["goal", "exit"])
def test_a_trigger_is_a_signal_or_a_condition_or_several(word: str, text: str, triggers: tuple[Trigger, ...]) -> None:
    assert getattr(program_with(f"{word}: {text}"), word) == triggers


def test_only_people_enrol_where_the_program_says_by_hand() -> None:
    made = program("enrol: by_hand\nphases: {one: {activities: {a: {send: {note: Hi}}}}}")

    assert made.enrol == ()


AGAIN = {
    "again: never": None,
    "": None,
    "again: after 30d": timedelta(days=30),
    "again: 30d": timedelta(days=30),
    "again: after 0d": timedelta(),
}


@pytest.mark.parametrize(("line", "pause"), AGAIN.items(), ids=[line or "unsaid" for line in AGAIN])
def test_a_lead_enters_again_when_the_program_says_so(line: str, pause: timedelta | None) -> None:
    assert program_with(line).again_after == pause


def test_a_phase_that_says_nothing_leads_to_the_next_and_lets_the_silent_go() -> None:
    phase = phase_with("stage: early")

    to_two = Outcome(Target(TargetKind.PHASE, "two"))
    assert (phase.all_answered, phase.some_answered, phase.none_answered) == (to_two, to_two, Outcome(EXIT))
    assert phase.stage == "early"


def test_the_last_phase_that_says_nothing_completes_the_program() -> None:
    assert program_with("again: never").phases[-1].all_answered == Outcome(COMPLETED)


OUTCOMES = {
    "two": Outcome(Target(TargetKind.PHASE, "two")),
    "{next: one, times: 2}": Outcome(Target(TargetKind.PHASE, "one"), times=2, instead=EXIT),
    "{next: previous, times: 1, then: two}": Outcome(
        Target(TargetKind.PREVIOUS), times=1, instead=Target(TargetKind.PHASE, "two")
    ),
    "completed": Outcome(COMPLETED),
    "exit": Outcome(EXIT),
    "{next: exit}": Outcome(EXIT),
    "{after: 10d, next: exit}": Outcome(EXIT, timedelta(days=10)),
    "{program: welcome}": Outcome(Target(TargetKind.PROGRAM, "welcome")),
    "{after: 1d, program: welcome}": Outcome(Target(TargetKind.PROGRAM, "welcome"), timedelta(days=1)),
    "{after: 3d, repeat: unanswered, then: exit}": Outcome(EXIT, timedelta(days=3), repeat_unanswered=True),
}


@pytest.mark.parametrize(("text", "outcome"), OUTCOMES.items(), ids=OUTCOMES)
def test_a_settled_phase_leads_where_the_mapping_says(text: str, outcome: Outcome) -> None:
    assert phase_with(f"none_answered: {text}\n    all_answered: two").none_answered == outcome


def test_a_condition_in_a_program_asks_for_its_own_activities_and_for_what_was_done_since() -> None:
    phase = phase_with(
        "none_answered: [{when: {answered: a}, next: exit}, {when: {answered: one.a}, next: completed},"
        " {when: {did: called, since: entered}, next: exit}, {when: {did: called, since: phase}, next: two}]"
    )

    called = SignalTest("called")
    assert [condition for condition, _ in phase.none_answered.cases] == [
        AnsweredTest("tested", "a"),
        AnsweredTest("tested", "a", "one"),
        DidTest(called, since=Since("tested")),
        DidTest(called, since=Since("tested", of_phase=True)),
    ]


def test_answers_and_silence_lead_where_the_activity_says_or_on_with_the_phase() -> None:
    entry = (
        "{send: {list: greeting}, answered: called, within: 7d, on_answer: two,"
        " no_answer: [{when: {industry: software}, next: exit}]}"
    )

    made = program(f"enrol: called\nphases:\n  one: {{activities: {{b: {entry}}}}}\n  two: {{{SAYS_HI}}}")

    (asked,) = made.phases[0].activities
    assert asked.on_answer == Outcome(Target(TargetKind.PHASE, "two"))
    assert asked.no_answer == Outcome(
        Target(TargetKind.ON), cases=((FieldTest("industry", FieldType.TEXT, Op.EQ, "software"), Outcome(EXIT)),)
    )


def test_some_answered_follows_all_answered_when_it_says_nothing() -> None:
    phase = phase_with("all_answered: {after: 3d, next: completed}\n    none_answered: two")

    assert phase.some_answered == phase.all_answered == Outcome(COMPLETED, timedelta(days=3))


def test_a_repetition_without_then_goes_where_the_phase_would_have_gone() -> None:
    assert phase_with("some_answered: {after: 1d, repeat: unanswered}").some_answered == Outcome(
        Target(TargetKind.PHASE, "two"), timedelta(days=1), repeat_unanswered=True
    )


def test_a_completed_program_may_lead_to_another() -> None:
    made = program_with("completed: {program: welcome}")

    assert made.phases[0].all_answered == Outcome(Target(TargetKind.PROGRAM, "welcome"))


def test_a_completed_program_gives_tasks_then_notes() -> None:
    made = program_with("completed: {note: Done, task: [Call, {subject: Write, type: email}]}")

    texts = [act.subject({}) if isinstance(act, Task) else act.body({}) for act in made.on_completed]
    assert texts == ["Call", "Write", "Done"]


def test_an_activity_sends_a_list_a_task_or_a_note() -> None:
    made = program(
        "enrol: called\nphases:\n  one:\n    activities:\n"
        "      a: {send: {list: greeting}}\n      b: {send: {task: Call}}\n      c: {send: {note: Hi}}"
    )

    sends = [activity.send for activity in made.phases[0].activities]
    assert sends[0] == ListSend("greeting")
    assert isinstance(sends[1], Task)
    assert isinstance(sends[2], Note)


def test_a_task_says_when_how_and_how_urgent() -> None:
    task = program_with(
        "completed: {task: {subject: Call, body: Now, due: 2d, priority: high, type: call, remind: 1h}}"
    ).on_completed[0]

    assert isinstance(task, Task)
    assert (task.due, task.priority, task.type) == (timedelta(days=2), "HIGH", "CALL")
    assert task.remind == timedelta(hours=1)


def test_milestones_are_one_word_or_several() -> None:
    assert program_with("milestones: goal").milestones == {Milestone.GOAL}
    assert program_with("milestones: [entered, exited]").milestones == {Milestone.ENTERED, Milestone.EXITED}


WINDOWS = {
    "{days: mon-fri}": SendWindow(days=frozenset(range(5))),
    "{days: sat}": SendWindow(days=frozenset({5})),
    "{days: fri-mon}": SendWindow(days=frozenset({4, 5, 6, 0})),
    "{days: [mon, wed-fri]}": SendWindow(days=frozenset({0, 2, 3, 4})),
    "{days: Monday-Friday}": SendWindow(days=frozenset(range(5))),
    '{days: "mon, thursday"}': SendWindow(days=frozenset({0, 3})),
    '{hours: "09:00-18:00"}': SendWindow(opens=time(9), closes=time(18)),
    '{hours: "9-18"}': SendWindow(opens=time(9), closes=time(18)),
    "{hours: 9:30-18}": SendWindow(opens=time(9, 30), closes=time(18)),
    '{hours: "22:00-06:00"}': SendWindow(opens=time(22), closes=time(6)),
    '{hours: "00:00-24:00"}': SendWindow(),
    "{holidays: 2026-12-24}": SendWindow(holidays=frozenset({date(2026, 12, 24)})),
    "{holidays: [2026-12-24, 2026-12-31]}": SendWindow(holidays=frozenset({date(2026, 12, 24), date(2026, 12, 31)})),
}


@pytest.mark.parametrize(("text", "window"), WINDOWS.items(), ids=WINDOWS)
def test_a_send_window_has_days_hours_and_holidays(text: str, window: SendWindow) -> None:
    assert program_with(f"send_window: {text}").window == window
    assert definitions_with(f"send_window: {text}\n").window == window


def test_public_holidays_come_by_country_and_region() -> None:
    italy = program_with("send_window: {holidays: IT}").window.holidays
    bavaria = program_with("send_window: {holidays: DE-BY}").window.holidays

    assert {date(2026, 8, 15), date(2026, 12, 25), date(2040, 1, 1)} <= italy
    assert date(2026, 12, 24) not in italy
    assert date(2026, 1, 6) in bavaria


def test_a_program_takes_from_the_workspace_what_its_own_window_leaves_open() -> None:
    definitions = definitions_with(
        'holidays: 2026-12-24\nsend_window: {days: mon-fri, hours: "09:00-18:00"}\n'
        "programs:\n  tested:\n    enrol: called\n    send_window: {hours: 10-12}\n"
        "    phases: {one: {activities: {a: {send: {note: Hi}}}}}\n"
    )

    windows = {each.name: each.window for each in definitions.programs}
    weekdays, eve = frozenset(range(5)), frozenset({date(2026, 12, 24)})
    assert windows["welcome"] == SendWindow(weekdays, time(9), time(18), eve)
    assert windows["tested"] == SendWindow(weekdays, time(10), time(12), eve)


def programs_with(phase: str) -> str:
    return f"programs:\n  x:\n    enrol: called\n    phases:\n    {phase}\n"


def with_line(line: str) -> str:
    return f"programs:\n  x:\n    enrol: called\n    {line}\n    phases: {{a: {{{SAYS_HI}}}}}\n"


def with_activity(text: str) -> str:
    return f"programs:\n  x:\n    enrol: called\n    phases: {{a: {{activities: {{a: {text}}}}}}}\n"


def with_outcome(text: str) -> str:
    return (
        "programs:\n  x:\n    enrol: called\n    phases:\n      one:\n"
        "        activities: {a: {send: {list: greeting}, answered: called, within: 7d}}\n"
        f"        none_answered: {text}\n"
    )


def split_with(answered: str, winner: str) -> str:
    """A split of two ways, of which the first is answered, and who wins it."""
    x = "x: {share: 1, activities: {b: {send: {note: X}, answered: called, within: 7d}}}"
    y = f"y: {{share: 1, activities: {{c: {{send: {{note: Y}}{answered}}}}}}}"
    return f"{{winner: {{{winner}}}, split: {{{x}, {y}}}}}"


MISTAKES = {
    "an unknown signal": (
        with_line("goal: caled"),
        ['5:11: unknown signal "caled"; did you mean "called"?'],
    ),
    "an unknown signal in a list": (
        with_line("goal: [called, {on: [called, caled]}]"),
        ['5:34: unknown signal "caled"; did you mean "called"?'],
    ),
    "an empty trigger": (
        with_line("goal: {}"),
        ["5:5: a trigger needs `on` (a signal) or `when` (a condition)"],
    ),
    "where without on": (
        with_line("goal: {when: {segment: big}, where: {a: 1}}"),
        ["5:34: `where` looks at a signal's attributes and needs `on`; for conditions write when:"],
    ),
    "an odd pause": (
        with_line("again: sometimes"),
        ["5:12: 'sometimes' is not a duration; write 7d, 2h, 90m or 1d12h"],
    ),
    "an odd milestone": (
        with_line("milestones: [entered, gaol]"),
        ['5:27: "gaol" is not possible here; did you mean "goal"?'],
    ),
    "no weekday": (
        with_line("send_window: {days: mon-fry}"),
        ['5:25: "fry" is no weekday; did you mean "fri"?'],
    ),
    "no hours": (
        with_line("send_window: {hours: morning}"),
        ['5:26: "morning" are no hours; write "09:00-18:00"'],
    ),
    "hours that never open": (
        with_line('send_window: {hours: "09:00-09:00"}'),
        ['5:26: a window of "09:00-09:00" never opens; write "00:00-24:00" for the whole day'],
    ),
    "days that never open": (
        with_line("send_window: {days: []}"),
        ["5:5: this send window does not open for a year or longer; add days:, or remove holidays"],
    ),
    "no country": (
        with_line("send_window: {holidays: XX}"),
        ['5:29: no public holidays are known for the country "XX"; write ISO 3166 codes such as IT'],
    ),
    "no date": (
        with_line("send_window: {holidays: 2026-02-30}"),
        ['5:29: "2026-02-30" is not in the calendar'],
    ),
    "no holiday": (
        with_line("send_window: {holidays: christmas}"),
        [
            ('5:29: "christmas" is neither a country such as IT, a region such as DE-BY, '
            "nor a date such as 2026-12-24")
        ],
    ),
    "an unknown program next": (
        with_line("completed: {program: welcom}"),
        ['5:26: unknown program "welcom"; did you mean "welcome"?'],
    ),
    "no phases": (
        "programs:\n  x:\n    enrol: called\n    phases: {}\n",
        ["5:5: there is nothing here; write something, or remove the key"],
    ),
    "phases forgotten": (
        "programs:\n  x: {enrol: called}\n",
        ['3:3: "phases" is missing in a program; add phases:'],
    ),
    "no activities": (
        "programs:\n  x: {enrol: called, phases: {a: {stage: b}}}\n",
        ['3:31: "activities" is missing in a phase; add activities:'],
    ),
    "a phase called exit": (
        "programs:\n  x: {enrol: called, phases: {exit: {activities: {a: {send: {note: Hi}}}}}}\n",
        ['3:31: "exit" says where a phase leads and cannot be a phase\'s name; give it another name'],
    ),
    "an answer that is awaited for ever": (
        with_activity("{send: {list: greeting}, answered: called}"),
        ["5:59: a lead that does not answer would wait here for ever; add within: 7d"],
    ),
    "a response window without an answer": (
        with_activity("{send: {note: Hi}, within: 7d}"),
        ["5:53: `within` needs `answered`: there is no answer to wait for"],
    ),
    "a response window of no time": (
        with_activity("{send: {note: Hi}, answered: called, within: 0d}"),
        ["5:79: no time at all; write a duration such as 7d"],
    ),
    "a delay of nonsense": (
        with_activity("{send: {note: Hi}, after: 3 parsecs}"),
        ["5:60: '3 parsecs' is not a duration; write 7d, 2h, 90m or 1d12h"],
    ),
    "a delay without unit": (
        with_activity("{send: {note: Hi}, after: 3}"),
        ["5:60: expected something like 7d, found the number 3"],
    ),
    "two things sent": (
        with_activity("{send: {note: Hi, list: greeting}}"),
        ["5:35: an activity sends one thing: a list, an email, a task or a note; make two activities of two things"],
    ),
    "an unknown email": (
        with_activity("{send: {email: hello}}"),
        ['5:49: unknown email "hello"; say what it is in the section emails:'],
    ),
    "an unknown list": (
        with_activity("{send: {list: greting}}"),
        ['5:48: unknown list "greting"; did you mean "greeting"?'],
    ),
    "an odd priority": (
        with_activity("{send: {task: {subject: Hi, priority: urgent}}}"),
        ['5:72: "urgent" is not possible here; known: high, low, medium, none'],
    ),
    "a task without a subject": (
        with_activity("{send: {task: {body: Hi}}}"),
        ['5:42: "subject" is missing in a task; add subject:'],
    ),
    "a reminder before the task": (
        with_activity("{send: {task: {subject: Hi, due: 1h, remind: 2h}}}"),
        ["5:79: warning: the reminder would come before the task is made"],
    ),
    "an unknown phase next": (
        with_outcome("tow"),
        ['8:24: unknown phase "tow"; known: completed, exit, one, previous'],
    ),
    "then without repeat": (
        with_outcome("{then: exit}"),
        ["8:25: `then` follows `repeat` or `times`; write next: instead of then:"],
    ),
    "next after repeat": (
        with_outcome("{repeat: unanswered, next: exit}"),
        ["8:45: after `repeat` the way goes on with `then`; write then: instead of next:"],
    ),
    "two ways at once": (
        with_outcome("{program: welcome, next: exit}"),
        ["8:25: either another program or a phase, not both"],
    ),
    "an odd repetition": (
        with_outcome("{repeat: all, then: exit}"),
        ['8:33: "all" is not possible here; known: unanswered'],
    ),
    "an ending that there is not": (
        with_line("again: {after: 30d, ended: [wonn]}"),
        ['5:33: no enrolment ends as "wonn"; did you mean "won"?'],
    ),
    "a day as a goal": (
        with_line("goal: {date: renewal}"),
        ["5:18: a day enrols leads; it is no goal, exit or answer"],
    ),
    "a day by a field without date": (
        "programs:\n  x: {enrol: {date: industry}, phases: {a: {activities: {a: {send: {note: Hi}}}}}}\n",
        ['3:21: "industry" holds no date but text; write type: date in its field'],
    ),
    "the change of a field that there is not": (
        with_line("goal: {changed: industri}"),
        ['5:21: unknown field "industri"; did you mean "industry"?'],
    ),
    "waiting for ever": (
        with_activity("{wait_for: called}"),
        ["5:35: a lead to whom this does not happen would wait here for ever; add at_most: 7d"],
    ),
    "two things at once": (
        with_activity("{send: {note: Hi}, wait_for: called, at_most: 1d}"),
        ["5:53: an activity does one thing, not send and wait_for; make two of them"],
    ),
    "a way behind which nobody is left": (
        with_activity("{choose: {b: {activities: {}}, c: {when: {industry: software}}}}"),
        ["5:35: nobody is left after `b`: it has no condition; put it last"],
    ),
    "a reminder of what asks nothing": (
        with_activity("{send: {note: Hi}, remind: 1d}"),
        ["5:53: `remind` needs `answered`: there is no answer to wait for"],
    ),
    "times of another program": (
        with_outcome("{program: welcome, times: 2}"),
        ["8:43: `times` counts how often a way to a phase is taken; write it beside next:"],
    ),
    "an unknown phase after some times": (
        with_outcome("{next: previous, times: 2, then: tow}"),
        ['8:57: unknown phase "tow"; known: completed, exit, one, previous'],
    ),
    "where answers lead that nobody asked for": (
        with_activity("{send: {note: Hi}, on_answer: exit}"),
        ["5:53: `on_answer` needs `answered`: there is no answer to wait for"],
    ),
    "a reminder that a CRM would not notice": (
        with_activity("{send: {list: greeting}, answered: called, within: 7d, remind: {times: 1}}"),
        [f'5:89: "a" is reminded {OF_THE_MOMENT}; add after:, for example remind: 1d'],
    ),
    "two activities of one name in one phase": (
        with_activity("{send: {note: Hi}}, f: {choose: {b: {activities: {a: {send: {note: Ho}}}}}}"),
        ['5:84: the phase has an activity "a" already; give it another name'],
    ),
    "a day that nobody lives to see": (
        with_activity("{on: 9999-12-31, send: {note: Hi}}"),
        ['5:39: "9999-12-31" lies too far ahead for anybody to wait for'],
    ),
    "what follows for nobody": (
        programs_with("  a: {activities: {a: {send: {note: Hi}}}, all_answered: [{next: exit}, {next: completed}]}"),
        ["6:77: no lead comes so far: what is before it has no condition"],
    ),
    "a contest on whose one way nothing is answered": (
        with_activity(split_with("", "by: answered")),
        ['5:35: on the way "y" nothing is answered, so that it never wins; add answered: to one of its activities'],
    ),
    "a contest for a goal that there is not": (
        with_activity(split_with("", "by: goal")),
        ['5:48: "x" has no goal to reach; add goal:, or by: answered'],
    ),
    "a contest by answers to what is not there": (
        with_activity(split_with("", "of: nobody")),
        ['5:48: the phase has no activity "nobody" that is answered; known: b'],
    ),
    "a contest that is won by a way that there is not": (
        with_activity(split_with("", "until: 30d, otherwise: z")),
        ["5:35: the split has no way z; known: x, y"],
    ),
    "a contest that ends before it begins": (
        with_activity(split_with("", "after: 9d, until: 8d, otherwise: x")),
        ["5:55: this is over before the contest begins; make until: longer than after:"],
    ),
    "a contest that ends without a winner": (
        with_activity(split_with("", "until: 30d")),
        ["5:44: `until` needs `otherwise`: which way wins then; add otherwise: and one of the ways"],
    ),
    "a contest of nobody": (
        with_activity("{send: {note: Hi}, winner: goal}"),
        ["5:53: `winner` belongs to `split`"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_in_a_program_is_told_at_its_place(text: str, words: list[str]) -> None:
    assert mistakes_in(text) == words
