"""When a send window opens next: clock cases as tables, all in UTC on the right."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from connector.domain.calendar import ALWAYS_OPEN, SendWindow
from tests.builders import utc

WEEKDAYS = frozenset(range(5))
OFFICE = SendWindow(WEEKDAYS, time(9), time(18))
DAILY = SendWindow(opens=time(9), closes=time(18))
NIGHT = SendWindow(WEEKDAYS, time(22), time(6))
WEEKEND = SendWindow(frozenset({5, 6}), time(10), time(12))
CHRISTMAS = SendWindow(WEEKDAYS, time(9), time(18), frozenset({date(2026, 12, 25), date(2026, 12, 28)}))

# window, zone, asked at, opens at
TABLE = {
    "inside: at once": (OFFICE, "Europe/Rome", "2026-09-07 08:00", "2026-09-07 08:00"),
    "inside, odd milliseconds: at once": (OFFICE, "Europe/Rome", "2026-09-07 08:00:00.123", "2026-09-07 08:00:00.123"),
    "before it opens: when it opens": (OFFICE, "Europe/Rome", "2026-09-07 04:00", "2026-09-07 07:00"),
    "the opening minute is inside": (OFFICE, "Europe/Rome", "2026-09-07 07:00", "2026-09-07 07:00"),
    "a millisecond before it closes: at once": (
        OFFICE, "Europe/Rome", "2026-09-07 15:59:59.999", "2026-09-07 15:59:59.999"),
    "the closing minute is outside: tomorrow": (OFFICE, "Europe/Rome", "2026-09-07 16:00", "2026-09-08 07:00"),
    "Friday evening: Monday": (OFFICE, "Europe/Rome", "2026-09-11 16:00", "2026-09-14 07:00"),
    "Saturday: Monday": (OFFICE, "Europe/Rome", "2026-09-12 10:00", "2026-09-14 07:00"),
    "weekend only, asked on Tuesday: Saturday": (WEEKEND, "Europe/Rome", "2026-09-08 10:00", "2026-09-12 08:00"),
    "weekend only, Sunday noon: next Saturday": (WEEKEND, "Europe/Rome", "2026-09-13 10:00", "2026-09-19 08:00"),
    # zones: the weekday and the hour are the lead's, not ours
    "still Sunday in Los Angeles, Monday here": (OFFICE, "America/Los_Angeles", "2026-09-14 05:00", "2026-09-14 16:00"),
    "Saturday already in Auckland, Friday here": (OFFICE, "Pacific/Auckland", "2026-09-11 13:00", "2026-09-13 21:00"),
    "quarter-hour zone": (OFFICE, "Asia/Kathmandu", "2026-09-07 00:00", "2026-09-07 03:15"),
    # summer time begins: Rome 29 March 02:00 -> 03:00, New York 8 March, Sydney 4 October, Lord Howe by half an hour
    "Rome, the morning after the clock went forward": (DAILY, "Europe/Rome", "2026-03-28 20:00", "2026-03-29 07:00"),
    "Rome, the morning before the clock went forward": (DAILY, "Europe/Rome", "2026-03-27 20:00", "2026-03-28 08:00"),
    "New York, forward": (DAILY, "America/New_York", "2026-03-08 00:00", "2026-03-08 13:00"),
    "Sydney, forward": (DAILY, "Australia/Sydney", "2026-10-03 10:00", "2026-10-03 22:00"),
    "Lord Howe, forward by half an hour": (DAILY, "Australia/Lord_Howe", "2026-10-03 10:00", "2026-10-03 22:00"),
    "opens in the skipped hour: as if the clock had not jumped": (
        SendWindow(opens=time(2, 30), closes=time(12)), "Europe/Rome", "2026-03-29 00:00", "2026-03-29 01:30"),
    "lies in the skipped hour: the next day": (
        SendWindow(opens=time(2, 15), closes=time(2, 45)), "Europe/Rome", "2026-03-29 02:00", "2026-03-30 00:15"),
    "loses its length to the skipped hour: the next day": (
        SendWindow(opens=time(2, 30), closes=time(3, 10)), "Europe/Rome", "2026-03-29 00:00", "2026-03-30 00:30"),
    "becomes empty in the skipped hour: the next day": (
        SendWindow(opens=time(2, 15), closes=time(3, 15)), "Europe/Rome", "2026-03-29 00:00", "2026-03-30 00:15"),
    # summer time ends: Rome 25 October 03:00 -> 02:00, New York 1 November
    "Rome, the morning after the clock went back": (DAILY, "Europe/Rome", "2026-10-24 20:00", "2026-10-25 08:00"),
    "New York, back": (DAILY, "America/New_York", "2026-11-01 00:00", "2026-11-01 14:00"),
    "opens in the doubled hour: its first time": (
        SendWindow(opens=time(2, 30), closes=time(12)), "Europe/Rome", "2026-10-24 20:00", "2026-10-25 00:30"),
    "inside the doubled hour, its second time": (
        SendWindow(opens=time(2), closes=time(5)), "Europe/Rome", "2026-10-25 01:30", "2026-10-25 01:30"),
    "no summer time at all": (DAILY, "Asia/Tokyo", "2026-03-28 12:00", "2026-03-29 00:00"),
    # dates
    "leap day is a day like others": (OFFICE, "Europe/Rome", "2028-02-29 05:00", "2028-02-29 08:00"),
    "after leap day comes March": (OFFICE, "Europe/Rome", "2028-02-29 17:00", "2028-03-01 08:00"),
    "leap day on a Sunday: Monday": (OFFICE, "Europe/Rome", "2032-02-29 09:00", "2032-03-01 08:00"),
    "New Year": (DAILY, "Europe/Rome", "2026-12-31 17:00", "2027-01-01 08:00"),
    "far future": (OFFICE, "Europe/Rome", "2999-06-15 20:00", "2999-06-17 07:00"),
    # holidays
    "Christmas on a Friday: the weekend and the holiday after it pass, too": (
        CHRISTMAS, "Europe/Rome", "2026-12-24 17:00", "2026-12-29 08:00"),
    "it is a holiday where the lead is, not yet here": (
        CHRISTMAS, "Pacific/Auckland", "2026-12-24 12:00", "2026-12-28 20:00"),
    # overnight: the hours belong to the day on which they began
    "overnight, before midnight: at once": (NIGHT, "Europe/Rome", "2026-09-07 21:00", "2026-09-07 21:00"),
    "overnight, after midnight: at once": (NIGHT, "Europe/Rome", "2026-09-08 01:00", "2026-09-08 01:00"),
    "overnight, by day: this evening": (NIGHT, "Europe/Rome", "2026-09-08 04:00", "2026-09-08 20:00"),
    "Friday's night lasts into Saturday": (NIGHT, "Europe/Rome", "2026-09-12 02:00", "2026-09-12 02:00"),
    "overnight until the evening, far in the west, when it is the day after here: at once": (
        SendWindow(frozenset({4}), time(22), time(20)), "Pacific/Honolulu", "2026-09-13 01:00", "2026-09-13 01:00"),
    "Sunday's night is none, though Monday has begun": (NIGHT, "Europe/Rome", "2026-09-14 01:00", "2026-09-14 20:00"),
    "a holiday's night is none, though the next day has begun": (
        SendWindow(opens=time(22), closes=time(6), holidays=frozenset({date(2026, 9, 8)})),
        "Europe/Rome", "2026-09-09 01:00", "2026-09-09 20:00"),
    "overnight while the clock goes back lasts an hour longer": (
        SendWindow(opens=time(22), closes=time(6)), "Europe/Rome", "2026-10-25 04:30", "2026-10-25 04:30"),
    # whole days
    "until midnight": (
        SendWindow(WEEKDAYS, time(9), time(0)), "Europe/Rome", "2026-09-07 21:59:59.999", "2026-09-07 21:59:59.999"),
    "from midnight": (SendWindow(WEEKDAYS), "Europe/Rome", "2026-09-12 10:00", "2026-09-13 22:00"),
    "opens when it closes: around the clock": (
        SendWindow(opens=time(9), closes=time(9)), "Europe/Rome", "2026-09-07 05:00", "2026-09-07 05:00"),
    "always open": (ALWAYS_OPEN, "Europe/Rome", "2026-03-29 01:15", "2026-03-29 01:15"),
    # never
    "no day at all: now, rather than never": (
        SendWindow(frozenset()), "Europe/Rome", "2026-09-07 08:00", "2026-09-07 08:00"),
}  # fmt: skip


@pytest.mark.parametrize(("window", "zone", "asked_at", "opens_at"), TABLE.values(), ids=TABLE.keys())
def test_a_window_opens_next(window: SendWindow, zone: str, asked_at: str, opens_at: str) -> None:
    assert window.next_open(utc(asked_at), ZoneInfo(zone)) == utc(opens_at)


def test_a_window_closed_by_holidays_for_more_than_a_year_strands_nobody() -> None:
    closed = frozenset(date(2026, 1, 1) + timedelta(days=n) for n in range(800))
    window = SendWindow(opens=time(9), closes=time(18), holidays=closed)

    assert window.next_open(utc("2026-02-01 12:00"), ZoneInfo("UTC")) == utc("2026-02-01 12:00")


def test_a_window_closed_by_holidays_for_a_year_opens_after_it() -> None:
    closed = frozenset(date(2026, 1, 1) + timedelta(days=n) for n in range(365))
    window = SendWindow(opens=time(9), closes=time(18), holidays=closed)

    assert window.next_open(utc("2026-01-01 12:00"), ZoneInfo("UTC")) == utc("2027-01-01 09:00")


def test_a_moment_told_in_another_zone_gives_the_same_opening() -> None:
    in_tokyo = datetime(2026, 9, 7, 13, 0, tzinfo=ZoneInfo("Asia/Tokyo"))

    opens_at = OFFICE.next_open(in_tokyo, ZoneInfo("Europe/Rome"))

    assert opens_at == OFFICE.next_open(in_tokyo.astimezone(UTC), ZoneInfo("Europe/Rome")) == utc("2026-09-07 07:00")
