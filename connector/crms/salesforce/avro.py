"""Change events as they come over the wire: Avro, with bitmaps for the names of fields.

Salesforce: Pub/Sub API, Event Deserialization Considerations.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any, Final

import fastavro

_NULL: Final = "null"


class EventSchema:
    """What one kind of event holds. Raises ValueError for what is no schema of a record."""

    def __init__(self, schema_json: str) -> None:
        schema = json.loads(schema_json)
        if not isinstance(schema, dict) or not isinstance(schema.get("fields"), list):
            raise ValueError("the schema is not that of a record")
        self._fields: Sequence[Mapping[str, Any]] = schema["fields"]
        self._parsed = fastavro.parse_schema(schema)

    def read(self, payload: bytes) -> Mapping[str, Any]:
        """An event's record."""
        record = fastavro.schemaless_reader(BytesIO(payload), self._parsed, None)
        if not isinstance(record, dict):
            raise ValueError("the event is no record")
        return record

    def names(self, bitmaps: Iterable[str]) -> Sequence[str]:
        """The fields that a header's bitmaps mean, those of compound fields with a dot: `Name.LastName`."""
        return [name for bitmap in bitmaps for name in self._names(bitmap)]

    def _names(self, bitmap: str) -> Iterator[str]:
        if bitmap.startswith("0x"):
            yield from _picked(self._fields, bitmap)
            return
        place, _, inner = bitmap.partition("-")
        compound = self._fields[int(place)]
        yield from (f"{compound['name']}.{name}" for name in _picked(_fields_of(compound), inner))


def _picked(fields: Sequence[Mapping[str, Any]], bitmap: str) -> Iterator[str]:
    """The names at the places of the bits, the least of which is the first field."""
    bits = int(bitmap, 16)
    if bits >> len(fields):
        raise ValueError("a bitmap names more fields than there are")
    return (str(field["name"]) for place, field in enumerate(fields) if bits >> place & 1)


def _fields_of(compound: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    kinds = compound["type"] if isinstance(compound["type"], list) else [compound["type"]]
    for kind in kinds:
        if kind != _NULL and isinstance(kind, dict) and "fields" in kind:
            fields: Sequence[Mapping[str, Any]] = kind["fields"]
            return fields
    raise ValueError(f"{compound['name']} is no compound field")
