"""Work: which steps a worker runs, and in what order.

Three loops. One takes in what came. One judges leads, which keeps a processor busy. One calls CRMs: it mostly waits
for them, and must not keep the others waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from connector.clock import Clock
from connector.engine.inward import intake, joining
from connector.engine.judging import advance
from connector.engine.judging.apply import Telling
from connector.engine.judging.contests import Contests
from connector.engine.judging.measuring import Measuring
from connector.engine.judging.rulings import Rulings
from connector.engine.judging.shelf import Compile, Shelf
from connector.engine.running.backoff import Backoff, full_jitter
from connector.engine.running.calls import Calls
from connector.engine.running.lease import Lease
from connector.engine.running.line import Tools
from connector.engine.running.retention import Retention
from connector.engine.running.worker import Loop, Step, Worker
from connector.ports import Connection, Crm, Endpoint, Store


@dataclass(frozen=True, slots=True)
class Workplace:
    """What a worker works with."""

    store: Store
    clock: Clock
    endpoints: Mapping[str, Endpoint]
    compile_book: Compile
    open_crm: Callable[[Connection], Crm]
    #: Names this worker among others.
    holder: str
    #: How long others wait for a worker that died; longer than any single call to a CRM.
    lease_length: timedelta = timedelta(seconds=60)
    #: How long an idle loop rests before it looks again.
    poll: timedelta = timedelta(milliseconds=200)
    #: How often each feed is asked for what is new.
    feed_interval: timedelta = timedelta(minutes=5)
    #: How often each account is asked which records changed.
    census_interval: timedelta = timedelta(minutes=15)
    #: How long raw requests are kept after they were taken in.
    keep_for: timedelta = timedelta(days=30)
    backoff: Backoff = full_jitter


def build_worker(place: Workplace) -> Worker:
    """A worker for everything. Any number of them may share one database."""
    shelf = Shelf(place.store, place.compile_book)
    shelf.stock()  # before a fork, so that its processes share what is compiled
    calls = Calls(
        Tools(place.store, place.clock, place.open_crm, place.backoff, place.holder, place.lease_length),
        shelf,
        place.feed_interval,
        place.census_interval,
    )
    presence = Lease(place.store, f"worker:{place.holder}", place.holder, place.lease_length)

    def release() -> int:
        calls.release()
        presence.release()
        return 0

    return Worker(
        [
            _taking_in(place, shelf),
            _judging(place, shelf),
            Loop("call", [Step("calls", lambda: calls.run_once().amount)], calls.next_at),
        ],
        place.clock,
        beat=Step("presence", lambda: int(presence.hold(place.clock.now()))),
        release=Step("release", release),
        poll=place.poll,
    )


def _taking_in(place: Workplace, shelf: Shelf) -> Loop:
    store, clock = place.store, place.clock
    retention = Retention(store, place.keep_for)

    def take_in() -> int:
        result = intake.run_once(store, place.endpoints, shelf, clock.now())
        if result.erasures or result.refused:
            store.wipe()
        return result.deliveries

    steps = [
        Step("intake", take_in),
        Step("join", lambda: joining.run_once(store, shelf, clock.now()).addresses),
        Step("retention", lambda: retention.run_once(clock.now())),
    ]
    return Loop("take in", steps, lambda: None)


def _judging(place: Workplace, shelf: Shelf) -> Loop:
    store, clock = place.store, place.clock
    telling, rulings = Telling(store, shelf), Rulings(store, shelf, place.holder)
    measuring, contests = Measuring(store, shelf), Contests(store, shelf)
    steps = [
        Step("tell", lambda: telling.run_once(clock.now())),
        Step("measure", lambda: measuring.run_once(clock.now())),
        Step("advance", lambda: advance.run_once(store, shelf, clock.now()).amount),
        Step("rule", lambda: rulings.run_once(clock.now())),
        Step("decide", lambda: contests.run_once(clock.now())),
    ]
    return Loop("judge", steps, store.next_wake_at, is_busy=True)
