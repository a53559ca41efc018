"""Whatever a mapping makes of whatever happens to a lead, the store keeps as it was decided."""

from __future__ import annotations

from random import Random

import msgspec
from hypothesis import HealthCheck, given, settings

from connector.domain.book import compile_book
from connector.domain.decide import fold
from connector.domain.definitions import Definitions
from connector.domain.fact import Fact
from connector.domain.lead import blank
from connector.engine.judging import advance
from connector.engine.judging.shelf import Shelf
from connector.ports import StoredBook
from tests.builders import START
from tests.contract.store.conftest import NewPlace
from tests.contract.store.scene import ACME, BOOK, Scene, lead_of
from tests.property.books import HORIZON, NUMBERS, lives, workspaces

END = START + HORIZON


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(defined=workspaces(BOOK), facts=lives(), number=NUMBERS)
def test_what_a_life_comes_to_is_kept_as_it_was_decided(
    new_place: NewPlace, defined: Definitions, facts: list[Fact], number: int
) -> None:
    place, book, lead_id = new_place(), compile_book(defined), lead_of("51")
    scene = Scene(place.open()).connected()
    with scene.store.transaction() as transaction:
        transaction.books.add(ACME, StoredBook(BOOK, {}, START))
    shelf = Shelf(scene.store, lambda stored: book)
    arrived = Random(number).sample(facts, len(facts))  # in any order, in two pieces
    half = len(arrived) // 2

    scene.meet("51")
    for piece, now in ((arrived[:half], START + HORIZON / 2), (arrived[half:], END)):
        scene.mail(lead_id, *piece, now=now)
        result = advance.run_once(scene.store, shelf, now)
        assert result.parked == 0

    decided = fold(lambda version: book, blank(lead_id, BOOK), facts, END)
    kept = scene.store.read_models.lead(ACME, lead_id)
    assert kept is not None
    assert msgspec.json.encode(kept.lead) == msgspec.json.encode(decided.lead)
    assert scene.store.read_models.history(ACME, lead_id) == list(decided.history)
    place.close()
