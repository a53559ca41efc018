"""Runs a query on an org's records, with the rights of a user. Salesforce: "SOQL and SOSL Reference"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connector.sandbox.salesforce.database import Database
from connector.sandbox.salesforce.fields import NUMBERS, TEXTS, Field, FieldType, Row, parse_datetime, to_stamp
from connector.sandbox.salesforce.ids import to_id
from connector.sandbox.salesforce.objects import NAME_FIELDS, ObjectType
from connector.sandbox.salesforce.permissions import Permissions
from connector.sandbox.salesforce.refusals import Json, RefusalError, no_such_type
from connector.sandbox.salesforce.soql import Comparison, Condition, Junction, Literal, Order, Select
from connector.sandbox.salesforce.tables import Table

#: From a row to a value in it, or in a record that it points to.
Getter = Callable[[Row], Any]
Test = Callable[[Row], bool]
_MAX_OFFSET = 2_000
#: A long text area can be neither filtered nor sorted by.
_LONG_TEXT = 255


@dataclass(frozen=True, slots=True)
class Answer:
    """The ids that a query found, and how one of them is told; `fields` are the paths as they are told."""

    record_ids: list[str]
    tell: Callable[[str], Json | None]
    fields: tuple[str, ...]
    is_count: bool


@dataclass(frozen=True, slots=True)
class _Reached:
    """Where a field path leads: the field, and how to get there."""

    field: Field
    get: Getter
    #: The path in the case that the schema has.
    names: tuple[str, ...]


class Query:
    """One query, checked and ready to run."""

    def __init__(
        self, select: Select, database: Database, permissions: Permissions, root: str, *, with_deleted: bool = False
    ) -> None:
        self._database = database
        self._permissions = permissions
        self._root = root
        self._with_deleted = with_deleted
        self._table = self._from(select.object_name)
        self._select = select
        self._fields = [self._reach(path) for path in select.fields]
        self._test = None if select.where is None else self._compile(select.where)

    def run(self) -> Answer:
        """Find the records."""
        select = self._select
        test = self._test
        rows = self._candidates()
        if test is not None:
            rows = [row for row in rows if test(row)]
        rows = self._sorted(list(rows), select.order)
        end = None if select.limit is None else select.offset + select.limit
        ids = [row["Id"] for row in rows[select.offset : end]]
        return Answer(ids, self._teller(), tuple(".".join(one.names) for one in self._fields), not select.fields)

    # --- what is asked for ------------------------------------------------------------------

    def _from(self, name: str) -> Table:
        found = self._database.schema.find(name)
        if found is None:
            raise no_such_type(name)
        self._permissions.check_read(found)
        return self._database.tables[found.name]

    def _reach(self, path: str) -> _Reached:
        steps = path.split(".")
        if len(steps) > 1 and steps[0].lower() == self._table.object.name.lower():
            steps = steps[1:]
        return self._walk(self._table.object, steps, path)

    def _walk(self, object_type: ObjectType | None, steps: list[str], path: str) -> _Reached:
        head, rest = steps[0], steps[1:]
        if not rest:
            return self._end(object_type, head)
        way = None if object_type is None else object_type.relationships.get(head.lower())
        if way is None or object_type is None or not self._permissions.sees(object_type.name, way.name):
            name = object_type.name if object_type else "Name"
            raise RefusalError(
                "INVALID_FIELD", f"Didn't understand relationship '{head}' in field path '{path}' of {name}."
            )
        target = self._database.schema.find(way.refers_to[0]) if len(way.refers_to) == 1 else None
        further = self._walk(target, rest, path)
        row_of, name, get = self._database.row, way.name, further.get

        def through(row: Row) -> Any:
            parent = row_of(row.get(name))
            return None if parent is None else get(parent)

        return _Reached(further.field, through, (way.relationship, *further.names))

    def _end(self, object_type: ObjectType | None, name: str) -> _Reached:
        if object_type is None:
            return self._end_anywhere(name)
        found = object_type.find(name)
        if found is None or not self._permissions.sees(object_type.name, found.name):
            raise _no_such_column(name, object_type.name)
        field = found.name
        return _Reached(found, lambda row: row.get(field), (field,))

    def _end_anywhere(self, name: str) -> _Reached:
        """A field of whatever object a reference to several of them leads to."""
        known = next((one for one in NAME_FIELDS if one.lower() == name.lower()), None)
        if known is None:
            raise _no_such_column(name, "Name")
        if known == "Type":
            by_id = self._database.table_of
            return _Reached(Field("Type"), lambda row: _type_of(by_id(row["Id"]), row), ("Type",))
        return _Reached(Field(known), lambda row: row.get(known), (known,))

    def _teller(self) -> Callable[[str], Json | None]:
        name, rows, root = self._table.object.name, self._table.rows, f"{self._root}/sobjects"
        plain = [(one.names[0], one.get) for one in self._fields if len(one.names) == 1]
        nested = [one for one in self._fields if len(one.names) > 1]
        direct = [field for field, _ in plain]
        url = f"{root}/{name}/"

        def tell(record_id: str) -> Json | None:
            row = rows.get(record_id)
            if row is None:
                return None
            told: Json = {"attributes": {"type": name, "url": url + record_id}}
            for field in direct:
                told[field] = row.get(field)
            for one in nested:
                self._nest(told, row, one)
            return told

        return tell

    def _nest(self, told: Json, row: Row, reached: _Reached) -> None:
        """Tell a value of a parent inside the parent; null where there is none."""
        object_type: ObjectType | None = self._table.object
        current: Row | None = row
        for step in reached.names[:-1]:
            way = object_type.relationships[step.lower()] if object_type else None
            current = self._database.row(current.get(way.name)) if current and way else None
            if current is None:
                told[step] = None
                return
            table = self._database.table_of(current["Id"])
            object_type = table.object if table else None
            told = told.setdefault(step, {"attributes": self._parent_attributes(object_type, current, way)})
        told[reached.names[-1]] = reached.get(row)

    def _parent_attributes(self, object_type: ObjectType | None, row: Row, way: Field | None) -> Json:
        actual = object_type.name if object_type else ""
        shown = "Name" if way is not None and len(way.refers_to) > 1 else actual
        return {"type": shown, "url": f"{self._root}/sobjects/{actual}/{row['Id']}"}

    # --- which records ----------------------------------------------------------------------

    def _candidates(self) -> Iterable[Row]:
        """All rows, or few by an index where the condition asks for certain ids or values."""
        table = self._table
        narrowed = self._narrow(self._select.where)
        if narrowed is not None:
            return [row for row in narrowed if self._with_deleted or row["Id"] not in table.deleted]
        return table.rows.values() if self._with_deleted else table

    def _narrow(self, condition: Condition | None) -> list[Row] | None:
        if isinstance(condition, Junction) and condition.word == "and":
            found = (self._narrow(part) for part in condition.parts)
            return next((one for one in found if one is not None), None)
        if not isinstance(condition, Comparison) or condition.operator not in ("=", "in") or "." in condition.path:
            return None
        field = self._table.object.find(condition.path)
        texts = [one.value for one in condition.values if one.kind == "text"]
        if field is None or len(texts) < len(condition.values):
            return None
        if field.name == "Id":
            rows = (self._table.find(text) for text in dict.fromkeys(to_id(text) for text in texts))
            return [row for row in rows if row is not None]
        if self._with_deleted or not self._table.is_indexed(field.name):
            return None
        if field.type == FieldType.REFERENCE:
            texts = [to_id(text) or text for text in texts]
        found_rows = {row["Id"]: row for text in texts for row in self._table.find_by(field.name, text)}
        return list(found_rows.values())

    def _compile(self, condition: Condition) -> Test:
        if isinstance(condition, Comparison):
            return self._compile_comparison(condition)
        tests = [self._compile(part) for part in condition.parts]
        if condition.word == "not":
            inner = tests[0]
            return lambda row: not inner(row)
        if condition.word == "and":
            return lambda row: all(test(row) for test in tests)
        return lambda row: any(test(row) for test in tests)

    def _compile_comparison(self, condition: Comparison) -> Test:
        reached = self._reach(condition.path)
        field, get, operator = reached.field, reached.get, condition.operator
        if field.type == FieldType.TEXTAREA and field.length > _LONG_TEXT:
            message = f"field '{field.name}' can not be filtered in a query call"
            raise RefusalError("INVALID_FIELD", message)
        if operator == "like":
            return _like(field, get, condition.values[0])
        if any(one.kind == "word" for one in condition.values):
            return self._within_days(field, get, operator, condition.values[0])
        values = [_comparable(field, one) for one in condition.values]
        return _TESTS[operator](_folded(field, get), values)

    def _within_days(self, field: Field, get: Getter, operator: str, word: Literal) -> Test:
        """A date word is a span of days: what lies in it is equal, before it is less, after it is more."""
        _check_moment_field(field)
        begins, ends = _span(str(word.value), self._database.now())
        if field.type == FieldType.DATE:
            first, last = begins[:10], (datetime.fromisoformat(ends) - timedelta(days=1)).date().isoformat()
        else:
            first, last = (
                begins,
                (datetime.fromisoformat(ends) - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
            )
        within: dict[str, Callable[[str], bool]] = {
            "=": lambda value: first <= value <= last,
            "!=": lambda value: not first <= value <= last,
            "<": lambda value: value < first,
            "<=": lambda value: value <= last,
            ">": lambda value: value > last,
            ">=": lambda value: value >= first,
        }
        if operator not in within:
            raise RefusalError("MALFORMED_QUERY", f"unexpected token: '{word.value}'")
        test = within[operator]
        return lambda row: (value := get(row)) is not None and test(value)

    def _sorted(self, rows: list[Row], order: tuple[Order, ...]) -> list[Row]:
        if self._select.offset > _MAX_OFFSET:
            raise RefusalError("NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
        for one in reversed(order):
            reached = self._reach(one.path)
            if reached.field.type == FieldType.TEXTAREA and reached.field.length > _LONG_TEXT:
                message = f"field '{reached.field.name}' can not be sorted in a query call"
                raise RefusalError("INVALID_FIELD", message)
            get = _folded(reached.field, reached.get)
            full = [row for row in rows if get(row) is not None]
            empty = [row for row in rows if get(row) is None]
            full.sort(key=get, reverse=one.is_descending)
            rows = full + empty if one.has_nulls_last else empty + full
        return rows


def _type_of(table: Table | None, row: Row) -> str | None:
    """`Owner.Type` of a queue is `Queue`, of other records their object."""
    if table is None:
        return None
    return row.get("Type") if table.object.name == "Group" else table.object.name


def _no_such_column(name: str, object_name: str) -> RefusalError:
    message = (
        f"\\nSELECT {name} FROM {object_name}\\n       ^\\nERROR at Row:1:Column:8\\nNo such column '{name}' on entity "
        f"'{object_name}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom "
        "field name. Please reference your WSDL or the describe call for the appropriate names."
    ).replace("\\n", "\n")
    return RefusalError("INVALID_FIELD", message)


def _folded(field: Field, get: Getter) -> Getter:
    """Texts are compared in any case, ids in their own."""
    if field.type not in TEXTS:
        return get
    return lambda row: value.lower() if isinstance(value := get(row), str) else value


def _comparable(field: Field, literal: Literal) -> Any:
    if literal.kind == "null":
        return None
    if field.type in TEXTS:
        return _of_kind(field, literal, "text", quoted=True).lower()
    if field.type in (FieldType.ID, FieldType.REFERENCE):
        text = _of_kind(field, literal, "text", quoted=True)
        if (known := to_id(text)) is None and text:
            raise RefusalError("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {text}")
        return known
    if field.type == FieldType.BOOLEAN:
        return _of_kind(field, literal, "boolean")
    if field.type in NUMBERS:
        return _of_kind(field, literal, "number")
    return _moment(field, literal)


def _moment(field: Field, literal: Literal) -> str:
    text: str = _of_kind(field, literal, "moment")
    is_date = "T" not in text
    if is_date != (field.type == FieldType.DATE):
        raise _wrong_filter(field)
    if is_date:
        return text
    moment = parse_datetime(text)
    if moment is None:
        raise RefusalError("MALFORMED_QUERY", f"invalid dateTime: {text}")
    return to_stamp(moment)


def _of_kind(field: Field, literal: Literal, kind: str, *, quoted: bool = False) -> Any:
    if literal.kind != kind:
        raise _wrong_filter(field, quoted=quoted)
    return literal.value


def _wrong_filter(field: Field, *, quoted: bool = False) -> RefusalError:
    shown = {"datetime": "dateTime", "picklist": "string", "reference": "id"}.get(field.type, str(field.type))
    should = "should be enclosed in quotes" if quoted else "should not be enclosed in quotes"
    message = f"value of filter criterion for field '{field.name}' must be of type {shown} and {should}"
    return RefusalError("INVALID_FIELD", message)


def _check_moment_field(field: Field) -> None:
    if field.type not in (FieldType.DATE, FieldType.DATETIME):
        raise _wrong_filter(field)


def _span(word: str, now: datetime) -> tuple[str, str]:
    """Where the days of a date word begin, and where the day after them does."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    name, _, number = word.partition(":")
    days = int(number or 1)
    spans = {
        "TODAY": (0, 1),
        "YESTERDAY": (-1, 0),
        "TOMORROW": (1, 2),
        "LAST_N_DAYS": (-days, 1),
        "NEXT_N_DAYS": (1, days + 1),
    }
    first, last = spans[name]
    return to_stamp(today + timedelta(days=first)), to_stamp(today + timedelta(days=last))


