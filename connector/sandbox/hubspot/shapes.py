"""The bodies that object operations take. Unknown fields and wrong types are refused."""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class Body(msgspec.Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A request body in HubSpot's casing."""


class RecordId(Body):
    """A record."""

    id: str


class AssociationSpec(Body):
    """A kind of association."""

    association_category: Literal["HUBSPOT_DEFINED", "USER_DEFINED", "INTEGRATOR_DEFINED", "WORK"]
    association_type_id: int


class AssociationsForObject(Body):
    """Associations to make with a new record."""

    to: RecordId
    types: list[AssociationSpec]


class CreateInput(Body):
    """A new record."""

    properties: dict[str, str]
    associations: list[AssociationsForObject] | None = None
    object_write_trace_id: str | None = None


class UpdateInput(Body):
    """New values for a record."""

    properties: dict[str, str]


class BatchUpdateInput(Body):
    """New values for one record of a batch."""

    id: str
    properties: dict[str, str]
    id_property: str | None = None
    object_write_trace_id: str | None = None


class BatchCreate(Body):
    """New records."""

    inputs: list[CreateInput]


class BatchUpdate(Body):
    """New values for records, or records to find or make."""

    inputs: list[BatchUpdateInput]


class BatchIds(Body):
    """Some records."""

    inputs: list[RecordId]


class BatchRead(Body):
    """Some records, and what to read of them."""

    inputs: list[RecordId]
    properties: tuple[str, ...] = ()
    properties_with_history: tuple[str, ...] = ()
    id_property: str | None = None


class Merge(Body):
    """Two records that are one."""

    primary_object_id: str
    object_id_to_merge: str


class GdprDelete(Body):
    """A person to forget."""

    object_id: str
    id_property: str | None = None


class Filter(Body):
    """One condition of a search."""

    property_name: str
    operator: Literal[
        "EQ",
        "NEQ",
        "LT",
        "LTE",
        "GT",
        "GTE",
        "BETWEEN",
        "IN",
        "NOT_IN",
        "HAS_PROPERTY",
        "NOT_HAS_PROPERTY",
        "CONTAINS_TOKEN",
        "NOT_CONTAINS_TOKEN",
    ]
    value: str | None = None
    high_value: str | None = None
    values: list[str] | None = None


class FilterGroup(Body):
    """Conditions that hold together."""

    filters: list[Filter]


class Sort(Body):
    """An order of results."""

    property_name: str
    direction: Literal["ASCENDING", "DESCENDING"] = "ASCENDING"


class Search(Body):
    """A search; groups are alternatives."""

    filter_groups: tuple[FilterGroup, ...] = ()
    sorts: tuple[str | Sort, ...] = ()
    properties: tuple[str, ...] = ()
    query: str | None = None
    limit: int = 10
    after: str | int = "0"


Json = dict[str, Any]
