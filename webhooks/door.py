"""What receiving needs of the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connector.clock import Clock
from connector.ports import Endpoint, Store
from webhooks.refusals import Refusals


@dataclass(frozen=True, slots=True)
class Door:
    """The registered endpoints and where their deliveries are kept."""

    endpoints: Mapping[str, Endpoint]
    store: Store
    clock: Clock
    refusals: Refusals
