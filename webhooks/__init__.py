"""The door: what a CRM may send us, and what we answer."""

from __future__ import annotations

from flask import Blueprint

from webhooks.door import Door
from webhooks.health import add_health_routes
from webhooks.letting_in import add_letting_in_routes
from webhooks.receive import add_receive_route
from webhooks.signals import add_signals_route


def build_blueprint(door: Door) -> Blueprint:
    """Every route of the web process.

    `POST /webhooks/<endpoint>` is open to those whose requests the endpoint can verify, `POST /api/v1/signals` to those
    who hold a key; `GET /healthz` and `GET /readyz` are open to all and tell nothing about leads. To `GET /oauth/...` a
    CRM sends the browsers of administrators whom `coltiva connect` invited.
    """
    blueprint = Blueprint("webhooks", __name__)
    add_receive_route(blueprint, door)
    add_signals_route(blueprint, door)
    add_health_routes(blueprint, door)
    add_letting_in_routes(blueprint, door)
    return blueprint
