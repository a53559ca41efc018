"""Signals of the API: whose they are, and what becomes of those that nobody can be found for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.domain.fact import Fact, FactKind
from connector.domain.ids import WorkspaceId
from connector.domain.records.sources import ToldSource
from connector.engine.inward.batch import to_endpoint
from connector.ports import EventKind, NewDelivery, StrayReason
from tests.builders import START, after
from tests.office import ACME, Office, changed, clicking_book, event, sqlite_url
from tests.two_crms import BothOffice, both_book, hint

ADA = "ada@example.com"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """The API takes two signals; the person of one of them may be looked up. Ada is a lead."""
    told = (ToldSource("clicked", frozenset({"what"})), ToldSource("report_read", frozenset({"topic"}), looks_up=True))
    office = Office(sqlite_url(tmp_path), clicking_book("v1", told=told)).open()
    office.crm.records["51"]["email"] = ADA
    office.receive(event(EventKind.CREATED, at=START)).work()
    yield office
    office.close()


def tell(office: Office, *signals: dict[str, Any], workspace: str = ACME) -> Office:
    body = json.dumps({"signals": signals}).encode()
    office.store.keep(NewDelivery(to_endpoint(WorkspaceId(workspace)), office.clock.now(), body))
    return office


def signal(name: str = "clicked", email: str = ADA, **parts: Any) -> dict[str, Any]:
    return {"signal": name, "email": email, "at": START.isoformat(), **parts}


def facts(office: Office, record_id: str = "51") -> Sequence[Fact]:
    found = office.store.read_models.facts(ACME, office.lead(record_id).id)
    return [fact for fact in found if fact.kind is FactKind.SIGNAL]


def test_a_signal_finds_its_lead_by_address(office: Office) -> None:
    tell(office, signal(attributes={"what": "offer", "secret": "not in the mapping"})).work()

    (fact,) = facts(office)
    assert (fact.name, fact.source, fact.at, fact.data) == ("clicked", "api", START, {"what": "offer"})
    assert office.lead().lead.scores["clicks"]


def test_a_signal_finds_its_lead_by_record(office: Office) -> None:
    tell(office, {"signal": "clicked", "hubspot": "51"}).work()

    assert len(facts(office)) == 1


def test_a_batch_that_comes_twice_counts_once(office: Office) -> None:
    for _ in range(2):
        tell(office, signal(attributes={"what": "offer"})).work()

    assert len(facts(office)) == 1


def test_signals_without_a_moment_happened_when_they_came(office: Office) -> None:
    office.clock.moment += MINUTE
    for _ in range(2):
        tell(office, {"signal": "clicked", "email": ADA}).work()

    assert [fact.at for fact in facts(office)] == [after(minutes=1)] * 2


def test_a_signal_that_the_mapping_does_not_know_is_kept_aside(office: Office) -> None:
    tell(office, signal("clickd"), signal()).work()

    assert office.strays() == [(StrayReason.UNKNOWN_SIGNAL, "clickd")]
    assert len(facts(office)) == 1


def test_a_signal_of_a_person_whom_nobody_knows_is_kept_aside(office: Office) -> None:
    tell(office, signal(email="eve@example.com"), {"signal": "clicked", "hubspot": "99"}).work()

    assert office.strays() == [(StrayReason.UNKNOWN_PERSON, "clicked")] * 2
    assert [name for name, _ in office.crm.calls if name == "find_records"] == []


def test_the_crm_is_asked_for_the_person_where_the_mapping_says_so(office: Office) -> None:
    office.crm.records["52"]["email"] = "bob@example.com"

    tell(office, signal("report_read", "bob@example.com", attributes={"topic": "energy"})).work()

    (fact,) = facts(office, "52")
    assert (fact.name, fact.data) == ("report_read", {"topic": "energy"})
    assert office.lead("52").email == "bob@example.com"
    assert office.strays() == []


def test_a_record_that_is_no_lead_yet_becomes_one_where_the_mapping_says_so(office: Office) -> None:
    office.crm.records["52"]["email"] = "bob@example.com"

    tell(office, {"signal": "report_read", "hubspot": "52"}).work()

    assert len(facts(office, "52")) == 1
    assert office.lead("52").is_read


def test_a_person_who_is_made_a_little_later_is_found(office: Office) -> None:
    tell(office, signal("report_read", "bob@example.com")).work()
    office.crm.records["52"]["email"] = "bob@example.com"

    office.let_pass(timedelta(minutes=6))

    assert len(facts(office, "52")) == 1


def test_who_is_nowhere_after_an_hour_is_kept_aside(office: Office) -> None:
    tell(office, signal("report_read", "nobody@example.com")).work()

    office.let_pass(timedelta(minutes=61))

    assert office.strays() == [(StrayReason.UNKNOWN_PERSON, "report_read")]
    asked = len(office.crm.calls)
    assert len(office.let_pass(timedelta(days=1)).crm.calls) == asked


def test_looking_people_up_costs_one_call_for_a_hundred(office: Office) -> None:
    people = [f"p{number}@example.com" for number in range(100)]
    office.crm.records |= {str(1000 + number): {"email": email} for number, email in enumerate(people)}

    tell(office, *(signal("report_read", email) for email in people)).work()

    assert [name for name, _ in office.crm.calls].count("find_records") == 1
    assert len(facts(office, "1099")) == 1


def test_a_call_that_fails_loses_no_signal(office: Office) -> None:
    office.crm.records["52"]["email"] = "bob@example.com"
    office.crm.before = [RuntimeError("no answer")]
    tell(office, signal("report_read", "bob@example.com")).work()

    office.let_pass(MINUTE)

    assert len(facts(office, "52")) == 1


def test_another_workspace_learns_nothing(office: Office) -> None:
    tell(office, signal(), workspace="beta").work()

    assert facts(office) == []
    assert office.strays() == [(StrayReason.UNKNOWN_ACCOUNT, "clicked")]


def test_a_workspace_may_have_any_name_that_a_key_can_have(office: Office) -> None:
    tell(office, signal(), workspace="acme:acme").work()

    assert facts(office) == []


def test_an_erased_person_is_neither_found_nor_kept_aside(office: Office) -> None:
    tell(office, signal()).work().receive(event(EventKind.ERASED)).work()

    tell(office, signal(), {"signal": "clicked", "hubspot": "51"}, signal("report_read")).work()

    assert office.strays() == []
    assert office.counts()["intake.refused"] == 3
    assert ADA.encode() not in b"".join(path.read_bytes() for path in _files(office))


def test_an_erasure_takes_along_what_waits_for_the_person(office: Office) -> None:
    office.crm.closed_until = after(days=1)
    tell(office, signal("report_read", "bob@example.com"), signal("unknown_to_the_mapping")).work()

    office.receive(event(EventKind.ERASED)).work()

    assert office.strays() == []


def test_a_delivery_that_cannot_be_read_any_more_stops_no_other(office: Office) -> None:
    office.store.keep(NewDelivery(to_endpoint(ACME), START, b"[]"))

    tell(office, signal()).receive(changed("industry", "x")).work()

    assert len(facts(office)) == 1
    assert [reason for reason, _ in office.strays()] == [StrayReason.UNREADABLE]


def _files(office: Office) -> list[Path]:
    office.store.wipe()
    return [path for path in Path(office.url.removeprefix("sqlite:///")).parent.iterdir() if path.is_file()]


def test_a_signal_finds_its_lead_by_a_record_of_salesforce_though_two_crms_are_connected(tmp_path: Path) -> None:
    told = (ToldSource("report_read", frozenset({"topic"}), looks_up=True),)
    with closing(BothOffice(tmp_path, both_book(told=told))) as office:
        office.holds("00Q000000000001EAA").receive(hint("00Q000000000001EAA")).work()

        tell(office, {"signal": "report_read", "salesforce": "00Q000000000001EAA"})
        tell(
            office.holds("003000000000001AAA", "new@example.com"),
            {"signal": "report_read", "salesforce": "003000000000001AAA"},
        )
        office.work()

        for record_id in ("00Q000000000001EAA", "003000000000001AAA"):
            lead = office.summary(record_id)
            found = office.store.read_models.facts(ACME, lead.id)
            assert [fact.name for fact in found if fact.kind is FactKind.SIGNAL] == ["report_read"]
