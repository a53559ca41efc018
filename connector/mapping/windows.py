"""Send windows: weekdays, hours and public holidays, from words to the calendar's terms."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, time, timedelta
from functools import lru_cache

from connector.domain.calendar import SendWindow
from connector.mapping.report import nearest, quoted

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FULL = {f"{word}day": word for word in ("mon", "fri", "sun")} | {
    "tuesday": "tue",
    "wednesday": "wed",
    "thursday": "thu",
    "saturday": "sat",
}
#: The years whose public holidays are known.
FIRST_YEAR, LAST_YEAR = 2020, 2040
_HOURS = re.compile(r"([01]?[0-9]|2[0-4])(?::([0-5][0-9]))? ?- ?([01]?[0-9]|2[0-4])(?::([0-5][0-9]))?")
_COUNTRY = re.compile(r"([A-Z]{2})(?:-([A-Z0-9]{1,3}))?")
#: Far enough from the calendar's end for whatever follows such a day.
_FARTHEST_YEAR = 2199
#: A window closed for longer is one that never opens.
_LONGEST_CLOSED = 366


def parse_days(text: str) -> frozenset[int]:
    """Weekdays, Monday being 0, from `mon-fri`, `sat` or `mon, wed-fri`. Raises ValueError with a sentence."""
    days: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        start, end = _weekday(first), _weekday(last or first)
        days.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return frozenset(days)


def _weekday(word: str) -> int:
    day = word.strip().lower()
    day = _FULL.get(day, day)
    if day not in WEEKDAYS:
        hint = nearest(day, WEEKDAYS)
        raise ValueError(f"{quoted(word.strip())} is no weekday; {hint}")
    return WEEKDAYS.index(day)


def parse_hours(text: str) -> tuple[time, time]:
    """Opening and closing hour from `09:00-18:00`; midnight as the end is 24:00. Raises ValueError with a sentence."""
    match = _HOURS.fullmatch(text.strip())
    if match is None:
        raise ValueError(f'{quoted(text)} are no hours; write "09:00-18:00"')
    opens, closes = (int(match[hour]) * 60 + int(match[hour + 1] or 0) for hour in (1, 3))
    if opens == closes or opens >= 1440 or closes > 1440:
        raise ValueError(f'a window of {quoted(text)} never opens; write "00:00-24:00" for the whole day')
    return time(opens // 60, opens % 60), time(closes // 60 % 24, closes % 60)


def parse_hour(text: str) -> time:
    """An hour of the day such as `09:00`. Raises ValueError with a sentence."""
    try:
        return time.fromisoformat(text.strip()).replace(tzinfo=None)
    except ValueError:
        raise ValueError(f'{quoted(text)} is no hour; write "09:00"') from None


def parse_day(text: str) -> date:
    """A day such as 2026-12-01. Raises ValueError with a sentence."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{quoted(text)} is no day; write 2026-12-01") from None
    if day.year > _FARTHEST_YEAR:
        raise ValueError(f"{quoted(text)} lies too far ahead for anybody to wait for")
    return day


def parse_holidays(text: str) -> frozenset[date]:
    """The holidays of a country (`IT`) or one of its regions (`DE-BY`), or one date.

    Raises ValueError with a sentence.
    """
    word = text.strip()
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", word):
        try:
            return frozenset({date.fromisoformat(word)})
        except ValueError:
            raise ValueError(f"{quoted(word)} is not in the calendar") from None
    match = _COUNTRY.fullmatch(word)
    if match is None:
        raise ValueError(
            f"{quoted(word)} is neither a country such as IT, a region such as DE-BY, nor a date such as 2026-12-24"
        )
    return public_holidays(match[1], match[2] or "")


@lru_cache(maxsize=64)
def public_holidays(country: str, region: str) -> frozenset[date]:
    """The public holidays of the known years. Raises ValueError with a sentence for an unknown country or region."""
    import holidays  # half a second, and only for mappings that name a country

    known = holidays.list_supported_countries()
    if country not in known:
        raise ValueError(
            f"no public holidays are known for the country {quoted(country)}; write ISO 3166 codes such as IT"
        )
    if region and region not in known[country]:
        hint = f"known: {', '.join(sorted(known[country])[:30])}" if known[country] else f"write {country}"
        raise ValueError(f"no public holidays are known for the region {quoted(f'{country}-{region}')}; {hint}")
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    return frozenset(holidays.country_holidays(country, subdiv=region or None, years=years))


def ever_opens(window: SendWindow) -> bool:
    """Whether the window opens at least once in any year of those known."""
    closed, day = 0, date(FIRST_YEAR, 1, 1)
    while day.year <= LAST_YEAR and closed < _LONGEST_CLOSED:
        closed = 0 if day.weekday() in window.days and day not in window.holidays else closed + 1
        day += timedelta(days=1)
    return closed < _LONGEST_CLOSED


def union(parts: Iterable[frozenset[date]]) -> frozenset[date]:
    """All the days of several sets."""
    return frozenset().union(*parts)
