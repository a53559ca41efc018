"""From what leads want to the outbox: one row for each record's properties, for each of its lists, for each act.

Done for the few leads of a batch whose wishes changed. What their rows say is read first and compared in plain code
(`plan`): a row changes only where it would say something else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Executable,
    Integer,
    Text,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    update,
)

from connector.domain.lead import Standing
from connector.domain.outward.change import LANES, Act, ChangeKind, ChangeState
from connector.ports import SavedLead
from connector.store.away import Homes, hold_away, move_acts, part
from connector.store.codec import NO_TEXTS, encode, to_ms
from connector.store.facts import LeadKey
from connector.store.identity import LIVES
from connector.store.listed import listed
from connector.store.plan import (
    Home,
    OutboxRow,
    Rows,
    Wish,
    changed,
    is_step_of,
    slot_of,
    still_steps,
    unwanted,
    wishes_of,
)
from connector.store.projections import is_from_the_start
from connector.store.schema import connections, crm_refs, outbox
from connector.store.session import Session, to_rows
from connector.store.upsert import insert_into

_PENDING = outbox.c.state == literal_column(f"'{ChangeState.PENDING}'")
_NOT_MADE = or_(_PENDING, outbox.c.state == literal_column(f"'{ChangeState.REFUSED}'"))
_LEAVES_AT = bindparam("leaves_at", type_=BigInteger)
_NEXT_VERSION = outbox.c.version + literal_column("1")

_wishers = listed("wishers", workspace=Text, lead_id=Text)
_HOMES = (
    select(
        crm_refs.c.workspace, crm_refs.c.lead_id, connections.c.id, crm_refs.c.crm, crm_refs.c.record_id, crm_refs.c.ref
    )
    .join(_wishers, and_(crm_refs.c.workspace == _wishers.c.workspace, crm_refs.c.lead_id == _wishers.c.lead_id))
    .join(
        connections,
        and_(
            connections.c.workspace == crm_refs.c.workspace,
            connections.c.crm == crm_refs.c.crm,
            connections.c.account == crm_refs.c.account,
        ),
    )
    .where(LIVES)
    .order_by(crm_refs.c.known_at, crm_refs.c.ref)
)
_of_wisher = and_(outbox.c.workspace == _wishers.c.workspace, outbox.c.lead_id == _wishers.c.lead_id)
_ROWS = (
    select(
        outbox.c.workspace,
        outbox.c.lead_id,
        outbox.c.slot,
        outbox.c.id,
        outbox.c.connection_id,
        outbox.c.record_id,
        outbox.c.kind,
        outbox.c.key,
        outbox.c.state,
        outbox.c.wanted,
        outbox.c.written,
        outbox.c.due_at,
        outbox.c.attempts,
        outbox.c.attempted_at,
    )
    .join(_wishers, _of_wisher)
    .with_for_update(of=outbox)
)
# A lead's acts, of which there may be many, come first by slot, its desired state after them.
_AFTER_ACTS: ColumnElement[str] = literal_column("'b'")
_DESIRED = _ROWS.where(outbox.c.slot > _AFTER_ACTS)
_ACTS = _ROWS.where(outbox.c.slot < _AFTER_ACTS, _NOT_MADE)
_INSERT = insert_into(outbox, but=frozenset({"id"}))
_UPDATE = (
    update(outbox)
    .where(outbox.c.id == bindparam("id_", type_=BigInteger))
    .values(
        state=bindparam("state_", type_=Text),
        wanted=bindparam("wanted_", type_=Text),
        written=bindparam("written_", type_=Text),
        due_at=bindparam("due_at_", type_=BigInteger),
        attempts=bindparam("attempts_", type_=BigInteger),
        settled_at=bindparam("settled_at_", type_=BigInteger),
        version=_NEXT_VERSION,
    )
)
_WITHDRAW = (
    update(outbox)
    .where(outbox.c.id == bindparam("id_", type_=BigInteger), _NOT_MADE)
    .values(
        state=literal_column(f"'{ChangeState.WITHDRAWN}'"),
        settled_at=bindparam("settled_at_", type_=BigInteger),
        version=_NEXT_VERSION,
    )
)
# An act is made once. One that has not left may still be changed or, once withdrawn, be wanted again.
_ADD_ACT = _INSERT.on_conflict_do_update(
    index_elements=[outbox.c.workspace, outbox.c.lead_id, outbox.c.slot],
    set_={
        **{name: _INSERT.excluded[name] for name in ("state", "kind", "lane", "act", "due_at", "is_held", "attempts")},
        "settled_at": null(),
        "version": _NEXT_VERSION,
    },
    where=or_(
        outbox.c.state == literal_column(f"'{ChangeState.WITHDRAWN}'"),
        and_(_PENDING, outbox.c.act != _INSERT.excluded.act),
    ),
)
_HOLD = (
    update(outbox)
    .where(
        outbox.c.workspace == bindparam("workspace_", type_=Text),
        outbox.c.lead_id == bindparam("lead_id_", type_=Text),
    )
    .values(is_held=bindparam("is_held_", type_=Boolean))
)
_LENGTH = bindparam("length", type_=Integer)
# The steps of one enrolment: behind it comes the number of the visit, where milestones have their names.
_STEPS = (
    outbox.c.workspace == bindparam("workspace_", type_=Text),
    outbox.c.lead_id == bindparam("lead_id_", type_=Text),
    func.substr(outbox.c.slot, literal_column("1"), _LENGTH) == bindparam("beginning", type_=Text),
    func.substr(outbox.c.slot, _LENGTH + literal_column("1"), literal_column("1")).between(
        literal_column("'0'"), literal_column("'9'")
    ),
)
_HOLD_STEPS = update(outbox).where(*_STEPS).values(is_held=true())
_RELEASE_STEPS = (
    update(outbox)
    .where(*_STEPS)
    .values(
        is_held=bindparam("is_held_", type_=Boolean),
        due_at=case((and_(_PENDING, outbox.c.due_at < _LEAVES_AT), _LEAVES_AT), else_=outbox.c.due_at),
    )
)
_WITHDRAW_STEPS = (
    update(outbox)
    .where(*_STEPS, _NOT_MADE)
    .values(
        state=literal_column(f"'{ChangeState.WITHDRAWN}'"),
        settled_at=bindparam("settled_at_", type_=BigInteger),
        version=_NEXT_VERSION,
    )
)


_KINDS = {kind.value: kind for kind in ChangeKind}
_STATES = {state.value: state for state in ChangeState}


@dataclass(slots=True)
class _Rows:
    """What is to be written to the outbox, gathered over a batch."""

    held: list[dict[str, Any]] = field(default_factory=list)
    inserts: list[dict[str, Any]] = field(default_factory=list)
    updates: list[dict[str, Any]] = field(default_factory=list)
    withdrawn: list[dict[str, Any]] = field(default_factory=list)
    acts: list[dict[str, Any]] = field(default_factory=list)
    #: Of enrolments that stand still, go on again, or ended while they stood still.
    stilled: list[dict[str, Any]] = field(default_factory=list)
    released: list[dict[str, Any]] = field(default_factory=list)
    forgone: list[dict[str, Any]] = field(default_factory=list)


def save_wishes(session: Session, saved: Sequence[SavedLead], now: datetime) -> None:
    """Bring the outbox up to what these leads want."""
    wishers = [one for one in saved if _wishes_anew(one)]
    if not wishers:
        return
    asked = {"wishers": to_rows([_key(one) for one in wishers])}
    found, rows = _load_homes(session, asked), _load_rows(session, _DESIRED, asked)
    homes = {_key(one): part(one.lead, found.get(_key(one), ())) for one in wishers}
    move_acts(session, homes)
    anew = [_key(one) for one in wishers if is_from_the_start(one)]
    unmade = _load_rows(session, _ACTS, {"wishers": to_rows(anew)}) if anew else {}
    gathered = _Rows()
    for one in wishers:
        key = _key(one)
        _gather(gathered, one, homes[key], rows.get(key, {}), unmade.get(key, {}), to_ms(now))
    session.run_many(_HOLD, gathered.held)
    session.run_many(_HOLD_STEPS, gathered.stilled)
    session.run_many(_RELEASE_STEPS, gathered.released)
    session.run_many(_INSERT, gathered.inserts)
    session.run_many(_UPDATE, gathered.updates)
    session.run_many(_WITHDRAW, gathered.withdrawn)
    session.run_many(_ADD_ACT, gathered.acts)
    session.run_many(_WITHDRAW_STEPS, gathered.forgone)
    hold_away(session, homes)


def _wishes_anew(saved: SavedLead) -> bool:
    lead, before = saved.lead, saved.stored.lead
    return bool(
        saved.acts
        or lead.desired != before.desired
        or _is_turned(saved)
        or is_from_the_start(saved)
        or still_steps(lead) != still_steps(before)
    )


def _is_turned(saved: SavedLead) -> bool:
    """Whether a record of the lead was deleted or restored."""
    lead, before = saved.lead, saved.stored.lead
    return lead.standing is not before.standing or lead.gone != before.gone


def _key(saved: SavedLead) -> LeadKey:
    return saved.stored.workspace, saved.lead.id


def _load_homes(session: Session, asked: dict[str, str]) -> Mapping[LeadKey, Sequence[Home]]:
    homes: dict[LeadKey, list[Home]] = defaultdict(list)
    for workspace, lead_id, *home in session.rows(_HOMES, asked):
        homes[workspace, lead_id].append(Home(*home))
    return homes


def _load_rows(session: Session, statement: Executable, asked: dict[str, str]) -> Mapping[LeadKey, Rows]:
    rows: dict[LeadKey, dict[str, OutboxRow]] = defaultdict(dict)
    for workspace, lead_id, slot, id_, connection_id, record_id, kind, key, state, *rest in session.rows(
        statement, asked
    ):
        wanted, written, due_at, attempts, attempted_at = rest
        rows[workspace, lead_id][slot] = OutboxRow(
            id_,
            connection_id,
            record_id,
            _KINDS[kind],
            key,
            _STATES[state],
            wanted,
            written,
            due_at,
            attempts,
            was_attempted=attempted_at is not None,
        )
    return rows


def _gather(gathered: _Rows, saved: SavedLead, homes: Homes, rows: Rows, unmade: Rows, now: int) -> None:
    is_held = saved.lead.standing is Standing.ARCHIVED
    if is_from_the_start(saved) or _is_turned(saved):
        workspace, lead_id = _key(saved)
        gathered.held.append({"workspace_": workspace, "lead_id_": lead_id, "is_held_": is_held})
    for wish in wishes_of(saved.lead, homes.there, rows, now):
        _gather_wish(gathered, saved, wish, rows.get(wish.slot), now, is_back=_is_back(saved, wish.home))
    gathered.withdrawn += ({"id_": row.id, "settled_at_": now} for row in unwanted(saved.acts, unmade))
    held = [beginning for beginning, may_leave in still_steps(saved.lead).items() if may_leave]
    gathered.acts += (_act_row(saved, home, act, held, is_held=is_held) for act in saved.acts for home in homes.of(act))
    _gather_still(gathered, saved, is_held=is_held, now=now)


def _gather_still(gathered: _Rows, saved: SavedLead, *, is_held: bool, now: int) -> None:
    """What was taken before an enrolment stood still, and has not left, waits, goes on or is withdrawn with it."""
    workspace, lead_id = _key(saved)
    before, still = still_steps(saved.stored.lead), still_steps(saved.lead)
    for beginning, may_leave in still.items():
        if before.get(beginning) != may_leave or is_from_the_start(saved) or _is_turned(saved):
            steps = {"workspace_": workspace, "lead_id_": lead_id, "beginning": beginning, "length": len(beginning)}
            if may_leave:
                gathered.stilled.append(steps)
            else:
                gathered.forgone.append(steps | {"settled_at_": now})
    for beginning in before.keys() - still.keys():
        steps = {"workspace_": workspace, "lead_id_": lead_id, "beginning": beginning, "length": len(beginning)}
        leaves_at = saved.resumed.get(beginning.removeprefix("act|").removesuffix(":"))
        gathered.released.append(steps | {"is_held_": is_held, "leaves_at": to_ms(leaves_at) if leaves_at else now})


def _is_back(saved: SavedLead, home: Home) -> bool:
    """Whether the record was deleted, and is there again."""
    lead, before = saved.lead, saved.stored.lead
    if before.standing is Standing.ARCHIVED and lead.standing is Standing.ACTIVE:
        return True
    return home.ref in before.gone and home.ref not in lead.gone


def _gather_wish(
    gathered: _Rows, saved: SavedLead, wish: Wish, row: OutboxRow | None, now: int, *, is_back: bool
) -> None:
    if row is None:
        gathered.inserts.append(
            _new_row(saved, wish.home, wish.kind, wish.due_at)
            | {"slot": wish.slot, "key": wish.key, "wanted": encode(wish.wanted)}
        )
    elif change := changed(row, wish, is_back=is_back):
        gathered.updates.append(
            {
                "id_": row.id,
                "state_": change.state,
                "wanted_": change.wanted,
                "written_": change.written,
                "due_at_": change.due_at,
                "attempts_": change.attempts,
                "settled_at_": None if change.state is ChangeState.PENDING else now,
            }
        )


def _act_row(saved: SavedLead, home: Home, act: Act, held: Sequence[str], *, is_held: bool) -> dict[str, Any]:
    return _new_row(saved, home, act.kind, to_ms(act.due_at)) | {
        "slot": slot_of(act),
        "key": f"{saved.lead.id}|{act.key}",
        "act": encode(_as_in(home, act)),
        "is_held": is_held or any(is_step_of(slot_of(act), beginning) for beginning in held),
    }


def _as_in(home: Home, act: Act) -> Act:
    """The act for this CRM: whoever owns the lead there is to do it."""
    if act.owners:
        return replace(act, owner=act.owners.get(home.crm, ""), owners={}, crm="")
    return replace(act, owner=act.owner if act.crm == home.crm else "", crm="") if act.crm else act


def _new_row(saved: SavedLead, home: Home, kind: ChangeKind, due_at: int) -> dict[str, Any]:
    return {
        "workspace": saved.stored.workspace,
        "lead_id": saved.lead.id,
        "connection_id": home.connection_id,
        "record_id": home.record_id,
        "kind": kind,
        "lane": int(LANES[kind]),
        "state": ChangeState.PENDING,
        "wanted": NO_TEXTS,
        "written": NO_TEXTS,
        "act": None,
        "due_at": due_at,
        "is_held": False,
        "attempts": 0,
        "version": 1,
        "words": "",
        "remote_id": "",
        "attempted_at": None,
        "settled_at": None,
    }
