"""Contests: which way of a split does best, and from when on that may be said.

A contest is looked at again and again, every few minutes. Who tests for significance each time and stops at the first
success is wrong far more often than they think. So the evidence is weighed by a test that may be looked at whenever
one likes: the mixture sequential probability ratio test (Johari, Koomen, Pekelis, Walsh: "Always Valid Inference:
Continuous Monitoring of A/B Tests", Operations Research 70(3), 2022). For two ways with the rates `p` and `q`, whose
difference has the variance `V = p(1-p)/n + q(1-q)/m`, and differences of the size `T` expected, the evidence is

    sqrt(V / (V + T²)) · exp(T² (p-q)² / (2 V (V + T²)))

One way beats another when that reaches 1/a, where `a` is the chance of being wrong that is allowed. With several
ways, `a` is shared among all pairs of them (Bonferroni).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from math import inf, log, sqrt
from typing import NamedTuple

#: The differences that are looked for: five of a hundred. What is smaller takes longer to be seen, no more than that.
_EXPECTED = 0.05
#: Of the normal distribution, for intervals that hold in 95 of 100 cases.
_Z95 = 1.959964


class Merit(StrEnum):
    """By what a way does best."""

    ANSWERED = "answered"
    GOAL = "goal"


@dataclass(frozen=True, slots=True)
class Contest:
    """When a split is decided, and by what."""

    by: Merit = Merit.ANSWERED
    #: The activity whose answers count; empty: any behind the split.
    of: str = ""
    #: So many leads must have gone each way.
    at_least: int = 200
    #: Not sooner than this after the first lead came to the split.
    after: timedelta = timedelta(days=7)
    #: How sure it must be that the best is no accident: 0.95.
    sure: float = 0.95
    #: So long after the first lead chance ends, whatever came of it; None for never.
    until: timedelta | None = None
    #: The case that wins then, where no other did.
    otherwise: str = ""


class Tally(NamedTuple):
    """What became of the leads that chance sent one way."""

    case: str
    entered: int
    answered: int
    won: int
    #: When the first of them came to the split.
    first_at: datetime | None = None

    def merit(self, by: Merit) -> int:
        """How many of them did what counts."""
        return self.answered if by is Merit.ANSWERED else self.won


class Finding(NamedTuple):
    """What a contest has come to."""

    #: The winner; empty while there is none.
    case: str
    because: str


def judge(
    contest: Contest, cases: Sequence[str], tallies: Sequence[Tally], now: datetime, zone: tzinfo = UTC
) -> Finding:
    """Who wins by these figures, or why nobody does yet, in words with the clock of `zone`. Pure."""
    by_case = {tally.case: tally for tally in tallies}
    known = [by_case.get(case, Tally(case, 0, 0, 0)) for case in cases]
    first_at = min((tally.first_at for tally in known if tally.first_at is not None), default=None)
    if first_at is None:
        return Finding("", "no lead has come to the split yet")
    if now < first_at + contest.after:
        return Finding("", f"not before {(first_at + contest.after).astimezone(zone):%Y-%m-%d %H:%M %Z}")
    few = [tally for tally in known if tally.entered < contest.at_least]
    if not few and (best := _best(contest, known)):
        return Finding(best, f"better than each other way, sure by {contest.sure * 100:g} of 100")
    if contest.until is not None and now >= first_at + contest.until:
        return Finding(contest.otherwise, "no difference was seen in time")
    if few:
        missing = ", ".join(f"{contest.at_least - tally.entered:,} more {tally.case}" for tally in few)
        return Finding("", f"too few yet: {missing}")
    return Finding("", "no difference that could not be an accident")


def _best(contest: Contest, tallies: Sequence[Tally]) -> str:
    """The case that beats each other one; empty for none."""
    pairs = len(tallies) * (len(tallies) - 1) / 2
    needed = log(pairs / (1 - contest.sure))
    best = max(tallies, key=lambda tally: rate(tally.merit(contest.by), tally.entered))
    others = (tally for tally in tallies if tally is not best)
    return best.case if all(evidence(best, other, contest.by) >= needed for other in others) else ""


def evidence(better: Tally, worse: Tally, by: Merit) -> float:
    """The logarithm of the evidence that the first does better than the second; less than nothing where it does not."""
    p, v_p = _estimate(better, by)
    q, v_q = _estimate(worse, by)
    if p <= q:
        return -inf
    variance, expected = v_p + v_q, _EXPECTED**2
    both = variance + expected
    return 0.5 * log(variance / both) + expected * (p - q) ** 2 / (2 * variance * both)


def _estimate(tally: Tally, by: Merit) -> tuple[float, float]:
    """The rate and its variance, with one success and one failure more than were seen: few figures prove nothing."""
    entered = tally.entered + 2
    share = (tally.merit(by) + 1) / entered
    return share, share * (1 - share) / entered


def rate(merit: int, entered: int) -> float:
    """How many of one did it, between 0 and 1."""
    return merit / entered if entered else 0.0


def interval(merit: int, entered: int) -> tuple[float, float]:
    """Where the true rate lies in 95 of 100 cases: Wilson's score interval (J. Am. Stat. Assoc. 22, 1927)."""
    if not entered:
        return 0.0, 1.0
    share, z2 = merit / entered, _Z95**2
    middle = (share + z2 / (2 * entered)) / (1 + z2 / entered)
    half = _Z95 * sqrt(share * (1 - share) / entered + z2 / (4 * entered**2)) / (1 + z2 / entered)
    return max(0.0, middle - half), min(1.0, middle + half)
