"""Fields of many leads or contacts at once, by a job that the org works off. Bulk API 2.0 Developer Guide, Ingest.

One file a job, of one object. An empty cell leaves a field as it is, and #N/A clears it. The results name records by
their ids, in any order.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from connector.crms.salesforce.batches import Outcome, Replies
from connector.crms.salesforce.census import LONGEST_CELL
from connector.crms.salesforce.client import SalesforceClient
from connector.crms.salesforce.errors import ErrorDetail, RefusedCallError, to_reply
from connector.crms.salesforce.replies import BulkJobInfo, read
from connector.crms.salesforce.schema import Schema
from connector.crms.salesforce.translate import OBJECTS, to_long_id
from connector.crms.salesforce.writer import to_bodies, to_replies
from connector.errors import UnreadableReplyError
from connector.log import get_logger
from connector.ports import BulkLook, RecordReply, ReplyState

_PATH: Final = "jobs/ingest"
_NULL: Final = "#N/A"
_LOOK_AGAIN: Final = timedelta(seconds=5)
_UNDER_WAY: Final = frozenset({"UploadComplete", "InProgress"})
_OPEN: Final = "Open"
_DONE: Final = RecordReply(ReplyState.DONE)
#: What a cell cannot say.
_UNSAYABLE: Final = RecordReply(ReplyState.LATER, "Its value means nothing in a file of CSV.", is_untouched=True)

log = get_logger()
csv.field_size_limit(LONGEST_CELL)


class Ingest:
    """The `BulkWriter` port for Salesforce."""

    def __init__(self, client: SalesforceClient, schema: Schema, threshold: int) -> None:
        self.threshold = threshold
        self._client = client
        self._schema = schema

    def open(self, object_type: str) -> str:
        """Create a job that updates records of this object."""
        job = {"object": OBJECTS[object_type], "operation": "update", "contentType": "CSV", "lineEnding": "LF"}
        return read(self._client.send("POST", _PATH, job), BulkJobInfo).id

    def fill(self, job: str, changes: Mapping[str, Mapping[str, str]]) -> Replies:
        """Upload the file, and say that it is complete."""
        bodies, replies = to_bodies(self._schema, changes)
        unsayable = [record_id for record_id, body in bodies.items() if any(map(_is_unsayable, body.values()))]
        replies |= dict.fromkeys(unsayable, _UNSAYABLE)
        rows = [body for record_id, body in bodies.items() if record_id not in replies]
        if rows:
            self._client.upload(f"{_PATH}/{job}/batches", to_csv(rows))
            self._client.send("PATCH", f"{_PATH}/{job}", {"state": "UploadComplete"})
        return replies

    def look(self, job: str) -> BulkLook:
        """How far it is; of one that is over, what its results say of each record."""
        try:
            info = read(self._client.get(f"{_PATH}/{job}"), BulkJobInfo)
            if info.state == _OPEN:  # its file may not have arrived as a whole
                self._client.send("PATCH", f"{_PATH}/{job}", {"state": "Aborted"})
                return BulkLook(is_over=True)
        except RefusedCallError as refusal:
            log.warning("bulk_job.lost", problem=refusal.code)
            return BulkLook(is_over=True)
        if info.state in _UNDER_WAY:
            return BulkLook(is_over=False, rest=_LOOK_AGAIN)
        return BulkLook(is_over=True, replies=self._replies(job))

    def _replies(self, job: str) -> Replies:
        """What the results say; nothing where they say nothing, as those of a job that was aborted."""
        try:
            return to_replies(self._client, self._outcomes(job))
        except (RefusedCallError, UnreadableReplyError) as problem:  # nor will they ever
            log.warning("bulk_job.without_results", problem=str(problem))
            return {}

    def _outcomes(self, job: str) -> dict[str, Outcome]:
        outcomes = {_id_of(row): Outcome(_DONE) for row in self._rows(job, "successfulResults")}
        return outcomes | {
            _id_of(row): _to_outcome(row.get("sf__Error") or "") for row in self._rows(job, "failedResults")
        }

    def _rows(self, job: str, name: str) -> Iterator[Mapping[str, str]]:
        content = self._client.get(f"{_PATH}/{job}/{name}")
        try:
            yield from csv.DictReader(io.StringIO(content.decode(), newline=""), strict=True)
        except (ValueError, csv.Error) as error:
            # Without its cause: that may quote a record.
            raise UnreadableReplyError(
                f"Salesforce gave {name} that cannot be read ({type(error).__name__})."
            ) from None


def to_csv(bodies: Sequence[Mapping[str, Any]]) -> bytes:
    """The file: a column for each field that any of the records sets."""
    names = sorted({name for body in bodies for name in body} - {"attributes", "id"})
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["Id", *names])
    writer.writerows([body["id"], *_cells(body, names)] for body in bodies)
    return file.getvalue().encode()


def _is_unsayable(value: object) -> bool:
    """Whether it would clear the field, or might end the line: not every writer puts a CR into quotation marks."""
    return isinstance(value, str) and (value == _NULL or "\r" in value)


def _cells(body: Mapping[str, Any], names: Iterable[str]) -> Iterator[str]:
    for name in names:
        value = body.get(name, "")
        if value is None:
            yield _NULL
        elif isinstance(value, bool):
            yield "true" if value else "false"
        else:
            yield str(value)


def _id_of(row: Mapping[str, str]) -> str:
    return to_long_id(row.get("sf__Id") or row.get("Id") or "")


def _to_outcome(told: str) -> Outcome:
    """`CODE:message:fields --`, as the results tell an error."""
    code, _, rest = told.partition(":")
    message, _, fields = rest.removesuffix("--").rstrip().rpartition(":")
    named = [name for name in fields.split(",") if name]
    detail = ErrorDetail(status_code=code, message=message or rest, fields=named)
    return Outcome(to_reply([detail]), [detail])
