"""The simulated event bus holds to the Pub/Sub API Guide, asked by gRPC itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

pytest.importorskip("grpc", reason="the extra salesforce-cdc is not installed")
pytest.importorskip("fastavro", reason="the extra salesforce-cdc is not installed")

import grpc
from grpc import StatusCode

from connector.crms.salesforce.grants import Flow, Grant
from connector.crms.salesforce.pubsub import PubSub, SpentTokenError
from connector.errors import CrmUnavailableError, FeedRefusedError, PlaceLostError, RateLimitedError
from connector.protos import pubsub_api_pb2 as wire
from connector.sandbox.clock import SandboxClock
from connector.sandbox.salesforce.event_bus import ALL_CHANGES, EventBus
from connector.sandbox.salesforce.platform import Platform
from connector.sandbox.salesforce.pubsub_server import PubSubServer, serving_pubsub

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
PROTO = Path(__file__).parents[3].parent / "connector" / "protos" / "pubsub_api.proto"
OFFICIAL = Path(__file__).parents[4].parent / "shared" / "specs" / "salesforce" / "pubsub_api.proto"
CODE = "sfdc.platform.eventbus.grpc."


@dataclass
class Bench:
    """A bus, and a caller."""

    platform: Platform
    server: PubSubServer
    bus: EventBus
    address: str
    token: str
    channel: grpc.Channel

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        org = self.bus.org
        return (("accesstoken", self.token), ("instanceurl", org.instance_url), ("tenantid", org.id))

    def unary(self, name: str, request: Any, answer: Any, metadata: Any = None) -> Any:
        call = self.channel.unary_unary(
            f"/eventbus.v1.PubSub/{name}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=answer.FromString,
        )
        return call(request, metadata=metadata or self.metadata, timeout=60)

    def subscribe(self, *requests: wire.FetchRequest) -> tuple[Any, SimpleQueue[Any]]:
        queue: SimpleQueue[Any] = SimpleQueue()
        for request in requests:
            queue.put(request)
        call = self.channel.stream_stream(
            "/eventbus.v1.PubSub/Subscribe",
            request_serializer=wire.FetchRequest.SerializeToString,
            response_deserializer=wire.FetchResponse.FromString,
        )
        return call(iter(queue.get, None), metadata=self.metadata, timeout=60), queue

    def make(self, number: int) -> None:
        for each in range(number):
            self.bus.org.people.create_lead(f"lead{each}@example.com")

    def refusal(self, *requests: wire.FetchRequest) -> tuple[StatusCode, str]:
        """With what a subscription ends."""
        stream, _ = self.subscribe(*requests)
        with pytest.raises(grpc.RpcError) as caught:
            list(stream)
        trailers = dict(caught.value.trailing_metadata())
        return caught.value.code(), trailers["error-code"].removeprefix(CODE)


@pytest.fixture
def bench() -> Iterator[Bench]:
    platform = Platform(clock=SandboxClock(NOW))
    app, org = platform.create_app(), platform.create_org()
    server = PubSubServer(platform, keep_alive=0.2, credit_patience=0.1)
    bus = server.open_bus(org.id, "Lead", "Contact")
    with serving_pubsub(server) as address, grpc.insecure_channel(address) as channel:
        yield Bench(platform, server, bus, address, platform.connect(app, org), channel)


def first(number: int, **more: Any) -> wire.FetchRequest:
    return wire.FetchRequest(topic_name=ALL_CHANGES, num_requested=number, **more)


def test_the_definition_is_the_official_one() -> None:
    if not OFFICIAL.exists():
        pytest.skip("Salesforce's definition is not at hand")

    assert PROTO.read_bytes() == OFFICIAL.read_bytes()


def test_as_many_events_come_as_were_asked_for(bench: Bench) -> None:
    stream, queue = bench.subscribe(first(3, replay_preset=wire.EARLIEST))
    bench.make(5)

    told = [event for _, response in zip(range(1), stream, strict=False) for event in response.events]
    while len(told) < 3:
        told += next(stream).events
    queue.put(wire.FetchRequest(num_requested=1))
    more = next(response for response in stream if response.events)

    assert (len(told), len(more.events), more.pending_num_requested) == (3, 1, 0)
    assert len({event.replay_id for event in (*told, *more.events)}) == 4


def test_a_subscriber_without_credit_is_shown_the_door(bench: Bench) -> None:
    bench.server.keep_alive = 60.0
    bench.make(1)

    assert bench.refusal(first(1, replay_preset=wire.EARLIEST)) == (
        StatusCode.DEADLINE_EXCEEDED,
        "subscription.fetch.timeout",
    )


def test_no_more_than_a_hundred_are_under_way(bench: Bench) -> None:
    bench.make(150)
    stream, queue = bench.subscribe(first(1000, replay_preset=wire.EARLIEST))

    response = next(stream)
    queue.put(None)

    assert (len(response.events), response.pending_num_requested) == (100, 0)


def test_a_sign_of_life_tells_a_place_to_go_on_at(bench: Bench) -> None:
    bench.make(1)
    stream, _ = bench.subscribe(first(1))
    alive = next(stream)
    bench.make(1)

    again, _ = bench.subscribe(first(5, replay_preset=wire.CUSTOM, replay_id=alive.latest_replay_id))

    assert list(alive.events) == []
    assert len(next(again).events) == 1


def test_a_place_is_known_for_three_days(bench: Bench) -> None:
    bench.make(1)
    stream, _ = bench.subscribe(first(1, replay_preset=wire.EARLIEST))
    place = next(stream).events[0].replay_id
    bench.make(1)
    bench.bus.org.clock.advance(timedelta(hours=71))
    kept, _ = bench.subscribe(first(1, replay_preset=wire.CUSTOM, replay_id=place))
    assert len(next(kept).events) == 1

    bench.bus.org.clock.advance(timedelta(hours=2))

    gone = first(1, replay_preset=wire.CUSTOM, replay_id=place)
    assert bench.refusal(gone) == (StatusCode.INVALID_ARGUMENT, "subscription.fetch.replayid.corrupted")


@pytest.mark.parametrize("place", [b"", b"\x00", b"nonsense", bytes(12), bytes(40)])
def test_a_place_that_never_was_is_refused(bench: Bench, place: bytes) -> None:
    request = first(1, replay_preset=wire.CUSTOM, replay_id=place)

    assert bench.refusal(request) == (StatusCode.INVALID_ARGUMENT, "subscription.fetch.replayid.corrupted")


def test_nothing_may_not_be_asked_for(bench: Bench) -> None:
    code = "subscription.fetch.requested.events.invalid"

    assert bench.refusal(first(0)) == (StatusCode.INVALID_ARGUMENT, code)


@pytest.mark.parametrize("name", ["accesstoken", "tenantid", "instanceurl"])
def test_who_does_not_say_who_it_is_learns_nothing(bench: Bench, name: str) -> None:
    others = tuple((key, "00D000000000000AAA" if key == name else value) for key, value in bench.metadata)

    with pytest.raises(grpc.RpcError) as caught:
        bench.unary("GetTopic", wire.TopicRequest(topic_name=ALL_CHANGES), wire.TopicInfo, others)

    assert caught.value.code() is StatusCode.UNAUTHENTICATED


def test_channels_and_schemas_are_told_of(bench: Bench) -> None:
    bench.make(1)
    (schema_id,) = bench.bus.schemas

    topic = bench.unary("GetTopic", wire.TopicRequest(topic_name="/data/LeadChangeEvent"), wire.TopicInfo)
    schema = bench.unary("GetSchema", wire.SchemaRequest(schema_id=schema_id), wire.SchemaInfo)

    assert topic.can_subscribe
    assert '"LeadChangeEvent"' in schema.schema_json
    for request, answer, name in (
        (wire.TopicRequest(topic_name="/data/Nothing"), wire.TopicInfo, "GetTopic"),
        (wire.SchemaRequest(schema_id="nothing"), wire.SchemaInfo, "GetSchema"),
    ):
        with pytest.raises(grpc.RpcError) as caught:
            bench.unary(name, request, answer)
        assert caught.value.code() is StatusCode.NOT_FOUND


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (StatusCode.RESOURCE_EXHAUSTED, "subscription.limit.exceeded", RateLimitedError),
        (StatusCode.FAILED_PRECONDITION, "subscription.limit.exceeded", RateLimitedError),
        (StatusCode.INVALID_ARGUMENT, "subscription.fetch.replayid.corrupted", PlaceLostError),
        (StatusCode.INVALID_ARGUMENT, "subscription.fetch.replayid.validation.failed", PlaceLostError),
        (StatusCode.UNAUTHENTICATED, "service.auth.error", SpentTokenError),
        (StatusCode.PERMISSION_DENIED, "topic.permission.denied", FeedRefusedError),
        (StatusCode.NOT_FOUND, "topic.not.found", FeedRefusedError),
        (StatusCode.UNAVAILABLE, "service.unavailable", CrmUnavailableError),
        (StatusCode.INTERNAL, "", CrmUnavailableError),
    ],
)
def test_every_end_of_a_stream_is_an_error_of_ours(
    bench: Bench, status: StatusCode, code: str, error: type[Exception]
) -> None:
    org = bench.bus.org
    grant = Grant(
        flow=Flow.WEB_SERVER, host="", client_id="", instance_url=org.instance_url, org_id=org.id, user_id="",
        access_token=bench.token,
    )  # fmt: skip
    pubsub = PubSub(bench.address, org.clock.now, is_encrypted=False)
    bench.server.troubles.append((status, code))

    with pytest.raises(error) as caught:
        list(pubsub.subscribe(grant, ALL_CHANGES, b"", from_earliest=False))
    pubsub.close()

    assert isinstance(caught.value, error)
    with pytest.raises(CrmUnavailableError, match="closed"):
        pubsub.fetch_schema(grant, "any")
