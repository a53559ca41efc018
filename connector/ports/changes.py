"""What a CRM tells over a stream that we hold open, and how far it was heard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple, Protocol

from connector.domain.ids import ConnectionId


class Heard(NamedTuple):
    """What came at once."""

    #: To be kept as deliveries; none where nothing of interest was told.
    bodies: Sequence[bytes]
    #: After which to go on. Only the CRM can read it.
    place: bytes
    #: Object types of which more changed than was told, and since when.
    missed: Mapping[str, datetime] = MappingProxyType({})


class ChangeStream(Protocol):
    """The changes of one connection."""

    #: The name on its deliveries; the endpoint of that name reads them.
    endpoint: str
    #: Of what it tells. A place on one channel is none on another.
    channel: str
    #: Everything that it may tell of, as in `CrmRef.object_type`.
    object_types: frozenset[str]

    def listen(self, place: bytes, *, from_earliest: bool = False) -> Iterator[Heard]:
        """What is told after a place; without one, from now on, or from the earliest that is kept.

        More is asked for only when what came was taken. To be called once. Raises PlaceLostError, FeedRefusedError,
        RetryableCrmError and CredentialsError; ends without an error when `stop` is called.
        """
        ...

    def stop(self) -> None:
        """End `listen`, from any thread. A second call changes nothing."""
        ...


@dataclass(frozen=True, slots=True)
class StreamState:
    """How far the changes of a connection were heard."""

    connection: ConnectionId
    channel: str
    #: Empty before the CRM told one.
    place: bytes
    #: When something was heard last, or when listening began.
    heard_at: datetime


class Streams(Protocol):
    """The streams of all connections."""

    def of(self, connection: ConnectionId) -> StreamState | None:
        """How far one was heard; None where nobody ever listened."""
        ...

    def save(self, state: StreamState) -> None:
        """Keep how far it was heard."""
        ...

    def miss(self, connection: ConnectionId, since: Mapping[str, datetime]) -> None:
        """Of these object types, changes since these moments may have been missed. Earlier moments stay."""
        ...

    def missed(self, connection: ConnectionId) -> Mapping[str, datetime]:
        """Object type -> since when changes may have been missed; what misses nothing is left out."""
        ...

    def catch_up(self, connection: ConnectionId, since: Mapping[str, datetime]) -> None:
        """What was missed of these object types since these moments is known by now. What was missed earlier stays."""
        ...
