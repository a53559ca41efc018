"""Poll: what a CRM does not tell by itself is asked for, a page at a time, and becomes facts in leads' mailboxes.

A sweep of a feed reads everything between two moments. The next sweep begins a while before the last one ended, because
happenings may show late; those that were read before are the same facts again, and are dropped. How far a sweep has
come is kept with the facts of each page, in one transaction: a crash repeats a page and loses nothing. A record that
cannot be read is kept aside once, and the others of its page count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final

from connector.domain.book import Book
from connector.domain.fact import Fact, FactKind
from connector.domain.ids import LeadId
from connector.domain.records.sources import FeedSource
from connector.engine.inward.batch import is_address
from connector.engine.inward.people import find_people
from connector.engine.judging.shelf import Shelf
from connector.engine.running.line import Failure, Line
from connector.errors import CredentialsError, FeedRefusedError, RateLimitedError, RetryableCrmError, StoreError
from connector.log import get_logger
from connector.ports import (
    Feed,
    FeedPage,
    FeedState,
    Happening,
    NewFact,
    Sought,
    Stray,
    StrayReason,
    Transaction,
)

INTERVAL: Final = timedelta(minutes=5)
#: How late a happening may show up in a feed and still be found.
OVERLAP: Final = timedelta(hours=1)
#: What an account does not offer today it may offer tomorrow.
_REFUSED_FOR: Final = timedelta(hours=1)
#: Whose lead it is, is yet to be found out.
_NOBODY: Final = LeadId("")
_IN_A_CIRCLE: Final = "One page leads to itself: what comes after it cannot be read."
#: What says nothing about a feed alone.
_OF_THE_LINE: Final = (RetryableCrmError, CredentialsError, StoreError)

log = get_logger()


@dataclass(frozen=True, slots=True)
class PollResult:
    """What a call to a feed gave; the counters `poll.*` add these up."""

    #: Pages read, and feeds that could not be.
    pages: int = 0
    refused: int = 0
    facts: int = 0
    duplicates: int = 0
    #: Happenings of people whose record is looked up.
    sought: int = 0

    @property
    def amount(self) -> int:
        """Whether anything was done."""
        return self.pages + self.refused

    def __add__(self, other: PollResult) -> PollResult:
        return PollResult(
            self.pages + other.pages,
            self.refused + other.refused,
            self.facts + other.facts,
            self.duplicates + other.duplicates,
            self.sought + other.sought,
        )


def run_once(line: Line, shelf: Shelf, interval: timedelta, *, is_busy: bool) -> PollResult:
    """Read the next page of the feed that is due longest. A second run goes on where this one ended.

    Reading and writing records goes first: while the line is busy with those, a feed waits until it is late by another
    interval. What keeps one feed from being read is kept with it, and stops nothing else. Raises CredentialsError.
    """
    now = line.clock.now()
    with line.store.reading() as transaction:
        book = shelf.latest(transaction, line.connection.workspace)
        sources = _by_feed(book, line.connection.crm)
        if not sources:
            return PollResult()
        states = {state.feed: state for state in transaction.feeds.of(line.connection.id)}
    state = _next_due(sources, states, now)
    if now < state.due_at + (interval if is_busy else timedelta()) or not line.may_call():
        return PollResult()
    until = state.until or now
    answer = line.call(lambda: _fetch(line, state, until))
    if isinstance(answer, Failure):
        return PollResult()
    with line.store.transaction() as transaction:
        result = _keep(_Sweep(line, book, transaction, sources[state.feed], now), state, until, answer, interval)
        counted = {"pages": result.pages, "refused": result.refused, "facts": result.facts, "sought": result.sought}
        transaction.counts.add({f"poll.{name}": amount for name, amount in counted.items() if amount})
    return result


def _by_feed(book: Book, crm: str) -> Mapping[Feed, Sequence[FeedSource]]:
    found: defaultdict[Feed, list[FeedSource]] = defaultdict(list)
    for source in book.definitions.feeds:
        if source.crm == crm:
            found[Feed(source.feed, source.only)].append(source)
    return found


def _next_due(
    sources: Mapping[Feed, Sequence[FeedSource]], states: Mapping[Feed, FeedState], now: datetime
) -> FeedState:
    """The feed that waits longest. One that was never read begins now: what happened before is nobody's business."""
    wanted = [states.get(feed) or FeedState(feed, now, now, None, "", now) for feed in sources]
    return min(wanted, key=lambda state: (state.due_at, state.feed))


