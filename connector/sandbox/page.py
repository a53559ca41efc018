"""Pages for people: what is in the portals right now."""

from __future__ import annotations

import flask

from connector.sandbox.sandbox import Sandbox


def build_blueprint(sandbox: Sandbox) -> flask.Blueprint:
    """The routes of the pages."""
    return flask.Blueprint("page", __name__)
