"""Days by a date that a lead has: a birthday, the end of a contract, so many days before it or after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from connector.domain.conditions.predicate import View
from connector.domain.programs.program import DateRule


def comes_at(rule: DateRule) -> Callable[[View], datetime | None]:
    """A function from a lead to the next such day after its now, at its hour on the lead's clock; None for never."""

    def next_day(view: View) -> datetime | None:
        day = _to_day(view.fields.get(rule.field), view.zone)
        if day is None:
            return None
        moments = (_moment(each, rule, view.zone) for each in _days(day, rule, view.now))
        return next((moment for moment in moments if moment is not None and moment > view.now), None)

    return next_day


def _to_day(value: object, zone: ZoneInfo) -> date | None:
    """The day that a date field, or a moment in the lead's zone, names."""
    if not isinstance(value, str):
        return None
    return date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value).astimezone(zone).date()


def _days(day: date, rule: DateRule, now: datetime) -> Iterator[date]:
    """The day itself, or the day of each year that may lie ahead."""
    if not rule.every_year:
        yield day
        return
    around = now.year - round(rule.offset / timedelta(days=365))
    for year in range(max(around - 1, day.year), around + 3):
        if 1 <= year <= 9999:
            yield _in_year(day, year)


def _in_year(day: date, year: int) -> date:
    """The anniversary: of the 29th of February, the 28th where there is no 29th."""
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)


def _moment(day: date, rule: DateRule, zone: ZoneInfo) -> datetime | None:
    try:
        return datetime.combine(day + rule.offset, rule.at, zone).astimezone(UTC)
    except OverflowError:  # beyond the calendar
        return None
