"""Pages for people: what is in the portals right now."""

from __future__ import annotations

from typing import Any

import flask

from connector.sandbox.call_log import LoggedCall
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.records import Record
from connector.sandbox.hubspot.refusals import RefusalError
from connector.sandbox.hubspot.sandbox import Sandbox
from connector.sandbox.hubspot.vocabulary import CONTACT, NOTE, TASK

_CONTACTS_SHOWN = 200
_CALLS_SHOWN = 25
_VERSIONS_SHOWN = 30


def build_blueprint(sandbox: Sandbox) -> flask.Blueprint:
    """The routes of the pages."""
    blueprint = flask.Blueprint("page", __name__, template_folder="templates")

    @blueprint.get("/")
    def index() -> str:
        return flask.render_template("sandbox/index.html", **_frame(sandbox), portals=list(_summaries(sandbox)))

    @blueprint.get("/portal/<int:portal_id>")
    def portal(portal_id: int) -> str:
        shown = sandbox.portals.get(portal_id) or flask.abort(404)
        return flask.render_template(
            "sandbox/portal.html", **_frame(sandbox), portal=shown, **_portal_content(sandbox, shown)
        )

    @blueprint.get("/portal/<int:portal_id>/contact/<contact_id>")
    def contact(portal_id: int, contact_id: str) -> str:
        shown = sandbox.portals.get(portal_id) or flask.abort(404)
        try:
            content = _contact_content(shown, contact_id)
        except RefusalError:
            flask.abort(404)
        return flask.render_template("sandbox/contact.html", **_frame(sandbox), portal=shown, **content)

    return blueprint


def _frame(sandbox: Sandbox) -> dict[str, Any]:
    return {
        "now": sandbox.clock.now(),
        "faults": sandbox.faults.faults,
        "pending": sandbox.sender.pending,
        "given_up": sandbox.sender.given_up,
    }


def _summaries(sandbox: Sandbox) -> list[dict[str, Any]]:
    return [
        {
            "portal": portal,
            "contacts": len(portal.contacts),
            "lists": sum(1 for _ in portal.crm.lists),
            "tasks": len(portal.crm.tables[TASK.type_id]),
            "notes": len(portal.crm.tables[NOTE.type_id]),
            "calls": sandbox.calls.total(portal.id),
            "written": sandbox.calls.written(portal.id),
        }
        for portal in sandbox.portals.values()
    ]


def _portal_content(sandbox: Sandbox, portal: Portal) -> dict[str, Any]:
    crm = portal.crm
    with crm.lock:
        newest = sorted(portal.contacts, key=lambda record: record.updated_at, reverse=True)[:_CONTACTS_SHOWN]
        return {
            "total": len(portal.contacts),
            "contacts": [_contact_row(portal, record) for record in newest],
            "own_properties": [p for p in portal.contacts.catalog.properties.values() if not p.hubspot_defined],
            "lists": list(crm.lists),
            "tasks": [_activity(portal, TASK.type_id, record) for record in crm.tables[TASK.type_id]],
            "notes": [_activity(portal, NOTE.type_id, record) for record in crm.tables[NOTE.type_id]],
            "operations": sandbox.calls.table(portal.id),
            "recent": _recent_calls(sandbox, portal),
        }


def _recent_calls(sandbox: Sandbox, portal: Portal) -> list[LoggedCall]:
    calls = [call for call in list(sandbox.calls.recent) if call.account == portal.id]
    return calls[: -_CALLS_SHOWN - 1 : -1]


def _contact_row(portal: Portal, record: Record) -> dict[str, Any]:
    return {
        "id": record.id,
        "name": _name(record),
        "email": record.properties.get("email", ""),
        "stage": record.properties.get("lifecyclestage", ""),
        "lists": [one.name for one in portal.crm.lists.lists_of(record.id, CONTACT.type_id)],
        "properties": record.properties,
    }


def _activity(portal: Portal, type_id: str, record: Record) -> dict[str, Any]:
    linked = portal.crm.associations.linked(type_id, record.id, CONTACT.type_id)
    people = [found for one in linked if (found := portal.contacts.find(one)) is not None]
    return {"properties": record.properties, "people": [(one.id, _name(one)) for one in people]}


def _contact_content(portal: Portal, contact_id: str) -> dict[str, Any]:
    with portal.crm.lock:
        record = portal.crm.record(CONTACT.name, contact_id)
        changes = [
            (version.at, name, version.value, version.origin)
            for name, versions in record.history.items()
            for version in versions
        ]
        events = [one for one in portal.marketing.email_events if one.contact_id == record.id]
        return {
            "record": record,
            "name": _name(record),
            "lists": sorted(portal.lists_of(record.id)),
            "tasks": portal.tasks(record.id),
            "notes": portal.notes(record.id),
            "changes": sorted(changes, key=lambda change: change[0], reverse=True)[:_VERSIONS_SHOWN],
            "events": events[::-1],
        }


def _name(record: Record) -> str:
    parts = (record.properties.get("firstname"), record.properties.get("lastname"))
    return " ".join(part for part in parts if part) or record.properties.get("email", "") or record.id
