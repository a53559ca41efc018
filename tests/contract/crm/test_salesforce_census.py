"""All leads and contacts of an org, and what changed among them, over real HTTP and without a single event."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connector.domain.ids import CrmRef
from connector.ports import EventKind
from connector.sandbox.salesforce.permissions import Right
from tests.census import QUARTER, OrgOffice, org_office
from tests.office import event

MINUTE = timedelta(minutes=1)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[OrgOffice]:
    with org_office(tmp_path) as opened:
        yield opened


def test_everybody_in_the_org_becomes_a_lead_without_a_word_from_it(office: OrgOffice) -> None:
    mara = office.people.create_lead("mara@example.com", Industry='Tea, "fine"\nand loose')
    ben = office.people.create_contact("ben@example.com")
    office.platform.advance(MINUTE)

    office.fill()

    assert (office.email(mara), office.email(ben), office.leads()) == ("mara@example.com", "ben@example.com", 2)
    found = office.summary(mara)
    assert found is not None
    assert found.lead.fields["industry"] == 'Tea, "fine"\nand loose'
    assert office.calls_of("collections.retrieve") == 0


def test_who_was_there_before_is_a_baseline_and_who_came_since_is_new(tmp_path: Path) -> None:
    with org_office(tmp_path, "old@example.com") as office:
        (old,) = office.people.records("Lead")
        new = office.people.create_lead("new@example.com")
        office.platform.advance(MINUTE)

        office.fill()

        assert facts_of(office, old["Id"]) == ["baseline"]
        assert sorted(facts_of(office, new)) == ["baseline", "created"]


def facts_of(office: OrgOffice, record_id: str) -> list[str]:
    found = office.summary(record_id)
    assert found is not None
    return [fact.name for fact in office.store.read_models.facts(found.workspace, found.lead.id)]


def test_many_pages_are_all_taken_in_and_none_twice(office: OrgOffice) -> None:
    ids = [office.people.create_lead(f"lead{number}@example.com") for number in range(4_500)]

    office.fill()

    state = office.states()["lead"]
    assert (office.leads(), state.read, state.total, office.calls_of("bulk.query_results")) == (4_500, 4_500, 4_500, 4)
    assert office.email(ids[2_222]) == "lead2222@example.com"


def test_a_job_that_takes_its_time_is_waited_for_and_holds_up_nothing(office: OrgOffice) -> None:
    office.org.jobs.looks_until_done = 3
    mara = office.people.create_lead("mara@example.com")

    office.work()
    before = office.email(mara)
    office.fill()

    assert (before, office.email(mara)) == (None, "mara@example.com")


def test_a_worker_that_dies_in_the_middle_leaves_the_rest_to_the_next(office: OrgOffice) -> None:
    for number in range(4_500):
        office.people.create_lead(f"lead{number}@example.com")
    while not office.states().get("lead") or office.states()["lead"].read < 2_000:
        office.calls.run_once()

    office.start("w2")
    office.platform.advance(2 * MINUTE)
    office.fill()

    assert (office.leads(), office.states()["lead"].read) == (4_500, 4_500)
    assert office.calls_of("bulk.create_query") == 2  # one of leads, one of contacts


def test_results_that_are_kept_no_more_are_asked_for_anew(office: OrgOffice) -> None:
    for number in range(2_500):
        office.people.create_lead(f"lead{number}@example.com")
    while not office.states().get("lead") or office.states()["lead"].read < 2_000:
        office.calls.run_once()
    job_id = office.states()["lead"].place.split()[0]
    office.org.jobs.remove(office.org.jobs.get("query", job_id))

    office.work()
    problem = office.states()["lead"].problem
    office.pass_time(timedelta(minutes=15)).fill()

    assert problem
    state = office.states()["lead"]
    assert (office.leads(), state.read, state.problem) == (2_500, 2_500, "")


def test_what_changes_while_all_are_read_is_found_afterwards(office: OrgOffice) -> None:
    office.org.jobs.looks_until_done = 1
    changed = office.people.create_lead("before@example.com")
    deleted = office.people.create_lead("deleted@example.com")
    office.platform.advance(MINUTE)
    office.work()
    office.people.change(changed, Email="after@example.com")
    office.people.delete(deleted)
    made = office.people.create_lead("made@example.com")

    office.fill().pass_time(2 * MINUTE).pass_time()

    assert (office.email(changed), office.email(made)) == ("after@example.com", "made@example.com")
    assert office.summary(deleted) is None or standing(office, deleted) == "archived"


def test_people_who_were_converted_before_are_contacts_alone(office: OrgOffice) -> None:
    lead = office.people.create_lead("mara@example.com", Company="Tea")
    contact = office.people.convert(lead).contact_id
    office.platform.advance(timedelta(days=1))

    office.fill()

    assert (office.leads(), office.email(contact), office.summary(lead)) == (1, "mara@example.com", None)


# --- what changed -----------------------------------------------------------------------------------------------


def test_a_day_without_a_single_event_loses_nothing(office: OrgOffice) -> None:
    people = office.people
    changed, deleted, winner, loser = (people.create_lead(f"{name}@example.com") for name in "abcd")
    converted = people.create_lead("e@example.com", Company="Tea")
    office.platform.advance(MINUTE)
    office.fill()

    office.platform.advance(timedelta(hours=5))
    people.change(changed, Email="new@example.com")
    people.delete(deleted)
    people.merge(winner, loser)
    contact = people.convert(converted).contact_id
    made = people.create_contact("f@example.com")
    office.platform.advance(timedelta(hours=19))
    office.work()
    office.pass_time()

    assert (office.email(changed), office.email(made)) == ("new@example.com", "f@example.com")
    assert standing(office, deleted) == "archived"
    assert lead_id(office, winner) == lead_id(office, loser)
    assert lead_id(office, converted) == lead_id(office, contact)
    assert standing(office, contact) == standing(office, winner) == "active"


def standing(office: OrgOffice, record_id: str) -> str:
    found = office.summary(record_id)
    assert found is not None
    return str(found.lead.standing)


def lead_id(office: OrgOffice, record_id: str) -> str:
    found = office.summary(record_id)
    assert found is not None
    return found.lead.id


def test_what_is_known_is_not_read_again(office: OrgOffice) -> None:
    office.people.create_lead("mara@example.com")
    office.platform.advance(MINUTE)
    office.fill()
    office.pass_time()

    office.pass_time().pass_time()

    assert office.calls_of("collections.retrieve") == 0


def test_what_an_event_told_too_is_read_once(office: OrgOffice) -> None:
    mara = office.people.create_lead("mara@example.com")
    office.platform.advance(MINUTE)
    office.fill().pass_time()
    office.people.change(mara, Email="new@example.com")
    changed_at = office.clock.now()
    office.platform.advance(MINUTE)
    hinted = CrmRef("salesforce", office.org.id, "lead", mara)
    office.receive(event(EventKind.HINTED, mara, at=changed_at)._replace(ref=hinted)).work()

    office.pass_time().pass_time()

    assert (office.email(mara), facts_of(office, mara)) == ("new@example.com", ["baseline", "created", "read"])
    assert office.calls_of("collections.retrieve") == 1


def test_more_people_who_changed_at_the_same_moment_than_fit_on_a_page_are_all_found(office: OrgOffice) -> None:
    office.fill()
    office.platform.advance(MINUTE)
    for number in range(2_300):
        office.people.create_lead(f"lead{number}@example.com")

    office.pass_time()

    assert office.leads() == 2_300


def test_how_far_all_is_known_moves_on_with_each_sweep(office: OrgOffice) -> None:
    office.fill()
    began = office.states()["lead"].began_at

    office.pass_time(2 * QUARTER)

    state = office.states()["lead"]
    assert state.began_at == began
    assert state.complete_to == office.clock.now()


def test_who_asks_to_look_again_has_what_was_missed_found(office: OrgOffice) -> None:
    office.fill()
    office.pass_time()
    mara = office.people.create_lead("mara@example.com")
    office.platform.advance(MINUTE)
    with office.store.transaction() as transaction:
        transaction.censuses.look_again(office.connection.id, office.clock.now() - 2 * MINUTE, office.clock.now())

    office.work()

    assert office.email(mara) == "mara@example.com"


def test_an_object_out_of_sight_is_told_and_stops_nothing_else(office: OrgOffice) -> None:
    office.org.permissions_of(office.org.integration_user).take_right("Lead", Right.READ)
    ben = office.people.create_contact("ben@example.com")

    for _ in range(3):
        office.pass_time(MINUTE)

    assert "Lead" in office.states()["lead"].problem
    assert office.email(ben) == "ben@example.com"


def test_people_who_were_erased_do_not_come_back(office: OrgOffice) -> None:
    mara = office.people.create_lead("mara@example.com")
    office.fill()
    found = office.summary(mara)
    assert found is not None
    with office.store.transaction() as transaction:
        transaction.leads.erase(found.workspace, next(iter(found.refs)), office.clock.now())
    office.people.change(mara, Email="again@example.com")

    office.pass_time().pass_time()

    assert office.leads() == 0
