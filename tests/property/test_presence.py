"""A lead of several records is archived only while all are gone, whatever comes and goes in which order."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.domain.book import compile_book
from connector.domain.decide import fold, needs_refold
from connector.domain.fact import RECORD_OF, Fact, FactKind, RecordName
from connector.domain.lead import Standing, blank
from tests.builders import LEAD, START, Story, definitions
from tests.property.books import HORIZON, comings_and_goings

BOOK = compile_book(definitions("v1"))
END = START + HORIZON
MANY = settings(max_examples=200, deadline=None)


def expected(facts: list[Fact]) -> Standing:
    """What the rules say, looked at from the end: of facts that name their record and of leads of several records."""
    known = {fact.key.removeprefix("baseline:") for fact in facts if fact.is_baseline}
    gone = set[str]()
    for fact in facts:
        if fact.name == RecordName.ARCHIVED:
            gone.add(str(fact.data[RECORD_OF]))
        elif fact.name == RecordName.RESTORED:
            gone.discard(str(fact.data[RECORD_OF]))
    return Standing.ARCHIVED if known <= gone else Standing.ACTIVE


@MANY
@given(facts=comings_and_goings())
def test_a_lead_is_archived_only_while_every_record_is_gone(facts: list[Fact]) -> None:
    baselines = [fact for fact in facts if fact.is_baseline]
    baselines += _second(baselines)
    known = {fact.key.removeprefix("baseline:") for fact in baselines}
    several = [*baselines, *(fact for fact in facts if fact.data.get(RECORD_OF) in known)]

    assert Story().receive_all(several, END).lead.standing is expected(several)


def _second(baselines: list[Fact]) -> list[Fact]:
    """A second record for a lead of one."""
    second = Fact("baseline:00Q1", START, FactKind.RECORD, RecordName.BASELINE, "other")
    return [second] if len(baselines) < 2 else []


@MANY
@given(facts=comings_and_goings(), cuts=st.lists(st.integers(0, 15), max_size=4))
def test_in_pieces_it_is_the_same(facts: list[Fact], cuts: list[int]) -> None:
    whole = fold(lambda _: BOOK, blank(LEAD, "v1"), facts, END)

    lead, history = blank(LEAD, "v1"), list[object]()
    pieces = [facts[begin:end] for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), None], strict=True)]
    for piece in pieces:
        if needs_refold(lead, piece):  # a merge, or another record
            lead, history, piece = blank(LEAD, "v1"), [], facts[: facts.index(piece[-1]) + 1]
        now = max([lead.position[1], *(fact.at for fact in piece)])
        decision = fold(lambda _: BOOK, lead, piece, now)
        lead, history = decision.lead, [*history, *decision.history]
    last = fold(lambda _: BOOK, lead, [], END)

    assert msgspec.json.encode(last.lead) == msgspec.json.encode(whole.lead)
    assert [*history, *last.history] == list(whole.history)


@MANY
@given(facts=comings_and_goings(), data=st.data())
def test_in_any_order_of_arrival_it_is_the_same(facts: list[Fact], data: st.DataObject) -> None:
    clean, told = Story(), Story()
    order = data.draw(st.permutations(facts))

    clean.receive_all(facts, END + timedelta(days=1))
    for fact in order:
        told.receive(fact, now=END)
    told.let_pass(END + timedelta(days=1))

    assert msgspec.json.encode(told.lead) == msgspec.json.encode(clean.lead)
