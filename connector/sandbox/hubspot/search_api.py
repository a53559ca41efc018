"""Search. HubSpot: Search the CRM."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cmp_to_key
from typing import Any

from connector.sandbox.exchange import Reply
from connector.sandbox.hubspot.call import Call
from connector.sandbox.hubspot.objects_api import record_body
from connector.sandbox.hubspot.records import Record, RecordTable
from connector.sandbox.hubspot.refusals import invalid
from connector.sandbox.hubspot.shapes import Filter, Json, Search, Sort
from connector.sandbox.hubspot.values import PARSERS, BadValueError, to_sortable

MAX_LIMIT = 200
MAX_RESULTS = 10_000
MAX_GROUPS, MAX_FILTERS_IN_GROUP, MAX_FILTERS = 5, 6, 18
MAX_BODY_CHARACTERS = 3_000

#: Operators that compare one value by size.
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "EQ": lambda have, want: have == want,
    "LT": lambda have, want: have < want,
    "LTE": lambda have, want: have <= want,
    "GT": lambda have, want: have > want,
    "GTE": lambda have, want: have >= want,
}
_NEEDS_VALUES = ("IN", "NOT_IN")
_NEEDS_NOTHING = ("HAS_PROPERTY", "NOT_HAS_PROPERTY")


def search_records(call: Call) -> Reply:
    """Records that meet any of the filter groups, a page at a time, never past the 10,000th."""
    wanted = call.read(Search)
    after = _check(call, wanted)
    table = call.table
    groups = [[_test(table, one) for one in group.filters] for group in wanted.filter_groups]
    seen_until = call.crm.clock.now() - call.crm.habits.search_lag
    found = [
        record
        for record in table
        if record.updated_at <= seen_until
        and (not groups or any(all(test(record) for test in tests) for tests in groups))
        and _mentions(table, record, wanted.query)
    ]
    ordered = _sorted(table, found, wanted.sorts)
    page = ordered[after : after + wanted.limit]
    body: Json = {
        "total": len(ordered),
        "results": [record_body(table, record, wanted.properties or None) for record in page],
    }
    if after + wanted.limit < len(ordered):
        body["paging"] = {"next": {"after": str(after + wanted.limit)}}
    return Reply(200, body)


def _check(call: Call, wanted: Search) -> int:
    if len(call.body) > MAX_BODY_CHARACTERS:
        raise invalid(f"A search body may have at most {MAX_BODY_CHARACTERS} characters.")
    sizes = [len(group.filters) for group in wanted.filter_groups]
    if len(sizes) > MAX_GROUPS or any(n > MAX_FILTERS_IN_GROUP for n in sizes) or sum(sizes) > MAX_FILTERS:
        raise invalid(
            f"At most {MAX_GROUPS} filter groups of {MAX_FILTERS_IN_GROUP} filters, {MAX_FILTERS} filters in all."
        )
    if not 0 < wanted.limit <= MAX_LIMIT:
        raise invalid(f"limit must be from 1 to {MAX_LIMIT}.")
    text = str(wanted.after)
    if not text.isdecimal():
        raise invalid("after must be an integer.")
    if int(text) + wanted.limit > MAX_RESULTS:
        raise invalid(f"A search gives at most {MAX_RESULTS} results.")
    return int(text)


def _test(table: RecordTable, one: Filter) -> Callable[[Record], bool]:
    name, operator = one.property_name, one.operator
    definition = table.catalog.properties.get(name)
    if definition is None:
        raise invalid(f"There was a problem with the request. Property {name} does not exist")
    kind = definition.type
    if operator in _NEEDS_NOTHING:
        return lambda record: (name in record.properties) == (operator == "HAS_PROPERTY")
    if operator in _NEEDS_VALUES:
        values = {_wanted(kind, value) for value in one.values or []}
        if not values:
            raise invalid(f"{operator} needs values.")
        return lambda record: (_have(record, name, kind) in values) == (operator == "IN")
    if one.value is None:
        raise invalid(f"{operator} needs a value.")
    if operator.endswith("CONTAINS_TOKEN"):
        return _token_test(name, one.value, contains=operator == "CONTAINS_TOKEN")
    low = _wanted(kind, one.value)
    if operator == "NEQ":
        return lambda record: name in record.properties and _have(record, name, kind) != low
    if operator == "BETWEEN":
        high = _wanted(kind, one.high_value or "")
        return lambda record: name in record.properties and low <= _have(record, name, kind) <= high
    compare = _COMPARISONS[operator]
    return lambda record: name in record.properties and compare(_have(record, name, kind), low)


def _token_test(name: str, wanted: str, *, contains: bool) -> Callable[[Record], bool]:
    token = wanted.lower().strip("*")

    def test(record: Record) -> bool:
        words = record.properties.get(name, "").lower().replace("@", " ").split()
        found = any(token in word if "*" in wanted else token == word for word in words)
        return found == contains

    return test


def _wanted(kind: str, value: str) -> Any:
    if kind in ("string", "enumeration"):
        return value.lower()
    try:
        return to_sortable(PARSERS[kind](value), kind)
    except BadValueError as error:
        raise invalid(f"There was a problem with the request. {error}") from None


def _have(record: Record, name: str, kind: str) -> Any:
    value = record.properties.get(name)
    return None if value is None else to_sortable(value, kind)


def _mentions(table: RecordTable, record: Record, query: str | None) -> bool:
    if not query:
        return True
    return any(
        query.lower() in record.properties.get(name, "").lower() for name in table.object_type.searched_properties
    )


def _sorted(table: RecordTable, found: list[Record], sorts: Sequence[str | Sort]) -> list[Record]:
    if not sorts:
        return found
    if len(sorts) > 1:
        raise invalid("Only one sort is supported.")
    name, descending = _order(sorts[0])
    definition = table.catalog.get(name)

    def compare(one: Record, other: Record) -> int:
        a, b = _have(one, name, definition.type), _have(other, name, definition.type)
        if a is None or b is None:
            return (a is None) - (b is None)
        difference = int(a > b) - int(a < b)
        return -difference if descending else difference

    return sorted(found, key=cmp_to_key(compare))


def _order(sort: str | Sort) -> tuple[str, bool]:
    if isinstance(sort, Sort):
        return sort.property_name, sort.direction == "DESCENDING"
    return sort.removeprefix("-"), sort.startswith("-")
