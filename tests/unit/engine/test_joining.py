"""A person who is in both CRMs is one lead, whichever is heard of first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.domain.fact import FactKind
from connector.domain.outward.change import ChangeKind, ChangeState
from connector.engine.inward.joining import MOST_RECORDS
from connector.engine.telling.replay import to_bytes, verify
from connector.engine.telling.timeline import tell
from connector.ports import CrmEvent, EventKind
from tests.builders import after
from tests.office import ACME, Office, changed, clicked, clicking_book, event, sqlite_url
from tests.two_crms import BothOffice, both_book, hint, ref

LEAD, OTHER, PERSON = "00Q1", "00Q2", "0031"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[BothOffice]:
    office = BothOffice(tmp_path)
    yield office
    office.close()


def reasons(office: BothOffice, record_id: str) -> list[tuple[str, object]]:
    facts = office.store.read_models.facts(ACME, office.summary(record_id).id)
    return [(fact.name, fact.data.get("because")) for fact in facts if fact.kind is FactKind.MERGED]


def test_a_person_in_both_crms_is_one_lead_with_one_score_that_both_are_told(office: BothOffice) -> None:
    office.holds("51").holds(LEAD).receive(clicked(), hint(LEAD), clicked("b", at=after(minutes=1))).work()

    assert office.summary(LEAD).id == office.summary("51").id
    assert office.crm.records["51"]["coltiva_clicks"] == office.org.records[LEAD]["coltiva_clicks"] == "20"
    assert office.counts()["join.joined"] == 1


def test_the_lead_is_told_why_it_has_two_records(office: BothOffice) -> None:
    office.holds("51").holds(LEAD).receive(clicked(), hint(LEAD)).work()

    ((name, because),) = reasons(office, "51")
    assert name in {str(ref("51")), str(ref(LEAD))}
    assert because == "same email"
    told = [tell(one) for one in office.store.read_models.history(ACME, office.summary("51").id)]
    assert f"was merged with {name}: same email" in told


def test_an_address_is_the_same_however_it_is_written(office: BothOffice) -> None:
    office.holds("51", "Mara@Example.com").holds(LEAD, " mara@example.COM ").receive(clicked(), hint(LEAD)).work()

    assert office.summary(LEAD).id == office.summary("51").id


def test_who_comes_by_the_address_later_is_joined_then(office: BothOffice) -> None:
    office.holds("51").holds(LEAD, "ana@example.com").receive(clicked(), hint(LEAD)).work()
    assert office.summary(LEAD).id != office.summary("51").id

    office.holds(LEAD, since=30).receive(hint(LEAD, 30)).work()

    assert office.summary(LEAD).id == office.summary("51").id


def test_two_records_of_one_account_both_live_on(office: BothOffice) -> None:
    office.holds(LEAD).holds(OTHER).receive(hint(LEAD), hint(OTHER)).work()
    office.holds("51").receive(clicked()).work()

    assert {one.record_id for one in office.summary("51").refs} == {"51", LEAD, OTHER}
    assert {office.org.records[one]["coltiva_clicks"] for one in (LEAD, OTHER)} == {"10"}


def test_a_task_goes_to_the_record_that_became_known_first(office: BothOffice) -> None:
    office.holds(LEAD).receive(hint(LEAD)).work()
    office.clock.moment = after(hours=2)
    office.holds("51").receive(event(EventKind.CREATED, "51")).work()
    office.receive(clicked(), clicked("b", at=after(minutes=1))).work()

    made = [record_id for record_id, act in office.org.acts.values() if act.kind is ChangeKind.TASK]
    assert made == [LEAD]
    assert office.crm.acts == {}


def test_a_task_that_was_made_for_either_is_not_made_again(office: BothOffice) -> None:
    office.holds("51").receive(clicked(), clicked("b", at=after(minutes=1))).work()

    office.holds(LEAD).receive(hint(LEAD)).work()

    assert sum(office.crm.made.values()) + sum(office.org.made.values()) == 1


def test_what_a_record_was_put_on_before_is_known_afterwards(office: BothOffice) -> None:
    office.holds("51").receive(clicked(), clicked("b", at=after(minutes=1))).work()

    office.holds(LEAD).receive(hint(LEAD)).work()

    (membership,) = (one for one in office.outbox() if one.kind is ChangeKind.MEMBERSHIP)
    assert membership.state is ChangeState.DONE
    calls = [name for name, _ in office.crm.calls]
    assert calls.count("write_membership") == 1


def test_addresses_that_several_people_share_are_kept_apart(tmp_path: Path) -> None:
    office = BothOffice(tmp_path, both_book(kept_apart=("info@*", "*@office.example.com")))
    for record_id, email in (("51", "info@example.com"), (LEAD, "Info@example.com"), ("52", "x@office.example.com")):
        office.holds(record_id, email)
    office.holds(OTHER, "x@office.example.com").holds("53", "reinfo@example.com").holds(PERSON, "reinfo@example.com")

    office.receive(
        *(clicked(record_id=one) for one in ("51", "52", "53")), hint(LEAD), hint(OTHER), hint(PERSON)
    ).work()

    assert office.summary("51").id != office.summary(LEAD).id
    assert office.summary("52").id != office.summary(OTHER).id
    assert office.summary("53").id == office.summary(PERSON).id
    assert (office.counts()["join.apart"], office.counts()["join.joined"]) == (2, 1)
    office.close()


def test_an_address_of_very_many_records_joins_nobody_more(office: BothOffice) -> None:
    ids = [f"00Q{number:03}" for number in range(MOST_RECORDS + 1)]
    for id_ in ids:
        office.holds(id_)

    office.receive(*map(hint, ids)).work()

    assert len({office.summary(id_).id for id_ in ids}) == len(ids)
    assert office.counts()["join.shared"] >= 1


def test_the_address_of_somebody_who_asked_to_be_forgotten_joins_nobody(office: BothOffice) -> None:
    office.holds("51").receive(clicked()).work()
    office.receive(event(EventKind.ERASED, "51")).take_in()

    office.holds(LEAD).holds(OTHER).receive(hint(LEAD), hint(OTHER)).work()

    assert office.summary(LEAD).id != office.summary(OTHER).id
    assert office.counts()["join.refused"] == 1


def test_somebody_who_asks_one_crm_to_be_forgotten_is_forgotten_in_both(office: BothOffice) -> None:
    office.holds("51").holds(LEAD).receive(clicked(), hint(LEAD)).work()

    office.receive(event(EventKind.ERASED, "51")).take_in()
    office.holds(LEAD, since=30).receive(hint(LEAD, 30)).work()

    assert office.store.read_models.lead(ACME, str(ref(LEAD))) is None


def test_where_people_are_known_by_hubspot_alone_nobody_is_looked_for(tmp_path: Path) -> None:
    office = Office(sqlite_url(tmp_path), clicking_book("v1")).open()
    for id_ in ("51", "52"):
        office.crm.records[id_] = {"email": "mara@example.com"}

    office.receive(clicked(), clicked(record_id="52")).work()

    assert office.lead("51").id != office.lead("52").id
    assert "join.addresses" not in office.counts()
    office.close()


# --- in any order -------------------------------------------------------------------------------------------

EVENTS = (
    clicked("a", "51", at=after(minutes=3)),
    clicked("b", "51", at=after(minutes=9)),
    changed("industry", "retail", "51", at=after(minutes=5)),
    hint(LEAD, 2),
    hint(LEAD, 7),
    hint(OTHER, 4),
    hint(PERSON, 8),
)


def ended(folder: Path, order: Sequence[CrmEvent], *, at_once: bool, converted: bool) -> bytes:
    """What becomes of a person who is four records, told in this order."""
    office = BothOffice(folder)
    office.holds("51").holds(LEAD, since=2).holds(OTHER, since=4).holds(PERSON, since=8)
    if converted:
        office.org.became[OTHER] = PERSON
    for one in order:
        office.receive(one)
        if not at_once:
            office.work()
    office.work()
    ids = {office.summary(one).id for one in ("51", LEAD, OTHER, PERSON)}
    assert len(ids) == 1
    result = verify(office.store, office.shelf, ACME)
    assert (result.checked, result.in_motion, result.differing) == (1, 0, ())
    history = office.store.read_models.history(ACME, ids.pop())
    end = to_bytes(office.summary("51").lead) + repr(sorted(map(repr, history))).encode()
    office.close()
    return end


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])  # each is two databases
@given(
    order=st.permutations([*EVENTS, *EVENTS[:4]]),
    at_once=st.booleans(),
    converted=st.booleans(),
)
def test_whoever_is_told_of_first_and_however_often_the_person_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, order: list[CrmEvent], *, at_once: bool, converted: bool
) -> None:
    in_order = ended(tmp_path_factory.mktemp("order"), EVENTS, at_once=True, converted=converted)

    assert ended(tmp_path_factory.mktemp("order"), order, at_once=at_once, converted=converted) == in_order
