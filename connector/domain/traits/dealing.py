"""What a fact says about one of a lead's deals, and the signals that this gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from connector.domain.draft import Draft
from connector.domain.fact import Fact, Value
from connector.domain.field import format_value
from connector.domain.history import HistoryKind
from connector.domain.traits.deal import (
    Deal,
    DealEvent,
    DealNews,
    DealSource,
    Outcome,
    bounded,
    events_of,
    parse_amount,
    parse_closed_at,
)
from connector.domain.traits.quintiles import from_data

#: A signal's name and its attributes.
Signal = tuple[str, Mapping[str, Value]]

_SILENT = (DealNews.BASELINE, DealNews.READ)


def take_deal(draft: Draft, fact: Fact) -> list[Signal]:
    """Take over what a CRM says of one of the lead's deals; returns the signals that this gives."""
    word, _, ref = fact.name.partition(":")
    source, news = draft.book.deals.get(fact.source), DealNews(word)
    if source is None:
        return []
    before = draft.deals.get(ref)
    after = _without(before) if news is DealNews.GONE else _read(draft, source, fact, before)
    if after is None:
        _forget(draft, ref)
        return []
    events = [] if news is DealNews.GONE else list(_events(source, news, before, after))
    if events:
        after = replace(after, told=after.stage)
    if after != before:
        draft.deals = bounded({**draft.deals, ref: after})
        draft.touch("deals")
    if news is not DealNews.BASELINE:
        _tell(draft, ref, before, after)
    return [signal for event in events for signal in _signals(draft, fact.source, event, after)]


def take_edges(draft: Draft, fact: Fact) -> None:
    """Take over what was measured among all who bought. Of two measurements the later counts, whichever comes last."""
    edges = from_data(fact.data)
    if draft.rfm_edges is not None and edges.measured_at < draft.rfm_edges.measured_at:
        return
    draft.rfm_edges = edges
    draft.touch("rfm_edges")
    if not fact.is_baseline and draft.book.definitions.rfm:
        draft.note(HistoryKind.MEASURED)


def _without(before: Deal | None) -> Deal | None:
    return replace(before, is_gone=True) if before else None


def _forget(draft: Draft, ref: str) -> None:
    """Of a deal that does not count in this mapping, nothing is kept."""
    if draft.deals.pop(ref, None) is not None:
        draft.touch("deals")


def _read(draft: Draft, source: DealSource, fact: Fact, before: Deal | None) -> Deal | None:
    """The deal as the fact tells it; None for one of a pipeline that does not count."""
    raw = {name: str(fact.data.get(name, "")).strip() for name in source.properties}
    stage, pipeline = raw[source.stage], raw[source.pipeline]
    if source.pipelines and pipeline not in source.pipelines:
        return None
    outcome = source.outcome(stage, pipeline)
    return Deal(
        stage=stage,
        pipeline=pipeline,
        outcome=outcome,
        amount=_amount(draft, raw[source.amount]),
        closed_at=_closed_at(draft, raw[source.closed_at], outcome, before),
        told=before.told if before else "",
    )


def _amount(draft: Draft, raw: str) -> float | None:
    try:
        return parse_amount(raw)
    except ValueError as error:
        _note_unreadable(draft, "amount", raw, error)
        return None


def _closed_at(draft: Draft, raw: str, outcome: Outcome, before: Deal | None) -> str:
    """When it was closed, as the CRM says; of a closed deal without a date, when we heard of that first."""
    is_closed = outcome is not Outcome.OPEN
    heard_at = draft.now if is_closed else None
    if before and is_closed and before.outcome is outcome and before.closed_at and not raw:
        return before.closed_at
    try:
        return parse_closed_at(raw, heard_at)
    except ValueError as error:
        _note_unreadable(draft, "closed_at", raw, error)
        return parse_closed_at("", heard_at)


def _note_unreadable(draft: Draft, name: str, raw: str, error: ValueError) -> None:
    detail = {"text": raw[:200], "problem": str(error)[:200]}
    draft.note(HistoryKind.FIELD_UNREADABLE, f"deal {name}", detail)


def _events(source: DealSource, news: DealNews, before: Deal | None, after: Deal) -> Iterator[DealEvent]:
    """What is news. A stage that was read before its change was told is no less news then, but only once."""
    if news in _SILENT:
        return
    if news is DealNews.MOVED:
        last = before.told if before else ""
    else:
        last = before.stage if before else ""
    if last == after.stage:
        return
    was = source.outcome(last, before.pipeline) if before and last else None
    yield from events_of(was, after.outcome)


def _tell(draft: Draft, ref: str, before: Deal | None, after: Deal) -> None:
    """One line of the timeline for what people would want to know of a deal."""
    if before is not None and _seen(before) == _seen(after):
        return
    what = "gone" if after.is_gone else str(after.outcome)
    detail: dict[str, str | float] = {"outcome": what, "stage": after.stage}
    if after.amount is not None:
        detail["amount"] = after.amount
    draft.note(HistoryKind.DEAL, ref.rpartition(":")[2], detail)


def _seen(deal: Deal) -> tuple[object, ...]:
    return deal.outcome, deal.stage, deal.amount, deal.is_gone


def _signals(draft: Draft, crm: str, event: DealEvent, deal: Deal) -> Iterator[Signal]:
    for source in draft.book.deal_signals.get((crm, event), ()):
        if not source.to or deal.stage in source.to:
            yield source.signal, _attributes(draft, deal, source.attributes)


def _attributes(draft: Draft, deal: Deal, wanted: Mapping[str, str]) -> dict[str, Value]:
    of_deal: Mapping[str, Value | None] = {
        "amount": None if deal.amount is None else format_value(deal.amount),
        "stage": deal.stage,
        "pipeline": deal.pipeline,
        "closed_at": deal.closed_at or None,
    }
    found = {name: of_deal[word] if word in of_deal else draft.fields.get(word) for name, word in wanted.items()}
    return {name: value for name, value in found.items() if value is not None}
