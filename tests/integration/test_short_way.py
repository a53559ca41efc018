"""The short way of a genuine delivery: kept and acknowledged without the application, which says no to all others."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from app import build_app
from connector.ports import NewDelivery
from tests.door import RememberingStore, build_door, signed
from tests.integration.test_gateway import BODY, Wire, head
from webhooks.gateway import Gateway
from webhooks.short_way import ShortWay


class Doorway:
    """A gateway over a store, and whether its application was asked."""

    def __init__(self, store: RememberingStore) -> None:
        door = build_door(store)
        app = build_app(door)
        self.asked = 0
        app.before_request(self._count)
        self.gateway = Gateway(app, 10_000_000, short_way=ShortWay(door).take)

    def _count(self) -> None:
        self.asked += 1

    def knock(self, scope: Any, body: bytes = BODY) -> Wire:
        """Send one request."""
        wire = Wire([body])
        asyncio.run(self.gateway(scope, wire))
        return wire

    def knock_together(self, bodies: Sequence[bytes], scopes: Sequence[Any] = ()) -> list[Wire]:
        """Send several deliveries at the same moment."""
        wires = [Wire([body]) for body in bodies]
        scopes = scopes or [head(**signed(body)) for body in bodies]

        async def send() -> None:
            await asyncio.gather(*map(self.gateway, scopes, wires))

        asyncio.run(send())
        return wires


@pytest.fixture
def store() -> RememberingStore:
    return RememberingStore()


@pytest.fixture
def doorway(store: RememberingStore) -> Doorway:
    return Doorway(store)


def test_a_genuine_delivery_is_kept_without_asking_the_application(doorway: Doorway, store: RememberingStore) -> None:
    wire = doorway.knock(head(**signed(BODY)))

    assert (wire.status, wire.content, doorway.asked) == (200, {"status": "kept"}, 0)
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
def test_the_application_says_no_to_everything_else(
    doorway: Doorway, store: RememberingStore, scope: Any, body: bytes, status: int
) -> None:
    wire = doorway.knock(scope, body)

    assert (wire.status, doorway.asked) == (status, 1)
    assert store.kept == []


def test_deliveries_that_are_ready_together_are_kept_in_one_transaction(
    doorway: Doorway, store: RememberingStore
) -> None:
    bodies = [b"[%d]" % number for number in range(20)]

    wires = doorway.knock_together(bodies)

    assert store.asked == [20]
    assert [delivery.body for delivery in store.kept] == bodies
    assert [wire.status for wire in wires] == [200] * 20


def test_nobody_is_acknowledged_before_the_transaction_has_ended(doorway: Doorway, store: RememberingStore) -> None:
    wires, seen = [Wire([BODY]), Wire([BODY])], list[int]()
    keep = store.keep

    def keep_and_look(*deliveries: NewDelivery) -> None:
        keep(*deliveries)
        seen.extend(wire.status for wire in wires)

    store.keep = keep_and_look  # type: ignore[method-assign]

    async def send() -> None:
        await asyncio.gather(*(doorway.gateway(head(**signed(BODY)), wire) for wire in wires))

    asyncio.run(send())

    assert seen == [0, 0]
    assert [wire.status for wire in wires] == [200, 200]


def test_a_forged_delivery_among_genuine_ones_is_refused_alone(doorway: Doorway, store: RememberingStore) -> None:
    genuine, forged = head(**signed(BODY)), head(**signed(b"another body"))

    wires = doorway.knock_together([BODY] * 3, [genuine, forged, genuine])

    assert [wire.status for wire in wires] == [200, 401, 200]
    assert store.asked == [2]


def test_a_delivery_on_which_the_database_chokes_does_not_refuse_the_others(
    doorway: Doorway, store: RememberingStore
) -> None:
    store.poison = b"[2]"

    wires = doorway.knock_together([b"[1]", b"[2]", b"[3]"])

    assert [wire.status for wire in wires] == [200, 500, 200]
    assert [delivery.body for delivery in store.kept] == [b"[1]", b"[3]"]


def test_while_the_database_is_away_all_are_asked_to_come_again_and_it_is_tried_once(
    doorway: Doorway, store: RememberingStore
) -> None:
    store.is_away = True

    away = doorway.knock_together([BODY] * 3)
    store.is_away = False
    back = doorway.knock_together([BODY] * 2)

    assert [(wire.status, wire.content["error"]) for wire in away] == [(503, "unavailable")] * 3
    assert [wire.status for wire in back] == [200] * 2
    assert store.asked == [3, 2]


def test_a_request_that_is_given_up_holds_up_no_other(doorway: Doorway, store: RememberingStore) -> None:
    given_up, other = Wire([BODY]), Wire([BODY])

    async def send() -> None:
        first = asyncio.create_task(doorway.gateway(head(**signed(BODY)), given_up))
        second = asyncio.create_task(doorway.gateway(head(**signed(BODY)), other))
        await asyncio.sleep(0)
        first.cancel()
        await second

    asyncio.run(send())

    assert (given_up.status, other.status) == (0, 200)
    assert len(store.kept) == 2
