"""Raw bytes -> registered endpoint -> verify -> keep the delivery -> acknowledge.

No parsing and no vendor's name: whose fact each event is, is intake's question, for one POST may serve many accounts.
What is acknowledged is durable.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote

from flask import Blueprint, Request, request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from connector.errors import (
    DeliveryError,
    MalformedRequestError,
    OversizeError,
    StoreUnavailableError,
    UnknownEndpointError,
    UnsupportedMediaError,
)
from connector.ports import NewDelivery, RawRequest
from webhooks.answers import Acknowledgement, Answer, refuse
from webhooks.door import Door

UNAVAILABLE = Acknowledgement(
    503, json.dumps({"error": "unavailable", "message": "The delivery could not be kept. Send it again later."})
)


def add_receive_route(blueprint: Blueprint, door: Door) -> None:
    """`POST /webhooks/<endpoint>`: open to whom the endpoint can verify."""
    receipts = to_receipts(door)

    @blueprint.post("/webhooks/<path:endpoint>")
    def receive_delivery(endpoint: str) -> Answer:
        try:
            receive(door, endpoint, request)
        except DeliveryError as error:
            door.refusals.add(error.code)
            return refuse(error.status, error.code, str(error))
        except StoreUnavailableError:
            return UNAVAILABLE
        return receipts[endpoint]


def to_receipts(door: Door) -> Mapping[str, Acknowledgement]:
    """What is answered to a delivery that is kept, by the name of its endpoint."""
    receipts = {name: endpoint.receipt for name, endpoint in door.endpoints.items()}
    return {name: Acknowledgement(200, receipt.body, receipt.media_type) for name, receipt in receipts.items()}


def receive(door: Door, name: str, received: Request) -> None:
    """Keep one genuine delivery, durably.

    Raises DeliveryError for what is refused, with nothing kept, and StoreUnavailableError. The same delivery sent
    twice is kept twice; intake drops the events of the second.
    """
    endpoint = door.endpoints.get(name)
    if endpoint is None:
        raise UnknownEndpointError
    if received.mimetype not in endpoint.media_types:
        raise UnsupportedMediaError
    body = read_body(received, endpoint.max_body)
    door.store.keep(admit(door, name, to_raw_request(received, body)))


def admit(door: Door, name: str, raw: RawRequest) -> NewDelivery:
    """What is to be kept of a request whose form is right. Raises DeliveryError unless the vendor sent it."""
    now = door.clock.now()
    door.endpoints[name].verify(raw, now)
    if not raw.body:
        raise MalformedRequestError("The body is empty.")
    return NewDelivery(name, now, raw.body)


def read_body(received: Request, max_body: int) -> bytes:
    """The body, or an error as soon as it is known to be too large, whether its length was declared or not."""
    # One byte more than we take: at its limit, Werkzeug ends an undeclared body as if it were whole.
    received.max_content_length = max_body + 1
    try:
        body = received.get_data(cache=False)
    except RequestEntityTooLarge:
        raise OversizeError from None
    except (ClientDisconnected, OSError):
        raise MalformedRequestError("The body was cut short.") from None
    if len(body) > max_body:
        raise OversizeError
    if len(body) < (received.content_length or 0):
        raise MalformedRequestError("The body was cut short.")
    return body


def to_raw_request(received: Request, body: bytes) -> RawRequest:
    """The request in our words. Where the server does not pass the path on as sent, it is encoded anew."""
    environ = received.environ
    target = environ.get("RAW_URI") or quote(environ["PATH_INFO"].encode("latin-1"))
    query = environ.get("QUERY_STRING")
    if query and "?" not in target:
        target = f"{target}?{query}"
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name[:5] == "HTTP_"}
    return RawRequest(environ["REQUEST_METHOD"], target, headers, body)
