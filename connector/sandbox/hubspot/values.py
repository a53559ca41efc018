"""What a property value may look like, and how the portal keeps it. Values travel as strings."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time

from connector.sandbox.hubspot.refusals import Problem
from connector.sandbox.hubspot.vocabulary import from_milliseconds, iso, milliseconds

MAX_TEXT_LENGTH = 65_536
_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>.]+(\.[^@\s,;<>.]+)+")


class BadValueError(ValueError):
    """A value does not fit its property's type."""

    def __init__(self, problem: Problem, message: str) -> None:
        super().__init__(message)
        self.problem = problem


def parse_text(value: str) -> str:
    """Any text up to the longest that HubSpot keeps."""
    if len(value) > MAX_TEXT_LENGTH:
        raise BadValueError(Problem.TOO_LONG, f"is longer than {MAX_TEXT_LENGTH} characters")
    return value


def parse_number(value: str) -> str:
    """A finite decimal number."""
    try:
        if math.isfinite(float(value)) and "_" not in value:
            return value.strip()
    except ValueError:
        pass
    raise BadValueError(Problem.NOT_A_NUMBER, f"{value} was not a valid number.")


def parse_bool(value: str) -> str:
    """`true` or `false`, in any case."""
    if value.lower() in ("true", "false"):
        return value.lower()
    raise BadValueError(Problem.NOT_A_BOOLEAN, f"{value} was not a valid boolean.")


def parse_date(value: str) -> str:
    """A day, from ISO 8601 or from the milliseconds of its midnight UTC."""
    try:
        if not _is_integer(value):
            return date.fromisoformat(value).isoformat()
        moment = from_milliseconds(int(value))
        if moment.time() == time():
            return moment.date().isoformat()
    except (ValueError, OverflowError):
        pass
    raise BadValueError(Problem.NOT_A_DATE, f"{value} was not a valid date (midnight UTC, or YYYY-MM-DD).")


def parse_datetime(value: str) -> str:
    """A moment, from ISO 8601 or milliseconds."""
    try:
        return iso(_to_moment(value))
    except (ValueError, OverflowError):
        raise BadValueError(Problem.NOT_A_DATE, f"{value} was not a valid timestamp.") from None


def parse_email(value: str) -> str:
    """An e-mail address; the portal keeps it in lower case."""
    if not _EMAIL.fullmatch(value.strip()):
        raise BadValueError(Problem.NOT_AN_EMAIL, f"Email address {value} is invalid")
    return value.strip().lower()


#: How each property type reads its values; `enumeration` needs its options and is not here.
PARSERS: dict[str, Callable[[str], str]] = {
    "string": parse_text,
    "phone_number": parse_text,
    "number": parse_number,
    "bool": parse_bool,
    "date": parse_date,
    "datetime": parse_datetime,
}


def to_webhook_value(value: str, property_type: str) -> str:
    """A kept value as webhooks carry it: days and moments in milliseconds."""
    if value and property_type in ("date", "datetime"):
        return str(milliseconds(_to_moment(value)))
    return value


def to_sortable(value: str, property_type: str) -> float | str:
    """A kept value as searches compare it: numbers and times by size, text in lower case."""
    if property_type == "number":
        return float(value)
    if property_type in ("date", "datetime"):
        return float(milliseconds(_to_moment(value)))
    return value.lower()


def _to_moment(value: str) -> datetime:
    if _is_integer(value):
        return from_milliseconds(int(value))
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _is_integer(value: str) -> bool:
    return value.removeprefix("-").isdecimal()
