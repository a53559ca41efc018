"""Contacts and deals, read in batches, and which belong together.

HubSpot: Using object APIs; Associations API guide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from connector.crms.hubspot.client import HubSpotClient
from connector.crms.hubspot.errors import RefusedCallError
from connector.crms.hubspot.links import fetch_links
from connector.crms.hubspot.replies import Read, ReadBatch, read
from connector.crms.hubspot.translate import CONTACTS
from connector.domain.ids import to_address
from connector.errors import UnreadableReplyError
from connector.ports import CrmRecord

#: Of the survivor of a merge: the ids that lead to it.
_MERGED_IDS: Final = "hs_merged_object_ids"
_OTHER_ADDRESSES: Final = "hs_additional_emails"


def fetch_records(
    client: HubSpotClient, object_type: str, ids: Sequence[str], properties: Sequence[str]
) -> dict[str, CrmRecord]:
    """Up to 100 records of a type, by the id asked for.

    An id that a merge took away leads to the survivor, whose own id is in the record. What is not found is looked
    for among the deleted, and left out when it is not there either. A property without a value is the empty text.
    """
    found = dict(_fetch(client, object_type, ids, properties, archived=False))
    missing = [record_id for record_id in ids if record_id not in found]
    if missing:
        found |= _fetch(client, object_type, missing, properties, archived=True)
    return found


def find_records(client: HubSpotClient, emails: Sequence[str]) -> dict[str, str]:
    """The contacts of up to 100 addresses, address -> contact id. HubSpot: Contacts API guide, batch read by email."""
    body: dict[str, Any] = {
        "inputs": [{"id": email} for email in emails],
        "idProperty": "email",
        "properties": ["email", _OTHER_ADDRESSES],
        "propertiesWithHistory": [],
    }
    reply = client.crm.objects.batch_api.read(CONTACTS, body, archived=False)
    asked = frozenset(emails)
    return {
        email: result.id
        for result in read(reply, ReadBatch).results
        for email in asked.intersection(_addresses_of(result))
    }


def _addresses_of(result: Read) -> list[str]:
    told = (result.properties.get("email") or "", *(result.properties.get(_OTHER_ADDRESSES) or "").split(";"))
    return [to_address(address) for address in told]


def fetch_linked(client: HubSpotClient, from_type: str, to_type: str, ids: Sequence[str]) -> dict[str, list[str]]:
    """The records of one type with which up to 100 of another are associated; those without any are left out."""
    try:
        return fetch_links(client, from_type, to_type, ids)
    except RefusedCallError as refusal:
        raise UnreadableReplyError(str(refusal), operation=refusal.operation, status=refusal.status) from refusal


def _fetch(
    client: HubSpotClient, object_type: str, ids: Sequence[str], properties: Sequence[str], *, archived: bool
) -> Iterator[tuple[str, CrmRecord]]:
    body: dict[str, Any] = {
        "inputs": [{"id": record_id} for record_id in ids],
        "properties": [*properties, _MERGED_IDS],
        "propertiesWithHistory": [],
    }
    try:
        reply = client.crm.objects.batch_api.read(object_type, body, archived=archived)
    except RefusedCallError as refusal:
        # Ids and properties that are not there are no reason to refuse: this answer is new to us.
        raise UnreadableReplyError(str(refusal), operation=refusal.operation, status=refusal.status) from refusal
    asked = frozenset(ids)
    for result in read(reply, ReadBatch).results:
        record = _to_record(result, properties, archived=archived)
        for record_id in asked.intersection(_ids_of(result)):
            yield record_id, record


def _ids_of(result: Read) -> list[str]:
    return [result.id, *(result.properties.get(_MERGED_IDS) or "").split(";")]


def _to_record(result: Read, properties: Sequence[str], *, archived: bool) -> CrmRecord:
    values = {name: result.properties.get(name) or "" for name in properties}
    return CrmRecord(result.id, values, archived=archived or result.archived)