def _fetch(line: Line, state: FeedState, until: datetime) -> FeedPage | FeedRefusedError | RateLimitedError:
    """The page, or why there is none. Whatever goes wrong with one feed must not let the whole line rest."""
    try:
        return line.crm.fetch_happenings(state.feed, state.complete_to - OVERLAP, until, state.place)
    except (FeedRefusedError, RateLimitedError) as refusal:
        return refusal  # a limit may be that of searches alone; one of all calls holds the others by itself
    except _OF_THE_LINE:
        raise
    except Exception as error:
        log.warning("feed.failed", connection=line.connection.id, feed=str(state.feed), exc_info=error)
        return FeedRefusedError(f"What came could not be read ({type(error).__name__}).")


@dataclass(frozen=True, slots=True)
class _Sweep:
    """What keeping a page works with."""

    line: Line
    book: Book
    transaction: Transaction
    sources: Sequence[FeedSource]
    now: datetime


def _keep(
    sweep: _Sweep,
    state: FeedState,
    until: datetime,
    answer: FeedPage | FeedRefusedError | RateLimitedError,
    interval: timedelta,
) -> PollResult:
    feeds, connection, now = sweep.transaction.feeds, sweep.line.connection.id, sweep.now
    if isinstance(answer, RateLimitedError):
        feeds.save(connection, replace(state, until=until, due_at=answer.retry_at or now + interval))
        return PollResult()
    if isinstance(answer, FeedRefusedError):
        due_at = now + max(interval, _REFUSED_FOR)
        feeds.save(connection, replace(state, until=None, place="", due_at=due_at, problem=str(answer)))
        return PollResult(refused=1)
    sweep.transaction.deliveries.add_strays([_to_stray(sweep, state.feed, raw) for raw in answer.unreadable])
    # What lies beyond this sweep's end is the next one's.
    happened = [one for one in answer.happenings if state.began_at <= one.at <= until]
    result = _hand_out(sweep, happened)
    if not answer.is_last and answer.place == state.place:
        due_at = now + max(interval, _REFUSED_FOR)
        feeds.save(connection, replace(state, until=None, place="", due_at=due_at, problem=_IN_A_CIRCLE))
        return replace(result, pages=1, refused=1)
    if answer.is_last:
        read = replace(state, complete_to=until, until=None, place=answer.place, due_at=now + interval, problem="")
    else:
        read = replace(state, until=until, place=answer.place, due_at=now, problem="")
    feeds.save(connection, read)
    log.debug("feed.read", connection=connection, feed=str(state.feed), happenings=len(happened))
    return replace(result, pages=1)


def _to_stray(sweep: _Sweep, feed: Feed, raw: str) -> Stray:
    """A record that could not be read. It is told at each poll: what is the same is one stray."""
    fingerprint = blake2b(raw.encode(), digest_size=16).hexdigest()
    account = sweep.line.connection.account
    return Stray(0, StrayReason.UNREADABLE_RECORD, f"{feed.name} {fingerprint}", account, raw, sweep.now)


def _hand_out(sweep: _Sweep, happened: Sequence[Happening]) -> PollResult:
    leads, workspace = sweep.transaction.leads, sweep.line.connection.workspace
    ids = {one.record_id for one in happened if one.record_id}
    by_record = find_people(sweep.line, sweep.transaction, sweep.book, ids, sweep.now)
    # What somebody wrote into a form is no address before it looks like one.
    emails = {one.email for one in happened if not one.record_id and is_address(one.email)}
    by_email = leads.find_by_email(workspace, emails) if emails else {}
    facts: list[NewFact] = []
    sought: list[Sought] = []
    for one in happened:
        lead_id = by_record.get(one.record_id) or by_email.get(one.email)
        for source in sweep.sources:
            fact = NewFact(lead_id or _NOBODY, _to_fact(sweep, source, one), sweep.now)
            if lead_id is not None:
                facts.append(fact)
            elif one.email in emails:
                sought.append(Sought(workspace, sweep.line.connection.id, one.email, fact, is_told=False))
    sweep.transaction.seekers.add(sought)
    new = leads.add_facts(workspace, facts, sweep.now) if facts else 0
    return PollResult(facts=new, duplicates=len(facts) - new, sought=len(sought))


def _to_fact(sweep: _Sweep, source: FeedSource, one: Happening) -> Fact:
    identity = f"{sweep.line.connection.id}|{source.feed}|{one.key}|{source.signal}"
    key = blake2b(identity.encode(), digest_size=16).hexdigest()
    wanted = source.attributes.items()
    data = {name: one.attributes[theirs] for name, theirs in wanted if theirs in one.attributes}
    return Fact(f"feed:{key}", one.at, FactKind.SIGNAL, source.signal, source.crm, data)
