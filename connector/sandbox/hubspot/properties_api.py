"""Property definitions and groups. HubSpot: Properties API guide."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from connector.sandbox.exchange import Reply
from connector.sandbox.hubspot.batch_api import MAX_INPUTS, batch_reply
from connector.sandbox.hubspot.call import Call
from connector.sandbox.hubspot.properties import Catalog, Group, Option, Property, group_body, to_body
from connector.sandbox.hubspot.refusals import Category, RefusalError, invalid, record_error
from connector.sandbox.hubspot.shapes import Body, Json


class OptionInput(Body):
    """One value of an enumeration."""

    label: str
    value: str
    display_order: int = -1
    hidden: bool = False
    description: str | None = None


class PropertyCreate(Body):
    """A new property."""

    name: str
    label: str
    type: str
    field_type: str
    group_name: str
    description: str = ""
    options: tuple[OptionInput, ...] = ()
    display_order: int = -1
    has_unique_value: bool = False
    hidden: bool = False
    form_field: bool = False
    external_options: bool = False
    referenced_object_type: str | None = None
    calculation_formula: str | None = None
    data_sensitivity: str | None = None
    number_display_hint: str | None = None
    text_display_hint: str | None = None
    currency_property_name: str | None = None


class PropertyUpdate(Body):
    """Changes to a property."""

    label: str | msgspec.UnsetType = msgspec.UNSET
    type: str | msgspec.UnsetType = msgspec.UNSET
    field_type: str | msgspec.UnsetType = msgspec.UNSET
    group_name: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType = msgspec.UNSET
    options: list[OptionInput] | msgspec.UnsetType = msgspec.UNSET
    display_order: int | msgspec.UnsetType = msgspec.UNSET
    hidden: bool | msgspec.UnsetType = msgspec.UNSET
    form_field: bool | msgspec.UnsetType = msgspec.UNSET
    calculation_formula: str | msgspec.UnsetType = msgspec.UNSET


class GroupCreate(Body):
    """A new group."""

    name: str
    label: str
    display_order: int = -1


class GroupUpdate(Body):
    """Changes to a group."""

    label: str | None = None
    display_order: int | None = None


class PropertyName(Body):
    """A property."""

    name: str


class BatchPropertyCreate(Body):
    """New properties."""

    inputs: list[PropertyCreate]


class BatchPropertyNames(Body):
    """Some properties."""

    inputs: list[PropertyName]
    archived: bool = False
    data_sensitivity: str | None = None


def list_properties(call: Call) -> Reply:
    """Every property of a type, or the archived ones."""
    catalog = _catalog(call)
    shown = catalog.archived if call.flag("archived") else catalog.properties
    return Reply(200, {"results": [to_body(definition) for definition in shown.values()]})


def create_property(call: Call) -> Reply:
    """A new property."""
    made = _catalog(call).create(_definition(call, call.read(PropertyCreate)))
    return Reply(201, to_body(made), written=1)


def get_property(call: Call) -> Reply:
    """One property."""
    return Reply(200, to_body(_catalog(call).get(call.path["name"])))


def update_property(call: Call) -> Reply:
    """Changes to one property; given options replace the whole list."""
    wanted = call.read(PropertyUpdate)
    changes: dict[str, Any] = {
        name: value for name, value in msgspec.structs.asdict(wanted).items() if value is not msgspec.UNSET
    }
    changes.pop("calculation_formula", None)
    if "group_name" in changes:
        changes["group"] = changes.pop("group_name")
    if "options" in changes:
        changes["options"] = _options(changes["options"])
    return Reply(200, to_body(_catalog(call).update(call.path["name"], changes)), written=1)


def archive_property(call: Call) -> Reply:
    """Archive one property."""
    _catalog(call).archive(call.path["name"], call.crm.clock.now())
    return Reply(204, written=1)


def read_properties(call: Call) -> Reply:
    """Some properties; unknown ones are named in `errors`."""
    wanted = call.read(BatchPropertyNames)
    known = _catalog(call).properties
    names = [one.name for one in wanted.inputs]
    missing = [name for name in names if name not in known]
    errors = [record_error(Category.NOT_FOUND, "Some properties do not exist.", {"names": missing})] if missing else []
    return batch_reply(call, [to_body(known[name]) for name in names if name in known], errors)


def create_properties(call: Call) -> Reply:
    """New properties; those that can not be made are named in `errors`."""
    wanted = call.read(BatchPropertyCreate)
    if len(wanted.inputs) > MAX_INPUTS:
        raise invalid(f"At most {MAX_INPUTS} properties a call.")
    results: list[Json] = []
    errors: list[Json] = []
    for one in wanted.inputs:
        try:
            results.append(to_body(_catalog(call).create(_definition(call, one))))
        except RefusalError as refusal:
            errors.append(record_error(refusal.body["category"], str(refusal), {"name": [one.name]}))
    return batch_reply(call, results, errors, status=200 if call.is_dated else 201, written=len(results))


def archive_properties(call: Call) -> Reply:
    """Archive some properties; unknown ones are passed over."""
    wanted = call.read(BatchPropertyNames)
    known = [one.name for one in wanted.inputs if one.name in _catalog(call).properties]
    for name in known:
        _catalog(call).archive(name, call.crm.clock.now())
    return Reply(204, written=len(known))


def list_groups(call: Call) -> Reply:
    """Every group of a type."""
    return Reply(200, {"results": [group_body(group) for group in _catalog(call).groups.values()]})


def create_group(call: Call) -> Reply:
    """A new group."""
    wanted = call.read(GroupCreate)
    made = _catalog(call).create_group(Group(wanted.name, wanted.label, wanted.display_order))
    return Reply(201, group_body(made), written=1)


def get_group(call: Call) -> Reply:
    """One group."""
    return Reply(200, group_body(_catalog(call).group(call.path["name"])))


def update_group(call: Call) -> Reply:
    """Changes to one group."""
    wanted = call.read(GroupUpdate)
    group = _catalog(call).group(call.path["name"])
    group.label = wanted.label if wanted.label is not None else group.label
    group.display_order = wanted.display_order if wanted.display_order is not None else group.display_order
    return Reply(200, group_body(group), written=1)


def archive_group(call: Call) -> Reply:
    """Archive one group."""
    _catalog(call).archive_group(call.path["name"])
    return Reply(204, written=1)


def _catalog(call: Call) -> Catalog:
    return call.table.catalog


def _definition(call: Call, wanted: PropertyCreate) -> Property:
    if wanted.type == "enumeration" and not wanted.options and wanted.field_type != "booleancheckbox":
        raise invalid(f"Property {wanted.name} is an enumeration and needs options.")
    return Property(
        name=wanted.name,
        label=wanted.label,
        type=wanted.type,
        field_type=wanted.field_type,
        group=wanted.group_name,
        description=wanted.description,
        options=_options(wanted.options),
        display_order=wanted.display_order,
        unique=wanted.has_unique_value,
        hidden=wanted.hidden,
        form_field=wanted.form_field,
        calculated=wanted.field_type == "calculation_equation",
        hubspot_defined=False,
        created_at=call.crm.clock.now(),
    )


def _options(wanted: Iterable[OptionInput]) -> tuple[Option, ...]:
    return tuple(Option(o.value, o.label, o.display_order, o.hidden, o.description) for o in wanted)
