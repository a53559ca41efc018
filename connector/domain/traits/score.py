"""Scores: rules, what each rule has given a lead, and how points fade.

A score is the sum of its parts, one part a rule. Parts are touched only when their rule gives or takes points, so
that how often a lead is looked at never changes a number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import floor, fsum, log2
from typing import NamedTuple

from connector.domain.conditions.condition import Condition, SignalTest
from connector.domain.frozen import quick, replace

#: Sums of fading points come out a hair below the whole number they mean.
_TOLERANCE = 1e-9
_MILLISECOND = timedelta(milliseconds=1)
#: Of a score without parts.
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FitRule:
    """Points that a lead has for as long as the condition holds."""

    id: str
    when: Condition
    points: float


@dataclass(frozen=True, slots=True)
class Cap:
    """No more points than this from one rule: in any stretch of `per`, or ever."""

    points: float
    per: timedelta | None = None


@dataclass(frozen=True, slots=True)
class EngagementRule:
    """Points for each signal."""

    id: str
    on: SignalTest
    points: float
    at_most: Cap | None = None
    #: How long each signal's points count, in full; None where they last, or fade with the score.
    expires: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """One named score: either rules or the sum of other scores."""

    name: str
    rules: tuple[FitRule | EngagementRule, ...] = ()
    #: The time in which the points that signals gave fade to half; None for never.
    half_life: timedelta | None = None
    #: The scores whose sum this is.
    sum_of: tuple[str, ...] = ()
    #: Grade and its least points, best first.
    grades: tuple[tuple[str, float], ...] = ()
    #: The signals at which the points for signals begin at nothing again.
    reset_on: tuple[SignalTest, ...] = ()
    #: While this holds nothing is given or taken, and nothing fades or expires.
    freeze_while: Condition | None = None


@quick
@dataclass(frozen=True, slots=True)
class Part:
    """What one rule has given one lead."""

    #: Worth at `at`; fades from there.
    points: float
    at: datetime
    #: How many times the rule gave points.
    count: int = 1
    #: (when, points) as far back as the rule's cap looks.
    given: tuple[tuple[datetime, float], ...] = ()
    #: Whether the score's half-life concerns it: points for fit last as long as their condition.
    fades: bool = True
    #: How much of the time since `at` does not count, because the score was frozen.
    still: timedelta = timedelta()
    #: Where points expire: (until when they count, points), the first to go ahead.
    lots: tuple[tuple[datetime, float], ...] = ()


Parts = Mapping[str, Part]
Lots = tuple[tuple[datetime, float], ...]

#: Of one rule a lead remembers when so many signals' points expire, each by itself.
MOST_LOTS = 1_000


def decayed(points: float, age: timedelta, half_life: timedelta | None) -> float:
    """What points are worth after `age`."""
    if half_life is None:
        return points
    return float(points * 2.0 ** -(age / half_life)) if age else float(points)


def worth(part: Part, half_life: timedelta | None, now: datetime) -> float:
    """What a part is worth now."""
    return decayed(part.points, now - part.at - part.still, half_life) if part.fades else part.points


def whole(points: float) -> int:
    """Points as people see them and conditions compare them: rounded down."""
    return floor(points + _TOLERANCE)


def grade_of(points: int, grades: Iterable[tuple[str, float]]) -> str:
    """The best grade that these points reach; empty for none."""
    return next((grade for grade, least in grades if points >= least), "")


def give(
    part: Part | None, rule: EngagementRule, half_life: timedelta | None, now: datetime
) -> tuple[Part | None, float]:
    """The part after the rule's signal, and the points it gave: fewer once the cap is near, and nothing beyond."""
    given = _since(part.given, rule.at_most, now) if part else ()
    points = _room(rule, given)
    if not points:
        return part, points
    noted = _noted(given, rule, now, points)
    count = part.count + 1 if part else 1
    if rule.expires is not None:
        lots = _bounded((*(part.lots if part else ()), (now + rule.expires, points)))
        return Part(_sum(lots), now, count, noted, fades=False, lots=lots), points
    value = worth(part, half_life, now) + points if part else points
    return Part(value, now, count, noted), points


def expire(part: Part, now: datetime) -> tuple[Part | None, float]:
    """The part without the points whose time is over, and these points; None once nothing is left to remember."""
    gone = tuple(lot for lot in part.lots if lot[0] <= now)
    lots = part.lots[len(gone) :]
    left = replace(part, points=_sum(lots), lots=lots) if lots or part.given else None
    return left, _sum(gone)


def stood_still(part: Part, span: timedelta) -> Part:
    """The part after its score was frozen for so long: what fades and expires goes on where it stopped."""
    lots = tuple((until + span, points) for until, points in part.lots)
    return replace(part, still=part.still + span, lots=lots) if part.fades or lots else part


