from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connector.domain.fact import FactKind
from connector.domain.field import Field
from connector.domain.history import HistoryKind
from connector.engine.judging.apply import ApplyResult, Telling, apply_book
from connector.engine.running.connect import connect
from connector.engine.telling import replay
from connector.errors import CredentialsError, MappingError
from connector.ports import ConnectionState, PropertyWish, StoredBook
from tests.builders import CRM, FIELDS, after
from tests.office import ACME, CONNECTION, Office, clicked, clicking_book, sqlite_url


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Two versions of the mapping, the first applied, and three leads with one click each."""
    wider = (*FIELDS, Field("city", properties={CRM: ("city",)}))
    office = Office(
        sqlite_url(tmp_path), clicking_book("v1"), clicking_book("v2", points=25), clicking_book("v3", fields=wider)
    )
    office.open()
    for record_id in "123":
        office.crm.records[record_id] = {"city": "Bologna"}
        office.receive(clicked("a", record_id))
    yield office.work()
    office.close()


def apply(office: Office, version: str) -> ApplyResult:
    office.clock.moment += timedelta(hours=1)
    stored = StoredBook(version, {}, office.clock.now())
    return apply_book(office.store, office.compile_book, ACME, stored)


def test_a_new_version_judges_every_lead_anew(office: Office) -> None:
    result = apply(office, "v2")
    office.work()

    assert result == ApplyResult("v2", is_new=True)
    assert [office.crm.records[id_]["coltiva_clicks"] for id_ in "123"] == ["25", "25", "25"]
    assert office.lead("1").lead.book == "v2"


def test_applying_the_version_that_applies_does_nothing(office: Office) -> None:
    apply(office, "v2")
    office.work()
    history = office.store.read_models.history(ACME, office.lead("1").id)

    result = apply(office, "v2")
    office.work()

    assert not result.is_new
    assert office.store.read_models.history(ACME, office.lead("1").id) == history


def test_going_back_to_an_earlier_version_is_a_change_like_any_other(office: Office) -> None:
    apply(office, "v2")
    office.work()

    apply(office, "v1")
    office.work()

    assert office.crm.records["1"]["coltiva_clicks"] == "10"
    entries = office.store.read_models.history(ACME, office.lead("1").id)
    assert [entry.subject for entry in entries if entry.kind is HistoryKind.BOOK] == ["v2", "v1"]


def test_a_new_lead_is_born_under_the_version_that_applies(office: Office) -> None:
    apply(office, "v2")

    office.crm.records["4"] = {}
    office.receive(clicked("a", "4", at=office.clock.now())).work()

    assert office.lead("4").lead.born_under == "v2"
    assert office.crm.records["4"]["coltiva_clicks"] == "25"


def test_a_late_fact_is_judged_by_the_version_of_its_time(office: Office) -> None:
    apply(office, "v2")
    office.work()

    office.receive(clicked("late", "1", at=after(minutes=30))).work()

    entries = office.store.read_models.history(ACME, office.lead("1").id)
    scored = [(entry.detail["book"], entry.detail["points"]) for entry in entries if entry.kind is HistoryKind.SCORED]
    assert scored[:2] == [("v1", 10.0), ("v1", 10.0)]


def test_records_are_read_again_when_a_version_looks_at_more_of_them(office: Office) -> None:
    apply(office, "v3")
    office.work()

    assert office.lead("1").lead.fields["city"] == "Bologna"


def test_a_mapping_with_mistakes_changes_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(stored: StoredBook) -> None:
        raise MappingError("ten mistakes")

    with pytest.raises(MappingError):
        apply_book(office.store, refuse, ACME, StoredBook("v9", {}, after()))  # type: ignore[arg-type]

    with office.store.reading() as transaction:
        assert [book.version for book in transaction.books.all(ACME)] == ["v1"]


def test_leads_are_told_in_pieces_and_whoever_comes_next_goes_on_where_another_was_killed(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connector.engine.judging.apply._BATCH", 2)
    apply(office, "v2")
    assert Telling(office.store, office.shelf).run_once(office.clock.now()) == 2
    apply(office, "v2")

    told = [office.tell() for _ in range(2)]
    office.work()

    assert told == [1, 0]
    facts = [office.store.read_models.facts(ACME, office.lead(id_).id) for id_ in "123"]
    assert [sum(fact.kind is FactKind.BOOK for fact in each) for each in facts] == [1, 1, 1]
    assert {office.lead(id_).lead.book for id_ in "123"} == {"v2"}


def test_a_lead_that_is_judged_between_the_pieces_is_judged_by_the_version_it_knows(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connector.engine.judging.apply._BATCH", 2)
    apply(office, "v2")
    office.tell()
    office.receive(*(clicked("b", id_, at=office.clock.now()) for id_ in "123")).take_in()
    office.advance()
    between = sorted(office.lead(id_).lead.book for id_ in "123")

    office.work()

    assert between == ["v1", "v2", "v2"]
    assert [office.crm.records[id_]["coltiva_clicks"] for id_ in "123"] == ["50", "50", "50"]


def test_a_lead_that_is_born_while_the_others_are_told_is_not_told_what_it_was_born_with(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connector.engine.judging.apply._BATCH", 1)
    apply(office, "v2")
    office.tell()
    office.crm.records["4"] = {}
    office.receive(clicked("a", "4", at=office.clock.now())).work()

    kinds = [fact.kind for fact in office.store.read_models.facts(ACME, office.lead("4").id)]
    assert FactKind.BOOK not in kinds


def test_leads_are_looked_for_again_after_a_second_even_when_the_clock_is_set_back(office: Office) -> None:
    office.tell()
    apply(office, "v2")
    office.clock.moment -= timedelta(hours=2)

    assert office.tell() == 3


# --- replay -------------------------------------------------------------------------------------------------


def test_a_replay_finds_every_lead_as_its_facts_make_it(office: Office) -> None:
    apply(office, "v2")
    office.work()
    office.receive(clicked("late", "1", at=after(minutes=30))).work()

    result = replay.verify(office.store, office.shelf, ACME)

    assert result == replay.ReplayResult(checked=3, in_motion=0, differing=())


def test_a_replay_finds_a_lead_that_is_not_what_its_facts_make_of_it(office: Office) -> None:
    office.books["v1"] = office.books["v2"]
    office.shelf._books.clear()

    result = replay.verify(office.store, office.shelf, ACME)

    assert len(result.differing) == 3


def test_a_lead_with_new_mail_is_not_compared(office: Office) -> None:
    office.receive(clicked("b", "1", at=office.clock.now())).take_in()

    result = replay.verify(office.store, office.shelf, ACME)

    assert (result.checked, result.in_motion) == (2, 1)


# --- connect ------------------------------------------------------------------------------------------------


def test_connecting_creates_the_properties_that_are_written(office: Office) -> None:
    wishes = connect(office.store, lambda _: office.crm, office.books["v1"], CONNECTION, office.clock.now())

    assert wishes == office.crm.wishes == [PropertyWish("coltiva_clicks", "Clicks", "number")]


def test_connecting_with_bad_credentials_keeps_nothing(office: Office) -> None:
    office.crm.before = [CredentialsError("the token was revoked")]
    with office.store.transaction() as transaction:
        transaction.connections.pause(CONNECTION.id, "revoked before")

    with pytest.raises(CredentialsError):
        connect(office.store, lambda _: office.crm, office.books["v1"], CONNECTION, office.clock.now())

    with office.store.reading() as transaction:
        (connection,) = transaction.connections.all()
    assert connection.state is ConnectionState.PAUSED
