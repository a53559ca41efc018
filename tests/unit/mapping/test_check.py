"""What can never work although each part is well said: circles, dead ends, promises nobody can keep."""

from __future__ import annotations

import pytest

from connector.mapping.load import check_mapping
from tests.mapping_files import BASE, mistakes_in

HI = "activities: {a: {send: {note: Hi}}}"
ASK = "activities: {a: {send: {list: greeting}, answered: called, within: 7d}}"
FOR_EVER = "a lead that does nothing more goes round for ever: "
A_FEW_TIMES = "let one of these ways be taken a few times only, for example {next: previous, times: 2, then: exit}"
FROM_PROGRAM_TO_PROGRAM = "a lead that does nothing more goes from program to program for ever"
SLOWLY = f"{FROM_PROGRAM_TO_PROGRAM}, however slowly, and is sent the same each time"
LONGER = "leave out again: of one of them, or make it longer than the round takes"
ASK_AGAIN = "activities: {a: {send: {list: greeting}, answered: called, within: 7d, again: true}}"


def later(after: str) -> str:
    return f"activities: {{a: {{send: {{note: Hi}}, after: {after}}}}}"


def program(*lines: str, name: str = "x") -> str:
    return f"  {name}:\n" + "".join(f"    {line}\n" for line in lines)


def programs(*texts: str) -> str:
    return "programs:\n" + "".join(texts)


