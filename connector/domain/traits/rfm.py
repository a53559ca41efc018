"""RFM: how lately, how often and for how much a lead bought, each as a score from 1 to 5."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import fsum
from typing import Final, NamedTuple

from connector.domain.fact import Value
from connector.domain.field import FieldType
from connector.domain.traits.deal import Deal, Deals, Outcome, counted
from connector.domain.traits.quintiles import Edges

#: The fields that RFM fills. No name of a mapping holds a dot.
FIELDS: Final = {
    "rfm.recency": FieldType.NUMBER,
    "rfm.frequency": FieldType.NUMBER,
    "rfm.monetary": FieldType.NUMBER,
    "rfm.code": FieldType.TEXT,
}
#: What is scored, in the order of the code.
DIMENSIONS: Final = ("recency", "frequency", "monetary")
#: Scores go from 1 to this.
BEST: Final = 5
_MILLISECOND = timedelta(milliseconds=1)
#: The calendar's last full minute.
_LAST = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Rfm:
    """The edges between scores, in rising order: four of each, or none where they are quintiles, which are measured.

    A value on an edge has the score below it.
    """

    #: Time since the last purchase; the shortest has the best score.
    recency: tuple[timedelta, ...] = ()
    #: How many purchases.
    frequency: tuple[float, ...] = ()
    #: Their amounts, added up.
    monetary: tuple[float, ...] = ()
    #: Only purchases of the last so long count; None: all of them.
    within: timedelta | None = None

    @property
    def measured(self) -> tuple[str, ...]:
        """What is scored by quintiles."""
        return tuple(name for name in DIMENSIONS if not getattr(self, name))


class Bought(NamedTuple):
    """What a lead bought, in numbers that can be compared with those of others."""

    #: None: nobody knows.
    last_at: datetime | None
    times: int
    total: float
    #: As `rfm.code`; empty while quintiles are not measured.
    code: str


def completed(rfm: Rfm, edges: Edges | None) -> Rfm:
    """With the edges that were measured, as far as they were."""
    if edges is None or not rfm.measured:
        return rfm
    return replace(rfm, **{name: getattr(edges, name) for name in rfm.measured})


def bought_of(rfm: Rfm, edges: Edges | None, deals: Deals, now: datetime) -> Bought | None:
    """What is compared with others; None for a lead that bought nothing."""
    bought = counted(deals, Outcome.WON, rfm.within, now)
    if not bought:
        return None
    return Bought(_last(bought), len(bought), _total(bought), _code(completed(rfm, edges), bought, now) or "")


def value_of(rfm: Rfm, edges: Edges | None, field: str, deals: Deals, now: datetime) -> Value | None:
    """The value of one of `FIELDS` now; None for a lead that bought nothing, and while quintiles are not measured."""
    bought = counted(deals, Outcome.WON, rfm.within, now)
    if not bought:
        return None
    bands = completed(rfm, edges)
    if field == "rfm.code":
        return _code(bands, bought, now)
    score = _SCORES[field.partition(".")[2]](bands, bought, now)
    return None if score is None else float(score)


def _code(bands: Rfm, bought: list[Deal], now: datetime) -> str | None:
    scores = [_SCORES[name](bands, bought, now) for name in DIMENSIONS]
    return None if None in scores else "".join(map(str, scores))


def _recency(bands: Rfm, bought: list[Deal], now: datetime) -> int | None:
    """The lowest score for purchases of which nobody knows when they were."""
    if not bands.recency:
        return None
    last = _last(bought)
    return 1 if last is None else BEST - bisect_left(bands.recency, now - last)


def _frequency(bands: Rfm, bought: list[Deal], _: datetime) -> int | None:
    return 1 + bisect_left(bands.frequency, float(len(bought))) if bands.frequency else None


def _monetary(bands: Rfm, bought: list[Deal], _: datetime) -> int | None:
    return 1 + bisect_left(bands.monetary, _total(bought)) if bands.monetary else None


_SCORES: Final[Mapping[str, Callable[[Rfm, list[Deal], datetime], int | None]]] = {
    "recency": _recency,
    "frequency": _frequency,
    "monetary": _monetary,
}


def _total(bought: list[Deal]) -> float:
    return fsum(deal.amount for deal in bought if deal.amount is not None)


def _last(bought: list[Deal]) -> datetime | None:
    return max((deal.moment for deal in bought if deal.moment is not None), default=None)


def changes_at(rfm: Rfm, edges: Edges | None, deals: Deals, now: datetime) -> datetime | None:
    """When at the earliest time alone changes one of the scores; None for never."""
    bought = counted(deals, Outcome.WON, rfm.within, now)
    last = _last(bought)
    moments = [] if last is None else [_after(last, edge) for edge in completed(rfm, edges).recency]
    if rfm.within is not None:
        moments += [_after(deal.moment, rfm.within) for deal in bought if deal.moment is not None]
    return min((moment for moment in moments if moment > now), default=None)


def _after(moment: datetime, span: timedelta) -> datetime:
    """The first moment that lies further away than this."""
    try:
        return min(moment + span + _MILLISECOND, _LAST)
    except OverflowError:
        return _LAST
