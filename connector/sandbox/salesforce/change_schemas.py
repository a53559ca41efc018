"""Change events in Avro: their schemas, and records and headers in them.

Salesforce: Pub/Sub API, Event Deserialization Considerations; Change Data Capture Developer Guide, Change Event Fields.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from io import BytesIO
from typing import Any

import fastavro

from connector.sandbox.salesforce.fields import Field, FieldType
from connector.sandbox.salesforce.objects import ObjectType

#: What no change event tells.
_UNTOLD = frozenset({"Id", "IsDeleted", "SystemModstamp"})
_NAME_PARTS = ("Salutation", "FirstName", "LastName")
_ADDRESS_PARTS = ("Street", "City", "State", "PostalCode", "Country")
_ADDRESSES = ("", "Mailing", "Billing")
_AVRO = {
    FieldType.BOOLEAN: "boolean",
    FieldType.INT: "int",
    FieldType.DOUBLE: "double",
    FieldType.CURRENCY: "double",
    FieldType.PERCENT: "double",
    FieldType.DATE: "long",
    FieldType.DATETIME: "long",
}
_CHANGE_TYPES = (
    "CREATE", "UPDATE", "DELETE", "UNDELETE", "GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE", "GAP_OVERFLOW",
    "SNAPSHOT",
)  # fmt: skip
_TEXTS = {"type": "array", "items": "string"}
_HEADER = {
    "type": "record",
    "name": "ChangeEventHeader",
    "fields": [
        {"name": "entityName", "type": "string"},
        {"name": "recordIds", "type": _TEXTS},
        {"name": "changeType", "type": {"type": "enum", "name": "ChangeType", "symbols": list(_CHANGE_TYPES)}},
        {"name": "changeOrigin", "type": "string"},
        {"name": "transactionKey", "type": "string"},
        {"name": "sequenceNumber", "type": "int"},
        {"name": "commitTimestamp", "type": "long"},
        {"name": "commitNumber", "type": "long"},
        {"name": "commitUser", "type": "string"},
        {"name": "nulledFields", "type": _TEXTS},
        {"name": "diffFields", "type": _TEXTS},
        {"name": "changedFields", "type": _TEXTS},
    ],
}


@dataclass(frozen=True, slots=True)
class ChangeSchema:
    """How the changes of one object are told, as it is now."""

    id: str
    text: str
    #: Field of the object -> where it stands: its own name, or that of its compound and its name therein.
    places: Mapping[str, tuple[str, ...]]
    #: Names of the schema's fields, in order, with those of the compound ones.
    names: Mapping[str, tuple[str, ...]]
    kinds: Mapping[str, FieldType]

    def write(self, header: Mapping[str, Any], values: Mapping[str, Any]) -> bytes:
        """An event; `values` are those of the object's fields that it tells."""
        record: dict[str, Any] = {"ChangeEventHeader": dict(header)}
        for name in values.keys() & self.places.keys():
            *compound, last = self.places[name]
            target = record.setdefault(compound[0], {}) if compound else record
            target[last] = _to_avro(self.kinds[name], values[name])
        out = BytesIO()
        fastavro.schemaless_writer(out, _parsed(self.text), record)
        return out.getvalue()

    def bitmaps(self, fields: Iterable[str]) -> list[str]:
        """Fields as hex bitmaps: one for those at the top, one for each compound."""
        parted: dict[str, int] = {}
        for name in fields:
            if name in self.places:
                *compound, last = self.places[name]
                inner = self.names[compound[0]] if compound else tuple(self.names)
                prefix = f"{tuple(self.names).index(compound[0])}-" if compound else ""
                parted[prefix] = parted.get(prefix, 0) | 1 << inner.index(last)
        return [f"{prefix}0x{bits:X}" for prefix, bits in sorted(parted.items())]


def change_schema(object_type: ObjectType) -> ChangeSchema:
    """The schema of an object's changes. It has another id as soon as the object has other fields."""
    told = {one.name: one for one in object_type.fields.values() if one.name not in _UNTOLD and one.formula is None}
    compounds = dict(_compounds(told))
    inside = {part: (name, short) for name, parts in compounds.items() for part, short in parts.items()}
    names: dict[str, tuple[str, ...]] = {"ChangeEventHeader": ()}
    fields: list[Mapping[str, Any]] = [{"name": "ChangeEventHeader", "type": _HEADER}]
    for name, parts in compounds.items():
        names[name] = tuple(parts.values())
        fields.append(_compound(object_type.name, name, [(short, told[part]) for part, short in parts.items()]))
    for one in told.values():
        if one.name not in inside:
            names[one.name] = ()
            fields.append(_field(one.name, one))
    schema = {"type": "record", "name": f"{object_type.name}ChangeEvent", "fields": fields}
    text = json.dumps({**schema, "namespace": "com.sforce.eventbus"})
    fingerprint = hashlib.md5(text.encode(), usedforsecurity=False).digest()[:16].hex()
    places = {name: inside.get(name, (name,)) for name in told}
    return ChangeSchema(fingerprint, text, places, names, {name: one.type for name, one in told.items()})


@lru_cache
def _parsed(text: str) -> Any:
    return fastavro.parse_schema(json.loads(text))


def _compounds(told: Collection[str]) -> Iterable[tuple[str, Mapping[str, str]]]:
    """Compound field -> field of the object -> its name therein."""
    if "LastName" in told:
        yield "Name", {part: part for part in _NAME_PARTS if part in told}
    for prefix in _ADDRESSES:
        if f"{prefix}Street" in told:
            yield f"{prefix}Address", {f"{prefix}{part}": part for part in _ADDRESS_PARTS if f"{prefix}{part}" in told}


def _compound(object_name: str, name: str, parts: Iterable[tuple[str, Field]]) -> Mapping[str, Any]:
    fields = [_field(short, one) for short, one in parts]
    inner = {"type": "record", "name": f"{object_name}_{name}", "fields": fields}
    return {"name": name, "type": ["null", inner], "default": None}


def _field(name: str, field: Field) -> Mapping[str, Any]:
    return {"name": name, "type": ["null", _AVRO.get(field.type, "string")], "default": None}


def _to_avro(kind: FieldType, value: Any) -> Any:
    """Moments and days are milliseconds there."""
    if value is None:
        return None
    if kind is FieldType.DATETIME:
        return round(datetime.fromisoformat(value).timestamp() * 1000)
    if kind is FieldType.DATE:
        return (date.fromisoformat(value) - date(1970, 1, 1)).days * 86_400_000
    return value
