"""Memberships: what a list is elsewhere is a campaign here. Object Reference: Campaign, CampaignMember."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from connector.crms.salesforce.batches import MAX_RECORDS, Replies, save, to_outcomes
from connector.crms.salesforce.client import SalesforceClient
from connector.crms.salesforce.errors import DUPLICATE_VALUE, RefusedCallError
from connector.crms.salesforce.homes import find_homes
from connector.crms.salesforce.replies import SaveResult, read
from connector.crms.salesforce.soql import lists_of, quoted
from connector.crms.salesforce.translate import CONTACT, LEAD, object_type_of, to_long_id
from connector.errors import UnreadableReplyError
from connector.ports import Membership, RecordReply, ReplyState

#: The member's field that holds a record, by what the record is.
_LINKS: Final = {LEAD: "LeadId", CONTACT: "ContactId"}
_DONE: Final = RecordReply(ReplyState.DONE)
_NOBODY: Final = RecordReply(ReplyState.REFUSED, "This is no id of a lead or contact.")


class Campaigns:
    """The campaigns of one org, as far as we write to them."""

    def __init__(self, client: SalesforceClient) -> None:
        self._client = client

    def write(self, membership: Membership) -> Replies:
        """Make records members of a campaign, made if missing, and take others off; one reply a record.

        All of one campaign together: each write locks it. Repeating it changes nothing: a second membership of the
        same record is refused by Salesforce, and we take that for done; who is to leave is looked up first.
        """
        add, remove = (_people(ids) for ids in (membership.add, membership.remove))
        strangers = dict.fromkeys(membership.remove, _DONE) | dict.fromkeys(membership.add, _NOBODY)
        try:
            campaign = self._find(membership.title) or (self._create(membership.title) if add else "")
            removed = self._remove(remove, self._members(campaign, remove) if campaign else {})
            added = self._add(campaign, add)
        except RefusedCallError as refusal:
            return strangers | dict.fromkeys((*add, *remove), RecordReply(ReplyState.REFUSED, refusal.words))
        return strangers | removed | added

    def _find(self, title: str) -> str:
        soql = f"SELECT Id FROM Campaign WHERE Name = {quoted(title)} ORDER BY CreatedDate, Id LIMIT 1"
        return next((to_long_id(row["Id"]) for row in self._client.query(soql)), "")

    def _create(self, title: str) -> str:
        made = read(self._client.send("POST", "sobjects/Campaign", {"Name": title, "IsActive": True}), SaveResult)
        if not (made_id := to_long_id(made.id or "")):
            raise UnreadableReplyError("Salesforce does not say under which id it made a campaign.")
        return made_id

    def _members(self, campaign: str, record_ids: Iterable[str]) -> dict[str, str]:
        """Those of the records that are members -> the membership's id."""
        members = {}
        for object_type, link in _LINKS.items():
            long_ids = [long for one in record_ids if object_type_of(long := to_long_id(one)) == object_type]
            for listed in lists_of(long_ids):
                condition = f"CampaignId = {quoted(campaign)} AND {link} IN {listed}"
                soql = f"SELECT Id, {link} FROM CampaignMember WHERE {condition}"
                for row in self._client.query(soql):
                    members[to_long_id(row[link])] = to_long_id(row["Id"])
        return members

    def _add(self, campaign: str, record_ids: Sequence[str]) -> Replies:
        bodies: dict[str, Mapping[str, Any]] = {}
        for one in record_ids:
            long_id = to_long_id(one)
            link = {_LINKS[object_type_of(long_id)]: long_id}
            bodies[one] = {"attributes": {"type": "CampaignMember"}, "CampaignId": campaign, **link}
        outcomes = save(self._client, "POST", "composite/sobjects", bodies)
        homes = find_homes(self._client, outcomes, {one: one for one in outcomes})
        refused = {one: home.refuse(outcomes[one]) for one, home in homes.items()}
        present = {one: _DONE for one, outcome in outcomes.items() if outcome.has(DUPLICATE_VALUE)}
        return {one: outcome.verdict for one, outcome in outcomes.items()} | refused | present

    def _remove(self, record_ids: Sequence[str], members: Mapping[str, str]) -> Replies:
        """Who is no member is as good as taken off."""
        replies: Replies = dict.fromkeys(record_ids, _DONE)
        leaving = [one for one in record_ids if to_long_id(one) in members]
        for start in range(0, len(leaving), MAX_RECORDS):
            group = leaving[start : start + MAX_RECORDS]
            ids = ",".join(members[to_long_id(one)] for one in group)
            answer = self._client.delete("composite/sobjects", {"ids": ids, "allOrNone": "false"})
            for one, outcome in to_outcomes(group, answer).items():
                replies[one] = _DONE if outcome.has("ENTITY_IS_DELETED") else outcome.verdict
        return replies


def _people(record_ids: Iterable[str]) -> list[str]:
    return [one for one in record_ids if object_type_of(to_long_id(one)) in _LINKS]
