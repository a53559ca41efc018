"""A door to knock at: the real HubSpot endpoint over a store that only remembers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from connector.crms.hubspot.inbox import HubSpotEndpoint
from connector.errors import StoreUnavailableError
from connector.ports import NewDelivery, Store
from connector.sandbox.hubspot.signatures import webhook_headers
from webhooks.door import Door
from webhooks.refusals import Refusals

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
SECRET = "test-secret-0001"
PUBLIC_URL = "https://app.example.com"
TARGET = "/webhooks/hubspot"


class RememberingStore:
    """Keeps deliveries and counts in memory; can be told to be away, or to choke on one body."""

    def __init__(self) -> None:
        self.kept: list[NewDelivery] = []
        #: How many deliveries each transaction was asked to keep.
        self.asked: list[int] = []
        self.poison: bytes | None = None
        self.counted: dict[str, int] = {}
        self.leases: dict[str, str] = {}
        self.is_away = False
        self.is_old = False
        self.read_models = SimpleNamespace(held_leases=lambda now: self.leases)

    def keep(self, *deliveries: NewDelivery) -> None:
        self.asked.append(len(deliveries))
        self._answer()
        if self.poison in [delivery.body for delivery in deliveries]:
            raise ValueError("the database chokes on it")
        self.kept += deliveries

    def is_current(self) -> bool:
        self._answer()
        return not self.is_old

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        self._answer()
        yield SimpleNamespace(counts=SimpleNamespace(add=self._add))

    def _add(self, amounts: Mapping[str, int]) -> None:
        for name, amount in amounts.items():
            self.counted[name] = self.counted.get(name, 0) + amount

    def _answer(self) -> None:
        if self.is_away:
            raise StoreUnavailableError


class StandingClock:
    """Shows NOW."""

    def now(self) -> datetime:
        return NOW

    def wait(self, seconds: float) -> None:
        raise AssertionError("nobody waits at the door")


def build_door(store: RememberingStore) -> Door:
    endpoint = HubSpotEndpoint(SECRET, PUBLIC_URL, "9")
    as_store = cast(Store, store)
    return Door({endpoint.name: endpoint}, as_store, StandingClock(), Refusals(as_store, flush_seconds=3600))


def signed(body: bytes, *, at: datetime = NOW, url: str = PUBLIC_URL + TARGET) -> dict[str, str]:
    """The headers of a genuine delivery."""
    stamp = int(at.timestamp() * 1000)
    return {"Content-Type": "application/json", **webhook_headers(SECRET, url, body, stamp)}
