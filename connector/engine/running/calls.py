"""Calls: one round over all connections, reading what waits to be read and writing what is due."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connector.domain.conditions.predicate import earliest
from connector.domain.ids import ConnectionId
from connector.engine.inward import census, companions, deals, hydrate, poll, seek
from connector.engine.inward.census import CensusResult
from connector.engine.inward.companions import CompanionsResult
from connector.engine.inward.deals import DealsResult
from connector.engine.inward.hydrate import HydrateResult
from connector.engine.inward.poll import PollResult
from connector.engine.inward.seek import SeekResult
from connector.engine.judging.shelf import Shelf
from connector.engine.outward import bulk, dispatch
from connector.engine.outward.dispatch import DispatchResult
from connector.engine.running.line import Line, Tools
from connector.errors import CredentialsError, LostClaimError
from connector.log import get_logger
from connector.ports import Connection, ConnectionState

log = get_logger()


@dataclass(frozen=True, slots=True)
class CallsResult:
    """What a round of calls did."""

    hydrate: HydrateResult = field(default_factory=HydrateResult)
    seek: SeekResult = field(default_factory=SeekResult)
    dispatch: DispatchResult = field(default_factory=DispatchResult)
    poll: PollResult = field(default_factory=PollResult)
    deals: DealsResult = field(default_factory=DealsResult)
    census: CensusResult = field(default_factory=CensusResult)
    companions: CompanionsResult = field(default_factory=CompanionsResult)

    @property
    def amount(self) -> int:
        """Records, companions and deals read, people sought, changes settled, pages of feeds and censuses read."""
        parts = (self.hydrate, self.seek, self.dispatch, self.poll, self.deals, self.census, self.companions)
        return sum(part.amount for part in parts)

    def __add__(self, other: CallsResult) -> CallsResult:
        return CallsResult(
            self.hydrate + other.hydrate,
            self.seek + other.seek,
            self.dispatch + other.dispatch,
            self.poll + other.poll,
            self.deals + other.deals,
            self.census + other.census,
            self.companions + other.companions,
        )


class Calls:
    """The CRM accounts this worker talks to. Not to be shared between threads."""

    def __init__(
        self,
        tools: Tools,
        shelf: Shelf,
        feed_interval: timedelta = poll.INTERVAL,
        census_interval: timedelta = census.INTERVAL,
    ) -> None:
        self._tools = tools
        self._feed_interval = feed_interval
        self._census_interval = census_interval
        self._shelf = shelf
        self._lines: dict[ConnectionId, Line] = {}

    def run_once(self) -> CallsResult:
        """One round. An account that cannot be talked to now is left alone and holds up no other."""
        with self._tools.store.reading() as transaction:
            connections = transaction.connections.all()
        active = [connection for connection in connections if connection.state is ConnectionState.ACTIVE]
        self._lines = {connection.id: self._line(connection) for connection in active}
        result = CallsResult()
        for line in self._lines.values():
            result += self._talk(line)
        return result

    def next_at(self) -> datetime | None:
        """When the next write may leave, as far as can be told; None for never."""
        now = self._tools.clock.now()
        with self._tools.store.reading() as transaction:
            dues = {id_: transaction.outbox.next_due_at(id_) for id_ in self._lines}
        return earliest(due and max(due, self._lines[id_].free_at(now)) for id_, due in dues.items())

    def release(self) -> None:
        """Let other workers have the accounts at once."""
        for line in self._lines.values():
            line.release()

    def _line(self, connection: Connection) -> Line:
        """The line as known, or anew when the credentials changed."""
        known = self._lines.get(connection.id)
        return known if known and known.connection == connection else Line(self._tools, connection)

    def _talk(self, line: Line) -> CallsResult:
        try:
            read = hydrate.run_once(line, self._shelf)
            sought = seek.run_once(line, self._shelf)
            accompanied = companions.run_once(line, self._shelf)
            found = deals.run_once(line, self._shelf)
            written = bulk.run_once(line, self._shelf) + dispatch.run_once(line, self._shelf)
            is_busy = bool(read.amount + sought.amount + written.amount)
            polled = poll.run_once(line, self._shelf, self._feed_interval, is_busy=is_busy)
            counted = census.run_once(line, self._shelf, self._census_interval, is_busy=is_busy)
        except CredentialsError as error:
            self._pause(line, error)
            return CallsResult()
        except LostClaimError:
            log.info("claim.lost", connection=line.connection.id)
            return CallsResult()
        return CallsResult(read, sought, written, polled, found, counted, accompanied)

    def _pause(self, line: Line, error: CredentialsError) -> None:
        """Stop until the credentials are saved anew. What waits, waits on."""
        log.error("connection.paused", connection=line.connection.id, workspace=line.connection.workspace)
        with self._tools.store.transaction() as transaction:
            transaction.connections.pause(line.connection.id, str(error))
        line.release()
