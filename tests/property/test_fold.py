"""A lead is a pure function of its facts: whatever the pieces, the order of arrival, and how often one asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from connector.domain.book import Book, compile_book
from connector.domain.decide import Decision, decide, fold, needs_refold
from connector.domain.definitions import Definitions
from connector.domain.fact import Fact, FactKind
from connector.domain.history import HistoryEntry
from connector.domain.lead import Lead, blank
from connector.domain.outward.change import Act
from tests.builders import LEAD, START, Story, alarm
from tests.property.books import HORIZON, ORDINARY, lives, workspaces

END = START + HORIZON
MS = timedelta(milliseconds=1)
ANY_BOOK = settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
)
ALL_KINDS = (*ORDINARY, *ORDINARY, FactKind.MERGED, FactKind.BOOK)

encode = msgspec.json.encode


def bytes_of(lead: Lead, history: Iterable[HistoryEntry], acts: Iterable[Act]) -> tuple[bytes, bytes, bytes]:
    """What must be the same.

    When acts leave is not: those that are decided late are put back into the window, and of several copies of an email
    that are late the last one leaves.
    """
    every = list(acts)
    last = {act.email.name: act for act in every if act.email is not None}
    leaving = [act for act in every if act.email is None or last[act.email.name] is act]
    undated = [replace(act, due_at=START, task_due_at=None, remind_at=None) for act in leaving]
    return encode(lead), encode(list(history)), encode(undated)


def in_one(book: Book, facts: list[Fact], now: datetime = END) -> Decision:
    return fold(lambda version: book, blank(LEAD, "v1"), facts, now)


@ANY_BOOK
@given(defined=workspaces(), facts=lives(), data=st.data())
def test_folding_in_pieces_is_folding_in_one(defined: Definitions, facts: list[Fact], data: st.DataObject) -> None:
    book = compile_book(defined)
    whole = in_one(book, facts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(facts)), min_size=1, max_size=4), label="cuts"))

    lead, history, acts = blank(LEAD, "v1"), list[HistoryEntry](), list[Act]()
    for begin, end in zip([0, *cuts], [*cuts, len(facts)], strict=True):
        piece = facts[begin:end]
        assume(not needs_refold(lead, piece))
        least = max([lead.position[1], *(fact.at for fact in piece)])
        most = max(least, facts[end].at - MS) if end < len(facts) else END
        now = START + MS * data.draw(st.integers((least - START) // MS, (most - START) // MS), label="now")
        decision = fold(lambda version: book, lead, piece, END if end == len(facts) else now)
        lead, history, acts = decision.lead, [*history, *decision.history], [*acts, *decision.acts]

    assert bytes_of(lead, history, acts) == bytes_of(whole.lead, whole.history, whole.acts)


@ANY_BOOK
@given(first=workspaces(), second=workspaces("v2"), facts=lives(ALL_KINDS), data=st.data())
def test_whatever_the_order_of_arrival_the_lead_and_its_history_are_the_same(
    first: Definitions, second: Definitions, facts: list[Fact], data: st.DataObject
) -> None:
    clean, told = Story(first, second), Story(first, second)
    delays = st.sampled_from([timedelta(), MS, timedelta(minutes=1), timedelta(days=2), timedelta(days=30)])
    arrivals = [(fact.at + data.draw(delays), index, fact) for index, fact in enumerate(facts)]
    again = data.draw(st.lists(st.sampled_from(facts), max_size=5), label="duplicates")
    arrivals += [(END, len(facts) + index, fact) for index, fact in enumerate(again)]

    clean.receive_all(facts, END + HORIZON)
    for at, _, fact in sorted(arrivals, key=lambda arrival: arrival[:2]):
        told.receive(fact, now=at)
    told.let_pass(END + HORIZON)

    assert encode(told.lead) == encode(clean.lead)
    assert encode(told.history) == encode(clean.history)
    assert told.acts.keys() >= clean.acts.keys()


@ANY_BOOK
@given(defined=workspaces(), facts=lives(), polls=st.lists(st.integers(0, int(HORIZON / MS)), max_size=12))
def test_asking_at_any_moment_whether_something_is_due_changes_nothing(
    defined: Definitions, facts: list[Fact], polls: list[int]
) -> None:
    book = compile_book(defined)
    whole = in_one(book, facts)
    alarms = [alarm(START + poll * MS) for poll in polls if START + poll * MS >= facts[0].at]
    timeline = [facts[0], *sorted([*facts[1:], *alarms], key=lambda fact: fact.position)]

    lead, history, acts = blank(LEAD, "v1"), list[HistoryEntry](), list[Act]()
    for fact in timeline:
        assume(not needs_refold(lead, [fact]))
        decision = decide(book, lead, fact, fact.at)
        lead, history, acts = decision.lead, [*history, *decision.history], [*acts, *decision.acts]
    decision = decide(book, lead, alarm(END), END)

    assert bytes_of(decision.lead, [*history, *decision.history], [*acts, *decision.acts]) == bytes_of(
        whole.lead, whole.history, whole.acts
    )


@ANY_BOOK
@given(defined=workspaces(), facts=lives(ORDINARY))
def test_a_lead_is_written_and_read_without_loss_and_always_the_same(defined: Definitions, facts: list[Fact]) -> None:
    lead = in_one(compile_book(defined), facts).lead

    read = msgspec.json.decode(encode(lead), type=Lead)

    assert read == lead
    assert encode(read) == encode(lead) == encode(in_one(compile_book(defined), list(reversed(facts))).lead)


def steps(book: Book, facts: list[Fact], until: datetime = END) -> Iterator[tuple[Lead, Decision]]:
    """Fact by fact and alarm by alarm: the lead before, and what became of it."""
    lead = blank(LEAD, "v1")
    for fact in [*facts, alarm(until)]:
        while lead.wake_at is not None and lead.wake_at < fact.at:
            decision = fold(lambda version: book, lead, [], lead.wake_at)
            yield lead, decision
            lead = decision.lead
        if not needs_refold(lead, [fact]):
            decision = fold(lambda version: book, lead, [fact], fact.at)
            yield lead, decision
            lead = decision.lead


@ANY_BOOK
@given(defined=workspaces(), facts=lives())
def test_every_alarm_lies_ahead_and_brings_the_lead_on(defined: Definitions, facts: list[Fact]) -> None:
    for before, decision in steps(compile_book(defined), facts):
        lead = decision.lead
        assert lead.wake_at is None or lead.wake_at > lead.position[1]
        assert lead.position > before.position or lead.wake_at == before.wake_at
