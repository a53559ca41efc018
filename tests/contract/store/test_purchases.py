"""What leads bought, beside one another."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from connector.domain.ids import LeadId, WorkspaceId
from connector.domain.traits.deal import Deal, Outcome
from connector.domain.traits.quintiles import Edges, Fifths
from connector.domain.traits.rfm import Bought
from connector.ports import Measurement, SavedLead, StoredLead
from connector.store.store import DatabaseStore
from tests.builders import START
from tests.contract.store.conftest import Place
from tests.contract.store.scene import ACME, Scene, judged, lead_of, ref

DAY = timedelta(days=1)
EDGES = Edges(START, (DAY, 2 * DAY, 3 * DAY, 4 * DAY), (1.0, 1.0, 2.0, 3.0), (0.1, 1 / 3, 10.0, 1e12))


def buys(scene: Scene, record_id: str, bought: Bought | None) -> None:
    """A lead with a deal is judged: this is what it bought."""

    def judge(stored: StoredLead) -> SavedLead:
        saved = judged(stored)
        deals = {"hubspot:4711:deal:9": Deal("closedwon", "default", Outcome.WON)}
        return replace(saved, lead=replace(saved.lead, deals=deals), bought=bought)

    scene.decide(lead_of(record_id), judge)


def fifteen(scene: Scene) -> None:
    """The first bought once for 10, yesterday; the fifteenth 15 times for 150, fifteen days ago."""
    numbers = range(1, 16)
    scene.meet(*map(str, numbers))
    for number in numbers:
        buys(scene, str(number), Bought(START - number * DAY, number, 10.0 * number, ""))


def fifths(store: DatabaseStore) -> Fifths:
    with store.reading() as transaction:
        return transaction.purchases.fifths(ACME, START)


def count(store: DatabaseStore) -> int:
    with store.reading() as transaction:
        return transaction.purchases.count(ACME)


def untold(store: DatabaseStore, measured_at: object = START) -> dict[LeadId, bool]:
    with store.reading() as transaction:
        return dict(transaction.purchases.untold(ACME, measured_at, 100))  # type: ignore[arg-type]


def tell(store: DatabaseStore, *record_ids: str, days: int = 0) -> None:
    with store.transaction() as transaction:
        transaction.purchases.set_told(ACME, [lead_of(one) for one in record_ids], START + days * DAY)


def test_fifths_end_at_their_largest_values(scene: Scene, store: DatabaseStore) -> None:
    fifteen(scene)

    assert fifths(store) == Fifths([3.0, 6.0, 9.0, 12.0], [3.0, 6.0, 9.0, 12.0], [30.0, 60.0, 90.0, 120.0])


def test_purchases_of_which_nobody_knows_when_they_were_say_nothing_of_recency(
    scene: Scene, store: DatabaseStore
) -> None:
    scene.meet("1")
    buys(scene, "1", Bought(None, 1, 5.0, ""))

    assert fifths(store) == Fifths([], [1.0], [5.0])
    assert count(store) == 1


def test_another_workspace_is_not_measured(scene: Scene, store: DatabaseStore) -> None:
    fifteen(scene)

    with store.reading() as transaction:
        elsewhere = transaction.purchases.fifths(WorkspaceId("elsewhere"), START)

    assert elsewhere == Fifths([], [], [])


def test_a_lead_whose_purchases_were_taken_back_counts_no_more(scene: Scene, store: DatabaseStore) -> None:
    scene.meet("1", "2")
    buys(scene, "1", Bought(START, 1, 5.0, "555"))
    buys(scene, "2", Bought(START, 2, 7.0, "555"))

    buys(scene, "1", None)

    assert count(store) == 1
    assert fifths(store).monetary == [7.0]


def test_leads_are_counted_by_their_code(scene: Scene, store: DatabaseStore) -> None:
    scene.meet("1", "2", "3")
    for record_id, code in (("1", "545"), ("2", ""), ("3", "111")):
        buys(scene, record_id, Bought(START, 1, 5.0, code))

    buys(scene, "3", Bought(START, 2, 6.0, "545"))

    with store.reading() as transaction:
        assert transaction.purchases.cells(ACME) == {"545": 2, "": 1}


def test_what_a_lead_was_told_stays_when_it_buys_more(scene: Scene, store: DatabaseStore) -> None:
    scene.meet("1", "2")
    buys(scene, "1", Bought(START, 1, 5.0, ""))
    buys(scene, "2", Bought(START, 1, 5.0, ""))
    tell(store, "1")

    buys(scene, "1", Bought(START, 2, 10.0, ""))

    assert untold(store) == {lead_of("2"): False}
    assert untold(store, START + DAY) == {lead_of("1"): True, lead_of("2"): False}


def test_a_merged_lead_knows_what_one_of_both_was_told(scene: Scene, store: DatabaseStore) -> None:
    scene.meet("1", "2", "3")
    buys(scene, "2", Bought(START, 1, 5.0, ""))
    buys(scene, "3", Bought(START, 1, 5.0, ""))
    tell(store, "2")
    tell(store, "3", days=1)

    with store.transaction() as transaction:
        transaction.leads.merge(ACME, ref("1"), [ref("2")], START)
    moved = untold(store, START + DAY)
    with store.transaction() as transaction:
        transaction.leads.merge(ACME, ref("1"), [ref("3")], START)

    assert moved == untold(store, START + DAY) == {lead_of("1"): True}


def test_nothing_stays_of_an_erased_lead(scene: Scene, store: DatabaseStore) -> None:
    scene.meet("1")
    buys(scene, "1", Bought(START, 1, 5.0, ""))

    with store.transaction() as transaction:
        transaction.leads.erase(ACME, ref("1"), START)

    assert count(store) == 0
    assert untold(store) == {}


def test_a_measurement_is_kept_to_the_digit(store: DatabaseStore) -> None:
    first = Measurement(START + DAY, 30, EDGES)

    with store.transaction() as transaction:
        before = transaction.purchases.measurement(ACME)
        assert transaction.purchases.save_measurement(ACME, first, before)

    with store.reading() as transaction:
        assert before is None
        assert transaction.purchases.measurement(ACME) == first


def test_the_first_measurement_is_news_to_those_who_bought_before_and_no_others(
    scene: Scene, store: DatabaseStore
) -> None:
    scene.meet("1", "2")
    buys(scene, "1", Bought(START, 1, 5.0, ""))

    with store.transaction() as transaction:
        transaction.purchases.save_measurement(ACME, Measurement(START, 30, EDGES), None)
    buys(scene, "2", Bought(START, 1, 5.0, ""))

    assert untold(store) == {lead_of("1"): True, lead_of("2"): False}


def test_of_two_workers_that_measure_at_once_one_counts(place: Place) -> None:
    one, other = place.open(), place.open()
    first, second = Measurement(START, 30, EDGES), Measurement(START + DAY, 31, replace(EDGES, frequency=()))

    def save(store: DatabaseStore, new: Measurement, before: Measurement | None) -> bool:
        with store.transaction() as transaction:
            return transaction.purchases.save_measurement(ACME, new, before)

    outcomes = [save(one, first, None), save(other, second, None), save(other, second, first), save(one, first, first)]

    assert outcomes == [True, False, True, False]
