"""Leads of records that were read before anybody heard of them: made whole, thousands at a time.

What is made one after the other of a record that is only heard of (a row, its reading, its first mail) is written here
at once: each row once, and none of them is looked up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from connector.domain.ids import WorkspaceId
from connector.domain.lead import blank
from connector.errors import LostClaimError
from connector.ports import NewFact, NewRecord
from connector.store.codec import NO_OUTLOOKS, encode, to_ms
from connector.store.facts import ADD_FACT, to_row
from connector.store.identity import ADD_LEAD, ADD_REF, FIRST_VERSION
from connector.store.session import Session


def add_read(session: Session, workspace: WorkspaceId, records: Sequence[NewRecord], book: str, now: datetime) -> None:
    """Make leads of records that nobody heard of and that were read, and wake them.

    Raises LostClaimError when another worker heard of one of the records a moment ago.
    """
    # In one order for everybody: two workers never wait for each other's rows.
    ordered, at = sorted(records, key=lambda one: one.ref), to_ms(now)
    refs = session.run_many(ADD_REF, [_to_ref_row(workspace, one, at) for one in ordered])
    leads = session.run_many(ADD_LEAD, [_to_lead_row(workspace, one, book, at) for one in ordered])
    if refs < len(ordered) or leads < len(ordered):
        raise LostClaimError("another worker heard of a record that was being added")
    session.run_many(ADD_FACT, [row for one in ordered for row in _to_fact_rows(workspace, one, now)])


def _to_ref_row(workspace: WorkspaceId, one: NewRecord, now: int) -> dict[str, Any]:
    return {
        "workspace": workspace,
        "ref": str(one.ref),
        "lead_id": one.lead_id,
        "crm": one.ref.crm,
        "account": one.ref.account,
        "record_id": one.ref.record_id,
        "read_as_of": to_ms(one.as_of) if one.as_of else 0,
        "read_wanted_at": None,
        "became": "",
        "known_at": now,
    }


def _to_lead_row(workspace: WorkspaceId, one: NewRecord, book: str, now: int) -> dict[str, Any]:
    return {
        "workspace": workspace,
        "id": one.lead_id,
        "version": FIRST_VERSION,
        "last_fact": len(one.facts),
        "folded_fact": 0,
        "wake_at": now,
        "is_read": True,
        "email": "",
        "doc": encode(blank(one.lead_id, book)),
        "book": book,
        "rank": 0,
        "idle": 0,
        "outlooks": NO_OUTLOOKS,
    }


def _to_fact_rows(workspace: WorkspaceId, one: NewRecord, now: datetime) -> Iterator[dict[str, Any]]:
    for seq, fact in enumerate(one.facts, start=1):
        yield to_row(workspace, NewFact(one.lead_id, fact, now), seq=seq, at=to_ms(fact.at))
