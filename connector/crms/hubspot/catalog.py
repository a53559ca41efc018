"""The properties and pipelines that there are, and what our writes need.

HubSpot: Properties API guide; Pipelines API guide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from connector.crms.hubspot.client import VERSION, HubSpotClient
from connector.crms.hubspot.errors import RefusedCallError
from connector.crms.hubspot.replies import Definition, DefinitionBatch, Owners, Pipelines, read
from connector.crms.hubspot.translate import (
    ACT_TYPES,
    CONTACTS,
    DEALS,
    ENUMERATIONS_SHOWN_AS,
    FIELD_TYPES,
    GROUP,
    GROUP_LABEL,
    HUBSPOT,
    KEY_PROPERTY,
    LABEL,
    PROPERTY_TYPES,
)
from connector.domain.field import FieldType
from connector.errors import CredentialsError, SetupError
from connector.ports import Catalog, CrmProperty, DealCatalog, PropertyWish

#: The newest version in which HubSpot describes it. HubSpot: Pipelines API, get pipelines.
_PIPELINES: Final = f"/crm/pipelines/2026-03/{DEALS}"
_OWNERS: Final = f"/crm/owners/{VERSION}"
_KEY: Final = PropertyWish(KEY_PROPERTY, "Coltiva key", "string")


def prepare(client: HubSpotClient, wishes: Sequence[PropertyWish]) -> None:
    """Create our group and the properties that are missing: on contacts those wished for, on acts our key.

    A second run reads once for each object type and changes nothing. Does all that can be done; then raises SetupError,
    with what to do, when a property of that name is something else or the account does not let us create one.
    """
    problems = list(_prepare(client, CONTACTS, wishes, is_unique=False)) if wishes else []
    for object_type, _ in ACT_TYPES.values():
        problems += _prepare(client, object_type, [_KEY], is_unique=True)
    if problems:
        raise SetupError("\n".join(problems))


def fetch_catalog(client: HubSpotClient) -> Catalog:
    """Every property of contacts that is not archived, sensitive ones left out: our scopes do not reach them."""
    found = read(client.crm.properties.core_api.get_all(CONTACTS, archived=False), DefinitionBatch).results
    return Catalog(HUBSPOT, LABEL, {one.name: _to_property(one) for one in found})


def fetch_deal_catalog(client: HubSpotClient) -> DealCatalog:
    """Every property of deals, and the pipelines with their stages; or why these cannot be read."""
    try:
        found = read(client.crm.properties.core_api.get_all(DEALS, archived=False), DefinitionBatch).results
        pipelines = read(client.get(_PIPELINES), Pipelines).results
    except RefusedCallError as refusal:
        return DealCatalog(problem=refusal.words)
    except CredentialsError as error:
        if error.status != 403:  # 403: a scope is missing, for deals alone
            raise
        return DealCatalog(problem=str(error))
    return DealCatalog(
        {one.name: _to_property(one) for one in found},
        {pipeline.id: {stage.id: stage.label for stage in pipeline.stages} for pipeline in pipelines},
    )


def fetch_owners(client: HubSpotClient) -> Mapping[str, str] | None:
    """Owner id -> address of everybody who may own records; None where the account does not let us know.

    HubSpot: Owners API guide.
    """
    owners: dict[str, str] = {}
    after = ""
    try:
        while True:
            page = read(client.get(_OWNERS, {"limit": 100, **({"after": after} if after else {})}), Owners)
            owners |= {one.id: one.email or "" for one in page.results}
            after = page.after
            if not after:
                return owners
    except RefusedCallError:
        return None
    except CredentialsError as error:
        if error.status != 403:  # 403: a scope is missing, for owners alone
            raise
        return None


def _to_property(definition: Definition) -> CrmProperty:
    is_enumeration = definition.type == "enumeration"
    has_options = is_enumeration and not definition.external_options
    type_ = FIELD_TYPES.get(definition.type, FieldType.TEXT)
    return CrmProperty(
        name=definition.name,
        type=ENUMERATIONS_SHOWN_AS.get(definition.field_type, type_) if is_enumeration else type_,
        options=tuple(option.value for option in definition.options) if has_options else (),
        is_writable=_is_writable(definition),
        is_told=not definition.calculated,
    )


def _is_writable(definition: Definition) -> bool:
    return not (definition.calculated or definition.modification_metadata.read_only_value)


def _prepare(
    client: HubSpotClient, object_type: str, wishes: Sequence[PropertyWish], *, is_unique: bool
) -> Iterator[str]:
    """Do it, and give what could not be done as sentences."""
    found = _fetch(client, object_type, wishes)
    for wish in wishes:
        if wish.name in found:
            yield from _problems(object_type, wish, found[wish.name], is_unique=is_unique)
    missing = [_to_definition(wish, is_unique=is_unique) for wish in wishes if wish.name not in found]
    if missing:
        yield from _create(client, object_type, missing)


def _fetch(client: HubSpotClient, object_type: str, wishes: Sequence[PropertyWish]) -> Mapping[str, Definition]:
    inputs = [{"name": wish.name} for wish in wishes]
    body = {"inputs": inputs, "archived": False, "dataSensitivity": "non_sensitive"}
    reply = client.crm.properties.batch_api.read(object_type, body)
    return {definition.name: definition for definition in read(reply, DefinitionBatch).results}


def _problems(object_type: str, wish: PropertyWish, found: Definition, *, is_unique: bool) -> Iterator[str]:
    type_, _ = PROPERTY_TYPES[wish.type]
    name = f"The property {wish.name} of {object_type} in HubSpot"
    if found.type != type_:
        yield f"{name} is of type {found.type}, and we need {type_}. Rename it there or use another name."
    elif not _is_writable(found):
        yield f"{name} cannot be written to. Use another name."
    elif is_unique and not found.has_unique_value:
        yield f"{name} does not hold unique values. Delete it there, and we make it again."


def _create(client: HubSpotClient, object_type: str, definitions: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    properties = client.crm.properties
    group = {"name": GROUP, "label": GROUP_LABEL}
    yield from _make(object_type, f"the group {GROUP}", partial(properties.groups_api.create, object_type, group))
    for definition in definitions:
        create = partial(properties.core_api.create, object_type, definition)
        yield from _make(object_type, definition["name"], create)


def _make(object_type: str, what: str, create: Callable[[], object]) -> Iterator[str]:
    try:
        create()
    except RefusedCallError as refusal:
        if refusal.status != 409:  # 409: it is there, another worker was faster
            yield f"HubSpot does not let us create {what} on {object_type}: {refusal.words}"


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
