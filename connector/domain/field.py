"""Lead fields: their types, and how a CRM's text becomes a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from math import isfinite

from connector.domain.fact import Value


class FieldType(StrEnum):
    """What a field holds."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"  # kept as 2026-11-22
    DATETIME = "datetime"  # kept as 2026-11-22T10:00:00.000+00:00
    CHOICES = "choices"  # several of a set; kept as a tuple in the CRM's order


_CHOICES = FieldType.CHOICES


class FieldRole(StrEnum):
    """What a field means to Coltiva beyond its value."""

    IDENTITY = "identity"  # finds the person: an email address
    TIMEZONE = "timezone"  # the lead's own time zone
    OWNER = "owner"  # the sales rep, as the CRM's owner id
    CONSENT = "consent"  # true means: opted out of email


@dataclass(frozen=True, slots=True)
class Field:
    """One lead field and the CRM properties it is read from."""

    name: str
    type: FieldType = FieldType.TEXT
    #: CRM name -> its properties. Of several, the first that has a value wins; later, the one that changed last.
    properties: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: The CRM's word -> ours, of choices each; words not listed pass unchanged.
    values: Mapping[str, str] = field(default_factory=dict)
    #: CRM -> our word -> its own, where the CRMs have words of their own for one thing.
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    role: FieldRole | None = None
    #: The CRM that has the say as long as it says anything; empty: the latest word counts.
    prefer: str = ""


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TRUE = frozenset({"true", "yes", "1"})
_FALSE = frozenset({"false", "no", "0"})


def parse_value(field_: Field, raw: str) -> Value | None:
    """A CRM's text as this field's value; None where the CRM says that there is none.

    Raises ValueError with a sentence for people when the text is not of the field's type.
    """
    text = raw.strip()
    if field_.type is _CHOICES:
        return _parse_choices(text, field_.values) or None
    if not text:
        return None
    text = field_.values.get(text, text)
    try:
        return _PARSERS[field_.type](text)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text[:80]!r} is not a {field_.type}") from error


def _parse_number(text: str) -> float:
    number = float(text)
    if not isfinite(number) or "_" in text:  # Python would read 1_000
        raise ValueError(text)
    return number


def _parse_boolean(text: str) -> bool:
    word = text.lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError(text)


def _parse_date(text: str) -> str:
    if text.lstrip("-").isdigit() and len(text) > 8:
        return _of_milliseconds(text).date().isoformat()
    return date.fromisoformat(text[:10]).isoformat()


def _parse_datetime(text: str) -> str:
    return format_moment(_to_moment(text))


def _to_moment(text: str) -> datetime:
    if text.lstrip("-").isdigit():
        return _of_milliseconds(text)
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _of_milliseconds(text: str) -> datetime:
    return _EPOCH + timedelta(milliseconds=int(text))


def _parse_choices(text: str, words: Mapping[str, str]) -> tuple[str, ...]:
    choices = (part.strip() for part in text.split(";"))
    return tuple(words.get(choice, choice) for choice in choices if choice)


_PARSERS: Mapping[FieldType, Callable[[str], Value]] = {
    FieldType.TEXT: str,
    FieldType.NUMBER: _parse_number,
    FieldType.BOOLEAN: _parse_boolean,
    FieldType.DATE: _parse_date,
    FieldType.DATETIME: _parse_datetime,
}


def format_moment(moment: datetime) -> str:
    """A moment as the text that fields and history keep: UTC, to the millisecond, sorting as time does."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def format_value(value: Value | None) -> str:
    """A value as people and CRMs read it; nothing is the empty text."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ";".join(value)
    return str(int(value)) if value.is_integer() else repr(value)
