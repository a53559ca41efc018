"""How many points a lead can have at most, and which thresholds lie beyond."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import floor, inf

from connector.domain.condition import Op
from connector.domain.score import EngagementRule, FitRule, Score
from connector.mapping.conditions import ConditionReader
from connector.mapping.report import quoted

_BEYOND: Mapping[Op, Callable[[float, float], bool]] = {
    Op.EQ: lambda threshold, most: threshold > most,
    Op.GTE: lambda threshold, most: threshold > most,
    Op.GT: lambda threshold, most: threshold >= most,
}


def check_thresholds(scores: tuple[Score, ...], reader: ConditionReader) -> None:
    """Report comparisons and grades that no lead can reach."""
    by_name = {score.name: score for score in scores}
    sound = {name for name in by_name if not reader.problems.touch(("scores",))}
    for test, path in reader.thresholds:
        most = most_points(test.score, by_name) if test.score in sound else inf
        if test.op in _BEYOND and _BEYOND[test.op](test.operand, most):
            message = f"no lead reaches this: {quoted(test.score)} is {floor(most)} at most"
            reader.problems.warn(path, message, "lower it, or give more points", on_key=True)
    for score in scores:
        most = most_points(score.name, by_name) if score.name in sound else inf
        for grade, least in score.grades:
            if least > most:
                message = f"no lead reaches grade {quoted(grade)}: {quoted(score.name)} is {floor(most)} at most"
                reader.problems.warn(("scores", score.name, "grades", grade), message)


def most_points(name: str, scores: Mapping[str, Score]) -> float:
    """The most points the score can have, whole; infinite where nothing limits it."""
    score = scores.get(name)
    if score is None:
        return inf
    total = sum(most_points(part, scores) for part in score.sum_of) + sum(_most(rule, score) for rule in score.rules)
    return total if total == inf else floor(total)


def _most(rule: FitRule | EngagementRule, score: Score) -> float:
    if rule.points <= 0 or isinstance(rule, FitRule):
        return max(0.0, rule.points)
    if rule.at_most is None:
        return inf
    if rule.at_most.per is None:
        return rule.at_most.points
    if score.half_life is None:
        return inf
    # A full cap each period, all of them fading: a geometric series.
    left = 2.0 ** -(rule.at_most.per / score.half_life)
    return rule.at_most.points / (1 - left) if left < 1 else inf
