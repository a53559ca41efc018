"""Snapshots: what a record holds, from a CRM that tells that it changed and not what.

Such a record is read again, and what changed is found by comparing it with what it held before. Each record of a lead
is compared with itself alone: one that merely repeats what it held long ago must not outweigh what another one said
since.
"""

from __future__ import annotations

from collections.abc import Sequence

from connector.domain.draft import Draft
from connector.domain.fact import SNAPSHOT_OF, Fact, RecordName
from connector.domain.lead import Standing


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
    """The first of these properties that any of the lead's records gives a value that is not deleted; else empty."""
    deleted = _deleted_ids(draft)
    there = [held for record, held in draft.held.items() if record not in deleted]
    texts = (held.get(name, "").strip() for name in properties for held in there)
    return next(filter(None, texts), "")


def each_held(draft: Draft, properties: Sequence[str]) -> list[str]:
    """What each of the lead's records that are there holds of these properties, of those that it was read for."""
    gone = _deleted_ids(draft) | frozenset(map(_id_of, draft.gone))
    there = [held for record, held in draft.held.items() if record not in gone]
    return [held[name].strip() for held in there for name in properties if name in held]


def is_of_deleted(draft: Draft, fact: Fact) -> bool:
    """Whether the fact says what a record holds that was deleted, while the lead lives on by another one."""
    return draft.standing is Standing.ACTIVE and fact.data.get(SNAPSHOT_OF) in _deleted_ids(draft)


def tells_all(draft: Draft, crm: str) -> bool:
    """Whether the CRM's records are compared with what they held."""
    return any(record.startswith(f"{crm}:") and _id_of(record) in draft.held for record in draft.records)


def _deleted_ids(draft: Draft) -> frozenset[str]:
    return frozenset(map(_id_of, draft.deleted))


def _id_of(record: str) -> str:
    return record.rpartition(":")[2]
