"""Fields that follow from signals, reckoned anew each time: what `Memory` must agree with."""

from __future__ import annotations

from datetime import datetime, timedelta

from connector.domain.fact import Value
from connector.domain.traits import memory
from connector.domain.traits.computed import Computed, Mention, Mentions, Reckoning

MS = timedelta(milliseconds=1)


def remember(computed: Computed, kept: Mentions, value: Value, weight: float, now: datetime) -> Mentions:
    """What a lead remembers once one more signal has mentioned the value."""
    if computed.how is Reckoning.FIRST and kept:
        return kept
    if computed.how in (Reckoning.FIRST, Reckoning.LATEST):
        return (Mention(value, weight, now),)
    value = _as_spelt_before(kept, value)
    joined = [one for one in kept if one.value == value and _begins_at(computed, now) <= one.at]
    others = [one for one in _counting(computed, kept, now) if one not in joined]
    if computed.within is not None:
        others = others[-(memory.MOST_DAYS - 1) :]
    elif len(others) >= memory.MOST_VALUES:
        others.remove(min(others, key=lambda one: (one.weight, one.at)))
    return (*others, Mention(value, weight + sum(one.weight for one in joined), now))


def value_of(computed: Computed, kept: Mentions, now: datetime) -> Value | None:
    """The field's value now."""
    counting = _counting(computed, kept, now)
    if computed.is_number:
        return float(sum(one.weight for one in counting))
    weights: dict[Value, float] = {}
    for value, weight, _ in counting:
        weights[value] = weights.pop(value, 0.0) + weight
    return max(reversed(weights), key=weights.__getitem__, default=None)


def changes_at(computed: Computed, kept: Mentions, value: Value | None, now: datetime) -> datetime | None:
    """The earliest moment after now at which time alone may change this value."""
    if computed.within is None or value is None:
        return None
    said = (one.at for one in _counting(computed, kept, now) if computed.is_number or one.value == value)
    return next((at + computed.within + MS for at in said), None)


def _as_spelt_before(kept: Mentions, value: Value) -> Value:
    if not isinstance(value, str):
        return value
    return next((str(one.value) for one in kept if str(one.value).casefold() == value.casefold()), value)


def _begins_at(computed: Computed, now: datetime) -> datetime:
    if computed.within is None:
        return datetime.min.replace(tzinfo=now.tzinfo)
    hour = 0 if computed.within >= timedelta(days=30) else now.hour
    return now.replace(hour=hour, minute=0, second=0, microsecond=0)


def _counting(computed: Computed, kept: Mentions, now: datetime) -> Mentions:
    within = computed.within
    return kept if within is None else tuple(one for one in kept if one.at >= now - within)
