"""Moments as people write them in scenarios."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from connector.mapping.durations import parse_duration
from connector.mapping.report import quoted

_DAY = re.compile(r"day ([0-9]{1,5})(?: +(\S+))?")
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:(?: +|T)(\S+))?")
_HOUR = re.compile(r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?")


def parse_moment(text: str, first: date | None, previous: datetime | None, zone: ZoneInfo) -> datetime:
    """The moment in UTC that the text names.

    `day 3 10:00` counts days from `first`, which is day 1, by the wall clock of the zone; `+7d` is so long after
    `previous`; a date and hour stand for themselves. Of an hour that comes twice the first is meant. Raises ValueError
    with a sentence for people.
    """
    words = text.strip()
    if words.startswith("+") and previous is not None:
        return _later(previous, parse_duration(words[1:]))
    if (match := _DAY.fullmatch(words)) and first is not None:
        return _on_wall(_count(first, int(match[1])), match[2], zone)
    if match := _DATE.fullmatch(words):
        return _on_wall(_date(match[1]), match[2], zone)
    forms = ["2026-09-07 10:00", *(["day 3 10:00"] if first else []), *(["+7d"] if previous else [])]
    raise ValueError(f"{quoted(text)} is no moment; write {' or '.join(forms)}")


def _later(moment: datetime, span: timedelta) -> datetime:
    try:
        return moment + span
    except OverflowError as error:
        raise ValueError("there is no such day") from error


def _count(first: date, number: int) -> date:
    if number == 0:
        raise ValueError("the day on which a scenario begins is day 1")
    try:
        return first + timedelta(days=number - 1)
    except OverflowError as error:
        raise ValueError("there is no such day") from error


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"there is no day {text}") from error


def _on_wall(day: date, hour: str | None, zone: ZoneInfo) -> datetime:
    if not hour:
        raise ValueError("the hour is missing; write it after the day, such as 10:00")
    if not _HOUR.fullmatch(hour):
        raise ValueError(f"{quoted(hour)} is no hour; write 10:00")
    try:
        clock = time.fromisoformat(hour.zfill(5) if hour.count(":") == 1 else hour.zfill(8))
    except ValueError as error:
        raise ValueError(f"{quoted(hour)} is no hour; write 10:00") from error
    try:
        moment = datetime.combine(day, clock, zone).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("there is no such day") from error
    if moment.astimezone(zone).time() != clock:
        raise ValueError(f"there is no {hour} on {day}: the clocks of {zone.key} jump over it")
    return moment


def tell_moment(moment: datetime, zone: ZoneInfo) -> str:
    """`Mon 7 Sep 2026 10:00`, on the wall clock of the zone."""
    at = moment.astimezone(zone)
    return f"{at:%a} {at.day} {at:%b %Y %H:%M}"


def is_about(wanted: datetime, at: datetime) -> bool:
    """Whether something happened in the minute that was written."""
    return wanted <= at < wanted + timedelta(minutes=1)
