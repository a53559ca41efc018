"""From a record in a request to values that may be saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.sandbox.salesforce.fields import Field, FieldType, Row
from connector.sandbox.salesforce.objects import ObjectType
from connector.sandbox.salesforce.permissions import Permissions
from connector.sandbox.salesforce.refusals import RefusalError, no_such_column

_NO_FIELDS = frozenset({"attributes"})


def parse_values(
    object_type: ObjectType,
    record: Mapping[str, Any],
    permissions: Permissions,
    *,
    is_new: bool,
    passed_over: frozenset[str] = frozenset(),
) -> Row:
    """The values of a record by field, parsed; `passed_over` are names in lower case. Raises RefusalError."""
    values: Row = {}
    forbidden: list[str] = []
    for name, value in record.items():
        if name in _NO_FIELDS or name.lower() in passed_over:
            continue
        field = object_type.fields.get(name) or object_type.find(name)
        if field is None or not permissions.sees(object_type.name, field.name):
            raise no_such_column(name, object_type.name)
        if not _may_write(object_type, field, permissions, is_new=is_new):
            forbidden.append(field.name)
            continue
        values[field.name] = field.parse(value)
    if forbidden:
        raise _not_writable(forbidden)
    return values


def parse_external_id(field: Field, text: str) -> Any:
    """The value of an external id in a path, where everything is text."""
    try:
        if field.type in (FieldType.DOUBLE, FieldType.INT):
            return field.parse(float(text) if field.type == FieldType.DOUBLE else int(text))
    except ValueError:
        raise RefusalError("INVALID_FIELD", f"{field.name}: not a number: {text}", [field.name]) from None
    return field.parse(text)


def _may_write(object_type: ObjectType, field: Field, permissions: Permissions, *, is_new: bool) -> bool:
    able = field.is_createable if is_new else field.is_updateable
    return able and field.formula is None and permissions.edits(object_type.name, field.name)


def _not_writable(names: list[str]) -> RefusalError:
    message = (
        f"Unable to create/update fields: {', '.join(names)}. Please check the security settings of this field and "
        "verify that it is read/write for your profile or permission set."
    )
    return RefusalError("INVALID_FIELD_FOR_INSERT_UPDATE", message, names)
