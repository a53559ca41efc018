"""Fifths of all who bought: which edges they give, and when these change."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.fact import EdgesName, Fact, FactKind
from connector.domain.field import Field
from connector.domain.history import HistoryKind
from connector.domain.traits.deal import DealNews
from connector.domain.traits.quintiles import Edges, Fifths, from_data, round_up, settle, to_data
from connector.domain.traits.rfm import FIELDS as RFM
from connector.domain.traits.rfm import Rfm
from tests.builders import FIELDS, START, Story
from tests.unit.domain.test_deals import DAY, baseline, deal, dealing
from tests.unit.domain.test_rfm import EDGES as FIXED
from tests.unit.domain.test_rfm import FRESH

FIFTHS = Fifths([3.2, 30, 124.1, 700], [1, 1, 2, 5], [49.5, 120, 1_234, 20_000.01])
ALL = Rfm()


def edges(days: int = 0, *, factor: float = 1) -> Edges:
    """Edges that were measured some days after the start."""
    spans = (30 * DAY, 90 * DAY, 180 * DAY, 365 * DAY)
    amounts = tuple(amount * factor for amount in (100.0, 500.0, 1000.0, 5000.0))
    return Edges(START + days * DAY, spans, (1.0, 2.0, 4.0, 8.0), amounts)


def told(measured: Edges, *, first: bool = False, days: int = 0) -> Fact:
    """A lead is told of edges: the first ones when it buys, others when they are measured."""
    name = EdgesName.FIRST if first else EdgesName.ANEW
    at = START + days * DAY if first else measured.measured_at
    return Fact(f"edges:{measured.measured_at}", at, FactKind.EDGES, name, "", to_data(measured))


def scored(rule: Rfm = ALL, **parts: object) -> Story:
    """A lead that is compared with all who bought."""
    fields = (*FIELDS, *(Field(name, kind) for name, kind in RFM.items()))
    return Story(dealing(fields=fields, deal_fields=(), rfm=rule, segments=(FRESH,), **parts)).receive(baseline())


def bought(days: int = 0, amount: str = "100", id_: str = "9") -> Fact:
    """A purchase."""
    at = START + days * DAY
    return deal(DealNews.MOVED, "closedwon", id_=id_, at=at, closed=at, amount=amount)


# --- what is measured ---


@pytest.mark.parametrize(
    ("measured", "edge"),
    [
        (0, 0),
        (7, 7),
        (99.01, 100),
        (120, 120),
        (124, 130),
        (1_234, 1_300),
        (0.07, 0.07),
        (0.071_1, 0.072),
        (-124, -120),
    ],
)
def test_an_edge_is_rounded_up_to_two_digits(measured: float, edge: float) -> None:
    assert round_up(measured) == edge


def test_the_first_measurement_is_rounded_and_dated() -> None:
    measured = settle(FIFTHS, None, START)

    assert measured == Edges(
        START,
        (4 * DAY, 30 * DAY, 130 * DAY, 700 * DAY),
        (1.0, 1.0, 2.0, 5.0),
        (50.0, 120.0, 1300.0, 21000.0),
    )


def test_what_moves_by_no_more_than_a_tenth_moves_no_edge() -> None:
    before = settle(FIFTHS, None, START)
    near = Fifths([4.4, 32, 140, 650], [1, 1, 2, 5], [46, 131, 1_180, 19_000])

    assert settle(near, before, START + DAY) is before


def test_what_moves_further_moves_the_edges_of_its_kind_and_no_others() -> None:
    before = settle(FIFTHS, None, START)
    grown = Fifths([4.4, 32, 140, 650], [1, 1, 2, 5], [46, 131, 1_180, 25_000])

    after = settle(grown, before, START + DAY)

    assert after == Edges(START + DAY, before.recency, before.frequency, (46.0, 140.0, 1200.0, 25000.0))


def test_too_few_values_give_no_edges() -> None:
    assert settle(Fifths([1, 2, 3], [1, 1, 1, 1], []), None, START) == Edges(START, (), (1.0, 1.0, 1.0, 1.0), ())


@given(st.lists(st.lists(st.floats(0, 1e9), min_size=4, max_size=4).map(sorted), min_size=1, max_size=5))
def test_edges_never_pass_one_another_and_no_value_is_lifted_over_its_edge_by_rounding(
    rounds: list[list[float]],
) -> None:
    measured = settle(Fifths([], [], rounds[0]), None, START)
    assert all(value <= edge for value, edge in zip(rounds[0], measured.monetary, strict=True))

    for number, values in enumerate(rounds):
        measured = settle(Fifths([], [], values), measured, START + number * DAY)
        assert all(first <= second for first, second in pairwise(measured.monetary))


def test_edges_are_told_and_read_again_to_the_digit() -> None:
    measured = Edges(START, (4 * DAY, 30 * DAY, 130 * DAY, 700 * DAY), (1.0, 1.0, 2.0, 5.0), (0.072, 0.1, 1 / 3, 1e12))

    assert from_data(to_data(measured)) == measured


def test_edges_are_told_in_whole_days_and_plain_numbers() -> None:
    measured = Edges(START, (4 * DAY, 30 * DAY, 130 * DAY, 700 * DAY), (1.0, 1.0, 2.0, 5.0), (0.072, 0.1, 3.5, 1200.0))

    assert to_data(measured) == {
        "measured_at": "2026-09-07T08:00:00.000+00:00",
        "recency": ("4", "30", "130", "700"),
        "frequency": ("1.0", "1.0", "2.0", "5.0"),
        "monetary": ("0.072", "0.1", "3.5", "1200.0"),
    }


@pytest.mark.parametrize(("days", "moved"), [(5.0, 4), (5.1, 6), (3.0, 4), (2.9, 3)])
def test_an_edge_of_few_days_stays_while_it_moves_by_no_more_than_a_day(days: float, moved: int) -> None:
    before = Edges(START, (4 * DAY, 30 * DAY, 130 * DAY, 700 * DAY))

    found = settle(Fifths([days, 30, 130, 700]), before, START + DAY)

    assert found.recency[0] == moved * DAY


# --- what leads make of it ---


def test_a_lead_is_scored_by_what_was_measured_among_all() -> None:
    story = scored().receive(bought(amount="600"))
    before = [story.lead.fields.get(name) for name in RFM]

    story.receive(told(edges(), first=True))

    assert before == [None] * 4
    assert [story.lead.fields.get(name) for name in RFM] == [5.0, 1.0, 3.0, "513"]


def test_those_who_did_the_same_have_the_same_score() -> None:
    once_is_usual = Edges(START, edges().recency, (1.0, 1.0, 1.0, 3.0), edges().monetary)
    story = scored().receive(told(once_is_usual, first=True))
    codes = []

    for number in range(4):
        story.receive(bought(id_=str(number), amount="1"))
        codes.append(story.lead.fields["rfm.frequency"])

    assert codes == [1.0, 4.0, 4.0, 5.0]


def test_edges_that_change_change_the_score_and_the_timeline_says_so() -> None:
    story = scored().receive(bought(amount="600"), told(edges(), first=True))

    story.receive(told(edges(days=3, factor=10)))

    assert story.lead.fields["rfm.code"] == "511"
    assert [entry.at for entry in story.told(HistoryKind.MEASURED)] == [START + 3 * DAY]


def test_time_alone_lowers_recency_by_the_measured_edges_too() -> None:
    story = scored().receive(bought(), told(edges(), first=True))

    story.let_pass(START + 30 * DAY + timedelta(minutes=1))

    assert story.lead.fields["rfm.recency"] == 4.0
    assert "segment:fresh" not in story.lead.holding


def test_what_has_edges_of_its_own_is_not_measured() -> None:
    rule = Rfm(recency=FIXED.recency)
    story = scored(rule).receive(bought(amount="600"))
    before = story.lead.fields.get("rfm.recency"), story.lead.fields.get("rfm.code")

    story.receive(told(Edges(START, (), (1.0, 2.0, 4.0, 8.0), (100.0, 500.0, 1000.0, 5000.0)), first=True))

    assert rule.measured == ("frequency", "monetary")
    assert before == (5.0, None)
    assert story.lead.fields["rfm.code"] == "513"


def test_a_lead_that_bought_nothing_is_not_scored_by_edges_either() -> None:
    story = scored().receive(told(edges(), first=True))

    assert "rfm.code" not in story.lead.fields


def test_of_two_measurements_the_later_counts_in_whatever_order_they_are_told() -> None:
    facts = [
        bought(days=2, amount="600"),
        told(edges(), first=True, days=4),
        told(edges(days=1, factor=10)),
        told(edges(days=3, factor=0.1), first=True, days=5),
        bought(days=4, id_="10", amount="1"),
    ]

    known = [scored().receive(*order, now=START + 6 * DAY).lead for order in permutations(facts)]

    assert all(lead == known[0] for lead in known)
    assert known[0].rfm_edges == edges(days=3, factor=0.1)


def test_a_book_that_begins_to_measure_finds_what_was_told_before_it() -> None:
    plain = dealing("v1", deal_fields=())
    story = Story(plain, dealing("v2", fields=(*FIELDS, Field("rfm.code")), deal_fields=(), rfm=ALL))
    story.receive(baseline(), bought(amount="600"), told(edges(), first=True))
    unscored = story.lead.fields.get("rfm.code")

    story.receive(Fact("book", START + DAY, FactKind.BOOK, "v2"))

    assert (unscored, story.lead.fields["rfm.code"]) == (None, "513")
