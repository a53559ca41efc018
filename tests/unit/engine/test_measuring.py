"""Quintiles are measured among all who bought, and each of them hears of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connector.domain.fact import FactKind
from connector.domain.field import Field
from connector.domain.traits.quintiles import FEWEST
from connector.domain.traits.rfm import FIELDS as RFM
from connector.domain.traits.rfm import Rfm
from connector.engine.judging.measuring import look, measure
from connector.engine.telling import replay
from connector.ports import EventKind
from tests.builders import FIELDS, START
from tests.office import ACME, Office, changed, event, sqlite_url
from tests.unit.domain.test_deals import dealing
from tests.unit.engine.test_deals import deal_event

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SCORED = (*FIELDS, *(Field(name, kind) for name, kind in RFM.items()))
QUINTILES = dealing("v1", fields=SCORED, deal_fields=(), rfm=Rfm())


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A workspace that scores purchases by quintiles."""
    office = Office(sqlite_url(tmp_path), QUINTILES).open()
    yield office
    office.close()


def sell(office: Office, person: int, amount: float, *, times: int = 1) -> None:
    """A contact buys something, for so much in all."""
    record_id = str(person)
    office.crm.records.setdefault(record_id, {"email": f"buyer{person}@example.com"})
    for number in range(times):
        id_ = f"{person}0{number}"
        office.crm.deals[id_] = {
            "dealstage": "closedwon",
            "amount": str(amount / times),
            "closedate": (office.clock.now() - person * DAY).isoformat(),
            "pipeline": "default",
        }
        office.crm.people[id_] = [record_id]
        at = office.clock.now() + timedelta(milliseconds=number)
        office.receive(deal_event(EventKind.CHANGED, id_, at=at, property="dealstage", value="closedwon"))


def sell_to(office: Office, people: range) -> Office:
    """The first of them bought for 10, the second for 20, and so on."""
    for person in people:
        sell(office, person, 10.0 * person)
    return office.work()


def settled(office: Office) -> Office:
    """The next look at who bought."""
    return office.let_pass(timedelta(minutes=5)).let_pass(timedelta(seconds=1))


def codes(office: Office, people: range) -> list[object]:
    return [office.lead(str(person)).lead.fields.get("rfm.code") for person in people]


def facts(office: Office, person: int) -> list[str]:
    found = office.store.read_models.facts(ACME, office.lead(str(person)).id)
    return [fact.name for fact in found if fact.kind is FactKind.EDGES]


def test_each_fifth_of_those_who_bought_has_its_score(office: Office) -> None:
    people = range(1, FEWEST + 1)

    settled(sell_to(office, people))

    assert Counter(codes(office, people)) == {"511": 5, "412": 5, "313": 5, "214": 5, "115": 5}
    assert codes(office, people)[:6] == ["511"] * 5 + ["412"]
    assert replay.verify(office.store, office.shelf, ACME).differing == ()


def test_the_first_measurement_is_news_to_those_who_bought_before_it(office: Office) -> None:
    sell_to(office, range(1, FEWEST)).let_pass(30 * DAY)
    sell_to(office, range(FEWEST, FEWEST + 1))

    settled(office)

    history = office.store.read_models.history(ACME, office.lead("1").id)
    scored_at = [entry.at for entry in history if entry.subject == "rfm.code"]
    assert facts(office, 1) == ["anew"]
    assert scored_at
    assert min(scored_at) >= START + 30 * DAY


def test_before_enough_bought_nobody_is_scored_and_nobody_is_told_anything(office: Office) -> None:
    people = range(1, FEWEST)

    settled(sell_to(office, people))

    assert set(codes(office, people)) == {None}
    assert facts(office, 1) == []


def test_who_buys_for_the_first_time_later_is_scored_by_the_same_edges(office: Office) -> None:
    settled(sell_to(office, range(1, FEWEST + 1)))

    sell(office, 99, 1000)
    office.work().let_pass(timedelta(seconds=1))

    assert codes(office, range(99, 100)) == ["115"]
    assert facts(office, 99) == ["first"]
    assert replay.verify(office.store, office.shelf, ACME).differing == ()


def test_a_lead_that_bought_nothing_hears_of_no_edges(office: Office) -> None:
    office.crm.records["500"] = {"email": "anna@example.com"}
    office.receive(changed("firstname", "Anna", "500"))

    settled(sell_to(office, range(1, FEWEST + 1)))

    assert facts(office, 500) == []


def test_measuring_again_what_hardly_changed_tells_nobody(office: Office) -> None:
    settled(sell_to(office, range(1, FEWEST + 1)))
    before = office.counts()

    office.let_pass(DAY)

    assert office.counts()["rfm.measured"] == before["rfm.measured"] + 1
    assert office.counts()["rfm.told"] == before["rfm.told"] == FEWEST


def test_edges_that_changed_are_told_to_all_who_bought(office: Office) -> None:
    people = range(1, FEWEST + 1)
    settled(sell_to(office, people))
    for person in range(1, 11):
        sell(office, 100 + person, 10_000.0, times=2)
    office.work()

    office.let_pass(DAY).let_pass(timedelta(seconds=1))

    assert facts(office, 1) == ["anew", "anew"]
    assert facts(office, 101) == ["first"]
    assert office.lead("25").lead.fields["rfm.monetary"] == 4.0
    assert replay.verify(office.store, office.shelf, ACME).differing == ()


def test_it_is_measured_sooner_when_twice_as_many_bought(office: Office) -> None:
    settled(sell_to(office, range(1, FEWEST + 1)))

    settled(sell_to(office, range(FEWEST + 1, 2 * FEWEST + 1)))

    assert office.counts()["rfm.measured"] == 2
    assert codes(office, range(50, 51)) == ["115"]
    assert codes(office, range(25, 26)) == ["313"]


def test_a_person_may_have_it_measured_at_once(office: Office) -> None:
    sell_to(office, range(1, FEWEST + 1))
    rule = QUINTILES.rfm
    assert rule

    measured = measure(office.store, ACME, rule, office.clock.now())
    office.let_pass(timedelta(seconds=1))

    standings = look(office.store, office.shelf, ACME)
    assert measured
    assert standings.measurement == measured
    assert standings.cells == {"511": 5, "412": 5, "313": 5, "214": 5, "115": 5}
    assert standings.buyers == FEWEST


def test_a_mapping_without_rfm_measures_nothing(tmp_path: Path) -> None:
    office = Office(sqlite_url(tmp_path), dealing("plain", fields=FIELDS, deal_fields=())).open()

    settled(sell_to(office, range(1, FEWEST + 1)))

    assert "rfm.measured" not in office.counts()
    office.close()


def test_the_first_purchase_is_judged_by_the_edges_as_if_they_had_been_known(office: Office) -> None:
    settled(sell_to(office, range(1, FEWEST + 1)))
    office.crm.records["99"] = {"email": "late@example.com"}
    office.receive(changed("firstname", "Late", "99", at=START)).work()
    office.clock.moment += HOUR

    sell(office, 99, 1000)
    office.work().let_pass(timedelta(minutes=2))

    history = office.store.read_models.history(ACME, office.lead("99").id)
    scored_at = [entry.at for entry in history if entry.subject == "rfm.code"]
    assert scored_at == [office.clock.now() - timedelta(minutes=2)]


def test_who_was_deleted_in_the_crm_is_not_compared_with_others(office: Office) -> None:
    settled(sell_to(office, range(1, FEWEST + 1)))

    office.receive(event(EventKind.DELETED, "1", at=office.clock.now())).work()

    assert look(office.store, office.shelf, ACME).buyers == FEWEST - 1