FINDINGS = {
    "a phase that nothing leads to": (
        programs(
            program(
                "enrol: called",
                "phases:",
                f"  one: {{{HI}, all_answered: three}}",
                f"  two: {{{HI}}}",
                f"  three: {{{HI}}}",
            )
        ),
        ['7:7: no lead ever reaches the phase "two"; lead another phase to it with next:, or remove it'],
    ),
    "a phase reached only by an outcome that never happens": (
        programs(
            program(
                "enrol: called",
                "phases:",
                f"  one: {{{HI}, all_answered: exit, none_answered: two}}",
                f"  two: {{{HI}}}",
            )
        ),
        [
            '6:70: warning: none_answered never happens: it takes an activity with answered:; remove it',
            '7:7: no lead ever reaches the phase "two"; lead another phase to it with next:, or remove it',
        ],
    ),
    "some of one": (
        programs(program("enrol: called", "phases:", f"  one: {{{ASK}, some_answered: exit}}")),
        ["6:86: warning: some_answered never happens: it takes two activities with answered:; remove it"],
    ),
    "a list that is left and joined in one moment": (
        programs(
            program("enrol: called", "phases:", f"  one: {{{ASK}, none_answered: {{repeat: unanswered, then: exit}}}}")
        ),
        [
            (
                '6:86: "a" may be repeated the moment it leaves its list, and the CRM sends nothing; '
                "add after:, for example {repeat: unanswered, after: 1d}"
            )
        ],
    ),
    "before the first": (
        programs(program("enrol: called", "phases:", f"  one: {{{ASK}, none_answered: previous}}")),
        [
            f"6:7: {FOR_EVER}one → one; {A_FEW_TIMES}",
            "6:86: warning: there is no phase before the first; it would begin again; name a phase, or exit",
        ],
    ),
    "a circle without delay": (
        programs(
            program("enrol: called", "phases:", f"  one: {{{HI}}}", f"  two: {{{HI}, all_answered: one}}")
        ),
        ["6:7: phases in a circle while no time passes: one → two → one; add after: to one of them"],
    ),
    "a phase after itself": (
        programs(program("enrol: called", "phases:", f"  one: {{{HI}, all_answered: one}}")),
        ["6:7: phases in a circle while no time passes: one → one; add after: to one of them"],
    ),
    "a treadmill for the silent": (
        programs(
            program("enrol: called", "phases:", f"  one: {{{ASK}, none_answered: two}}",
                    f"  two: {{{HI}, all_answered: {{after: 1d, next: one}}}}")
        ),
        [f"6:7: {FOR_EVER}one → two → one; {A_FEW_TIMES}"],
    ),
    "a treadmill of waits that lead on anyway": (
        programs(
            program("enrol: called", "phases:",
                    "  one: {activities: {a: {wait_for: called, at_most: 1d}}, all_answered: {after: 1d, next: one}}")
        ),
        [f"6:7: {FOR_EVER}one → one; {A_FEW_TIMES}"],
    ),
    "a treadmill on which a condition answers": (
        programs(
            program("enrol: called", "phases:",
                    "  one: {activities: {a: {wait_for: {when: {segment: big}}, at_most: 9d, no_answer: exit}},"
                    " all_answered: {after: 1d, next: one}}")
        ),
        [f"6:7: {FOR_EVER}one → one; {A_FEW_TIMES}"],
    ),
    "programs that follow one another at once": (
        programs(
            program("again: 0d", "phases:", f"  one: {{{HI}}}", "completed: {program: y}"),
            program("again: 0d", "phases:", f"  two: {{{HI}}}", "completed: {program: x}", name="y"),
        ),
        ["6:7: phases in a circle while no time passes: one → two → one; add after: to one of them"],
    ),
    "programs that follow one another by and by": (
        programs(
            program("enrol: called", "again: 1m", f"phases: {{one: {{{later('2m')}}}}}", "completed: {program: y}"),
            program("again: 1m", f"phases: {{two: {{{later('2m')}}}}}", "completed: {program: x}", name="y"),
        ),
        [f"6:14: {FROM_PROGRAM_TO_PROGRAM}: x → y → x; {LONGER}"],
    ),
    "programs that follow one another slowly": (
        programs(
            program("enrol: called", "again: 30d", f"phases: {{one: {{{later('40d')}}}}}", "completed: {program: y}"),
            program("again: 1h", f"phases: {{two: {{{later('40d')}}}}}", "completed: {program: x}", name="y"),
        ),
        [f"6:14: warning: {SLOWLY}: x → y → x; {LONGER}"],
    ),
    "a program that follows itself": (
        programs(
            program("enrol: called", "again: 0d", f"phases: {{one: {{{later('2m')}}}}}", "completed: {program: x}")
        ),
        [f"6:14: {FROM_PROGRAM_TO_PROGRAM}: x → x; {LONGER}"],
    ),
    "programs that follow one another after some turns": (
        programs(
            program("enrol: called", "again: 1h", "phases:", f"  one: {{{later('1h')}}}",
                    f"  two: {{{later('1h')}, all_answered: {{next: one, times: 2, then: completed}}}}",
                    "completed: {program: y}"),
            program("again: 1h", f"phases: {{three: {{{ASK}, none_answered: {{program: x}}}}}}", name="y"),
        ),
        [f"8:7: {FROM_PROGRAM_TO_PROGRAM}: x → y → x; {LONGER}"],
    ),
    "two rounds of programs that have none in common": (
        programs(
            program("enrol: called", "again: 1h", f"phases: {{one: {{{later('2h')}}}}}", "completed: {program: x}"),
            *(
                program("enrol: called", "again: 1h", f"phases: {{one: {{{later('2h')}}}}}",
                        f"completed: {{program: {to}}}", name=name)
                for name, to in (("a", "b"), ("b", "a"), ("c", "d"), ("d", "c"))
            ),
        ),
        [f"11:14: {FROM_PROGRAM_TO_PROGRAM}: a → b → a; {LONGER}",
         f"21:14: {FROM_PROGRAM_TO_PROGRAM}: c → d → c; {LONGER}"],
    ),
    "a program that nobody enters": (
        programs(program("phases:", f"  one: {{{HI}}}")),
        ['3:3: nothing enrols leads into "x"; add enrol:, or enrol: by_hand if only people enrol leads'],
    ),
    "a goal that every lead in the program has": (
        programs(program("enrol: called", "goal: {when: {in_program: x}}", f"phases: {{one: {{{HI}}}}}")),
        ['5:5: every lead in "x" is in "x": it would end at once; remove this condition'],
    ),
    "an exit that every lead in the program has": (
        programs(
            program(
                "enrol: called", "exit: [called, {when: {any: [{in_program: x}, {segment: big}]}}]",
                f"phases: {{one: {{{HI}}}}}",
            )
        ),
        ['5:20: every lead in "x" is in "x": it would end at once; remove this condition'],
    ),
    "segments in a circle": (
        "segments:\n  a: {segment: b}\n  b: {not: {segment: a}}\n",
        ["3:3: in a circle: segment a → segment b → segment a; one of them must not look at the next"],
    ),
    "a segment of itself": (
        "segments:\n  a: {any: [{segment: a}, {industry: b}]}\n",
        ["3:3: in a circle: segment a → segment a; one of them must not look at the next"],
    ),
    "a score and a segment in a circle": (
        "segments:\n  a: {x: {gte: 1}}\nscores:\n  x: {rules: [{when: {segment: a}, points: 1}]}\n",
        ["3:3: in a circle: segment a → score x → segment a; one of them must not look at the next"],
    ),
    "a sum of itself": (
        "scores:\n  x: {sum: [x]}\n",
        ["3:3: in a circle: score x → score x; one of them must not look at the next"],
    ),
    "a threshold beyond all points": (
        "segments:\n  x: {fit: {gte: 21}}\n",
        ['3:7: warning: no lead reaches this: "fit" is 20 at most; lower it, or give more points'],
    ),
    "a threshold at all points": (
        "segments:\n  x: {fit: {gt: 20}}\n",
        ['3:7: warning: no lead reaches this: "fit" is 20 at most; lower it, or give more points'],
    ),
    "a threshold beyond a capped and fading score": (
        ("scores:\n  x: {half_life: 30d, rules: [{on: called, points: 5, at_most: 45 per 30d}]}\n"
        "segments:\n  y: {x: {gte: 91}}\n"),
        ['5:7: warning: no lead reaches this: "x" is 90 at most; lower it, or give more points'],
    ),
    "a grade beyond all points": (
        "scores:\n  x: {sum: [fit], grades: {A: 21, B: 20}}\n",
        ['3:31: warning: no lead reaches grade "A": "x" is 20 at most'],
    ),
    "a list nobody comes on": (
        "lists:\n  x: Nobody\n",
        ['3:3: warning: nothing puts leads on the list "x"; add when:, or send it in an activity'],
    ),
    "two lists of one title": (
        "lists:\n  x: {hubspot: Greeting, when: {segment: big}}\n",
        ['3:16: the list "greeting" has the title "Greeting" already'],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "words"), FINDINGS.values(), ids=FINDINGS)
