"""The Flask application: API, OAuth, control API and the page for people."""

from __future__ import annotations

from collections.abc import Callable

import flask
from werkzeug.exceptions import HTTPException, NotFound

from connector.sandbox.exchange import ConnectionDroppedError, Reply, hang_up, to_request, to_response
from connector.sandbox.hubspot import control, oauth_api, page
from connector.sandbox.hubspot.gate import answer
from connector.sandbox.hubspot.operations import OPERATIONS
from connector.sandbox.hubspot.refusals import Category, RefusalError
from connector.sandbox.hubspot.responses import refusal_reply
from connector.sandbox.hubspot.sandbox import Sandbox
from connector.sandbox.hubspot.vocabulary import DATE_VERSION
from connector.sandbox.router import Router

#: Made once: it is the same for every sandbox.
_ROUTER = Router(OPERATIONS)
_OAUTH_VERSIONS = ("v1", "2026-03", DATE_VERSION)


def create_web(sandbox: Sandbox) -> flask.Flask:
    """The sandbox as a WSGI application."""
    app = flask.Flask(__name__, static_folder=None)
    app.url_map.strict_slashes = False
    _add_oauth(app, sandbox)
    app.register_blueprint(control.build_blueprint(sandbox))
    app.register_blueprint(page.build_blueprint(sandbox))
    app.add_url_rule("/<path:path>", "api", _api_view(sandbox), methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    app.register_error_handler(HTTPException, lambda error: _not_served(sandbox, error))
    return app


def _api_view(sandbox: Sandbox) -> Callable[..., flask.Response]:

    def view(path: str) -> flask.Response:  # noqa: ARG001  the raw path says more
        asked = flask.request
        raw_path = asked.environ.get("REQUEST_URI", asked.path).partition("?")[0]
        found = _ROUTER.find(asked.method, raw_path)
        if found is None:
            raise NotFound
        operation, arguments = found
        try:
            return to_response(answer(sandbox, operation, to_request(arguments)))
        except ConnectionDroppedError:
            return hang_up()

    return view


def _add_oauth(app: flask.Flask, sandbox: Sandbox) -> None:
    def form_view(handler: Callable[[Sandbox, oauth_api.Form], Reply]) -> Callable[[], flask.Response]:
        return lambda: to_response(handler(sandbox, flask.request.form))

    def token_view(handler: Callable[[Sandbox, str], Reply]) -> Callable[[str], flask.Response]:
        return lambda asked: to_response(handler(sandbox, asked))

    for version in _OAUTH_VERSIONS:
        root = f"/oauth/{version}"
        app.add_url_rule(f"{root}/token", f"{root}:token", form_view(oauth_api.token), methods=["POST"])
        if version != "v1":
            app.add_url_rule(
                f"{root}/token/introspect", f"{root}:introspect", form_view(oauth_api.introspect), methods=["POST"]
            )
            app.add_url_rule(f"{root}/token/revoke", f"{root}:revoke", form_view(oauth_api.revoke), methods=["POST"])
    legacy = "/oauth/v1/{}-tokens/<asked>"
    app.add_url_rule(legacy.format("access"), "oauth:access", token_view(oauth_api.legacy_access_token))
    app.add_url_rule(legacy.format("refresh"), "oauth:refresh", token_view(oauth_api.legacy_refresh_token))
    app.add_url_rule(legacy.format("refresh"), "oauth:revoke", token_view(oauth_api.legacy_revoke), methods=["DELETE"])
    for path in ("/oauth/authorize", "/oauth/<int:portal_id>/authorize"):
        app.add_url_rule(path, path, lambda portal_id=0: _authorize(sandbox, portal_id))


def _authorize(sandbox: Sandbox, portal_id: int) -> flask.Response:
    query = flask.request.args.to_dict()
    if portal_id:
        query["portalId"] = str(portal_id)
    return to_response(oauth_api.authorize(sandbox, query))


def _not_served(sandbox: Sandbox, error: HTTPException) -> flask.Response:
    status = error.code or 500
    category = Category.NOT_FOUND if status == 404 else Category.VALIDATION
    refusal = RefusalError(status, category, f"{flask.request.method} {flask.request.path} is not served here.")
    return to_response(refusal_reply(refusal, sandbox.dice))
