"""The control API under `/_sandbox`, for a driver in another process."""

from __future__ import annotations

import flask

from connector.sandbox.sandbox import Sandbox


def build_blueprint(sandbox: Sandbox) -> flask.Blueprint:
    """The routes of the control API."""
    return flask.Blueprint("control", __name__, url_prefix="/_sandbox")