def test_what_can_never_work_is_told_at_its_place(text: str, words: list[str]) -> None:
    assert mistakes_in(text) == words


FINE = {
    "a circle that is gone round a few times": programs(
        program(
            "enrol: called",
            "phases:",
            f"  one: {{{HI}}}",
            f"  two: {{{HI}, all_answered: {{after: 1d, next: one, times: 2}}}}",
        )
    ),
    "a circle that begins with what the lead does": programs(
        program(
            "enrol: called",
            "phases:",
            "  one: {activities: {a: {wait_for: called, at_most: 9d, no_answer: exit}, b: {send: {note: Hi}}},"
            " all_answered: {after: 1d, next: one}}",
        )
    ),
    "a circle that waits for an answer": programs(
        program("enrol: called", "phases:", f"  one: {{{ASK_AGAIN}}}", f"  two: {{{HI}, all_answered: one}}")
    ),
    "programs that follow one another once": programs(
        program("enrol: called", "phases:", f"  one: {{{HI}}}", "completed: {program: y}"),
        program("phases:", f"  two: {{{HI}}}", "completed: {program: x}", name="y"),
    ),
    "programs that follow one another too soon to be entered again": programs(
        program("enrol: called", "again: 2h", f"phases: {{one: {{{later('1h')}}}}}", "completed: {program: y}"),
        program("again: 2h", f"phases: {{two: {{{later('1h')}}}}}", "completed: {program: x}", name="y"),
    ),
    "programs that follow one another within a year": programs(
        program("enrol: called", "again: 365d", f"phases: {{one: {{{later('30d')}}}}}", "completed: {program: y}"),
        program("again: 1d", f"phases: {{two: {{{ASK}}}}}", "completed: {program: x}", name="y"),
    ),
    "programs that follow one another by an answer": programs(
        program("enrol: called", "again: 1h", f"phases: {{one: {{{ASK}}}}}", "completed: {program: y}"),
        program("again: 1h", f"phases: {{two: {{{later('2h')}}}}}", "completed: {program: x}", name="y"),
    ),
    "programs that follow one another for those who won": programs(
        program("enrol: called", "goal: called", "again: {after: 1h, ended: won}",
                f"phases: {{one: {{{later('2h')}}}}}", "completed: {program: y}"),
        program("again: 1h", f"phases: {{two: {{{later('2h')}}}}}", "completed: {program: x}", name="y"),
    ),
    "a goal at a phase of its own": programs(
        program("enrol: called", "goal: {when: {in_program: {x: one}}}", f"phases: {{one: {{{HI}}}}}")
    ),
    "an exit by another program": programs(
        program("enrol: called", "exit: {when: {in_program: welcome}}", f"phases: {{one: {{{HI}}}}}")
    ),
    "a program entered by hand": programs(program("enrol: by_hand", f"phases: {{one: {{{HI}}}}}")),
    "a score without limit": (
        "scores:\n  x: {rules: [{on: called, points: 5}]}\nsegments:\n  y: {x: {gte: 10000}}\n"
    ),
    "a score that a cap per time lets grow": (
        "scores:\n  x: {rules: [{on: called, points: 5, at_most: 9 per 1d}]}\nsegments:\n  y: {x: {gte: 10000}}\n"
    ),
    "segments in segments": "segments:\n  a: {segment: b}\n  b: {segment: c}\n  c: {segment: big}\n",
}  # fmt: skip


