"""Properties of contacts, in batches. HubSpot: Contacts API guide, batch update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from connector.crms.hubspot.client import HubSpotClient
from connector.crms.hubspot.halving import Replies, write_in_halves
from connector.crms.hubspot.replies import WrittenBatch, read
from connector.crms.hubspot.translate import CONTACTS
from connector.domain.outward.change import BACKWARDS
from connector.ports import RecordReply, ReplyState

_DONE: Final = RecordReply(ReplyState.DONE)
_MERGED: Final = RecordReply(ReplyState.REFUSED, "The contact was merged into another one.")
_SILENT: Final = RecordReply(ReplyState.LATER, "HubSpot's reply does not mention the contact.")


def write_properties(client: HubSpotClient, changes: Mapping[str, Mapping[str, str]]) -> Replies:
    """Set properties, contact id -> property -> text; one reply a contact.

    Repeating it changes nothing. A property that HubSpot lets only move forward is emptied first where it may go back
    (HubSpot: Contacts API guide, "lifecyclestage"). A contact that is gone or was merged away is refused; one whose
    values are refused does not keep the others from being written.
    """

    def write(ids: Sequence[str]) -> Replies:
        if emptied := [_to_input(one, _emptied(changes[one])) for one in ids if _emptied(changes[one])]:
            client.crm.objects.batch_api.update(CONTACTS, {"inputs": emptied})
        inputs = [_to_input(one, _named(changes[one])) for one in ids]
        reply = client.crm.objects.batch_api.update(CONTACTS, {"inputs": inputs})
        return _to_replies(ids, read(reply, WrittenBatch))

    return write_in_halves(list(changes), write, lambda record_id: _named(changes[record_id]).keys())


def _to_input(record_id: str, properties: Mapping[str, str]) -> Mapping[str, object]:
    return {"id": record_id, "properties": properties}


def _emptied(wanted: Mapping[str, str]) -> Mapping[str, str]:
    """What has to be empty before it can go back."""
    return {name.removesuffix(BACKWARDS): "" for name in wanted if name.endswith(BACKWARDS)}


def _named(wanted: Mapping[str, str]) -> Mapping[str, str]:
    return {name.removesuffix(BACKWARDS): value for name, value in wanted.items()}


def _to_replies(ids: Sequence[str], batch: WrittenBatch) -> Replies:
    """Results come in any order, and only some errors name their records."""
    written = {result.id for result in batch.results}
    if not batch.errors and written.issuperset(ids):
        return dict.fromkeys(ids, _DONE)
    refused = {
        record_id: RecordReply(ReplyState.REFUSED, error.words) for error in batch.errors for record_id in error.ids
    }
    unnamed = [error.words for error in batch.errors if not error.ids]
    if unnamed:
        otherwise = RecordReply(ReplyState.REFUSED, unnamed[0])
    else:
        otherwise = _SILENT if written.issubset(ids) else _MERGED
    return {one: _DONE if one in written else refused.get(one, otherwise) for one in ids}
