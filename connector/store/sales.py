"""The ledger of assignments, and the hand-overs as reports count them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Text, and_, bindparam, case, func, literal_column, or_, select
from sqlalchemy.exc import IntegrityError

from connector.domain.ids import LeadId, WorkspaceId
from connector.domain.sales.assigning import Assignment
from connector.domain.sales.handover import OPEN, HandOver, HandOverState
from connector.errors import LostClaimError
from connector.ports import Given, InHand, SavedLead
from connector.store.codec import decode_assignment, encode, from_ms, from_optional_ms, to_ms, to_optional_ms
from connector.store.copies import copies_in, save_copies
from connector.store.listed import among
from connector.store.schema import assignments, hand_overs, leads
from connector.store.session import Session, limited, to_list
from connector.store.upsert import insert_into

_WORKSPACE = bindparam("workspace_", type_=Text)
_MINE = assignments.c.workspace == _WORKSPACE

_last = (
    select(assignments.c.team, func.max(assignments.c.number).label("number"))
    .where(_MINE, among(assignments.c.team, "teams"))
    .group_by(assignments.c.team)
    .subquery("last")
)
_LATEST = select(assignments.c.team, assignments.c.doc).join(
    _last, and_(_MINE, assignments.c.team == _last.c.team, assignments.c.number == _last.c.number)
)
_ADD = insert_into(assignments)
_GIVEN = (assignments.c.lead_id, assignments.c.doc)
_TEAM = bindparam("team_", type_=Text)
_AFTER = limited(
    select(*_GIVEN)
    .where(
        _MINE,
        or_(
            assignments.c.team > _TEAM,
            and_(assignments.c.team == _TEAM, assignments.c.number > bindparam("number_", type_=BigInteger)),
        ),
    )
    .order_by(assignments.c.team, assignments.c.number)
)
_RECENT = limited(
    select(*_GIVEN, leads.c.email)
    .outerjoin(leads, and_(leads.c.workspace == assignments.c.workspace, leads.c.id == assignments.c.lead_id))
    .where(_MINE)
    .order_by(assignments.c.at.desc(), assignments.c.team, assignments.c.number.desc())
)
_OF_LEAD = (
    select(*_GIVEN)
    .where(_MINE, assignments.c.lead_id == bindparam("lead_id_", type_=Text))
    .order_by(assignments.c.at, assignments.c.number)
)
_LOADS = (
    select(assignments.c.rep, func.count())
    .where(_MINE, assignments.c.at >= bindparam("since", type_=BigInteger))
    .group_by(assignments.c.rep)
)
_open = hand_overs.c.state.in_([literal_column(f"'{state}'") for state in sorted(OPEN)])
_waits_first = case(
    (hand_overs.c.state == literal_column(f"'{HandOverState.WAITING}'"), literal_column("0")), else_=literal_column("1")
)
_IN_HAND = limited(
    select(
        hand_overs.c.lead_id,
        leads.c.email,
        hand_overs.c.name,
        hand_overs.c.number,
        hand_overs.c.state,
        hand_overs.c.rep,
        hand_overs.c.began_at,
        hand_overs.c.level,
        hand_overs.c.due_at,
    )
    .join(leads, and_(leads.c.workspace == hand_overs.c.workspace, leads.c.id == hand_overs.c.lead_id))
    .where(hand_overs.c.workspace == _WORKSPACE, _open)
    .order_by(_waits_first, hand_overs.c.due_at.is_(None), hand_overs.c.due_at, hand_overs.c.began_at)
)


def save_hand_overs(session: Session, saved: Sequence[SavedLead]) -> None:
    """Bring the reports' copy of the hand-overs up to date, where they changed."""
    save_copies(session, _HAND_OVERS, saved)


def _to_row(saved: SavedLead, each: HandOver) -> dict[str, Any]:
    return {
        "workspace": saved.stored.workspace,
        "lead_id": saved.lead.id,
        "name": each.name,
        "number": each.number,
        "state": each.state,
        "rep": each.rep,
        "began_at": to_ms(each.began_at),
        "level": each.level,
        "due_at": to_optional_ms(each.due_at),
    }


_HAND_OVERS = copies_in(hand_overs, lambda lead: lead.hand_overs, lambda each: (each.name, each.number), _to_row)


class StoredAssignments:
    """The Assignments port."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def latest(self, workspace: WorkspaceId, teams: Collection[str]) -> Mapping[str, Assignment]:
        """The last assignment of each of these teams; those without any are left out."""
        found = self._session.rows(_LATEST, {"workspace_": workspace, "teams": to_list(sorted(teams))})
        return {team: decode_assignment(doc) for team, doc in found}

    def add(self, workspace: WorkspaceId, given: Sequence[Given]) -> None:
        """Add to the end. Raises LostClaimError when another worker added one of these numbers a moment ago."""
        try:
            self._session.run_many(_ADD, [_to_entry(workspace, one) for one in given])
        except IntegrityError as error:
            raise LostClaimError("another worker gave leads to the same team") from error

    def after(self, workspace: WorkspaceId, place: tuple[str, int], limit: int) -> Sequence[Given]:
        """The next ones after this team and number, by team and number."""
        team, number = place
        return self._given(_AFTER, {"workspace_": workspace, "team_": team, "number_": number, "limit": limit})

    def recent(self, workspace: WorkspaceId, limit: int) -> Sequence[Given]:
        """The latest first, each with the lead's address."""
        rows = self._session.rows(_RECENT, {"workspace_": workspace, "limit": limit})
        return [Given(lead_id, decode_assignment(doc), email or "") for lead_id, doc, email in rows]

    def of_lead(self, workspace: WorkspaceId, lead_id: LeadId) -> Sequence[Given]:
        """The lead's, oldest first."""
        return self._given(_OF_LEAD, {"workspace_": workspace, "lead_id_": lead_id})

    def loads(self, workspace: WorkspaceId, since: datetime) -> Mapping[str, int]:
        """Rep -> how many leads were given to it since."""
        return dict(self._session.rows(_LOADS, {"workspace_": workspace, "since": to_ms(since)}))

    def in_hand(self, workspace: WorkspaceId, limit: int) -> Sequence[InHand]:
        """The hand-overs that go on: those that wait for a rep first, then those whose time runs out first."""
        rows = self._session.rows(_IN_HAND, {"workspace_": workspace, "limit": limit})
        return [_to_in_hand(*row) for row in rows]

    def _given(self, statement: Any, asked: dict[str, Any]) -> list[Given]:
        return [Given(lead_id, decode_assignment(doc)) for lead_id, doc in self._session.rows(statement, asked)]


def _to_entry(workspace: WorkspaceId, given: Given) -> dict[str, Any]:
    one = given.assignment
    return {
        "workspace": workspace,
        "team": one.team,
        "number": one.number,
        "at": to_ms(one.at),
        "lead_id": given.lead_id,
        "rep": one.rep,
        "doc": encode(one),
    }


def _to_in_hand(
    lead_id: LeadId, email: str, name: str, number: int, state: str, rep: str, began_at: int, level: int,
    due_at: int | None,
) -> InHand:  # fmt: skip
    moment = from_optional_ms(due_at)
    return InHand(lead_id, email, name, number, HandOverState(state), rep, from_ms(began_at), level, moment)
