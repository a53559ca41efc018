"""What is written beside a lead's document: its timeline, and its enrolments and frozen fields for reports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Text, bindparam, delete

from connector.domain.fact import START
from connector.domain.programs.enrolment import Enrolment
from connector.ports import SavedLead
from connector.store.codec import encode, to_ms, to_optional_ms
from connector.store.copies import copies_in, save_copies
from connector.store.identity import FIRST_VERSION
from connector.store.schema import enrolments, frozen_fields, history
from connector.store.session import Session
from connector.store.upsert import insert_into

_ADD_HISTORY = insert_into(history)
_DROP_HISTORY = delete(history).where(
    history.c.workspace == bindparam("workspace_", type_=Text),
    history.c.lead_id == bindparam("lead_id_", type_=Text),
    history.c.version <= bindparam("read_version", type_=BigInteger),
)


def is_from_the_start(saved: SavedLead) -> bool:
    """Whether this is what became of all facts, and takes the place of what was saved before; a merge begins anew."""
    return saved.refolded or is_after_a_merge(saved)


def is_after_a_merge(saved: SavedLead) -> bool:
    """Whether its former self was blanked, and does not say what was saved before."""
    return saved.stored.lead.position == START and saved.stored.version > FIRST_VERSION


def save_history(session: Session, saved: Iterable[SavedLead]) -> None:
    """Add what the leads' timelines have to tell; of a lead folded anew, in place of all before."""
    session.run_many(
        _DROP_HISTORY,
        [
            {
                "workspace_": one.stored.workspace,
                "lead_id_": one.lead.id,
                "read_version": one.stored.version,
            }
            for one in saved
            if one.refolded
        ],
    )
    session.run_many(
        _ADD_HISTORY,
        [
            {
                "workspace": one.stored.workspace,
                "lead_id": one.lead.id,
                "version": one.stored.version + 1,
                "entries": encode(one.history),
            }
            for one in saved
            if one.history
        ],
    )


def save_enrolments(session: Session, saved: Sequence[SavedLead]) -> None:
    """Bring the reports' copy of the enrolments up to date, where they changed."""
    save_copies(session, _ENROLMENTS, saved)


def save_frozen(session: Session, saved: Sequence[SavedLead]) -> None:
    """Bring the copy of the frozen fields up to date, where they changed."""
    save_copies(session, _FROZEN, saved)


def _to_row(saved: SavedLead, enrolment: Enrolment) -> dict[str, Any]:
    return {
        "workspace": saved.stored.workspace,
        "lead_id": saved.lead.id,
        "program": enrolment.program,
        "number": enrolment.number,
        "phase": enrolment.phase,
        "state": enrolment.state,
        "entered_at": to_ms(enrolment.entered_at),
        "ended_at": to_optional_ms(enrolment.ended_at),
    }


_ENROLMENTS = copies_in(
    enrolments, lambda lead: lead.enrolments, lambda enrolment: (enrolment.program, enrolment.number), _to_row
)
_FROZEN = copies_in(
    frozen_fields,
    lambda lead: tuple(lead.frozen_until.items()),
    lambda frozen: (frozen[0],),
    lambda saved, frozen: {
        "workspace": saved.stored.workspace,
        "lead_id": saved.lead.id,
        "field": frozen[0],
        "until_at": to_ms(frozen[1]),
    },
)
