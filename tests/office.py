"""An engine at work in a test: a real store, a clock that stands still, and a CRM that remembers what it was told."""

from __future__ import annotations

import base64
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

import msgspec

from connector.domain.book import Book, compile_book
from connector.domain.conditions.condition import Op, SignalTest
from connector.domain.definitions import Definitions, ListRule, Notification, WriteBack
from connector.domain.ids import ConnectionId, CrmRef, WorkspaceId
from connector.domain.outward.change import Act, ChangeKind, ChangeState
from connector.domain.override import NO_OVERRIDES, files_of, overridden
from connector.domain.records.sources import CompanionKind
from connector.domain.traits.score import EngagementRule, Score
from connector.engine.inward import intake, joining
from connector.engine.judging import advance
from connector.engine.judging.apply import Telling
from connector.engine.judging.measuring import Measuring
from connector.engine.judging.rulings import Rulings
from connector.engine.judging.shelf import Shelf
from connector.engine.running.calls import Calls
from connector.engine.running.line import Tools
from connector.errors import FeedRefusedError
from connector.ports import (
    KEPT,
    BulkWriter,
    CensusTaker,
    CompanionReader,
    Connection,
    Crm,
    CrmEvent,
    CrmRecord,
    EventKind,
    Feed,
    FeedPage,
    Happening,
    LeadSummary,
    Membership,
    NewDelivery,
    OutboxChange,
    Parsed,
    PropertyWish,
    RawRequest,
    RecordReply,
    ReplyState,
    Store,
    StoredBook,
    Unreadable,
)
from connector.store.store import open_store
from tests.builders import CRM, START, definitions, score_is, task

ACCOUNT = "4711"
ACME = WorkspaceId("acme")
CONNECTION = Connection(ConnectionId(f"{CRM}-{ACCOUNT}"), ACME, CRM, ACCOUNT, "a token")
SECRET_KEY = base64.urlsafe_b64encode(bytes(32)).decode()
DONE = RecordReply(ReplyState.DONE)


class FakeClock:
    """Stands still until it is moved. Who waits moves it."""

    def __init__(self, start: datetime = START) -> None:
        self.moment = start

    def now(self) -> datetime:
        """The moment it was moved to."""
        return self.moment

    def wait(self, seconds: float) -> None:
        """Time passes at once."""
        self.moment += timedelta(seconds=seconds)


class FakeEndpoint:
    """Bodies are lists of events in our own words."""

    name = CRM
    max_body = 10_000_000
    media_types = frozenset({"application/json"})
    receipt = KEPT
    lead_types = frozenset({"contact", "lead"})
    deal_type = "deal"
    companion_types: Mapping[str, CompanionKind] = MappingProxyType(
        {"member": CompanionKind.MEMBER, "role": CompanionKind.ROLE}
    )

    def verify(self, request: RawRequest, now: datetime) -> None:
        """Everything is genuine."""

    def parse(self, body: bytes) -> Parsed:
        """The events, or what is wrong with the body."""
        if body == b"a defect":
            raise RuntimeError("the parser fell over")
        try:
            return Parsed(msgspec.json.decode(body, type=list[CrmEvent]))
        except msgspec.DecodeError as error:
            return Parsed((), [Unreadable(str(error), body.decode())], is_broken=True)


