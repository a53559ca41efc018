"""What an org has, and whether it has what our writes need.

REST API: sObject Describe. Our package brings the fields; an app cannot make fields, nor grant itself rights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from connector.crms.salesforce.client import SalesforceClient
from connector.crms.salesforce.errors import RefusedCallError
from connector.crms.salesforce.replies import FieldDescription
from connector.crms.salesforce.schema import Schema
from connector.crms.salesforce.translate import (
    COMPOUND,
    FIELD_TYPES,
    KEY_FIELD,
    LABEL,
    OBJECTS,
    OPPORTUNITY,
    PEOPLE,
    SALESFORCE,
    TASK,
    own_fields,
    to_long_id,
)
from connector.domain.field import FieldType
from connector.domain.outward.change import BACKWARDS
from connector.errors import SetupError
from connector.ports import Catalog, CrmProperty, DealCatalog, PropertyWish

#: Salesforce has no pipelines by name: its stages are those of one.
PIPELINE: Final = "Opportunity"
_STAGE: Final = "StageName"
_LISTED: Final = frozenset({"picklist", "multipicklist", "combobox"})
_NUMBER: Final = "number"


def prepare(schema: Schema, wishes: Sequence[PropertyWish]) -> None:
    """See that the fields that our writes need are there and ours to write. Changes nothing.

    Raises SetupError with all that is missing, and what an admin is to do about each.
    """
    problems = [problem for sobject in PEOPLE for problem in _problems(schema, sobject, wishes)]
    problems += _key_problems(schema)
    if problems:
        raise SetupError("\n".join(problems))


def fetch_catalog(schema: Schema) -> Catalog:
    """Every field of leads and contacts that the integration user may see, by object."""
    found = {name: one for sobject in PEOPLE for name, one in _properties(schema, sobject).items()}
    return Catalog(SALESFORCE, LABEL, found)


def fetch_alerts(client: SalesforceClient) -> Mapping[str, str]:
    """API name -> id of every custom notification type. Tooling API: CustomNotificationType, which SOQL finds, too."""
    rows = client.query("SELECT Id, DeveloperName, NamespacePrefix FROM CustomNotificationType")
    return {
        "__".join(filter(None, (row.get("NamespacePrefix"), row["DeveloperName"]))): to_long_id(row["Id"])
        for row in rows
    }


def fetch_deal_catalog(schema: Schema) -> DealCatalog:
    """Every field of opportunities, and the stages; or why these cannot be read."""
    sobject = OBJECTS[OPPORTUNITY]
    fields = schema.fields(sobject)
    if not fields:
        return DealCatalog(problem=f"The integration user may not see the object {sobject}.")
    stages = fields[_STAGE].picklist_values if _STAGE in fields else []
    return DealCatalog(
        _properties(schema, sobject), {PIPELINE: {one.value: one.label or one.value for one in stages if one.active}}
    )


def fetch_owners(client: SalesforceClient) -> Mapping[str, str] | None:
    """User id -> address of every active user; None where the integration user may not see users."""
    try:
        rows = list(client.query("SELECT Id, Email FROM User WHERE IsActive = true"))
    except RefusedCallError:
        return None
    return {to_long_id(row["Id"]): str(row["Email"] or "") for row in rows}


def _properties(schema: Schema, sobject: str) -> dict[str, CrmProperty]:
    fields = schema.fields(sobject).values()
    return {f"{sobject}.{one.name}": _to_property(sobject, one) for one in fields if one.type not in COMPOUND}


def _to_property(sobject: str, field: FieldDescription) -> CrmProperty:
    return CrmProperty(
        name=f"{sobject}.{field.name}",
        type=FIELD_TYPES.get(field.type, FieldType.TEXT),
        options=tuple(one.value for one in field.picklist_values if one.active) if field.type in _LISTED else (),
        is_writable=field.updateable,
        # A formula's new value alone changes no record.
        is_told=not field.calculated,
    )


def _problems(schema: Schema, sobject: str, wishes: Sequence[PropertyWish]) -> Iterator[str]:
    fields = schema.fields(sobject)
    if wishes and not fields:
        yield f"The integration user may not see the object {sobject}: grant it Read and Edit."
        return
    for wish in wishes:
        for name in own_fields(sobject, [wish.name.removesuffix(BACKWARDS)]).values():
            yield from _field_problems(f"{sobject}.{name}", fields.get(name), wish)


def _field_problems(name: str, field: FieldDescription | None, wish: PropertyWish) -> Iterator[str]:
    kind = "Number" if wish.type == _NUMBER else "Text"
    if field is None:
        yield (
            f"{name} is missing, or the integration user may not see it: install the Coltiva package or add a field "
            f"of type {kind} by this name, and let the user read and edit it."
        )
    elif not field.updateable:
        why = "is a formula: add another field" if field.calculated else "may not be written: let the user edit it"
        yield f"{name} {why}."
    elif wish.type == _NUMBER and FIELD_TYPES.get(field.type) is not FieldType.NUMBER:
        yield f"{name} is of type {field.type}, and numbers are to be written to it: use a field of type Number."


def _key_problems(schema: Schema) -> Iterator[str]:
    """Without its external id a task could be made twice."""
    sobject = OBJECTS[TASK]
    key = schema.fields(sobject).get(KEY_FIELD)
    if key is None:
        yield (
            f"{sobject}.{KEY_FIELD} is missing, or the integration user may not see it: install the Coltiva package, "
            "and assign its permission set to the user."
        )
    elif not key.createable:
        yield f"{sobject}.{KEY_FIELD} may not be written: let the user edit it."
    elif not key.external_id:
        yield f"{sobject}.{KEY_FIELD} is no external id: install the Coltiva package, which brings the field."