@pytest.mark.parametrize("text", FINE.values(), ids=FINE)
def test_what_can_work_is_left_alone(text: str) -> None:
    assert mistakes_in(text) == []


def test_no_message_is_sent_without_knowing_who_opted_out() -> None:
    without_consent = BASE.replace(", type: boolean, consent: email", ", type: boolean")

    report = check_mapping({"base.yaml": without_consent})

    assert [str(problem) for problem in report.problems] == [
        (
            "base.yaml:25:52: a message is sent, but no field says who opted out of email; "
            "add a field such as opted_out: {hubspot: hs_email_optout, type: boolean, consent: email}"
        )
    ]


def test_a_property_of_the_crm_that_is_both_read_and_written_is_pointed_out() -> None:
    found = mistakes_in("write_back: {hubspot: {industry: fit.grade}}\n")

    assert found == [
        (
            '2:24: warning: "industry" is read by a field, too: what Coltiva writes comes back as the CRM\'s word; '
            "write to a property of Coltiva's own"
        )
    ]


def test_a_misshapen_program_is_not_judged_as_a_whole() -> None:
    """Its other mistakes are told once its shape is right; none is invented."""
    found = mistakes_in(
        programs(program("enrol: called", "phases:", f"  one: {{{HI}, al_answered: two}}", f"  two: {{{HI}}}"))
    )

    assert found == ['6:50: unknown key "al_answered" in a phase; did you mean "all_answered"?']


def test_a_score_is_never_unknown() -> None:
    found = mistakes_in("write_back: {hubspot: {ours: {value: fit, unknown: clear}}}\n")

    assert len(found) == 1
    assert "only a field that a CRM fills may be unknown; everything else is kept as it is; remove it" in found[0]
