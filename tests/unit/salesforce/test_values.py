"""Values keep their meaning on the way to Salesforce and back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connector.crms.salesforce.replies import FieldDescription
from connector.crms.salesforce.values import parse_datetime, to_text, to_value


@pytest.mark.parametrize(
    ("field_type", "value", "text"),
    [
        ("string", None, ""),
        ("string", "Ada", "Ada"),
        ("boolean", True, "true"),
        ("boolean", False, "false"),
        ("double", 42.0, "42"),
        ("double", 0.1, "0.1"),
        ("double", 1e-07, "0.0000001"),
        ("currency", 1e300, format(10**300, "d")),
        ("int", 7, "7"),
        ("date", "2026-11-21", "2026-11-21"),
        ("datetime", "2026-11-21T10:00:00.000+0000", "2026-11-21T10:00:00.000Z"),
        ("datetime", "2026-11-21T11:00:00.120+0100", "2026-11-21T10:00:00.120Z"),
        ("multipicklist", "A;B", "A;B"),
        ("address", {"city": "Oslo"}, ""),
    ],
)
def test_what_is_read_becomes_text(field_type: str, value: object, text: str) -> None:
    assert to_text(field_type, value) == text


@pytest.mark.parametrize(
    ("field_type", "text", "value"),
    [
        ("string", "", None),
        ("string", "Ada", "Ada"),
        ("string", "82", "82"),
        ("boolean", "", False),
        ("boolean", "true", True),
        ("boolean", "False", False),
        ("double", "82", 82),
        ("double", "82.50", 82.5),
        ("double", "", None),
        ("int", "7.0", 7),
        ("date", "2026-11-22", "2026-11-22"),
        ("date", "2026-11-22T10:00:00.000+00:00", "2026-11-22"),
        ("datetime", "2026-11-22T10:00:00.000+00:00", "2026-11-22T10:00:00.000Z"),
        ("datetime", "2026-11-22T10:00:00.000Z", "2026-11-22T10:00:00.000Z"),
        ("picklist", "Hot", "Hot"),
    ],
)
def test_what_is_written_has_the_type_of_its_field(field_type: str, text: str, value: object) -> None:
    written = to_value(FieldDescription("F", field_type), text)

    assert (written, type(written)) == (value, type(value))


@pytest.mark.parametrize(
    ("field_type", "text"),
    [
        ("boolean", "yes"),
        ("double", "many"),
        ("double", "NaN"),
        ("double", "Infinity"),
        ("int", "7.5"),
        ("date", "22.11.2026"),
        ("datetime", "2026-11-22"),
        ("datetime", "soon"),
    ],
)
def test_what_a_field_cannot_hold_is_said(field_type: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"'{text}' is no "):
        to_value(FieldDescription("F", field_type), text)


def test_a_moment_is_kept_in_utc_to_the_millisecond() -> None:
    assert parse_datetime("2026-11-21T11:00:00.123456+0100") == datetime(2026, 11, 21, 10, 0, 0, 123000, UTC)
