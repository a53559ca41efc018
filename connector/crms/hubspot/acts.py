"""Tasks and notes, each exactly once. HubSpot: Tasks API guide, Notes API guide, Associations API guide.

Our key is the value of a unique property, so HubSpot itself refuses a second task with the same key. Tasks are
created together with their association in one call. Only when HubSpot refuses the call are the keys looked up: what
an earlier attempt made is associated again and left as it is, for a rep may have changed it meanwhile; `upsert`
would write over that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from connector.crms.hubspot.client import HubSpotClient
from connector.crms.hubspot.errors import RefusedCallError
from connector.crms.hubspot.halving import Replies, write_in_halves
from connector.crms.hubspot.replies import AssociatedBatch, ReadBatch, RecordError, read
from connector.crms.hubspot.translate import ACT_TYPES, CONTACTS, KEY_PROPERTY
from connector.domain.outward.change import Act, ChangeKind
from connector.ports import RecordReply, ReplyState

_NOT_STARTED: Final = "NOT_STARTED"


def write_acts(client: HubSpotClient, kind: ChangeKind, acts: Mapping[str, tuple[str, Act]]) -> Replies:
    """Make tasks or notes, key -> (contact id, act), tied to contact and owner; one reply a key, with the new id.

    A second run with the same key makes no second one; it makes an association that is missing.
    """
    writer = _ActWriter(client, kind, acts)
    return write_in_halves(list(acts), writer.write, lambda key: writer.properties[key].keys())


class _ActWriter:
    def __init__(self, client: HubSpotClient, kind: ChangeKind, acts: Mapping[str, tuple[str, Act]]) -> None:
        self._client = client
        self._object_type, self._association = ACT_TYPES[kind]
        self._contacts = {key: contact for key, (contact, _) in acts.items()}
        to_properties = _to_task if kind is ChangeKind.TASK else _to_note
        self.properties = {key: {**to_properties(act), KEY_PROPERTY: key} for key, (_, act) in acts.items()}

    def write(self, keys: Sequence[str]) -> Replies:
        """Make what is not there yet; raises when HubSpot refuses and none of it was there."""
        try:
            return self._create(keys)
        except RefusedCallError as refusal:
            made = {} if refusal.unknown_properties else self._find(keys)
            if not made:
                raise
        replies = self._associate(made)
        rest = [key for key in keys if key not in made]
        return replies | self._create(rest) if rest else replies

    def _create(self, keys: Sequence[str]) -> Replies:
        inputs = [{"properties": self.properties[key], "associations": [self._to_contact(key)]} for key in keys]
        reply = self._client.crm.objects.batch_api.create(self._object_type, {"inputs": inputs})
        batch = read(reply, ReadBatch)
        return _to_replies(keys, _ids_by_key(batch), batch.errors)

    def _find(self, keys: Sequence[str]) -> dict[str, str]:
        """The ids of those that exist."""
        wanted = {
            "idProperty": KEY_PROPERTY,
            "inputs": [{"id": key} for key in keys],
            "properties": [KEY_PROPERTY],
            "propertiesWithHistory": [],
        }
        return _ids_by_key(read(self._client.crm.objects.batch_api.read(self._object_type, wanted), ReadBatch))

    def _associate(self, made: Mapping[str, str]) -> Replies:
        """Tie them to their contacts; those that are tied stay so."""
        inputs = [{"from": {"id": made[key]}, **self._to_contact(key)} for key in made]
        associations = self._client.crm.associations.v4.batch_api
        reply = associations.create(self._object_type, CONTACTS, {"inputs": inputs})
        errors = read(reply, AssociatedBatch).errors
        refused = {record_id for error in errors for record_id in error.ids}
        tied = {
            key: record_id
            for key, record_id in made.items()
            if not errors or (refused and refused.isdisjoint((record_id, self._contacts[key])))
        }
        return _to_replies(list(made), tied, errors)

    def _to_contact(self, key: str) -> dict[str, Any]:
        association = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": self._association}
        return {"to": {"id": self._contacts[key]}, "types": [association]}


def _ids_by_key(batch: ReadBatch) -> dict[str, str]:
    return {key: result.id for result in batch.results if (key := result.properties.get(KEY_PROPERTY))}


def _to_replies(keys: Sequence[str], done: Mapping[str, str], errors: Sequence[RecordError]) -> Replies:
    """Done with its id, or refused with HubSpot's words; what it does not mention at all is tried again."""
    if errors:
        otherwise = RecordReply(ReplyState.REFUSED, errors[0].words)
    else:
        otherwise = RecordReply(ReplyState.LATER, "HubSpot's reply does not mention it.")
    return {key: RecordReply(ReplyState.DONE, remote_id=done[key]) if key in done else otherwise for key in keys}


def _to_task(act: Act) -> dict[str, str]:
    properties = {
        "hs_timestamp": _milliseconds(act.task_due_at or act.due_at),
        "hs_task_subject": act.subject,
        "hs_task_body": act.body,
        "hs_task_status": _NOT_STARTED,
        "hs_task_priority": act.priority.upper(),
        "hs_task_type": act.type.upper(),
        "hs_task_reminders": _milliseconds(act.remind_at) if act.remind_at else "",
        "hubspot_owner_id": act.owner,
    }
    return {name: value for name, value in properties.items() if value}


def _to_note(act: Act) -> dict[str, str]:
    properties = {
        "hs_timestamp": _milliseconds(act.due_at),
        "hs_note_body": act.body,
        "hubspot_owner_id": act.owner,
    }
    return {name: value for name, value in properties.items() if value}


def _milliseconds(moment: datetime) -> str:
    return str(round(moment.astimezone(UTC).timestamp() * 1000))
