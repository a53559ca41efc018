"""What deals make of a lead: fields, signals, and what stays right in whatever order they are told."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from connector.domain.conditions.condition import FieldTest, Op
from connector.domain.definitions import Definitions, Segment
from connector.domain.fact import Fact, FactKind, RecordName
from connector.domain.field import Field, FieldType, format_moment
from connector.domain.history import HistoryKind
from connector.domain.lead import Lead
from connector.domain.traits.deal import (
    MOST_DEALS,
    Deal,
    DealEvent,
    DealField,
    DealNews,
    DealSignal,
    DealSource,
    Measure,
    Outcome,
    Stages,
)
from tests.builders import CRM, FIELDS, START, Story, definitions

DAY = timedelta(days=1)
SOURCE = DealSource(
    CRM, "amount", "closedate", "dealstage", "pipeline",
    won=Stages(frozenset({"closedwon"})), lost=Stages(frozenset({"closedlost"})),
)  # fmt: skip
MEASURES = (
    DealField("purchases", Measure.COUNT, Outcome.WON),
    DealField("lately", Measure.COUNT, Outcome.WON, 30 * DAY),
    DealField("revenue", Measure.TOTAL, Outcome.WON),
    DealField("average", Measure.AVERAGE, Outcome.WON),
    DealField("first", Measure.FIRST, Outcome.WON),
    DealField("last", Measure.LAST, Outcome.WON),
    DealField("hoped_for", Measure.TOTAL, Outcome.OPEN),
)
SIGNALS = (
    DealSignal("purchased", CRM, DealEvent.WON, attributes={"amount": "amount", "industry": "industry"}),
    DealSignal("deal_lost", CRM, DealEvent.LOST),
    DealSignal("deal_opened", CRM, DealEvent.OPENED),
    DealSignal("cart_abandoned", CRM, DealEvent.MOVED, ("abandoned",)),
)


def dealing(version: str = "v1", source: DealSource = SOURCE, **parts: Any) -> Definitions:
    """A workspace that looks at deals in every way."""
    fields = (*FIELDS, *(Field(rule.field, FieldType.NUMBER) for rule in MEASURES))
    regular = Segment("regular", FieldTest("lately", FieldType.NUMBER, Op.GTE, 1.0))
    return definitions(
        version,
        **{
            "fields": fields, "deals": (source,), "deal_fields": MEASURES, "deal_signals": SIGNALS,
            "segments": (regular,), **parts,
        },
    )  # fmt: skip


def deal(
    news: DealNews, stage: str = "qualified", *, id_: str = "9", at: datetime = START, closed: datetime | None = None,
    amount: str = "100", pipeline: str = "default", key: str = "",
) -> Fact:  # fmt: skip
    """What a CRM says of a deal."""
    data = {
        "dealstage": stage,
        "amount": amount,
        "closedate": format_moment(closed) if closed else "",
        "pipeline": pipeline,
    }
    ref = f"{CRM}:4711:deal:{id_}"
    gone = news is DealNews.GONE
    return Fact(key or f"{news} {stage} {id_} {at}", at, FactKind.DEAL, f"{news}:{ref}", CRM, {} if gone else data)


def values(lead: Lead) -> dict[str, object]:
    """What its deals say of a lead."""
    return {rule.field: lead.fields.get(rule.field) for rule in MEASURES}


def signals(story: Story) -> list[str]:
    """The signals that were given, in order."""
    return [entry.subject for entry in story.told(HistoryKind.SIGNAL)]


def baseline(**said: str) -> Fact:
    """The lead's own record, as it was read first."""
    return Fact("baseline", START, FactKind.RECORD, RecordName.BASELINE, CRM, said)


def test_a_lead_without_deals_bought_nothing() -> None:
    story = Story(dealing()).receive(baseline())

    nothing = {"purchases": 0, "lately": 0, "revenue": 0, "hoped_for": 0}
    assert values(story.lead) == {**nothing, "average": None, "first": None, "last": None}


def test_purchases_are_counted_added_up_and_dated() -> None:
    earlier, later = START - 40 * DAY, START + DAY
    story = Story(dealing()).receive(
        baseline(),
        deal(DealNews.MOVED, "closedwon", id_="1", closed=earlier, amount="50"),
        deal(DealNews.MOVED, "closedwon", id_="2", at=later, closed=later, amount="250.5"),
        deal(DealNews.MOVED, "qualified", id_="3", at=later, amount="1000"),
        deal(DealNews.MOVED, "closedlost", id_="4", at=later, amount="7"),
    )

    changes = {entry.subject: entry.detail["now"] for entry in story.told(HistoryKind.FIELD_CHANGED)}
    assert (changes["purchases"], changes["revenue"]) == ("2", "300.5")
    assert values(story.lead) == {
        "purchases": 2, "lately": 1, "revenue": 300.5, "average": 150.25, "hoped_for": 1000,
        "first": format_moment(earlier), "last": format_moment(later),
    }  # fmt: skip


