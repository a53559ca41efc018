"""Fields of leads and contacts, in batches. REST API: Update Records Using sObject Collections."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from connector.crms.salesforce.batches import Outcome, Replies, save
from connector.crms.salesforce.client import SalesforceClient
from connector.crms.salesforce.homes import find_homes
from connector.crms.salesforce.replies import FieldDescription
from connector.crms.salesforce.schema import Schema
from connector.crms.salesforce.translate import OBJECTS, PEOPLE, object_type_of, own_fields, to_long_id
from connector.crms.salesforce.values import to_value
from connector.domain.outward.change import BACKWARDS
from connector.ports import RecordReply, ReplyState

_NOBODY: Final = RecordReply(ReplyState.REFUSED, "This is no id of a lead or contact.")
_NOTHING: Final = RecordReply(ReplyState.DONE)
#: Object Reference: Lead, Contact. Whoever set it, a person did not want to be written to.
_OPT_OUT: Final = "HasOptedOutOfEmail"
_OPT_IN: Final = RecordReply(ReplyState.REFUSED, "Only the org's own people take back that somebody opted out.")


def write_properties(client: SalesforceClient, schema: Schema, changes: Mapping[str, Mapping[str, str]]) -> Replies:
    """Set fields, record id -> property -> text; one reply a record. Repeating it changes nothing.

    A property that names another object is passed over. What a field cannot hold, or the integration user may not
    write, is refused with its reason and keeps no other record from being written. A lead that was converted and a
    record that was merged away are refused with the record as which they live on.
    """
    bodies, replies = to_bodies(schema, changes)
    return replies | to_replies(client, save(client, "PATCH", "composite/sobjects", bodies))


def to_bodies(schema: Schema, changes: Mapping[str, Mapping[str, str]]) -> tuple[dict[str, dict[str, Any]], Replies]:
    """The records as they are sent, by object; and what became of those that are not."""
    objects = {record_id: _object_of(record_id) for record_id in changes}
    replies = {record_id: _NOBODY for record_id, sobject in objects.items() if sobject not in PEOPLE}
    bodies: dict[str, dict[str, Any]] = {}
    for record_id in sorted((one for one in changes if one not in replies), key=objects.__getitem__):  # see MAX_RECORDS
        body = _to_body(schema, record_id, objects[record_id], changes[record_id])
        if isinstance(body, RecordReply):
            replies[record_id] = body
        else:
            bodies[record_id] = body
    return bodies, replies


def to_replies(client: SalesforceClient, outcomes: Mapping[str, Outcome]) -> Replies:
    """What became of each record; of one that is not there any more, where it lives on."""
    homes = find_homes(client, outcomes, {record_id: record_id for record_id in outcomes})
    return {
        record_id: homes[record_id].refuse(outcome) if record_id in homes else outcome.verdict
        for record_id, outcome in outcomes.items()
    }


def _object_of(record_id: str) -> str:
    return OBJECTS.get(object_type_of(record_id), "") if to_long_id(record_id) else ""


def _to_body(schema: Schema, record_id: str, sobject: str, wanted: Mapping[str, str]) -> dict[str, Any] | RecordReply:
    """The record as it is sent; or why it is not."""
    texts = {name.removesuffix(BACKWARDS): text for name, text in wanted.items()}
    own = own_fields(sobject, texts)
    if not own:
        return _NOTHING
    fields = _writable(schema, sobject, own.values())
    values: dict[str, object] = {}
    for name, field in own.items():
        described = fields.get(field)
        if described is None or not described.updateable:
            return RecordReply(ReplyState.REFUSED, _why_not(sobject, field, described))
        try:
            values[field] = to_value(described, texts[name])
        except ValueError as error:
            return RecordReply(ReplyState.REFUSED, f"{sobject}.{field}: {error}.")
        if field == _OPT_OUT and not values[field]:
            return _OPT_IN
    return {"attributes": {"type": sobject}, "id": to_long_id(record_id), **values}


def _writable(schema: Schema, sobject: str, names: Iterable[str]) -> Mapping[str, FieldDescription]:
    """The fields of an object; asked for anew where these cannot be written, for an admin may have mended that."""
    fields = schema.fields(sobject)
    if all((field := fields.get(name)) is not None and field.updateable for name in names):
        return fields
    schema.doubt()
    return schema.fields(sobject)


def _why_not(sobject: str, name: str, field: FieldDescription | None) -> str:
    if field is None:
        return f"{sobject}.{name}: the org does not have this field, or the integration user may not see it."
    if field.calculated:
        return f"{sobject}.{name}: a formula; nobody can write it."
    return f"{sobject}.{name}: the integration user may not write it."
