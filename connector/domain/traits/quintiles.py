"""Quintiles: edges between RFM's scores that are measured among all who bought, and told to each of them.

What is measured is rounded up, and an edge from which it has gone away by no more than a tenth, or a day, stays: each
change is told to every lead that bought. Of a fifth, the largest value is the edge: those who did the same have the
same score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from math import ceil
from typing import Final, NamedTuple

from connector.domain.fact import Value
from connector.domain.field import format_moment

#: Of fewer leads that bought, fifths say nothing.
FEWEST: Final = 25
#: Scores, and with that fifths, between which there are edges.
_EDGES: Final = 4
#: How many digits of an edge say something.
_DIGITS: Final = 2
#: An edge stays while what is measured is no further away from it than this share of it.
_NEAR: Final = 0.1
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Edges:
    """What was measured: of each, four edges in rising order; none of what was not measured."""

    #: Since when they are so.
    measured_at: datetime
    recency: tuple[timedelta, ...] = ()
    frequency: tuple[float, ...] = ()
    monetary: tuple[float, ...] = ()


class Fifths(NamedTuple):
    """The largest value of each of the first four fifths of those who bought; fewer values where there are too few."""

    #: Days since the last purchase.
    recency: Sequence[float] = ()
    frequency: Sequence[float] = ()
    monetary: Sequence[float] = ()


def settle(fifths: Fifths, before: Edges | None, now: datetime) -> Edges:
    """The edges from now on: those before, where what was measured is near enough to them."""
    former = before or Edges(now)
    days = tuple(span / _DAY for span in former.recency)
    recency = tuple(day * _DAY for day in _settle(fifths.recency, days, slack=1))
    frequency = _settle(fifths.frequency, former.frequency)
    monetary = _settle(fifths.monetary, former.monetary)
    edges = Edges(former.measured_at, recency, frequency, monetary)
    return former if edges == former else replace(edges, measured_at=now)


def _settle(measured: Sequence[float], before: tuple[float, ...], slack: float = 0) -> tuple[float, ...]:
    """All four stay or none: so they never pass one another. With slack, there is nothing finer than a whole one."""
    if len(measured) != _EDGES:
        return ()
    near = (abs(value - edge) <= max(abs(edge) * _NEAR, slack) for value, edge in zip(measured, before, strict=False))
    if before and all(near):
        return before
    return tuple(round_up(max(0.0, ceil(value)) if slack else value) for value in measured)


def round_up(value: float) -> float:
    """The value with two digits, never a lower one: who stands on an edge must not be lifted over it."""
    exact = Decimal(str(value))
    if not exact:
        return 0.0
    step = Decimal(1).scaleb(exact.adjusted() - _DIGITS + 1)
    return float((exact / step).to_integral_value(ROUND_CEILING) * step)


def to_data(edges: Edges) -> Mapping[str, Value]:
    """The edges as a fact tells them."""
    return {
        "measured_at": format_moment(edges.measured_at),
        "recency": tuple(str(span // _DAY) for span in edges.recency),
        "frequency": tuple(map(repr, edges.frequency)),
        "monetary": tuple(map(repr, edges.monetary)),
    }


def from_data(data: Mapping[str, Value]) -> Edges:
    """The inverse of `to_data`."""
    return Edges(
        datetime.fromisoformat(str(data["measured_at"])),
        tuple(timedelta(days=number) for number in _numbers(data["recency"])),
        _numbers(data["frequency"]),
        _numbers(data["monetary"]),
    )


def _numbers(value: Value) -> tuple[float, ...]:
    return tuple(map(float, value)) if isinstance(value, tuple) else ()