def test_a_purchase_counts_no_more_when_its_time_has_passed() -> None:
    story = Story(dealing()).receive(baseline(), deal(DealNews.MOVED, "closedwon", closed=START))

    story.let_pass(START + 29 * DAY)
    regular = dict(story.lead.holding)
    story.let_pass(START + 31 * DAY)

    assert "segment:regular" in regular
    assert "segment:regular" not in story.lead.holding
    assert values(story.lead)["lately"] == 0
    assert values(story.lead)["purchases"] == 1


def test_each_step_of_a_deal_is_a_signal_once() -> None:
    story = Story(dealing()).receive(baseline(industry="COMPUTER_SOFTWARE"))

    for hours, (news, stage) in enumerate(
        [
            (DealNews.MOVED, "qualified"),
            (DealNews.CHANGED, "qualified"),
            (DealNews.MOVED, "abandoned"),
            (DealNews.MOVED, "closedwon"),
            (DealNews.MOVED, "closedwon"),
            (DealNews.MOVED, "closedlost"),
        ]
    ):
        story.receive(deal(news, stage, at=START + timedelta(hours=hours)))

    assert signals(story) == ["deal_opened", "cart_abandoned", "purchased", "deal_lost"]
    bought = story.told(HistoryKind.SIGNAL)[2]
    assert bought.detail == {"amount": "100", "industry": "software"}


def test_the_signal_of_a_deal_says_what_the_mapping_wants_of_it() -> None:
    words = ("amount", "stage", "pipeline", "closed_at")
    sold = DealSignal("sold", CRM, DealEvent.WON, attributes={word: word for word in words})
    story = Story(dealing(deal_signals=(sold,))).receive(baseline())

    story.receive(deal(DealNews.MOVED, "closedwon", closed=START - DAY))

    (told,) = story.told(HistoryKind.SIGNAL)
    assert told.detail == {
        "amount": "100", "stage": "closedwon", "pipeline": "default", "closed_at": format_moment(START - DAY)
    }  # fmt: skip


def test_from_one_won_stage_to_the_next_a_deal_is_no_second_purchase() -> None:
    source = DealSource(
        CRM, "amount", "closedate", "dealstage", "pipeline", won=Stages(frozenset({"closedwon", "delivered"}))
    )
    story = Story(dealing(source=source)).receive(baseline(), deal(DealNews.MOVED, "closedwon"))

    story.receive(deal(DealNews.MOVED, "delivered", at=START + DAY))

    assert signals(story) == ["purchased"]
    assert values(story.lead)["purchases"] == 1


def test_a_deal_of_which_the_crm_says_nothing_but_its_stage_is_a_deal_without_amount_and_pipeline() -> None:
    story = Story(dealing()).receive(baseline())

    story.receive(Fact("new", START, FactKind.DEAL, f"{DealNews.MOVED}:9", CRM, {"dealstage": "qualified"}))

    assert story.lead.deals["9"] == Deal("qualified", "", Outcome.OPEN, None, "", "qualified")
    assert story.told(HistoryKind.FIELD_UNREADABLE) == []


def test_what_was_won_before_we_heard_of_the_lead_is_no_news() -> None:
    story = Story(dealing()).receive(baseline(), deal(DealNews.BASELINE, "closedwon"))

    story.receive(deal(DealNews.CHANGED, "closedwon", at=START + DAY, amount="120"))

    assert signals(story) == []
    assert values(story.lead)["revenue"] == 120


def test_a_win_that_was_read_before_it_was_told_is_news_all_the_same() -> None:
    story = Story(dealing()).receive(baseline(), deal(DealNews.BASELINE, "closedwon"))

    story.receive(deal(DealNews.MOVED, "closedwon", at=START + DAY))

    assert signals(story) == ["purchased"]


def test_reading_again_tells_nobody_anything() -> None:
    story = Story(dealing()).receive(baseline())

    story.receive(deal(DealNews.READ, "closedwon", at=START + DAY))

    assert signals(story) == []
    assert values(story.lead)["purchases"] == 1


def test_a_deal_that_is_gone_counts_for_nothing_and_is_no_news_when_it_comes_back() -> None:
    story = Story(dealing()).receive(baseline(), deal(DealNews.MOVED, "closedwon"))

    story.receive(deal(DealNews.GONE, at=START + DAY))
    meanwhile = values(story.lead)["purchases"]
    story.receive(deal(DealNews.CHANGED, "closedwon", at=START + 2 * DAY))

    assert meanwhile == 0
    assert values(story.lead)["purchases"] == 1
    assert signals(story) == ["purchased"]


def test_a_won_deal_without_a_date_was_closed_when_we_heard_of_it() -> None:
    story = Story(dealing()).receive(baseline(), deal(DealNews.MOVED, "closedwon", at=START + DAY))

    story.receive(deal(DealNews.CHANGED, "closedwon", at=START + 2 * DAY, amount="1"))

    assert values(story.lead)["last"] == format_moment(START + DAY)


