"""Up to 200 records in a call, each with its own result. Salesforce: REST API, "sObject Collections"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

from connector.sandbox.exchange import Reply
from connector.sandbox.salesforce.call import Call
from connector.sandbox.salesforce.fields import Row
from connector.sandbox.salesforce.ids import to_id
from connector.sandbox.salesforce.permissions import Right
from connector.sandbox.salesforce.refusals import Json, RefusalError
from connector.sandbox.salesforce.rows_api import Upsert, attributes, external_id_field, find, parse_upsert
from connector.sandbox.salesforce.tables import Table
from connector.sandbox.salesforce.writing import parse_values

MAX_RECORDS = 200
MAX_RETRIEVED = 2_000
MAX_CHUNKS = 10
_ID = frozenset({"id"})
_ROLLED_BACK = RefusalError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
    [],
)

#: What a record of a request says, read; and what the result says once that was saved.
Parse = Callable[[Any], Any]
Save = Callable[[Any], Json]


class _RolledBackError(Exception):
    """One record of a call that takes all or none failed."""

    def __init__(self, results: list[Json]) -> None:
        super().__init__()
        self.results = results


def create(call: Call) -> Reply:
    """`POST /composite/sobjects`."""
    actor, permissions, database = call.actor, call.permissions, call.database

    def parse(record: Json) -> tuple[Table, Row]:
        table = _table_of(call, record)
        permissions.check_write(table.object, Right.CREATE)
        return table, parse_values(table.object, record, permissions, is_new=True)

    def save(parsed: tuple[Table, Row]) -> Json:
        return {"id": database.insert(*parsed, actor)}

    return _save_all(call, _parsed(call, _records(call), parse), save, all_or_none=_all_or_none(call))


def update(call: Call) -> Reply:
    """`PATCH /composite/sobjects`."""
    actor, permissions, database = call.actor, call.permissions, call.database

    def parse(record: Json) -> tuple[Table, Row, Row]:
        table = _table_of(call, record)
        permissions.check_write(table.object, Right.EDIT)
        values = parse_values(table.object, record, permissions, is_new=False, passed_over=_ID)
        return table, _row_of(table, record), values

    def save(parsed: tuple[Table, Row, Row]) -> Json:
        database.update(*parsed, actor)
        return {"id": parsed[1]["Id"]}

    records = _records(call)
    _check_each_once(records)
    return _save_all(call, _parsed(call, records, parse), save, all_or_none=_all_or_none(call))


def upsert(call: Call) -> Reply:
    """`PATCH /composite/sobjects/{object}/{external id field}`."""
    table = call.table()
    field = external_id_field(call, table.object, call.path["field"])
    records = _records(call)
    actor = call.actor
    keys = Counter(str(_value_of(record, field.name)) for record in records)

    def parse(record: Json) -> Upsert:
        if _table_of(call, record) is not table:
            raise RefusalError("INVALID_TYPE", f"all records must be of type {table.object.name}", [])
        value = field.parse(_value_of(record, field.name))
        if value is None:
            raise RefusalError("MISSING_ARGUMENT", f"{field.name} not specified", [])
        if keys[str(_value_of(record, field.name))] > 1:
            raise RefusalError("DUPLICATE_VALUE", f"Duplicate external id specified: {value}", [field.name])
        return parse_upsert(call, table, record, field, value)

    def save(parsed: Upsert) -> Json:
        made, is_new = parsed.save(call.database, actor)
        return {"id": made, "created": is_new}

    return _save_all(call, _parsed(call, records, parse), save, all_or_none=_all_or_none(call))


def delete(call: Call) -> Reply:
    """`DELETE /composite/sobjects?ids=`."""
    ids = [one for one in call.one("ids").split(",") if one]
    if not ids:
        raise RefusalError("REQUIRED_FIELD_MISSING", "ids query param missing for DELETE request")
    _check_number(len(ids))
    actor = call.actor

    def remove(record_id: str) -> Json:
        table = call.database.table_of(record_id)
        if table is None:
            raise RefusalError("MALFORMED_ID", f"malformed id {record_id}", [])
        call.permissions.check_write(table.object, Right.DELETE)
        call.database.delete(table, find(table, record_id), actor)
        return {"id": to_id(record_id)}

    return _save_all(call, ids, remove, all_or_none=call.one("allOrNone").lower() == "true")


def retrieve(call: Call) -> Reply:
    """`POST /composite/sobjects/{object}` with ids and fields."""
    table = call.table()
    body = call.json_object()
    ids, asked = body.get("ids"), body.get("fields")
    if not isinstance(ids, list) or not isinstance(asked, list) or not all(isinstance(one, str) for one in asked):
        raise RefusalError("MISSING_ARGUMENT", "ids and fields are required")
    return Reply(body=_read(call, table, ids, asked))


def retrieve_by_get(call: Call) -> Reply:
    """`GET /composite/sobjects/{object}?ids=&fields=`."""
    return Reply(body=_read(call, call.table(), call.one("ids").split(","), call.one("fields").split(",")))


def _read(call: Call, table: Table, ids: Sequence[str], asked: Iterable[str]) -> list[Json | None]:
    if len(ids) > MAX_RETRIEVED:
        raise _too_many(MAX_RETRIEVED)
    permissions, name = call.permissions, table.object.name
    fields = [permissions.readable(table.object, one).name for one in asked]
    fields = list(dict.fromkeys([*fields, "Id"]))
    told: list[Json | None] = []
    for record_id in ids:
        row = table.live(record_id)
        if row is None:
            told.append(None)
            continue
        record: Json = {"attributes": attributes(call, name, row["Id"])}
        for field in fields:
            record[field] = row.get(field)
        told.append(record)
    return told


def _save_all(call: Call, records: Sequence[Any], save: Save, *, all_or_none: bool) -> Reply:
    if not all_or_none:
        results, failed = _results(records, save)
        return Reply(body=results, written=len(records) - failed)
    try:
        with call.database.transaction():
            results, failed = _results(records, save)
            if failed:
                raise _RolledBackError(results)
    except _RolledBackError as rolled_back:
        return Reply(body=[_rolled_back(one) for one in rolled_back.results])
    return Reply(body=results, written=len(records))


def _parsed(call: Call, records: list[Json], parse: Parse) -> list[Any]:
    """Each record read, or what is wrong with it; a value of a wrong JSON type refuses the whole call."""
    fatal = {"JSON_PARSER_ERROR"} | ({"INVALID_FIELD"} if call.org.unknown_field_fails_call else set())
    parsed: list[Any] = []
    for record in records:
        try:
            parsed.append(parse(record))
        except RefusalError as refusal:
            if refusal.code in fatal:
                raise
            parsed.append(refusal)
    return parsed


def _results(records: Sequence[Any], save: Save) -> tuple[list[Json], int]:
    results: list[Json] = []
    failed = 0
    for record in records:
        try:
            if isinstance(record, RefusalError):
                raise record
            saved = save(record)
        except RefusalError as refusal:
            failed += 1
            results.append({"success": False, "errors": [refusal.as_record_error()]})
        else:
            saved["success"] = True
            saved["errors"] = []
            results.append(saved)
    return results, failed


def _rolled_back(result: Json) -> Json:
    return {"success": False, "errors": [_ROLLED_BACK.as_record_error()]} if result["success"] else result


def _records(call: Call) -> list[Json]:
    """The records of the body; refuses the call when one of them cannot be told what it is."""
    records = call.json_object().get("records")
    if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
        raise RefusalError("JSON_PARSER_ERROR", "records must be a list of sObjects")
    _check_number(len(records))
    types = [_type_of(record) for record in records]
    chunks = 1 + sum(before != after for before, after in pairwise(types))
    if chunks > MAX_CHUNKS:
        message = "Cannot have more than 10 chunks in a single operation. Please rearrange the data to reduce chunking."
        raise RefusalError("LIMIT_EXCEEDED", message)
    return records


def _type_of(record: Json) -> str:
    head = record.get("attributes")
    name = head.get("type") if isinstance(head, dict) else None
    if not isinstance(name, str):
        raise RefusalError("INVALID_INPUT", "each sObject must have an attributes map with a type")
    return name


def _table_of(call: Call, record: Json) -> Table:
    return call.table(_type_of(record))


def _row_of(table: Table, record: Json) -> Row:
    record_id = _value_of(record, "id")
    if record_id is None:
        raise RefusalError("MISSING_ARGUMENT", "Id not specified in an update call", [])
    try:
        return find(table, record_id)
    except RefusalError as refusal:
        if refusal.code == "NOT_FOUND":
            raise RefusalError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", []) from None
        raise


def _value_of(record: Json, name: str) -> Any:
    """A value by a name in any case."""
    if name in record:
        return record[name]
    lower = name.lower()
    return next((value for key, value in record.items() if key.lower() == lower), None)


def _check_each_once(records: list[Json]) -> None:
    ids = [_value_of(record, "id") for record in records]
    if len(set(map(str, ids))) < len(ids):
        repeated = next(one for one in ids if ids.count(one) > 1)
        if repeated is not None:
            raise RefusalError("DUPLICATE_VALUE", f"duplicate id in list: {repeated}")


def _all_or_none(call: Call) -> bool:
    return bool(call.json_object().get("allOrNone", False))


def _check_number(number: int) -> None:
    if number > MAX_RECORDS:
        raise _too_many(MAX_RECORDS)


def _too_many(maximum: int) -> RefusalError:
    return RefusalError(
        "EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {maximum} records into this call"
    )
