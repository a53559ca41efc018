from __future__ import annotations

from datetime import timedelta

import pytest

from connector.domain.conditions.condition import AttributeTest, FieldTest, Op, SignalTest
from connector.domain.field import FieldType
from connector.domain.traits.score import Cap, EngagementRule, FitRule, Score
from tests.mapping_files import definitions_with, mistakes_in

CLICKED = SignalTest("email_clicked")
SOFTWARE = FieldTest("industry", FieldType.TEXT, Op.EQ, "software")

RULES = {
    "{when: {industry: software}, points: 20}": FitRule("industry is software", SOFTWARE, 20),
    "{when: {industry: software}, points: -5, id: not us}": FitRule("not us", SOFTWARE, -5),
    "{on: email_clicked, points: 2.5}": EngagementRule("email_clicked", CLICKED, 2.5),
    "{on: email_clicked, points: -20}": EngagementRule("email_clicked", CLICKED, -20),
    "{on: email_clicked, points: 5, at_most: 45}": EngagementRule("email_clicked", CLICKED, 5, Cap(45)),
    "{on: email_clicked, points: 5, at_most: 45 per 30d}": EngagementRule(
        "email_clicked", CLICKED, 5, Cap(45, timedelta(days=30))
    ),
    "{on: report_read, where: {topic: planning}, points: 5}": EngagementRule(
        "report_read where topic is planning",
        SignalTest("report_read", (AttributeTest("topic", Op.EQ, "planning"),)),
        5,
    ),
}


@pytest.mark.parametrize(("text", "rule"), RULES.items(), ids=RULES)
def test_a_rule_gives_points_for_what_holds_or_was_done(text: str, rule: FitRule | EngagementRule) -> None:
    definitions = definitions_with(f"scores:\n  tested: {{rules: [{text}]}}\n")

    assert [score.rules for score in definitions.scores if score.name == "tested"] == [(rule,)]


def test_a_score_fades_and_has_grades_best_first() -> None:
    definitions = definitions_with(
        "scores:\n  tested: {half_life: 30d, grades: {C: 0, A: 70, B: 40}, rules: [{on: called, points: 1}]}\n"
    )

    score = definitions.scores[-1]
    assert score.half_life == timedelta(days=30)
    assert score.grades == (("A", 70), ("B", 40), ("C", 0))


def test_a_score_may_be_the_sum_of_others() -> None:
    definitions = definitions_with("scores:\n  tested: {sum: [fit]}\n")

    assert definitions.scores[-1] == Score("tested", sum_of=("fit",))


def test_the_name_of_a_rule_does_not_depend_on_the_order_of_a_list() -> None:
    one = definitions_with("scores:\n  x: {rules: [{when: {industry: [a, b]}, points: 1}]}\n").scores[-1]
    other = definitions_with("scores:\n  x: {rules: [{when: {industry: [b, a]}, points: 1}]}\n").scores[-1]

    assert one.rules[0].id == other.rules[0].id == "industry is a or b"


def test_points_of_a_score_expire_and_a_rule_may_say_otherwise() -> None:
    score = definitions_with(
        "scores:\n  tested:\n    expires: 90d\n"
        "    rules: [{on: called, points: 1}, {on: email_clicked, points: 1, expires: 7d}]\n"
    ).scores[-1]

    assert [rule.expires for rule in score.rules if isinstance(rule, EngagementRule)] == [
        timedelta(days=90),
        timedelta(days=7),
    ]


def test_a_score_is_reset_by_signals_and_frozen_by_a_condition() -> None:
    score = definitions_with(
        "scores:\n  tested:\n    freeze_while: {industry: software}\n"
        "    reset_on: [called, {on: report_read, where: {topic: planning}}]\n    rules: [{on: called, points: 1}]\n"
    ).scores[-1]

    assert score.freeze_while == SOFTWARE
    assert score.reset_on == (
        SignalTest("called"),
        SignalTest("report_read", (AttributeTest("topic", Op.EQ, "planning"),)),
    )


