"""Waiting until nobody has anything left to do at a moment, before time moves on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from connector.bootstrap import Services
from connector.cli.processes import Processes
from connector.clock import SystemClock
from connector.errors import SetupError
from connector.ports import Connection
from connector.sandbox.clock import SandboxClock

_REST_SECONDS = 0.01
#: Real seconds without any progress after which a little time passes: a rate limit or a retry waits for it.
_PATIENCE_SECONDS = 2.0
_A_LITTLE = timedelta(seconds=5)
#: Real seconds that one moment may take.
_MOMENT_SECONDS = 60.0


class StageError(SetupError):
    """A process ended, or does not keep up: this machine cannot play the story."""


def settle(clock: SandboxClock, processes: Processes, unsettled: Callable[[], object | None]) -> None:
    """Wait until nothing is left to do at this moment. Raises StageError."""
    stopwatch, waited, idle = SystemClock(), 0.0, 0.0
    seen: object = None
    while (state := unsettled()) is not None:
        if processes.dead():
            raise StageError(f"{', '.join(processes.dead())} ended before its time.")
        if waited > _MOMENT_SECONDS:
            raise StageError(f"After {waited:.0f} s there is still something to do at {clock.now()}: {state}")
        idle = idle + _REST_SECONDS if state == seen else 0.0
        if idle > _PATIENCE_SECONDS:
            clock.set(clock.now() + _A_LITTLE)
            idle = 0.0
        seen = state
        stopwatch.wait(_REST_SECONDS)
        waited += _REST_SECONDS


def undone(services: Services, connections: Sequence[Connection], feeds: int, now: datetime) -> object | None:
    """What Coltiva has still to do now, from left to right as data moves; None when there is nothing.

    `feeds` is how many it asks for.
    """
    health = services.store.read_models.health(now)
    if health.deliveries_waiting or health.leads_unread or health.leads_due:
        return health
    with services.store.reading() as transaction:
        unread = [
            transaction.leads.unread(each, now, 1)
            or transaction.companions.unread(each, now, 1)
            or transaction.deals.unread(each, now, 1)
            for each in connections
        ]
        shared = transaction.doubles.waiting(1) or transaction.petitions.waiting(now)
        dues = [transaction.outbox.next_due_at(each.id) for each in connections]
        known = [feed for each in connections for feed in transaction.feeds.of(each.id)]
    if shared or any(unread):
        return health, shared, unread
    if any(due_at is not None and due_at <= now for due_at in dues):
        return health, dues
    if len(known) < feeds or any(feed.due_at <= now for feed in known):
        return health, known
    return None
