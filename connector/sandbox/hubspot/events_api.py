"""Event occurrences: what one record did. HubSpot: Events API guide; it takes an Enterprise hub."""

from __future__ import annotations

from datetime import UTC, datetime

from connector.sandbox.exchange import Reply
from connector.sandbox.hubspot.call import Call
from connector.sandbox.hubspot.marketing import PageVisit
from connector.sandbox.hubspot.records import Record
from connector.sandbox.hubspot.refusals import Category, RefusalError, invalid, not_found
from connector.sandbox.hubspot.shapes import Json
from connector.sandbox.hubspot.vocabulary import CONTACT, iso

VISITED = "e_visited_page"
_MAX_EVENTS = 100
_NOT_OFFERED = "This account does not have access to event occurrences: they take an Enterprise subscription."


def list_events(call: Call) -> Reply:
    """A page of what one contact did, newest first."""
    if not call.crm.habits.offers_events:
        raise RefusalError(403, Category.FORBIDDEN, _NOT_OFFERED)
    contact = _asked(call)
    begin, end = _moment(call, "occurredAfter"), _moment(call, "occurredBefore")
    found = [
        visit
        for visit in reversed(call.portal.marketing.visits)
        if call.one("eventType", VISITED) == VISITED
        and call.crm.table(CONTACT.name).find(visit.contact_id) is contact
        and (begin is None or begin <= visit.at)
        and (end is None or visit.at <= end)
    ]
    limit, after = call.number("limit", 20, maximum=_MAX_EVENTS), call.offset()
    body: Json = {"results": [_event(contact, visit) for visit in found[after : after + limit]]}
    if after + limit < len(found):
        body["paging"] = {"next": {"after": str(after + limit)}}
    return Reply(200, body)


def list_event_types(call: Call) -> Reply:
    """The names of all kinds of events, those that this portal never gets among them."""
    del call
    return Reply(200, {"eventTypes": [VISITED]})


def _asked(call: Call) -> Record:
    """The one record that the call names; refuses to tell of several."""
    if call.one("objectType") not in (CONTACT.name, CONTACT.type_id):
        raise invalid("objectType must be contact.")
    record_id, email = call.one("objectId"), call.one("objectProperty.email")
    if bool(record_id) == bool(email):
        raise invalid("Name one record, by objectId or by objectProperty.email.")
    table = call.crm.table(CONTACT.name)
    found = table.find(record_id) if record_id else table.find_by("email", email)
    if found is None:
        raise not_found("resource not found")
    return found


def _moment(call: Call, name: str) -> datetime | None:
    text = call.one(name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(f"{name} must be a moment in ISO 8601, not {text}.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _event(contact: Record, visit: PageVisit) -> Json:
    return {
        "id": visit.id,
        "objectType": "CONTACT",
        "objectId": contact.id,
        "eventType": VISITED,
        "occurredAt": iso(visit.at),
        "properties": {"hs_url": visit.url, "hs_title": visit.title, "hs_visit_source": "DIRECT_TRAFFIC"},
    }
