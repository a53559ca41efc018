"""The properties that our writes need. HubSpot: Properties API guide."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from connector.crms.hubspot.client import HubSpotClient
from connector.crms.hubspot.errors import RefusedCallError
from connector.crms.hubspot.replies import Definition, DefinitionBatch, read
from connector.crms.hubspot.translate import ACT_TYPES, CONTACTS, GROUP, GROUP_LABEL, KEY_PROPERTY, PROPERTY_TYPES
from connector.errors import SetupError
from connector.ports import PropertyWish

_KEY: Final = PropertyWish(KEY_PROPERTY, "Coltiva key", "string")


def prepare(client: HubSpotClient, wishes: Sequence[PropertyWish]) -> None:
    """Create our group and the properties that are missing: on contacts those wished for, on acts our key.

    A second run reads once for each object type and changes nothing. Raises SetupError, with what to do, when a
    property of that name is something else, or when the account does not let us create one.
    """
    if wishes:
        _prepare(client, CONTACTS, wishes, is_unique=False)
    for object_type, _ in ACT_TYPES.values():
        _prepare(client, object_type, [_KEY], is_unique=True)


def _prepare(client: HubSpotClient, object_type: str, wishes: Sequence[PropertyWish], *, is_unique: bool) -> None:
    found = _fetch(client, object_type, wishes)
    for wish in wishes:
        if wish.name in found:
            _check(object_type, wish, found[wish.name], is_unique=is_unique)
    missing = [wish for wish in wishes if wish.name not in found]
    if missing:
        _create(client, object_type, missing, is_unique=is_unique)


def _fetch(client: HubSpotClient, object_type: str, wishes: Sequence[PropertyWish]) -> Mapping[str, Definition]:
    inputs = [{"name": wish.name} for wish in wishes]
    body = {"inputs": inputs, "archived": False, "dataSensitivity": "non_sensitive"}
    reply = client.crm.properties.batch_api.read(object_type, body)
    return {definition.name: definition for definition in read(reply, DefinitionBatch).results}


def _check(object_type: str, wish: PropertyWish, found: Definition, *, is_unique: bool) -> None:
    type_, _ = PROPERTY_TYPES[wish.type]
    name = f"The property {wish.name} of {object_type} in HubSpot"
    if found.type != type_:
        raise SetupError(f"{name} is of type {found.type}, and we need {type_}. Rename it there or use another name.")
    if found.calculated or found.modification_metadata.read_only_value:
        raise SetupError(f"{name} cannot be written to. Use another name.")
    if is_unique and not found.has_unique_value:
        raise SetupError(f"{name} does not hold unique values. Delete it there, and we make it again.")


def _create(client: HubSpotClient, object_type: str, wishes: Sequence[PropertyWish], *, is_unique: bool) -> None:
    properties = client.crm.properties
    group = {"name": GROUP, "label": GROUP_LABEL}
    _make(object_type, f"the group {GROUP}", partial(properties.groups_api.create, object_type, group))
    for wish in wishes:
        definition = _to_definition(wish, is_unique=is_unique)
        _make(object_type, wish.name, partial(properties.core_api.create, object_type, definition))


def _make(object_type: str, what: str, create: Callable[[], object]) -> None:
    try:
        create()
    except RefusedCallError as refusal:
        if refusal.status == 409:  # it is there: another worker was faster
            return
        raise SetupError(f"HubSpot does not let us create {what} on {object_type}: {refusal.words}") from refusal


def _to_definition(wish: PropertyWish, *, is_unique: bool) -> dict[str, Any]:
    type_, field_type = PROPERTY_TYPES[wish.type]
    return {
        "name": wish.name,
        "label": wish.label,
        "type": type_,
        "fieldType": field_type,
        "groupName": GROUP,
        "description": "Written by Coltiva.",
        "hasUniqueValue": is_unique,
    }
