"""Jobs over many records, in CSV. Salesforce: Bulk API 2.0 Developer Guide."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Any

from connector.sandbox.exchange import Reply
from connector.sandbox.salesforce.bulk_csv import (
    DELIMITERS,
    LINE_ENDINGS,
    NOTHING,
    from_cell,
    read_csv,
    to_cell,
    write_csv,
)
from connector.sandbox.salesforce.bulk_jobs import Job, State, bad_state
from connector.sandbox.salesforce.call import Call
from connector.sandbox.salesforce.happenings import Actor
from connector.sandbox.salesforce.permissions import Right
from connector.sandbox.salesforce.query import Query
from connector.sandbox.salesforce.refusals import Json, RefusalError
from connector.sandbox.salesforce.rows_api import external_id_field, find, parse_upsert
from connector.sandbox.salesforce.soql import parse_soql
from connector.sandbox.salesforce.tables import Table
from connector.sandbox.salesforce.writing import parse_values

MAX_UPLOAD = 150_000_000
DEFAULT_PAGE = 50_000
_RIGHTS = {
    "insert": Right.CREATE,
    "update": Right.EDIT,
    "upsert": Right.EDIT,
    "delete": Right.DELETE,
    "hardDelete": Right.DELETE,
}
_CSV = {"Content-Type": "text/csv"}


def create_query(call: Call) -> Reply:
    """`POST /jobs/query`; the query is read, and refused, at once."""
    body = call.json_object()
    operation = body.get("operation")
    if operation not in ("query", "queryAll") or not isinstance(body.get("query"), str):
        raise RefusalError("INVALIDJOB", "operation must be query or queryAll, and query is required")
    select = parse_soql(body["query"])
    if not select.fields or select.offset:
        raise RefusalError("API_ERROR", "COUNT and OFFSET are not supported by the Bulk API")
    query = Query(select, call.database, call.permissions, call.root, with_deleted=operation == "queryAll")
    answer = query.run()
    job = _new_job(call, "query", body, call.object_type(select.object_name).name, State.UPLOAD_COMPLETE)
    job.columns, job.record_ids, job.tell = answer.fields, answer.record_ids, answer.tell
    job.processed = len(job.record_ids)
    return Reply(body=job.as_json(call.version))


def query_results(call: Call) -> Reply:
    """`GET /jobs/query/{id}/results?maxRecords=&locator=`: a page of rows; `Sforce-Locator` leads to the next."""
    job = call.org.jobs.get("query", call.path["id"])
    job.look()
    job.check_complete()
    start = _number(call, "locator", 0)
    end = start + (_number(call, "maxRecords", DEFAULT_PAGE) or DEFAULT_PAGE)
    told: Iterable[Any] = map(job.tell, job.record_ids[start:end]) if job.tell is not None else ()
    paths = [column.split(".") for column in job.columns]
    rows = [[_at(record, path) for path in paths] for record in told if record is not None]
    body = write_csv(job.columns, rows, delimiter=job.delimiter, line_ending=job.line_end)
    locator = "null" if end >= len(job.record_ids) else str(end)
    return Reply(body=body, headers={**_CSV, "Sforce-NumberOfRecords": str(len(rows)), "Sforce-Locator": locator})


def create_ingest(call: Call) -> Reply:
    """`POST /jobs/ingest`."""
    body = call.json_object()
    operation = body.get("operation")
    if not isinstance(operation, str) or operation not in _RIGHTS or not isinstance(body.get("object"), str):
        raise RefusalError("INVALIDJOB", f"operation must be one of {', '.join(_RIGHTS)}, and object is required")
    found = call.object_type(body["object"])
    call.permissions.check_write(found, _RIGHTS[operation])
    job = _new_job(call, "ingest", body, found.name, State.OPEN)
    if operation == "upsert":
        job.external_id_field = external_id_field(call, found, str(body.get("externalIdFieldName"))).name
    return Reply(body=job.as_json(call.version))


def upload(call: Call) -> Reply:
    """`PUT /jobs/ingest/{id}/batches`: the one file of a job."""
    job = call.org.jobs.get("ingest", call.path["id"])
    if job.state != State.OPEN or job.content:
        raise bad_state("Data can be uploaded once, while the job is Open")
    if len(call.raw_body) > MAX_UPLOAD:
        raise RefusalError("LIMIT_EXCEEDED", "The uploaded data is larger than 150 MB")
    if not call.headers.get("content-type", "").startswith("text/csv"):
        raise RefusalError("INVALID_CONTENT_TYPE", "Content-Type must be text/csv", status=415)
    job.content = call.raw_body
    return Reply(201)


def change(call: Call) -> Reply:
    """`PATCH /jobs/{kind}/{id}`: the upload is complete, or the job is aborted."""
    job = call.org.jobs.get(call.path["kind"], call.path["id"])
    asked = call.json_object().get("state")
    if asked == State.ABORTED and job.state in (State.OPEN, State.UPLOAD_COMPLETE, State.IN_PROGRESS):
        job.state = State.ABORTED
    elif asked == State.UPLOAD_COMPLETE and job.state == State.OPEN and job.kind == "ingest":
        job.state = State.UPLOAD_COMPLETE
        _ingest(call, job)
    else:
        raise bad_state(f"A job that is {job.state} cannot become {asked}")
    return Reply(body=job.as_json(call.version), written=len(job.saved))


def get(call: Call) -> Reply:
    """`GET /jobs/{kind}/{id}`."""
    job = call.org.jobs.get(call.path["kind"], call.path["id"])
    job.look()
    return Reply(body=job.as_json(call.version))


def delete(call: Call) -> Reply:
    """`DELETE /jobs/{kind}/{id}`."""
    call.org.jobs.remove(call.org.jobs.get(call.path["kind"], call.path["id"]))
    return Reply(204)


def successful_results(call: Call) -> Reply:
    """`GET /jobs/ingest/{id}/successfulResults`."""
    job = _complete(call)
    rows = [[record_id, to_cell(is_new), *cells] for record_id, is_new, cells in job.saved]
    return _results(job, ("sf__Id", "sf__Created"), rows)


def failed_results(call: Call) -> Reply:
    """`GET /jobs/ingest/{id}/failedResults`."""
    job = _complete(call)
    rows = [[record_id, error, *cells] for record_id, error, cells in job.failed]
    return _results(job, ("sf__Id", "sf__Error"), rows)


def unprocessed_records(call: Call) -> Reply:
    """`GET /jobs/ingest/{id}/unprocessedrecords`: none, for nothing ends a job half-way here."""
    return _results(_complete(call), (), [])


def _new_job(call: Call, kind: str, body: Json, object_name: str, state: State) -> Job:
    delimiter, ending = str(body.get("columnDelimiter", "COMMA")), str(body.get("lineEnding", "LF"))
    if delimiter not in DELIMITERS or ending not in LINE_ENDINGS or body.get("contentType", "CSV") != "CSV":
        raise RefusalError("INVALIDJOB", "unknown columnDelimiter, lineEnding or contentType")
    job_id, now = call.database.ids.next("750"), call.org.clock.now()
    job = Job(job_id, kind, body["operation"], object_name, call.grant.user_id, now, state, delimiter, ending)
    call.org.jobs.add(job)
    return job


def _ingest(call: Call, job: Job) -> None:
    """Save the rows of a file; a column that is unknown fails the whole job."""
    table = call.database.tables[job.object_name]
    try:
        columns, rows = read_csv(job.content, delimiter=job.delimiter)
        if unknown := [name for name in columns if table.object.find(name) is None]:
            job.error = f"InvalidBatch : Field name not found : {unknown[0]}"
            return
        job.columns = tuple(columns)
        actor = Actor(call.grant.user_id, call.actor.client)
        for row in rows:
            _ingest_row(call, job, table, row, actor)
    except (UnicodeDecodeError, csv.Error) as error:
        job.error = f"InvalidBatch : {error}"


def _ingest_row(call: Call, job: Job, table: Table, row: dict[str, str], actor: Actor) -> None:
    cells = [row.get(name) or "" for name in job.columns]
    job.processed += 1
    fields = {name: table.object.find(name) for name in job.columns}
    record = {name: from_cell(field, row[name]) for name, field in fields.items() if field is not None and row[name]}
    try:
        saved, is_new = _save_row(call, job, table, record, actor)
    except RefusalError as refusal:
        named = ",".join(refusal.fields or ())
        job.failed.append((str(record.get("Id") or ""), f"{refusal.code}:{refusal.message}:{named} --", cells))
    else:
        job.saved.append((saved, is_new, cells))


def _save_row(call: Call, job: Job, table: Table, record: Json, actor: Actor) -> tuple[str, bool]:
    if job.operation == "upsert":
        field = external_id_field(call, table.object, job.external_id_field)
        value = field.parse(record.pop(field.name, None))
        if value is None or value == NOTHING:
            raise RefusalError("MISSING_ARGUMENT", f"{field.name} not specified")
        return parse_upsert(call, table, record, field, value).save(call.database, actor)
    if job.operation == "insert":
        values = parse_values(table.object, record, call.permissions, is_new=True)
        return call.database.insert(table, values, actor), True
    row = find(table, record.pop("Id", None))
    if job.operation == "update":
        values = parse_values(table.object, record, call.permissions, is_new=False)
        call.database.update(table, row, values, actor)
    else:
        call.database.delete(table, row, actor)
    return str(row["Id"]), False


def _complete(call: Call) -> Job:
    job = call.org.jobs.get("ingest", call.path["id"])
    job.look()
    job.check_complete()
    return job


def _results(job: Job, more: tuple[str, ...], rows: list[list[str]]) -> Reply:
    body = write_csv((*more, *job.columns), rows, delimiter=job.delimiter, line_ending=job.line_end)
    return Reply(body=body, headers=_CSV)


def _number(call: Call, name: str, default: int) -> int:
    text = call.one(name)
    if not text:
        return default
    if not text.isdecimal():
        raise RefusalError("INVALID_QUERY_LOCATOR", f"{name} is not valid: {text}")
    return int(text)


def _at(record: Json, path: list[str]) -> Any:
    value: Any = record
    for step in path:
        value = value.get(step) if value is not None else None
    return value
