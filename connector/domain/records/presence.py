"""Which of its records a lead is known by are there. It is archived while all of them are gone.

A record counts from the moment that its baseline bears; whoever was deleted in one CRM and comes to be known in another
one later rests until then. Facts of earlier versions name no record: they speak of the whole lead, and so does each of
a lead that is known by one record alone, of which nothing is remembered for that.
"""

from __future__ import annotations

from datetime import datetime

from connector.domain.draft import Draft
from connector.domain.fact import RECORD_OF, Fact, RecordName
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
    record = str(fact.data.get(RECORD_OF, "")) if _has_several(draft) else ""
    if fact.name == RecordName.RESTORED:
        draft.gone -= {fact.data.get(RECORD_OF)}
        draft.standing = Standing.ACTIVE
        draft.note(HistoryKind.RESTORED, record)
    elif fact.data.get(RECORD_OF) not in draft.gone:
        draft.gone |= {record} - {""}
        left = len(_there(draft)) if record else 0
        if not left:
            draft.standing = Standing.ARCHIVED
        detail: Detail = {"left": left} if left else {}
        draft.note(HistoryKind.ARCHIVED, record, detail)


def merge(draft: Draft, fact: Fact) -> None:
    """Take over that a record lives on as another one, which therefore is there.

    Where the fact says why, two leads became one, and all their records stay.
    """
    if not fact.data:
        draft.gone |= {fact.name}
    if not fact.data or not _has_several(draft) or _there(draft):
        draft.standing = Standing.ACTIVE


def goes_on(draft: Draft, fact: Fact) -> bool:
    """Whether the fact restores one record of a lead that was nurtured all along by another one."""
    is_restored = fact.name == RecordName.RESTORED and RECORD_OF in fact.data
    return is_restored and _has_several(draft) and draft.standing is Standing.ACTIVE


def back_at(draft: Draft) -> datetime | None:
    """When an archived lead comes to be known by another record; None for never."""
    ahead = (at for record, at in draft.records.items() if at >= draft.now and record not in draft.gone)
    return min(ahead, default=None) if _has_several(draft) else None


def come_back(draft: Draft) -> None:
    """Nurture an archived lead again, by the record that has just come to be known."""
    draft.standing = Standing.ACTIVE
    draft.note(HistoryKind.RESTORED, _there(draft)[-1], {"because": "known"})


def _has_several(draft: Draft) -> bool:
    return len(draft.records) > 1


def _there(draft: Draft) -> list[str]:
    """The records that are there by now, the latest last."""
    there = [(at, record) for record, at in draft.records.items() if at <= draft.now and record not in draft.gone]
    return [record for _, record in sorted(there)]
