"""`POST /api/v1/signals`: what other systems tell of leads.

A batch is checked for its form, answered signal by signal, and kept as it came, as durable as any webhook; what its
signals mean for leads is intake's question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

from flask import Blueprint, Request, request

from connector.domain.ids import WorkspaceId
from connector.engine.inward.batch import MAX_BODY, Batch, parse_batch, to_endpoint
from connector.engine.running.keys import open_with
from connector.errors import (
    DeliveryError,
    KeyRefusedError,
    MalformedRequestError,
    ReusedNameError,
    StoreUnavailableError,
    UnreadableSignalsError,
    UnsupportedMediaError,
)
from connector.ports import BatchName, Misfit, NewDelivery
from webhooks.answers import Answer, answer, refuse
from webhooks.door import Door
from webhooks.receive import UNAVAILABLE, read_body

_BEARER: Final = "Bearer "
_IDEMPOTENCY_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")
#: Whoever sends a thousand wrong signals is shown how a hundred of them are wrong.
_MAX_SHOWN: Final = 100


def add_signals_route(blueprint: Blueprint, door: Door) -> None:
    """`POST /api/v1/signals`: open to who holds a key of a workspace."""

    @blueprint.post("/api/v1/signals")
    def receive_signals() -> Answer:
        try:
            return _receive(door, request)
        except DeliveryError as error:
            door.refusals.add(error.code)
            return refuse(error.status, error.code, str(error))
        except StoreUnavailableError:
            return UNAVAILABLE


def _receive(door: Door, received: Request) -> Answer:
    workspace = _open(door, received)
    if received.mimetype != "application/json":
        raise UnsupportedMediaError
    body, now = read_body(received, MAX_BODY), door.clock.now()
    name = _read_name(received)
    batch = parse_batch(body, now)
    if not batch.told:
        door.refusals.add(UnreadableSignalsError.code)
        return _refuse_all(batch)
    _keep(door, NewDelivery(to_endpoint(workspace), now, body), name, workspace)
    return answer(200, {"status": "kept", "signals": len(batch.told), **_tell(batch.misfits)})


def _open(door: Door, received: Request) -> WorkspaceId:
    given = received.headers.get("Authorization", "")
    if not given.startswith(_BEARER):
        raise KeyRefusedError
    return open_with(door.store, given.removeprefix(_BEARER).strip())


def _read_name(received: Request) -> str:
    name: str = received.headers.get("Idempotency-Key", "")
    if name and not _IDEMPOTENCY_KEY.fullmatch(name):
        raise MalformedRequestError("An idempotency key has 1 to 200 visible ASCII characters.")
    return name


def _keep(door: Door, delivery: NewDelivery, name: str, workspace: WorkspaceId) -> None:
    """Make it durable, once where it has a name. Raises ReusedNameError with nothing kept."""
    if not name:
        door.store.keep(delivery)
        return
    fingerprint = blake2b(delivery.body, digest_size=16).hexdigest()
    with door.store.transaction() as transaction:
        if not transaction.deliveries.keep_once(delivery, BatchName(workspace, name, fingerprint)):
            raise ReusedNameError


def _refuse_all(batch: Batch) -> Answer:
    told = {"error": UnreadableSignalsError.code, "message": str(UnreadableSignalsError())}
    return answer(UnreadableSignalsError.status, {**told, **_tell(batch.misfits)})


def _tell(misfits: Sequence[Misfit]) -> dict[str, object]:
    return {"refused": len(misfits), "errors": [one._asdict() for one in misfits[:_MAX_SHOWN]]}
