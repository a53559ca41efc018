"""Deals: from the file to the domain's terms."""

from __future__ import annotations

from collections.abc import Iterator

from connector.domain.traits.deal import DealEvent, DealField, DealSignal, DealSource, Measure, Outcome, Stages
from connector.domain.traits.rfm import Rfm
from connector.mapping.deal_models import DEAL_VALUES, MEASURES, DealSourceEntry, StagesEntry
from connector.mapping.fields import to_text
from connector.mapping.models import MappingFile
from connector.mapping.names import Names
from connector.mapping.places import Path, Problems
from connector.mapping.report import nearest, quoted
from connector.mapping.signal_models import RecordSourceEntry

_REMEDIES = {
    "hubspot": "add deals: {hubspot: {won: {stage: closedwon}}}",
    "salesforce": "add deals: {salesforce: {won: {stage: Closed Won}}}",
}
#: What stands before the names of Salesforce's fields of deals.
_OPPORTUNITY = "Opportunity."


def to_deals(mapping: MappingFile, problems: Problems) -> tuple[DealSource, ...]:
    """How deals are read; reports what asks for deals where none are read, and deals that nothing asks for."""
    sources = tuple(_to_sources(mapping))
    read = {source.crm for source in sources}
    for path, crm in () if problems.touch(("deals",)) else _askers(mapping):
        if crm not in read and (crm or not read):
            problems.error(path, "no deals are read", _REMEDIES[crm or "hubspot"], on_key=True)
    if sources and not any(True for _ in _askers(mapping)) and not problems.has_errors:
        hint = "add a field such as purchases: {deals: {count: won}}"
        problems.warn(("deals",), "no field and no signal looks at deals", hint, on_key=True)
    return sources


def _askers(mapping: MappingFile) -> Iterator[tuple[Path, str]]:
    """What looks at deals, and of which CRM; empty for any."""
    if mapping.rfm is not None:
        yield ("rfm",), ""
    for name, field in mapping.fields.items():
        if field.deals is not None:
            yield ("fields", name, "deals"), ""
    for name, signal in mapping.signals.items():
        for crm, index, source in signal.sources if signal else ():
            if source.deal:
                yield ("signals", name, crm, index, "deal"), crm


def _to_sources(mapping: MappingFile) -> Iterator[DealSource]:
    if mapping.deals and mapping.deals.hubspot:
        yield _to_source("hubspot", mapping.deals.hubspot, "")
    if mapping.deals and mapping.deals.salesforce:
        yield _to_source("salesforce", mapping.deals.salesforce, _OPPORTUNITY)


def _to_source(crm: str, entry: DealSourceEntry, prefix: str) -> DealSource:
    return DealSource(
        crm=crm,
        amount=prefix + entry.amount,
        closed_at=prefix + entry.closed_at,
        stage=prefix + entry.stage,
        pipeline=prefix + entry.pipeline,
        won=_to_stages(entry.won),
        lost=_to_stages(entry.lost) if entry.lost else None,
        pipelines=frozenset(entry.pipelines),
    )


def _to_stages(entry: StagesEntry) -> Stages:
    return Stages(frozenset(entry.stage), frozenset(entry.pipeline))


def to_rfm(mapping: MappingFile) -> Rfm | None:
    """The edges between RFM's scores."""
    entry = mapping.rfm
    return Rfm(entry.recency, entry.frequency, entry.monetary, entry.within) if entry else None


def to_deal_fields(mapping: MappingFile) -> tuple[DealField, ...]:
    """The fields that follow from deals."""
    return tuple(_fields(mapping))


def _fields(mapping: MappingFile) -> Iterator[DealField]:
    for name, entry in mapping.fields.items():
        for measure in MEASURES if entry.deals else ():
            of = getattr(entry.deals, measure)
            if of and entry.deals:
                yield DealField(name, Measure(measure), Outcome(of), entry.deals.within)


def to_deal_signals(mapping: MappingFile, names: Names, problems: Problems) -> tuple[DealSignal, ...]:
    """The signals that deals give; reports attributes that are filled from an unknown field."""
    return tuple(_signals(mapping, names, problems))


def _signals(mapping: MappingFile, names: Names, problems: Problems) -> Iterator[DealSignal]:
    for name, entry in mapping.signals.items():
        for crm, index, source in entry.sources if entry else ():
            if source.deal:
                _check_attributes(source, ("signals", name, crm, index, "attributes"), names, problems)
                yield DealSignal(name, crm, DealEvent(source.deal), _stages(source), dict(source.attributes))


def _stages(source: RecordSourceEntry) -> tuple[str, ...]:
    return tuple(to_text(stage) for stage in source.to)


def _check_attributes(source: RecordSourceEntry, path: Path, names: Names, problems: Problems) -> None:
    known = (*DEAL_VALUES, *names.fields)
    for attribute, wanted in source.attributes.items():
        if wanted not in known:
            message = f"unknown value {quoted(wanted)} of a deal for an attribute"
            problems.error((*path, attribute), message, nearest(wanted, known))
