"""Leads are given to reps in turn, each is kept with its reasons, and the ledger can be computed again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from connector.domain.ids import LeadId
from connector.domain.sales.handover import HandOverState
from connector.engine.judging.assignments import verify
from connector.engine.telling import replay
from connector.ports import EventKind
from tests.builders import after
from tests.office import ACME, Office, changed, clicked, contact, event, sqlite_url
from tests.selling import mapping

#: In this account clicks are told by HubSpot.
TOLD = ("clicked: {api: {attributes: [what]}}", "clicked: {hubspot: {when_changed: hs_click}}")

WARM = ("  hand_over:\n", "  hand_over:\n    warm: {when: {heat: {gte: 30}}, owner: anna, closed: called}\n")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(sqlite_url(tmp_path), mapping(TOLD, WARM)).open()
    yield office
    office.close()


def hot(office: Office, *record_ids: str) -> None:
    """These leads become hot, in this order."""
    for record_id in record_ids:
        office.crm.records[record_id] |= {"email": f"{record_id}@example.com"}
        before = [office.clock.now() - timedelta(minutes=minutes) for minutes in (2, 1)]
        office.receive(*(clicked(str(at), record_id, at=at) for at in before))
        office.work()


def reps(office: Office, *record_ids: str) -> list[str]:
    return [office.lead(one).lead.hand_overs[-1].rep for one in record_ids]


def test_leads_are_given_to_reps_in_turn(office: Office) -> None:
    hot(office, *"1234")

    assert reps(office, *"1234") == ["anna", "ben", "anna", "ben"]
    assert [office.crm.records[one]["hubspot_owner_id"] for one in "1234"] == ["101", "102", "101", "102"]
    assert sorted(act.owner for _, act in office.crm.acts.values()) == ["101", "101", "102", "102"]


def test_leads_that_become_hot_over_night_are_given_out_when_the_first_rep_is_at_work(office: Office) -> None:
    office.clock.moment = after(hours=10)
    hot(office, *"12")
    assert reps(office, *"12") == ["", ""]
    assert office.store.next_wake_at() == after(hours=23)

    office.let_pass(timedelta(hours=13))

    assert reps(office, *"12") == ["anna", "ben"]


def test_every_assignment_is_kept_with_what_it_was_decided_by(office: Office) -> None:
    hot(office, "1", "2")

    with office.store.reading() as transaction:
        (given,) = transaction.assignments.of_lead(ACME, office.lead("2").id)
        loads = transaction.assignments.loads(ACME, after(days=-1))
    one = given.assignment
    assert (one.team, one.number, one.hand_over, one.rep, one.because) == (
        "inbound",
        2,
        "hot",
        "ben",
        "the next in turn",
    )
    assert [(each.rep, each.tally, each.excluded) for each in one.candidates] == [("anna", -1.0, ""), ("ben", 1.0, "")]
    assert loads == {"anna": 1, "ben": 1}


def test_the_ledger_is_what_its_inputs_make_of_it_and_a_change_is_found(office: Office) -> None:
    hot(office, *"123456")
    assert (verify(office.store, ACME).checked, verify(office.store, ACME).differing) == (6, ())

    engine = create_engine(office.url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE assignments SET doc = replace(doc, 'anna', 'ben') WHERE number = 3"))
    engine.dispose()

    assert ("inbound", 3) in verify(office.store, ACME).differing


def test_what_sales_has_in_hand_is_listed(office: Office) -> None:
    hot(office, *"12")
    office.receive(changed("hs_lead_status", "BAD_TIMING", "1", at=after(minutes=1))).work()

    with office.store.reading() as transaction:
        (one,) = transaction.assignments.in_hand(ACME, 10)
    assert (one.email, one.name, one.state, one.rep) == ("2@example.com", "hot", HandOverState.ASSIGNED, "ben")
    assert one.due_at == after(hours=4)


def test_an_erased_lead_leaves_its_reps_turn_and_nothing_else(office: Office) -> None:
    hot(office, *"123")
    office.receive(event(EventKind.ERASED, "2")).work()

    with office.store.reading() as transaction:
        given = transaction.assignments.recent(ACME, 10)
    assert Counter(one.lead_id for one in given)[LeadId("")] == 1
    assert verify(office.store, ACME).differing == ()


def test_a_merged_lead_keeps_the_rep_of_the_record_that_stays(office: Office) -> None:
    hot(office, *"12")

    office.receive(event(EventKind.MERGED, "2", merged=(contact("1"),), at=after(minutes=5))).work()

    assert reps(office, "2") == ["ben"]
    with office.store.reading() as transaction:
        assert len(transaction.assignments.of_lead(ACME, office.lead("2").id)) == 2


def test_a_lead_with_sales_is_what_its_facts_make_of_it_to_the_byte(office: Office) -> None:
    hot(office, *"12")
    office.let_pass(timedelta(days=3))
    office.receive(changed("hs_lead_status", "UNQUALIFIED", "1", at=office.clock.now())).work()
    office.receive(clicked("late", "2", at=after(minutes=-30))).work()

    result = replay.verify(office.store, office.shelf, ACME)

    assert (result.checked, result.differing) == (2, ())


def test_an_owner_that_a_person_set_is_never_overwritten(office: Office) -> None:
    hot(office, "1")
    office.crm.records["1"]["hubspot_owner_id"] = "777"
    office.receive(changed("hubspot_owner_id", "777", "1", at=after(minutes=5))).work()

    office.receive(clicked("c", "1", at=after(minutes=6))).let_pass(timedelta(days=2))

    assert office.crm.records["1"]["hubspot_owner_id"] == "777"


def test_the_same_rep_is_written_again_where_a_person_had_changed_the_owner_meanwhile(office: Office) -> None:
    hot(office, "1")
    office.crm.records["1"]["hubspot_owner_id"] = "777"
    office.receive(changed("hubspot_owner_id", "777", "1", at=after(minutes=5))).work()
    office.receive(changed("hs_lead_status", "BAD_TIMING", "1", at=after(minutes=6))).work()

    office.let_pass(timedelta(days=14))
    office.receive(clicked("warmer", "1", at=after(days=13))).work()

    assert reps(office, "1") == ["anna"]
    assert office.crm.records["1"]["hubspot_owner_id"] == "101"
