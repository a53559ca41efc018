"""Fields that follow from what a lead did: which topic it read most, how often it came, what it said last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import dropwhile
from typing import NamedTuple

from connector.domain.conditions.condition import SignalTest
from connector.domain.fact import Value
from connector.domain.field import Field, format_value, parse_value

#: Amounts beyond are no amounts, and would not add up any more.
_MOST_AMOUNT = 1e12
_MILLISECOND = timedelta(milliseconds=1)
NEVER = datetime.max.replace(tzinfo=UTC)


class Reckoning(StrEnum):
    """How a field follows from signals."""

    MOST = "most"  # the attribute's value with the most signals, or the most weight
    LATEST = "latest"  # the attribute's latest value
    FIRST = "first"  # its first value
    COUNT = "count"  # how many signals
    SUM = "sum"  # what the attribute adds up to


_MOST, _COUNT, _SUM = Reckoning.MOST, Reckoning.COUNT, Reckoning.SUM


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
        return self.how is _COUNT or self.how is _SUM

    def lapses_at(self, said_at: datetime) -> datetime:
        """From when on what was said at this moment does not count any more; the end of time where it always does."""
        return NEVER if self.within is None else said_at + self.within + _MILLISECOND


class Mention(NamedTuple):
    """What signals said one value, added up: all of them, or, within a span of time, those of one day or hour."""

    value: Value
    weight: float
    #: When it was said last.
    at: datetime


#: What a lead remembers of one field: the one said last comes last.
Mentions = tuple[Mention, ...]


_ONCE = (("", 1.0),)


def mentions_in(computed: Computed, attributes: Mapping[str, Value]) -> Sequence[tuple[Value, float]]:
    """The values that a signal mentions, with their weights. Raises ValueError for one not of the field's type."""
    if computed.how is _COUNT:
        return _ONCE
    said = attributes.get(computed.attribute)
    if said is None:
        return []
    if computed.how is _SUM:
        amount = _to_number(said)
        return [] if amount is None else [("", amount)]
    weight = _to_number(attributes.get(computed.weight, 0.0)) if computed.weight else 1.0
    value = parse_value(computed.field, format_value(said))
    if value is None or weight is None or weight <= 0:
        return []
    each = value if isinstance(value, tuple) and computed.how is _MOST else (value,)
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
    return tuple(dropwhile(lambda one: computed.lapses_at(one.at) <= now, kept))
