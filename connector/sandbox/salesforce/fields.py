"""Fields and the values they take. Salesforce: "Primitive Data Types", "Field Types"."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from connector.sandbox.salesforce.ids import to_id
from connector.sandbox.salesforce.refusals import RefusalError, unreadable

Row = dict[str, Any]

_EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;.]+")
_STORED_DATETIME = "%Y-%m-%dT%H:%M:%S.000+0000"


class FieldType(StrEnum):
    """The `type` of a field in a describe."""

    ID = "id"
    STRING = "string"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    TEXTAREA = "textarea"
    PICKLIST = "picklist"
    BOOLEAN = "boolean"
    INT = "int"
    DOUBLE = "double"
    CURRENCY = "currency"
    PERCENT = "percent"
    DATE = "date"
    DATETIME = "datetime"
    REFERENCE = "reference"


TEXTS = frozenset({"string", "email", "phone", "url", "textarea", "picklist"})
NUMBERS = frozenset({"int", "double", "currency", "percent"})


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an object."""

    name: str
    type: FieldType = FieldType.STRING
    label: str = ""
    length: int = 255
    #: Digits in all and after the point, of numbers.
    precision: int = 18
    scale: int = 2
    #: A record cannot be without it.
    is_required: bool = False
    is_createable: bool = True
    is_updateable: bool = True
    options: tuple[str, ...] = ()
    #: A picklist that takes no value but its options.
    is_restricted: bool = False
    #: The objects that a reference may lead to, and what the way there is called in SOQL.
    refers_to: tuple[str, ...] = ()
    relationship: str = ""
    is_external_id: bool = False
    is_unique: bool = False
    default: Any = None
    #: What a formula field shows, from the record's other fields.
    formula: Callable[[Mapping[str, Any]], Any] | None = None

    @property
    def is_custom(self) -> bool:
        """Whether an administrator or a package added it."""
        return self.name.endswith("__c")

    @property
    def shown_label(self) -> str:
        """What people call it; error messages do, too."""
        return self.label or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", self.name).removesuffix("__c")

    @property
    def is_permissionable(self) -> bool:
        """Whether a profile or permission set can give or take it: not so for required and system fields."""
        return not self.is_required and (self.is_custom or self.is_createable or self.is_updateable)

    def parse(self, value: Any) -> Any:
        """The value as it is stored; None is empty. Raises RefusalError."""
        if value is None:
            return self._empty()
        return _PARSERS[self.type](self, value)

    def _empty(self) -> None:
        if self.type == FieldType.BOOLEAN:
            message = f"{self.shown_label}: value not of required type: null"
            raise RefusalError("INVALID_TYPE_ON_FIELD_IN_RECORD", message, [self.name])


@lru_cache(maxsize=256)
def to_stamp(moment: datetime) -> str:
    """A moment as the REST API tells it: UTC, whole seconds. Salesforce: "a precision of one second"."""
    return moment.astimezone(UTC).strftime(_STORED_DATETIME)


def parse_datetime(text: str) -> datetime | None:
    """A moment with a zone, in ISO 8601; None for anything else."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo is not None and "T" in text else None


def _token(value: Any) -> str:
    if isinstance(value, bool):
        return f"VALUE_{str(value).upper()}"
    if isinstance(value, int):
        return "VALUE_NUMBER_INT"
    if isinstance(value, float):
        return "VALUE_NUMBER_FLOAT"
    if isinstance(value, str):
        return "VALUE_STRING"
    return "START_ARRAY" if isinstance(value, list) else "START_OBJECT"


def _parse_text(field: Field, value: Any) -> str | None:
    if not isinstance(value, str):
        raise unreadable("string", _token(value), value)
    text = value.strip()
    if len(text) > field.length:
        message = f"{field.shown_label}: data value too large: {text} (max length={field.length})"
        raise RefusalError("STRING_TOO_LONG", message, [field.name])
    return text or None


def _parse_email(field: Field, value: Any) -> str | None:
    text = _parse_text(field, value)
    if text is not None and not _EMAIL.fullmatch(text):
        message = f"{field.shown_label}: invalid email address: {text}"
        raise RefusalError("INVALID_EMAIL_ADDRESS", message, [field.name])
    return text


def _parse_option(field: Field, value: Any) -> str | None:
    text = _parse_text(field, value)
    if text is not None and field.is_restricted and text not in field.options:
        message = f"{field.shown_label}: bad value for restricted picklist field: {text}"
        raise RefusalError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [field.name])
    return text


def _parse_boolean(_: Field, value: Any) -> bool:
    if not isinstance(value, bool):
        raise unreadable("boolean", _token(value), value)
    return value


def _parse_int(_: Field, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise unreadable("int", _token(value), value)
    return value


def _parse_double(field: Field, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise unreadable("double", _token(value), value)
    if abs(value) >= 10 ** (field.precision - field.scale):
        message = f"{field.shown_label}: value outside of valid range on numeric field: {value}"
        raise RefusalError("NUMBER_OUTSIDE_VALID_RANGE", message, [field.name])
    return round(float(value), field.scale)


def _parse_date(_: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise unreadable("date", _token(value), value)
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise unreadable("date", _token(value), value) from None


def _parse_moment(_: Field, value: Any) -> str:
    moment = parse_datetime(value) if isinstance(value, str) else None
    if moment is None:
        raise unreadable("datetime", _token(value), value)
    return to_stamp(moment)


def _parse_reference(field: Field, value: Any) -> str | None:
    if not isinstance(value, str):
        raise unreadable("reference", _token(value), value)
    if not value:
        return None
    found = to_id(value)
    if found is None:
        raise RefusalError("MALFORMED_ID", f"{field.shown_label}: id value of incorrect type: {value}", [field.name])
    return found


_PARSERS: dict[FieldType, Callable[[Field, Any], Any]] = {
    FieldType.ID: _parse_reference,
    FieldType.STRING: _parse_text,
    FieldType.EMAIL: _parse_email,
    FieldType.PHONE: _parse_text,
    FieldType.URL: _parse_text,
    FieldType.TEXTAREA: _parse_text,
    FieldType.PICKLIST: _parse_option,
    FieldType.BOOLEAN: _parse_boolean,
    FieldType.INT: _parse_int,
    FieldType.DOUBLE: _parse_double,
    FieldType.CURRENCY: _parse_double,
    FieldType.PERCENT: _parse_double,
    FieldType.DATE: _parse_date,
    FieldType.DATETIME: _parse_moment,
    FieldType.REFERENCE: _parse_reference,
}
