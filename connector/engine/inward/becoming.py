"""Becoming: a record that was read lives on as another one, after a merge or a conversion, and its lead with it.

Whoever is told of a merge by an event and whoever finds it by reading do the same; so it does not matter which came
first, or whether only one of them comes. A chain is followed step by step: the survivor is read next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from connector.domain.ids import CrmRef, to_lead_id
from connector.engine.running.line import Line
from connector.errors import LostClaimError
from connector.ports import CrmRecord, Transaction, Unread


def follow(
    line: Line,
    transaction: Transaction,
    read: Sequence[Unread],
    records: Mapping[str, CrmRecord],
    book: str,
    asked_at: datetime,
) -> tuple[Sequence[Unread], frozenset[CrmRef]]:
    """What was read, by the leads that remain, and those of the records that live on as another one.

    A second run changes nothing. A survivor never heard of becomes known; one of a person who was erased is not
    followed, nor are records that became each other. Raises LostClaimError when another worker was faster.
    """
    steps = _find_steps(line, read, records)
    if not steps:
        return read, frozenset()
    leads, workspace = transaction.leads, line.connection.workspace
    refused = leads.erased(workspace, set(steps.values()))
    steps = {ref: survivor for ref, survivor in steps.items() if survivor not in refused}
    known = leads.find(workspace, {*steps.values(), *(one.ref for one in read)})
    if any(one.ref not in known for one in read):
        raise LostClaimError("a record was erased while it was read")
    unknown = {ref: to_lead_id(workspace, ref) for ref in sorted(set(steps.values()) - known.keys())}
    leads.add(workspace, unknown, book, asked_at)
    for ref, survivor in sorted(steps.items()):
        leads.merge(workspace, survivor, (survivor, ref), asked_at)
    merged = leads.merged_away(workspace, set(steps))
    leads.read_again(workspace, {steps[ref] for ref in merged}, asked_at)
    remaining = leads.find(workspace, {one.ref for one in read})
    return [replace(one, lead_id=remaining[one.ref]) for one in read], merged


def _find_steps(line: Line, read: Sequence[Unread], records: Mapping[str, CrmRecord]) -> dict[CrmRef, CrmRef]:
    """Record -> the one that it became."""
    found = ((one.ref, records.get(one.ref.record_id)) for one in read)
    became = {ref: record.became for ref, record in found if record and record.became not in ("", ref.record_id)}
    return {ref: line.to_ref(survivor) for ref, survivor in became.items()}
