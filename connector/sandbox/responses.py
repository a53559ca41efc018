"""From answers to HTTP responses."""

from __future__ import annotations

import random
import uuid

import flask
import msgspec

from connector.sandbox.call import Reply
from connector.sandbox.refusals import RefusalError


def refusal_reply(refusal: RefusalError, dice: random.Random) -> Reply:
    """A refusal with an id to quote to the support."""
    correlation_id = str(uuid.UUID(int=dice.getrandbits(128), version=4))
    body = {**refusal.body, "correlationId": correlation_id}
    return Reply(refusal.status, body, {**refusal.headers, "X-HubSpot-Correlation-Id": correlation_id})


def to_response(reply: Reply) -> flask.Response:
    """An answer as HTTP."""
    body = b"" if reply.body is None else msgspec.json.encode(reply.body)
    response = flask.Response(body, reply.status, dict(reply.headers))
    if reply.body is not None:
        response.content_type = "application/json;charset=utf-8"
    return response
