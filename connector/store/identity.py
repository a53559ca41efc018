"""Which CRM records are which lead."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Text, bindparam, literal_column, select

from connector.domain.ids import CrmRef, LeadId, WorkspaceId
from connector.domain.lead import blank
from connector.errors import LostClaimError
from connector.store.codec import NO_OUTLOOKS, encode, to_ms
from connector.store.listed import among
from connector.store.schema import crm_refs, leads
from connector.store.session import Session, to_list
from connector.store.upsert import insert_if_absent

#: Of a lead of whom nothing was saved yet.
FIRST_VERSION = 1

#: The record lives in its CRM, and is read and written to.
LIVES = crm_refs.c.became == literal_column("''")

_FIND = select(crm_refs.c.ref, crm_refs.c.lead_id).where(
    crm_refs.c.workspace == bindparam("workspace_", type_=Text), among(crm_refs.c.ref, "refs")
)
ADD_REF = insert_if_absent(crm_refs)
ADD_LEAD = insert_if_absent(leads)


def find_leads(session: Session, workspace: WorkspaceId, refs: Collection[CrmRef]) -> Mapping[CrmRef, LeadId]:
    """The leads of these records; unknown records are left out."""
    by_text = {str(ref): ref for ref in refs}
    found = session.rows(_FIND, {"workspace_": workspace, "refs": to_list(by_text)})
    return {by_text[text]: lead_id for text, lead_id in found}


def add_refs(session: Session, workspace: WorkspaceId, refs: Mapping[CrmRef, LeadId], now: datetime) -> None:
    """Give records that belong to nobody to leads, and have them read.

    Raises LostClaimError when another worker gave one of them to another lead a moment ago.
    """
    rows = [
        {
            "workspace": workspace,
            "ref": str(ref),
            "lead_id": lead_id,
            "crm": ref.crm,
            "account": ref.account,
            "record_id": ref.record_id,
            "read_as_of": None,
            "read_wanted_at": to_ms(now),
            "became": "",
            "known_at": to_ms(now),
        }
        for ref, lead_id in sorted(refs.items())
    ]
    if session.run_many(ADD_REF, rows) < len(rows) and find_leads(session, workspace, refs) != refs:
        raise LostClaimError("another worker gave the record to another lead")


def add_leads(session: Session, workspace: WorkspaceId, ids: Collection[LeadId], book: str) -> None:
    """Make leads whose records wait to be read; one that exists is left as it is."""
    session.run_many(
        ADD_LEAD,
        [
            {
                "workspace": workspace,
                "id": lead_id,
                "version": FIRST_VERSION,
                "last_fact": 0,
                "folded_fact": 0,
                "wake_at": None,
                "is_read": False,
                "email": "",
                "doc": encode(blank(lead_id, book)),
                "book": book,
                "rank": 0,
                "idle": 0,
                "outlooks": NO_OUTLOOKS,
            }
            for lead_id in sorted(ids)
        ],
    )
