"""Serves the event buses of orgs over gRPC on loopback, as the Pub/Sub API does. Salesforce: Pub/Sub API Guide.

It needs the packages of the extra `salesforce-cdc`.
"""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NoReturn

import grpc
from grpc import StatusCode as Status

from connector.protos import pubsub_api_pb2 as wire
from connector.sandbox.salesforce.event_bus import BusEvent, EventBus, UnknownPlaceError, to_place
from connector.sandbox.salesforce.platform import Platform
from connector.sandbox.salesforce.refusals import RefusalError

#: Events that may be under way to one subscriber. Pub/Sub API Allocations.
MOST = 100
_CODE = "sfdc.platform.eventbus.grpc."
_BREATH = 0.05


class PubSubServer:
    """The Pub/Sub API of all orgs of a platform. Seconds are real ones."""

    def __init__(self, platform: Platform, *, keep_alive: float = 270.0, credit_patience: float = 60.0) -> None:
        self._platform = platform
        self.keep_alive = keep_alive
        self.credit_patience = credit_patience
        self.buses: dict[str, EventBus] = {}
        #: Status and code with which the next calls to subscribe, or to fetch a schema, end.
        self.troubles: deque[tuple[Status, str]] = deque()
        #: How many events each response holds at most.
        self.batch = MOST
        #: What each subscription began with, for tests to look at.
        self.begun: list[wire.FetchRequest] = []
        #: The most events that were under way to one subscriber at once.
        self.most_pending = 0
        self._streams: set[_Stream] = set()

    def open_bus(self, org_id: str, *objects: str) -> EventBus:
        """Let an org tell of changes of these objects, as an administrator selects them."""
        bus = EventBus(self._platform.orgs[org_id], objects, random.Random(len(self.buses)))
        self.buses[org_id] = bus
        return bus

    def cut(self, status: Status = Status.UNAVAILABLE, code: str = "service.unavailable") -> int:
        """End all streams with an error; how many there were."""
        streams = tuple(self._streams)
        for stream in streams:
            stream.end(status, code)
        return len(streams)

    @property
    def subscribers(self) -> int:
        """How many streams are open."""
        return len(self._streams)

    # --- calls ------------------------------------------------------------------------------

    def get_topic(self, request: wire.TopicRequest, context: grpc.ServicerContext) -> wire.TopicInfo:
        """What there is to know of a channel."""
        bus = self._admit(context)
        if bus.objects_of(request.topic_name) is None:
            _abort(context, Status.NOT_FOUND, "topic.not.found")
        return wire.TopicInfo(topic_name=request.topic_name, tenant_guid=bus.org.id, can_subscribe=True)

    def get_schema(self, request: wire.SchemaRequest, context: grpc.ServicerContext) -> wire.SchemaInfo:
        """A schema by its id."""
        bus = self._admit(context)
        text = bus.schemas.get(request.schema_id)
        if text is None:
            _abort(context, Status.NOT_FOUND, "schema.not.found")
        return wire.SchemaInfo(schema_json=text, schema_id=request.schema_id)

    def subscribe(
        self, requests: Iterator[wire.FetchRequest], context: grpc.ServicerContext
    ) -> Iterator[wire.FetchResponse]:
        """Events as far as there is credit, and a sign of life from time to time."""
        bus = self._admit(context)
        first = next(requests)
        objects = bus.objects_of(first.topic_name)
        if objects is None:
            _abort(context, Status.NOT_FOUND, "topic.not.found")
        self.begun.append(first)
        stream = _Stream(bus, objects, _begin(bus, first, context))
        stream.add(first.num_requested)
        reader = threading.Thread(target=stream.read, args=(requests,), daemon=True)
        reader.start()
        self._streams.add(stream)
        try:
            yield from self._tell(stream, context)
        finally:
            self._streams.discard(stream)

    def _tell(self, stream: _Stream, context: grpc.ServicerContext) -> Iterator[wire.FetchResponse]:
        told_at = time.monotonic()
        while context.is_active() and not stream.is_left:
            events = stream.take(self.batch)
            if stream.ending:
                _abort(context, *stream.ending)
            self.most_pending = max(self.most_pending, stream.credit + len(events))
            silent = time.monotonic() - told_at
            if events or silent >= self.keep_alive:
                told_at = time.monotonic()
                yield stream.respond(events)
            elif not stream.credit and silent >= self.credit_patience:
                _abort(context, Status.DEADLINE_EXCEEDED, "subscription.fetch.timeout")

    def _admit(self, context: grpc.ServicerContext) -> EventBus:
        """Whose bus it is. Pub/Sub API: Supported Authentication."""
        if self.troubles:
            _abort(context, *self.troubles.popleft())
        told = dict(context.invocation_metadata())
        try:
            grant = self._platform.tokens.authenticate(f"Bearer {told.get('accesstoken', '')}")
        except RefusalError:
            _abort(context, Status.UNAUTHENTICATED, "service.auth.error")
        org = self._platform.orgs[grant.org_id]
        if told.get("tenantid") != org.id or told.get("instanceurl") != org.instance_url or org.id not in self.buses:
            _abort(context, Status.UNAUTHENTICATED, "service.auth.headers.invalid")
        return self.buses[org.id]


