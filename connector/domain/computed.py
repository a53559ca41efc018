"""Fields that follow from what a lead did: which topic it read most, how often it came, what it said last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import dropwhile, takewhile
from typing import NamedTuple

from connector.domain.condition import SignalTest
from connector.domain.fact import Value
from connector.domain.field import Field, format_value, parse_value

#: A lead remembers so many values of a field; of more, the lightest are forgotten, of these the oldest first.
MOST_VALUES = 100
#: Within a span of time it remembers so many days, each for one value; of more, the oldest are forgotten.
MOST_DAYS = 300
#: Within less than this, hours instead of days.
_LONG = timedelta(days=30)
#: Amounts beyond are no amounts, and would not add up any more.
_MOST_AMOUNT = 1e12
_MILLISECOND = timedelta(milliseconds=1)
_EVER = datetime.min.replace(tzinfo=UTC)


class Reckoning(StrEnum):
    """How a field follows from signals."""

    MOST = "most"  # the attribute's value with the most signals, or the most weight
    LATEST = "latest"  # the attribute's latest value
    FIRST = "first"  # its first value
    COUNT = "count"  # how many signals
    SUM = "sum"  # what the attribute adds up to


@dataclass(frozen=True, slots=True)
class Computed:
    """A field that is not read from a CRM."""

    field: Field
    how: Reckoning
    on: SignalTest
    #: The signal's attribute whose values are looked at; empty for COUNT.
    attribute: str = ""
    #: Of MOST: the attribute that weighs each signal; empty: each weighs one.
    weight: str = ""
    #: Only the latest so long counts; None: all that ever happened.
    within: timedelta | None = None

    @property
    def name(self) -> str:
        """The field's name."""
        return self.field.name

    @property
    def is_number(self) -> bool:
        """Whether it adds up, rather than choosing one of the values."""
        return self.how in (Reckoning.COUNT, Reckoning.SUM)


class Mention(NamedTuple):
    """What signals said one value, added up: all of them, or, within a span of time, those of one day or hour."""

    value: Value
    weight: float
    #: When it was said last.
    at: datetime


#: What a lead remembers of one field: the one said last comes last.
Mentions = tuple[Mention, ...]


def mentions_in(computed: Computed, attributes: Mapping[str, Value]) -> Sequence[tuple[Value, float]]:
    """The values that a signal mentions, with their weights. Raises ValueError for one not of the field's type."""
    if computed.how is Reckoning.COUNT:
        return [("", 1.0)]
    said = attributes.get(computed.attribute)
    if said is None:
        return []
    if computed.how is Reckoning.SUM:
        amount = _to_number(said)
        return [] if amount is None else [("", amount)]
    weight = _to_number(attributes.get(computed.weight, 0.0)) if computed.weight else 1.0
    value = parse_value(computed.field, format_value(said))
    if value is None or weight is None or weight <= 0:
        return []
    each = value if isinstance(value, tuple) and computed.how is Reckoning.MOST else (value,)
    return [(one, weight) for one in each]


def _to_number(value: Value) -> float | None:
    """The number, or the one that the text writes; None for what is none, or is beyond all that people count."""
    if isinstance(value, bool | tuple):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if abs(number) <= _MOST_AMOUNT else None  # not a number is not less than anything


def remember(computed: Computed, kept: Mentions, value: Value, weight: float, now: datetime) -> Mentions:
    """What a lead remembers once one more signal has mentioned the value; `now` is not before any of the others."""
    if computed.how is Reckoning.FIRST and kept:
        return kept
    if computed.how in (Reckoning.FIRST, Reckoning.LATEST):
        return (Mention(value, weight, now),)
    value = _as_spelt_before(kept, value)
    same = next((one for one in _lately(computed, kept, now) if one.value == value), None)
    others = [one for one in counting_of(computed, kept, now) if one is not same]
    return (*_bounded(computed, others), Mention(value, weight + (same.weight if same else 0.0), now))


def _lately(computed: Computed, kept: Mentions, now: datetime) -> Iterator[Mention]:
    """Those to which what is said now adds: all, or those of this day or hour, the latest first."""
    begins_at = _EVER
    if computed.within is not None:
        hour = 0 if computed.within >= _LONG else now.hour
        begins_at = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    return takewhile(lambda one: one.at >= begins_at, reversed(kept))


def _as_spelt_before(kept: Mentions, value: Value) -> Value:
    """The value as it is remembered already: what differs in large and small letters alone is the same."""
    if not isinstance(value, str) or any(one.value == value for one in kept):
        return value
    folded = value.casefold()
    spelt = (one.value for one in kept if isinstance(one.value, str) and one.value.casefold() == folded)
    return next(spelt, value)


def _bounded(computed: Computed, others: list[Mention]) -> list[Mention]:
    """All, but for one more to be within the bounds."""
    if computed.within is not None:
        return others[-(MOST_DAYS - 1) :]
    if len(others) >= MOST_VALUES:
        others.remove(min(others, key=lambda one: (one.weight, one.at)))
    return others


def value_of(computed: Computed, kept: Mentions, now: datetime) -> Value | None:
    """The field's value now; None where the lead has none. Counts and sums of nothing are zero."""
    counting = counting_of(computed, kept, now)
    if computed.is_number:
        return float(sum(one.weight for one in counting))
    weights = _weigh(counting)
    return max(reversed(weights), key=weights.__getitem__, default=None)


def _weigh(mentions: Iterable[Mention]) -> dict[Value, float]:
    """Each value's whole weight; the one that was said last comes last."""
    weights: dict[Value, float] = {}
    for value, weight, _ in mentions:
        weights[value] = weights.pop(value, 0.0) + weight
    return weights


def shares_of(mentions: Iterable[Mention]) -> list[Mention]:
    """Each value once with all its weight: the heaviest first, of equals the one that was said last."""
    said = list(mentions)
    last = {one.value: one.at for one in said}
    latest_first = reversed([Mention(value, weight, last[value]) for value, weight in _weigh(said).items()])
    return sorted(latest_first, key=lambda one: one.weight, reverse=True)


def counting_of(computed: Computed, kept: Mentions, now: datetime) -> Mentions:
    """What counts now of all that a lead remembers."""
    if computed.within is None:
        return kept
    lapsed_at = now - computed.within - _MILLISECOND
    return tuple(dropwhile(lambda one: one.at <= lapsed_at, kept))


def changes_at(computed: Computed, kept: Mentions, value: Value | None, now: datetime) -> datetime | None:
    """The earliest moment after now at which time alone may change this value; None for never.

    What lapses of other values only leaves the heaviest further ahead.
    """
    if computed.within is None or value is None:
        return None
    for one in counting_of(computed, kept, now):
        if computed.is_number or one.value == value:
            return one.at + computed.within + _MILLISECOND
    return None