@dataclass(slots=True)
class FakeCrm:
    """A CRM in memory. It can be told to fail before or after it does what it was asked."""

    records: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    archived: set[str] = field(default_factory=set)
    #: As which records those live on that were merged or converted.
    became: dict[str, str] = field(default_factory=dict)
    #: When records changed last, where the CRM tells.
    changed_at: dict[str, datetime] = field(default_factory=dict)
    lists: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    #: What feeds tell, and why they do not.
    feeds: dict[Feed, list[Happening]] = field(default_factory=lambda: defaultdict(list))
    refused_feeds: dict[Feed, str] = field(default_factory=dict)
    unreadable: dict[Feed, list[str]] = field(default_factory=lambda: defaultdict(list))
    #: Key -> the record and the act, and how often each was made.
    acts: dict[str, tuple[str, Act]] = field(default_factory=dict)
    made: Counter[str] = field(default_factory=Counter)
    wishes: list[PropertyWish] = field(default_factory=list)
    #: How often it was asked to create them, and what that raises.
    prepared: int = 0
    unprepared: list[Exception | None] = field(default_factory=list)
    #: Names of the calls, in order, with what they were about.
    calls: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    #: Raised by the next calls, one each, before and after they did their work; None for no failure.
    before: list[Exception | None] = field(default_factory=list)
    after: list[Exception | None] = field(default_factory=list)
    #: Record or key -> what is replied instead of doing it.
    replies: dict[str, RecordReply] = field(default_factory=dict)
    #: Key -> what became of an email that was handed over.
    outcomes: dict[str, RecordReply] = field(default_factory=dict)
    closed_until: datetime | None = None
    batch_sizes: Mapping[ChangeKind, int] = field(default_factory=lambda: dict.fromkeys(ChangeKind, 100))
    read_batch: int = 100
    deal_type: str = "deal"
    census: CensusTaker | None = None
    bulk: BulkWriter | None = None
    companions: CompanionReader | None = None
    #: Deals with their properties, and whose they are; a merged-away one leads to the id of another.
    deals: dict[str, dict[str, str]] = field(default_factory=dict)
    people: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    merged: dict[str, str] = field(default_factory=dict)

    def object_type_of(self, record_id: str) -> str:
        """Contacts, and leads that may be converted to contacts."""
        return "lead" if record_id.startswith("00Q") else "contact"

    def check_access(self) -> None:
        """As with any call."""
        with_faults(self, "fetch_records", ())

    def prepare(self, wishes: Sequence[PropertyWish]) -> None:
        """Remember what was wished for."""
        self.prepared += 1
        raise_next(self.unprepared)
        self.wishes = list(wishes)

    def fetch_records(self, record_ids: Sequence[str], properties: Sequence[str]) -> Mapping[str, CrmRecord]:
        """What is known of them."""
        with_faults(self, "fetch_records", record_ids)
        return {
            id_: CrmRecord(
                id_,
                {name: self.records[id_].get(name, "") for name in properties},
                id_ in self.archived,
                self.changed_at.get(id_),
                self.became.get(id_, ""),
            )
            for id_ in record_ids
            if id_ in self.records
        }

    def find_records(self, emails: Sequence[str]) -> Mapping[str, str]:
        """Whose addresses these are."""
        with_faults(self, "find_records", emails)
        return {held["email"]: id_ for id_, held in self.records.items() if held.get("email") in emails}

    def fetch_happenings(self, feed: Feed, since: datetime, until: datetime, place: str) -> FeedPage:
        """Pages of two, and what a refused feed is refused for."""
        with_faults(self, "fetch_happenings", (str(feed), place))
        if feed in self.refused_feeds:
            raise FeedRefusedError(self.refused_feeds[feed])
        found = [one for one in self.feeds[feed] if since <= one.at <= until]
        begin = int(place or 0)
        is_last = begin + 2 >= len(found)
        return FeedPage(found[begin : begin + 2], "" if is_last else str(begin + 2), is_last, self.unreadable[feed])

    def fetch_deals(self, deal_ids: Sequence[str], properties: Sequence[str]) -> Mapping[str, CrmRecord]:
        """What is known of them."""
        with_faults(self, "fetch_deals", deal_ids)
        survivors = {id_: self.merged.get(id_, id_) for id_ in deal_ids}
        return {
            id_: CrmRecord(to, {name: self.deals[to].get(name, "") for name in properties}, to in self.archived)
            for id_, to in survivors.items()
            if to in self.deals
        }

    def fetch_people_of(self, deal_ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Whose they are."""
        with_faults(self, "fetch_people_of", deal_ids)
        return {id_: list(self.people[id_]) for id_ in deal_ids if self.people.get(id_)}

    def fetch_deals_of(self, record_ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Their deals."""
        with_faults(self, "fetch_deals_of", record_ids)
        found = {id_: [deal for deal, people in self.people.items() if id_ in people] for id_ in record_ids}
        return {id_: deals for id_, deals in found.items() if deals}

    def write_properties(self, changes: Mapping[str, Mapping[str, str]]) -> Mapping[str, RecordReply]:
        """Take them over."""
        return self._write("write_properties", changes, lambda id_: self.records[id_].update(changes[id_]))

    def write_membership(self, membership: Membership) -> Mapping[str, RecordReply]:
        """Put on and take off."""
        members = self.lists[membership.title]
        add = frozenset(membership.add)
        return self._write(
            "write_membership",
            [*membership.add, *membership.remove],
            lambda id_: members.add(id_) if id_ in add else members.discard(id_),
        )

    def write_acts(self, kind: ChangeKind, acts: Mapping[str, tuple[str, Act]]) -> Mapping[str, RecordReply]:
        """Make those that are not there yet."""

        def make(key: str) -> None:
            if key not in self.acts:
                self.acts[key] = acts[key]
                self.made[key] += 1

        return self._write(f"write_{kind}", acts, make)

    def follow_emails(self, sent: Mapping[str, str]) -> Mapping[str, RecordReply]:
        """Whatever was ordered for them; without an order, they were sent."""
        with_faults(self, "follow_emails", sent)
        return {key: self.outcomes.get(key, DONE) for key in sent}

    def calls_allowed_at(self, now: datetime) -> datetime:
        """At once, unless closed."""
        return self.closed_until or now

    def _write(self, name: str, wanted: Collection[str], write: Callable[[str], None]) -> Mapping[str, RecordReply]:
        with_faults(self, name, wanted)
        for id_ in wanted:
            if id_ not in self.replies:
                write(id_)
        raise_next(self.after)
        return {id_: self.replies.get(id_, DONE) for id_ in wanted}


def with_faults(crm: FakeCrm, name: str, about: Collection[str]) -> None:
    """Note the call, and fail it where that was ordered."""
    crm.calls.append((name, tuple(about)))
    raise_next(crm.before)


def raise_next(faults: list[Exception | None]) -> None:
    """Raise the next ordered failure."""
    fault = faults.pop(0) if faults else None
    if fault is not None:
        raise fault


def event(
    kind: EventKind = EventKind.CHANGED, record_id: str = "51", *, at: datetime = START, key: str = "", **more: Any
) -> CrmEvent:
    """Something that happened to a contact."""
    ref = contact(record_id)
    said = f"{kind} {record_id} {at.isoformat()} {more.get('property', '')}={more.get('value', '')}"
    return CrmEvent(key or said, kind, ref, at, f"contact.{kind}")._replace(**more)


def changed(property_: str, value: str, record_id: str = "51", *, at: datetime = START, **more: Any) -> CrmEvent:
    """A property of a contact changed."""
    return event(record_id=record_id, at=at, property=property_, value=value, **more)


def clicking_book(version: str, points: float = 10, **parts: Any) -> Definitions:
    """Each click gives points; they are written back, 20 of them put a lead on a list and give its rep a task."""
    clicks = Score("clicks", (EngagementRule("a click", SignalTest("clicked"), float(points)),))
    hot = score_is("clicks", Op.GTE, 20)
    return definitions(
        version,
        **{
            "scores": (clicks,),
            "lists": (ListRule("hot", {CRM: "Hot leads"}, hot),),
            "notifications": (Notification("hot", hot, (task(),)),),
            "write_back": (WriteBack(CRM, "coltiva_clicks", ("score", "clicks", "points"), "number", "Clicks"),),
            **parts,
        },
    )


def clicked(what: str = "offer", record_id: str = "51", *, at: datetime = START, **more: Any) -> CrmEvent:
    """A contact clicked on something."""
    return changed("hs_click", what, record_id, at=at, **more)


def contact(record_id: str, account: str = ACCOUNT) -> CrmRef:
    """A contact's reference."""
    return CrmRef(CRM, account, "contact", record_id)


class Office:
    """One worker's engine, step by step."""

    def __init__(self, url: str, *versions: Definitions, crm: FakeCrm | None = None, holder: str = "w1") -> None:
        self.url = url
        self.store: Store = open_store(url, SECRET_KEY)
        self.store.migrate()
        self.clock = FakeClock()
        self.crm = crm or FakeCrm()
        self.endpoint = FakeEndpoint()
        self.books = {each.version: compile_book(each) for each in versions}
        self.shelf = Shelf(self.store, self.compile_book)
        self.lease_length = timedelta(seconds=60)
        self.telling = Telling(self.store, self.shelf)
        self.rulings = Rulings(self.store, self.shelf, holder)
        self.measuring = Measuring(self.store, self.shelf)
        self.calls = self.new_calls(holder)

    def new_calls(self, holder: str, open_crm: Callable[[Connection], Crm] | None = None) -> Calls:
        """The calls of a worker that was just started."""
        backoff = lambda attempts: timedelta(seconds=2**attempts)  # noqa: E731
        tools = Tools(self.store, self.clock, open_crm or (lambda _: self.crm), backoff, holder, self.lease_length)
        return Calls(tools, self.shelf)

    def compile_book(self, stored: StoredBook) -> Book:
        """Versions are known by name here; what is set on top of them is real."""
        book = self.books[files_of(stored.version)]
        return (
            compile_book(overridden(book.definitions, stored.overrides)) if stored.overrides != NO_OVERRIDES else book
        )

    def open(self) -> Office:
        """The first version applies, and the account is connected."""
        with self.store.transaction() as transaction:
            transaction.books.add(ACME, StoredBook(next(iter(self.books)), {}, self.clock.now()))
        return self.connect()

    def connect(self) -> Office:
        """Credentials are saved, perhaps once more."""
        with self.store.transaction() as transaction:
            transaction.connections.save(CONNECTION, self.clock.now())
        return self

    def receive(self, *events: CrmEvent) -> Office:
        """One delivery comes in."""
        return self.receive_body(msgspec.json.encode(events))

    def receive_body(self, body: bytes) -> Office:
        """One delivery comes in, as bytes."""
        self.store.keep(NewDelivery(CRM, self.clock.now(), body))
        return self

    def take_in(self) -> intake.IntakeResult:
        """One run of intake."""
        return intake.run_once(self.store, {CRM: self.endpoint}, self.shelf, self.clock.now())

    def join(self) -> joining.JoinResult:
        """One look at addresses that leads came by."""
        return joining.run_once(self.store, self.shelf, self.clock.now())

    def tell(self) -> int:
        """One round of telling leads of the version that applies, and of what was measured among them."""
        return self.telling.run_once(self.clock.now()) + self.measuring.run_once(self.clock.now())

    def advance(self) -> advance.AdvanceResult:
        """One run of advance."""
        return advance.run_once(self.store, self.shelf, self.clock.now())

    def rule(self) -> int:
        """One run of rulings."""
        return self.rulings.run_once(self.clock.now())

    def work(self) -> Office:
        """Everything, until nothing is left to do now."""
        while (
            self.take_in().deliveries
            + self.join().addresses
            + self.tell()
            + self.advance().amount
            + self.rule()
            + self.calls.run_once().amount
        ):
            pass
        return self

    def let_pass(self, length: timedelta) -> Office:
        """Time passes, then everything is done that is due."""
        self.clock.moment += length
        return self.work()

    def lead(self, record_id: str = "51") -> LeadSummary:
        """The lead of a contact."""
        found = self.store.read_models.lead(ACME, str(contact(record_id)))
        assert found is not None, f"no lead for contact {record_id}"
        return found

    def outbox(self, *states: ChangeState) -> Sequence[OutboxChange]:
        """The outbox, latest first."""
        return self.list_outbox(states or tuple(ChangeState))

    def list_outbox(self, states: Collection[ChangeState]) -> Sequence[OutboxChange]:
        """Changes in these states."""
        with self.store.reading() as transaction:
            return transaction.outbox.list(None, states, 100_000)

    def strays(self) -> Sequence[tuple[str, str]]:
        """Reason and what, of everything that was kept aside, oldest first."""
        with self.store.reading() as transaction:
            return [(stray.reason, stray.what) for stray in reversed(transaction.deliveries.strays(100_000))]

    def counts(self) -> Mapping[str, int]:
        """Every counter."""
        with self.store.reading() as transaction:
            return transaction.counts.all()

    def close(self) -> None:
        """Go home."""
        self.store.close()


def sqlite_url(folder: Path) -> str:
    """A database of its own, up to date from the start."""
    file = folder / "coltiva.sqlite"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_migrated_file())
    return f"sqlite:///{file}"


@cache
def _migrated_file() -> bytes:
    """What an empty database holds. To bring one up to date takes longer than most of what is tested with it."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "migrated.sqlite"
        store = open_store(f"sqlite:///{file}", SECRET_KEY)
        store.migrate()
        store.close()
        return file.read_bytes()
