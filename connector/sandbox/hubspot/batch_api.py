"""Batches of records: read, create, update, upsert, archive. HubSpot: Using object APIs, batch operations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from connector.sandbox.exchange import Reply
from connector.sandbox.hubspot.call import Call
from connector.sandbox.hubspot.objects_api import check_associations, find_by, link_all, record_body
from connector.sandbox.hubspot.records import Record, RecordTable
from connector.sandbox.hubspot.refusals import Category, invalid, record_error
from connector.sandbox.hubspot.shapes import BatchCreate, BatchIds, BatchRead, BatchUpdate, BatchUpdateInput, Json
from connector.sandbox.hubspot.vocabulary import iso

MAX_INPUTS = 100


def read_batch(call: Call) -> Reply:
    """Some records; those that do not exist are named in `errors`."""
    wanted = call.read(BatchRead)
    _check_size(wanted.inputs)
    table, archived = call.table, call.flag("archived")
    found: dict[str, Record] = {}
    missing: list[str] = []
    for one in wanted.inputs:
        record = _find(table, wanted.id_property, one.id, archived=archived)
        if record is None:
            missing.append(one.id)
        else:
            found[record.id] = record
    names = wanted.properties or None
    results = [record_body(table, record, names, wanted.properties_with_history) for record in found.values()]
    return batch_reply(call, results, _missing(table, missing))


def create_batch(call: Call) -> Reply:
    """New records, all or none."""
    wanted = call.read(BatchCreate)
    _check_size(wanted.inputs)
    table = call.table
    checked = [table.catalog.check_values(one.properties) for one in wanted.inputs]
    _refuse_equal_unique_values(table, checked)
    for one, values in zip(wanted.inputs, checked, strict=True):
        call.crm.check_new(table, values)
        check_associations(call.crm, table, one.associations)
    results = []
    for one, values in zip(wanted.inputs, checked, strict=True):
        record = call.crm.create(table, values, call.origin)
        link_all(call, table, record, one.associations)
        results.append(_traced(record_body(table, record, values), one.object_write_trace_id))
    return batch_reply(call, results, [], status=201, written=len(results))


def update_batch(call: Call) -> Reply:
    """New values for records: none is written when one is invalid, the missing are named in `errors`."""
    wanted = call.read(BatchUpdate)
    _check_size(wanted.inputs)
    table, crm = call.table, call.crm
    missing: list[str] = []
    changes: dict[str, tuple[Record, dict[str, str], BatchUpdateInput]] = {}
    check_values, origin = table.catalog.check_values, call.origin
    for one in wanted.inputs:
        values = check_values(one.properties)
        record = find_by(table, one.id_property, one.id)
        if record is None:
            missing.append(one.id)
            continue
        if record.id in changes:
            raise _duplicates([one.id])
        crm.check_change(table, record, values)
        changes[record.id] = (record, values, one)
    _refuse_equal_unique_values(table, [values for _, values, _ in changes.values()])
    results = []
    for record, values, one in changes.values():
        crm.write(table, record, values, origin)
        results.append(_traced(record_body(table, record, values), one.object_write_trace_id))
    return batch_reply(call, results, _missing(table, missing), written=len(results))


def upsert_batch(call: Call) -> Reply:
    """Find records by a unique property and change them, or make them; all or none."""
    wanted = call.read(BatchUpdate)
    _check_size(wanted.inputs)
    _refuse_duplicates((one.id_property or "", one.id) for one in wanted.inputs)
    table = call.table
    plan = [(one, *_upsert_plan(call, table, one)) for one in wanted.inputs]
    _refuse_equal_unique_values(table, [values for _, _, values in plan])
    results = []
    for one, record, values in plan:
        is_new = record is None
        if record is None:
            record = call.crm.create(table, values, call.origin)
        else:
            call.crm.write(table, record, values, call.origin)
        body = _traced(record_body(table, record, values), one.object_write_trace_id)
        results.append({**body, "new": is_new})
    return batch_reply(call, results, [], written=len(results))


def archive_batch(call: Call) -> Reply:
    """Archive records; unknown ones are passed over."""
    wanted = call.read(BatchIds)
    _check_size(wanted.inputs)
    found = [record for one in wanted.inputs if (record := call.table.find(one.id)) is not None]
    for record in found:
        call.crm.archive(call.table, record, call.origin)
    return Reply(204, written=len(found))


def batch_reply(
    call: Call, results: Sequence[Json], errors: Sequence[Json], *, status: int = 200, written: int = 0
) -> Reply:
    """The frame around batch results; a batch done in part is answered as the portal's habit is."""
    now = iso(call.crm.clock.now())
    body: Json = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    if errors:
        body["numErrors"] = len(errors)
        body["errors"] = errors
        if call.crm.habits.partial_failure_status == 207:
            status = 207
    return Reply(status, body, written=written)


def _upsert_plan(call: Call, table: RecordTable, one: BatchUpdateInput) -> tuple[Record | None, dict[str, str]]:
    if one.id_property is None:
        raise invalid("idProperty is required for an upsert.")
    record = find_by(table, one.id_property, one.id)
    values = table.catalog.check_values({one.id_property: one.id, **one.properties})
    if record is None:
        call.crm.check_new(table, values)
    else:
        call.crm.check_change(table, record, values)
    return record, values


def _find(table: RecordTable, id_property: str | None, value: str, *, archived: bool) -> Record | None:
    return table.find(value, archived=True) if archived else find_by(table, id_property, value)


def _check_size(inputs: Sequence[object]) -> None:
    if len(inputs) > MAX_INPUTS:
        raise invalid(f"The maximum number of inputs supported in a batch request is {MAX_INPUTS}, got {len(inputs)}.")


def _refuse_duplicates(keys: Iterable[tuple[str, str]]) -> None:
    counts = Counter(keys)
    twice = [key[1] for key, times in counts.items() if times > 1]
    if twice:
        raise _duplicates(twice)


def _duplicates(ids: Sequence[str]) -> Exception:
    return invalid(f"Duplicate IDs found in batch input: [{', '.join(ids)}]. IDs must be unique")


def _refuse_equal_unique_values(table: RecordTable, checked: Iterable[dict[str, str]]) -> None:
    unique = table.catalog.unique_names
    seen: set[tuple[str, str]] = set()
    for values in checked:
        for name in unique.intersection(values):
            key = (name, values[name])
            if key[1] and key in seen:
                raise invalid(f"Two inputs have the same value for {name}: {key[1]}")
            seen.add(key)


def _missing(table: RecordTable, ids: Sequence[str]) -> list[Json]:
    if not ids:
        return []
    message = f"Could not get some {table.object_type.name.upper()} objects, they may be deleted or not exist."
    return [record_error(Category.NOT_FOUND, message, {"ids": list(ids)})]


def _traced(body: Json, trace_id: str | None) -> Json:
    if trace_id is not None:
        body["objectWriteTraceId"] = trace_id
    return body
