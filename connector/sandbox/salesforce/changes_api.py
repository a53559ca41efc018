"""Which records changed or were deleted. Salesforce: REST API, "sObject Get Updated", "sObject Get Deleted"."""

from __future__ import annotations

from datetime import datetime, timedelta

from connector.sandbox.exchange import Reply
from connector.sandbox.salesforce.call import Call
from connector.sandbox.salesforce.fields import parse_datetime, to_stamp
from connector.sandbox.salesforce.refusals import RefusalError

UPDATES_KEPT = timedelta(days=30)
DELETIONS_KEPT = timedelta(days=15)


def updated(call: Call) -> Reply:
    """`GET /sobjects/{object}/updated/?start=&end=`: ids of records made or changed, not of deleted ones."""
    start, end = _span(call, UPDATES_KEPT)
    first, last = to_stamp(start), to_stamp(end)
    ids = [row["Id"] for row in call.table() if first <= row["SystemModstamp"] < last]
    return Reply(body={"ids": ids, "latestDateCovered": last})


def deleted(call: Call) -> Reply:
    """`GET /sobjects/{object}/deleted/?start=&end=`: records that are still in the recycle bin."""
    start, end = _span(call, DELETIONS_KEPT)
    found = [(at, record_id) for record_id, at in call.table().deleted.items() if start <= at < end]
    earliest = max(call.org.created_at, call.org.clock.now() - DELETIONS_KEPT)
    return Reply(
        body={
            "deletedRecords": [{"id": record_id, "deletedDate": to_stamp(at)} for at, record_id in sorted(found)],
            "earliestDateAvailable": to_stamp(_whole_minute(earliest)),
            "latestDateCovered": to_stamp(end),
        }
    )


def _span(call: Call, kept: timedelta) -> tuple[datetime, datetime]:
    """Start and end without their seconds, which Salesforce ignores; the future is not covered."""
    now = call.org.clock.now()
    start, end = _moment(call, "start"), min(_moment(call, "end"), _whole_minute(now))
    if _moment(call, "end") <= start:
        raise RefusalError("INVALID_REPLICATION_DATE", "endDate must be at least one minute greater than startDate")
    if start < now - kept:
        raise RefusalError("INVALID_REPLICATION_DATE", f"startDate cannot be more than {kept.days} days ago")
    return start, max(start, end)


def _moment(call: Call, name: str) -> datetime:
    text = call.one(name)
    # A plus that was not encoded reaches us as a space.
    moment = parse_datetime(text.replace(" ", "+"))
    if moment is None:
        raise RefusalError("INVALID_REPLICATION_DATE", f"{name} is no date with a time zone: {text}")
    return _whole_minute(moment)


def _whole_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
