"""What sales has in hand, who was given what and why: for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.domain.book import Book
from connector.domain.ids import LeadId, WorkspaceId
from connector.domain.lead import Lead
from connector.domain.petition import PetitionKind, PetitionState
from connector.domain.sales.assigning import Assignment, Candidate
from connector.domain.sales.handover import HandOver
from connector.ports import FiledPetition, Given, InHand, Store

#: Over so long a time the leads of each rep are counted.
LOOK_BACK = timedelta(days=30)
_MOST_WAITING = 10_000


@dataclass(frozen=True, slots=True)
class RepLoad:
    """One rep."""

    rep: str
    team: str
    weight: float
    is_away: bool
    #: Leads given to the rep in the last 30 days, and those that are in hand now.
    given: int
    in_hand: int


@dataclass(frozen=True, slots=True)
class Line:
    """One hand-over that goes on."""

    lead_id: LeadId
    email: str
    hand_over: str
    state: str
    rep: str
    began_at: datetime
    escalations: int
    #: When the next escalation comes, or when somebody can be given it; None: nothing comes by itself.
    due_at: datetime | None
    #: Why nobody was given it yet.
    because: str = ""


@dataclass(frozen=True, slots=True)
class SalesReport:
    """All of it."""

    reps: tuple[RepLoad, ...]
    #: Those that wait for a rep first, then those whose time runs out first.
    in_hand: tuple[Line, ...]
    #: The latest first.
    assignments: tuple[Given, ...]


def report(store: Store, book: Book, now: datetime, limit: int) -> SalesReport:
    """How sales stands."""
    workspace = book.workspace
    with store.reading() as transaction:
        loads = transaction.assignments.loads(workspace, now - LOOK_BACK)
        in_hand = transaction.assignments.in_hand(workspace, _MOST_WAITING)
        recent = transaction.assignments.recent(workspace, limit)
        waiting = transaction.petitions.list(workspace, PetitionKind.ASSIGNMENT, [PetitionState.OPEN], _MOST_WAITING)
    held = Counter(one.rep for one in in_hand)
    reps = (
        RepLoad(rep.name, team.name, rep.weight, rep.hours.is_away(now), loads.get(rep.name, 0), held[rep.name])
        for team in book.definitions.sales.teams
        for rep in team.reps
    )
    put_off = {(one.lead_id, one.petition.subject): one for one in waiting}
    lines = tuple(_to_line(one, put_off.get((one.lead_id, one.name))) for one in in_hand[:limit])
    return SalesReport(tuple(reps), lines, tuple(recent))


def _to_line(one: InHand, waiting: FiledPetition | None) -> Line:
    due_at, because = (one.due_at, "") if waiting is None else (waiting.due_at, waiting.because)
    return Line(one.lead_id, one.email, one.name, str(one.state), one.rep, one.began_at, one.level, due_at, because)


# --- one lead -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choice:
    """One assignment of a lead, and why it was nobody else."""

    at: datetime
    rep: str
    team: str
    turn: int
    because: str
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class HandOverExplanation:
    """One time that the lead was handed over."""

    name: str
    state: str
    began_at: datetime
    because: str
    rep: str
    escalations: int
    due_at: datetime | None
    ended_at: datetime | None
    reason: str
    #: Why nobody was given it yet.
    waits_because: str
    choices: tuple[Choice, ...]


def explain_hand_overs(store: Store, workspace: WorkspaceId, lead: Lead) -> tuple[HandOverExplanation, ...]:
    """The lead's hand-overs, the latest first, each with who could have been given it."""
    if not lead.hand_overs:
        return ()
    with store.reading() as transaction:
        given = transaction.assignments.of_lead(workspace, lead.id)
        waiting = transaction.petitions.of_lead(workspace, lead.id)
    return tuple(_explain(each, given, waiting) for each in reversed(lead.hand_overs))


def _explain(each: HandOver, given: Sequence[Given], waiting: Sequence[FiledPetition]) -> HandOverExplanation:
    petition = next((one for one in waiting if one.petition.key == each.petition), None)
    put_off = petition if petition is not None and petition.state is PetitionState.OPEN else None
    return HandOverExplanation(
        name=each.name,
        state=str(each.state),
        began_at=each.began_at,
        because=each.because,
        rep=each.rep or each.owner,
        escalations=each.level,
        due_at=put_off.due_at if put_off else each.due_at,
        ended_at=each.ended_at,
        reason=each.reason,
        waits_because=put_off.because if put_off else "",
        choices=tuple(_choices(each, given)),
    )


def _choices(each: HandOver, given: Sequence[Given]) -> Iterator[Choice]:
    for one in (entry.assignment for entry in given):
        if (
            one.hand_over == each.name
            and each.began_at <= one.at
            and (each.ended_at is None or one.at <= each.ended_at)
        ):
            yield _to_choice(one)


def _to_choice(one: Assignment) -> Choice:
    return Choice(one.at, one.rep, one.team, one.number, one.because, one.candidates)
