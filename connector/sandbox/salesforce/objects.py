"""Objects: their fields, their prefix, what may be done with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.sandbox.salesforce.fields import Field, FieldType, Row
from connector.sandbox.salesforce.refusals import no_such_type

#: Stands where a reference may lead to objects of several types, as in `Owner` or `Who`.
NAME_FIELDS = ("Id", "Name", "FirstName", "LastName", "Email", "Phone", "Title", "Username", "IsActive", "Type")


@dataclass(slots=True)
class ObjectType:
    """One object of an org."""

    name: str
    prefix: str
    label: str = ""
    #: Whether the API may create, change and delete its records; setup objects are read only.
    is_writable: bool = True
    fields: dict[str, Field] = field(default_factory=dict)
    by_lower_name: dict[str, Field] = field(default_factory=dict)
    #: Relationship name in lower case to the reference behind it.
    relationships: dict[str, Field] = field(default_factory=dict)
    #: What a new record begins with.
    defaults: Row = field(default_factory=dict)
    required: tuple[Field, ...] = ()
    formulas: tuple[Field, ...] = ()
    #: What else than unique fields, external ids and addresses records are looked up by.
    looked_up_by: tuple[str, ...] = ()
    #: Fields by whose values records are found at once, and those of them that no two records share.
    indexed: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()

    def add(self, fields: Iterable[Field]) -> None:
        """Give the object more fields, or other ones of the same name."""
        for one in fields:
            self.fields[one.name] = one
            self.by_lower_name[one.name.lower()] = one
            if one.relationship:
                self.relationships[one.relationship.lower()] = one
        known = self.fields.values()
        self.defaults = {one.name: _default(one) for one in known if _default(one) is not None}
        self.required = tuple(one for one in known if one.is_required and one.name not in self.defaults)
        self.formulas = tuple(one for one in known if one.formula is not None)
        self.unique = tuple(one.name for one in known if one.is_unique)
        found_by = (one.name for one in known if one.is_unique or one.is_external_id or one.type == FieldType.EMAIL)
        self.indexed = (*found_by, *self.looked_up_by)

    def find(self, name: str) -> Field | None:
        """A field by its name in any case."""
        return self.fields.get(name) or self.by_lower_name.get(name.lower())

    def compute(self, row: Row) -> None:
        """Fill in what formulas show."""
        for one in self.formulas:
            if one.formula is not None and (value := one.formula(row)) is not None:
                row[one.name] = value
            else:
                row.pop(one.name, None)


class Schema:
    """All objects of an org."""

    def __init__(self, objects: Iterable[ObjectType]) -> None:
        self._by_name = {one.name.lower(): one for one in objects}
        self._by_prefix = {one.prefix: one for one in self}

    def __iter__(self) -> Iterator[ObjectType]:
        return iter(self._by_name.values())

    def find(self, name: str) -> ObjectType | None:
        """An object by its name in any case."""
        return self._by_name.get(name.lower())

    def get(self, name: str) -> ObjectType:
        """Like `find`; refuses an unknown name."""
        found = self.find(name)
        if found is None:
            raise no_such_type(name)
        return found

    def of_id(self, record_id: str) -> ObjectType | None:
        """The object that an id's prefix tells."""
        return self._by_prefix.get(record_id[:3])


def full_name(row: Mapping[str, Any]) -> str | None:
    """First and last name in one, as `Name` of people shows them."""
    return " ".join(part for part in (row.get("FirstName"), row.get("LastName")) if part) or None


def _default(field: Field) -> Any:
    if field.default is None and field.type == FieldType.BOOLEAN and field.formula is None:
        return False
    return field.default
