"""From refusals to answers."""

from __future__ import annotations

import random
import uuid

from connector.sandbox.exchange import Reply
from connector.sandbox.hubspot.refusals import RefusalError


def refusal_reply(refusal: RefusalError, dice: random.Random) -> Reply:
    """A refusal with an id to quote to the support."""
    correlation_id = str(uuid.UUID(int=dice.getrandbits(128), version=4))
    body = {**refusal.body, "correlationId": correlation_id}
    return Reply(refusal.status, body, {**refusal.headers, "X-HubSpot-Correlation-Id": correlation_id})
