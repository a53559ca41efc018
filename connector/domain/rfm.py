"""RFM: how lately, how often and for how much a lead bought, each as a score from 1 to 5."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import fsum
from typing import Final

from connector.domain.deal import Deal, Deals, Outcome, counted
from connector.domain.fact import Value
from connector.domain.field import FieldType

#: The fields that RFM fills. No name of a mapping holds a dot.
FIELDS: Final = {
    "rfm.recency": FieldType.NUMBER,
    "rfm.frequency": FieldType.NUMBER,
    "rfm.monetary": FieldType.NUMBER,
    "rfm.code": FieldType.TEXT,
}
#: Scores go from 1 to this.
BEST: Final = 5
_MILLISECOND = timedelta(milliseconds=1)
#: The calendar's last full minute.
_LAST = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Rfm:
    """The edges between scores, in rising order: four of each. A value on an edge has the score below it."""

    #: Time since the last purchase; the shortest has the best score.
    recency: tuple[timedelta, ...]
    #: How many purchases.
    frequency: tuple[float, ...]
    #: Their amounts, added up.
    monetary: tuple[float, ...]
    #: Only purchases of the last so long count; None: all of them.
    within: timedelta | None = None


def value_of(rfm: Rfm, field: str, deals: Deals, now: datetime) -> Value | None:
    """The value of one of `FIELDS` now; None for a lead that bought nothing."""
    bought = counted(deals, Outcome.WON, rfm.within, now)
    if not bought:
        return None
    match field:
        case "rfm.recency":
            return float(_recency(rfm, bought, now))
        case "rfm.frequency":
            return float(_frequency(rfm, bought))
        case "rfm.monetary":
            return float(_monetary(rfm, bought))
    return f"{_recency(rfm, bought, now)}{_frequency(rfm, bought)}{_monetary(rfm, bought)}"


def _recency(rfm: Rfm, bought: list[Deal], now: datetime) -> int:
    """The lowest score for purchases of which nobody knows when they were."""
    last = _last(bought)
    return 1 if last is None else BEST - bisect_left(rfm.recency, now - last)


def _frequency(rfm: Rfm, bought: list[Deal]) -> int:
    return 1 + bisect_left(rfm.frequency, float(len(bought)))


def _monetary(rfm: Rfm, bought: list[Deal]) -> int:
    return 1 + bisect_left(rfm.monetary, fsum(deal.amount for deal in bought if deal.amount is not None))


def _last(bought: list[Deal]) -> datetime | None:
    return max((deal.moment for deal in bought if deal.moment is not None), default=None)


def changes_at(rfm: Rfm, deals: Deals, now: datetime) -> datetime | None:
    """When at the earliest time alone changes one of the scores; None for never."""
    bought = counted(deals, Outcome.WON, rfm.within, now)
    last = _last(bought)
    moments = [] if last is None else [_after(last, edge) for edge in rfm.recency]
    if rfm.within is not None:
        moments += [_after(deal.moment, rfm.within) for deal in bought if deal.moment is not None]
    return min((moment for moment in moments if moment > now), default=None)


def _after(moment: datetime, span: timedelta) -> datetime:
    """The first moment that lies further away than this."""
    try:
        return min(moment + span + _MILLISECOND, _LAST)
    except OverflowError:
        return _LAST
