"""Bulk jobs and their states. Salesforce: Bulk API 2.0 Developer Guide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from connector.sandbox.salesforce.bulk_csv import DELIMITERS, LINE_ENDINGS
from connector.sandbox.salesforce.fields import to_stamp
from connector.sandbox.salesforce.refusals import Json, RefusalError, not_found


class State(StrEnum):
    """Where a job is."""

    OPEN = "Open"
    UPLOAD_COMPLETE = "UploadComplete"
    IN_PROGRESS = "InProgress"
    JOB_COMPLETE = "JobComplete"
    FAILED = "Failed"
    ABORTED = "Aborted"


@dataclass(slots=True)
class Job:
    """One job of either kind."""

    id: str
    #: `ingest` or `query`.
    kind: str
    operation: str
    object_name: str
    user_id: str
    made_at: datetime
    state: State
    column_delimiter: str = "COMMA"
    line_ending: str = "LF"
    external_id_field: str = ""
    content: bytes = b""
    error: str = ""
    #: How many looks at the job still say that it is under way.
    looks_left: int = 0
    #: Rows of a query: what finds a row's values by its id.
    columns: tuple[str, ...] = ()
    record_ids: list[str] = field(default_factory=list)
    tell: Callable[[str], Any] | None = None
    #: Rows of an ingest: id, whether it is new, and the cells; or id, error and the cells.
    saved: list[tuple[str, bool, list[str]]] = field(default_factory=list)
    failed: list[tuple[str, str, list[str]]] = field(default_factory=list)
    processed: int = 0

    @property
    def delimiter(self) -> str:
        """What parts the columns."""
        return DELIMITERS[self.column_delimiter]

    @property
    def line_end(self) -> str:
        """What ends the lines."""
        return LINE_ENDINGS[self.line_ending]

    def look(self) -> None:
        """Take note that somebody asked; work is seen to end after some looks."""
        if self.state in (State.UPLOAD_COMPLETE, State.IN_PROGRESS):
            if self.looks_left:
                self.looks_left -= 1
                self.state = State.IN_PROGRESS
            else:
                self.state = State.FAILED if self.error else State.JOB_COMPLETE

    def check_complete(self) -> None:
        """Refuse to give results of a job that is not complete."""
        if self.state != State.JOB_COMPLETE:
            raise bad_state(f"Results are not available while the job is {self.state}")

    def as_json(self, version: float) -> Json:
        """What the job says of itself."""
        told: Json = {
            "id": self.id,
            "operation": self.operation,
            "object": self.object_name,
            "createdById": self.user_id,
            "createdDate": to_stamp(self.made_at),
            "systemModstamp": to_stamp(self.made_at),
            "state": str(self.state),
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": version,
            "lineEnding": self.line_ending,
            "columnDelimiter": self.column_delimiter,
            "jobType": "V2Query" if self.kind == "query" else "V2Ingest",
            "retries": 0,
            "totalProcessingTime": 0,
            "numberRecordsProcessed": self.processed if self.state == State.JOB_COMPLETE else 0,
        }
        if self.kind == "ingest":
            told["contentUrl"] = f"services/data/v{version}/jobs/ingest/{self.id}/batches"
            told["numberRecordsFailed"] = len(self.failed) if self.state == State.JOB_COMPLETE else 0
            told |= {"externalIdFieldName": self.external_id_field} if self.external_id_field else {}
        return told | ({"errorMessage": self.error} if self.state == State.FAILED else {})


class JobBook:
    """All bulk jobs of an org."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        #: How many looks at a job say that it is under way before one says that it ended.
        self.looks_until_done = 0

    @property
    def amount(self) -> int:
        """How many jobs write records."""
        return sum(job.kind == "ingest" for job in self._jobs.values())

    def add(self, job: Job) -> None:
        """Keep a job."""
        job.looks_left = self.looks_until_done
        self._jobs[job.id] = job

    def get(self, kind: str, job_id: str) -> Job:
        """A job of a kind; refuses an unknown one with 404."""
        job = self._jobs.get(job_id)
        if job is None or job.kind != kind:
            raise not_found()
        return job

    def remove(self, job: Job) -> None:
        """Forget a job that is over."""
        if job.state in (State.OPEN, State.IN_PROGRESS):
            raise bad_state(f"A job that is {job.state} cannot be deleted")
        del self._jobs[job.id]


def bad_state(message: str) -> RefusalError:
    """400: the job is not in a state for this."""
    return RefusalError("INVALIDJOBSTATE", message)
