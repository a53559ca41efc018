"""Measuring: RFM's quintiles are measured among all who bought, now and then, and told to each of them.

Edges are facts like any other, so that a lead goes on being what its facts make of it. They are measured in one query
and rounded, and only edges that changed are told: to a thousand leads at a time, and with their first purchase to those
who buy later. Who was told of which edges is kept beside what it bought.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from connector.domain.fact import EdgesName, Fact, FactKind
from connector.domain.field import format_moment
from connector.domain.ids import LeadId, WorkspaceId
from connector.domain.traits.quintiles import FEWEST, Edges, Fifths, settle, to_data
from connector.domain.traits.rfm import Rfm
from connector.engine.judging.shelf import Shelf
from connector.errors import LostClaimError
from connector.log import get_logger
from connector.ports import Measurement, NewFact, Purchases, Store

#: How often edges are measured.
INTERVAL: Final = timedelta(days=1)
#: How often it is looked whether they must be measured sooner.
_GLANCE: Final = timedelta(minutes=5)
#: How often those are looked for who were not told.
_EVERY: Final = timedelta(seconds=1)
#: Leads told in one transaction, in which on SQLite nobody else can write.
_BATCH: Final = 1_000

log = get_logger()


class Measuring:
    """Measures when it is time to, and tells leads. Any number of workers may do so at once."""

    def __init__(self, store: Store, shelf: Shelf) -> None:
        self._store = store
        self._shelf = shelf
        self._rested_at: datetime | None = None
        self._glanced_at: dict[WorkspaceId, datetime] = {}

    def run_once(self, now: datetime) -> int:
        """Measure where it is time to, and tell the next leads; how many. A second run finds the next ones."""
        if self._rested_at is not None and timedelta() <= now - self._rested_at < _EVERY:
            return 0
        told = sum(self._serve(workspace, rule, now) for workspace, rule in self._find_rules().items())
        self._rested_at = None if told else now
        return told

    def _find_rules(self) -> Mapping[WorkspaceId, Rfm]:
        """The workspaces with something to measure."""
        with self._store.reading() as transaction:
            workspaces = sorted({connection.workspace for connection in transaction.connections.all()})
            rules = {space: self._shelf.latest(transaction, space).definitions.rfm for space in workspaces}
        return {space: rule for space, rule in rules.items() if rule is not None and rule.measured}

    def _serve(self, workspace: WorkspaceId, rule: Rfm, now: datetime) -> int:
        with self._store.reading() as transaction:
            known = transaction.purchases.measurement(workspace)
        if self._may_be_due(workspace, now) and is_due(self._store, workspace, rule, now):
            known = measure(self._store, workspace, rule, now) or known
        return self._tell(workspace, known.edges, now) if known else 0

    def _may_be_due(self, workspace: WorkspaceId, now: datetime) -> bool:
        glanced_at = self._glanced_at.get(workspace)
        if glanced_at is not None and timedelta() <= now - glanced_at < _GLANCE:
            return False
        self._glanced_at[workspace] = now
        return True

    def _tell(self, workspace: WorkspaceId, edges: Edges, now: datetime) -> int:
        with self._store.reading() as transaction:
            untold = transaction.purchases.untold(workspace, edges.measured_at, _BATCH)
        if not untold:
            return 0
        facts = [to_new_fact(lead_id, edges, now, is_first=not was_told) for lead_id, was_told in untold.items()]
        try:
            with self._store.transaction() as transaction:
                transaction.leads.add_facts(workspace, facts, now)
                transaction.purchases.set_told(workspace, untold.keys(), edges.measured_at)
                transaction.counts.add({"rfm.told": len(untold)})
        except LostClaimError:
            log.info("claim.lost", step="measure")
            return 0
        return len(untold)


def to_new_fact(lead_id: LeadId, edges: Edges, now: datetime, *, is_first: bool) -> NewFact:
    """Edges that were measured after a lead bought count from the moment of the measurement.

    Those that were there when it bought first count from the beginning: the purchase is scored by them, whatever is
    heard of first.
    """
    name = EdgesName.FIRST if is_first else EdgesName.ANEW
    at = now if is_first else edges.measured_at
    key = f"edges:{format_moment(edges.measured_at)}"
    return NewFact(lead_id, Fact(key, at, FactKind.EDGES, name, "", to_data(edges)), now)


def is_due(store: Store, workspace: WorkspaceId, rule: Rfm, now: datetime) -> bool:
    """Whether it is time to measure: once a day, when twice as many bought as then, and when something is missing."""
    with store.reading() as transaction:
        known, buyers = transaction.purchases.measurement(workspace), transaction.purchases.count(workspace)
    if buyers < FEWEST:
        return False
    if known is None or any(not getattr(known.edges, name) for name in rule.measured):
        return True
    return abs(now - known.measured_at) >= INTERVAL or buyers >= 2 * known.buyers


def measure(store: Store, workspace: WorkspaceId, rule: Rfm, now: datetime) -> Measurement | None:
    """Measure now, whether or not it is time to; None where too few bought, or another worker was faster.

    A second run at once finds the same edges, and nobody is told anything.
    """
    with store.reading() as transaction:
        before, buyers = transaction.purchases.measurement(workspace), transaction.purchases.count(workspace)
        if buyers < FEWEST:
            return None
        fifths = _fifths(transaction.purchases, workspace, rule, now)
    edges = settle(fifths, before.edges if before else None, now)
    new = Measurement(now, buyers, edges)
    with store.transaction() as transaction:
        if not transaction.purchases.save_measurement(workspace, new, before):
            return None
        transaction.counts.add({"rfm.measured": 1})
    log.info("rfm.measured", workspace=workspace, buyers=buyers, is_new=before is None or edges != before.edges)
    return new


def _fifths(purchases: Purchases, workspace: WorkspaceId, rule: Rfm, now: datetime) -> Fifths:
    found = purchases.fifths(workspace, now)
    return Fifths(**{name: getattr(found, name) for name in rule.measured})


@dataclass(frozen=True, slots=True)
class Standings:
    """How all who bought stand beside one another."""

    #: None where the mapping has no RFM.
    rule: Rfm | None
    buyers: int
    measurement: Measurement | None
    #: RFM's code -> how many leads have it; empty for those without.
    cells: Mapping[str, int]


def look(store: Store, shelf: Shelf, workspace: WorkspaceId) -> Standings:
    """The edges, and how many leads stand in each cell. Changes nothing."""
    with store.reading() as transaction:
        rule = shelf.latest(transaction, workspace).definitions.rfm
        purchases = transaction.purchases
        measurement = purchases.measurement(workspace) if rule and rule.measured else None
        return Standings(rule, purchases.count(workspace), measurement, purchases.cells(workspace))
