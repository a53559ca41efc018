"""Due-date arithmetic: delays, send windows, holidays, time zones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
#: A window closed for longer than this has no opening worth waiting for.
_HORIZON_DAYS = 400


@dataclass(frozen=True, slots=True)
class SendWindow:
    """When messages may leave, on the lead's own wall clock."""

    #: Monday is 0.
    days: frozenset[int] = frozenset(range(7))
    opens: time = time(0)
    #: Not included; midnight means the end of the day; earlier than `opens` means on the next day.
    closes: time = time(0)
    #: Days on which nothing that would open then leaves.
    holidays: frozenset[date] = frozenset()

    def next_open(self, at: datetime, zone: ZoneInfo) -> datetime:
        """The first moment not before `at` at which the window is open, in UTC.

        Returns `at` where no opening lies within 400 days, so that a lead is never stranded; `check` refuses such
        a window.
        """
        if self._is_always_open:
            return at
        day = at.astimezone(zone).date() - _DAY
        for _ in range(_HORIZON_DAYS):
            if day.weekday() in self.days and day not in self.holidays:
                opens, closes = self._stretch(day, zone)
                if max(at, opens) < closes:  # a skipped hour may leave nothing of it
                    return max(at, opens)
            day += _DAY
        return at

    def closes_at(self, at: datetime, zone: ZoneInfo) -> datetime | None:
        """When the window that is open at `at` closes, in UTC; None where it is open always, or shut."""
        if self._is_always_open:
            return None
        today = at.astimezone(zone).date()
        for day in (today - _DAY, today):
            opens, closes = self._stretch(day, zone)
            if day.weekday() in self.days and day not in self.holidays and opens <= at < closes:
                return closes
        return None

    @property
    def _is_always_open(self) -> bool:
        return self.opens == self.closes and len(self.days) == 7 and not self.holidays

    def _stretch(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        last = day if self.closes > self.opens else day + _DAY
        return _on_wall(day, self.opens, zone), _on_wall(last, self.closes, zone)


def _on_wall(day: date, hour: time, zone: ZoneInfo) -> datetime:
    """That wall-clock moment in UTC. An hour that summer time skips counts as if the clock had not jumped."""
    return datetime.combine(day, hour, zone).astimezone(UTC)


ALWAYS_OPEN = SendWindow()
