"""The Flask application: settings -> bootstrap -> blueprints."""

from __future__ import annotations

from flask import Flask
from werkzeug.exceptions import HTTPException

from connector.bootstrap import open_services
from connector.crms import settings_to_receive
from connector.errors import SettingsError
from connector.settings import Settings, load_settings
from webhooks import build_blueprint
from webhooks.answers import answer_defect, answer_http_error
from webhooks.door import Door
from webhooks.refusals import Refusals


def create_app(settings: Settings | None = None) -> Flask:
    """The web process: keeps genuine deliveries and tells of its health.

    Raises SettingsError when the environment does not say enough to tell genuine from forged.
    """
    needed = settings_to_receive()
    settings = settings or load_settings(one_of=needed)
    if needed and not any(map(settings.value, needed)):
        raise SettingsError("Without the app of a CRM nobody's webhooks can be told from forged ones.")
    services = open_services(settings)
    return build_app(Door(services.endpoints, services.store, services.clock, Refusals(services.store)))


def build_app(door: Door) -> Flask:
    """The application around what it receives with."""
    app = Flask(__name__, static_folder=None)
    app.extensions["coltiva"] = door
    app.register_blueprint(build_blueprint(door))
    app.register_error_handler(HTTPException, answer_http_error)
    app.register_error_handler(Exception, answer_defect)
    return app
