"""Working time: office hours, absences, holidays, and the days on which the clock jumps."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from connector.domain.calendar import ALWAYS_OPEN, SendWindow
from connector.domain.sales.working import Absence, WorkingHours
from tests.builders import ROME

OFFICE = SendWindow(frozenset(range(5)), time(9), time(17))
NIGHT = SendWindow(frozenset(range(5)), time(22), time(6))
AWAY = Absence(date(2026, 9, 8), date(2026, 9, 9))
CHRISTMAS = SendWindow(frozenset(range(5)), time(9), time(17), frozenset({date(2026, 9, 8)}))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


@pytest.mark.parametrize(
    ("hours", "at", "span", "until"),
    [
        pytest.param(WorkingHours(ROME, OFFICE), "2026-09-07 08:00", 4, "2026-09-07 12:00", id="within a day"),
        pytest.param(WorkingHours(ROME, OFFICE), "2026-09-07 13:00", 4, "2026-09-08 09:00", id="over night"),
        pytest.param(WorkingHours(ROME, OFFICE), "2026-09-11 13:00", 4, "2026-09-14 09:00", id="over a weekend"),
        pytest.param(WorkingHours(ROME, OFFICE), "2026-09-12 10:00", 1, "2026-09-14 08:00", id="from a Saturday"),
        pytest.param(WorkingHours(ROME, OFFICE), "2026-09-07 13:00", 2, "2026-09-07 15:00", id="to the last minute"),
        pytest.param(WorkingHours(ROME, OFFICE, (AWAY,)), "2026-09-07 14:00", 2, "2026-09-10 08:00", id="while away"),
        pytest.param(WorkingHours(ROME, CHRISTMAS), "2026-09-07 14:00", 2, "2026-09-09 08:00", id="over a holiday"),
        pytest.param(WorkingHours(ROME, NIGHT), "2026-09-07 21:00", 4, "2026-09-08 01:00", id="past midnight"),
        pytest.param(WorkingHours(ROME, NIGHT), "2026-09-08 02:00", 4, "2026-09-08 22:00", id="night after night"),
        pytest.param(WorkingHours(ROME, ALWAYS_OPEN), "2026-09-07 08:00", 30, "2026-09-08 14:00", id="without hours"),
        pytest.param(WorkingHours(ROME), "2026-10-24 20:00", 6, "2026-10-25 02:00", id="over the end of summer time"),
        pytest.param(WorkingHours(ROME, OFFICE), "2026-10-23 14:00", 2, "2026-10-26 09:00", id="into winter time"),
    ],
)
def test_time_counts_while_the_rep_works(hours: WorkingHours, at: str, span: float, until: str) -> None:
    assert hours.later(utc(at), timedelta(hours=span)) == utc(until)


def test_who_never_works_keeps_nothing_waiting_for_ever() -> None:
    gone = WorkingHours(ROME, OFFICE, (Absence(date(2026, 1, 1), date(2036, 1, 1)),))

    assert gone.next_working(utc("2026-09-07 08:00")) is None
    assert gone.later(utc("2026-09-07 08:00"), timedelta(hours=4)) == utc("2026-09-07 12:00")


@pytest.mark.parametrize(
    ("at", "is_away"),
    [("2026-09-07 21:59", False), ("2026-09-07 22:00", True), ("2026-09-09 21:59", True), ("2026-09-09 22:00", False)],
)
def test_absences_are_whole_days_on_the_reps_own_clock(at: str, is_away: bool) -> None:
    assert WorkingHours(ROME, OFFICE, (AWAY,)).is_away(utc(at)) is is_away
