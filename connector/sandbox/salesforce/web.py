"""The Flask applications: an org's My Domain with API and OAuth, and the login host with OAuth alone."""

from __future__ import annotations

from collections.abc import Callable

import flask
from werkzeug.exceptions import HTTPException, NotFound

from connector.sandbox.call_log import LoggedCall
from connector.sandbox.exchange import ConnectionDroppedError, Reply, hang_up, to_request, to_response
from connector.sandbox.faults import ApiFault
from connector.sandbox.salesforce import oauth_api
from connector.sandbox.salesforce.control import build_blueprint
from connector.sandbox.salesforce.gate import FIRST_VERSION, LAST_VERSION, admit, answer
from connector.sandbox.salesforce.operations import ROUTER
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.platform import Platform
from connector.sandbox.salesforce.refusals import RefusalError, not_found

#: URI and headers together may be about 16 KB long.
MAX_URI = 16_000
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def create_web(platform: Platform, org: Org | None = None) -> flask.Flask:
    """The address of an org, or without one the login host, as a WSGI application."""
    app = flask.Flask(__name__, static_folder=None)
    app.url_map.strict_slashes = False
    _add_oauth(app, platform, org)
    if org is None:
        app.register_blueprint(build_blueprint(platform))
    else:
        app.add_url_rule("/services/data", "versions", lambda: to_response(Reply(body=_versions())))
        app.add_url_rule("/services/oauth2/userinfo", "userinfo", lambda: _told_identity(platform, org))
        app.add_url_rule("/<path:path>", "api", _api_view(platform, org), methods=_METHODS)
    app.register_error_handler(HTTPException, lambda _: _refusal(not_found()))
    return app


def _api_view(platform: Platform, org: Org) -> Callable[..., flask.Response]:
    def view(path: str) -> flask.Response:  # noqa: ARG001  the raw path says more
        asked = flask.request
        uri = asked.environ.get("REQUEST_URI", asked.path)
        if len(uri) > MAX_URI:
            return flask.Response("URI Too Long", 414)
        found = ROUTER.find(asked.method, uri.partition("?")[0])
        if found is None:
            raise NotFound
        operation, arguments = found
        try:
            return to_response(answer(platform, org, operation, to_request(arguments)))
        except ConnectionDroppedError:
            return hang_up()

    return view


def _add_oauth(app: flask.Flask, platform: Platform, org: Org | None) -> None:
    root = "/services/oauth2"

    def token() -> flask.Response:
        asked = flask.request
        response = _with_faults(platform, lambda: oauth_api.token(platform, org, asked.form, asked.remote_addr or ""))
        name = f"oauth.{asked.form.get('grant_type', '').rpartition(':')[2]}"
        logged = LoggedCall(platform.clock.now(), "", name, asked.method, asked.path, response.status_code)
        platform.calls.add(logged)
        return response

    app.add_url_rule(f"{root}/token", "token", token, methods=["POST"])
    app.add_url_rule(
        f"{root}/revoke",
        "revoke",
        lambda: to_response(oauth_api.revoke(platform, flask.request.values)),
        methods=["GET", "POST"],
    )
    app.add_url_rule(
        f"{root}/introspect",
        "introspect",
        lambda: to_response(oauth_api.introspect(platform, flask.request.form)),
        methods=["POST"],
    )
    app.add_url_rule(
        f"{root}/authorize", "authorize", lambda: to_response(oauth_api.authorize(platform, org, flask.request.args))
    )
    app.add_url_rule("/id/<org_id>/<user_id>", "identity", lambda org_id, user_id: _identity(platform, org_id))


def _with_faults(platform: Platform, handle: Callable[[], Reply]) -> flask.Response:
    """The token endpoint meets faults, too: an answer that is lost after a rotation is the worst of them."""
    fault = platform.faults.strikes_call(flask.request.method, flask.request.path)
    if fault is None:
        return to_response(handle())
    if fault.kind is ApiFault.SLOW:
        platform.closing.wait(fault.delay.total_seconds())
        return to_response(handle())
    if fault.kind in (ApiFault.DROPPED_AFTER, ApiFault.STATUS_AFTER):
        handle()
    if fault.kind in (ApiFault.DROPPED_AFTER, ApiFault.DROPPED_BEFORE):
        return hang_up()
    return flask.Response("<html><body>Error</body></html>", fault.status)


def _identity(platform: Platform, org_id: str) -> flask.Response:
    org = platform.orgs.get(org_id)
    if org is None:
        return _refusal(not_found())
    return _told_identity(platform, org)


def _told_identity(platform: Platform, org: Org) -> flask.Response:
    try:
        grant = admit(platform, org, {name.lower(): value for name, value in flask.request.headers.items()})
    except RefusalError:
        # This resource has its own words. Salesforce: "Identity URLs".
        return flask.Response("Bad_OAuth_Token", 403)
    return to_response(Reply(body=oauth_api.identity(org, grant)))


def _versions() -> list[dict[str, str]]:
    numbers = [f"{number}.0" for number in range(int(FIRST_VERSION), int(LAST_VERSION) + 1)]
    return [{"label": f"Version {one}", "url": f"/services/data/v{one}", "version": one} for one in numbers]


def _refusal(refusal: RefusalError) -> flask.Response:
    return to_response(Reply(refusal.status, [refusal.as_call_error()]))
