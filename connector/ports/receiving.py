"""What comes in: requests as they came, what CRMs say in them, and what becomes no fact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from connector.domain.ids import CrmRef
from connector.domain.records.sources import CompanionKind
from connector.ports.signals import ToldSignal


@dataclass(frozen=True, slots=True)
class RawRequest:
    """An HTTP request as it came, before anything is believed of it."""

    method: str
    #: Path and query exactly as sent, percent-encoding and all.
    target: str
    #: Names in lower case.
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A verified request to keep."""

    #: The endpoint it came through, for example `hubspot`; `api:acme` for the API and the workspace of the key.
    endpoint: str
    received_at: datetime
    body: bytes


@dataclass(frozen=True, slots=True)
class Delivery:
    """A kept request."""

    id: int
    endpoint: str
    received_at: datetime
    body: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a vendor is answered once its delivery is durable, and not before."""

    media_type: str
    body: str


#: For vendors to whom the status says it all.
KEPT = Receipt("application/json", '{"status": "kept"}')


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    RECEIVED = "received"  # durable, not yet looked at
    TAKEN_IN = "taken_in"  # all its events are facts, strays or duplicates
    UNREADABLE = "unreadable"  # could not be parsed; kept as it came, one stray tells why


class Endpoint(Protocol):
    """One of a vendor's ways of calling us."""

    #: Its path below `/webhooks/`, and the name on its deliveries.
    name: str
    #: The largest genuine body in bytes.
    max_body: int
    #: Media types that it takes, in lower case, without parameters.
    media_types: frozenset[str]
    receipt: Receipt
    #: The object types that leads are made of, as in `CrmRef.object_type`.
    lead_types: frozenset[str]
    #: The object type of deals; empty where the vendor tells of none.
    deal_type: str
    #: The object types of what stands beside people's records -> what it is.
    companion_types: Mapping[str, CompanionKind]

    def verify(self, request: RawRequest, now: datetime) -> None:
        """Raise a DeliveryError unless a vendor sent this to whom we are connected, as far as its way can tell.

        Where that is signed: these very bytes, just now. May raise StoreUnavailableError.
        """
        ...

    def parse(self, body: bytes) -> Parsed:
        """The events in a body. Never raises: what cannot be read is returned as unreadable."""
        ...


class EventKind(StrEnum):
    """What a CRM says happened to a record."""

    CHANGED = "changed"
    CREATED = "created"
    DELETED = "deleted"
    RESTORED = "restored"
    MERGED = "merged"
    ERASED = "erased"  # a person asked to be forgotten
    RELATED = "related"  # a deal and a person were associated, or parted; the record is the deal
    HINTED = "hinted"  # something about the record changed: only reading it tells what
    OTHER = "other"  # understood, but without meaning for a lead: kept aside and counted


class CrmEvent(NamedTuple):
    """One thing that a CRM told us, in our words."""

    #: The same for each copy of the same happening.
    key: str
    kind: EventKind
    #: The record; of a merge, the survivor.
    ref: CrmRef
    at: datetime
    #: The vendor's name of the event, as sent.
    type: str
    property: str = ""
    value: str = ""
    #: False where the payload does not carry the value (sensitive data), or where a merge may name a survivor that is
    #: not there: the record must be read again.
    has_value: bool = True
    #: Whether our own write set it off.
    is_echo: bool = False
    #: Of a merge: the records that are now the survivor, old ids of the survivor among them.
    merged: tuple[CrmRef, ...] = ()
    #: The event as sent, for what is kept aside.
    raw: str = ""
    #: Who did it, as the CRM names its users; empty where it does not say.
    by: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something in a delivery that could not be understood."""

    problem: str
    raw: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a delivery holds."""

    events: Sequence[CrmEvent]
    unreadable: Sequence[Unreadable] = ()
    #: Signals that came through the API.
    told: Sequence[ToldSignal] = ()
    #: True when not even the outer form could be read.
    is_broken: bool = False


class StrayReason(StrEnum):
    """Why something received became no fact."""

    UNKNOWN_ACCOUNT = "unknown_account"
    UNKNOWN_TYPE = "unknown_type"
    UNREADABLE = "unreadable"
    OTHER_OBJECT = "other_object"  # a company, a deal: nothing in the mapping looks at it
    UNKNOWN_SIGNAL = "unknown_signal"  # the mapping takes no signal of this name from the API
    UNKNOWN_PERSON = "unknown_person"  # a signal of somebody who is no lead
    UNREADABLE_RECORD = "unreadable_record"  # one of a feed's; it is read at each poll, and kept once


@dataclass(frozen=True, slots=True)
class Stray:
    """Something received that became no fact: kept, counted, visible."""

    delivery_id: int
    reason: StrayReason
    #: The vendor's event type; of the unreadable, the problem; of a feed's record, the feed and a fingerprint.
    what: str
    account: str
    raw: str
    received_at: datetime
    id: int = 0
