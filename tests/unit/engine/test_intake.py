from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from connector.domain.book import Book
from connector.domain.fact import RECORD_OF, Fact, FactKind, RecordName
from connector.domain.ids import CrmRef, to_lead_id
from connector.domain.lead import Standing
from connector.engine.judging.shelf import Shelf
from connector.errors import MappingError, StoreUnavailableError
from connector.ports import CrmEvent, EventKind, Parsed, StoredBook, StrayReason
from tests.builders import after
from tests.office import ACME, Office, changed, clicked, contact, event

HOUR = timedelta(hours=1)


def facts(office: Office, record_id: str = "51") -> list[Fact]:
    return list(office.store.read_models.facts(ACME, office.lead(record_id).id))


def test_an_event_becomes_a_fact_in_its_leads_mailbox(office: Office) -> None:
    result = office.receive(changed("industry", "COMPUTER_SOFTWARE", at=after(minutes=-5))).take_in()

    (fact,) = facts(office)
    assert (fact.kind, fact.name, fact.source) == (FactKind.RECORD, RecordName.CHANGED, "hubspot")
    assert (fact.at, fact.data) == (after(minutes=-5), {"industry": "COMPUTER_SOFTWARE"})
    assert (result.deliveries, result.events, result.facts, result.leads) == (1, 1, 1, 1)


def test_a_lead_gets_its_id_from_its_record_whichever_event_comes_first(office: Office) -> None:
    office.receive(event(EventKind.CREATED, "7"), changed("industry", "x", "8")).take_in()

    assert office.lead("7").id == to_lead_id(ACME, contact("7"))
    assert office.lead("8").id == to_lead_id(ACME, contact("8"))


def test_a_copy_of_a_known_event_changes_nothing(office: Office) -> None:
    office.receive(changed("industry", "x")).take_in()

    again = office.receive(changed("industry", "x"), changed("industry", "x")).take_in()

    assert (again.facts, again.duplicates) == (0, 2)
    assert len(facts(office)) == 1


def test_two_changes_at_the_same_moment_are_two_facts(office: Office) -> None:
    result = office.receive(changed("industry", "x"), changed("firstname", "Mara")).take_in()

    assert (result.facts, result.leads) == (2, 1)


@pytest.mark.parametrize(
    ("kind", "name", "data"),
    [
        (EventKind.CREATED, RecordName.CREATED, {}),
        (EventKind.DELETED, RecordName.ARCHIVED, {RECORD_OF: "hubspot:4711:contact:51"}),
        (EventKind.RESTORED, RecordName.RESTORED, {RECORD_OF: "hubspot:4711:contact:51"}),
    ],
)
def test_what_happens_to_the_record_itself_is_a_fact_without_values(
    office: Office, kind: EventKind, name: RecordName, data: dict[str, str]
) -> None:
    office.receive(event(kind)).take_in()

    (fact,) = facts(office)
    assert (fact.name, fact.data) == (name, data)


def test_a_property_without_meaning_makes_no_fact_and_no_lead(office: Office) -> None:
    result = office.receive(changed("hs_unheard_of", "x")).take_in()

    assert (result.unmapped, result.facts, result.leads) == (1, 0, 0)
    assert office.store.read_models.lead(ACME, str(contact("51"))) is None
    assert office.strays() == []


def test_the_echo_of_our_own_write_is_dropped_and_counted(office: Office) -> None:
    result = office.receive(changed("industry", "x", is_echo=True)).take_in()

    assert (result.echoes, result.facts, result.leads) == (1, 0, 0)


def test_what_our_own_tasks_and_notes_set_off_is_an_echo_and_no_stray(office: Office) -> None:
    result = office.receive(event(EventKind.OTHER, is_echo=True)).take_in()

    assert (result.echoes, result.strays) == (1, 0)
    assert office.strays() == []


@pytest.mark.parametrize(
    ("strange", "reason"),
    [
        (event(ref=contact("51", account="999")), StrayReason.UNKNOWN_ACCOUNT),
        (event(EventKind.OTHER), StrayReason.UNKNOWN_TYPE),
        (event(ref=CrmRef("hubspot", "4711", "company", "9")), StrayReason.OTHER_OBJECT),
    ],
)
def test_what_concerns_no_lead_of_ours_is_kept_aside(office: Office, strange, reason: StrayReason) -> None:  # type: ignore[no-untyped-def]
    result = office.receive(strange, changed("industry", "x", "52")).take_in()

    assert office.strays() == [(reason, strange.type)]
    assert (result.strays, result.facts) == (1, 1)


