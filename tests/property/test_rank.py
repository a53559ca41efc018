"""Where a lead stands among the others, foretold when it is judged."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, given, settings

from connector.domain.book import compile_book, outermost
from connector.domain.definitions import Definitions
from connector.domain.draft import Draft
from connector.domain.fact import Fact
from connector.domain.traits.rank import points_of, rank_of
from tests.property.books import lives, workspaces
from tests.property.test_fold import steps

LATER = [timedelta(), timedelta(milliseconds=1), timedelta(hours=5), timedelta(days=3), timedelta(days=700)]


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(defined=workspaces(), facts=lives())
def test_what_was_foretold_of_a_score_comes_true_and_it_never_exceeds_its_bound(
    defined: Definitions, facts: list[Fact]
) -> None:
    book = compile_book(defined)
    first = next(outermost(defined.scores)).name

    for _, decision in steps(book, facts):
        lead = decision.lead
        rank = rank_of(book.leading, lead.scores, lead.holding, lead.seen, lead.position[1])
        for later in LATER:
            draft = Draft(lead, book, lead.position[1])
            draft.now = lead.position[1] + later
            assert points_of(rank.outlooks, draft.now) == draft.points(first)
            assert draft.points(first) <= -rank.rank
