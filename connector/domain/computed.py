"""Fields that follow from what a lead did: which topic it read most, how often it came, what it said last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from connector.domain.condition import SignalTest
from connector.domain.fact import Value
from connector.domain.field import Field, format_value, parse_value

#: A lead remembers so many values of a field; of more, the lightest are forgotten, of these the oldest first.
MOST_VALUES = 100
#: Within a span of time it remembers so many hours, each for one value; of more, the oldest are forgotten.
MOST_HOURS = 500
#: Amounts beyond are no amounts, and would not add up any more.
_MOST_AMOUNT = 1e12
_MILLISECOND = timedelta(milliseconds=1)


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
    """What signals said one value, added up: all of them, or, within a span of time, those of one hour."""

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
    same = next((one for one in kept if _is_same(computed, one, value, now)), None)
    others = [one for one in counting_of(computed, kept, now) if one is not same]
    return (*_bounded(computed, others), Mention(value, weight + (same.weight if same else 0.0), now))


def _is_same(computed: Computed, one: Mention, value: Value, now: datetime) -> bool:
    is_of_now = computed.within is None or _hour(one.at) == _hour(now)
    return is_of_now and _folded(one.value) == _folded(value)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _folded(value: Value) -> Value:
    """Values that differ in large and small letters alone are the same."""
    return value.casefold() if isinstance(value, str) else value


def _bounded(computed: Computed, others: list[Mention]) -> list[Mention]:
    """All, but for one more to be within the bounds."""
    if computed.within is not None:
        return others[-(MOST_HOURS - 1) :]
    if len(others) >= MOST_VALUES:
        others.remove(min(others, key=lambda one: (one.weight, one.at)))
    return others


def value_of(computed: Computed, kept: Mentions, now: datetime) -> Value | None:
    """The field's value now; None where the lead has none. Counts and sums of nothing are zero."""
    counting = counting_of(computed, kept, now)
    if computed.is_number:
        return float(sum(one.weight for one in counting))
    shares = shares_of(counting)
    return shares[0].value if shares else None


def shares_of(mentions: Iterable[Mention]) -> list[Mention]:
    """Each value once with all its weight: the heaviest first, of equals the one that was said last."""
    shares: dict[Value, Mention] = {}
    for one in mentions:
        before = shares.pop(_folded(one.value), None)
        shares[_folded(one.value)] = one._replace(weight=one.weight + (before.weight if before else 0.0))
    latest_first = list(shares.values())[::-1]
    return sorted(latest_first, key=lambda one: (one.weight, one.at), reverse=True)


def counting_of(computed: Computed, kept: Mentions, now: datetime) -> list[Mention]:
    """What counts now of all that a lead remembers."""
    if computed.within is None:
        return list(kept)
    span = computed.within
    return [one for one in kept if now < _lapses_at(one, span)]


def _lapses_at(one: Mention, span: timedelta) -> datetime:
    return one.at + span + _MILLISECOND


def changes_at(computed: Computed, kept: Mentions, now: datetime) -> datetime | None:
    """The earliest moment after now at which time alone may change the value; None for never.

    What lapses of other values only leaves the heaviest further ahead.
    """
    if computed.within is None:
        return None
    value = value_of(computed, kept, now)
    weighty = (
        kept if computed.is_number or value is None else [one for one in kept if _folded(one.value) == _folded(value)]
    )
    lapses = (_lapses_at(one, computed.within) for one in weighty)
    return min((moment for moment in lapses if moment > now), default=None)
