"""Dates and moments: what a field's text stands for, and from when until when a comparison with it holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from connector.domain.conditions.condition import FieldTest, Op

MILLISECOND = timedelta(milliseconds=1)
#: The calendar's last full minute: still there to wake on.
_LAST = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
Bounds = Callable[[datetime], tuple[datetime | None, datetime | None]]


def bounds_of(test: FieldTest, zone: ZoneInfo) -> Bounds:
    """From the field's moment to when the test holds: from the first moment, until before the second."""
    never = (datetime.max.replace(tzinfo=UTC), None)
    if test.op in (Op.BEFORE, Op.AFTER):
        edge = to_moment(str(test.operand), zone)
        before = test.op is Op.BEFORE
        return lambda at: (None, None) if (at < edge if before else at > edge) else never
    span = test.operand if isinstance(test.operand, timedelta) else timedelta()
    match test.op:
        case Op.WITHIN_NEXT:
            return lambda at: (_shift(at, -span), _shift(at, MILLISECOND))
        case Op.WITHIN_LAST:
            return lambda at: (at, _shift(at, span + MILLISECOND))
        case _:
            return lambda at: (_shift(at, span + MILLISECOND), None)


def _shift(moment: datetime, span: timedelta) -> datetime:
    """The moment so much later or earlier, but within the calendar: CRMs say 9999-12-31 for a date without end."""
    try:
        return min(moment + span, _LAST)
    except OverflowError:
        return _LAST if span > timedelta() else datetime.min.replace(tzinfo=UTC)


def to_moment(text: str, zone: ZoneInfo) -> datetime:
    """A date's first moment in the zone, or the moment that the text names."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # on the calendar's first or last day
        return moment.replace(tzinfo=UTC)
