"""Which records belong together. HubSpot: Associations API guide, batch read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from connector.crms.hubspot.client import HubSpotClient
from connector.crms.hubspot.replies import LinkedBatch, read
from connector.errors import UnreadableReplyError


def fetch_links(client: HubSpotClient, from_type: str, to_type: str, ids: Sequence[str]) -> dict[str, list[str]]:
    """The records of one type with which up to 100 of another are associated; those without any are left out.

    Of a record with more than a page of them, the rest is read, too: a call for the next pages of all of these.
    Raises UnreadableReplyError where the pages of one go round in a circle.
    """
    found: defaultdict[str, list[str]] = defaultdict(list)
    asked: set[tuple[str, str]] = set()
    after = dict.fromkeys(ids, "")
    while after:
        asked |= after.items()
        after = _read_page(client, from_type, to_type, after, found)
        if not asked.isdisjoint(after.items()):
            raise UnreadableReplyError("The pages of a record's associations never end.", operation="associations")
    return {id_: list(dict.fromkeys(ends)) for id_, ends in found.items() if ends}


def _read_page(
    client: HubSpotClient, from_type: str, to_type: str, after: Mapping[str, str], found: Mapping[str, list[str]]
) -> dict[str, str]:
    """Read on from these places; the places of the next pages, of those that have one."""
    inputs = [{"id": id_, "after": place} if place else {"id": id_} for id_, place in after.items()]
    reply = client.crm.associations.v4.batch_api.get_page(from_type, to_type, {"inputs": inputs})
    following: dict[str, str] = {}
    for one in read(reply, LinkedBatch).results:
        found[one.from_.id].extend(str(end.to_object_id) for end in one.to)
        if one.after:
            following[one.from_.id] = one.after
    return following