def _like(field: Field, get: Getter, literal: Literal) -> Test:
    text = _of_kind(field, literal, "text", quoted=True)
    parts = re.findall(r"\\[%_]|%|_|[^%_\\]+|\\", text)
    shape = "".join({"%": ".*", "_": "."}.get(part, re.escape(part.removeprefix("\\") or part)) for part in parts)
    pattern = re.compile(shape, re.IGNORECASE | re.DOTALL)
    return lambda row: isinstance(value := get(row), str) and pattern.fullmatch(value) is not None


def _is_in(get: Getter, values: list[Any]) -> Test:
    wanted = set(values)
    return lambda row: get(row) in wanted


def _is_not_in(get: Getter, values: list[Any]) -> Test:
    wanted = set(values)
    return lambda row: get(row) not in wanted


def _compared(is_so: Callable[[Any, Any], bool]) -> Callable[[Getter, list[Any]], Test]:
    def make(get: Getter, values: list[Any]) -> Test:
        limit = values[0]
        return lambda row: (value := get(row)) is not None and limit is not None and is_so(value, limit)

    return make


_TESTS: dict[str, Callable[[Getter, list[Any]], Test]] = {
    "=": lambda get, values: lambda row: get(row) == values[0],
    "!=": lambda get, values: lambda row: get(row) != values[0],
    "<": _compared(lambda value, limit: value < limit),
    ">": _compared(lambda value, limit: value > limit),
    "<=": _compared(lambda value, limit: value <= limit),
    ">=": _compared(lambda value, limit: value >= limit),
    "in": _is_in,
    "not in": _is_not_in,
}
