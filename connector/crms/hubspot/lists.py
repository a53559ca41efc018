"""Static lists of contacts. HubSpot: Lists API guide."""

from __future__ import annotations

from typing import Final

from connector.crms.hubspot.client import HubSpotClient
from connector.crms.hubspot.errors import RefusedCallError
from connector.crms.hubspot.halving import Replies
from connector.crms.hubspot.replies import ContactList, ContactListReply, MembershipReply, read
from connector.crms.hubspot.translate import CONTACT_TYPE_ID
from connector.ports import Membership, RecordReply, ReplyState

_STATIC: Final = "MANUAL"
_DONE: Final = RecordReply(ReplyState.DONE)
_MISSING: Final = RecordReply(ReplyState.REFUSED, "HubSpot does not know the contact.")


class Lists:
    """The lists of one account, as far as we write to them; found once and remembered by title."""

    def __init__(self, client: HubSpotClient) -> None:
        self._client = client
        self._ids: dict[str, str] = {}

    def write(self, membership: Membership) -> Replies:
        """Put contacts on a list, made if missing, and take others off; one reply a contact.

        Repeating it changes nothing. A contact that does not exist is refused where it was to be added, and is as
        good as taken off. A list that was deleted meanwhile is made again; one that fills itself is refused.
        """
        try:
            try:
                return self._write(self._id_of(membership.title), membership)
            except RefusedCallError as refusal:
                if refusal.status != 404 or self._ids.pop(membership.title, None) is None:
                    raise
                return self._write(self._id_of(membership.title), membership)
        except RefusedCallError as refusal:
            refused = RecordReply(ReplyState.REFUSED, refusal.words)
            return dict.fromkeys((*membership.add, *membership.remove), refused)

    def _write(self, list_id: str, membership: Membership) -> Replies:
        change = {"recordIdsToAdd": list(membership.add), "recordIdsToRemove": list(membership.remove)}
        reply = self._client.crm.lists.memberships_api.add_and_remove(list_id, change)
        missing = set(read(reply, MembershipReply).record_ids_missing)
        added = {record_id: _MISSING if record_id in missing else _DONE for record_id in membership.add}
        return dict.fromkeys(membership.remove, _DONE) | added

    def _id_of(self, title: str) -> str:
        if title not in self._ids:
            found = self._find(title) or self._create(title)
            self._ids[title] = found.list_id
        return self._ids[title]

    def _find(self, title: str) -> ContactList | None:
        try:
            reply = self._client.crm.lists.lists_api.get_by_name(title, CONTACT_TYPE_ID)
        except RefusedCallError as refusal:
            if refusal.status == 404:
                return None
            raise
        return read(reply, ContactListReply).list

    def _create(self, title: str) -> ContactList:
        wanted = {"name": title, "objectTypeId": CONTACT_TYPE_ID, "processingType": _STATIC}
        try:
            reply = self._client.crm.lists.lists_api.create(wanted)
        except RefusedCallError:
            if (made_by_another := self._find(title)) is None:
                raise
            return made_by_another
        return read(reply, ContactListReply).list
