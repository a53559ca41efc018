"""Feeds: read a page at a time, never twice the same, never before what is more urgent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from connector.domain.fact import Fact, FactKind
from connector.domain.records.sources import FeedSource
from connector.engine.inward import poll
from connector.errors import CrmUnavailableError, RateLimitedError, StoreUnavailableError
from connector.ports import ConnectionState, EventKind, Feed, FeedPage, FeedState, Happening
from tests.builders import CRM, START, after
from tests.office import ACME, CONNECTION, Office, clicked, clicking_book, event, sqlite_url

CLICKS = Feed("email_events", "CLICK")
FORMS = Feed("form_submissions")
SOURCES = (
    FeedSource("clicked", CRM, "email_events", "CLICK", {"what": "url"}),
    FeedSource("asked", CRM, "form_submissions", "", {"form": "form_name"}),
)
INTERVAL = timedelta(minutes=5)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Two feeds, each asked for the first time."""
    office = Office(sqlite_url(tmp_path), clicking_book("v1", feeds=SOURCES)).open().work()
    yield office
    office.close()


def happen(office: Office, *happenings: Happening, feed: Feed = CLICKS) -> Office:
    office.crm.feeds[feed] += happenings
    return office


def click(minutes: float = 1, record_id: str = "51", key: str = "", **more: str) -> Happening:
    at = after(minutes=minutes)
    office_key = key or f"{record_id}@{at.isoformat()}"
    return Happening(office_key, at, {"url": "https://example.com/", "internal": "x"}, record_id, **more)


def facts(office: Office, record_id: str = "51") -> Sequence[Fact]:
    found = office.store.read_models.facts(ACME, office.lead(record_id).id)
    return [fact for fact in found if fact.kind is FactKind.SIGNAL]


def state(office: Office, feed: Feed = CLICKS) -> FeedState:
    with office.store.reading() as transaction:
        return {one.feed: one for one in transaction.feeds.of(CONNECTION.id)}[feed]


def fetched(office: Office) -> list[tuple[str, ...]]:
    return [about for name, about in office.crm.calls if name == "fetch_happenings"]


def test_a_happening_becomes_a_signal_with_the_attributes_that_the_mapping_names(office: Office) -> None:
    office.crm.records["51"]["email"] = "ada@example.com"

    happen(office, click()).let_pass(INTERVAL)

    (fact,) = facts(office)
    assert (fact.name, fact.source, fact.at) == ("clicked", CRM, after(minutes=1))
    assert fact.data == {"what": "https://example.com/"}
    assert office.lead().lead.scores["clicks"]


def test_a_feed_is_asked_once_an_interval(office: Office) -> None:
    office.crm.calls.clear()

    office.let_pass(INTERVAL - timedelta(seconds=1))
    before = fetched(office)
    office.let_pass(timedelta(seconds=1)).work().work()

    assert before == []
    assert sorted(fetched(office)) == [("email_events (CLICK)", ""), ("form_submissions", "")]


def test_one_happening_may_be_two_signals(tmp_path: Path) -> None:
    again = replace(SOURCES[0], signal="interested", attributes={})
    office = Office(sqlite_url(tmp_path), clicking_book("v1", feeds=(*SOURCES, again))).open().work()
    office.crm.records["51"]["email"] = "ada@example.com"

    happen(office, click()).let_pass(INTERVAL)

    assert sorted(fact.name for fact in facts(office)) == ["clicked", "interested"]
    office.close()


def test_what_is_told_again_is_the_same_fact(office: Office) -> None:
    office.crm.records["51"]["email"] = "ada@example.com"
    happen(office, click())

    for _ in range(4):
        office.let_pass(INTERVAL)

    assert len(facts(office)) == 1


def test_what_shows_up_late_is_found_as_long_as_the_sweeps_overlap(office: Office) -> None:
    office.crm.records["51"]["email"] = "ada@example.com"
    for _ in range(4):
        office.let_pass(INTERVAL)

    happen(office, click(minutes=2)).let_pass(INTERVAL)

    assert [fact.at for fact in facts(office)] == [after(minutes=2)]


def test_what_happened_before_the_feed_was_asked_for_is_nobodys_business(office: Office) -> None:
    happen(office, click(minutes=-1)).let_pass(INTERVAL)

    assert office.store.read_models.leads(ACME, 10) == []