class _Stream:
    """One subscriber: how far it was told, and how much it can still take."""

    def __init__(self, bus: EventBus, objects: frozenset[str], number: int) -> None:
        self._bus = bus
        self._objects = objects
        self._number = number
        self.credit = 0
        self.is_left = False
        self.ending: tuple[Status, str] | None = None

    def add(self, number: int) -> None:
        """Give it credit, up to what may be under way."""
        with self._bus.changed:
            if number <= 0:
                self.ending = Status.INVALID_ARGUMENT, "subscription.fetch.requested.events.invalid"
            self.credit = min(MOST, self.credit + max(0, number))
            self._bus.changed.notify_all()

    def end(self, status: Status, code: str) -> None:
        """Break it off."""
        with self._bus.changed:
            self.ending = status, code
            self._bus.changed.notify_all()

    def read(self, requests: Iterator[wire.FetchRequest]) -> None:
        """Take further requests until the subscriber has gone."""
        try:
            for request in requests:
                self.add(request.num_requested)
        except Exception:  # noqa: BLE001  the call is over: gRPC says so with an error without a type
            pass
        with self._bus.changed:
            self.is_left = True
            self._bus.changed.notify_all()

    def take(self, most: int) -> list[BusEvent]:
        """The next events, if there are any within a moment."""
        with self._bus.changed:
            events = self._next(most)
            if not events and not self.ending:
                self._bus.changed.wait(_BREATH)
                events = self._next(most)
            if events:
                self._number = events[-1].number
                self.credit -= len(events)
            return events

    def respond(self, events: list[BusEvent]) -> wire.FetchResponse:
        """The events, or a sign of life."""
        if not events:
            with self._bus.changed:
                self._number = self._bus.latest()
        told = [
            wire.ConsumerEvent(
                event=wire.ProducerEvent(id=str(one.number), schema_id=one.schema_id, payload=one.payload),
                replay_id=to_place(one.number),
            )
            for one in events
        ]
        return wire.FetchResponse(
            events=told, latest_replay_id=to_place(self._number), pending_num_requested=self.credit
        )

    def _next(self, most: int) -> list[BusEvent]:
        limit = min(most, self.credit)
        return [] if self.ending or not limit else list(self._bus.after(self._number, self._objects, limit))


def _begin(bus: EventBus, first: wire.FetchRequest, context: grpc.ServicerContext) -> int:
    """After which number a subscription begins."""
    with bus.changed:
        if first.replay_preset == wire.EARLIEST:
            return bus.earliest()
        if first.replay_preset == wire.LATEST:
            return bus.latest()
        try:
            return bus.number_of(first.replay_id)
        except UnknownPlaceError:
            _abort(context, Status.INVALID_ARGUMENT, "subscription.fetch.replayid.corrupted")


def _abort(context: grpc.ServicerContext, status: Status, code: str) -> NoReturn:
    """End a call. Pub/Sub API, Handle Errors: the cause stands among the trailers."""
    context.set_trailing_metadata((("error-code", f"{_CODE}{code}"), ("rpc-id", "00000000-0000")))
    context.abort(status, f"{code.rpartition('.')[2]}. rpcId: 00000000-0000")
    raise AssertionError("gRPC raises by itself")


def _handler(make: Callable[..., Any], call: Callable[..., Any], request: Any, response: Any) -> Any:
    return make(call, request_deserializer=request.FromString, response_serializer=response.SerializeToString)


@contextmanager
def serving_pubsub(server: PubSubServer, *, port: int = 0, threads: int = 16) -> Iterator[str]:
    """Serve in threads and give the address."""
    unary, stream = grpc.unary_unary_rpc_method_handler, grpc.stream_stream_rpc_method_handler
    calls = {
        "GetTopic": _handler(unary, server.get_topic, wire.TopicRequest, wire.TopicInfo),
        "GetSchema": _handler(unary, server.get_schema, wire.SchemaRequest, wire.SchemaInfo),
        "Subscribe": _handler(stream, server.subscribe, wire.FetchRequest, wire.FetchResponse),
    }
    served = grpc.server(ThreadPoolExecutor(threads))
    served.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("eventbus.v1.PubSub", calls),))
    number = served.add_insecure_port(f"127.0.0.1:{port}")
    served.start()
    try:
        yield f"127.0.0.1:{number}"
    finally:
        server.cut()
        served.stop(grace=None).wait()