def _bounded(lots: Lots) -> Lots:
    """No more lots than a lead should carry: the oldest count for as long as the next."""
    if len(lots) <= MOST_LOTS:
        return lots
    (_, oldest), (until, points), *others = lots
    return ((until, oldest + points), *others)


def _sum(lots: Lots) -> float:
    return fsum([points for _, points in lots])


def _since(
    given: tuple[tuple[datetime, float], ...], cap: Cap | None, now: datetime
) -> tuple[tuple[datetime, float], ...]:
    if cap is None or cap.per is None:
        return given
    start = now - cap.per
    if not given or given[0][0] > start:
        return given
    return tuple([entry for entry in given if entry[0] > start])


def _room(rule: EngagementRule, given: tuple[tuple[datetime, float], ...]) -> float:
    if rule.at_most is None:
        return rule.points
    left = rule.at_most.points - fsum([points for _, points in given])
    return min(rule.points, left) if left > _TOLERANCE else 0.0


def _noted(
    given: tuple[tuple[datetime, float], ...], rule: EngagementRule, now: datetime, points: float
) -> tuple[tuple[datetime, float], ...]:
    return (*given, (now, points)) if rule.at_most is not None and points else given


# A tuple: one is made each time that points are given.
class Outlook(NamedTuple):
    """What a rules score is and will be by itself: what stays of it, and what fades, worth at `since`."""

    constant: float = 0.0
    fading: float = 0.0
    since: datetime = _NEVER
    half_life: timedelta | None = None


def look_ahead(parts: Parts, half_life: timedelta | None) -> Outlook:
    """The outlook of a rules score: the same in whatever order its parts came, whenever it is asked for."""
    if half_life is None:
        return Outlook(fsum([part.points for part in parts.values()]))
    lasting: list[float] = []
    fading: list[tuple[float, datetime]] = []
    for part in parts.values():
        if part.fades:
            fading.append((part.points, part.at + part.still))
        else:
            lasting.append(part.points)
    if not fading:
        return Outlook(fsum(lasting))
    if len(fading) == 1:
        return Outlook(fsum(lasting), *fading[0], half_life)
    since = max([at for _, at in fading])
    worth_then = fsum([decayed(points, since - at, half_life) for points, at in fading])
    return Outlook(fsum(lasting), worth_then, since, half_life)


def outlook_of(score: Score, parts: Parts, frozen_since: datetime | None) -> Outlook:
    """The outlook of a rules score, which may stand still since a moment."""
    outlook = look_ahead(parts, score.half_life)
    return outlook if frozen_since is None else Outlook(total(outlook, frozen_since))


def total(outlook: Outlook, now: datetime) -> float:
    """The exact points now."""
    if outlook.half_life is None:
        return outlook.constant
    return outlook.constant + decayed(outlook.fading, now - outlook.since, outlook.half_life)


class Blend(NamedTuple):
    """What the rules scores that a score is made of will do together."""

    constant: float
    #: Half-life -> what fades with it, worth at `since`.
    fading: Mapping[timedelta, float]
    since: datetime


def blend(outlooks: Sequence[Outlook]) -> Blend:
    """Several outlooks as one."""
    since = max([outlook.since for outlook in outlooks])
    fading: dict[timedelta, float] = {}
    for outlook in outlooks:
        if outlook.half_life is not None and abs(outlook.fading) > _TOLERANCE:
            amount = decayed(outlook.fading, since - outlook.since, outlook.half_life)
            fading[outlook.half_life] = fading.get(outlook.half_life, 0.0) + amount
    return Blend(sum([outlook.constant for outlook in outlooks]), fading, since)


def passes_at(together: Blend, threshold: float, now: datetime) -> datetime | None:
    """When the sum of scores, by fading alone, next falls or rises across the threshold; None for never.

    The moment depends on the parts only, never on when it is asked for, and lies on the far side of the threshold by
    up to a millisecond. Where several half-lives mix, it is the next midnight while a crossing is possible at all:
    whoever wakes then and finds nothing changed asks again.
    """
    constant, fading, since = together
    gap = threshold - _TOLERANCE - constant
    if len(fading) > 1:
        left = [decayed(amount, now - since, half_life) for half_life, amount in fading.items()]
        if sum(min(0.0, each) for each in left) < gap < sum(max(0.0, each) for each in left):
            return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return None
    for half_life, amount in fading.items():
        if amount and gap / amount > 0:
            moment = since + -log2(gap / amount) * half_life + _MILLISECOND
            return moment if moment > now else None
    return None
