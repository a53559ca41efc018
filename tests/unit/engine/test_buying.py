"""What an explanation says of deals and of RFM."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.domain.book import compile_book
from connector.domain.draft import Draft
from connector.domain.traits.deal import DealNews
from connector.domain.traits.rfm import Rfm
from connector.engine.telling.buying import DealExplanation, RfmScore, explain_deals, explain_rfm
from connector.engine.telling.preview import sample_words
from tests.builders import FIELDS, START, Story
from tests.unit.domain.test_deals import DAY, baseline, deal, dealing
from tests.unit.domain.test_quintiles import bought, edges, told
from tests.unit.domain.test_rfm import EDGES as FIXED
from tests.unit.domain.test_rfm import scored


def view(story: Story, days: float = 0) -> Draft:
    draft = Draft(story.lead, story.book_of(story.lead.book), START)
    draft.now = START + timedelta(days=days)
    return draft


def test_deals_are_told_with_what_became_of_them_those_closed_last_ahead() -> None:
    story = Story(dealing()).receive(
        baseline(),
        deal(DealNews.MOVED, "qualified", id_="1", amount=""),
        deal(DealNews.MOVED, "closedwon", id_="2", at=START + DAY, closed=START + DAY),
        deal(DealNews.MOVED, "closedlost", id_="3", at=START + 2 * DAY, closed=START + 2 * DAY, amount="7"),
        deal(DealNews.GONE, id_="3", at=START + 3 * DAY),
    )

    assert explain_deals(view(story, 4)) == (
        DealExplanation("3", "gone", "closedlost", "default", 7.0, START + 2 * DAY),
        DealExplanation("2", "won", "closedwon", "default", 100.0, START + DAY),
        DealExplanation("1", "open", "qualified", "default", None, None),
    )


def test_each_score_is_told_with_its_range() -> None:
    story = scored().receive(deal(DealNews.MOVED, "closedwon", closed=START, amount="600"))

    found = explain_rfm(view(story, 31))

    assert found
    assert (found.code, found.measured_at) == ("413", None)
    assert found.scores == (
        RfmScore("recency", 31.0, 4, above=30.0, up_to=90.0),
        RfmScore("frequency", 1.0, 1, above=None, up_to=1.0),
        RfmScore("monetary", 600.0, 3, above=500.0, up_to=1000.0),
    )


@pytest.mark.parametrize(("days", "above", "up_to"), [(10, None, 30.0), (400, 365.0, None)])
def test_the_best_and_the_lowest_recency_have_one_bound(days: int, above: float | None, up_to: float | None) -> None:
    story = scored().receive(deal(DealNews.MOVED, "closedwon", closed=START))

    found = explain_rfm(view(story, days))

    assert found
    assert (found.scores[0].above, found.scores[0].up_to) == (above, up_to)


def test_measured_scores_are_told_with_when_they_were_measured() -> None:
    story = scored(Rfm()).receive(bought(amount="600"))
    before = explain_rfm(view(story))

    story.receive(told(edges(days=1), first=True))
    after = explain_rfm(view(story, 2))

    assert before
    assert (before.code, before.scores[0]) == ("", RfmScore("recency", 0.0, None))
    assert after
    assert (after.code, after.measured_at) == ("513", START + DAY)


def test_of_a_lead_that_bought_nothing_nothing_is_told() -> None:
    assert explain_rfm(view(scored())) is None
    assert explain_rfm(view(Story(dealing()).receive(bought()))) is None


def test_a_preview_shows_some_rfm() -> None:
    book = compile_book(dealing(fields=FIELDS, deal_fields=(), rfm=FIXED))

    assert sample_words(book, START, {})["rfm"] == {"recency": 5.0, "frequency": 4.0, "monetary": 5.0, "code": "545"}