def test_a_delivery_that_cannot_be_read_is_kept_as_it_came(office: Office) -> None:
    result = office.receive_body(b"<html>").receive(changed("industry", "x")).take_in()

    ((reason, _),) = office.strays()
    assert reason == StrayReason.UNREADABLE
    assert (result.deliveries, result.unreadable, result.facts) == (2, 1, 1)
    assert office.take_in().deliveries == 0


def test_a_delivery_over_which_we_stumble_stops_no_other(office: Office) -> None:
    office.receive(changed("industry", "x", "1"))
    office.receive_body(b"a defect")
    office.receive(changed("industry", "x", "2"))

    result = office.take_in()

    assert (result.deliveries, result.unreadable, result.facts) == (3, 1, 2)
    assert office.strays() == [(StrayReason.UNREADABLE, "a defect of ours: RuntimeError")]
    assert office.take_in().deliveries == 0


def test_an_unreachable_database_is_no_fault_of_the_deliveries(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.receive(changed("industry", "x"))
    parse = office.endpoint.parse
    monkeypatch.setattr(office.endpoint, "parse", lambda body: (_ for _ in ()).throw(StoreUnavailableError()))

    with pytest.raises(StoreUnavailableError):
        office.take_in()
    monkeypatch.setattr(office.endpoint, "parse", parse)

    assert office.take_in().facts == 1


def test_deliveries_that_another_worker_took_in_meanwhile_are_dropped_quietly(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    parse = office.endpoint.parse

    def parse_slowly(body: bytes) -> Parsed:
        monkeypatch.setattr(office.endpoint, "parse", parse)
        assert office.take_in().facts == 1
        return parse(body)

    monkeypatch.setattr(office.endpoint, "parse", parse_slowly)

    assert office.receive(changed("industry", "x")).take_in().deliveries == 0
    assert len(facts(office)) == 1


def test_a_mapping_that_does_not_compile_is_no_fault_of_the_deliveries(office: Office) -> None:
    book = office.books.pop("v1")
    office.shelf = Shelf(office.store, refuse)
    office.receive(changed("industry", "x"))

    with pytest.raises(MappingError):
        office.take_in()
    office.shelf = Shelf(office.store, lambda _: book)

    assert office.take_in().facts == 1


def refuse(stored: StoredBook) -> Book:
    raise MappingError("written for another version of Coltiva")


def test_a_clock_that_runs_ahead_over_there_changes_no_copy_of_an_event(office: Office) -> None:
    ahead = clicked(at=after(minutes=2))
    office.receive(ahead).take_in()
    office.clock.moment += HOUR

    again = office.receive(ahead).take_in()

    assert (again.facts, again.duplicates) == (0, 1)
    assert facts(office)[0].at == after(minutes=2)


def test_an_impossible_future_is_not_believed(office: Office) -> None:
    office.receive(clicked(at=after(days=9_000))).take_in()

    assert facts(office)[0].at == office.clock.now()


def test_many_events_are_taken_in_piece_by_piece(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector.engine.inward.intake._MAX_EVENTS", 3)
    for number in range(4):
        office.receive(changed("industry", "x", f"{number}"), changed("firstname", "x", f"{number}"))

    amounts = [office.take_in().deliveries for _ in range(3)]

    assert amounts == [2, 2, 0]
    assert office.store.read_models.health(office.clock.now()).facts == 8


def test_merges_of_many_records_are_taken_in_piece_by_piece(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector.engine.inward.intake._MAX_EVENTS", 3)
    for number in range(3):
        office.receive(event(EventKind.MERGED, f"{number}", merged=(contact(f"{number}8"), contact(f"{number}9"))))

    amounts = [office.take_in().deliveries for _ in range(4)]

    assert amounts == [1, 1, 1, 0]


def test_every_outcome_is_counted_where_people_can_see_it(office: Office) -> None:
    office.receive(changed("industry", "x"), changed("industry", "x"), changed("nothing", "x"), event(EventKind.OTHER))
    office.take_in()

    counts = office.counts()
    assert {name: counts[name] for name in counts if name.startswith("intake.")} == {
        "intake.deliveries": 1,
        "intake.events": 4,
        "intake.facts": 1,
        "intake.duplicates": 1,
        "intake.unmapped": 1,
        "intake.leads": 1,
        "intake.strays": 1,
    }


# --- erasure ------------------------------------------------------------------------------------------------


def test_a_person_who_asked_to_be_forgotten_is_gone_and_stays_gone(office: Office) -> None:
    office.receive(changed("email", "mara@example.com")).take_in()

    result = office.receive(
        event(EventKind.ERASED), changed("email", "mara@example.com", at=after(minutes=1))
    ).take_in()

    assert (result.erasures, result.refused, result.facts) == (1, 1, 0)
    assert office.store.read_models.lead(ACME, str(contact("51"))) is None


def test_an_event_that_comes_after_the_erasure_is_refused_and_its_delivery_dropped(office: Office) -> None:
    office.receive(event(EventKind.ERASED)).take_in()

    result = office.receive(clicked("mara@example.com"), clicked("x", "52")).take_in()

    assert (result.refused, result.facts) == (1, 1)
    assert b"mara@example.com" not in database_bytes(office)


def database_bytes(office: Office) -> bytes:
    """Everything that a query could find in the deliveries."""
    with office.store._database.reading() as session:  # type: ignore[attr-defined]
        return b"".join(bytes(body) for (body,) in session.connection.execute(text("SELECT body FROM deliveries")))


# --- merges -------------------------------------------------------------------------------------------------


def merge_event(survivor: str, *merged: str, minutes: float = 10) -> CrmEvent:
    refs = tuple(contact(record_id) for record_id in merged)
    return event(EventKind.MERGED, survivor, at=after(minutes=minutes), merged=refs)


def test_merged_records_are_one_lead_from_then_on(office: Office) -> None:
    office.receive(clicked("a", "1"), clicked("b", "2")).take_in()

    result = office.receive(merge_event("3", "1", "2")).take_in()
    office.receive(clicked("c", "1", at=after(minutes=11))).take_in()

    assert result.merges == 1
    assert len({office.lead(record_id).id for record_id in "123"}) == 1
    kinds = [fact.kind for fact in facts(office, "3")]
    assert kinds.count(FactKind.RECORD) == 3
    assert kinds.count(FactKind.MERGED) == 2


def test_a_merge_is_the_same_whether_it_comes_before_or_after_what_it_merges(office: Office) -> None:
    first, second = [clicked("a", "1"), clicked("b", "2")], [merge_event("3", "1", "2")]
    office.receive(*second).take_in()

    office.receive(*first).take_in()

    assert office.lead("1").id == to_lead_id(ACME, contact("3"))
    assert [fact.key for fact in facts(office, "3")] == [
        first[0].key, first[1].key, f"{second[0].key}:1", f"{second[0].key}:2",
    ]  # fmt: skip


def test_merges_of_merges_end_in_one_lead_in_any_order(office: Office) -> None:
    office.receive(merge_event("5", "3", "4", minutes=20)).take_in()

    office.receive(merge_event("3", "1", "2")).take_in()

    assert len({office.lead(record_id).id for record_id in "12345"}) == 1


def test_merges_of_merges_in_one_delivery_end_in_one_lead(office: Office) -> None:
    office.receive(merge_event("3", "1", "2"), merge_event("5", "3", "4", minutes=20)).take_in()

    assert len({office.lead(record_id).id for record_id in "12345"}) == 1
    assert [fact.kind for fact in facts(office, "5")].count(FactKind.MERGED) == 4


def test_a_merge_that_is_told_twice_changes_nothing(office: Office) -> None:
    office.receive(clicked("a", "1"), merge_event("3", "1", "2")).take_in()

    again = office.receive(merge_event("3", "1", "2")).take_in()

    assert (again.facts, again.duplicates) == (0, 2)
    assert len(facts(office, "3")) == 3


@pytest.mark.parametrize("first", ["the merge", "the deletion"])
def test_a_deletion_that_belongs_to_a_merge_archives_nobody(office: Office, first: str) -> None:
    office.crm.records |= {"1": {}, "2": {}}
    office.receive(clicked("a", "1"), clicked("b", "2")).work()
    told = [merge_event("1", "2"), event(EventKind.DELETED, "2", at=after(minutes=10))]

    for one in told if first == "the merge" else reversed(told):
        office.let_pass(timedelta(minutes=6)).receive(one).work()

    assert office.lead("1").lead.standing is Standing.ACTIVE
    assert office.crm.records["1"]["coltiva_clicks"] == "20"


def test_the_deletion_of_the_record_that_lives_on_archives_the_person(office: Office) -> None:
    office.crm.records |= {"1": {}, "2": {}}
    office.clock.moment = after(minutes=12)
    office.receive(clicked("a", "1"), merge_event("1", "2")).work()

    office.receive(event(EventKind.DELETED, "1", at=after(minutes=11))).work()

    assert office.lead("2").lead.standing is Standing.ARCHIVED
