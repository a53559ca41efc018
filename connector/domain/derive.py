"""What follows from fields and behaviour: points for fit, segments, lists, notifications; when time changes them."""

from __future__ import annotations

from datetime import datetime, timedelta

from connector.domain.behaviour import note_points
from connector.domain.book import ScoreNode, Watcher
from connector.domain.draft import Draft
from connector.domain.history import HistoryKind
from connector.domain.predicate import Predicate, earliest
from connector.domain.score import FitRule, Part, Score

#: A written score that has faded by this much is written again.
FADED_POINTS = 5


def derive(draft: Draft, *, all_over: bool) -> None:
    """Bring fit points and segments up to date with what was touched, or with everything."""
    for node in draft.book.derived:
        if isinstance(node, ScoreNode):
            _derive_score(draft, node, all_over=all_over)
        elif _is_concerned(draft, node.test, all_over=all_over) and watch(draft, node):
            draft.touched.add(node.id)


def _is_concerned(draft: Draft, test: Predicate, *, all_over: bool) -> bool:
    """Time-bound conditions are always looked at; others when what they read was touched."""
    return all_over or test.flips_at is not None or not draft.touched.isdisjoint(test.reads)


def _derive_score(draft: Draft, node: ScoreNode, *, all_over: bool) -> None:
    score = node.score
    if any(f"score:{part}" in draft.touched for part in score.sum_of):
        draft.touched.add(f"score:{score.name}")
    for rule, test in node.fit:
        if _is_concerned(draft, test, all_over=all_over):
            _fit(draft, score, rule, test.holds(draft))


def _fit(draft: Draft, score: Score, rule: FitRule, holds: bool) -> None:
    parts = draft.parts.setdefault(score.name, {})
    has = rule.id in parts
    if holds == has:
        return
    if holds:
        parts[rule.id] = Part(rule.points, draft.now)
    else:
        del parts[rule.id]
    draft.touched.add(f"score:{score.name}")
    note_points(draft, score, rule.id, rule.points if holds else -rule.points)


def watch(draft: Draft, watcher: Watcher) -> bool:
    """Bring one watcher's truth up to date; whether it changed."""
    holds, held = watcher.test.holds(draft), watcher.id in draft.holding
    if holds == held:
        return False
    if holds:
        draft.holding[watcher.id] = draft.now
    else:
        del draft.holding[watcher.id]
    if not watcher.id.startswith("notification:"):
        draft.note(HistoryKind.JOINED if holds else HistoryKind.LEFT, watcher.id)
    return True


def watch_all(draft: Draft, *, all_over: bool) -> list[str]:
    """Bring lists and notifications up to date; the ids of those that came to hold."""
    changed = [
        watcher.id
        for watcher in draft.book.watchers
        if _is_concerned(draft, watcher.test, all_over=all_over) and watch(draft, watcher)
    ]
    return [id_ for id_ in changed if id_ in draft.holding]


def flips_at(draft: Draft) -> datetime | None:
    """The earliest moment at which time alone may change anything that is kept up to date here."""
    tests = [*draft.book.timed]
    for enrolment in draft.enrolments:
        if enrolment.is_open:
            tests += draft.book.programs[enrolment.program].timed
    return earliest([*(test.flips_at(draft) for test in tests if test.flips_at), *_faded_at(draft)])


def _faded_at(draft: Draft) -> list[datetime | None]:
    """When the scores that CRMs show have faded enough to be shown anew."""
    moments: list[datetime | None] = []
    for score in draft.book.shown_scores:
        points = draft.points(score)
        if points > 0:
            moments.append(draft.passes_at(score, max(points - FADED_POINTS + 1, 1)))
    return moments


def clamp(moment: datetime | None, now: datetime) -> datetime | None:
    """An alarm that is overdue rings at once, which is a millisecond from now: time never stands still in a fold."""
    return None if moment is None else max(moment, now + timedelta(milliseconds=1))
