"""Snapshots: what a record holds, from a CRM that tells that it changed and not what.

Such a record is read again, and what changed is found by comparing it with what it held before. Each record of a lead
is compared with itself alone: one that merely repeats what it held long ago must not outweigh what another one said
since.
"""

from __future__ import annotations

from collections.abc import Sequence

from connector.domain.draft import Draft
from connector.domain.fact import SNAPSHOT_OF, Fact, RecordName


def take_snapshot(draft: Draft, fact: Fact) -> Fact:
    """Remember what the record holds; the fact as a CRM would tell it that tells of changes.

    What was so when we first heard of the record is no change.
    """
    record = str(fact.data[SNAPSHOT_OF])
    holds = {name: str(value) for name, value in fact.data.items() if name != SNAPSHOT_OF}
    held = draft.held.get(record)
    draft.held[record] = {**(held or {}), **holds}
    if held is None or fact.is_baseline:
        return fact._replace(data=holds)
    changed = {name: value for name, value in holds.items() if value != held.get(name, "")}
    return fact._replace(name=RecordName.CHANGED, data=changed)


def held_of(draft: Draft, properties: Sequence[str]) -> str:
    """The first of these properties that any of the lead's records still gives a value; empty for none."""
    texts = (held.get(name, "").strip() for name in properties for held in draft.held.values())
    return next(filter(None, texts), "")
