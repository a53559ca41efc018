"""The control API of the login host, under `/_sandbox`, for a driver in another process. It takes and gives JSON.

It has no authentication: the server listens on loopback, and a browser's form can not send JSON.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import flask

from connector.sandbox import steering
from connector.sandbox.commands import ActionCommand, WrongCommandError, read_command
from connector.sandbox.exchange import Reply, to_response
from connector.sandbox.salesforce.actions import perform
from connector.sandbox.salesforce.platform import Platform
from connector.sandbox.salesforce.refusals import RefusalError

Json = dict[str, Any]


def build_blueprint(platform: Platform) -> flask.Blueprint:
    """The routes of the control API."""
    control = Control(platform)
    blueprint = flask.Blueprint("control", __name__, url_prefix="/_sandbox")
    routes: tuple[tuple[str, str, Callable[..., Json]], ...] = (
        ("GET", "/state", control.state),
        ("POST", "/clock", lambda: steering.move_clock(platform.clock, platform.advance)),
        ("GET", "/faults", lambda: steering.list_faults(platform.faults)),
        ("POST", "/faults", lambda: steering.add_fault(platform.faults)),
        ("DELETE", "/faults", lambda: steering.clear_faults(platform.faults)),
        ("POST", "/orgs/<org_id>/actions", control.act),
    )
    for method, path, handler in routes:
        blueprint.add_url_rule(path, f"{method} {path}", _view(handler), methods=[method])
    return blueprint


def _view(handler: Callable[..., Json]) -> Callable[..., flask.Response]:
    def view(**arguments: Any) -> flask.Response:
        try:
            return to_response(Reply(200, handler(**arguments)))
        except WrongCommandError as error:
            return to_response(Reply(error.status, {"message": str(error)}))
        except RefusalError as refusal:
            return to_response(Reply(refusal.status, refusal.as_call_error()))

    return view


class Control:
    """The operations that ask for an org; each gives the JSON to answer with."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def state(self) -> Json:
        """Time, orgs and faults at a glance."""
        clock = self._platform.clock
        orgs = [
            {"org_id": org.id, "name": org.name, "instance_url": org.instance_url}
            for org in self._platform.orgs.values()
        ]
        return {"now": steering.iso(clock), "rate": clock.rate, "orgs": orgs} | steering.list_faults(
            self._platform.faults
        )

    def act(self, org_id: str) -> Json:
        """Let somebody of the org do something; gives what the action gives."""
        org = self._platform.orgs.get(org_id)
        if org is None:
            named = ", ".join(self._platform.orgs)
            raise WrongCommandError(f"There is no org {org_id}. Choose one of {named}.", status=HTTPStatus.NOT_FOUND)
        wanted = read_command(ActionCommand)
        return {"result": perform(org, wanted.action, wanted.arguments)}
