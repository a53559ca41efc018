"""All leads and contacts of an org, and which of them changed.

All of them come out of a query job, whose results are read page by page: Bulk API 2.0 Developer Guide, Query Jobs.
Which changed is asked by the moment of their last change (SOQL and SOSL Reference), and which were deleted by sObject
Get Deleted (REST API Developer Guide): that tells the last fifteen days, those that were merged away among them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from connector.clock import Clock
from connector.crms.salesforce.client import SalesforceClient
from connector.crms.salesforce.errors import RefusedCallError
from connector.crms.salesforce.reader import Reader, View
from connector.crms.salesforce.replies import BulkJobInfo, DeletedRecords, read
from connector.crms.salesforce.schema import Schema
from connector.crms.salesforce.soql import quoted
from connector.crms.salesforce.translate import CONTACT, LEAD, OBJECTS, TASK, to_long_id
from connector.crms.salesforce.values import converter_of, parse_datetime
from connector.errors import UnreadableReplyError
from connector.log import get_logger
from connector.ports import Changed, ChangePage, CrmRecord, RecordPage

#: As many as are taken in in one transaction, in which on SQLite nobody else can write.
_PAGE: Final = 2_000
#: How long to wait before looking again whether a job is done, and before the next job where one failed.
_LOOK_AGAIN: Final = timedelta(seconds=5)
_BEGIN_ANEW: Final = timedelta(minutes=15)
_UNDER_WAY: Final = frozenset({"UploadComplete", "InProgress", "Open"})
_DONE: Final = "JobComplete"
#: For how long the org remembers deletions, with a margin for clocks that differ.
_DELETIONS_KEPT: Final = timedelta(days=15) - timedelta(minutes=10)
#: Longer texts than fields can have: the csv module refuses those of more than 131,072 characters otherwise.
LONGEST_CELL: Final = 2**20

log = get_logger()
csv.field_size_limit(LONGEST_CELL)


class OrgCensus:
    """The `CensusTaker` port for Salesforce."""

    object_types: Sequence[str] = (LEAD, CONTACT)

    def __init__(self, client: SalesforceClient, schema: Schema, reader: Reader, clock: Clock) -> None:
        self._client = client
        self._schema = schema
        self._reader = reader
        self._clock = clock

    # --- all ----------------------------------------------------------------------------------------------------

    def fetch_all(self, object_type: str, properties: Sequence[str], place: str) -> RecordPage:
        """One page of all records but converted leads, who live on as contacts.

        `place` is the id of the job and, from the second page on, the locator of the page. A job that failed, or
        whose results are kept no more, is begun anew.
        """
        view = self._reader.look(OBJECTS[object_type], properties)
        if not place:
            return self._begin(view)
        job_id, _, locator = place.partition(" ")
        try:
            return self._read(view, job_id, locator) if locator else self._look(view, job_id)
        except RefusedCallError as refusal:
            return _begin_anew(refusal.words)

    def _begin(self, view: View) -> RecordPage:
        condition = " WHERE IsConverted = false" if "IsConverted" in view.names else ""
        soql = f"SELECT {', '.join(view.names)} FROM {view.sobject}{condition}"
        try:
            answer = self._client.send("POST", "jobs/query", {"operation": "query", "query": soql})
        except RefusedCallError:
            self._schema.doubt()  # a field may have gone out of sight
            raise
        return RecordPage((), read(answer, BulkJobInfo).id, is_last=False)

    def _look(self, view: View, job_id: str) -> RecordPage:
        job = read(self._client.get(f"jobs/query/{job_id}"), BulkJobInfo)
        if job.state in _UNDER_WAY:
            return RecordPage((), job_id, is_last=False, rest=_LOOK_AGAIN)
        if job.state != _DONE:
            return _begin_anew(f"A query job of the org ended as {job.state}.")
        return replace(self._read(view, job_id, ""), total=job.number_records_processed)

    def _read(self, view: View, job_id: str, locator: str) -> RecordPage:
        query = {"maxRecords": str(_PAGE)} | ({"locator": locator} if locator else {})
        content, following = self._client.get_page(f"jobs/query/{job_id}/results", query)
        records = to_records(view, content)
        if records is None:
            return _begin_anew("The mapping reads other fields than when the query job began.", timedelta())
        return RecordPage(records, f"{job_id} {following}" if following else "", is_last=not following)

    # --- what changed -------------------------------------------------------------------------------------------

    def fetch_changed(self, object_type: str, since: datetime, until: datetime, place: str) -> ChangePage:
        """One page of the records that changed, the earliest first; with the last one come those that were deleted.

        `place` is the moment and the id of the last record of the page before: a query that goes on there needs no
        cursor that may end, and skips nobody of many who changed at the same moment.
        """
        sobject = OBJECTS[object_type]
        changes = list(self._changed(sobject, since, until, place))
        if len(changes) == _PAGE:
            return ChangePage(changes, f"{_moment(changes[-1].at)} {changes[-1].record_id}", is_last=False)
        return ChangePage([*changes, *self._deleted(sobject, since, until)], "", is_last=True)

    def _changed(self, sobject: str, since: datetime, until: datetime, place: str) -> Iterator[Changed]:
        bounds = [f"SystemModstamp >= {_moment(since)}", f"SystemModstamp <= {_moment(until)}", *_only(sobject)]
        if place:
            at, _, last = place.partition(" ")
            bounds[0] = f"(SystemModstamp > {at} OR (SystemModstamp = {at} AND Id > {quoted(last)}))"
        soql = (
            f"SELECT Id, SystemModstamp FROM {sobject} WHERE {' AND '.join(bounds)} "
            f"ORDER BY SystemModstamp, Id LIMIT {_PAGE}"
        )
        for row in self._client.query(soql):
            yield Changed(to_long_id(str(row["Id"])), parse_datetime(str(row["SystemModstamp"])))

    def _deleted(self, sobject: str, since: datetime, until: datetime) -> Iterator[Changed]:
        begin = max(since, self._clock.now() - _DELETIONS_KEPT)
        if begin >= until:
            return
        answer = self._client.get(f"sobjects/{sobject}/deleted/", {"start": _moment(begin), "end": _moment(until)})
        for one in read(answer, DeletedRecords).deleted_records:
            yield Changed(to_long_id(one.id), parse_datetime(one.deleted_date), is_gone=True)


def to_records(view: View, content: bytes) -> Sequence[CrmRecord] | None:
    """The records of one page of results, in CSV; None where it has not the columns of the view.

    Raises UnreadableReplyError.
    """
    try:
        rows = csv.reader(io.StringIO(content.decode(), newline=""), strict=True)
        head = {name: place for place, name in enumerate(next(rows))}
        return list(_to_records(view, head, rows)) if head.keys() >= set(view.names) else None
    except (StopIteration, LookupError, ValueError, ArithmeticError, csv.Error) as error:
        # Without its cause: that may quote a record.
        message = f"Salesforce gave results of {view.sobject} that cannot be read ({type(error).__name__})."
        raise UnreadableReplyError(message) from None


def _to_records(view: View, head: Mapping[str, int], rows: Iterable[Sequence[str]]) -> Iterator[CrmRecord]:
    """What is the same for every row is found out once: a page has thousands."""
    places = {name: head[field.name] for name, field in view.wanted.items()}
    converters = [(name, convert) for name, field in view.wanted.items() if (convert := converter_of(field.type))]
    id_, stamp, created = head["Id"], head["SystemModstamp"], head["CreatedDate"]
    for row in rows:
        properties = {name: row[place] for name, place in places.items()}
        for name, convert in converters:
            properties[name] = convert(properties[name])
        yield CrmRecord(
            record_id=to_long_id(row[id_]),
            properties=properties,
            read_as_of=parse_datetime(row[stamp]),
            created_at=parse_datetime(row[created]),
        )


def _begin_anew(problem: str, rest: timedelta = _BEGIN_ANEW) -> RecordPage:
    log.warning("query_job.given_up", problem=problem)
    return RecordPage((), "", is_last=False, rest=rest, problem=problem)


def _only(sobject: str) -> Sequence[str]:
    """Of tasks, those that are about somebody: an org may have many more."""
    return ("WhoId != null",) if sobject == OBJECTS[TASK] else ()


def _moment(moment: datetime) -> str:
    """A moment as a query holds it; moments there are whole seconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
