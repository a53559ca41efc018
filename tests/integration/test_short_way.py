"""The short way of a genuine delivery: kept and acknowledged without the application, which says no to all others."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

from app import build_app
from tests.door import RememberingStore, build_door, signed
from tests.integration.test_gateway import BODY, Wire, head
from webhooks.gateway import Gateway
from webhooks.receive import keep_at_once


def knock(store: RememberingStore, scope: Any, body: bytes = BODY) -> tuple[Wire, bool]:
    """Send a request; what was answered, and whether the application was asked."""
    door, asked = build_door(store), list[str]()
    app = build_app(door)
    app.before_request(lambda: asked.append("yes"))
    wire = Wire([body])
    asyncio.run(Gateway(app, 10_000_000, keep_at_once=partial(keep_at_once, door))(scope, wire))
    return wire, bool(asked)


def test_a_genuine_delivery_is_kept_without_asking_the_application() -> None:
    store = RememberingStore()

    wire, asked = knock(store, head(**signed(BODY)))

    assert (wire.status, wire.content, asked) == (200, {"status": "kept"}, False)
    assert [delivery.body for delivery in store.kept] == [BODY]


REFUSED = {
    "forged": (head(**signed(b"another body")), BODY, 401),
    "without a body": (head(**signed(b"")), b"", 400),
    "of another media type": (head(**{**signed(BODY), "Content-Type": "text/plain"}), BODY, 415),
    "too large": (head(**signed(b"x" * 9_000_000)), b"x" * 9_000_000, 413),
    "for nobody": (head(path="/webhooks/nobody", **signed(BODY)), BODY, 404),
    "beside the path": (head(path="//webhooks/hubspot", **signed(BODY)), BODY, 401),
    "by another method": (head("PUT", **signed(BODY)), BODY, 405),
}


@pytest.mark.parametrize(("scope", "body", "status"), REFUSED.values(), ids=REFUSED)
def test_the_application_says_no_to_everything_else(scope: Any, body: bytes, status: int) -> None:
    store = RememberingStore()

    wire, asked = knock(store, scope, body)

    assert wire.status == status
    assert asked
    assert store.kept == []


def test_what_cannot_be_kept_is_not_acknowledged() -> None:
    store = RememberingStore()
    store.is_away = True

    wire, _ = knock(store, head(**signed(BODY)))

    assert wire.status == 503
