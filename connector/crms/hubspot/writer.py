"""Properties of contacts, in batches. HubSpot: Contacts API guide, batch update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from connector.crms.hubspot.client import HubSpotClient
from connector.crms.hubspot.errors import RefusedCallError
from connector.crms.hubspot.halving import Replies, write_in_halves
from connector.crms.hubspot.replies import WrittenBatch, read
from connector.crms.hubspot.translate import CONTACTS
from connector.domain.outward.change import BACKWARDS
from connector.ports import RecordReply, ReplyState

_BAD_VALUE: Final = 400
_DONE: Final = RecordReply(ReplyState.DONE)
_MERGED: Final = RecordReply(ReplyState.REFUSED, "The contact was merged into another one.")
_SILENT: Final = RecordReply(ReplyState.LATER, "HubSpot's reply does not mention the contact.")


def write_properties(client: HubSpotClient, changes: Mapping[str, Mapping[str, str]]) -> Replies:
    """Set properties, contact id -> property -> text; one reply a contact.

    Repeating it changes nothing. A property that HubSpot lets only move forward is emptied first where it may go back
    (HubSpot: Contacts API guide, "lifecyclestage"). A contact that is gone or was merged away is refused; one whose
    values are refused does not keep the others from being written. Of such a contact everything else is written, so
    that an owner who left keeps nobody's score from being shown.
    """
    writer = _Writer(client, changes)
    return write_in_halves(list(changes), writer.write, lambda record_id: _named(changes[record_id]).keys())


class _Writer:
    """Writes groups of contacts, without the values that were refused of one before."""

    def __init__(self, client: HubSpotClient, changes: Mapping[str, Mapping[str, str]]) -> None:
        self._client = client
        self._changes = changes
        #: Property and value -> HubSpot's words against it.
        self._refused: dict[tuple[str, str], str] = {}

    def write(self, ids: Sequence[str]) -> Replies:
        """Write some contacts. Raises RefusedCallError where one of several is refused, or one as a whole."""
        wanted = {one: self._left(_named(self._changes[one])) for one in ids}
        emptied = {one: _emptied(self._changes[one], wanted[one]) for one in ids}
        try:
            replies = self._send(emptied, wanted)
        except RefusedCallError as refusal:
            if len(ids) > 1 or not self._find_refused(ids[0], wanted[ids[0]], refusal):
                raise
            replies = {ids[0]: _DONE}
        return {one: self._complete(one, reply) for one, reply in replies.items()}

    def _send(self, emptied: Mapping[str, Mapping[str, str]], wanted: Mapping[str, Mapping[str, str]]) -> Replies:
        inputs = [_to_input(one, properties) for one, properties in emptied.items() if properties]
        if inputs:
            self._client.crm.objects.batch_api.update(CONTACTS, {"inputs": inputs})
        inputs = [_to_input(one, properties) for one, properties in wanted.items() if properties]
        if not inputs:
            return dict.fromkeys(wanted, _DONE)
        reply = self._client.crm.objects.batch_api.update(CONTACTS, {"inputs": inputs})
        written = [one for one, properties in wanted.items() if properties]
        return dict.fromkeys(wanted, _DONE) | _to_replies(written, read(reply, WrittenBatch))

    def _find_refused(self, record_id: str, wanted: Mapping[str, str], refusal: RefusedCallError) -> bool:
        """Write the properties of a refused contact one by one; whether some of them could be written."""
        if len(wanted) < 2 or refusal.unknown_properties or refusal.status != _BAD_VALUE:
            return False
        problems: dict[tuple[str, str], str] = {}
        for name, value in wanted.items():
            try:
                self._send({}, {record_id: {name: value}})
            except RefusedCallError as error:
                problems[name, value] = error.words
        if len(problems) == len(wanted):
            return False
        self._refused |= problems
        return True

    def _left(self, wanted: Mapping[str, str]) -> Mapping[str, str]:
        return {name: value for name, value in wanted.items() if (name, value) not in self._refused}

    def _complete(self, record_id: str, reply: RecordReply) -> RecordReply:
        """A contact of which not all could be written is refused, with HubSpot's words on what could not."""
        found = (self._refused.get(each) for each in _named(self._changes[record_id]).items())
        words = " ".join(filter(None, found))
        return RecordReply(ReplyState.REFUSED, words) if words and reply.state is ReplyState.DONE else reply


def _to_input(record_id: str, properties: Mapping[str, str]) -> Mapping[str, object]:
    return {"id": record_id, "properties": properties}


def _emptied(changes: Mapping[str, str], wanted: Mapping[str, str]) -> Mapping[str, str]:
    """What of the wanted has to be empty before it can go back."""
    names = (name.removesuffix(BACKWARDS) for name in changes if name.endswith(BACKWARDS))
    return {name: "" for name in names if name in wanted}


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
