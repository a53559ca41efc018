"""What changes a score, each change with a line in its ledger: points given, taken, expired; reset, frozen, thawed."""

from __future__ import annotations

from datetime import datetime

from connector.domain.draft import Draft
from connector.domain.history import Detail, HistoryKind
from connector.domain.traits import score as scores
from connector.domain.traits.score import EngagementRule, Score

_SCORED = HistoryKind.SCORED


def note_points(draft: Draft, score: Score, rule: str, points: float, because: str = "") -> None:
    """One line of the score's ledger."""
    detail: Detail = {"rule": rule, "points": points, **_standing(draft, score)}
    draft.note(_SCORED, score.name, {**detail, "because": because} if because else detail)


def _standing(draft: Draft, score: Score) -> Detail:
    return {"total": float(draft.points(score.name)), "book": draft.book.version}


def give_points(draft: Draft, score: Score, rule: EngagementRule) -> None:
    """What a signal earns: nothing beyond the rule's cap, and nothing while the score is frozen."""
    if draft.frozen_since(score) is not None:
        return
    before = draft.parts.get(score.name, {}).get(rule.id)
    part, given = scores.give(before, rule, score.half_life, draft.now)
    if not given:
        return
    draft.set_part(score, rule.id, part)
    if rule.expires is not None:
        draft.touch_node(f"expiry:{score.name}")
    note_points(draft, score, rule.id, given)


def reset(draft: Draft, score: Score, by: str) -> None:
    """Take all points for signals, and forget what their caps counted; also of a score that is frozen."""
    draft.note(HistoryKind.RESET, score.name, {"by": by, "book": draft.book.version})
    of_signals = {rule.id for rule in score.rules if isinstance(rule, EngagementRule)}
    for rule, points in draft.worths(score):
        if rule in of_signals:
            draft.set_part(score, rule, None)
            if points:
                note_points(draft, score, rule, -points, "reset")


def expire(draft: Draft, score: Score) -> None:
    """Take the points whose time is over, unless the score stands still."""
    if draft.frozen_since(score) is None:
        _take_expired(draft, score)


def _take_expired(draft: Draft, score: Score) -> None:
    for rule, part in list(draft.parts.get(score.name, {}).items()):
        if part.lots and part.lots[0][0] <= draft.now:
            left, gone = scores.expire(part, draft.now)
            draft.set_part(score, rule, left)
            note_points(draft, score, rule, -gone, "expired")


def freeze(draft: Draft, score: Score) -> None:
    """Let the score stand still from here on, without the points whose time was over just before."""
    _take_expired(draft, score)
    draft.revalue(score)
    draft.note(HistoryKind.FROZEN, score.name, _standing(draft, score))


def thaw(draft: Draft, score: Score, since: datetime) -> None:
    """Let the score, which stood still since then, go on from where it stopped."""
    for rule, part in draft.parts.get(score.name, {}).items():
        draft.parts[score.name][rule] = scores.stood_still(part, draft.now - since)
    draft.revalue(score)
    draft.note(HistoryKind.THAWED, score.name, _standing(draft, score))
