"""Why a lead has several records: a fact for each by which somebody else would be known, had they not one address.

The facts follow from the records alone, whichever of them came first and whatever became of them meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from sqlalchemy import Text, bindparam, delete, func, literal_column, select

from connector.domain.fact import Fact, FactKind
from connector.domain.ids import CrmRef, LeadId, WorkspaceId, to_lead_id, to_ref
from connector.ports import NewFact
from connector.store.facts import add_facts, load_facts_by_prefix
from connector.store.identity import LIVES
from connector.store.listed import among
from connector.store.schema import crm_refs, facts
from connector.store.session import Session, to_list

_BASELINE = "baseline:"
_JOINED = "joined:"
_BECAUSE = {"because": "same email"}

_WORKSPACE = bindparam("workspace_", type_=Text)
_LIVING = select(crm_refs.c.lead_id, crm_refs.c.ref).where(
    crm_refs.c.workspace == _WORKSPACE, among(crm_refs.c.lead_id, "ids"), LIVES
)
_FORGET = delete(facts).where(
    facts.c.workspace == _WORKSPACE,
    facts.c.lead_id == bindparam("lead_id_", type_=Text),
    facts.c.kind == literal_column(f"'{FactKind.MERGED}'"),
    func.substr(facts.c.key, literal_column("1"), literal_column(str(len(_JOINED)))) == literal_column(f"'{_JOINED}'"),
)


def tell_joined(session: Session, workspace: WorkspaceId, lead_ids: Collection[LeadId], now: datetime) -> None:
    """Tell those of these leads that have several records, of each that was read. A second run changes nothing."""
    records: dict[LeadId, list[CrmRef]] = defaultdict(list)
    for lead_id, text in session.rows(_LIVING, {"workspace_": workspace, "ids": to_list(lead_ids)}):
        records[lead_id].append(to_ref(text))
    several = {lead_id: refs for lead_id, refs in records.items() if len(refs) > 1}
    if not several:
        return
    baselines = load_facts_by_prefix(session, workspace, several, _BASELINE)
    new = [
        NewFact(lead_id, fact, now)
        for lead_id, refs in several.items()
        for fact in _to_facts(workspace, lead_id, refs, {fact.key: fact.at for fact in baselines.get(lead_id, ())})
    ]
    add_facts(session, workspace, new, now)


def tell_joined_anew(session: Session, workspace: WorkspaceId, lead_id: LeadId, now: datetime) -> None:
    """Tell a lead that is blank what follows from the records that it has now, and nothing of those that it had."""
    session.run(_FORGET, {"workspace_": workspace, "lead_id_": lead_id})
    tell_joined(session, workspace, [lead_id], now)


def _to_facts(
    workspace: WorkspaceId, lead_id: LeadId, refs: Collection[CrmRef], read_at: Mapping[str, datetime]
) -> Iterator[Fact]:
    for ref in sorted(refs):
        at = read_at.get(f"{_BASELINE}{ref}")
        if at is not None and to_lead_id(workspace, ref) != lead_id:
            yield Fact(f"{_JOINED}{ref}", at, FactKind.MERGED, str(ref), ref.crm, _BECAUSE)
