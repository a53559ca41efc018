"""Scores: from the file to the domain's terms, each rule with a name that people can read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from connector.domain.conditions.condition import SignalTest
from connector.domain.traits.score import EngagementRule, FitRule, Score
from connector.mapping.conditions import ConditionReader
from connector.mapping.models import MappingFile, RuleEntry, ScoreEntry
from connector.mapping.places import Path
from connector.mapping.report import nearest, quoted
from connector.mapping.sentences import signal_sentence, to_sentence


def to_scores(mapping: MappingFile, reader: ConditionReader) -> tuple[Score, ...]:
    """The scores; reports unknown parts of sums and what cannot be meant."""
    return tuple(_to_score(name, entry, reader) for name, entry in mapping.scores.items())


def _to_score(name: str, entry: ScoreEntry, reader: ConditionReader) -> Score:
    path: Path = ("scores", name)
    if name in reader.names.fields:
        message = f"{quoted(name)} is a field already; conditions could not tell them apart"
        reader.problems.error(path, message, "give the score another name", on_key=True)
    _check_sum(name, entry, reader)
    rules = _to_rules(entry, path, reader)
    has_signals = any(isinstance(rule, EngagementRule) for rule in rules) or reader.problems.touch(path)
    for key, what in _OF_SIGNALS.items():
        if getattr(entry, key) and not has_signals:
            message = f"only points for signals {what}, and this score has none"
            reader.problems.warn((*path, key), message, f"remove {key}:", on_key=True)
    return Score(
        name=name,
        rules=rules,
        half_life=entry.half_life,
        sum_of=entry.sum,
        grades=tuple(sorted(entry.grades.items(), key=lambda grade: -grade[1])),
        reset_on=tuple(_resets(entry, (*path, "reset_on"), reader)),
        freeze_while=None if entry.freeze_while is None else reader.read(entry.freeze_while, (*path, "freeze_while")),
    )


_OF_SIGNALS = {"half_life": "fade", "expires": "expire", "reset_on": "are reset"}


def _resets(entry: ScoreEntry, path: Path, reader: ConditionReader) -> Iterator[SignalTest]:
    for index, reset in enumerate(entry.reset_on):
        here = (*path, index)
        reader.know_signal(reset.on, (*here, "on"))
        yield SignalTest(reset.on, reader.read_where(reset.on, reset.where, (*here, "where")))


def _check_sum(name: str, entry: ScoreEntry, reader: ConditionReader) -> None:
    for index, part in enumerate(entry.sum):
        path = ("scores", name, "sum", index)
        if part not in reader.names.scores:
            reader.problems.error(path, f"unknown score {quoted(part)}", nearest(part, reader.names.scores))
        elif part in entry.sum[:index]:
            reader.problems.error(path, f"the score {quoted(part)} is summed twice")


def _to_rules(entry: ScoreEntry, path: Path, reader: ConditionReader) -> tuple[FitRule | EngagementRule, ...]:
    rules: list[FitRule | EngagementRule] = []
    taken: set[str] = set()
    for index, rule in enumerate(entry.rules):
        made = _to_rule(rule, entry.expires, (*path, "rules", index), reader)
        if made.id in taken:
            here = (*path, "rules", index, "id" if rule.id else ("on" if rule.on else "when"))
            message = f"a second rule {quoted(made.id)} in this score"
            reader.problems.error(here, message, "make one rule of the two, or give one an id:", on_key=True)
        taken.add(made.id)
        rules.append(made)
    return tuple(rules)


def _to_rule(
    rule: RuleEntry, expires: timedelta | None, path: Path, reader: ConditionReader
) -> FitRule | EngagementRule:
    if not rule.points:
        reader.problems.warn((*path, "points"), "a rule for no points")
    if rule.on is None:
        when = reader.read(rule.when, (*path, "when"))
        return FitRule(rule.id or to_sentence(when), when, rule.points)
    reader.know_signal(rule.on, (*path, "on"))
    on = SignalTest(rule.on, reader.read_where(rule.on, rule.where, (*path, "where")))
    if rule.at_most and rule.at_most.points < rule.points:
        message = "the limit is less than one signal gives; the rest is never given"
        reader.problems.warn((*path, "at_most"), message)
    return EngagementRule(rule.id or signal_sentence(on), on, rule.points, rule.at_most, rule.expires or expires)
