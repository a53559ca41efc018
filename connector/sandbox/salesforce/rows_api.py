"""Records one at a time. Salesforce: REST API, "sObject Rows", "sObject Rows by External ID"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connector.sandbox.exchange import Reply
from connector.sandbox.salesforce.call import Call
from connector.sandbox.salesforce.database import Database
from connector.sandbox.salesforce.fields import Field, Row
from connector.sandbox.salesforce.happenings import Actor
from connector.sandbox.salesforce.ids import to_id
from connector.sandbox.salesforce.objects import ObjectType
from connector.sandbox.salesforce.permissions import Right
from connector.sandbox.salesforce.refusals import Json, RefusalError, entity_deleted, not_found
from connector.sandbox.salesforce.tables import Table
from connector.sandbox.salesforce.writing import parse_external_id, parse_values

_ID = frozenset({"id"})


def create(call: Call) -> Reply:
    """`POST /sobjects/{object}`."""
    table = call.table()
    call.permissions.check_write(table.object, Right.CREATE)
    values = parse_values(table.object, call.json_object(), call.permissions, is_new=True)
    made = call.database.insert(table, values, call.actor)
    location = f"{call.root}/sobjects/{table.object.name}/{made}"
    return Reply(201, {"id": made, "success": True, "errors": []}, {"Location": location}, written=1)


def get(call: Call) -> Reply:
    """`GET /sobjects/{object}/{id}`."""
    table = call.table()
    return Reply(body=_told(call, table, find(table, call.path["id"])))


def update(call: Call) -> Reply:
    """`PATCH /sobjects/{object}/{id}`."""
    table = call.table()
    call.permissions.check_write(table.object, Right.EDIT)
    row = find(table, call.path["id"])
    values = parse_values(table.object, call.json_object(), call.permissions, is_new=False)
    call.database.update(table, row, values, call.actor)
    return Reply(204, written=1)


def delete(call: Call) -> Reply:
    """`DELETE /sobjects/{object}/{id}`."""
    table = call.table()
    call.permissions.check_write(table.object, Right.DELETE)
    call.database.delete(table, find(table, call.path["id"]), call.actor)
    return Reply(204, written=1)


def get_by_external_id(call: Call) -> Reply:
    """`GET /sobjects/{object}/{field}/{value}`."""
    table = call.table()
    found = find_by_external_id(call, table, call.path["field"], call.path["value"])
    if not found:
        raise not_found()
    return _several(call, table, found) or Reply(body=_told(call, table, found[0]))


def upsert(call: Call) -> Reply:
    """`PATCH /sobjects/{object}/{field}/{value}`."""
    table = call.table()
    field = external_id_field(call, table.object, call.path["field"])
    found = find_by_external_id(call, table, field.name, call.path["value"])
    if several := _several(call, table, found):
        return several
    body = call.json_object()
    _check_has_no_key(body, field)
    value = parse_external_id(field, call.path["value"])
    made, is_new = parse_upsert(call, table, body, field, value).save(call.database, call.actor)
    status = 201 if is_new else 200
    return Reply(status, {"id": made, "success": True, "errors": [], "created": is_new}, written=1)


def find(table: Table, record_id: object) -> Row:
    """A live row of this object; refuses what is no id, unknown or deleted."""
    row = table.find(record_id)
    if row is not None:
        if row["Id"] in table.deleted:
            raise entity_deleted()
        return row
    known = to_id(record_id)
    if known is None:
        raise RefusalError("MALFORMED_ID", f"malformed id {record_id}")
    if not known.startswith(table.object.prefix):
        label = table.object.label or table.object.name
        raise RefusalError("MALFORMED_ID", f"{label} ID: id value of incorrect type: {record_id}", ["Id"])
    raise not_found()


def find_by_external_id(call: Call, table: Table, field_name: str, value: object) -> list[Row]:
    """The live rows with this external id; refuses a field that is none."""
    field = external_id_field(call, table.object, field_name)
    return table.find_by(field.name, value)


def external_id_field(call: Call, object_type: ObjectType, name: str) -> Field:
    """A field that records are upserted by."""
    field = object_type.find(name)
    if field is None or not field.is_external_id or not call.permissions.sees(object_type.name, field.name):
        message = f"Provided external ID field does not exist or is not accessible: {name}"
        raise RefusalError("NOT_FOUND", message, status=404)
    return field


@dataclass(frozen=True, slots=True)
class Upsert:
    """What is to be saved by an external id: changes of a row that was found, or a new row."""

    table: Table
    found: Row | None
    values: Row

    def save(self, database: Database, actor: Actor) -> tuple[str, bool]:
        """Save it; gives the id and whether it is new."""
        if self.found is None:
            return database.insert(self.table, self.values, actor), True
        database.update(self.table, self.found, self.values, actor)
        return str(self.found["Id"]), False


def parse_upsert(call: Call, table: Table, record: Json, field: Field, value: Any) -> Upsert:
    """A record that is known by the value of an external id. Raises RefusalError."""
    found = table.find_by(field.name, value)
    if len(found) > 1:
        message = f"{field.name}: more than one record found for external id field: {[row['Id'] for row in found]}"
        raise RefusalError("DUPLICATE_EXTERNAL_ID", message, [field.name])
    call.permissions.check_write(table.object, Right.EDIT if found else Right.CREATE)
    passed_over = frozenset({field.name.lower()})
    values = parse_values(table.object, record, call.permissions, is_new=not found, passed_over=passed_over)
    return Upsert(table, found[0], values) if found else Upsert(table, None, {**values, field.name: value})


def attributes(call: Call, object_name: str, record_id: str) -> Json:
    """What stands at the head of every record."""
    return {"type": object_name, "url": f"{call.root}/sobjects/{object_name}/{record_id}"}


def _told(call: Call, table: Table, row: Row) -> Json:
    name, permissions = table.object.name, call.permissions
    if asked := call.one("fields"):
        fields = [permissions.readable(table.object, one.strip()).name for one in asked.split(",")]
        fields = list(dict.fromkeys([*fields, "Id"]))
    else:
        fields = [one for one in table.object.fields if permissions.sees(name, one)]
    return {"attributes": attributes(call, name, row["Id"])} | {field: row.get(field) for field in fields}


def _several(call: Call, table: Table, found: list[Row]) -> Reply | None:
    if len(found) < 2:
        return None
    return Reply(300, [attributes(call, table.object.name, row["Id"])["url"] for row in found])


def _check_has_no_key(record: Json, field: Field) -> None:
    for name in record:
        if name.lower() in (*_ID, field.name.lower()):
            message = f"The {name} field should not be specified in the sobject data."
            raise RefusalError("INVALID_FIELD", message, [name])
