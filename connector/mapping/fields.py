"""Fields and signals: from the file to the domain's terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connector.domain.definitions import SignalSource
from connector.domain.field import Field, FieldRole, FieldType, format_value, parse_value
from connector.mapping.conditions import WORDS
from connector.mapping.models import FieldEntry, MappingFile, PropertySignal
from connector.mapping.names import Names
from connector.mapping.places import Problems
from connector.mapping.report import nearest, quoted

_ROLES = {
    "identity": FieldRole.IDENTITY,
    "timezone": FieldRole.TIMEZONE,
    "owner": FieldRole.OWNER,
    "consent": FieldRole.CONSENT,
}


def to_fields(mapping: MappingFile, problems: Problems) -> tuple[Field, ...]:
    """The lead fields; reports values that are not of their field's type, and roles given twice."""
    fields = tuple(_to_field(name, entry, problems) for name, entry in mapping.fields.items())
    _check_roles(fields, problems)
    for name in mapping.fields:
        if name in WORDS:
            hint = "give it another name"
            problems.error(
                ("fields", name), f"{quoted(name)} is a word of conditions and cannot be a field", hint, on_key=True
            )
    return fields


def _to_field(name: str, entry: FieldEntry, problems: Problems) -> Field:
    properties = {"hubspot": entry.hubspot, "salesforce": entry.salesforce}
    field = Field(
        name=name,
        type=FieldType(entry.type),
        properties={crm: found for crm, found in properties.items() if found},
        values={theirs: _text(ours) for theirs, ours in entry.values.items()},
        role=next((role for key, role in _ROLES.items() if getattr(entry, key)), None),
    )
    if not field.properties and not problems.touch(("fields", name)):
        problems.warn(
            ("fields", name), f"nothing fills the field {quoted(name)}", "add hubspot: and a property", on_key=True
        )
    for theirs, ours in field.values.items():
        _check_value(field, theirs, ours, problems)
    return field


def _text(value: str | float | bool) -> str:
    """A scalar of the file as the CRM would write it; whole numbers without a point."""
    return format_value(value if isinstance(value, bool | str) else float(value))


def _check_value(field: Field, theirs: str, ours: str, problems: Problems) -> None:
    try:
        parse_value(Field(field.name, field.type), ours)
    except ValueError:
        message = f"{quoted(field.name)} is of type {field.type}, and {quoted(ours)} is not"
        problems.error(("fields", field.name, "values", theirs), message)


def _check_roles(fields: tuple[Field, ...], problems: Problems) -> None:
    first: dict[FieldRole, str] = {}
    for field in fields:
        if field.role is None:
            continue
        if field.role in first:
            message = f"a second field for {field.role}; the first is {quoted(first[field.role])}"
            problems.error(("fields", field.name, field.role.value), message, on_key=True)
        first.setdefault(field.role, field.name)


def to_signals(mapping: MappingFile, names: Names, problems: Problems) -> tuple[SignalSource, ...]:
    """What gives signals; reports attributes that are filled from an unknown field."""
    return tuple(_sources(mapping, names, problems))


def _sources(mapping: MappingFile, names: Names, problems: Problems) -> Iterator[SignalSource]:
    for name, entry in mapping.signals.items():
        for index, source in enumerate(entry.hubspot if entry else ()):
            _check_attributes(name, index, source, names.fields, problems)
            to = tuple(_text(value) for value in source.to)
            yield SignalSource(name, "hubspot", source.when_changed, to, dict(source.attributes))


def _check_attributes(
    name: str, index: int, source: PropertySignal, fields: Mapping[str, object], problems: Problems
) -> None:
    for attribute, wanted in source.attributes.items():
        if wanted != "value" and wanted not in fields:
            path = ("signals", name, "hubspot", index, "attributes", attribute)
            message = f"unknown field {quoted(wanted)} for an attribute"
            problems.error(path, message, nearest(wanted, ("value", *fields)))
