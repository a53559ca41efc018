"""Signals: from the file to the domain's terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connector.domain.definitions import SignalSource
from connector.domain.records.sources import CompanionKind, CompanionSource, FeedSource, ToldSource
from connector.mapping.crms import WORDS
from connector.mapping.fields import to_text
from connector.mapping.models import MappingFile
from connector.mapping.names import Names
from connector.mapping.places import Path, Problems
from connector.mapping.report import nearest, quoted
from connector.mapping.signal_models import OrgSourceEntry, RecordSourceEntry, SourceEntry


def to_signals(mapping: MappingFile, names: Names, problems: Problems) -> tuple[SignalSource, ...]:
    """What gives signals by changing; reports attributes that are filled from an unknown field."""
    return tuple(_to_signals(mapping, names, problems))


def to_feeds(mapping: MappingFile) -> tuple[FeedSource, ...]:
    """What is polled for signals."""
    return tuple(
        FeedSource(name, crm, source.poll, only, dict(source.attributes))
        for name, crm, _, source in _sources(mapping)
        if isinstance(source, SourceEntry) and source.poll
        for only in source.only or ("",)
    )


def to_companions(mapping: MappingFile) -> tuple[CompanionSource, ...]:
    """What campaign members and tasks are signals of."""
    return tuple(
        CompanionSource(
            signal=name,
            crm=crm,
            kind=CompanionKind(source.companion),
            event=WORDS[crm].companions[source.companion].events[source.member or source.task or ""],
            only=source.campaign or source.type,
            to=tuple(to_text(value) for value in source.to),
            attributes=dict(source.attributes),
        )
        for name, crm, _, source in _sources(mapping)
        if isinstance(source, OrgSourceEntry) and source.companion
    )


def to_told(mapping: MappingFile) -> tuple[ToldSource, ...]:
    """The signals that the API takes."""
    return tuple(
        ToldSource(name, frozenset((*entry.attributes, *entry.api.attributes)), entry.api.unknown == "look_up")
        for name, entry in mapping.signals.items()
        if entry and entry.api
    )


def _to_signals(mapping: MappingFile, names: Names, problems: Problems) -> Iterator[SignalSource]:
    for name, crm, index, source in _sources(mapping):
        if source.when_changed:
            _check_attributes(("signals", name, crm, index, "attributes"), source, names.fields, problems)
            to = tuple(to_text(value) for value in source.to)
            yield SignalSource(name, crm, source.when_changed, to, dict(source.attributes))


def _sources(mapping: MappingFile) -> Iterator[tuple[str, str, int, RecordSourceEntry]]:
    for name, entry in mapping.signals.items():
        for crm, index, source in entry.sources if entry else ():
            yield name, crm, index, source


def _check_attributes(path: Path, source: RecordSourceEntry, fields: Mapping[str, object], problems: Problems) -> None:
    for attribute, wanted in source.attributes.items():
        if wanted != "value" and wanted not in fields:
            message = f"unknown field {quoted(wanted)} for an attribute"
            problems.error((*path, attribute), message, nearest(wanted, ("value", *fields)))
