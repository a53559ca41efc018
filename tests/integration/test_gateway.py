"""What one slow or greedy sender can do to the others: nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from app import build_app
from tests.door import TARGET, RememberingStore, build_door, signed
from webhooks.gateway import SHORT, Gateway
from webhooks.short_way import ShortWay

BODY = b'[{"eventId":1,"portalId":123}]'
MAX_BODY = 100


class Wire:
    """A connection as the server shows it: the body in pieces, None for a sender that stops there.

    Read as a whole, a body whose sender hangs up before its end is an error.
    """

    def __init__(self, pieces: Sequence[bytes | None], *, hangs_up: bool = False) -> None:
        self._pieces = pieces
        self._hangs_up = hangs_up
        self.taken = 0
        self.status = 0
        self.headers: dict[str, str] = {}
        self.content: Any = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            if piece is None:
                await asyncio.Event().wait()
            else:
                self.taken += 1
                yield piece

    async def __call__(self) -> bytes:
        body = b"".join([piece async for piece in self])
        if self._hangs_up:
            raise RuntimeError("the transport is closed")
        return body

    def response_bytes(self, status: int, headers: Sequence[tuple[str, str]], body: bytes) -> None:
        self.status, self.headers, self.content = status, dict(headers), json.loads(body)

    def response_str(self, status: int, headers: Sequence[tuple[str, str]], body: str) -> None:
        self.response_bytes(status, headers, body.encode())


class TwiceNamed(dict[str, str]):
    """Headers as the server shows them: all of them if asked for all, the first of a name if asked for one."""

    def __init__(self, headers: Mapping[str, str], pairs: Sequence[tuple[str, str]]) -> None:
        super().__init__(headers)
        self._pairs = pairs

    def items(self) -> Any:
        return self._pairs


def head(method: str = "POST", path: str = TARGET, **headers: str) -> Any:
    return SimpleNamespace(
        http_version="1.1",
        method=method,
        path=path,
        query_string="",
        scheme="http",
        client="127.0.0.1:5000",
        server="127.0.0.1:8000",
        headers={name.replace("_", "-").lower(): value for name, value in headers.items()},
    )


def genuine(**headers: str) -> Any:
    return head(**signed(BODY), **{"content_length": str(len(BODY)), **headers})


@pytest.fixture
def store() -> RememberingStore:
    return RememberingStore()


@pytest.fixture
def gateway(store: RememberingStore) -> Gateway:
    return build_gateway(store, MAX_BODY, body_seconds=0.05, max_held=300)


def build_gateway(store: RememberingStore, max_body: int, **limits: Any) -> Gateway:
    door = build_door(store)
    return Gateway(build_app(door), max_body, short_way=ShortWay(door).take, **limits)


@pytest.mark.parametrize("length", [str(len(BODY)), ""], ids=["declared", "undeclared"])
def test_a_body_that_comes_in_pieces_is_kept_whole(gateway: Gateway, store: RememberingStore, length: str) -> None:
    wire = Wire([BODY[:7], b"", BODY[7:]])

    asyncio.run(gateway(genuine(content_length=length), wire))

    assert (wire.status, wire.content) == (200, {"status": "kept"})
    assert [kept.body for kept in store.kept] == [BODY]


@pytest.mark.parametrize("length", [str(len(BODY)), ""], ids=["declared", "undeclared"])
def test_a_sender_that_stops_half_way_keeps_nobody_waiting(
    gateway: Gateway, store: RememberingStore, length: str
) -> None:
    slow, quick = [Wire([BODY[:7], None]) for _ in range(5)], Wire([BODY])

    async def send() -> list[int]:
        waiting = [asyncio.create_task(gateway(genuine(content_length=length), wire)) for wire in slow]
        await asyncio.sleep(0)
        await gateway(genuine(), quick)
        before = [wire.status for wire in slow]
        await asyncio.gather(*waiting)
        return before

    assert asyncio.run(send()) == [0] * 5
    assert quick.status == 200
    assert {(wire.status, wire.headers["Connection"]) for wire in slow} == {(408, "close")}
    assert len(store.kept) == 1


GREEDY = {"of undeclared length": ("", [b" " * 100, None]), "declared and not sent": ("100", [None])}


@pytest.mark.parametrize(("length", "pieces"), GREEDY.values(), ids=GREEDY)
def test_what_strangers_make_us_hold_has_an_end_and_is_let_go(
    gateway: Gateway, length: str, pieces: Sequence[bytes | None]
) -> None:
    greedy, refused, later = [Wire(pieces) for _ in range(3)], Wire([BODY]), Wire([BODY])

    async def send() -> None:
        waiting = [asyncio.create_task(gateway(genuine(content_length=length), wire)) for wire in greedy]
        await asyncio.sleep(0)
        await gateway(genuine(), refused)
        await asyncio.gather(*waiting)
        await gateway(genuine(), later)

    asyncio.run(send())

    assert (refused.status, later.status) == (503, 200)


def test_of_a_body_that_is_too_large_no_more_is_read_than_shows_it(store: RememberingStore) -> None:
    largest = build_door(store).endpoints["hubspot"].max_body
    gateway = build_gateway(store, largest)
    declared, endless = Wire([BODY]), Wire([b" " * (largest // 2 + 1)] * 100)

    asyncio.run(gateway(head(content_type="application/json", content_length=str(largest * 2)), declared))
    asyncio.run(gateway(head(content_type="application/json"), endless))

    assert (declared.status, declared.taken) == (413, 0)
    assert (endless.status, endless.taken) == (413, 2)


def test_a_short_length_does_not_make_room_for_an_endless_body_in_chunks(store: RememberingStore) -> None:
    gateway, endless = build_gateway(store, SHORT), Wire([b" " * SHORT] * 100)

    asyncio.run(gateway(genuine(transfer_encoding="chunked"), endless))

    assert (endless.status, endless.taken) == (401, 2)
    assert store.kept == []


def test_a_body_whose_sender_hangs_up_is_not_kept(gateway: Gateway, store: RememberingStore) -> None:
    cut_short, later = Wire([BODY], hangs_up=True), Wire([BODY])

    async def send() -> None:
        await gateway(genuine(content_length=str(len(BODY) + 1)), cut_short)
        await gateway(genuine(), later)

    asyncio.run(send())

    assert (cut_short.status, later.status) == (400, 200)
    assert len(store.kept) == 1


def test_a_header_that_comes_twice_is_not_one_of_the_two(gateway: Gateway) -> None:
    wire, request = Wire([BODY]), genuine()
    pairs = [*request.headers.items(), ("x-hubspot-signature-v3", "forged")]
    request.headers = TwiceNamed(request.headers, pairs)

    asyncio.run(gateway(request, wire))

    assert wire.status == 401
