"""Deals come in as events, are read with their people, and become facts of the leads that they belong to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from connector.domain.history import HistoryKind
from connector.domain.lead import Lead
from connector.errors import CrmUnavailableError
from connector.ports import CrmEvent, EventKind
from tests.builders import CRM, START
from tests.office import ACCOUNT, ACME, Office, changed, contact, event, sqlite_url
from tests.unit.domain.test_deals import dealing

HOUR = timedelta(hours=1)


@pytest.fixture
def office(tmp_path: Any) -> Any:
    """A workspace that looks at deals, with two contacts."""
    office = Office(sqlite_url(tmp_path), dealing("v1"), dealing("v2"), dealing("quiet", deals=())).open()
    office.crm.records |= {"51": {"email": "anna@example.com"}, "52": {"email": "otto@example.com"}}
    yield office
    office.close()


def sold(office: Office, *people: str, id_: str = "9", stage: str = "closedwon", amount: str = "100") -> None:
    """The CRM holds a deal of these contacts."""
    office.crm.deals[id_] = {"dealstage": stage, "amount": amount, "closedate": "", "pipeline": "default"}
    office.crm.people[id_] = list(people)


def deal_event(kind: EventKind, id_: str = "9", *, at: datetime | None = None, **more: Any) -> CrmEvent:
    """Something that happened to a deal."""
    ref = contact(id_)._replace(object_type="deal")
    return event(kind, id_, at=at or START, key=f"deal {kind} {id_} {at} {more}", **more)._replace(ref=ref)


def moved(stage: str = "closedwon", id_: str = "9", at: datetime | None = None) -> CrmEvent:
    """A deal came to another stage."""
    return deal_event(EventKind.CHANGED, id_, at=at, property="dealstage", value=stage)


def lead(office: Office, record_id: str = "51") -> Lead:
    """The lead of a contact."""
    return office.lead(record_id).lead


def signals(office: Office, record_id: str = "51") -> list[str]:
    """The signals that a lead gave."""
    history = office.store.read_models.history(ACME, office.lead(record_id).id)
    return [entry.subject for entry in history if entry.kind is HistoryKind.SIGNAL]


def known(office: Office) -> Office:
    """Both contacts are leads already."""
    return office.receive(changed("firstname", "Anna"), changed("firstname", "Otto", "52")).work()


def test_a_won_deal_is_a_purchase_of_all_its_contacts(office: Office) -> None:
    known(office)
    sold(office, "51", "52")
    office.clock.moment += HOUR

    office.receive(moved(at=office.clock.now())).work()

    assert lead(office).fields["revenue"] == lead(office, "52").fields["revenue"] == 100
    assert signals(office) == signals(office, "52") == ["purchased"]
    assert office.counts()["deals.facts"] == 2
    assert office.strays() == []


def test_a_purchase_is_dated_by_its_event_and_not_by_when_it_was_read(office: Office) -> None:
    known(office)
    sold(office, "51")
    office.clock.moment += 5 * HOUR

    office.receive(moved(at=START + HOUR)).work()

    history = office.store.read_models.history(ACME, office.lead().id)
    assert [entry.at for entry in history if entry.kind is HistoryKind.SIGNAL] == [START + HOUR]


def test_a_contact_never_heard_of_becomes_a_lead_by_its_deal(office: Office) -> None:
    sold(office, "51")

    office.receive(moved()).work()

    assert lead(office).fields["email"] == "anna@example.com"
    assert signals(office) == ["purchased"]


@pytest.mark.parametrize("contact_first", [True, False])
def test_whether_the_contact_or_its_deal_is_heard_of_first_makes_no_difference(
    office: Office, contact_first: bool
) -> None:
    sold(office, "51")
    news = [changed("firstname", "Anna"), moved()]

    for one in news if contact_first else reversed(news):
        office.receive(one).work()

    assert signals(office) == ["purchased"]
    assert lead(office).fields["purchases"] == 1


def test_a_purchase_that_is_heard_of_together_with_its_contact_is_news(office: Office) -> None:
    sold(office, "51")

    office.receive(changed("firstname", "Anna"), moved()).work()

    assert signals(office) == ["purchased"]
    assert lead(office).fields["purchases"] == 1


def test_a_purchase_of_long_ago_is_no_news_to_a_contact_that_is_heard_of_now(office: Office) -> None:
    sold(office, "51")
    office.receive(moved()).work()
    office.clock.moment += HOUR
    office.crm.people["9"] = ["51", "52"]

    office.receive(changed("firstname", "Otto", "52", at=office.clock.now())).work()

    assert signals(office, "52") == []
    assert lead(office, "52").fields["purchases"] == 1


def test_deals_that_were_there_before_count_and_are_no_news(office: Office) -> None:
    sold(office, "51")

    known(office)

    assert lead(office).fields["purchases"] == 1
    assert lead(office, "52").fields["purchases"] == 0
    assert signals(office) == []


def test_the_same_news_twice_is_told_once(office: Office) -> None:
    known(office)
    sold(office, "51")

    office.receive(moved()).work()
    facts = office.lead().facts
    office.receive(moved()).work()

    assert office.lead().facts == facts


def test_what_means_nothing_is_not_read(office: Office) -> None:
    known(office)
    office.crm.calls.clear()

    office.receive(deal_event(EventKind.CHANGED, property="dealname", value="Big")).work()

    assert office.crm.calls == []
    assert office.counts()["intake.unmapped"] == 2 - 1


def test_a_contact_that_is_associated_later_has_bought_then_and_one_that_is_parted_has_not(office: Office) -> None:
    known(office)
    sold(office, "51")
    office.receive(moved()).work()

    office.crm.people["9"] = ["52"]
    office.receive(deal_event(EventKind.RELATED, at=START + HOUR)).work()

    assert lead(office).fields["purchases"] == 0
    assert lead(office, "52").fields["purchases"] == 1
    assert signals(office, "52") == ["purchased"]


def test_a_deleted_deal_counts_no_more_until_it_is_restored(office: Office) -> None:
    known(office)
    sold(office, "51")
    office.receive(moved()).work()

    office.crm.archived.add("9")
    office.receive(deal_event(EventKind.DELETED, at=START + HOUR)).work()
    meanwhile = lead(office).fields["purchases"]
    office.crm.archived.clear()
    office.receive(deal_event(EventKind.RESTORED, at=START + 2 * HOUR)).work()

    assert meanwhile == 0
    assert lead(office).fields["purchases"] == 1
    assert signals(office) == ["purchased"]


def test_merged_deals_are_one(office: Office) -> None:
    known(office)
    sold(office, "51", id_="8", amount="10")
    sold(office, "51", id_="9", amount="20")
    office.receive(moved(id_="8"), moved(id_="9")).work()

    office.crm.merged["8"] = "9"
    merged = deal_event(EventKind.MERGED, "9", at=START + HOUR, merged=(contact("8")._replace(object_type="deal"),))
    office.receive(merged).work()

    assert lead(office).fields["revenue"] == 20


def test_a_merge_of_deals_that_is_only_found_out_by_reading_is_followed(office: Office) -> None:
    known(office)
    sold(office, "51", id_="8", amount="10")
    office.receive(moved(id_="8")).work()

    sold(office, "51", id_="77", amount="30")
    office.crm.merged["8"] = "77"
    office.receive(deal_event(EventKind.CHANGED, "8", at=START + HOUR, property="amount", value="30")).work()

    assert lead(office).fields["revenue"] == 30
    assert lead(office).fields["purchases"] == 1


def test_merged_contacts_have_the_deals_of_both(office: Office) -> None:
    known(office)
    sold(office, "51", "52", id_="7", amount="1")
    sold(office, "51", id_="8", amount="10")
    sold(office, "52", id_="9", amount="100")
    office.receive(moved(id_="7"), moved(id_="8"), moved(id_="9")).work()

    office.crm.people |= {"7": ["51"], "8": ["51"], "9": ["51"]}
    office.receive(event(EventKind.MERGED, "51", at=START + HOUR, merged=(contact("52"),))).work()

    assert lead(office).fields["revenue"] == 111
    assert signals(office) == ["purchased"] * 3


def test_an_erased_contact_stays_erased_when_its_deal_changes(office: Office) -> None:
    known(office)
    sold(office, "51", "52")
    office.receive(moved()).work()

    office.receive(event(EventKind.ERASED, "51", at=START + HOUR)).work()
    sold(office, "51", "52", stage="closedlost")
    office.receive(moved("closedlost", at=START + 2 * HOUR)).work()

    assert office.store.read_models.lead(ACME, str(contact("51"))) is None
    assert lead(office, "52").fields["purchases"] == 0


def test_without_deals_in_the_mapping_their_events_are_kept_aside(tmp_path: Any) -> None:
    office = Office(sqlite_url(tmp_path), dealing("quiet", deals=())).open()

    office.receive(moved()).work()

    assert office.strays() == [("other_object", "contact.changed")]
    office.close()


def test_a_mapping_that_newly_looks_at_deals_reads_those_of_all_leads(office: Office, tmp_path: Any) -> None:
    other = Office(sqlite_url(tmp_path / ".."), dealing("quiet", deals=()), dealing("v2")).open()
    other.crm.records["51"] = {"email": "anna@example.com"}
    sold(other, "51")
    other.receive(changed("firstname", "Anna")).work()
    other.clock.moment += HOUR

    apply(other, "v2")
    other.work()

    assert lead(other).fields["purchases"] == 1
    assert signals(other) == []
    other.close()


def apply(office: Office, version: str) -> None:
    """Another version counts from now on."""
    from connector.ports import StoredBook

    with office.store.transaction() as transaction:
        transaction.books.add(ACME, StoredBook(version, {}, office.clock.now()))


def test_deals_that_wait_are_let_be_when_the_mapping_looks_at_them_no_more(office: Office) -> None:
    known(office)
    sold(office, "51")
    office.receive(moved()).take_in()
    office.crm.calls.clear()

    apply(office, "quiet")
    office.work()

    assert [name for name, _ in office.crm.calls if "deal" in name] == []


def test_a_call_that_fails_is_made_again_later(office: Office) -> None:
    known(office)
    sold(office, "51")
    office.crm.before = [None, CrmUnavailableError("down")]

    office.receive(moved()).work()
    meanwhile = lead(office).fields["purchases"]
    office.let_pass(HOUR)

    assert meanwhile == 0
    assert lead(office).fields["purchases"] == 1


def test_a_deal_that_cannot_be_read_keeps_no_other_from_being_read(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(office)
    sold(office, "51", id_="8")
    sold(office, "52", id_="9")
    fetch = office.crm.fetch_deals

    def refuse(self: Any, ids: Any, properties: Any) -> Any:
        if "8" in ids:
            raise ValueError("spoilt")
        return fetch(ids, properties)

    monkeypatch.setattr(type(office.crm), "fetch_deals", refuse)
    office.receive(moved(id_="8"), moved(id_="9")).work()
    monkeypatch.undo()
    meanwhile = lead(office).fields["purchases"]
    office.let_pass(HOUR)

    assert meanwhile == 0
    assert lead(office, "52").fields["purchases"] == 1
    assert lead(office).fields["purchases"] == 1


def test_many_deals_are_read_with_few_calls(office: Office) -> None:
    known(office)
    for number in range(150):
        sold(office, "51", id_=str(number))
    office.crm.calls.clear()

    office.receive(*(moved(id_=str(number)) for number in range(150))).work()

    reads = [(name, len(about)) for name, about in office.crm.calls if "deal" in name or "people" in name]
    assert reads == [("fetch_deals", 100), ("fetch_people_of", 100), ("fetch_deals", 50), ("fetch_people_of", 50)]
    assert lead(office).fields["purchases"] == 150


def test_the_references_of_deals_name_crm_and_account(office: Office) -> None:
    sold(office, "51")

    office.receive(moved()).work()

    assert list(lead(office).deals) == [f"{CRM}:{ACCOUNT}:deal:9"]


def test_a_hint_about_a_deal_has_it_read(office: Office) -> None:
    known(office)
    sold(office, "51")
    office.clock.moment += HOUR

    result = office.receive(deal_event(EventKind.HINTED, at=office.clock.now())).take_in()
    office.work()

    assert (result.deals, result.hints, result.leads, result.strays) == (1, 0, 0, 0)
    assert lead(office).fields["revenue"] == 100
