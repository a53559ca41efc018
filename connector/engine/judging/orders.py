"""Orders: what a person tells Coltiva to do with one lead goes into its mailbox, like everything else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from connector.domain.fact import CommandName, Fact, FactKind, Value
from connector.domain.field import format_moment
from connector.domain.ids import LeadId, WorkspaceId
from connector.ports import NewFact, Store


def give(
    store: Store,
    workspace: WorkspaceId,
    lead_id: LeadId,
    order: CommandName,
    now: datetime,
    data: Mapping[str, Value] | None = None,
) -> None:
    """Order something for a lead; it is done when the lead is judged next.

    A second run at the same moment changes nothing. Raises LostClaimError when the lead is gone.
    """
    what = dict(data or {})
    key = f"order:{order}:{','.join(map(str, what.values()))}:{format_moment(now)}"
    fact = Fact(key, now, FactKind.COMMAND, order, "cli", what)
    with store.transaction() as transaction:
        transaction.leads.add_facts(workspace, [NewFact(lead_id, fact, now)], now)
