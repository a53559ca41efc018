"""Where a lead stands among the others, told so that it holds until the lead is judged again.

Scores fade, so a lead's points are another number every day. What they will be by themselves is known when it is
judged, and so is a number that they never exceed from then on: leads in the order of these numbers can be asked for
the best ones without looking at all the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from connector.domain.traits.score import Outlook, Part, Score, decayed, outlook_of, total, whole

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_NO_PARTS: dict[str, Part] = {}

Scores = Mapping[str, Mapping[str, Part]]
Seen = Mapping[str, Sequence[datetime]]


class Rank(NamedTuple):
    """What decides where a lead is listed. The smallest number comes first."""

    #: Minus the most points that it can have from the judgement on.
    rank: int
    #: Minus the milliseconds from 1970 to its last activity; 0 for none.
    idle: int
    #: What the rules scores that it is listed by will do by themselves.
    outlooks: tuple[Outlook, ...]


def rank_of(leaves: Sequence[Score], scores: Scores, holding: Mapping[str, datetime], seen: Seen, at: datetime) -> Rank:
    """The rank of a lead that is judged at this moment, among leads listed by the sum of these rules scores."""
    outlooks = tuple([outlook_of(leaf, scores.get(leaf.name, _NO_PARTS), _frozen(leaf, holding)) for leaf in leaves])
    most = whole(sum([_most(outlook, at) for outlook in outlooks]))
    return Rank(-most, idle_since(latest_activity(scores, seen)), outlooks)


def points_of(outlooks: Sequence[Outlook], now: datetime) -> int:
    """The whole points now."""
    return whole(sum([total(outlook, now) for outlook in outlooks]))


def latest_activity(scores: Scores, seen: Seen) -> datetime | None:
    """When the lead last gave a signal that earned points or that a condition counts; None for never."""
    # Only what signals gave fades: points for who somebody is are no activity.
    moments = [part.at for parts in scores.values() for part in parts.values() if part.fades]
    moments += [counted[-1] for counted in seen.values() if counted]
    return max(moments, default=None)


def idle_since(active_at: datetime | None) -> int:
    """`Rank.idle` of a lead that was active then."""
    return 0 if active_at is None else -((active_at - _EPOCH) // _MILLISECOND)


def _frozen(leaf: Score, holding: Mapping[str, datetime]) -> datetime | None:
    return holding.get(f"freeze:{leaf.name}") if leaf.freeze_while else None


def _most(outlook: Outlook, at: datetime) -> float:
    """What fades comes nearer to nothing, from above or from below."""
    if outlook.half_life is None:
        return outlook.constant
    return outlook.constant + max(0.0, decayed(outlook.fading, at - outlook.since, outlook.half_life))
