"""How lately, how often and for how much a lead bought."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.domain.conditions.condition import FieldTest, Op
from connector.domain.definitions import Segment
from connector.domain.field import Field, FieldType
from connector.domain.lead import Lead
from connector.domain.traits.deal import Deal, DealNews, Outcome
from connector.domain.traits.rfm import FIELDS as RFM
from connector.domain.traits.rfm import Rfm, value_of
from tests.builders import FIELDS, START, Story
from tests.unit.domain.test_deals import DAY, baseline, deal, dealing

EDGES = Rfm((30 * DAY, 90 * DAY, 180 * DAY, 365 * DAY), (1.0, 2.0, 4.0, 8.0), (100.0, 500.0, 1000.0, 5000.0))
FRESH = Segment("fresh", FieldTest("rfm.recency", FieldType.NUMBER, Op.GTE, 5.0))
MILLISECOND = timedelta(milliseconds=1)


def scored(edges: Rfm = EDGES) -> Story:
    """A lead whose purchases are scored."""
    fields = (*FIELDS, *(Field(name, kind) for name, kind in RFM.items()))
    return Story(dealing(fields=fields, deal_fields=(), rfm=edges, segments=(FRESH,))).receive(baseline())


def code(lead: Lead) -> object:
    return lead.fields.get("rfm.code")


def test_a_lead_that_bought_nothing_has_no_scores() -> None:
    story = scored().receive(deal(DealNews.MOVED, "qualified"))

    assert [story.lead.fields.get(name) for name in RFM] == [None] * 4


@pytest.mark.parametrize(
    ("purchases", "amount", "days", "expected"),
    [
        (1, "100", 0, "511"),
        (1, "100.01", 30, "512"),
        (2, "250", 31, "422"),
        (3, "300", 180, "333"),
        (8, "500", 365, "244"),
        (9, "1000", 366, "155"),
        (1, "", 0, "511"),
    ],
)
def test_a_value_on_an_edge_has_the_score_that_the_edge_ends(
    purchases: int, amount: str, days: int, expected: str
) -> None:
    story = scored()

    for number in range(purchases):
        bought = deal(DealNews.MOVED, "closedwon", id_=str(number), amount=amount, closed=START - days * DAY)
        story.receive(bought)

    assert code(story.lead) == expected


def test_time_alone_lowers_recency_and_nothing_else() -> None:
    story = scored().receive(deal(DealNews.MOVED, "closedwon", closed=START))

    story.let_pass(START + 30 * DAY)
    on_the_edge, was_fresh = code(story.lead), "segment:fresh" in story.lead.holding
    story.let_pass(START + 30 * DAY + timedelta(minutes=1))
    beyond = code(story.lead)
    story.let_pass(START + 366 * DAY)

    assert (on_the_edge, beyond, code(story.lead)) == ("511", "411", "111")
    assert was_fresh
    assert "segment:fresh" not in story.lead.holding
    assert story.lead.wake_at is None


def test_purchases_beyond_the_window_are_forgotten() -> None:
    edges = Rfm(EDGES.recency, EDGES.frequency, EDGES.monetary, within=100 * DAY)
    story = scored(edges).receive(deal(DealNews.MOVED, "closedwon", closed=START))

    story.let_pass(START + 101 * DAY)

    assert code(story.lead) is None


def test_time_lowers_recency_also_of_purchases_that_are_to_be_forgotten() -> None:
    edges = Rfm(EDGES.recency, EDGES.frequency, EDGES.monetary, within=100 * DAY)
    story = scored(edges).receive(deal(DealNews.MOVED, "closedwon", closed=START))

    story.let_pass(START + 31 * DAY)

    assert code(story.lead) == "411"


def test_purchases_of_which_nobody_knows_the_day_have_the_lowest_recency() -> None:
    undated = {"1": Deal("closedwon", "default", Outcome.WON, 50.0)}

    assert value_of(EDGES, None, "rfm.code", undated, START) == "111"


def test_a_purchase_at_the_end_of_the_calendar_does_no_harm() -> None:
    last_day = (START.replace(year=9999, month=12, day=31)).replace(hour=23, minute=59, second=59)

    story = scored().receive(deal(DealNews.MOVED, "closedwon", closed=last_day))

    assert code(story.lead) == "511"
