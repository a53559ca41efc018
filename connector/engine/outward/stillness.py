"""Stillness: what is about to leave although its program was just paused.

A paused program's leads are told of it piece by piece. What those who were told had not sent yet is held with them;
this stops what comes from the others, until they were told, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from connector.domain.book import Book
from connector.domain.outward.change import ACTS, ChangeKind
from connector.ports import CurrentLead, OutboxChange, Transaction

#: How long a change waits for its lead to be told and judged.
_NEWS = timedelta(seconds=2)


def stay_behind(
    transaction: Transaction, book: Book, crm: str, batch: Sequence[OutboxChange], now: datetime
) -> Sequence[OutboxChange]:
    """Those of a batch of one workspace that may leave by the book that applies; the others are due again later.

    Costs nothing while no program stands still.
    """
    concerned = [change for change in batch if _is_concerned(change, book, crm)] if book.paused else []
    if not concerned:
        return batch
    current = transaction.leads.current(concerned[0].workspace, {change.lead_id for change in concerned})
    staying = {change.id for change in concerned if not _knows(current.get(change.lead_id), book.version)}
    transaction.outbox.postpone(staying, now + _NEWS)
    return [change for change in batch if change.id not in staying]


def _is_concerned(change: OutboxChange, book: Book, crm: str) -> bool:
    """Whether a program that stands still may want it."""
    if change.kind in ACTS:
        return _program_of(change) in book.paused
    if change.kind is not ChangeKind.MEMBERSHIP or change.wanted["member"] != "true":
        return False
    return any(book.lists[name].titles.get(crm) == change.key for name in book.paused_lists if name in book.lists)


def _program_of(change: OutboxChange) -> str:
    """What an act's key begins with, behind its lead: a program, or something else of the lead's."""
    return change.key.partition("|")[2].partition(":")[0]


def _knows(current: CurrentLead | None, version: str) -> bool:
    """Whether the lead was judged by this version, so that what is left of it to be done is wanted all the same."""
    return current is not None and not current.has_mail and current.lead.book == version