def test_a_clock_that_runs_ahead_over_there_is_waited_for(office: Office) -> None:
    office.crm.records["51"]["email"] = "ada@example.com"
    happen(office, click(minutes=7)).let_pass(INTERVAL)
    early = office.store.read_models.leads(ACME, 10)

    office.let_pass(INTERVAL)

    assert early == []
    assert len(facts(office)) == 1


def test_a_person_is_found_by_address_or_looked_up(office: Office) -> None:
    office.crm.records |= {"51": {"email": "ada@example.com"}, "52": {"email": "bob@example.com"}}
    office.receive(event(EventKind.CREATED)).work()
    ada = Happening("k1", after(minutes=1), {"form_name": "Report"}, email="ada@example.com")
    bob = Happening("k2", after(minutes=2), {"form_name": "Report"}, email="bob@example.com")
    nobody = Happening("k3", after(minutes=3), {"form_name": "Report"}, email="nobody@example.com")

    happen(office, ada, bob, nobody, feed=FORMS).let_pass(INTERVAL).let_pass(timedelta(hours=2))

    assert [fact.data for fact in facts(office, "51")] == [{"form": "Report"}]
    assert [fact.data for fact in facts(office, "52")] == [{"form": "Report"}]
    assert office.strays() == []
    assert office.counts()["seek.nobody"] >= 1


def test_what_no_address_is_is_neither_kept_nor_asked_for(office: Office) -> None:
    written = ("a\0b@example.com", "x" * 400 + "@example.com", "call me", "@", "two words@example.com")
    happen(office, *(Happening(email, after(minutes=1), {}, email=email) for email in written), feed=FORMS)

    office.let_pass(INTERVAL).let_pass(INTERVAL)

    assert [about for name, about in office.crm.calls if name == "find_records"] == []
    assert state(office, FORMS).problem == ""


def test_a_record_that_cannot_be_read_is_kept_aside_once_and_holds_up_nothing(office: Office) -> None:
    office.crm.records["51"]["email"] = "ada@example.com"
    office.crm.unreadable[CLICKS] = ['{"created": "soon"}', '{"created": "late"}']
    happen(office, click())

    for _ in range(3):
        office.let_pass(INTERVAL)

    assert [fact.at for fact in facts(office)] == [after(minutes=1)]
    assert state(office).problem == ""
    assert state(office).complete_to == after(minutes=15)
    assert [reason for reason, _ in office.strays()] == ["unreadable_record", "unreadable_record"]
    assert all(what.startswith("email_events ") for _, what in office.strays())
    with office.store.reading() as transaction:
        kept = transaction.deliveries.strays(10)
    assert [(stray.account, stray.raw) for stray in kept] == [
        (CONNECTION.account, '{"created": "late"}'),
        (CONNECTION.account, '{"created": "soon"}'),
    ]


