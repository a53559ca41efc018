"""Single records: list, create, get, update, delete, merge, erase. HubSpot: Using object APIs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from connector.sandbox.exchange import Reply
from connector.sandbox.hubspot.associations import check_type, label_of, target_of
from connector.sandbox.hubspot.call import Call
from connector.sandbox.hubspot.crm import Crm
from connector.sandbox.hubspot.records import Record, RecordTable
from connector.sandbox.hubspot.refusals import invalid, not_found
from connector.sandbox.hubspot.shapes import AssociationsForObject, CreateInput, GdprDelete, Json, Merge, UpdateInput
from connector.sandbox.hubspot.vocabulary import ChangeSource, Origin, iso

_MAX_PAGE, _MAX_PAGE_WITH_HISTORY = 100, 50


def list_records(call: Call) -> Reply:
    """A page of records, oldest first."""
    history = call.many("propertiesWithHistory")
    limit = call.number("limit", 10, maximum=_MAX_PAGE_WITH_HISTORY if history else _MAX_PAGE)
    after = call.offset()
    records = list(call.table.archived if call.flag("archived") else call.table)
    page = records[after : after + limit]
    names = call.many("properties") or None
    body: Json = {"results": [_with_associations(call, record, names, history) for record in page]}
    if after + limit < len(records):
        body["paging"] = {"next": {"after": str(after + limit)}}
    return Reply(200, body)


def create_record(call: Call) -> Reply:
    """A new record."""
    wanted = call.read(CreateInput)
    table = call.table
    values = table.catalog.check_values(wanted.properties)
    check_associations(call.crm, table, wanted.associations)
    record = call.crm.create(table, values, call.origin)
    link_all(call, table, record, wanted.associations)
    return Reply(201, record_body(table, record, values), written=1)


def get_record(call: Call) -> Reply:
    """One record by id or by a unique value."""
    record = _asked(call, archived=call.flag("archived"))
    names = call.many("properties") or None
    return Reply(200, _with_associations(call, record, names, call.many("propertiesWithHistory")))


def update_record(call: Call) -> Reply:
    """New values for one record."""
    wanted = call.read(UpdateInput)
    table, record = call.table, _asked(call)
    values = table.catalog.check_values(wanted.properties)
    call.crm.check_change(table, record, values)
    call.crm.write(table, record, values, call.origin)
    return Reply(200, record_body(table, record, values), written=1)


def delete_record(call: Call) -> Reply:
    """Archive one record; an unknown one is no error."""
    record = call.table.find(call.path["object_id"])
    if record is not None:
        call.crm.archive(call.table, record, call.origin)
    return Reply(204, written=1)


def merge_records(call: Call) -> Reply:
    """Two records become one. The change is not marked as ours: it is the portal that merges."""
    wanted = call.read(Merge)
    name = call.table.object_type.name
    primary = call.crm.record(name, wanted.primary_object_id)
    secondary = call.crm.record(name, wanted.object_id_to_merge)
    if primary is secondary:
        raise invalid("Cannot merge a record with itself")
    survivor = call.crm.merge(call.table, primary, secondary, Origin(ChangeSource.MERGE))
    return Reply(200, record_body(call.table, survivor, None), written=1)


def gdpr_delete(call: Call) -> Reply:
    """Erase a contact for good; an unknown address is blocked."""
    wanted = call.read(GdprDelete)
    if wanted.id_property not in (None, "email", "hs_object_id"):
        raise invalid(f"idProperty {wanted.id_property} is not supported here.")
    by_email = wanted.id_property == "email"
    table = call.table
    record = table.find_by("email", wanted.object_id) if by_email else table.find(wanted.object_id)
    if record is not None:
        call.crm.erase(table, record, call.origin)
    elif by_email:
        call.crm.blocked_emails.add(wanted.object_id.lower())
    else:
        raise not_found("resource not found")
    return Reply(204, written=1)


def find_by(table: RecordTable, id_property: str | None, value: str) -> Record | None:
    """A record by id or by a unique property; refuses a property that is not unique."""
    if id_property is None or id_property == "hs_object_id":
        return table.find(value)
    definition = table.catalog.get(id_property)
    if not definition.unique:
        raise invalid(f"Property {id_property} is not a unique property and can not be used as idProperty.")
    return table.find_by(id_property, value)


def check_associations(crm: Crm, table: RecordTable, wanted: Sequence[AssociationsForObject] | None) -> None:
    """Refuse associations of a new record that can not be made."""
    for one in wanted or ():
        for spec in one.types:
            ends = (table.object_type.type_id, target_of(table.object_type.type_id, spec.association_type_id))
            check_type(*ends, spec.association_category, spec.association_type_id)
            if crm.tables[ends[1]].find(one.to.id) is None:
                raise not_found(f"The {crm.tables[ends[1]].object_type.name} {one.to.id} to associate does not exist.")


def link_all(call: Call, table: RecordTable, record: Record, wanted: Sequence[AssociationsForObject] | None) -> None:
    """Make the associations of a new record."""
    for one in wanted or ():
        for spec in one.types:
            to_type = target_of(table.object_type.type_id, spec.association_type_id)
            link = (table.object_type.type_id, record.id, to_type, one.to.id)
            call.crm.associations.link(*link, spec.association_type_id, call.origin)


def record_body(table: RecordTable, record: Record, names: Iterable[str] | None, history: Sequence[str] = ()) -> Json:
    """A record as the API shows it: the properties named, always with id and times."""
    object_type, properties = table.object_type, record.properties
    shown: dict[str, str | None] = {
        "hs_object_id": record.id,
        object_type.created_property: properties[object_type.created_property],
        object_type.modified_property: properties[object_type.modified_property],
    }
    known = table.catalog.properties
    for name in object_type.default_properties if names is None else names:
        if name in known:
            shown[name] = properties.get(name)
    body: Json = {
        "id": record.id,
        "properties": shown,
        "createdAt": properties[object_type.created_property],
        "updatedAt": properties[object_type.modified_property],
        "archived": record.archived_at is not None,
    }
    if record.archived_at is not None:
        body["archivedAt"] = iso(record.archived_at)
    if history:
        body["propertiesWithHistory"] = {n: _history(record, n) for n in history if n in known}
    return body


def _history(record: Record, name: str) -> list[Json]:
    return [
        {
            "value": version.value,
            "timestamp": iso(version.at),
            "sourceType": str(version.origin.source),
            **({"sourceId": version.origin.source_id} if version.origin.source_id else {}),
        }
        for version in reversed(record.history.get(name, []))
    ]


def _asked(call: Call, *, archived: bool = False) -> Record:
    id_property = call.one("idProperty") or None
    if id_property is not None:
        record = find_by(call.table, id_property, call.path["object_id"])
    else:
        record = call.table.find(call.path["object_id"], archived=archived)
    if record is None:
        raise not_found("resource not found")
    return record


def _with_associations(call: Call, record: Record, names: Sequence[str] | None, history: Sequence[str]) -> Json:
    body = record_body(call.table, record, names, history)
    associations: Json = {}
    for asked in call.many("associations"):
        other = call.crm.table(asked).object_type
        linked = call.crm.associations.linked(call.table.object_type.type_id, record.id, other.type_id)
        if linked:
            associations[other.plural] = {"results": _associated(call.table, other.name, linked)}
    if associations:
        body["associations"] = associations
    return body


def _associated(table: RecordTable, other: str, linked: dict[str, set[int]]) -> list[Json]:
    label = f"{table.object_type.name}_to_{other}"
    return [
        {"id": other_id, "type": label if label_of(one) is None else f"{label}_primary"}
        for other_id, types in linked.items()
        for one in sorted(types)
    ]
