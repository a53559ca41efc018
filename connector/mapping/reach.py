"""How many points a lead can have at most, and which thresholds lie beyond."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import ceil, floor, inf

from connector.domain.conditions.condition import Op
from connector.domain.traits.score import EngagementRule, FitRule, Score
from connector.mapping.conditions import ConditionReader
from connector.mapping.report import quoted

_BEYOND: Mapping[Op, Callable[[float, float], bool]] = {
    Op.EQ: lambda threshold, most: threshold > most,
    Op.GTE: lambda threshold, most: threshold > most,
    Op.GT: lambda threshold, most: threshold >= most,
}


def check_thresholds(scores: Sequence[Score], reader: ConditionReader) -> None:
    """Report comparisons and grades that no lead can reach; each score comes after those that it adds up."""
    most_of = {} if reader.problems.touch(("scores",)) else most_points(scores)
    for test, path in reader.thresholds:
        most = most_of.get(test.score, inf)
        if test.op in _BEYOND and _BEYOND[test.op](test.operand, most):
            message = f"no lead reaches this: {quoted(test.score)} is {floor(most)} at most"
            reader.problems.warn(path, message, "lower it, or give more points", on_key=True)
    for score in scores:
        most = most_of.get(score.name, inf)
        for grade, least in score.grades:
            if least > most:
                message = f"no lead reaches grade {quoted(grade)}: {quoted(score.name)} is {floor(most)} at most"
                reader.problems.warn(("scores", score.name, "grades", grade), message)


def most_points(scores: Iterable[Score]) -> Mapping[str, float]:
    """The most points that each score can have, whole; infinite where nothing limits it.

    Each score comes after those that it adds up.
    """
    most: dict[str, float] = {}
    for score in scores:
        total = sum(most.get(part, inf) for part in score.sum_of) + sum(_most(rule, score) for rule in score.rules)
        most[score.name] = total if total == inf else floor(total)
    return most


def _most(rule: FitRule | EngagementRule, score: Score) -> float:
    if rule.points <= 0 or isinstance(rule, FitRule):
        return max(0.0, rule.points)
    if rule.at_most is None:
        return inf
    if rule.at_most.per is None:
        return rule.at_most.points
    if score.freeze_while is not None:  # what is kept over a frozen time meets what is given after it
        return inf
    if rule.expires is not None:
        return rule.at_most.points * ceil(rule.expires / rule.at_most.per)
    if score.half_life is None:
        return inf
    # A full cap each period, all of them fading: a geometric series.
    left = 2.0 ** -(rule.at_most.per / score.half_life)
    return rule.at_most.points / (1 - left) if left < 1 else inf
