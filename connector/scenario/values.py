"""Values of leads in scenarios: from our words to what a CRM would say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connector.domain.fact import Value
from connector.domain.field import Field, FieldType, format_value, parse_value
from connector.mapping.crms import CRMS
from connector.mapping.places import Path
from connector.mapping.report import kind_of, nearest, quoted
from connector.scenario.states import Reading


def read_values(values: Mapping[str, Any], path: Path, reading: Reading) -> dict[str, dict[str, str]]:
    """CRM -> property -> text; what cannot be set is reported."""
    told: dict[str, dict[str, str]] = {}
    for name, value in values.items():
        here = (*path, name)
        if name in CRMS:
            told.setdefault(name, {}).update(_properties(name, value, here, reading))
        elif reading.is_known(name, (*reading.book.fields, *CRMS), "field", here):
            for crm, property_, text in _of_field(reading.book.fields[name], value, here, reading):
                told.setdefault(crm, {})[property_] = text
    return told


def _properties(crm: str, value: Any, path: Path, reading: Reading) -> dict[str, str]:
    if not isinstance(value, dict):
        reading.problems.error(path, f"expected a mapping, found {kind_of(value)}", "write {property: text}")
        return {}
    read = frozenset(reading.book.properties_to_read(crm))
    texts = {}
    for name, text in value.items():
        if isinstance(text, dict | list):
            reading.problems.error((*path, name), f"expected the property's text, found {kind_of(text)}")
        elif name not in read:
            hint = nearest(name, read)
            reading.problems.error((*path, name), f"the mapping does not read the property {quoted(name)}", hint)
        else:
            texts[name] = to_text(text)
    return texts


def _of_field(field: Field, value: Any, path: Path, reading: Reading) -> Iterator[tuple[str, str, str]]:
    """What its CRM says when the field has this value: the first of its properties holds it, others are empty."""
    if not field.properties:
        reading.problems.error(path, f"no CRM property fills the field {quoted(field.name)}")
        return
    if isinstance(value, dict) or (isinstance(value, list) and field.type is not FieldType.CHOICES):
        reading.problems.error(path, f"{quoted(field.name)} is of type {field.type}, found {kind_of(value)}")
        return
    text = to_text(value)
    try:
        parse_value(field, text)
    except ValueError:
        reading.problems.error(path, f"{quoted(field.name)} is of type {field.type}, and {quoted(text)} is not")
        return
    crm, properties = next(iter(field.properties.items()))
    yield from ((crm, name, text if index == 0 else "") for index, name in enumerate(properties))


def to_text(value: Any) -> str:
    """A value of the file as a CRM writes it."""
    if isinstance(value, list):
        return ";".join(to_text(part) for part in value)
    return format_value(to_value(value))


def to_value(value: Any) -> Value:
    """A scalar of the file as the domain has it."""
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
