"""What follows from fields and behaviour: points for fit, segments, lists, notifications; when time changes them."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum, auto

from connector.domain.behaviour import note_points
from connector.domain.book import ScoreNode, Watcher
from connector.domain.draft import Draft
from connector.domain.history import HistoryKind
from connector.domain.predicate import Predicate, earliest
from connector.domain.score import FitRule, Part, Score

#: A written score that has faded by this much is written again.
FADED_POINTS = 5


class Scope(Enum):
    """How much is looked at again."""

    TOUCHED = auto()  # what looks at something that was touched
    TIMED = auto()  # and what time alone may change: an alarm rang
    ALL = auto()


def derive(draft: Draft, scope: Scope) -> None:
    """Bring fit points and segments up to date."""
    for node in draft.book.derived:
        if isinstance(node, ScoreNode):
            if scope is not Scope.TOUCHED or not draft.touched.isdisjoint(node.reads):
                _derive_score(draft, node, scope)
        elif _is_concerned(draft, node.test, scope) and watch(draft, node):
            draft.touched.add(node.id)


def _is_concerned(draft: Draft, test: Predicate, scope: Scope) -> bool:
    if scope is Scope.ALL or (scope is Scope.TIMED and test.flips_at is not None):
        return True
    return not draft.touched.isdisjoint(test.reads)


def _derive_score(draft: Draft, node: ScoreNode, scope: Scope) -> None:
    score = node.score
    if not draft.touched.isdisjoint(node.parts):
        draft.touched.add(f"score:{score.name}")
    for rule, test in node.fit:
        if _is_concerned(draft, test, scope):
            _fit(draft, score, rule, test.holds(draft))


def _fit(draft: Draft, score: Score, rule: FitRule, holds: bool) -> None:
    if holds == (rule.id in draft.parts.get(score.name, {})):
        return
    draft.set_part(score, rule.id, Part(rule.points, draft.now, fades=False) if holds else None)
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
    if watcher.id.startswith(("segment:", "list:")):
        draft.note(HistoryKind.JOINED if holds else HistoryKind.LEFT, watcher.id)
    return True


def watch_all(draft: Draft, scope: Scope) -> list[str]:
    """Bring lists, notifications and enrolment conditions up to date; the ids of those that came to hold."""
    changed = [
        watcher.id
        for watcher in draft.book.watchers
        if _is_concerned(draft, watcher.test, scope) and watch(draft, watcher)
    ]
    return [id_ for id_ in changed if id_ in draft.holding]


def flips_at(draft: Draft) -> datetime | None:
    """The earliest moment at which time alone may change anything that is kept up to date here, on the full minute.

    Conditions flip to the millisecond; what follows from that is done within a minute.
    """
    tests = [*draft.book.timed]
    for enrolment in draft.enrolments:
        if enrolment.is_open:
            tests += draft.book.programs[enrolment.program].timed
    faded_at = _faded_at(draft)
    now, draft.now = draft.now, to_minute(draft.now)  # what flipped in this minute is looked at when it is full
    moment = earliest([*(test.flips_at(draft) for test in tests if test.flips_at), *faded_at])
    draft.now = now
    if moment is None or moment == to_minute(moment):
        return moment
    return next_minute(moment)


def to_minute(moment: datetime) -> datetime:
    """The full minute that the moment lies in."""
    return moment.replace(second=0, microsecond=0)


def next_minute(moment: datetime) -> datetime:
    """The first full minute after the moment."""
    return to_minute(moment) + timedelta(minutes=1)


def _faded_at(draft: Draft) -> list[datetime | None]:
    """When the scores that CRMs show have faded enough to be shown anew."""
    moments: list[datetime | None] = []
    for score in draft.book.shown_scores:
        points = draft.points(score)
        falls_to, rises_to = points - FADED_POINTS + 1, points + FADED_POINTS
        moments.append(draft.passes_at(score, max(falls_to, 1) if points > 0 else falls_to))
        moments.append(draft.passes_at(score, min(rises_to, -1) if points < 0 else rises_to))
    return moments
