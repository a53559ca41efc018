"""What changes in an org, as its event bus tells it: the port ChangeStream.

It is the fullest way in: nothing need be set up in the org but what to tell of, nothing is sent in vain, and what
happened while nobody listened is kept for three days. Salesforce: Change Data Capture Developer Guide.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

import msgspec

from connector.clock import Clock
from connector.crms.salesforce.avro import EventSchema
from connector.crms.salesforce.change_events import HEARD, Told, changed_bitmaps, to_told
from connector.crms.salesforce.changes_inbox import CHANGES
from connector.crms.salesforce.events_inbox import MAX_EVENTS
from connector.crms.salesforce.grants import Grant, parse_grant
from connector.crms.salesforce.oauth import OAuth
from connector.crms.salesforce.pubsub import MOST, PubSub, SpentTokenError, Subscription
from connector.errors import CredentialsError, CrmError
from connector.log import get_logger
from connector.ports import Heard, TokenKeeper
from connector.protos import pubsub_api_pb2 as wire

#: The channel that every org has. A package brings one of its own. Change Data Capture: Subscription Channels.
ALL_CHANGES: Final = "/data/ChangeEvents"
ADDRESS: Final = "api.pubsub.salesforce.com:7443"
_EVERYTHING: Final = frozenset(HEARD.values())
#: Pub/Sub API: Event Message Durability.
_KEPT_FOR: Final = timedelta(days=3)

log = get_logger()


@dataclass(frozen=True, slots=True)
class Bus:
    """Where changes are told, and on which channel."""

    address: str = ADDRESS
    channel: str = ALL_CHANGES
    #: False for a bus on this machine.
    is_encrypted: bool = True


class OrgChanges:
    """The changes of one org. `listen` once, in one thread; `stop` may be called from any."""

    endpoint: str = CHANGES
    object_types: frozenset[str] = _EVERYTHING

    def __init__(self, token: str, keeper: TokenKeeper, oauth: OAuth, clock: Clock, bus: Bus) -> None:
        self.channel = bus.channel
        self._token = token
        self._keeper = keeper
        self._oauth = oauth
        self._clock = clock
        self._pubsub = PubSub(bus.address, clock.now, is_encrypted=bus.is_encrypted)
        self._schemas: dict[str, EventSchema] = {}
        self._lock = threading.Lock()
        self._stream: Subscription | None = None
        self._is_over = False

    def listen(self, place: bytes, *, from_earliest: bool = False) -> Iterator[Heard]:
        """What is told after a place; without one, from now on, or from the earliest that is kept.

        More is asked for only when what came was taken. Raises PlaceLostError, FeedRefusedError, RetryableCrmError,
        and CredentialsError where the grant is gone; a token that is spent is renewed.
        """
        is_renewed = False
        while not self._is_over:
            try:
                for heard in self._listen(place, from_earliest=from_earliest):
                    yield heard
                    place, from_earliest, is_renewed = heard.place, False, False
                return
            except SpentTokenError as error:
                if is_renewed:
                    message = f"{error} The org needs to be connected again."
                    raise CredentialsError(message, operation=error.operation) from None
            self._renew()
            is_renewed = True

    def stop(self) -> None:
        """End `listen`. A second call changes nothing."""
        with self._lock:
            self._is_over = True
            if self._stream is not None:
                self._stream.cancel()
        self._pubsub.close()

    def _listen(self, place: bytes, *, from_earliest: bool) -> Iterator[Heard]:
        grant = parse_grant(self._token)
        with self._lock:
            if self._is_over:
                return
            stream = self._pubsub.subscribe(grant, self.channel, place, from_earliest=from_earliest)
            self._stream = stream
        try:
            for response in stream:
                yield self._hear(grant, response)
                if response.pending_num_requested <= MOST // 2:
                    stream.ask(MOST - response.pending_num_requested)
        finally:
            stream.cancel()

    def _hear(self, grant: Grant, response: wire.FetchResponse) -> Heard:
        told: list[Told] = []
        missed: dict[str, datetime] = {}
        oldest = self._clock.now() - _KEPT_FOR  # whatever it says: nothing older is on the bus
        for event in response.events:
            some, more = self._read(grant, event.event)
            told += some
            for type_, since in more.items():
                missed[type_] = max(oldest, min(since, missed.get(type_, since)))
        place = response.latest_replay_id
        if response.events:
            place = response.events[-1].replay_id
        return Heard([_to_body(grant.org_id, some) for some in _parted(told)], place, missed)

    def _read(self, grant: Grant, event: wire.ProducerEvent) -> tuple[Sequence[Told], Mapping[str, datetime]]:
        """One that cannot be read would come again for ever: it is passed over, and what it may have told looked up."""
        try:
            schema = self._schema(event.schema_id)
            record = schema.read(event.payload)
            return to_told(record, schema.names(changed_bitmaps(record)))
        except CrmError:
            raise
        except Exception as error:  # noqa: BLE001  whatever the bytes raise, the next event is another one
            log.warning("change.unreadable", org=grant.org_id, schema=event.schema_id, error=type(error).__name__)
            return (), dict.fromkeys(_EVERYTHING, self._clock.now() - _KEPT_FOR)

    def _schema(self, schema_id: str) -> EventSchema:
        """A token may be spent while the stream that it opened runs on."""
        known = self._schemas.get(schema_id)
        if known is not None:
            return known
        try:
            text = self._pubsub.fetch_schema(parse_grant(self._token), schema_id)
        except SpentTokenError:
            self._renew()
            text = self._pubsub.fetch_schema(parse_grant(self._token), schema_id)
        self._schemas[schema_id] = EventSchema(text)
        return self._schemas[schema_id]

    def _renew(self) -> None:
        """Take the token that follows ours, whoever asked for it."""
        self._token = self._keeper.renew(self._token, self._ask)

    def _ask(self, spent: str) -> str:
        return self._oauth.renew(parse_grant(spent)).to_text()


def _parted(told: Sequence[Told]) -> Iterator[Sequence[Told]]:
    """An event may name many records; a delivery holds only so many."""
    return (told[begin : begin + MAX_EVENTS] for begin in range(0, len(told), MAX_EVENTS))


def _to_body(org: str, told: Sequence[Told]) -> bytes:
    return msgspec.json.encode({"orgId": org, "deliveryId": str(uuid4()), "events": told})
