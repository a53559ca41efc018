"""Whose lead a record is that a call named."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from connector.domain.book import Book
from connector.domain.ids import LeadId, to_lead_id
from connector.engine.running.line import Line
from connector.ports import Transaction


def find_people(
    line: Line, transaction: Transaction, book: Book, record_ids: Collection[str], now: datetime
) -> Mapping[str, LeadId]:
    """The leads of these records, by id. An unknown one becomes a lead, which is read as any other; no erased one."""
    if not record_ids:
        return {}
    leads, workspace = transaction.leads, line.connection.workspace
    refs = {line.to_ref(record_id) for record_id in record_ids}
    refs -= leads.erased(workspace, refs)
    known = leads.find(workspace, refs) if refs else {}
    unknown = {ref: to_lead_id(workspace, ref) for ref in sorted(refs - known.keys())}
    if unknown:
        leads.add(workspace, unknown, book.version, now)
    return {ref.record_id: lead_id for ref, lead_id in {**known, **unknown}.items()}
