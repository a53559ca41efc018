"""Listening to a stream: what is told is kept with its place, and whatever ends the stream, nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from connector.engine.inward.listening import SILENCE, Ear, Listener
from connector.errors import CrmUnavailableError, FeedRefusedError, LostClaimError, PlaceLostError
from connector.ports import Connection, Heard, StreamState
from tests.builders import CRM
from tests.office import CONNECTION, Office


@dataclass
class Stream:
    """The ChangeStream port: tells what a test wrote down, and raises what stands among it."""

    told: list[Heard | Exception] = field(default_factory=list)
    endpoint: str = CRM
    channel: str = "changes"
    object_types: frozenset[str] = frozenset({"contact", "deal"})
    begun: list[tuple[bytes, bool]] = field(default_factory=list)
    stopped: int = 0

    def listen(self, place: bytes, *, from_earliest: bool = False) -> Iterator[Heard]:
        """What was written down."""
        self.begun.append((place, from_earliest))
        while self.told:
            one = self.told.pop(0)
            if isinstance(one, Exception):
                raise one
            yield one

    def stop(self) -> None:
        """Nothing more is told."""
        self.stopped += 1


@dataclass
class Seconds:
    """A stopwatch."""

    passed: float = 0.0

    def __call__(self) -> float:
        return self.passed


def ear(office: Office, stream: Stream, seconds: Seconds | None = None, holder: str = "p1") -> Ear:
    def open_stream(connection: Connection) -> Stream:
        return stream

    return Ear(office.store, office.clock, frozenset({CRM}), open_stream, holder, stopwatch=seconds or Seconds())


def listener(office: Office, stream: Stream, **more: object) -> Listener:
    return Listener(ear(office, stream, **more), CONNECTION.id)  # type: ignore[arg-type]


def heard(number: int) -> Heard:
    return Heard([b'["%d"]' % number], b"place %d" % number)


def kept(office: Office) -> list[bytes]:
    with office.store.claim_deliveries(100) as claim:
        return [one.body for one in claim.deliveries]


def state(office: Office) -> StreamState | None:
    with office.store.reading() as transaction:
        return transaction.streams.of(CONNECTION.id)


def missed(office: Office) -> set[str]:
    with office.store.reading() as transaction:
        return set(transaction.streams.missed(CONNECTION.id))


def test_what_is_told_is_kept_in_order_with_the_place_after_it(office: Office) -> None:
    stream = Stream([heard(1), heard(2)])

    listener(office, stream).listen()

    assert kept(office) == [b'["1"]', b'["2"]']
    assert state(office) == StreamState(CONNECTION.id, "changes", b"place 2", office.clock.now())
    assert stream.begun == [(b"", False)]
    assert stream.stopped == 1


def test_listening_goes_on_where_it_ended(office: Office) -> None:
    stream = Stream([heard(1)])
    listener(office, stream).listen()
    stream.told = [heard(2)]

    listener(office, stream).listen()

    assert stream.begun == [(b"", False), (b"place 1", False)]


def test_a_sign_of_life_keeps_nothing_but_the_place(office: Office) -> None:
    listener(office, Stream([Heard((), b"place 9")])).listen()

    current = state(office)
    assert current is not None
    assert (kept(office), current.place) == ([], b"place 9")


def test_a_lost_place_is_given_up_only_when_another_is_kept(office: Office) -> None:
    stream = Stream([heard(1)])
    listener(office, stream).listen()
    with office.store.transaction() as transaction:
        transaction.streams.catch_up(CONNECTION.id, transaction.streams.missed(CONNECTION.id))
    stream.told = [PlaceLostError("too old"), FeedRefusedError("not now")]

    with pytest.raises(FeedRefusedError):
        listener(office, stream).listen()

    current = state(office)
    assert current is not None
    assert current.place == b"place 1"
    assert stream.begun[1:] == [(b"place 1", False), (b"", True)]
    assert missed(office) == {"contact", "deal"}


def test_nobody_listens_twice(office: Office) -> None:
    listener(office, Stream([heard(1)])).listen()
    other = Stream([heard(2)])

    with pytest.raises(LostClaimError):
        listener(office, other, holder="p2").listen()

    assert other.begun == []


def test_who_lost_the_lease_keeps_nothing_more(office: Office) -> None:
    first = Stream()

    def tell() -> Iterator[Heard]:
        yield heard(1)
        office.clock.moment += timedelta(minutes=5)
        listener(office, Stream([heard(2)]), holder="p2").listen()
        yield heard(3)

    first.listen = lambda place, *, from_earliest=False: tell()  # type: ignore[method-assign]

    with pytest.raises(LostClaimError):
        listener(office, first).listen()

    assert kept(office) == [b'["1"]', b'["2"]']


def test_a_silent_stream_is_ended(office: Office) -> None:
    seconds, stream = Seconds(), Stream()
    one = listener(office, stream, seconds=seconds)

    def tell() -> Iterator[Heard]:
        yield heard(1)
        one.beat()
        assert stream.stopped == 0
        seconds.passed += SILENCE + 1
        one.beat()

    stream.listen = lambda place, *, from_earliest=False: tell()  # type: ignore[method-assign]

    one.listen()

    assert stream.stopped == 1


def test_a_paused_connection_is_not_listened_to(office: Office) -> None:
    with office.store.transaction() as transaction:
        transaction.connections.pause(CONNECTION.id, "the token is refused")
    stream = Stream([heard(1)])

    listener(office, stream).listen()

    assert stream.begun == []


def test_a_stream_that_never_comes_about_is_told_twice_and_not_each_time(
    office: Office,
) -> None:
    stream = Stream([CrmUnavailableError("nobody answers", operation="Subscribe") for _ in range(8)])
    heard = listener(office, stream)

    with capture_logs() as logs:
        for _ in range(8):
            heard._attempt()

    told = [(one["event"], one["log_level"]) for one in logs if one["log_level"] != "debug"]
    assert told == [("changes.interrupted", "info"), ("changes.unreachable", "warning")]
