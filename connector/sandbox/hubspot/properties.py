"""Property definitions of one object type, and what may be written to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from connector.sandbox.hubspot.refusals import (
    Category,
    Problem,
    PropertyProblem,
    bad_properties,
    conflict,
    invalid,
    not_found,
)
from connector.sandbox.hubspot.values import PARSERS, BadValueError, parse_email
from connector.sandbox.hubspot.vocabulary import iso

TYPES = ("bool", "date", "datetime", "enumeration", "number", "phone_number", "string")
FIELD_TYPES = (
    "booleancheckbox",
    "calculation_equation",
    "checkbox",
    "date",
    "file",
    "html",
    "number",
    "phonenumber",
    "radio",
    "select",
    "text",
    "textarea",
)
MAX_UNIQUE_PROPERTIES = 10
_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")


@dataclass(frozen=True, slots=True)
class Option:
    """One value of an enumeration."""

    value: str
    label: str
    display_order: int = -1
    hidden: bool = False
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Property:
    """The definition of one property."""

    name: str
    label: str
    type: str = "string"
    field_type: str = "text"
    group: str = "contactinformation"
    description: str = ""
    options: tuple[Option, ...] = ()
    #: Values come from another part of the portal: `OWNER`, or None for our own options.
    referenced_object_type: str | None = None
    display_order: int = -1
    unique: bool = False
    hidden: bool = False
    form_field: bool = False
    calculated: bool = False
    read_only: bool = False
    hubspot_defined: bool = True
    created_at: datetime | None = None
    archived_at: datetime | None = None

    @property
    def is_writable(self) -> bool:
        """Whether the API may set it."""
        return not (self.read_only or self.calculated)


@dataclass(slots=True)
class Group:
    """A named group of properties."""

    name: str
    label: str
    display_order: int = -1


@dataclass(slots=True)
class Catalog:
    """The properties and groups of one object type."""

    properties: dict[str, Property]
    groups: dict[str, Group]
    owner_ids: set[str] = field(default_factory=set)
    archived: dict[str, Property] = field(default_factory=dict)
    #: Properties whose values no two records share; kept beside the definitions for speed.
    unique_names: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.unique_names = {name for name, definition in self.properties.items() if definition.unique}

    def get(self, name: str) -> Property:
        """The definition; refuses with 404 when there is none."""
        found = self.properties.get(name)
        if found is None:
            raise not_found(f"Property {name} does not exist")
        return found

    def create(self, definition: Property) -> Property:
        """Add a property, or restore an archived one of that name; refuses a name in use with 409."""
        if definition.name in self.properties:
            raise conflict(
                f"A property named '{definition.name}' already exists.",
                category=Category.ALREADY_EXISTS,
                sub_category="Properties.PROPERTY_WITH_NAME_EXISTS",
            )
        self._check_definition(definition)
        restored = self.archived.pop(definition.name, None)
        self.properties[definition.name] = replace(restored, archived_at=None) if restored else definition
        if self.properties[definition.name].unique:
            self.unique_names.add(definition.name)
        return self.properties[definition.name]

    def update(self, name: str, changes: Mapping[str, Any]) -> Property:
        """Change parts of a definition; `options` replaces the whole list."""
        changed = replace(self.get(name), **changes)
        self._check_definition(changed, is_new=False)
        self.properties[name] = changed
        return changed

    def archive(self, name: str, now: datetime) -> None:
        """Take a property away; it can be created again under its name."""
        definition = self.get(name)
        if definition.hubspot_defined:
            raise invalid(f"Property {name} is read only and can not be archived.")
        self.archived[name] = replace(self.properties.pop(name), archived_at=now)
        self.unique_names.discard(name)

    def create_group(self, group: Group) -> Group:
        """Add a group; refuses a name in use with 409."""
        if group.name in self.groups:
            raise conflict(
                f"A property group named '{group.name}' already exists.",
                category=Category.ALREADY_EXISTS,
                sub_category="Properties.PROPERTY_GROUP_WITH_NAME_EXISTS",
            )
        self.groups[group.name] = group
        return group

    def group(self, name: str) -> Group:
        """The group; refuses with 404 when there is none."""
        found = self.groups.get(name)
        if found is None:
            raise not_found(f"Property group {name} does not exist")
        return found

    def archive_group(self, name: str) -> None:
        """Take a group away; refuses while properties are in it."""
        self.group(name)
        if any(p.group == name for p in self.properties.values()):
            raise invalid(f"Property group {name} still has properties.")
        del self.groups[name]

    def check_values(self, values: Mapping[str, str], *, through_api: bool = True) -> dict[str, str]:
        """The values as the portal keeps them; refuses with 400 naming every bad one."""
        kept: dict[str, str] = {}
        problems: list[PropertyProblem] = []
        for name, value in values.items():
            definition = self.properties.get(name)
            if definition is None:
                problems.append(_unknown(name))
            elif through_api and not definition.is_writable:
                problems.append(_read_only(name))
            else:
                try:
                    kept[name] = self._parse(definition, value) if value else ""
                except BadValueError as error:
                    problems.append(PropertyProblem(name, error.problem, str(error)))
        if problems:
            raise bad_properties(problems)
        return kept

    def _parse(self, definition: Property, value: str) -> str:
        if definition.name == "email":
            return parse_email(value)
        if definition.type != "enumeration":
            return PARSERS[definition.type](value)
        if definition.referenced_object_type == "OWNER":
            return self._parse_owner(value)
        return _parse_options(definition, value)

    def _parse_owner(self, value: str) -> str:
        if value not in self.owner_ids:
            raise BadValueError(Problem.NOT_AN_OWNER, f"{value} is not the id of an owner.")
        return value

    def _check_definition(self, definition: Property, *, is_new: bool = True) -> None:
        if not _NAME.fullmatch(definition.name):
            raise invalid(f"Property name '{definition.name}' must be lower case letters, digits and underscores.")
        if definition.type not in TYPES or definition.field_type not in FIELD_TYPES:
            raise invalid(f"Type {definition.type} with field type {definition.field_type} is not valid.")
        if definition.group not in self.groups:
            raise invalid(f"Property group {definition.group} does not exist")
        unique = sum(p.unique and not p.hubspot_defined for p in self.properties.values())
        if is_new and definition.unique and unique >= MAX_UNIQUE_PROPERTIES:
            raise invalid(f"An object can have at most {MAX_UNIQUE_PROPERTIES} unique properties.")


def _parse_options(definition: Property, value: str) -> str:
    known = {option.value for option in definition.options}
    chosen = value.split(";") if definition.field_type == "checkbox" else [value]
    for choice in chosen:
        if choice and choice not in known:
            allowed = ", ".join(sorted(known))
            raise BadValueError(Problem.NOT_AN_OPTION, f"{choice} was not one of the allowed options: [{allowed}]")
    return value


def _unknown(name: str) -> PropertyProblem:
    return PropertyProblem(name, Problem.UNKNOWN_PROPERTY, f'Property "{name}" does not exist')


def _read_only(name: str) -> PropertyProblem:
    return PropertyProblem(name, Problem.READ_ONLY, f'"{name}" is a read only property; its value cannot be set.')


def to_body(definition: Property) -> dict[str, Any]:
    """A definition as the API shows it."""
    body: dict[str, Any] = {
        "name": definition.name,
        "label": definition.label,
        "type": definition.type,
        "fieldType": definition.field_type,
        "groupName": definition.group,
        "description": definition.description,
        "options": [_option_body(option) for option in definition.options],
        "displayOrder": definition.display_order,
        "calculated": definition.calculated,
        "externalOptions": definition.referenced_object_type is not None,
        "hasUniqueValue": definition.unique,
        "hidden": definition.hidden,
        "hubspotDefined": definition.hubspot_defined,
        "formField": definition.form_field,
        "archived": definition.archived_at is not None,
        "dataSensitivity": "non_sensitive",
        "modificationMetadata": _modification(definition),
    }
    if definition.referenced_object_type:
        body["referencedObjectType"] = definition.referenced_object_type
    for key, moment in (("createdAt", definition.created_at), ("archivedAt", definition.archived_at)):
        if moment:
            body[key] = iso(moment)
    return body


def _modification(definition: Property) -> dict[str, bool]:
    return {
        "archivable": not definition.hubspot_defined,
        "readOnlyDefinition": definition.hubspot_defined,
        "readOnlyOptions": definition.hubspot_defined and not definition.options,
        "readOnlyValue": not definition.is_writable,
    }


def _option_body(option: Option) -> dict[str, Any]:
    body: dict[str, Any] = {
        "value": option.value,
        "label": option.label,
        "displayOrder": option.display_order,
        "hidden": option.hidden,
    }
    if option.description is not None:
        body["description"] = option.description
    return body


def group_body(group: Group) -> dict[str, Any]:
    """A group as the API shows it."""
    return {"name": group.name, "label": group.label, "displayOrder": group.display_order, "archived": False}


def catalog_of(definitions: Iterable[Property], groups: Iterable[Group]) -> Catalog:
    """A catalogue of these properties and groups."""
    return Catalog({d.name: d for d in definitions}, {g.name: g for g in groups})