SCORE = "scores:\n  s: {rules: [{on: called, points: 10}]}\n"
PROGRAM = "programs: {x: {WAYS, phases: {a: {activities: {a: {send: {note: A}}}}}}}\n"
KEPT = {
    "a segment": "segments: {x: {any: [{s: {gte: 7, until_below: 6}}]}}\n",
    "a low score": "segments: {x: {s: {lte: 7, until_above: 8.5}}}\n",
    "a list": "lists: {x: {hubspot: X, when: {s: {gt: 7, until_below: 6}}}}\n",
    "a notification": "notifications: {x: {when: {s: {gte: 7, until_below: 6}}, note: X}}\n",
    "an enrolment": PROGRAM.replace("WAYS", "enrol: {when: {s: {gte: 7, until_below: 6}}}"),
}


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_a_threshold_may_be_easier_to_keep_where_that_is_remembered(text: str) -> None:
    assert mistakes_in(SCORE + text) == []


HERE = "cannot work here: nothing remembers whether this condition held; make it a segment of its own, and ask for that"
NOT_KEPT = {
    "a rule": ("  t: {rules: [{when: {s: {gte: 7, until_below: 6}}, points: 3}]}\n", ["4:35"]),
    "not": ("segments: {x: {not: {s: {gte: 7, until_below: 6}}}}\n", ["4:34"]),
    "at a signal": (
        PROGRAM.replace("WAYS", "enrol: {on: called, when: {s: {gte: 7, until_below: 6}}}"),
        ["4:55"],
    ),
    "a goal": (
        PROGRAM.replace("WAYS", "enrol: called, goal: {when: {s: {gte: 7, until_below: 6}}}"),
        ["4:57"],
    ),
}


@pytest.mark.parametrize(("text", "places"), NOT_KEPT.values(), ids=NOT_KEPT)
def test_a_threshold_is_not_easier_to_keep_where_nothing_remembers_it(text: str, places: list[str]) -> None:
    assert mistakes_in(SCORE + text) == [f"{place}: `until_below` {HERE}" for place in places]


