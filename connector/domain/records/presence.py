"""Which of its records a lead is known by are there. It is archived while all of them are gone.

A record counts from the moment that its baseline bears; whoever was deleted in one CRM and comes to be known in another
one later rests until then. Facts of earlier versions name no record: they speak of the whole lead, and so does each of
a lead that is known by one record alone, of which nothing is remembered for that.
"""

from __future__ import annotations

from datetime import datetime

from connector.domain.draft import Draft
from connector.domain.fact import RECORD_OF, SNAPSHOT_OF, Fact, RecordName
from connector.domain.history import Detail, HistoryKind
from connector.domain.lead import Standing

_BASELINE = "baseline:"


def become_known(draft: Draft, baseline: Fact) -> None:
    """Take over since when the record is there that a baseline's key names."""
    record = baseline.key.removeprefix(_BASELINE)
    if record != baseline.key:
        draft.records = {**draft.records, record: min(baseline.at, draft.records.get(record, baseline.at))}


def turn(draft: Draft, fact: Fact) -> None:
    """Take over that a record was deleted or restored. What is told of a record that was merged away is no news."""
    named = str(fact.data.get(RECORD_OF, ""))
    record = named if _has_several(draft) else ""
    if fact.name == RecordName.RESTORED:
        _restore(draft, named)
        return
    is_known = named in draft.deleted
    if named in draft.gone and not is_known:
        return
    draft.deleted[named] = max(fact.at, draft.deleted.get(named, fact.at))
    if is_known and named in draft.gone:
        return
    draft.gone |= {record} - {""}
    left = len(_there(draft)) if record else 0
    if not left:
        draft.standing = Standing.ARCHIVED
    detail: Detail = {"left": left} if left else {}
    draft.note(HistoryKind.ARCHIVED, record, detail)


def _restore(draft: Draft, named: str) -> None:
    draft.gone -= {named}
    draft.deleted.pop(named, None)
    draft.standing = Standing.ACTIVE
    draft.note(HistoryKind.RESTORED, named if _has_several(draft) else "")


def find_again(draft: Draft, fact: Fact) -> bool:
    """Take over that a record was restored of which reading tells that it is there; whether that is so.

    Nobody may tell of it otherwise. What was read at the moment of the deletion is the deleted record.
    """
    record = _found_again(draft, fact)
    if record:
        _restore(draft, record)
    return bool(record)


def _found_again(draft: Draft, fact: Fact) -> str:
    if fact.name != RecordName.READ or not draft.deleted:
        return ""
    id_ = fact.data.get(SNAPSHOT_OF, "")
    found = (record for record, at in draft.deleted.items() if record.rpartition(":")[2] == id_ and at < fact.at)
    return next(found, "") if id_ else ""


def merge(draft: Draft, fact: Fact) -> None:
    """Take over that a record lives on as another one, which therefore is there.

    Where the fact says why, two leads became one, and all their records stay. Where every record is gone that it may
    live on as, it was deleted at the same moment.
    """
    if not fact.data:
        draft.gone |= {fact.name}
        draft.deleted.pop(fact.name, None)
    if _there(draft) or not _has_several(draft):
        draft.standing = Standing.ACTIVE
    elif not fact.data and draft.standing is Standing.ACTIVE and draft.gone >= draft.records.keys():
        draft.standing = Standing.ARCHIVED
        draft.note(HistoryKind.ARCHIVED)
    elif not fact.data:
        draft.standing = Standing.ACTIVE


def part(draft: Draft, fact: Fact) -> None:
    """Tell that a record turned out to be somebody else's. What it told went with it; nothing is left to take back."""
    draft.note(HistoryKind.PARTED, fact.name, {name: str(words) for name, words in fact.data.items()})


def is_heard_anew(draft: Draft, fact: Fact) -> bool:
    """Whether the fact tells of a record that was not there; of a lead that was nurtured all along it is one more."""
    if fact.name == RecordName.CREATED:
        return True
    if fact.name == RecordName.RESTORED:
        return RECORD_OF not in fact.data or not _is_nurtured(draft)
    return bool(_found_again(draft, fact)) and not _is_nurtured(draft)


def _is_nurtured(draft: Draft) -> bool:
    return _has_several(draft) and draft.standing is Standing.ACTIVE


def back_at(draft: Draft) -> datetime | None:
    """When an archived lead comes to be known by another record; None for never."""
    ahead = (at for record, at in draft.records.items() if at >= draft.now and record not in draft.gone)
    return min(ahead, default=None) if _has_several(draft) else None


def come_back(draft: Draft) -> None:
    """Nurture an archived lead again, by the record that has just come to be known."""
    draft.standing = Standing.ACTIVE
    draft.note(HistoryKind.RESTORED, _there(draft)[-1], {"because": "known"})


def crms_gone(draft: Draft) -> frozenset[str]:
    """The CRMs in which the lead had records that all were deleted, while it lives on by another one."""
    if not draft.deleted or not _has_several(draft):
        return frozenset()
    there = {_crm_of(record) for record in draft.records if record not in draft.gone}
    return frozenset(map(_crm_of, draft.deleted)) - there if there else frozenset()


def living_in(draft: Draft, crm: str) -> int:
    """In how many records of this CRM the lead is there; 1 where nothing is remembered of that."""
    if not _has_several(draft):
        return 1
    return sum(_crm_of(record) == crm for record in draft.records if record not in draft.gone)


def _crm_of(record: str) -> str:
    return record.partition(":")[0]


def _has_several(draft: Draft) -> bool:
    return len(draft.records) > 1


def _there(draft: Draft) -> list[str]:
    """The records that are there by now, the latest last."""
    there = [(at, record) for record, at in draft.records.items() if at <= draft.now and record not in draft.gone]
    return [record for _, record in sorted(there)]
