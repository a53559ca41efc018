"""What is for a record that was deleted in its CRM while the lead lives on in another one.

What it was to hold waits for it to come back. Acts that never left go to a record that is there; an email stays with
the CRM that sends it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import BigInteger, Text, and_, bindparam, literal_column, select, true, update

from connector.domain.lead import Lead
from connector.domain.outward.change import BOUND, Act, ChangeState
from connector.store.codec import decode_act, encode
from connector.store.facts import LeadKey
from connector.store.listed import listed
from connector.store.plan import Home
from connector.store.schema import outbox
from connector.store.session import Session, to_rows

_wanderers = listed("wanderers", workspace=Text, lead_id=Text)
_STRANDED = (
    select(outbox.c.workspace, outbox.c.lead_id, outbox.c.id, outbox.c.connection_id, outbox.c.record_id, outbox.c.act)
    .join(_wanderers, and_(outbox.c.workspace == _wanderers.c.workspace, outbox.c.lead_id == _wanderers.c.lead_id))
    .where(
        outbox.c.slot < literal_column("'b'"),
        outbox.c.state.in_([literal_column(f"'{ChangeState.PENDING}'"), literal_column(f"'{ChangeState.WITHDRAWN}'")]),
    )
    .with_for_update(of=outbox)
)
_MOVE = (
    update(outbox)
    .where(outbox.c.id == bindparam("id_", type_=BigInteger))
    .values(
        connection_id=bindparam("connection_", type_=Text),
        record_id=bindparam("record_", type_=Text),
        act=bindparam("act_", type_=Text),
        version=outbox.c.version + literal_column("1"),
    )
)
_HOLD = (
    update(outbox)
    .where(
        outbox.c.workspace == bindparam("workspace_", type_=Text),
        outbox.c.lead_id == bindparam("lead_id_", type_=Text),
        outbox.c.connection_id == bindparam("connection_", type_=Text),
        outbox.c.record_id == bindparam("record_", type_=Text),
    )
    .values(is_held=true())
)


@dataclass(frozen=True, slots=True)
class Homes:
    """The records of a lead that live, each in the order in which they became known."""

    there: Sequence[Home]
    #: Deleted in their CRM, and restorable.
    away: Sequence[Home] = ()

    def of(self, act: Act) -> Sequence[Home]:
        """The one record that an act is for: one in the CRM that it is meant for, else the first that became known.

        None where only a CRM could make it in which the lead is not.
        """
        if act.kind in BOUND:
            return [home for home in self.there if home.crm == act.crm][:1]
        if act.email is None:
            return ([home for home in self.there if home.crm == act.crm] or self.there)[:1]
        senders = [home for home in (*self.there, *self.away) if home.crm == act.email.crm]
        return (senders or self.there)[:1]


def part(lead: Lead, homes: Sequence[Home]) -> Homes:
    """The records of a lead, those apart that are gone. Of an archived lead all are as if there: everything waits."""
    there = [home for home in homes if home.ref not in lead.gone]
    return Homes(there or homes, [home for home in homes if home.ref in lead.gone] if there else ())


def move_acts(session: Session, homes: Mapping[LeadKey, Homes]) -> None:
    """Give the acts that wait for records that are gone to such as are there. A second run changes nothing."""
    wanderers = [key for key, each in homes.items() if each.away]
    if not wanderers:
        return
    moves: list[dict[str, Any]] = []
    for workspace, lead_id, id_, connection_id, record_id, text in session.rows(
        _STRANDED, {"wanderers": to_rows(wanderers)}
    ):
        each = homes[workspace, lead_id]
        former = next(
            (one for one in each.away if (one.connection_id, one.record_id) == (connection_id, record_id)), None
        )
        act = decode_act(text)
        for home in each.of(act) if former else ():
            if home is not former:
                moves.append(_to_move(id_, home, act))
    session.run_many(_MOVE, moves)


def _to_move(id_: int, home: Home, act: Act) -> dict[str, Any]:
    """An act for another record: whoever was to do it may be unknown there."""
    moved = replace(act, owner="")
    return {"id_": id_, "connection_": home.connection_id, "record_": home.record_id, "act_": encode(moved)}


def hold_away(session: Session, homes: Mapping[LeadKey, Homes]) -> None:
    """Let everything wait that is for records that are gone."""
    held = [
        {
            "workspace_": workspace,
            "lead_id_": lead_id,
            "connection_": home.connection_id,
            "record_": home.record_id,
        }
        for (workspace, lead_id), each in homes.items()
        for home in each.away
    ]
    session.run_many(_HOLD, held)
