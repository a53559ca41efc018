"""Tasks and notes, each exactly once. REST API: Upsert Records Using sObject Collections; Object Reference: Task.

A note is a task that is done: both stand in the record's activities. Our key is an external id, under which Salesforce
itself finds what an earlier attempt made. An upsert would also write over what a rep changed since, or bring back
what a rep deleted; so the keys are looked up first, in the recycle bin and the archive as well, and only what is
missing is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connector.crms.salesforce.batches import Outcome, Replies, save
from connector.crms.salesforce.client import SalesforceClient
from connector.crms.salesforce.errors import RefusedCallError
from connector.crms.salesforce.homes import find_homes
from connector.crms.salesforce.plain import cut, to_plain
from connector.crms.salesforce.soql import lists_of
from connector.crms.salesforce.translate import (
    CONTACT,
    KEY_FIELD,
    LEAD,
    OBJECTS,
    QUEUE_PREFIX,
    TASK,
    USER_PREFIX,
    object_type_of,
    to_long_id,
)
from connector.crms.salesforce.values import to_datetime_text
from connector.domain.outward.change import Act, ChangeKind
from connector.ports import RecordReply, ReplyState

_TASK: Final = OBJECTS[TASK]
_MAX_SUBJECT: Final = 255
_MAX_DESCRIPTION: Final = 32_000
#: A note needs a title.
_NOTE: Final = "Coltiva"
_PRIORITIES: Final = {"HIGH": "High", "MEDIUM": "Normal", "LOW": "Low"}
_SUBTYPES: Final = {"CALL": "Call", "EMAIL": "Email"}
_NOBODY: Final = RecordReply(ReplyState.REFUSED, "This is no id of a lead or contact.")
_NO_OWNER: Final = RecordReply(ReplyState.REFUSED, "The owner is no user of the org.")
_OWNERS: Final = (USER_PREFIX, QUEUE_PREFIX)


class ActWriter:
    """Makes the tasks and notes of one org."""

    def __init__(self, client: SalesforceClient) -> None:
        self._client = client
        self._zone: tzinfo | None = None

    def write(self, kind: ChangeKind, acts: Mapping[str, tuple[str, Act]]) -> Replies:
        """Make tasks or notes, key -> (record id, act), tied to record and owner; one reply a key, with the new id.

        What there is under a key is left as it is, also when somebody changed, finished or deleted it. What is for a
        lead that was converted, or a record that was merged away, goes to the one as which it lives on.
        """
        made = self._find(acts)
        replies = {key: RecordReply(ReplyState.DONE, remote_id=task_id) for key, task_id in made.items()}
        bodies = {}
        for key, (record_id, act) in acts.items():
            if key in made:
                continue
            who = to_long_id(record_id)
            if object_type_of(who) not in (LEAD, CONTACT):
                replies[key] = _NOBODY
            elif act.owner and not to_long_id(act.owner).startswith(_OWNERS):
                replies[key] = _NO_OWNER
            else:
                bodies[key] = self._to_body(kind, key, who, act)
        outcomes = self._save(bodies)
        homes = find_homes(self._client, outcomes, {key: record_id for key, (record_id, _) in acts.items()})
        outcomes |= self._save({key: {**bodies[key], "WhoId": home.record_id} for key, home in homes.items()})
        return replies | {key: outcome.reply for key, outcome in outcomes.items()}

    def _save(self, bodies: Mapping[str, Mapping[str, Any]]) -> dict[str, Outcome]:
        return save(self._client, "PATCH", f"composite/sobjects/{_TASK}/{KEY_FIELD}", bodies)

    def _find(self, keys: Iterable[str]) -> dict[str, str]:
        """The ids of those that were made."""
        return {
            str(row[KEY_FIELD]): to_long_id(row["Id"])
            for listed in lists_of(keys)
            for row in self._client.query(
                f"SELECT Id, {KEY_FIELD} FROM {_TASK} WHERE {KEY_FIELD} IN {listed}", with_deleted=True
            )
        }

    def _to_body(self, kind: ChangeKind, key: str, who: str, act: Act) -> dict[str, Any]:
        common = {
            "attributes": {"type": _TASK},
            KEY_FIELD: key,
            "WhoId": who,
            "Description": cut(to_plain(act.body), _MAX_DESCRIPTION),
            **_owner(act),
        }
        if kind is ChangeKind.NOTE:
            subject = cut(to_plain(act.body).partition("\n")[0] or _NOTE, _MAX_SUBJECT)
            return {**common, "Subject": subject, "Status": "Completed", "ActivityDate": self._to_day(act.due_at)}
        return {
            **common,
            "Subject": cut(act.subject, _MAX_SUBJECT),
            "Status": "Not Started",
            "ActivityDate": self._to_day(act.task_due_at or act.due_at),
            **_chosen("Priority", _PRIORITIES, act.priority),
            **_chosen("TaskSubtype", _SUBTYPES, act.type),
            **_reminder(act),
        }

    def _to_day(self, moment: datetime) -> str:
        """The day on which it falls where the org is at home: the date of a task has no time zone."""
        if self._zone is None:
            self._zone = self._fetch_zone()
        return moment.astimezone(self._zone).date().isoformat()

    def _fetch_zone(self) -> tzinfo:
        try:
            for row in self._client.query("SELECT TimeZoneSidKey FROM Organization"):
                return ZoneInfo(str(row["TimeZoneSidKey"]))
        except (RefusedCallError, ZoneInfoNotFoundError, KeyError, ValueError):
            pass  # it may not be told to us: a day sooner or later, at night
        return UTC


def _owner(act: Act) -> dict[str, str]:
    """A person. A queue is nobody whom a task would reach: the org's own rule finds somebody."""
    owner = to_long_id(act.owner)
    return {"OwnerId": owner} if owner.startswith(USER_PREFIX) else {}


def _chosen(field: str, words: Mapping[str, str], ours: str) -> dict[str, str]:
    return {field: words[ours.upper()]} if ours.upper() in words else {}


def _reminder(act: Act) -> dict[str, Any]:
    if act.remind_at is None:
        return {}
    return {"IsReminderSet": True, "ReminderDateTime": to_datetime_text(act.remind_at)}
