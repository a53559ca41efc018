"""A record that became another one is found out by reading it; its person goes on as the other one's."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

import pytest

from connector.domain.book import compile_book
from connector.domain.fact import FactKind
from connector.domain.ids import CrmRef
from connector.domain.lead import Standing
from connector.engine.telling.explain import explain
from connector.engine.telling.records import GoneRecord, Records
from connector.engine.telling.replay import to_bytes
from connector.ports import CrmEvent, EventKind, LeadSummary
from tests.builders import CRM, after
from tests.office import ACCOUNT, ACME, Office, clicked, clicking_book, contact, event, sqlite_url

LEAD, OTHER_LEAD, PERSON, LAST = "00Q1", "00Q2", "0031", "0039"


def ref(record_id: str) -> CrmRef:
    return CrmRef(CRM, ACCOUNT, "lead" if record_id.startswith("00Q") else "contact", record_id)


def hint(record_id: str, minutes: int = 0) -> CrmEvent:
    return event(EventKind.HINTED, record_id, at=after(minutes=minutes))._replace(ref=ref(record_id))


def click(record_id: str, minutes: int) -> CrmEvent:
    return clicked(f"offer {minutes}", record_id, at=after(minutes=minutes))._replace(ref=ref(record_id))


def furnish(office: Office, *record_ids: str) -> Office:
    """Records that are there, and when they changed last."""
    for minutes, record_id in enumerate(record_ids):
        office.crm.records[record_id] = {"industry": "retail", "email": "mara@example.com"}
        office.crm.changed_at[record_id] = after(minutes=minutes)
    office.clock.moment = after(hours=1)
    return office


def convert(office: Office, former: str, survivor: str, minutes: int = 30) -> None:
    office.crm.became[former] = survivor
    office.crm.changed_at[former] = after(minutes=minutes)


def summary_of(office: Office, record_id: str) -> LeadSummary:
    found = office.store.read_models.lead(ACME, str(ref(record_id)))
    assert found is not None
    return found


def merges(office: Office, record_id: str) -> list[str]:
    facts = office.store.read_models.facts(ACME, summary_of(office, record_id).id)
    return [fact.name for fact in facts if fact.kind is FactKind.MERGED]


def test_a_converted_lead_goes_on_as_the_contact_with_all_that_it_did(office: Office) -> None:
    furnish(office, LEAD, PERSON).receive(hint(LEAD), click(LEAD, 10), click(LEAD, 11)).work()
    convert(office, LEAD, PERSON)

    office.receive(hint(LEAD, 30)).work()

    summary = summary_of(office, PERSON)
    assert summary_of(office, LEAD).id == summary.id
    assert merges(office, PERSON) == [str(ref(LEAD))]
    assert office.crm.records[PERSON]["coltiva_clicks"] == "20"


def test_of_a_converted_lead_is_told_that_it_was_converted_and_is_gone(office: Office) -> None:
    furnish(office, LEAD, PERSON).receive(hint(LEAD), click(LEAD, 10)).work()
    convert(office, LEAD, PERSON)
    office.receive(hint(LEAD, 30)).work()

    summary = summary_of(office, PERSON)
    history = office.store.read_models.history(ACME, summary.id)
    with office.store.transaction() as transaction:
        records = Records(transaction.leads.records(ACME, [summary.id])[summary.id])
    explained = explain(summary, history, (), compile_book(clicking_book("v1")), after(hours=1), records)

    assert f"the {CRM} lead {LEAD} was converted into the contact {PERSON}" in [one.what for one in explained.timeline]
    assert explained.refs == (str(ref(PERSON)),)
    assert explained.gone == (GoneRecord(str(ref(LEAD)), "converted"),)


def test_a_lead_that_is_heard_of_first_when_it_was_converted_already_is_the_contact(office: Office) -> None:
    furnish(office, LEAD, PERSON)
    convert(office, LEAD, PERSON)

    office.receive(hint(LEAD)).work()

    assert {str(one) for one in summary_of(office, PERSON).refs} == {str(ref(LEAD)), str(ref(PERSON))}
    assert summary_of(office, PERSON).lead.standing is Standing.ACTIVE


def test_a_record_that_was_merged_away_and_deleted_with_it_archives_nobody(office: Office) -> None:
    furnish(office, LEAD, OTHER_LEAD).receive(hint(LEAD), hint(OTHER_LEAD)).work()
    convert(office, LEAD, OTHER_LEAD)
    office.crm.archived.add(LEAD)

    office.receive(hint(LEAD, 30)).work()

    assert summary_of(office, OTHER_LEAD).lead.standing is Standing.ACTIVE
    assert summary_of(office, LEAD).id == summary_of(office, OTHER_LEAD).id


def test_a_second_reading_changes_nothing(office: Office) -> None:
    furnish(office, LEAD, PERSON).receive(hint(LEAD), hint(PERSON)).work()
    convert(office, LEAD, PERSON)
    office.receive(hint(LEAD, 30)).work()
    before = to_bytes(summary_of(office, PERSON).lead), merges(office, PERSON)

    office.receive(hint(LEAD, 30), hint(LEAD, 31), hint(PERSON, 31)).work()

    assert (to_bytes(summary_of(office, PERSON).lead), merges(office, PERSON)) == before


def test_a_contact_of_somebody_who_asked_to_be_forgotten_is_not_brought_back(office: Office) -> None:
    furnish(office, LEAD, PERSON).receive(hint(PERSON), hint(LEAD)).work()
    office.receive(event(EventKind.ERASED, PERSON)).take_in()
    convert(office, LEAD, PERSON)

    office.receive(hint(LEAD, 30)).work()

    assert office.store.read_models.lead(ACME, str(contact(PERSON))) is None
    assert merges(office, LEAD) == []


def test_records_that_became_each_other_are_one_person_and_are_not_read_for_ever(office: Office) -> None:
    furnish(office, LEAD, OTHER_LEAD)
    convert(office, LEAD, OTHER_LEAD)
    convert(office, OTHER_LEAD, LEAD)

    office.receive(hint(LEAD), hint(OTHER_LEAD)).work()

    assert summary_of(office, LEAD).id == summary_of(office, OTHER_LEAD).id
    assert len([name for name, _ in office.crm.calls if name == "fetch_records"]) < 5


def ended(folder: Path, events: Sequence[CrmEvent], *, at_once: bool) -> tuple[bytes, list[str]]:
    """What becomes of a chain of a merge and two conversions, told in this order."""
    office = furnish(Office(sqlite_url(folder), clicking_book("v1")).open(), LEAD, OTHER_LEAD, PERSON, LAST)
    for former, survivor in ((LEAD, OTHER_LEAD), (OTHER_LEAD, PERSON), (PERSON, LAST)):
        convert(office, former, survivor)
    for one in events:
        office.receive(one)
        if not at_once:
            office.work()
    office.work()
    summary = summary_of(office, LAST)
    assert {summary_of(office, one).id for one in (LEAD, OTHER_LEAD, PERSON)} == {summary.id}
    names = merges(office, LAST)
    office.close()
    return to_bytes(summary.lead), names


@pytest.mark.parametrize("at_once", [True, False])
def test_a_chain_ends_in_the_same_person_in_whatever_order_it_is_told(
    tmp_path_factory: pytest.TempPathFactory, *, at_once: bool
) -> None:
    events = (hint(LEAD), hint(OTHER_LEAD), hint(PERSON), click(LEAD, 10))

    ends = [
        ended(tmp_path_factory.mktemp("order"), order, at_once=at_once) for order in list(permutations(events))[::5]
    ]

    assert all(end == ends[0] for end in ends)
    assert sorted(ends[0][1]) == sorted(str(ref(one)) for one in (LEAD, OTHER_LEAD, PERSON))
