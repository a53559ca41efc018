"""Salesforce's fields by the object that has them: leads are made of two, and one name may be in both."""

from __future__ import annotations

import re
from collections.abc import Iterator

from connector.mapping.models import MappingFile
from connector.mapping.places import Path, Problems
from connector.mapping.report import quoted

#: A custom field of a package has its namespace before it: acme__Score__c.
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_OBJECTS = ("Lead", "Contact")


def check_objects(mapping: MappingFile, problems: Problems) -> None:
    """Report fields of Salesforce that name no object, or one that no lead is made of."""
    for path, name in _read(mapping):
        if not _is_field(name, may_stand_alone=False):
            problems.error(path, f"{quoted(name)} is no field of a lead or contact in Salesforce", _remedy(name))
    for name in mapping.write_back.salesforce:
        if not _is_field(name, may_stand_alone=True):
            message = f"{quoted(name)} is no field of a lead or contact in Salesforce"
            problems.error(("write_back", "salesforce", name), message, _remedy(name), on_key=True)


def _read(mapping: MappingFile) -> Iterator[tuple[Path, str]]:
    for name, field in mapping.fields.items():
        for index, property_ in enumerate(field.salesforce):
            yield ("fields", name, "salesforce", index), property_
    for name, signal in mapping.signals.items():
        for index, source in enumerate(signal.salesforce if signal else ()):
            if source.when_changed:
                yield ("signals", name, "salesforce", index, "when_changed"), source.when_changed


def _is_field(name: str, *, may_stand_alone: bool) -> bool:
    object_, dot, field = name.rpartition(".")
    return bool(_FIELD.fullmatch(field)) and (object_ in _OBJECTS or (may_stand_alone and not dot))


def _remedy(name: str) -> str:
    field = name.rpartition(".")[2]
    known = field if _FIELD.fullmatch(field) else "Email"
    return "write " + " or ".join(f"{object_}.{known}" for object_ in _OBJECTS)
