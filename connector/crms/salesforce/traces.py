"""Traces of what cannot be done twice: feed items and email messages. Object Reference: FeedItem, EmailMessageRelation.

What we may have done a while ago is looked for by whom it is about, when, and as whom we are there. Texts are
compared here: queries cannot ask for a long one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from connector.crms.salesforce.client import SalesforceClient
from connector.crms.salesforce.soql import quoted
from connector.crms.salesforce.translate import to_long_id

#: Clocks differ, and moments there are whole seconds.
_MARGIN: Final = timedelta(minutes=5)


def find_post(client: SalesforceClient, who: str, text: str, since: datetime) -> str:
    """Our post of this text on a record since then; empty where there is none. A mention shows as a name before it."""
    soql = f"SELECT Id, Body FROM FeedItem WHERE ParentId = {quoted(who)} AND {_ours(client, since)}"
    said = _flat(text)
    return next((to_long_id(row["Id"]) for row in client.query(soql) if _flat(row["Body"]).endswith(said)), "")


def find_email(client: SalesforceClient, who: str, subject: str, since: datetime) -> str:
    """Our email with this subject to somebody since then; empty where there is none."""
    soql = (
        f"SELECT EmailMessageId, EmailMessage.Subject FROM EmailMessageRelation WHERE RelationId = {quoted(who)} "
        f"AND RelationType = 'ToAddress' AND {_ours(client, since)}"
    )
    for row in client.query(soql):
        if _flat((row["EmailMessage"] or {}).get("Subject")) == _flat(subject):
            return to_long_id(row["EmailMessageId"])
    return ""


def _ours(client: SalesforceClient, since: datetime) -> str:
    moment = (since - _MARGIN).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"CreatedById = {quoted(client.grant.user_id)} AND CreatedDate >= {moment}"


def _flat(text: object) -> str:
    """A text on one line, as both sides may have written its spaces."""
    return " ".join(str(text or "").split())
