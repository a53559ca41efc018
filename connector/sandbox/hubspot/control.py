"""The control API under `/_sandbox`, for a driver in another process. It takes and gives JSON.

It has no authentication: the server listens on loopback, and a browser's form can not send JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import flask
import msgspec

from connector.sandbox import steering
from connector.sandbox.commands import ActionCommand, Command, WrongCommandError, read_command
from connector.sandbox.exchange import Reply, to_response
from connector.sandbox.hubspot.actions import perform
from connector.sandbox.hubspot.commands import (
    AppCommand,
    ConnectCommand,
    HabitsCommand,
    LimitsCommand,
    PortalCommand,
)
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.refusals import RefusalError, invalid, not_found
from connector.sandbox.hubspot.responses import refusal_reply
from connector.sandbox.hubspot.sandbox import Sandbox
from connector.sandbox.hubspot.vocabulary import iso

Json = dict[str, Any]


def build_blueprint(sandbox: Sandbox) -> flask.Blueprint:
    """The routes of the control API."""
    control = Control(sandbox)
    blueprint = flask.Blueprint("control", __name__, url_prefix="/_sandbox")
    routes: tuple[tuple[str, str, Callable[..., Json]], ...] = (
        ("GET", "/state", control.state),
        ("POST", "/clock", control.move_clock),
        ("POST", "/tick", control.tick),
        ("POST", "/flush", control.flush),
        ("GET", "/faults", lambda: steering.list_faults(sandbox.faults)),
        ("POST", "/faults", lambda: steering.add_fault(sandbox.faults)),
        ("DELETE", "/faults", lambda: steering.clear_faults(sandbox.faults)),
        ("DELETE", "/calls", control.reset_calls),
        ("POST", "/apps/<int:app_id>", control.change_app),
        ("POST", "/portals", control.create_portal),
        ("POST", "/portals/<int:portal_id>/connect", control.connect),
        ("POST", "/portals/<int:portal_id>/expire-tokens", control.expire_tokens),
        ("POST", "/portals/<int:portal_id>/limits", control.set_limits),
        ("POST", "/portals/<int:portal_id>/habits", control.set_habits),
        ("POST", "/portals/<int:portal_id>/actions", control.act),
        ("GET", "/portals/<int:portal_id>/calls", control.calls),
        ("GET", "/portals/<int:portal_id>/contacts/<contact_id>", control.contact),
        ("GET", "/portals/<int:portal_id>/lists", control.lists),
    )
    for method, path, handler in routes:
        endpoint = f"{method} {path.replace('.', ' ')}"
        blueprint.add_url_rule(path, endpoint, _view(sandbox, handler), methods=[method])
    return blueprint


def _view(sandbox: Sandbox, handler: Callable[..., Json]) -> Callable[..., flask.Response]:
    def view(**arguments: Any) -> flask.Response:
        try:
            return to_response(Reply(200, handler(**arguments)))
        except WrongCommandError as error:
            refusal = RefusalError(error.status, "VALIDATION_ERROR", str(error))
            return to_response(refusal_reply(refusal, sandbox.dice))
        except RefusalError as refusal:
            return to_response(refusal_reply(refusal, sandbox.dice))

    return view


class Control:
    """The operations of the control API; each gives the JSON to answer with."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def state(self) -> Json:
        """Time, portals, apps, faults and webhooks at a glance."""
        sandbox = self._sandbox
        return {
            "now": iso(sandbox.clock.now()),
            "rate": sandbox.clock.rate,
            "portals": [self._portal_summary(portal) for portal in sandbox.portals.values()],
            "apps": [
                {"app_id": app.app_id, "target_url": app.target_url, "subscriptions": len(app.subscriptions)}
                for app in sandbox.apps.values()
            ],
            "faults": steering.list_faults(sandbox.faults)["faults"],
            "webhooks": {"pending": sandbox.sender.pending, "given_up": sandbox.sender.given_up},
        }

    def move_clock(self) -> Json:
        """Set, advance or pace portal time; advancing does what falls due on the way."""
        return steering.move_clock(self._sandbox.clock, self._sandbox.advance)

    def tick(self) -> Json:
        """Do what is due now: planned actions, then webhooks."""
        self._sandbox.tick()
        return {"pending": self._sandbox.sender.pending}

    def flush(self) -> Json:
        """Deliver the webhooks that are due now."""
        return {"deliveries": [asdict(delivery) for delivery in self._sandbox.flush()]}

    def reset_calls(self) -> Json:
        """Count calls from zero."""
        self._sandbox.calls.reset()
        return {}

    def change_app(self, app_id: int) -> Json:
        """Change an app's target URL and subscriptions; properties are heard of beside those heard of already."""
        app = self._sandbox.apps.get(app_id)
        if app is None:
            raise not_found(f"There is no app {app_id}. Choose one of {_named(self._sandbox.apps)}.")
        wanted = read_command(AppCommand)
        if wanted.target_url is not None:
            app.target_url = wanted.target_url or None
        if wanted.mixes_portals is not None:
            app.mixes_portals = wanted.mixes_portals
        if wanted.redirect_urls is not None:
            app.redirect_urls = wanted.redirect_urls
        if wanted.subscribe == "none":
            app.unsubscribe_all()
        elif wanted.subscribe or wanted.properties:
            generic = wanted.subscribe == "generic" if wanted.subscribe else app.is_generic
            app.subscribe_anew(generic=generic, properties=wanted.properties)
        return {"app_id": app.app_id, "target_url": app.target_url, "subscriptions": len(app.subscriptions)}

    def create_portal(self) -> Json:
        """Open a portal."""
        wanted = read_command(PortalCommand)
        return self._portal_summary(self._sandbox.create_portal(wanted.name, time_zone=wanted.time_zone))

    def connect(self, portal_id: int) -> Json:
        """Install an app and give its token."""
        portal, wanted = self._portal(portal_id), read_command(ConnectCommand)
        app = self._sandbox.apps.get(wanted.app_id)
        if app is None:
            raise not_found(f"There is no app {wanted.app_id}. Choose one of {_named(self._sandbox.apps)}.")
        if wanted.oauth:
            return {"refresh_token": self._sandbox.connect_with_oauth(app, portal, wanted.scopes)}
        return {"token": self._sandbox.connect(app, portal, wanted.token, wanted.scopes)}

    def expire_tokens(self, portal_id: int) -> Json:
        """Let the OAuth access tokens of a portal run out now."""
        self._sandbox.tokens.expire_access_tokens(self._portal(portal_id).id)
        return {}

    def set_limits(self, portal_id: int) -> Json:
        """Change rate limits; what is not given stays."""
        limits = self._portal(portal_id).limits
        for name, value in _given(read_command(LimitsCommand)).items():
            setattr(limits, name, value)
        return {"max_calls": limits.max_calls, "max_searches_per_second": limits.max_searches_per_second}

    def set_habits(self, portal_id: int) -> Json:
        """Change habits; what is not given stays."""
        habits = self._portal(portal_id).crm.habits
        given = _given(read_command(HabitsCommand))
        if "search_lag_seconds" in given:
            given["search_lag"] = timedelta(seconds=given.pop("search_lag_seconds"))
        for name, value in given.items():
            setattr(habits, name, value)
        return {}

    def act(self, portal_id: int) -> Json:
        """Let a person or the portal's machinery do something; gives what the action gives."""
        wanted = read_command(ActionCommand)
        try:
            return {"result": perform(self._portal(portal_id), wanted.action, wanted.arguments)}
        except ValueError as error:
            raise invalid(f"{wanted.action}: {error}") from None

    def calls(self, portal_id: int) -> Json:
        """Calls and written records by operation."""
        table = self._sandbox.calls.table(self._portal(portal_id).id)
        operations = {name: {"statuses": statuses, "records_written": written} for name, statuses, written in table}
        return {"total": self._sandbox.calls.total(portal_id), "operations": operations}

    def contact(self, portal_id: int, contact_id: str) -> Json:
        """A contact with its lists, tasks and notes."""
        portal = self._portal(portal_id)
        return {
            "properties": portal.contact(contact_id),
            "lists": sorted(portal.lists_of(contact_id)),
            "tasks": portal.tasks(contact_id),
            "notes": portal.notes(contact_id),
        }

    def lists(self, portal_id: int) -> Json:
        """The members of every list."""
        portal = self._portal(portal_id)
        with portal.crm.lock:
            return {"lists": {one.name: sorted(one.members) for one in portal.crm.lists}}

    def _portal(self, portal_id: int) -> Portal:
        portal = self._sandbox.portals.get(portal_id)
        if portal is None:
            raise not_found(f"There is no portal {portal_id}. Choose one of {_named(self._sandbox.portals)}.")
        return portal

    def _portal_summary(self, portal: Portal) -> Json:
        return {
            "portal_id": portal.id,
            "name": portal.name,
            "contacts": len(portal.contacts),
            "calls": self._sandbox.calls.total(portal.id),
        }


def _named(ids: Iterable[int]) -> str:
    return ", ".join(map(str, ids))


def _given(command: Command) -> Json:
    return {name: value for name, value in msgspec.structs.asdict(command).items() if value is not msgspec.UNSET}
