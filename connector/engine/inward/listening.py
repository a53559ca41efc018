"""Listening: what CRMs tell over streams that we hold open is kept as deliveries, in the order in which it is told.

What was told and the place after it are kept in one transaction: whoever goes on after a crash goes on just there, so
nothing is lost and nothing is kept twice. One process at a time listens to a connection, held to that by a lease, which
is looked at in that same transaction.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from connector.clock import Clock
from connector.domain.ids import ConnectionId
from connector.engine.running.backoff import Backoff, full_jitter
from connector.engine.running.lease import Lease
from connector.errors import (
    CredentialsError,
    FeedRefusedError,
    LostClaimError,
    PlaceLostError,
    RetryableCrmError,
    StoreError,
)
from connector.log import get_logger
from connector.ports import ChangeStream, Connection, ConnectionState, Heard, NewDelivery, Store, StreamState

#: A stream on which not even a sign of life came for so many seconds is dead, whatever its connection says.
SILENCE: Final = 600.0
#: What an account does not offer today it may offer when an administrator looked after it.
_REFUSED_FOR: Final = timedelta(minutes=5)
#: How soon another process that listened is looked at again.
_SOON: Final = timedelta(seconds=5)
_LONGEST: Final = timedelta(minutes=5)
#: So often in a row it was tried in vain before it is no passing trouble any more.
_IN_VAIN: Final = 4

log = get_logger()


@dataclass(frozen=True, slots=True)
class Ear:
    """What listening works with."""

    store: Store
    clock: Clock
    #: The CRMs that tell changes over a stream.
    crms: frozenset[str]
    #: The changes of a connection to one of them.
    open_stream: Callable[[Connection], ChangeStream]
    #: Names this process among others.
    holder: str
    #: How long others wait for a process that died.
    lease_length: timedelta = timedelta(seconds=60)
    #: How often leases and connections are looked at.
    poll: timedelta = timedelta(seconds=1)
    backoff: Backoff = full_jitter
    #: Seconds that pass for the connection, also where a rehearsal tells the time.
    stopwatch: Callable[[], float] = time.monotonic


class Listener:
    """Listens to one connection. `listen` is for one thread, the rest for any."""

    def __init__(self, ear: Ear, connection: ConnectionId) -> None:
        self._ear = ear
        self._connection = connection
        self._lease_name = f"changes:{connection}"
        self._lease = Lease(ear.store, self._lease_name, ear.holder, ear.lease_length)
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._stream: ChangeStream | None = None
        #: On the stopwatch.
        self._heard_at = ear.stopwatch()
        self._failures = 0

    def run(self) -> None:
        """Listen until `stop`; whatever ends a stream, another one is begun after a while."""
        while not self._stopping.is_set():
            try:
                rest = self._attempt()
            except Exception:
                log.exception("changes.fell", connection=self._connection)
                rest = self._back_off()
            self._wait(rest)
        self._lease.release()

    def stop(self) -> None:
        """Ask `run` to end."""
        self._stopping.set()
        self._end_stream()

    def beat(self) -> None:
        """Keep the lease; end a stream that is not ours any more, or on which nothing comes."""
        now = self._ear.clock.now()
        with self._lock:
            is_listening = self._stream is not None
        if not is_listening:
            return
        if not self._lease.hold(now):
            log.warning("changes.lease_lost", connection=self._connection)
            self._end_stream()
        elif self._ear.stopwatch() - self._heard_at > SILENCE:
            log.warning("changes.silent", connection=self._connection)
            self._end_stream()

    def _attempt(self) -> timedelta:
        """Listen to one stream until it ends; how long to rest before the next one."""
        try:
            self.listen()
        except CredentialsError as error:
            self._pause(error)
            return _SOON
        except LostClaimError:
            return _SOON
        except FeedRefusedError as error:
            log.warning("changes.refused", connection=self._connection, problem=str(error))
            return _REFUSED_FOR
        except RetryableCrmError as error:
            rest = self._back_off()
            self._tell(error)
            return max(error.retry_at - self._ear.clock.now(), timedelta()) if error.retry_at else rest
        return _SOON

    def _tell(self, error: RetryableCrmError) -> None:
        """Say it when a stream ends, and once more when none comes about; not each time that one is tried again."""
        words = {"connection": self._connection, "problem": str(error)}
        if self._failures == 1:
            log.info("changes.interrupted", **words)
        elif self._failures == _IN_VAIN:
            log.warning("changes.unreachable", **words, rest=f"tried every {_LONGEST.seconds // 60} minutes at most")
        else:
            log.debug("changes.interrupted", **words)

    def listen(self) -> None:
        """Keep what one stream tells until it ends. Raises what it ends with, and LostClaimError: another listens.

        Where the CRM does not know the place any more it goes on at the earliest that is kept.
        """
        now = self._ear.clock.now()
        if not self._lease.hold(now):
            raise LostClaimError("another process listens to this connection")
        with self._ear.store.reading() as transaction:
            connection = transaction.connections.by_id(self._connection)
            state = transaction.streams.of(self._connection)
        if connection is None or connection.state is not ConnectionState.ACTIVE:
            return
        try:
            self._follow(connection, state)
        except PlaceLostError as error:
            log.warning("changes.place_lost", connection=self._connection, problem=str(error))
            self._follow(connection, state, from_earliest=True)

    def _follow(self, connection: Connection, state: StreamState | None, *, from_earliest: bool = False) -> None:
        """Keep what a stream tells after the place, or from the earliest that is kept.

        A place is given up only when another one is kept: who stops meanwhile begins just so again.
        """
        stream = self._open(connection)
        if stream is None:
            return
        try:
            known = state if state and state.channel == stream.channel else None
            place = known.place if known else b""
            if from_earliest or not place:
                self._begin(stream, known)
            for heard in stream.listen(b"" if from_earliest else place, from_earliest=from_earliest):
                self._keep(stream, heard)
        finally:
            self._end_stream()

    def _open(self, connection: Connection) -> ChangeStream | None:
        """The stream; None where we are to stop."""
        with self._lock:
            self._heard_at = self._ear.stopwatch()
            self._stream = None if self._stopping.is_set() else self._ear.open_stream(connection)
            return self._stream

    def _begin(self, stream: ChangeStream, known: StreamState | None) -> None:
        """What changed since something was heard last, if ever, is to be looked up."""
        state = known or StreamState(self._connection, stream.channel, b"", self._ear.clock.now())
        with self._ear.store.transaction() as transaction:
            transaction.streams.save(state)
            transaction.streams.miss(self._connection, dict.fromkeys(stream.object_types, state.heard_at))

    def _keep(self, stream: ChangeStream, heard: Heard) -> None:
        now = self._ear.clock.now()
        with self._ear.store.transaction() as transaction:
            if not transaction.leases.take(self._lease_name, self._ear.holder, now + self._ear.lease_length, now):
                raise LostClaimError("another process listens to this connection")
            for body in heard.bodies:
                transaction.deliveries.keep(NewDelivery(stream.endpoint, now, body))
            if heard.missed:
                transaction.streams.miss(self._connection, heard.missed)
            if heard.place:
                transaction.streams.save(StreamState(self._connection, stream.channel, heard.place, now))
        self._heard_at, self._failures = self._ear.stopwatch(), 0

    def _pause(self, error: CredentialsError) -> None:
        """Stop until the credentials are saved anew, as for every other call."""
        log.error("connection.paused", connection=self._connection)
        with self._ear.store.transaction() as transaction:
            transaction.connections.pause(self._connection, str(error))

    def _end_stream(self) -> None:
        with self._lock:
            stream, self._stream = self._stream, None
        if stream is not None:
            stream.stop()

    def _back_off(self) -> timedelta:
        self._failures += 1
        return min(_LONGEST, self._ear.backoff(self._failures))

    def _wait(self, rest: timedelta) -> None:
        """Rest in short stretches, so that a stop is not kept waiting."""
        while rest > timedelta() and not self._stopping.is_set():
            self._ear.clock.wait(min(rest, self._ear.poll).total_seconds())
            rest -= self._ear.poll


class Listening:
    """Listens to every connection there is, each in a thread of its own, until it is told to stop."""

    def __init__(self, ear: Ear) -> None:
        self._ear = ear
        self._stopping = threading.Event()
        self._running: dict[ConnectionId, tuple[Listener, threading.Thread]] = {}

    def run(self) -> None:
        """Listen until `stop`. What is being kept then is kept; what was not goes to whoever listens next."""
        log.info("changes.started")
        while not self._stopping.is_set():
            try:
                self.tend()
            except StoreError as error:
                log.warning("changes.untended", error=str(error))
            self._ear.clock.wait(self._ear.poll.total_seconds())
        self._end(set(self._running))
        log.info("changes.stopped")

    def stop(self) -> None:
        """Ask `run` to end. May be called from a signal handler and from any thread."""
        self._stopping.set()

    def tend(self) -> None:
        """Begin to listen to what was connected, end what was paused, keep the leases of the others."""
        with self._ear.store.reading() as transaction:
            connections = transaction.connections.all()
        wanted = {one.id for one in connections if one.crm in self._ear.crms and one.state is ConnectionState.ACTIVE}
        self._end(self._running.keys() - wanted)
        for id_ in sorted(wanted - self._running.keys()):
            listener = Listener(self._ear, id_)
            thread = threading.Thread(target=listener.run, name=f"changes {id_}")
            self._running[id_] = listener, thread
            thread.start()
        for listener, _ in self._running.values():
            listener.beat()

    def _end(self, ids: Collection[ConnectionId]) -> None:
        ended = [self._running.pop(id_) for id_ in ids]
        for listener, _ in ended:
            listener.stop()
        for _, thread in ended:
            thread.join()