@pytest.mark.parametrize("amount", ["a lot", "nan", "1e309", "1e308", "-1e16"])
def test_an_amount_that_is_none_is_told_and_counts_as_nothing(amount: str) -> None:
    story = Story(dealing()).receive(baseline(), deal(DealNews.MOVED, "closedwon", amount=amount))

    assert values(story.lead)["purchases"] == 1
    assert values(story.lead)["revenue"] == 0
    (unreadable,) = story.told(HistoryKind.FIELD_UNREADABLE)
    assert unreadable.subject == "deal amount"


def test_a_day_of_closing_that_is_none_is_told_and_the_deal_counts_from_when_we_heard_of_it() -> None:
    story = Story(dealing()).receive(baseline())
    said = {"dealstage": "closedwon", "amount": "100", "closedate": "soon", "pipeline": "default"}

    story.receive(Fact("won", START + DAY, FactKind.DEAL, f"{DealNews.MOVED}:9", CRM, said))

    (unreadable,) = story.told(HistoryKind.FIELD_UNREADABLE)
    assert (unreadable.subject, unreadable.detail["text"]) == ("deal closed_at", "soon")
    assert values(story.lead)["last"] == format_moment(START + DAY)


def test_deals_of_other_pipelines_do_not_count() -> None:
    source = DealSource(
        CRM, "amount", "closedate", "dealstage", "pipeline",
        won=Stages(frozenset({"closedwon"}), frozenset({"sales", "shop"})), pipelines=frozenset({"sales", "renewals"}),
    )  # fmt: skip
    story = Story(dealing(source=source)).receive(
        baseline(),
        deal(DealNews.MOVED, "closedwon", id_="1", pipeline="sales"),
        deal(DealNews.MOVED, "closedwon", id_="2", pipeline="shop"),
        deal(DealNews.MOVED, "closedwon", id_="3", pipeline="renewals"),
    )

    assert values(story.lead)["purchases"] == 1
    assert values(story.lead)["hoped_for"] == 100


def test_a_deal_that_leaves_its_pipeline_is_forgotten() -> None:
    source = DealSource(
        CRM, "amount", "closedate", "dealstage", "pipeline",
        won=Stages(frozenset({"closedwon"})), pipelines=frozenset({"sales"}),
    )  # fmt: skip
    story = Story(dealing(source=source)).receive(
        baseline(),
        deal(DealNews.MOVED, "closedwon", pipeline="sales"),
        deal(DealNews.CHANGED, "closedwon", pipeline="shop", at=START + DAY),
    )

    assert story.lead.deals == {}
    assert values(story.lead)["purchases"] == 0


def test_a_lead_remembers_no_more_deals_than_it_should_carry() -> None:
    many = [
        deal(DealNews.BASELINE, "closedwon", id_=str(number), closed=START - number * DAY)
        for number in range(1, MOST_DEALS + 3)
    ]

    story = Story(dealing()).receive_all([baseline(), *many, deal(DealNews.BASELINE, id_="open")], START)

    assert len(story.lead.deals) == MOST_DEALS
    assert values(story.lead)["first"] == format_moment(START - (MOST_DEALS - 1) * DAY)
    assert values(story.lead)["hoped_for"] == 100


def test_a_mapping_that_hears_of_deals_later_judges_those_that_were_told() -> None:
    quiet = dealing("v1", deal_fields=(), deal_signals=())
    story = Story(quiet, dealing("v2")).receive(baseline(), deal(DealNews.MOVED, "closedwon"))

    story.receive(Fact("book", START + DAY, FactKind.BOOK, "v2"))

    assert values(story.lead)["purchases"] == 1
    assert story.lead.deals[f"{CRM}:4711:deal:9"].told == "closedwon"


def test_without_deals_in_the_mapping_nothing_is_kept_of_them() -> None:
    story = Story(definitions()).receive(baseline(), deal(DealNews.MOVED, "closedwon"))

    assert story.lead.deals == {}
    assert story.told(HistoryKind.DEAL) == []


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_whatever_order_deals_are_told_in_the_end_is_the_same(order: tuple[int, ...]) -> None:
    told = [
        deal(DealNews.MOVED, "qualified", at=START + DAY),
        deal(DealNews.MOVED, "closedwon", at=START + 2 * DAY, closed=START + 2 * DAY),
        deal(DealNews.GONE, at=START + 3 * DAY),
        deal(DealNews.CHANGED, "closedwon", at=START + 4 * DAY, closed=START + 2 * DAY),
    ]
    now = START + 5 * DAY

    story = Story(dealing()).receive(baseline(), now=now)
    for index in order:
        story.receive(told[index], now=now)

    in_order = Story(dealing()).receive_all([baseline(), *told], now)
    assert story.lead == in_order.lead
    assert signals(story) == ["deal_opened", "purchased"]
