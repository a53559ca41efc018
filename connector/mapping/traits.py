"""Who a lead is: fields that follow from signals, personas and tags, from the file to the domain's terms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from connector.domain.conditions.condition import AllOf, Condition, SignalTest
from connector.domain.definitions import Persona, Tag
from connector.domain.field import Field
from connector.domain.traits.computed import Computed, Reckoning
from connector.mapping.conditions import ConditionReader
from connector.mapping.models import MappingFile
from connector.mapping.places import Path
from connector.mapping.report import quoted
from connector.mapping.trait_models import ReckonedEntry
from connector.mapping.triggers import to_triggers

#: Stands where a condition would: everybody else.
OTHERWISE = "otherwise"


def to_computed(mapping: MappingFile, fields: Iterable[Field], reader: ConditionReader) -> tuple[Computed, ...]:
    """The fields that follow from signals; reports unknown signals and attributes."""
    by_name = {field.name: field for field in fields}
    return tuple(_computed(mapping.fields, by_name, reader))


def _computed(
    entries: Mapping[str, ReckonedEntry], fields: Mapping[str, Field], reader: ConditionReader
) -> Iterator[Computed]:
    for name, entry in entries.items():
        if not entry.reckoning:
            continue
        path: Path = ("fields", name)
        how = Reckoning(entry.reckoning)
        said = getattr(entry, entry.reckoning)
        signal, attribute = (said, "") if how is Reckoning.COUNT else said
        known = reader.know_signal(signal, (*path, entry.reckoning))
        if known and attribute:
            reader.know_attribute(signal, attribute, (*path, entry.reckoning))
        if known and entry.by:
            reader.know_attribute(signal, entry.by, (*path, "by"))
        on = SignalTest(signal, reader.read_where(signal, entry.where, (*path, "where")))
        yield Computed(fields[name], how, on, attribute, entry.by or "", entry.within)


def to_personas(mapping: MappingFile, reader: ConditionReader) -> tuple[Persona, ...]:
    """The personas in their order; reports those that come after everybody else."""
    names = tuple(mapping.personas)
    for name, after in pairwise(names):
        if mapping.personas[name] == OTHERWISE:
            message = f"no lead becomes {quoted(after)}: {quoted(name)} is everybody else already"
            reader.problems.error(("personas", after), message, f"put {name} last", on_key=True)
    return tuple(Persona(name, _who(raw, ("personas", name), reader)) for name, raw in mapping.personas.items())


def _who(raw: object, path: Path, reader: ConditionReader) -> Condition:
    if isinstance(raw, str) and raw != OTHERWISE:
        reader.problems.error(path, f"{quoted(raw)} is no condition", _EXAMPLE)
        return AllOf(())
    return AllOf(()) if raw == OTHERWISE else reader.read(raw, path)


_EXAMPLE = "write a condition such as {industry: software}, or otherwise"


def to_tags(mapping: MappingFile, reader: ConditionReader) -> tuple[Tag, ...]:
    """The tags; reports unknown names in what puts them on and takes them off."""
    return tuple(
        Tag(
            name,
            add=tuple(to_triggers(entry.add, ("tags", name, "add"), reader)),
            remove=tuple(to_triggers(entry.remove, ("tags", name, "remove"), reader)),
            lasts=entry.for_,
        )
        for name, entry in mapping.tags.items()
    )