def test_a_page_that_leads_to_itself_is_told_and_not_asked_for_without_end(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def fetch(_: object, feed: Feed, since: datetime, until: datetime, place: str) -> FeedPage:
        asked.append(str(feed))
        return FeedPage((click(),), "2", is_last=False)

    monkeypatch.setattr(type(office.crm), "fetch_happenings", fetch)
    office.clock.moment += INTERVAL
    for _ in range(20):
        office.calls.run_once()

    assert asked.count(str(CLICKS)) == 2
    assert "leads to itself" in state(office).problem
    assert state(office).complete_to == START
    assert len(facts(office)) == 2  # each feed told it


@pytest.mark.parametrize("pages", [1, 2, 3])
def test_a_crash_between_pages_repeats_nothing_and_loses_nothing(office: Office, pages: int) -> None:
    people = [str(60 + number) for number in range(7)]
    office.crm.records |= {id_: {"email": f"p{id_}@example.com"} for id_ in people}
    happen(office, *(click(record_id=id_) for id_ in people))
    office.clock.moment += INTERVAL
    office.crm.before = [*([None] * pages), StoreUnavailableError("killed")]
    with pytest.raises(StoreUnavailableError):
        office.work()
    office.crm.before.clear()

    office.calls = office.new_calls("w1")
    office.work()

    assert [len(facts(office, id_)) for id_ in people] == [1] * 7
    places = [place for name, place in fetched(office) if name == "email_events (CLICK)"]
    assert len(places) <= len(set(places)) + 2


def test_up_to_when_all_is_known_moves_with_the_last_page_only(office: Office) -> None:
    happen(office, *(click(record_id=str(60 + number)) for number in range(5)))
    office.clock.moment += INTERVAL
    seen: list[tuple[datetime, str]] = []
    for _ in range(20):
        office.calls.run_once()
        seen.append((state(office).complete_to, state(office).place))

    moments = [moment for moment, _ in seen]
    assert moments == sorted(moments)
    assert all(moment == START for moment, place in seen if place)
    assert moments[-1] == START + INTERVAL


def test_writing_goes_before_polling_until_polling_is_late(office: Office) -> None:
    line = office.calls._lines[CONNECTION.id]
    office.clock.moment += INTERVAL
    office.crm.calls.clear()

    busy = poll.run_once(line, office.shelf, INTERVAL, is_busy=True)
    office.clock.moment += INTERVAL
    late = poll.run_once(line, office.shelf, INTERVAL, is_busy=True)

    assert (busy.amount, late.amount) == (0, 1)


def test_nothing_is_polled_when_the_budget_is_spent(office: Office) -> None:
    office.crm.closed_until = after(minutes=20)
    office.crm.calls.clear()

    office.let_pass(INTERVAL)

    assert fetched(office) == []


def test_a_refused_feed_says_why_and_stops_no_other(office: Office) -> None:
    office.crm.refused_feeds[CLICKS] = "It takes the scope content."
    office.crm.records["51"]["email"] = "ada@example.com"
    asked = Happening("k", after(minutes=1), {}, "51")

    happen(office, asked, feed=FORMS).let_pass(INTERVAL)

    assert state(office).problem == "It takes the scope content."
    assert [fact.name for fact in facts(office)] == ["asked"]
    office.crm.calls.clear()
    office.let_pass(INTERVAL)
    assert ("email_events (CLICK)", "") not in fetched(office)


def test_a_feed_that_is_offered_again_goes_on_where_it_stopped(office: Office) -> None:
    office.crm.records["51"]["email"] = "ada@example.com"
    office.crm.refused_feeds[CLICKS] = "no"
    happen(office, click(minutes=3)).let_pass(INTERVAL)
    office.crm.refused_feeds.clear()

    office.let_pass(timedelta(hours=3))

    assert len(facts(office)) == 1
    assert state(office).problem == ""


def test_what_nobody_understands_stops_its_feed_alone(office: Office) -> None:
    office.crm.before = [ValueError("a field that nobody knows")]
    office.let_pass(INTERVAL)

    office.receive(clicked()).work()

    assert "could not be read (ValueError)" in state(office).problem
    assert office.lead().is_read


def test_a_limit_on_searches_keeps_nothing_else_waiting(office: Office) -> None:
    office.crm.before = [RateLimitedError("searches", retry_at=after(minutes=6))]
    office.let_pass(INTERVAL)

    office.receive(clicked()).work()

    assert state(office).due_at == after(minutes=6)
    assert office.lead().is_read


def test_an_outage_is_waited_out(office: Office) -> None:
    office.crm.records["51"]["email"] = "ada@example.com"
    office.crm.before = [CrmUnavailableError("away")] * 3
    happen(office, click()).let_pass(INTERVAL)

    for _ in range(6):
        office.let_pass(timedelta(minutes=1))

    assert len(facts(office)) == 1


def test_a_paused_connection_is_not_polled(office: Office) -> None:
    with office.store.transaction() as transaction:
        transaction.connections.save(replace(CONNECTION, state=ConnectionState.PAUSED), office.clock.now())
    office.crm.calls.clear()

    office.let_pass(timedelta(hours=1))

    assert office.crm.calls == []


def test_an_erased_record_is_not_made_anew_by_a_feed(office: Office) -> None:
    with office.store.transaction() as transaction:
        transaction.leads.erase(ACME, clicked().ref, START)

    happen(office, click()).let_pass(INTERVAL)

    assert office.store.read_models.leads(ACME, 10) == []


def test_a_mapping_without_feeds_costs_no_call(tmp_path: Path) -> None:
    office = Office(sqlite_url(tmp_path), clicking_book("v1")).open()

    office.let_pass(timedelta(days=1))

    assert office.crm.calls == []
    office.close()
