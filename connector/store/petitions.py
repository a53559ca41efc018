"""Petitions: brought up to date with what leads ask for, and closed with what was ruled."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Text,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    null,
    or_,
    select,
    update,
)

from connector.domain.ids import LeadId, WorkspaceId
from connector.domain.lead import Lead, Standing
from connector.domain.petition import Deferral, Parking, Petition, PetitionKind, PetitionState, Ruling
from connector.errors import LostClaimError
from connector.ports import FiledPetition, Judged, SavedLead
from connector.store.codec import decode_petition, encode, from_ms, to_ms
from connector.store.listed import among
from connector.store.projections import is_after_a_merge
from connector.store.schema import petitions
from connector.store.session import Session, limited, to_list
from connector.store.upsert import insert_into

_WORKSPACE = petitions.c.workspace == bindparam("workspace_", type_=Text)
_LEAD = petitions.c.lead_id == bindparam("lead_id_", type_=Text)
_ID = petitions.c.id == bindparam("id_", type_=BigInteger)
_NOW = bindparam("now", type_=BigInteger)
_OPEN: ColumnElement[str] = literal_column(f"'{PetitionState.OPEN}'")
_PARKED: ColumnElement[str] = literal_column(f"'{PetitionState.PARKED}'")
_WITHDRAWN: ColumnElement[str] = literal_column(f"'{PetitionState.WITHDRAWN}'")
_WAITS = or_(petitions.c.state == _OPEN, petitions.c.state == _PARKED)

# --- what leads ask for -------------------------------------------------------------------------------------

_FILE = insert_into(petitions, but=frozenset({"id"}))
# What was ruled stays ruled. One that a person is asked about stays with that person.
_FILE_ANEW = _FILE.on_conflict_do_update(
    index_elements=[petitions.c.workspace, petitions.c.lead_id, petitions.c.key],
    set_={
        **{name: _FILE.excluded[name] for name in ("kind", "subject", "petition", "due_at")},
        "state": case((petitions.c.state == _PARKED, _PARKED), else_=_OPEN),
        "because": case((petitions.c.state == _PARKED, petitions.c.because), else_=literal_column("''")),
        "settled_at": null(),
    },
    where=or_(
        petitions.c.state == _WITHDRAWN,
        and_(_WAITS, petitions.c.petition != _FILE.excluded.petition),
    ),
)
_withdrawn = {"state": _WITHDRAWN, "settled_at": bindparam("settled_at_", type_=BigInteger)}
_WITHDRAW = (
    update(petitions)
    .where(_WORKSPACE, _LEAD, petitions.c.key == bindparam("key_", type_=Text), _WAITS)
    .values(**_withdrawn)
)
_WITHDRAW_ALL = update(petitions).where(_WORKSPACE, _LEAD, _WAITS).values(**_withdrawn)

# --- what the workspace says --------------------------------------------------------------------------------

# A worker's queries: they serve every workspace.
_WAITING = (
    select(petitions.c.workspace)
    .where(petitions.c.state == _OPEN, petitions.c.due_at <= _NOW)
    .distinct()
    .order_by(petitions.c.workspace)
)
_COLUMNS = (
    petitions.c.id,
    petitions.c.lead_id,
    petitions.c.petition,
    petitions.c.state,
    petitions.c.due_at,
    petitions.c.because,
)
_DUE = limited(
    select(*_COLUMNS)
    .where(petitions.c.state == _OPEN, petitions.c.due_at <= _NOW, _WORKSPACE)
    .order_by(petitions.c.due_at, petitions.c.id)
)
_LIST = limited(
    select(*_COLUMNS)
    .where(_WORKSPACE, petitions.c.kind == bindparam("kind_", type_=Text), among(petitions.c.state, "states"))
    .order_by(petitions.c.id)
)
_OF_LEAD = select(*_COLUMNS).where(_WORKSPACE, _LEAD).order_by(petitions.c.id)
_OF_KIND = (_WORKSPACE, petitions.c.kind == bindparam("kind_", type_=Text))
_OF_SUBJECT = (*_OF_KIND, petitions.c.subject == bindparam("subject_", type_=Text))
_PARKED_COUNTS = (
    select(petitions.c.subject, func.count())
    .where(*_OF_KIND, petitions.c.state == _PARKED)
    .group_by(petitions.c.subject)
)
_PARKED_OF = limited(select(*_COLUMNS).where(*_OF_SUBJECT, petitions.c.state == _PARKED).order_by(petitions.c.id))
_RULED = select(func.count()).where(
    *_OF_SUBJECT,
    petitions.c.state == literal_column(f"'{PetitionState.RULED}'"),
    petitions.c.settled_at > bindparam("since_", type_=BigInteger),
    petitions.c.ruling == bindparam("ruling_", type_=Text),
)
_SETTLE = (
    update(petitions)
    .where(_ID, petitions.c.state == bindparam("found_", type_=Text))
    .values(
        state=bindparam("state_", type_=Text),
        due_at=bindparam("due_at_", type_=BigInteger),
        because=bindparam("because_", type_=Text),
        ruling=bindparam("ruling_", type_=Text),
        settled_at=bindparam("settled_at_", type_=BigInteger),
    )
)

_NONE: Mapping[str, Petition] = {}


def save_petitions(session: Session, saved: Sequence[SavedLead], now: datetime) -> None:
    """Bring the petitions up to what these leads ask for."""
    asking = [one for one in saved if _asks_anew(one)]
    if not asking:
        return
    at = to_ms(now)
    session.run_many(_WITHDRAW_ALL, [_of_lead(one, at) for one in asking if is_after_a_merge(one)])
    session.run_many(
        _WITHDRAW,
        [
            _of_lead(one, at) | {"key_": key}
            for one in asking
            for key in _asked(one.stored.lead).keys() - _asked(one.lead).keys()
        ],
    )
    before = {id(one): _NONE if is_after_a_merge(one) else _asked(one.stored.lead) for one in asking}
    session.run_many(
        _FILE_ANEW,
        [
            _to_row(one, petition)
            for one in asking
            for key, petition in _asked(one.lead).items()
            if before[id(one)].get(key) != petition
        ],
    )


def _asks_anew(saved: SavedLead) -> bool:
    return _asked(saved.lead) != _asked(saved.stored.lead) or is_after_a_merge(saved)


def _asked(lead: Lead) -> Mapping[str, Petition]:
    """For a lead that was deleted in the CRM nothing is asked."""
    return lead.petitions if lead.standing is Standing.ACTIVE else _NONE


def _of_lead(saved: SavedLead, now: int) -> dict[str, Any]:
    return {"workspace_": saved.stored.workspace, "lead_id_": saved.lead.id, "settled_at_": now}


def _to_row(saved: SavedLead, petition: Petition) -> dict[str, Any]:
    return {
        "workspace": saved.stored.workspace,
        "lead_id": saved.lead.id,
        "key": petition.key,
        "kind": petition.kind,
        "subject": petition.subject,
        "state": PetitionState.OPEN,
        "petition": encode(petition),
        "due_at": to_ms(petition.due_at),
        "because": "",
        "ruling": None,
        "settled_at": None,
    }


class StoredPetitions:
    """The Petitions port."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def waiting(self, now: datetime) -> Sequence[WorkspaceId]:
        """The workspaces in which a petition is due."""
        return [workspace for (workspace,) in self._session.rows(_WAITING, {"now": to_ms(now)})]

    def due(self, workspace: WorkspaceId, now: datetime, limit: int) -> Sequence[FiledPetition]:
        """The open petitions whose time has come, the longest due first."""
        asked = {"workspace_": workspace, "now": to_ms(now), "limit": limit}
        return [_to_filed(*row) for row in self._session.rows(_DUE, asked)]

    def settle(self, judged: Collection[Judged], now: datetime) -> None:
        """Close them with their rulings, put them off, or park them. Raises LostClaimError."""
        rows = [_to_settled(one, to_ms(now)) for one in judged]
        if self._session.run_many(_SETTLE, rows) != len(rows):
            raise LostClaimError("a petition was withdrawn or ruled on meanwhile")

    def list(
        self, workspace: WorkspaceId, kind: PetitionKind, states: Collection[PetitionState], limit: int
    ) -> Sequence[FiledPetition]:
        """In the order in which they came in."""
        asked = {"workspace_": workspace, "kind_": kind, "states": to_list(states), "limit": limit}
        return [_to_filed(*row) for row in self._session.rows(_LIST, asked)]

    def of_lead(self, workspace: WorkspaceId, lead_id: LeadId) -> Sequence[FiledPetition]:
        """All that a lead ever asked for, in the order in which it came in."""
        return [_to_filed(*row) for row in self._session.rows(_OF_LEAD, {"workspace_": workspace, "lead_id_": lead_id})]

    def parked(self, workspace: WorkspaceId, kind: PetitionKind) -> Mapping[str, int]:
        """Subject -> how many petitions wait for a person."""
        return {row[0]: row[1] for row in self._session.rows(_PARKED_COUNTS, {"workspace_": workspace, "kind_": kind})}

    def parked_of(
        self, workspace: WorkspaceId, kind: PetitionKind, subject: str, limit: int
    ) -> Sequence[FiledPetition]:
        """Those of a subject that wait for a person, in the order in which they came in."""
        asked = {"workspace_": workspace, "kind_": kind, "subject_": subject, "limit": limit}
        return [_to_filed(*row) for row in self._session.rows(_PARKED_OF, asked)]

    def ruled_since(
        self, workspace: WorkspaceId, kind: PetitionKind, subject: str, ruling: Ruling, since: datetime
    ) -> int:
        """How many of a subject were ruled on in exactly this way after that moment."""
        asked = {"workspace_": workspace, "kind_": kind, "subject_": subject, "since_": to_ms(since)}
        ((amount,),) = self._session.rows(_RULED, asked | {"ruling_": encode(ruling.data)})
        return int(amount)


def _to_filed(id_: int, lead_id: Any, petition: str, state: str, due_at: int, because: str) -> FiledPetition:
    return FiledPetition(id_, lead_id, decode_petition(petition), PetitionState(state), from_ms(due_at), because)


def _to_settled(judged: Judged, now: int) -> dict[str, Any]:
    row = {
        "id_": judged.filed.number,
        "found_": judged.filed.state,
        "state_": PetitionState.OPEN,
        "due_at_": to_ms(judged.filed.due_at or judged.filed.petition.due_at),
        "because_": "",
        "ruling_": None,
        "settled_at_": None,
    }
    match judged.verdict:
        case Ruling(data):
            return row | {"state_": PetitionState.RULED, "ruling_": encode(data), "settled_at_": now}
        case Deferral(until, because):
            return row | {"due_at_": to_ms(until), "because_": because}
        case Parking(because):
            return row | {"state_": PetitionState.PARKED, "because_": because}
