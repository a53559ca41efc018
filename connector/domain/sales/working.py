"""When a sales rep works, and how much working time lies between two moments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from connector.domain.calendar import ALWAYS_OPEN, SendWindow

_DAY = timedelta(days=1)
#: Who does not work for longer than this has no hours worth counting.
_HORIZON = 800


@dataclass(frozen=True, slots=True)
class Absence:
    """Whole days on which somebody is away, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """A rep's hours on the wall clock of the place where the rep works."""

    zone: ZoneInfo
    window: SendWindow = ALWAYS_OPEN
    away: tuple[Absence, ...] = ()

    def is_away(self, at: datetime) -> bool:
        """Whether the rep is away on that day, whatever the hour."""
        day = at.astimezone(self.zone).date()
        return any(absence.first <= day <= absence.last for absence in self.away)

    def next_working(self, at: datetime) -> datetime | None:
        """The first moment not before `at` at which the rep works; None where there is none within two years."""
        for _ in range(_HORIZON):
            if self.is_away(at):
                at = self._day_after(at)
                continue
            opens_at = self.window.next_open(at, self.zone)
            if not self.is_away(opens_at):
                return opens_at
            at = opens_at
        return None

    def later(self, at: datetime, span: timedelta) -> datetime:
        """The moment at which the rep has worked for so long since `at`.

        Where the rep hardly works at all, the span is counted on the wall clock, so that nothing waits for ever.
        """
        moment, left = at, span
        for _ in range(_HORIZON):
            begins_at = self.next_working(moment)
            if begins_at is None:
                break
            ends_at = self._ends_at(begins_at)
            if left <= ends_at - begins_at:
                return begins_at + left
            left -= ends_at - begins_at
            moment = ends_at
        return at + span

    def _ends_at(self, at: datetime) -> datetime:
        """When the stretch of work ends that is under way; the end of the day at the latest."""
        end = self._day_after(at)
        closes = self.window.closes_at(at, self.zone)
        return end if closes is None else min(end, closes)

    def _day_after(self, at: datetime) -> datetime:
        """The first moment of the next day on the rep's wall clock."""
        day = at.astimezone(self.zone).date() + _DAY
        return datetime.combine(day, time(), self.zone).astimezone(UTC)
