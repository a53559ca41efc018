"""Owners, account details, pipelines, uninstalling. HubSpot: Owners API, Account information API, App uninstall API."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from connector.sandbox.exchange import Reply
from connector.sandbox.hubspot.call import Call
from connector.sandbox.hubspot.owners import owner_body
from connector.sandbox.hubspot.shapes import Json
from connector.sandbox.hubspot.vocabulary import iso

_MAX_OWNERS = 500


def list_owners(call: Call) -> Reply:
    """A page of owners."""
    limit = call.number("limit", 100, maximum=_MAX_OWNERS)
    after = call.offset()
    owners = call.crm.owners.find(email=call.one("email") or None, archived=call.flag("archived"))
    body: Json = {"results": [owner_body(owner) for owner in owners[after : after + limit]]}
    if after + limit < len(owners):
        body["paging"] = {"next": {"after": str(after + limit)}}
    return Reply(200, body)


def get_owner(call: Call) -> Reply:
    """One owner by id or user id."""
    id_property = call.one("idProperty", "id")
    owner = call.crm.owners.get(call.path["owner_id"], id_property=id_property, archived=call.flag("archived"))
    return Reply(200, owner_body(owner))


def account_details(call: Call) -> Reply:
    """What kind of account this is, and its time zone."""
    portal = call.portal
    offset = call.crm.clock.now().astimezone(ZoneInfo(portal.time_zone)).utcoffset() or timedelta(0)
    minutes = int(offset.total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    body = {
        "portalId": portal.id,
        "accountType": portal.account_type,
        "timeZone": portal.time_zone,
        "utcOffset": f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}",
        "utcOffsetMilliseconds": minutes * 60_000,
        "uiDomain": "app.hubspot.com",
        "dataHostingLocation": "eu1",
        "companyCurrency": "EUR",
        "additionalCurrencies": [],
    }
    return Reply(200, body)


def list_pipelines(call: Call) -> Reply:
    """The pipelines of deals with their stages: the options of both properties. HubSpot: Pipelines API guide."""
    stages = [{**part, "metadata": {}} for part in _pipeline_parts(call, "dealstage")]
    return Reply(200, {"results": [{**part, "stages": stages} for part in _pipeline_parts(call, "pipeline")]})


def _pipeline_parts(call: Call, property_name: str) -> list[Json]:
    at = iso(call.crm.clock.now())
    return [
        {
            "id": option.value,
            "label": option.label,
            "displayOrder": order,
            "archived": False,
            "createdAt": at,
            "updatedAt": at,
        }
        for order, option in enumerate(call.table.catalog.get(property_name).options)
    ]


def uninstall(call: Call) -> Reply:
    """End this app's installation in this portal."""
    call.sandbox.uninstall(call.grant.app, call.portal)
    return Reply(204)
