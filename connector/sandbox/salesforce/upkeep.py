"""What Salesforce itself keeps in order in members of campaigns and in tasks. Salesforce: Object Reference."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from connector.sandbox.salesforce.fields import Row, to_stamp
from connector.sandbox.salesforce.refusals import RefusalError
from connector.sandbox.salesforce.standard_objects import CAMPAIGN_MEMBER, CAMPAIGN_STATUS, COMPLETED, PAIR
from connector.sandbox.salesforce.tables import Table


def keep_campaign_member(tables: Mapping[str, Table], row: Row, now: datetime, *, is_new: bool) -> None:
    """Check and complete a member: one person, a status of the campaign's, and what follows from it."""
    if not row.get("LeadId") and not row.get("ContactId"):
        message = "Required fields are missing: [LeadId, ContactId]"
        raise RefusalError("REQUIRED_FIELD_MISSING", message, ["LeadId", "ContactId"])
    if row.get("ContactId"):
        row.pop("LeadId", None)
    if is_new:
        _check_pair(tables[CAMPAIGN_MEMBER], row)
    _settle_status(_statuses_of(tables[CAMPAIGN_STATUS], row.get("CampaignId")), row, now)


def first_statuses(campaign_id: str) -> tuple[Row, ...]:
    """What a new campaign's members can be until somebody says otherwise."""
    return (
        {"CampaignId": campaign_id, "Label": "Sent", "IsDefault": True, "HasResponded": False, "SortOrder": 1},
        {"CampaignId": campaign_id, "Label": "Responded", "IsDefault": False, "HasResponded": True, "SortOrder": 2},
    )


def keep_task(row: Row, now: datetime) -> None:
    """Check and complete a task: what it may hang on, when it was done, whether it reminds."""
    if str(row.get("WhoId", "")).startswith("00Q") and row.get("WhatId"):
        message = "Related To ID: cannot be specified when Name is a Lead"
        raise RefusalError("FIELD_INTEGRITY_EXCEPTION", message, ["WhatId"])
    if row.get("IsReminderSet") and not row.get("ReminderDateTime"):
        raise RefusalError("FIELD_INTEGRITY_EXCEPTION", "Reminder Date/Time: a reminder needs a time", [])
    if row.get("Status") == COMPLETED:
        row.setdefault("CompletedDateTime", to_stamp(now))
    else:
        row.pop("CompletedDateTime", None)


def _check_pair(members: Table, row: Row) -> None:
    person = row.get("ContactId") or row.get("LeadId")
    row[PAIR] = f"{row.get('CampaignId')} {person}"
    if members.find_by(PAIR, row[PAIR]):
        raise RefusalError("DUPLICATE_VALUE", "Already a campaign member.", [])


def _statuses_of(statuses: Table, campaign_id: object) -> list[Row]:
    return statuses.find_by("CampaignId", campaign_id)


def _settle_status(known: list[Row], row: Row, now: datetime) -> None:
    by_label = {status["Label"]: status for status in known}
    given = row.get("Status")
    if given is None:
        row["Status"] = given = next((one["Label"] for one in known if one.get("IsDefault")), None)
    if given is not None and given not in by_label:
        message = f"Status: bad value for restricted picklist field: {given}"
        raise RefusalError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, ["Status"])
    row["HasResponded"] = bool(given is not None and by_label[given].get("HasResponded"))
    if row["HasResponded"]:
        row.setdefault("FirstRespondedDate", now.date().isoformat())