MISTAKES = {
    "expires on a condition": (
        "scores:\n  x: {rules: [{when: {industry: a}, expires: 9d, points: 3}]}\n",
        ["3:37: `expires` belongs to a rule with `on`"],
    ),
    "points that fade and expire": (
        "scores:\n  x: {half_life: 9d, expires: 9d, rules: [{on: called, points: 3}]}\n",
        ["3:22: points either fade or expire; remove half_life: or expires:"],
    ),
    "a sum that is frozen": (
        "scores:\n  x: {sum: [fit], freeze_while: {industry: a}}\n",
        ["3:19: `freeze_while` belongs to a score with rules; put it on the scores that are summed"],
    ),
    "a reset of nothing": (
        "scores:\n  x: {reset_on: called, rules: [{when: {industry: a}, points: 3}]}\n",
        ["3:7: warning: only points for signals are reset, and this score has none; remove reset_on:"],
    ),
    "a reset by nobody knows what": (
        "scores:\n  x: {reset_on: caled, rules: [{on: called, points: 3}]}\n",
        ['3:17: unknown signal "caled"; did you mean "called"?'],
    ),
    "a score frozen by itself": (
        "scores:\n  x: {freeze_while: {x: {gte: 2}}, rules: [{on: called, points: 3}]}\n",
        ["3:3: in a circle: score x → score x; one of them must not look at the next"],
    ),
    "a second threshold alone": (
        "segments:\n  x: {fit: {until_below: 3}}\n",
        ["3:13: `until_below` belongs to `gte` or `gt`; write {gte: 70, until_below: 60}"],
    ),
    "a second threshold on the wrong side": (
        "segments:\n  x: {fit: {lt: 5, until_above: 3}}\n",
        ["3:33: `until_above` lies on the wrong side of the threshold; write {lte: 10, until_above: 20}"],
    ),
    "a second threshold in words": (
        "segments:\n  x: {fit: {gte: 5, until_below: three}}\n",
        ['3:34: expected points, found the text "three"; write {gte: 70, until_below: 60}'],
    ),
    "a second threshold of a field": (
        "segments:\n  x: {employees: {gte: 5, until_below: 3}}\n",
        ['3:27: unknown comparison "until_below"; only scores are kept until they pass a second threshold'],
    ),
    "neither when nor on": (
        "scores:\n  x: {rules: [{points: 3}]}\n",
        ["3:15: a rule has either `when` (a condition) or `on` (a signal)"],
    ),
    "both when and on": (
        "scores:\n  x: {rules: [{on: called, when: {industry: a}, points: 3}]}\n",
        ["3:28: a rule has either `when` (a condition) or `on` (a signal)"],
    ),
    "where without on": (
        "scores:\n  x: {rules: [{when: {industry: a}, where: {a: 1}, points: 3}]}\n",
        ["3:37: `where` belongs to a rule with `on`"],
    ),
    "a limit on a condition": (
        "scores:\n  x: {rules: [{when: {industry: a}, at_most: 9, points: 3}]}\n",
        ["3:37: `at_most` belongs to a rule with `on`"],
    ),
    "a limit on points taken": (
        "scores:\n  x: {rules: [{on: called, at_most: 9, points: -3}]}\n",
        ["3:28: `at_most` limits points that are given, not points that are taken; remove it"],
    ),
    "a limit below one signal": (
        "scores:\n  x: {rules: [{on: called, at_most: 9, points: 10}]}\n",
        ["3:37: warning: the limit is less than one signal gives; the rest is never given"],
    ),
    "a limit of nonsense": (
        "scores:\n  x: {rules: [{on: called, at_most: lots, points: 10}]}\n",
        ["3:37: expected points, for ever or per time; write 45 or 45 per 30d"],
    ),
    "a limit per nonsense": (
        "scores:\n  x: {rules: [{on: called, at_most: 9 per month, points: 1}]}\n",
        ["3:37: months and years differ in length; write days, such as 30d or 365d"],
    ),
    "a limit of nothing": (
        "scores:\n  x: {rules: [{on: called, at_most: 0, points: 1}]}\n",
        ["3:37: a limit must leave room for points; write 45 or 45 per 30d"],
    ),
    "no points": (
        "scores:\n  x: {rules: [{on: called}]}\n",
        ['3:15: "points" is missing in a score rule; add points:'],
    ),
    "points in quotation marks": (
        'scores:\n  x: {rules: [{on: called, points: "5"}]}\n',
        ['3:36: expected a number, found the text "5"; write it without quotation marks'],
    ),
    "points for nothing": (
        "scores:\n  x: {rules: [{on: called, points: 0}]}\n",
        ["3:36: warning: a rule for no points"],
    ),
    "points beyond measure": (
        "scores:\n  x: {rules: [{on: called, points: 1e9}]}\n",
        ['3:36: "1000000000.0" is too large; write 1000000 or less'],
    ),
    "a rule twice": (
        "scores:\n  x:\n    rules:\n      - {on: called, points: 1}\n      - {on: called, points: 2}\n",
        ['6:10: a second rule "called" in this score; make one rule of the two, or give one an id:'],
    ),
    "an unknown signal": (
        "scores:\n  x: {rules: [{on: caled, points: 1}]}\n",
        ['3:20: unknown signal "caled"; did you mean "called"?'],
    ),
    "rules and sum": (
        "scores:\n  x: {sum: [fit], rules: [{on: called, points: 1}]}\n",
        ["3:7: a score has either `rules` or `sum`"],
    ),
    "neither rules nor sum": ("scores:\n  x: {grades: {A: 1}}\n", ["3:3: a score has either `rules` or `sum`"]),
    "an unknown part": (
        "scores:\n  x: {sum: [fit, engagment]}\n",
        ['3:18: unknown score "engagment"; known: fit, x'],
    ),
    "a part twice": ("scores:\n  x: {sum: [fit, fit]}\n", ['3:18: the score "fit" is summed twice']),
    "a half-life of a sum": (
        "scores:\n  x: {sum: [fit], half_life: 30d}\n",
        ["3:19: `half_life` belongs to a score with rules; put it on the scores that are summed"],
    ),
    "a half-life without signals": (
        "scores:\n  x: {half_life: 30d, rules: [{when: {industry: a}, points: 1}]}\n",
        ["3:7: warning: only points for signals fade, and this score has none; remove half_life:"],
    ),
    "two grades at one place": (
        "scores:\n  x: {grades: {A: 1, B: 1}, rules: [{on: called, points: 1}]}\n",
        ["3:7: two grades begin at the same points"],
    ),
    "the name of a field": (
        "scores:\n  industry: {rules: [{on: called, points: 1}]}\n",
        [
            ('3:3: "industry" is a field already; conditions could not tell them apart; '
            "give the score another name")
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_in_a_score_is_told_at_its_place(text: str, words: list[str]) -> None:
    assert mistakes_in(text) == words
