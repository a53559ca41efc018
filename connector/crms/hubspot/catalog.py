"""The properties that our writes need. HubSpot: Properties API guide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connector.crms.hubspot.client import HubSpotClient
from connector.crms.hubspot.errors import RefusedCallError
from connector.crms.hubspot.replies import Definition, DefinitionBatch, RecordError, read
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
        _create_group(client, object_type)
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


def _create_group(client: HubSpotClient, object_type: str) -> None:
    try:
        client.crm.properties.groups_api.create(object_type, {"name": GROUP, "label": GROUP_LABEL})
    except RefusedCallError as refusal:
        if refusal.status != 409:
            raise _cannot_create(object_type, f"the group {GROUP}", refusal.words) from refusal


def _create(client: HubSpotClient, object_type: str, wishes: Sequence[PropertyWish], *, is_unique: bool) -> None:
    names = ", ".join(wish.name for wish in wishes)
    inputs = [_to_definition(wish, is_unique=is_unique) for wish in wishes]
    try:
        reply = client.crm.properties.batch_api.create(object_type, {"inputs": inputs})
    except RefusedCallError as refusal:
        if refusal.status != 409:
            raise _cannot_create(object_type, names, refusal.words) from refusal
        return
    refused = [error.words for error in read(reply, DefinitionBatch).errors if not _exists(error)]
    if refused:
        raise _cannot_create(object_type, names, " ".join(refused))


def _exists(error: RecordError) -> bool:
    """Whether another worker was faster."""
    return error.category == "OBJECT_ALREADY_EXISTS"


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


def _cannot_create(object_type: str, what: str, words: str) -> SetupError:
    return SetupError(f"HubSpot does not let us create {what} on {object_type}: {words}")
