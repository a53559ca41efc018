"""Values as Salesforce writes them, and as text. Object Reference, field types; REST API, valid date formats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from connector.clock import whole_milliseconds
from connector.crms.salesforce.replies import FieldDescription

_TRUTHS: Final = {"true": True, "false": False}
#: The largest whole number that JSON carries without loss.
_EXACT: Final = 2**53


def to_text(field_type: str, value: object) -> str:
    """A value that was read, as facts hold it: the empty text for none, whole numbers without a fraction."""
    if isinstance(value, str):
        return to_datetime_text(parse_datetime(value)) if field_type == "datetime" else value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _EXACT else format(Decimal(repr(value)), "f")
    return ""


def converter_of(field_type: str) -> Callable[[str], str] | None:
    """What makes a cell of a CSV file the same text that `to_text` makes; None where it is so already."""
    return _CELLS.get(field_type)


def _shorten_number(text: str) -> str:
    """Whole numbers have no fraction, and none has an exponent."""
    if not text or text.isdigit():
        return text
    number = Decimal(text)
    return str(int(number)) if number == number.to_integral_value() and abs(number) < _EXACT else format(number, "f")


def _shorten_datetime(text: str) -> str:
    return to_datetime_text(parse_datetime(text)) if text else ""


def parse_datetime(text: str) -> datetime:
    """A moment as Salesforce writes it, 2026-11-21T10:00:00.000+0000. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("it has no time zone")
    return whole_milliseconds(moment.astimezone(UTC))


def to_datetime_text(moment: datetime) -> str:
    """A moment as both sides take it: 2026-11-21T10:00:00.000Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def to_value(field: FieldDescription, text: str) -> object:
    """A text as the field takes it; the empty text clears it. Raises ValueError with what does not fit."""
    if not text:
        return False if field.type == "boolean" else None
    try:
        return _PARSERS.get(field.type, str)(text)
    except (ValueError, InvalidOperation):
        raise ValueError(f"{text[:80]!r} is no {_SHOWN.get(field.type, field.type)}") from None


def _to_boolean(text: str) -> bool:
    if (truth := _TRUTHS.get(text.lower())) is None:
        raise ValueError
    return truth


def _to_number(text: str) -> int | float:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError
    return int(number) if number == number.to_integral_value() else float(number)


def _to_whole_number(text: str) -> int:
    number = _to_number(text)
    if not isinstance(number, int):
        raise ValueError
    return number


def _to_date(text: str) -> str:
    return date.fromisoformat(text[:10]).isoformat()


_PARSERS: Final[Mapping[str, Callable[[str], object]]] = {
    "boolean": _to_boolean,
    "currency": _to_number,
    "date": _to_date,
    "datetime": lambda text: to_datetime_text(parse_datetime(text)),
    "double": _to_number,
    "int": _to_whole_number,
    "long": _to_whole_number,
    "percent": _to_number,
}
_NUMBERS: Final = ("currency", "double", "int", "long", "percent")
_CELLS: Final[Mapping[str, Callable[[str], str]]] = {
    **dict.fromkeys(_NUMBERS, _shorten_number),
    "datetime": _shorten_datetime,
}
_SHOWN: Final[Mapping[str, str]] = {
    "boolean": "true or false",
    "currency": "number",
    "datetime": "moment with its time zone",
    "double": "number",
    "int": "whole number",
    "long": "whole number",
    "percent": "number",
}
