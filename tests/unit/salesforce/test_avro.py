"""Bitmaps of changed fields are read as the guide says."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest

pytest.importorskip("fastavro", reason="the extra salesforce-cdc is not installed")

import fastavro

from connector.crms.salesforce.avro import EventSchema


def text(name: str) -> dict[str, Any]:
    return {"name": name, "type": ["null", "string"], "default": None}


def schema(number: int = 31) -> EventSchema:
    """Field 4 is the compound field Name of 5 parts, the first of which is Salutation."""
    fields = [text(f"F{place}") for place in range(number)]
    parts = [text(name) for name in ("Salutation", "FirstName", "LastName", "MiddleName", "Suffix")]
    fields[4] = {"name": "Name", "type": ["null", {"type": "record", "name": "N", "fields": parts}], "default": None}
    return EventSchema(json.dumps({"type": "record", "name": "LeadChangeEvent", "fields": fields}))


@pytest.mark.parametrize(
    ("bitmaps", "names"),
    [
        (["0x650004E0"], ["F5", "F6", "F7", "F10", "F24", "F26", "F29", "F30"]),
        (["0x650004e0"], ["F5", "F6", "F7", "F10", "F24", "F26", "F29", "F30"]),
        (["0x1"], ["F0"]),
        (["4-0x10"], ["Name.Suffix"]),
        (["4-0x3", "0x20"], ["Name.Salutation", "Name.FirstName", "F5"]),
        (["0x0"], []),
        ([], []),
    ],
)
def test_bits_name_fields(bitmaps: list[str], names: list[str]) -> None:
    assert list(schema().names(bitmaps)) == names


@pytest.mark.parametrize("bitmap", ["0x80000000", "4-0x20", "3-0x1", "99-0x1", "nonsense", "4-"])
def test_bits_that_name_no_field_are_refused(bitmap: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        schema().names([bitmap])


def test_an_event_is_read() -> None:
    fields = [{"name": "id", "type": "long"}, text("Email")]
    form = {"type": "record", "name": "E", "fields": fields}
    out = BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(dict(form)), {"id": 7, "Email": "ana@example.com"})

    assert EventSchema(json.dumps(form)).read(out.getvalue()) == {"id": 7, "Email": "ana@example.com"}


@pytest.mark.parametrize("text_", ['"string"', "[]", '{"type": "record"}', "no json"])
def test_what_is_no_schema_of_a_record_is_refused(text_: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  of whatever kind
        EventSchema(text_)
