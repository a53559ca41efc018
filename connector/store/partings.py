"""The ways on which chance sent leads: kept beside their documents, and counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import Text, bindparam, delete, func, select

from connector.domain.ids import WorkspaceId
from connector.domain.programs.contest import Tally
from connector.ports import SavedLead
from connector.store.codec import from_ms, to_ms
from connector.store.schema import partings
from connector.store.session import Session
from connector.store.upsert import upsert

_DROP = delete(partings).where(
    partings.c.workspace == bindparam("workspace_", type_=Text), partings.c.lead_id == bindparam("lead_id_", type_=Text)
)
_SAVE = upsert(partings)
_TALLIES = (
    select(
        partings.c.fork,
        partings.c.way,
        func.count(),
        func.sum(partings.c.is_answered),
        func.sum(partings.c.is_won),
        func.min(partings.c.at),
    )
    .where(
        partings.c.workspace == bindparam("workspace", type_=Text),
        partings.c.program == bindparam("program", type_=Text),
    )
    .group_by(partings.c.fork, partings.c.way)
    .order_by(partings.c.fork, partings.c.way)
)


def save_partings(session: Session, saved: Sequence[SavedLead]) -> None:
    """Bring them up to date where enrolments changed; of a lead folded anew, in place of all before."""
    anew = [one for one in saved if one.refolded and (one.partings or one.stored.lead.enrolments)]
    keys = [{"workspace_": one.stored.workspace, "lead_id_": one.lead.id} for one in anew]
    session.run_many(_DROP, keys)
    session.run_many(_SAVE, [row for one in saved if one.partings for row in _to_rows(one)])


def _to_rows(saved: SavedLead) -> list[dict[str, object]]:
    return [
        {
            "workspace": saved.stored.workspace,
            "lead_id": saved.lead.id,
            "program": parting.program,
            "number": parting.number,
            "fork": parting.fork,
            "way": parting.case,
            "at": to_ms(parting.at),
            "is_answered": int(parting.is_answered),
            "is_won": int(parting.is_won),
        }
        for parting in saved.partings
    ]


def load_tallies(session: Session, workspace: WorkspaceId, program: str) -> Mapping[str, Sequence[Tally]]:
    """What became of the leads on each way of each split of the program; the empty one is its holdout."""
    found: dict[str, list[Tally]] = defaultdict(list)
    asked = {"workspace": workspace, "program": program}
    for fork, way, entered, answered, won, first_at in session.rows(_TALLIES, asked):
        found[fork].append(Tally(way, entered, int(answered), int(won), from_ms(first_at)))
    return found
