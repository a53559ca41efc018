"""Whose turn it is: a weighted round robin among those who may be given a lead. Pure.

Smooth weighted round robin: everybody who may be chosen is credited with their weight, the highest tally is chosen and
pays for all that were credited. So turns are in proportion to weights and spread as evenly as they can be. Who is away
is neither credited nor charged: nobody is flooded on return, and a newcomer begins at par, with nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.domain.conditions.predicate import earliest
from connector.domain.fact import Value
from connector.domain.petition import Petition
from connector.domain.sales.sales import Rep, Sales, Team

#: Tallies are kept to so many decimals, so that sums of weights such as 0.1 stay what they look like.
_DECIMALS = 6
#: How long a lead waits whom nobody can be given, before somebody is looked for again.
_LOOK_AGAIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One rep of the team at that moment."""

    rep: str
    weight: float
    tally: float
    #: Why it could not be this one; empty: it could.
    excluded: str = ""


@dataclass(frozen=True, slots=True)
class Assignment:
    """One lead given to one rep, with all that it was decided by."""

    team: str
    #: Counts the assignments of the team.
    number: int
    at: datetime
    hand_over: str
    rep: str
    #: The CRM's owner id by CRM.
    owners: Mapping[str, str]
    because: str
    candidates: tuple[Candidate, ...]
    #: Whose turn it is from here on: the tallies after this one.
    tallies: Mapping[str, float]

    @property
    def told(self) -> Mapping[str, Value]:
        """What the lead is told of it."""
        return {
            "rep": self.rep,
            "team": self.team,
            "owner": next(iter(self.owners.values()), ""),
            "because": self.because,
            "turn": float(self.number),
        }


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nobody can be given the lead now."""

    until: datetime
    because: str


def assign(sales: Sales, petition: Petition, last: Mapping[str, Assignment], now: datetime) -> Assignment | Waiting:
    """Whom the lead is given to; `last` has the latest assignment of each team.

    A rep whom the rules name, or who owns the lead already, is given it whatever the hour; one who is away is not.
    """
    team = sales.team(str(petition.data.get("team", "")))
    if team is None:
        return Waiting(now + _LOOK_AGAIN, "its team is no longer in the mapping")
    before = last.get(team.name)
    tallies = dict(before.tallies) if before else {}
    had = _had(team, petition)
    candidates = [
        Candidate(rep.name, rep.weight, tallies.get(rep.name, 0.0), _excluded(rep, petition, had, now))
        for rep in team.reps
    ]
    named = _named(team, petition, now)
    if named is not None:
        rep, because = named
    else:
        able = [one for one in candidates if not one.excluded]
        if not able:
            return _otherwise(sales, team, petition, candidates, tallies, before, now)
        chosen, tallies = choose(candidates, tallies)
        rep, because = next(rep for rep in team.reps if rep.name == chosen), "the next in turn"
    return _assignment(team, petition, rep, because, candidates, tallies, before, now)


def choose(candidates: Sequence[Candidate], tallies: Mapping[str, float]) -> tuple[str, dict[str, float]]:
    """Whose turn it is among those who are not excluded, and the tallies after it. Ties go to the first."""
    able = [one for one in candidates if not one.excluded]
    credited = {one.rep: round(one.tally + one.weight, _DECIMALS) for one in able}
    chosen = max(credited, key=lambda rep: credited[rep])
    credited[chosen] = round(credited[chosen] - sum(one.weight for one in able), _DECIMALS)
    return chosen, {**tallies, **credited}


def is_true(assignment: Assignment, before: Assignment | None) -> bool:
    """Whether the assignment is what its own inputs make of the one before it."""
    tallies = dict(before.tallies) if before else {}
    if assignment.number != (before.number if before else 0) + 1:
        return False
    if any(one.tally != tallies.get(one.rep, 0.0) for one in assignment.candidates):
        return False
    if assignment.because != "the next in turn":
        return dict(assignment.tallies) == tallies
    return choose(assignment.candidates, tallies) == (assignment.rep, dict(assignment.tallies))


def _had(team: Team, petition: Petition) -> frozenset[str]:
    """Who is passed over because they had the lead: when that is everybody, only the last of them."""
    had, may = _names(petition, "had"), _names(petition, "may")
    left = {rep.name for rep in team.reps if rep.name in may}
    return next((frozenset(names) for names in (had, had[-1:]) if left - set(names)), frozenset())


def _excluded(rep: Rep, petition: Petition, had: frozenset[str], now: datetime) -> str:
    if rep.name in had:
        return "had it before"
    if rep.name not in _names(petition, "may"):
        return "does not take such leads"
    if rep.hours.is_away(now):
        return "is away"
    return "" if rep.hours.next_working(now) == now else "is not at work"


def _names(petition: Petition, key: str) -> tuple[str, ...]:
    value = petition.data.get(key, ())
    return value if isinstance(value, tuple) else ()


def _named(team: Team, petition: Petition, now: datetime) -> tuple[Rep, str] | None:
    """The rep whom the lead's rules name, or who owns it; none where that one is away."""
    for key, because in (("rep", "named by the rules"), ("keep", "the lead's own rep")):
        name = str(petition.data.get(key, ""))
        rep = next((rep for rep in team.reps if rep.name == name), None)
        if rep is not None and name not in _names(petition, "had") and not rep.hours.is_away(now):
            return rep, because
    return None


def _otherwise(
    sales: Sales,
    team: Team,
    petition: Petition,
    candidates: Sequence[Candidate],
    tallies: Mapping[str, float],
    before: Assignment | None,
    now: datetime,
) -> Assignment | Waiting:
    rep = sales.rep(team.otherwise)
    if rep is not None:
        return _assignment(team, petition, rep, "nobody else could", candidates, tallies, before, now)
    excluded = {one.rep: one.excluded for one in candidates}
    may = [rep for rep in team.reps if excluded[rep.name] in ("is away", "is not at work")]
    until = earliest(rep.hours.next_working(now) for rep in may)
    if until is None:
        return Waiting(now + _LOOK_AGAIN, f"nobody of {team.name} takes it")
    return Waiting(until, f"nobody of {team.name} is at work")


def _assignment(
    team: Team,
    petition: Petition,
    rep: Rep,
    because: str,
    candidates: Sequence[Candidate],
    tallies: Mapping[str, float],
    before: Assignment | None,
    now: datetime,
) -> Assignment:
    number = before.number + 1 if before else 1
    return Assignment(
        team.name, number, now, petition.subject, rep.name, rep.owners, because, tuple(candidates), dict(tallies)
    )
