"""Rate-limit arithmetic: given what was spent and what the CRM says, how many calls now, and when the next.

A limit counts calls in a rolling window. Ours we know to the millisecond; of the calls of others on the same limit
we know only how many there were when the CRM last told what remains, so each is taken to have been made just then.
That errs on the safe side and never for longer than a window.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Budget:
    """So many calls in any window of time, and what is known to be spent."""

    max_calls: int
    window: timedelta
    #: When we called, oldest first; what has left the window may be missing.
    ours: tuple[datetime, ...] = ()
    #: How many calls of others count as well, and until when.
    others: int = 0
    others_until: datetime | None = None


def calls_left(budget: Budget, now: datetime) -> int:
    """How many calls may be made at once."""
    others = budget.others if budget.others_until and now < budget.others_until else 0
    return max(0, budget.max_calls - len(_counting(budget, now)) - others)


def allowed_at(budget: Budget, now: datetime) -> datetime:
    """When the next call may be made: `now`, or as soon as enough earlier ones have left the window."""
    if calls_left(budget, now):
        return now
    leaving = [moment + budget.window for moment in _counting(budget, now)]
    if budget.others_until and now < budget.others_until:
        leaving += [budget.others_until] * budget.others
    leaving.sort()
    return leaving[len(leaving) - budget.max_calls]


def spend(budget: Budget, now: datetime) -> Budget:
    """One call more."""
    return replace(budget, ours=(*_counting(budget, now), now))


def correct(budget: Budget, now: datetime, *, max_calls: int, remaining: int, window: timedelta) -> Budget:
    """What the CRM says counts: what it has counted and we have not made was made by others."""
    said = replace(budget, max_calls=max(1, max_calls), window=window)
    others = max(0, max_calls - remaining - len(_counting(said, now)))
    return replace(said, others=others, others_until=now + window)


def _counting(budget: Budget, now: datetime) -> tuple[datetime, ...]:
    edge = now - budget.window
    return tuple(moment for moment in budget.ours if moment > edge)
