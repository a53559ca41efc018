from __future__ import annotations

from datetime import timedelta

import pytest

from connector.domain.condition import AttributeTest, FieldTest, Op, SignalTest
from connector.domain.field import FieldType
from connector.domain.score import Cap, EngagementRule, FitRule, Score
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


MISTAKES = {
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
        ['3:36: "1000000000.0" is too large'],
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
