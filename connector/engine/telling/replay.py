"""Replay: every lead is folded again from its first fact and compared with what is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from connector.domain.decide import fold
from connector.domain.draft import Books
from connector.domain.history import HistoryEntry
from connector.domain.ids import LeadId, WorkspaceId
from connector.domain.lead import Lead, blank
from connector.engine.judging.shelf import Shelf
from connector.ports import LeadSummary, Store

_PAGE = 500


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """How stored leads compare with their facts."""

    #: Leads compared.
    checked: int
    #: Leads with facts that were not folded in yet: they cannot be compared now.
    in_motion: int
    #: Leads whose state is not what their facts make of them.
    differing: tuple[LeadId, ...]


def verify(
    store: Store,
    shelf: Shelf,
    workspace: WorkspaceId,
    on_progress: Callable[[int], None] = lambda checked: None,
) -> ReplayResult:
    """Fold every lead's facts again, byte for byte. Changes nothing.

    `on_progress` is told how many leads are done.
    """
    checked = in_motion = 0
    differing: list[LeadId] = []
    for summary in _all_leads(store, workspace):
        if summary.unread:
            in_motion += 1
            continue
        checked += 1
        on_progress(checked)
        if to_bytes(refold(store, shelf.of(workspace), summary)) != to_bytes(summary.lead):
            differing.append(summary.id)
    return ReplayResult(checked, in_motion, tuple(differing))


def refold(store: Store, books: Books, summary: LeadSummary) -> Lead:
    """What the lead's facts make of it, up to the last thing that was folded in."""
    lead = summary.lead
    facts = store.read_models.facts(summary.workspace, summary.id)
    return fold(books, blank(lead.id, lead.born_under), facts, now=lead.position[1]).lead


def look_back(
    store: Store, books: Books, summary: LeadSummary, at: datetime
) -> tuple[LeadSummary, Sequence[HistoryEntry]] | None:
    """The lead as it stood at a moment, by what happened until then, and its history; None before it was known.

    What came late counts when it happened, so that this may be more than was known then.
    """
    facts = store.read_models.facts(summary.workspace, summary.id)
    if not any(fact.at <= at for fact in facts):
        return None
    until_then = [fact for fact in facts if fact.at <= at or fact.is_baseline]
    decision = fold(books, blank(summary.lead.id, summary.lead.born_under), until_then, now=at)
    return replace(summary, lead=decision.lead), decision.history


def to_bytes(lead: Lead) -> bytes:
    """The lead as text that is the same for the same state."""
    return msgspec.json.encode(lead, order="deterministic")


def _all_leads(store: Store, workspace: WorkspaceId) -> Iterator[LeadSummary]:
    after: LeadId | None = None
    while page := store.read_models.leads(workspace, _PAGE, after):
        yield from page
        after = page[-1].id
