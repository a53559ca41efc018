"""Intake: kept deliveries become facts in leads' mailboxes.

What becomes no fact is counted, and kept aside where a person may want to see it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from connector.engine.inward.events import Desk, Received, keep_event_aside, take_in_events
from connector.engine.inward.told import ReceivedSignal, parse_told, take_in_told
from connector.engine.judging.shelf import Shelf
from connector.errors import LostClaimError, SetupError, StoreError
from connector.log import get_logger
from connector.ports import (
    Connection,
    Delivery,
    DeliveryState,
    Endpoint,
    Parsed,
    Store,
    Stray,
    StrayReason,
    Transaction,
)

#: One transaction takes in about so many events: enough to make statements cheap, few enough to keep memory small. A
#: merge counts as many as the records that it names.
_MAX_EVENTS = 2_000
_MAX_DELIVERIES = 500

#: The database does not answer, or a mapping does not compile.
_NO_FAULT_OF_DELIVERIES = (StoreError, SetupError)

log = get_logger()


@dataclass(frozen=True, slots=True)
class IntakeResult:
    """What became of some deliveries; the counters `intake.*` add these up."""

    #: Deliveries looked at, and those among them that could not be read or taken in.
    deliveries: int = 0
    unreadable: int = 0
    events: int = 0
    #: Facts that are new, and copies of facts that were there.
    facts: int = 0
    duplicates: int = 0
    #: Our own writes coming back.
    echoes: int = 0
    #: Changes of properties that the mapping gives no meaning.
    unmapped: int = 0
    #: Deletions of records that live on in another one.
    superseded: int = 0
    #: Events about people who asked to be forgotten.
    refused: int = 0
    #: Values that an event did not carry, to be read.
    rereads: int = 0
    #: Signals of people whose record the CRM is asked for.
    sought: int = 0
    #: Words that a record changed, without what: it is read, unless it was since.
    hints: int = 0
    #: Deals of which something was heard, to be read.
    deals: int = 0
    leads: int = 0
    merges: int = 0
    erasures: int = 0
    strays: int = 0

    def __add__(self, other: IntakeResult) -> IntakeResult:
        mine, theirs = asdict(self), asdict(other)
        return IntakeResult(**{name: mine[name] + theirs[name] for name in mine})


def run_once(store: Store, endpoints: Mapping[str, Endpoint], shelf: Shelf, now: datetime) -> IntakeResult:
    """Take in the oldest deliveries. A second run finds the next ones.

    A delivery over which we stumble is marked unreadable, with a stray that tells why, and stops no other.
    """
    try:
        return _take_in(store, endpoints, shelf, now, _MAX_DELIVERIES)
    except _NO_FAULT_OF_DELIVERIES:
        raise
    except Exception:
        # Which delivery is at fault shows when each is taken in alone.
        log.warning("batch.broken_up", exc_info=True)
        return _take_in_singly(store, endpoints, shelf, now)


def _take_in(store: Store, endpoints: Mapping[str, Endpoint], shelf: Shelf, now: datetime, limit: int) -> IntakeResult:
    try:
        with store.claim_deliveries(limit) as claim:
            batch = _parse(claim.deliveries, endpoints)
            if not batch:
                return IntakeResult()
            with claim.transaction() as transaction:
                desk = Desk(transaction, shelf, endpoints, now, Counter(), [], set())
                return _settle(desk, batch)
    except LostClaimError:
        log.info("claim.lost", step="intake")
        return IntakeResult()


def _take_in_singly(store: Store, endpoints: Mapping[str, Endpoint], shelf: Shelf, now: datetime) -> IntakeResult:
    total = IntakeResult()
    for _ in range(_MAX_DELIVERIES):
        try:
            result = _take_in(store, endpoints, shelf, now, limit=1)
        except _NO_FAULT_OF_DELIVERIES:
            raise
        except Exception as error:  # noqa: BLE001  a defect that concerns this delivery must not stop the next
            result = _set_aside(store, error)
        if not result.deliveries:
            break
        total += result
    return total


def _set_aside(store: Store, error: Exception) -> IntakeResult:
    """Mark the oldest delivery as one that we stumble over."""
    result = IntakeResult()
    with store.claim_deliveries(1) as claim:
        for delivery in claim.deliveries:
            log.error("delivery.set_aside", delivery=delivery.id, exc_info=error)
            what = f"a defect of ours: {type(error).__name__}"
            stray = Stray(delivery.id, StrayReason.UNREADABLE, what, "", "", delivery.received_at)
            result = IntakeResult(deliveries=1, unreadable=1, strays=1)
            with claim.transaction() as transaction:
                transaction.deliveries.settle({delivery.id: DeliveryState.UNREADABLE})
                transaction.deliveries.add_strays([stray])
                _count(transaction, result)
    return result


def _parse(deliveries: Sequence[Delivery], endpoints: Mapping[str, Endpoint]) -> list[tuple[Delivery, Parsed]]:
    """The first of the deliveries, until there are enough events; the others stay for the next run."""
    batch: list[tuple[Delivery, Parsed]] = []
    events = 0
    for delivery in deliveries:
        parsed = parse_told(delivery) or endpoints[delivery.endpoint].parse(delivery.body)
        batch.append((delivery, parsed))
        events += len(parsed.told) + len(parsed.events) + sum(len(event.merged) for event in parsed.events)
        if events >= _MAX_EVENTS:
            break
    return batch


def _settle(desk: Desk, batch: Sequence[tuple[Delivery, Parsed]]) -> IntakeResult:
    for delivery, parsed in batch:
        desk.strays.extend(
            Stray(delivery.id, StrayReason.UNREADABLE, part.problem, "", part.raw, delivery.received_at)
            for part in parsed.unreadable
        )
    received = [Received(event, delivery) for delivery, parsed in batch for event in parsed.events]
    for connection, part in _by_connection(desk, received):
        take_in_events(desk, connection, part)
    told = [ReceivedSignal(one, delivery) for delivery, parsed in batch for one in parsed.told]
    take_in_told(desk, told)
    desk.transaction.deliveries.settle({delivery.id: _state(parsed) for delivery, parsed in batch})
    desk.transaction.deliveries.add_strays(desk.strays)
    if desk.to_forget:
        desk.transaction.deliveries.forget(desk.to_forget)
    result = IntakeResult(
        deliveries=len(batch),
        unreadable=sum(parsed.is_broken for _, parsed in batch),
        events=len(received) + len(told),
        strays=len(desk.strays),
        **desk.tally,
    )
    _count(desk.transaction, result)
    log.debug("deliveries.taken_in", **asdict(result))
    return result


def _state(parsed: Parsed) -> DeliveryState:
    return DeliveryState.UNREADABLE if parsed.is_broken else DeliveryState.TAKEN_IN


def _count(transaction: Transaction, result: IntakeResult) -> None:
    transaction.counts.add({f"intake.{name}": amount for name, amount in asdict(result).items() if amount})


def _by_connection(desk: Desk, received: Iterable[Received]) -> Iterable[tuple[Connection, list[Received]]]:
    """The events of the accounts we know; the others are kept aside."""
    by_account: defaultdict[tuple[str, str], list[Received]] = defaultdict(list)
    for one in received:
        by_account[one.event.ref.crm, one.event.ref.account].append(one)
    connections = _find_connections(desk.transaction, by_account)
    for key, part in by_account.items():
        if key in connections:
            yield connections[key], part
        else:
            for one in part:
                keep_event_aside(desk, one, StrayReason.UNKNOWN_ACCOUNT)


def _find_connections(
    transaction: Transaction, accounts: Iterable[tuple[str, str]]
) -> Mapping[tuple[str, str], Connection]:
    by_crm: defaultdict[str, set[str]] = defaultdict(set)
    for crm, account in accounts:
        by_crm[crm].add(account)
    return {
        (crm, account): connection
        for crm, names in by_crm.items()
        for account, connection in transaction.connections.by_account(crm, names).items()
    }
