"""Handing leads over to sales: the definition. How it goes for one lead is `handover`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from connector.domain.conditions.condition import Condition
from connector.domain.programs.program import Target, Telling, Trigger
from connector.domain.sales.working import WorkingHours

#: HubSpot's lifecycle stages, from the first to the last. HubSpot: "Use contact and company lifecycle stages".
LIFECYCLE_STAGES = (
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
    "other",
)


@dataclass(frozen=True, slots=True)
class Rep:
    """Somebody to whom leads are given."""

    name: str
    #: CRM -> the owner id over there.
    owners: Mapping[str, str]
    hours: WorkingHours
    #: How many leads, in proportion to the others of the team.
    weight: float = 1.0
    #: Is given only leads of whom this holds; None: any.
    takes: Condition | None = None


@dataclass(frozen=True, slots=True)
class Team:
    """Reps who take turns, in the order in which ties are settled."""

    name: str
    reps: tuple[Rep, ...]
    #: Who is given a lead for whom nobody works now; empty: it waits until somebody does.
    otherwise: str = ""


@dataclass(frozen=True, slots=True)
class OwnerRule:
    """To whom a lead is given: to a rep, or to the next of a team."""

    team: str = ""
    rep: str = ""
    #: To the owner whom the lead has, if that is one of the team.
    keeps: bool = False
    #: Only a lead of whom this holds; None: any.
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Escalation:
    """What happens when nobody looked after a lead in time."""

    #: So much working time of the rep after the step before.
    after: timedelta
    acts: tuple[Telling, ...] = ()
    #: To whom the tasks go, a rep's name; empty: to the rep who has the lead.
    to: str = ""
    #: Whether the next rep is given the lead.
    passes_on: bool = False


@dataclass(frozen=True, slots=True)
class Rejection:
    """What becomes of a lead that sales does not want."""

    trigger: Trigger
    #: Where it is nurtured on; None: nowhere.
    target: Target | None = None
    #: What the CRM is to hold from then on; empty: as it is. A lifecycle stage may go back.
    lifecycle: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class HandOverRule:
    """When leads are handed over, to whom, and what happens until sales has said what it makes of them."""

    name: str
    #: The first whose condition holds.
    owner: tuple[OwnerRule, ...]
    #: Handed over when this comes to hold; None: by programs and by hand alone.
    when: Condition | None = None
    #: The same in words, for the rep.
    reason: str = "its condition holds"
    #: Again at the earliest so long after the last time ended; None for never.
    again_after: timedelta | None = timedelta(days=30)
    #: What the CRM is to hold from then on; empty: as it is. A lifecycle stage never goes back.
    lifecycle: str = ""
    status: str = ""
    #: What the rep is told.
    acts: tuple[Telling, ...] = ()
    #: For texts: what the rep is to do.
    next_step: str = ""
    #: Any of these shows that the rep looks after the lead.
    touched: tuple[Trigger, ...] = ()
    #: What happens while nothing of that does, one after the other.
    escalations: tuple[Escalation, ...] = ()
    #: Any of these: sales wants the lead.
    accepted: tuple[Trigger, ...] = ()
    rejected: tuple[Rejection, ...] = ()
    #: Any of these: sales is done with the lead.
    closed: tuple[Trigger, ...] = ()
    #: Whether programs stand still while sales has the lead.
    pauses: bool = True


@dataclass(frozen=True, slots=True)
class Sales:
    """The whole section."""

    teams: tuple[Team, ...] = ()
    hand_overs: tuple[HandOverRule, ...] = ()
    #: The fields with the lifecycle stage and the lead status; empty: nothing is written of them.
    lifecycle_field: str = ""
    status_field: str = ""
    #: Lifecycle stages from the first to the last, as the field has them.
    stages: tuple[str, ...] = LIFECYCLE_STAGES

    def rep(self, name: str) -> Rep | None:
        """The rep of that name, of whatever team; None for no name."""
        return next((rep for team in self.teams for rep in team.reps if rep.name == name), None)

    def rep_of(self, crm: str, owner: str) -> Rep | None:
        """The rep who is this owner in the CRM."""
        found = (rep for team in self.teams for rep in team.reps if rep.owners.get(crm) == owner)
        return next(found, None)

    def team(self, name: str) -> Team | None:
        """The team of that name."""
        return next((team for team in self.teams if team.name == name), None)


NO_SALES = Sales()
