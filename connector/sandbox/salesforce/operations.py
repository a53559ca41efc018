"""Every operation of the REST API that is served here."""

from __future__ import annotations

from dataclasses import dataclass, replace

from connector.sandbox.exchange import Reply
from connector.sandbox.router import Router
from connector.sandbox.salesforce import actions_api as actions
from connector.sandbox.salesforce import bulk_api as bulk
from connector.sandbox.salesforce import changes_api as changes
from connector.sandbox.salesforce import collections_api as collections
from connector.sandbox.salesforce import composite_api
from connector.sandbox.salesforce import describe_api as describe
from connector.sandbox.salesforce import query_api as query
from connector.sandbox.salesforce import rows_api as rows
from connector.sandbox.salesforce.call import Call, Handler
from connector.sandbox.salesforce.refusals import not_found


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: what it is called in the log, and where it is found."""

    name: str
    method: str
    paths: tuple[str, ...]
    handler: Handler


def answer(call: Call, method: str, path: str) -> Reply:
    """Answer a subrequest of a composite call, which is of the same version and user."""
    found = ROUTER.find(method, path)
    if found is None or found[0].name.startswith("composite."):
        raise not_found()
    operation, arguments = found
    return operation.handler(replace(call, path=arguments))


def _of(name: str, method: str, path: str, handler: Handler) -> Operation:
    return Operation(name, method, (f"/services/data/<version>{path}",), handler)


_ROW, _TYPE = "/sobjects/<object>/<id>", "/sobjects/<object>"
_COLLECTION = "/composite/sobjects"
_JOB, _INGEST = "/jobs/<kind>/<id>", "/jobs/ingest/<id>"

OPERATIONS = (
    _of("resources", "GET", "", describe.resources),
    _of("limits", "GET", "/limits", describe.limits),
    _of("describe.global", "GET", "/sobjects", describe.describe_global),
    _of("describe.basic", "GET", _TYPE, describe.describe_basic),
    _of("describe", "GET", f"{_TYPE}/describe", describe.describe),
    _of("updated", "GET", f"{_TYPE}/updated", changes.updated),
    _of("deleted", "GET", f"{_TYPE}/deleted", changes.deleted),
    _of("rows.create", "POST", _TYPE, rows.create),
    _of("rows.get", "GET", _ROW, rows.get),
    _of("rows.update", "PATCH", _ROW, rows.update),
    _of("rows.delete", "DELETE", _ROW, rows.delete),
    _of("rows.get_by_external_id", "GET", f"{_TYPE}/<field>/<value>", rows.get_by_external_id),
    _of("rows.upsert", "PATCH", f"{_TYPE}/<field>/<value>", rows.upsert),
    _of("collections.create", "POST", _COLLECTION, collections.create),
    _of("collections.update", "PATCH", _COLLECTION, collections.update),
    _of("collections.delete", "DELETE", _COLLECTION, collections.delete),
    _of("collections.retrieve", "POST", f"{_COLLECTION}/<object>", collections.retrieve),
    _of("collections.retrieve", "GET", f"{_COLLECTION}/<object>", collections.retrieve_by_get),
    _of("collections.upsert", "PATCH", f"{_COLLECTION}/<object>/<field>", collections.upsert),
    _of("composite.run", "POST", "/composite", lambda call: composite_api.composite(call, answer)),
    _of("composite.batch", "POST", "/composite/batch", lambda call: composite_api.batch(call, answer)),
    _of("query", "GET", "/query", query.query),
    _of("query.all", "GET", "/queryAll", query.query_all),
    _of("query.more", "GET", "/query/<locator>", query.query_more),
    _of("query.more", "GET", "/queryAll/<locator>", query.query_more),
    _of("bulk.create_query", "POST", "/jobs/query", bulk.create_query),
    _of("bulk.query_results", "GET", "/jobs/query/<id>/results", bulk.query_results),
    _of("bulk.create_ingest", "POST", "/jobs/ingest", bulk.create_ingest),
    _of("bulk.upload", "PUT", f"{_INGEST}/batches", bulk.upload),
    _of("bulk.successful_results", "GET", f"{_INGEST}/successfulResults", bulk.successful_results),
    _of("bulk.failed_results", "GET", f"{_INGEST}/failedResults", bulk.failed_results),
    _of("bulk.unprocessed_records", "GET", f"{_INGEST}/unprocessedrecords", bulk.unprocessed_records),
    _of("bulk.change", "PATCH", _JOB, bulk.change),
    _of("bulk.get", "GET", _JOB, bulk.get),
    _of("bulk.delete", "DELETE", _JOB, bulk.delete),
    _of("actions", "POST", "/actions/standard/<name>", actions.invoke),
)
ROUTER = Router(OPERATIONS)
