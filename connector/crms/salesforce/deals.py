"""Opportunities, and the people in them. Object Reference: OpportunityContactRole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from connector.crms.salesforce.client import SalesforceClient
from connector.crms.salesforce.errors import RefusedCallError
from connector.crms.salesforce.soql import lists_of
from connector.crms.salesforce.translate import CONTACT, OPPORTUNITY, object_type_of, to_long_id
from connector.errors import UnreadableReplyError


def fetch_people_of(client: SalesforceClient, deal_ids: Sequence[str]) -> dict[str, list[str]]:
    """The contacts with a role in each opportunity, the primary one first; those without any are left out."""
    return _linked(client, deal_ids, OPPORTUNITY, "OpportunityId", "ContactId")


def fetch_deals_of(client: SalesforceClient, record_ids: Sequence[str]) -> dict[str, list[str]]:
    """The opportunities in which each contact has a role; those without any are left out, and so are all leads."""
    return _linked(client, record_ids, CONTACT, "ContactId", "OpportunityId")


def _linked(
    client: SalesforceClient, record_ids: Sequence[str], object_type: str, end: str, other_end: str
) -> dict[str, list[str]]:
    asked = {long: one for one in record_ids if object_type_of(long := to_long_id(one)) == object_type}
    found: defaultdict[str, list[str]] = defaultdict(list)
    for at_end, at_other in _roles(client, list(asked), end, other_end):
        if at_other not in found[asked[at_end]]:
            found[asked[at_end]].append(at_other)
    return dict(found)


def _roles(client: SalesforceClient, ids: Sequence[str], end: str, other_end: str) -> Iterator[tuple[str, str]]:
    for listed in lists_of(ids):
        soql = (
            f"SELECT {end}, {other_end} FROM OpportunityContactRole WHERE {end} IN {listed} "
            "ORDER BY IsPrimary DESC, CreatedDate, Id"
        )
        try:
            for row in client.query(soql):
                yield to_long_id(row[end]), to_long_id(row[other_end])
        except RefusedCallError as refusal:
            raise UnreadableReplyError(str(refusal), operation=refusal.operation, status=refusal.status) from refusal
