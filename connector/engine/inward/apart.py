"""Apart: a person says that a record is somebody else's than the others of its lead, or takes that back."""

from __future__ import annotations

from datetime import datetime

from connector.domain.ids import CrmRef, LeadId, WorkspaceId
from connector.ports import Store


def keep_apart(store: Store, workspace: WorkspaceId, lead_id: LeadId, ref: CrmRef, now: datetime) -> LeadId:
    """Make a lead of its own of the record, which is joined with nobody by its address from here on; returns it.

    A second run changes nothing. Raises LostClaimError when another worker merged or erased the lead a moment ago.
    """
    with store.transaction() as transaction:
        parted = transaction.leads.part(workspace, lead_id, [ref], "a person said so", now)
        transaction.leads.keep_apart(workspace, [ref], now)
    return parted


def let_join(store: Store, workspace: WorkspaceId, ref: CrmRef, now: datetime) -> bool:
    """Let the record be joined by its address again, and have it looked at; whether it had been kept apart."""
    with store.transaction() as transaction:
        return transaction.leads.let_join(workspace, [ref], now)
