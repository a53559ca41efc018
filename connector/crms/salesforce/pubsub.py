"""Salesforce's Pub/Sub API, call by call: who we are, how much we can take, and its errors in our words.

Salesforce: Pub/Sub API Guide. Importing this module loads gRPC, which comes with the extra `salesforce-cdc`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from queue import SimpleQueue
from typing import Any, Final

import grpc

from connector.crms.salesforce.grants import Grant
from connector.errors import (
    CrmError,
    CrmUnavailableError,
    FeedRefusedError,
    InvariantError,
    PlaceLostError,
    RateLimitedError,
)
from connector.protos import pubsub_api_pb2 as wire

#: The most events that may be under way to a subscriber. Pub/Sub API Allocations.
MOST: Final = 100
_SERVICE: Final = "/eventbus.v1.PubSub/"
#: Seconds that a call may take which is no stream.
_PATIENCE: Final = 30.0
#: The org's allowance is counted over a day that rolls on.
_LIMIT_LASTS: Final = timedelta(minutes=15)
_REFUSALS: Final = (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT)


class SpentTokenError(CrmError):
    """The token is not taken any more."""


class Subscription:
    """One stream of responses. Read by one thread; any thread may end it."""

    def __init__(self, call: Any, requests: SimpleQueue[wire.FetchRequest | None], now: Callable[[], datetime]) -> None:
        self._call = call
        self._requests = requests
        self._now = now
        self._is_over = False

    def __iter__(self) -> Iterator[wire.FetchResponse]:
        """What comes, until `cancel`. Raises what the stream ends with."""
        try:
            yield from self._call
        except grpc.RpcError as error:
            if not self._is_over:
                raise to_error(error, "Subscribe", self._now()) from None
            return
        if not self._is_over:
            raise CrmUnavailableError("Salesforce ended the stream.", operation="Subscribe")

    def ask(self, number: int) -> None:
        """Let so many more events come."""
        self._requests.put(wire.FetchRequest(num_requested=number))

    def cancel(self) -> None:
        """End it. A second call changes nothing."""
        self._is_over = True
        self._requests.put(None)
        self._call.cancel()


class PubSub:
    """One connection to the event bus. Connects when it is first needed; may be shared by threads.

    Calls raise SpentTokenError, PlaceLostError, FeedRefusedError, RateLimitedError and CrmUnavailableError.
    """

    def __init__(self, address: str, now: Callable[[], datetime], *, is_encrypted: bool = True) -> None:
        self._now = now
        if is_encrypted:
            self._channel = grpc.secure_channel(address, grpc.ssl_channel_credentials())
        else:
            self._channel = grpc.insecure_channel(address)
        self._get_schema = self._channel.unary_unary(
            f"{_SERVICE}GetSchema",
            request_serializer=wire.SchemaRequest.SerializeToString,
            response_deserializer=wire.SchemaInfo.FromString,
        )
        self._subscribe = self._channel.stream_stream(
            f"{_SERVICE}Subscribe",
            request_serializer=wire.FetchRequest.SerializeToString,
            response_deserializer=wire.FetchResponse.FromString,
        )

    def fetch_schema(self, grant: Grant, schema_id: str) -> str:
        """What events of a schema hold, as Avro's JSON; for ever the same."""
        request = wire.SchemaRequest(schema_id=schema_id)
        try:
            info: wire.SchemaInfo = self._get_schema(request, metadata=_to_metadata(grant), timeout=_PATIENCE)
        except grpc.RpcError as error:
            raise to_error(error, "GetSchema", self._now()) from None
        except ValueError:  # so gRPC says that the connection was closed, here, meanwhile
            raise CrmUnavailableError("The connection was closed.", operation="GetSchema") from None
        return info.schema_json

    def subscribe(self, grant: Grant, channel: str, place: bytes, *, from_earliest: bool) -> Subscription:
        """Begin to listen after a place; without one, at the earliest event that is kept, or from now on."""
        preset = wire.EARLIEST if from_earliest else wire.CUSTOM if place else wire.LATEST
        requests: SimpleQueue[wire.FetchRequest | None] = SimpleQueue()
        requests.put(
            wire.FetchRequest(
                topic_name=channel,
                replay_preset=preset,
                replay_id=place if preset == wire.CUSTOM else b"",
                num_requested=MOST,
            )
        )
        call = self._subscribe(iter(requests.get, None), metadata=_to_metadata(grant))
        return Subscription(call, requests, self._now)

    def close(self) -> None:
        """Let go of the connection; what is under way ends."""
        self._channel.close()


def to_error(error: grpc.RpcError, operation: str, now: datetime) -> CrmError:
    """Why a call ended. Pub/Sub API, Handle Errors: its own code stands among the trailers."""
    if not isinstance(error, grpc.Call):
        raise InvariantError("gRPC told of an error without its status") from error
    trailers = {str(name): value for name, value in error.trailing_metadata() or ()}
    code, status = str(trailers.get("error-code", "")), error.code()
    message = f"Salesforce ended {operation}: {error.details() or status.name} {code}".strip()
    if ".replayid." in code:
        return PlaceLostError(message, operation=operation)
    if status is grpc.StatusCode.UNAUTHENTICATED or ".auth." in code:
        return SpentTokenError(message, operation=operation)
    if status is grpc.StatusCode.RESOURCE_EXHAUSTED or code.endswith("limit.exceeded"):
        return RateLimitedError(message, retry_at=now + _LIMIT_LASTS, operation=operation)
    if status in _REFUSALS:
        return FeedRefusedError(message)
    return CrmUnavailableError(message, operation=operation)


def _to_metadata(grant: Grant) -> tuple[tuple[str, str], ...]:
    """Pub/Sub API: Supported Authentication."""
    return (("accesstoken", grant.access_token), ("instanceurl", grant.instance_url), ("tenantid", grant.org_id))
