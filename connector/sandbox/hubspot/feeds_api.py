"""What HubSpot pushes nothing about and is polled for: form submissions and marketing email events.

HubSpot: Forms API v3 (legacy) and Email Analytics API v1.
"""

from __future__ import annotations

from connector.sandbox.exchange import Reply
from connector.sandbox.hubspot.call import Call
from connector.sandbox.hubspot.marketing import EmailEvent, Submission
from connector.sandbox.hubspot.refusals import not_found
from connector.sandbox.hubspot.shapes import Json
from connector.sandbox.hubspot.vocabulary import iso, milliseconds

_MAX_SUBMISSIONS, _MAX_EVENTS, _MAX_FORMS = 50, 1_000, 500
_EMAIL_APP_ID = 113


def list_forms(call: Call) -> Reply:
    """A page of forms."""
    limit = call.number("limit", 20, maximum=_MAX_FORMS)
    after = call.offset()
    forms = call.portal.marketing.forms
    results = [
        {
            "id": form.guid,
            "name": form.name,
            "formType": "hubspot",
            "createdAt": iso(form.created_at),
            "updatedAt": iso(form.created_at),
            "archived": False,
        }
        for form in forms[after : after + limit]
    ]
    body: Json = {"results": results}
    if after + limit < len(forms):
        body["paging"] = {"next": {"after": str(after + limit)}}
    return Reply(200, body)


def list_submissions(call: Call) -> Reply:
    """A page of one form's submissions, newest first."""
    guid = call.path["form_guid"]
    marketing = call.portal.marketing
    if all(form.guid != guid for form in marketing.forms):
        raise not_found(f"No form with guid {guid}")
    limit = call.number("limit", 20, maximum=_MAX_SUBMISSIONS)
    after = call.offset()
    found = [one for one in reversed(marketing.submissions) if one.form.guid == guid]
    body: Json = {"results": [_submission(one) for one in found[after : after + limit]]}
    if after + limit < len(found):
        body["paging"] = {"next": {"after": str(after + limit)}}
    return Reply(200, body)


def list_email_events(call: Call) -> Reply:
    """A page of email events of a time and kind, newest first."""
    start = call.offset("startTimestamp")
    end = call.offset("endTimestamp", 2**62)
    kind, recipient, campaign = call.one("eventType"), call.one("recipient"), call.one("campaignId")
    found = [
        one
        for one in reversed(call.portal.marketing.email_events)
        if start <= milliseconds(one.at) <= end
        and kind in ("", one.type)
        and recipient in ("", one.recipient)
        and campaign in ("", str(one.campaign_id))
    ]
    limit = call.number("limit", 10, maximum=_MAX_EVENTS)
    offset = call.offset("offset")
    page = found[offset : offset + limit]
    end_of_page = offset + len(page)
    events = [_email_event(call.portal.id, one) for one in page]
    return Reply(200, {"hasMore": end_of_page < len(found), "offset": str(end_of_page), "events": events})


def get_campaign(call: Call) -> Reply:
    """The name of an email campaign."""
    asked = call.path["campaign_id"]
    for one in call.portal.marketing.email_events:
        if str(one.campaign_id) == asked:
            body = {"id": one.campaign_id, "appId": _EMAIL_APP_ID, "name": one.email_name, "subject": one.email_name}
            return Reply(200, body)
    raise not_found(f"No campaign {asked}")


def _submission(one: Submission) -> Json:
    return {
        "conversionId": one.conversion_id,
        "submittedAt": milliseconds(one.at),
        "values": [{"name": name, "value": value, "objectTypeId": "0-1"} for name, value in one.values.items()],
        "pageUrl": one.page_url,
    }


def _email_event(portal_id: int, one: EmailEvent) -> Json:
    body: Json = {
        "id": one.id,
        "created": milliseconds(one.at),
        "type": str(one.type),
        "recipient": one.recipient,
        "portalId": portal_id,
        "appId": _EMAIL_APP_ID,
        "appName": "Batch",
        "emailCampaignId": one.campaign_id,
    }
    if one.url is not None:
        body["url"] = one.url
    if one.subscription is not None:
        body["portalSubscriptionStatus"] = one.subscription
    return body
