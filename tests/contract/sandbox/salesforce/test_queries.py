"""Queries as clients send them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest
from simple_salesforce.format import format_soql

from connector.sandbox.salesforce.people import People
from connector.sandbox.salesforce.permissions import Right
from tests.contract.sandbox.salesforce.conftest import START, World


@pytest.fixture
def crowd(world: World, people: People) -> dict[str, str]:
    """Four leads: the first is hot, the second in a queue, the third is converted, the fourth deleted."""
    queue = people.add_queue("Inbound")
    ada = people.create_lead("ada@example.com", LastName="Ada", Rating="Hot", coltiva__Score__c=80, Phone="1")
    world.platform.advance(timedelta(minutes=10))
    bob = people.create_lead("bob@example.com", LastName="Bob", OwnerId=queue, coltiva__Score__c=20)
    world.platform.advance(timedelta(minutes=10))
    cyd = people.create_lead("cyd@example.com", LastName="C%d", Rating="Cold")
    people.convert(cyd)
    dee = people.create_lead("dee@example.com", LastName="Dee", DoNotCall=True)
    people.delete(dee)
    return {ada: "ada", bob: "bob", cyd: "cyd", dee: "dee", "queue": queue}


FOUND = {
    "Id != null": "ada bob cyd",
    "Email = 'ADA@example.com'": "ada",
    "Email IN ('ada@example.com', 'bob@example.com', 'x@example.com')": "ada bob",
    "NOT Email IN ('ada@example.com')": "bob cyd",
    "Email NOT IN ('ada@example.com')": "bob cyd",
    "Rating = null": "bob",
    "Rating != null": "ada cyd",
    "Rating != 'Hot'": "bob cyd",
    "coltiva__Score__c >= 20 AND coltiva__Score__c < 80": "bob",
    "coltiva__Score__c > 20.5": "ada",
    "IsConverted = true": "cyd",
    "isconverted = FALSE": "ada bob",
    "LastName LIKE 'a%'": "ada",
    "LastName LIKE '_ob'": "bob",
    r"LastName LIKE 'C\%d'": "cyd",
    "Email LIKE '%@example.com' AND (Rating = 'Hot' OR Rating = 'Cold')": "ada cyd",
    "(NOT Rating = 'Hot') AND IsConverted = false": "bob",
    "SystemModstamp >= 2026-11-23T09:10:00Z": "bob cyd",
    "SystemModstamp < 2026-11-23T10:10:00+01:00": "ada",
    "CreatedDate = TODAY": "ada bob cyd",
    "CreatedDate = LAST_N_DAYS:3": "ada bob cyd",
    "CreatedDate < YESTERDAY": "",
    "ConvertedDate = 2026-11-23": "cyd",
    "Owner.Type = 'Queue'": "bob",
    "Owner.Name = 'Ada Admin'": "ada cyd",
    "Lead.LastName = 'Ada'": "ada",
}


@pytest.mark.parametrize(("where", "names"), FOUND.items(), ids=FOUND)
def test_a_condition_finds_whom_it_means(sf: Salesforce, crowd: dict[str, str], where: str, names: str) -> None:
    found = sf.query(f"SELECT Id FROM Lead WHERE {where}")

    assert " ".join(sorted(crowd[one["Id"]] for one in found["records"])) == names
    assert (found["totalSize"], found["done"]) == (len(names.split()), True)


REFUSED = {
    "SELECT Shoe FROM Lead": ("INVALID_FIELD", "No such column 'Shoe' on entity 'Lead'"),
    "SELECT Id FROM Unicorn": ("INVALID_TYPE", "sObject type 'Unicorn' is not supported"),
    "SELECT Id FROM Lead WHERE Email = ada": ("MALFORMED_QUERY", "ada"),
    "SELECT Id FROM Lead WHERE": ("MALFORMED_QUERY", "unexpected"),
    "SELECT Id FROM Lead WHERE Rating = 'Hot' AND Email = 'a' OR Email = 'b'": ("MALFORMED_QUERY", "OR"),
    "SELECT Id FROM Lead WHERE CreatedDate > '2026-01-01'": ("INVALID_FIELD", "must be of type dateTime"),
    "SELECT Id FROM Lead WHERE CreatedDate > 2026-01-01": ("INVALID_FIELD", "must be of type dateTime"),
    "SELECT Id FROM Lead WHERE IsConverted = 'true'": ("INVALID_FIELD", "must be of type boolean"),
    "SELECT Id FROM Lead WHERE LastName = 4": ("INVALID_FIELD", "should be enclosed in quotes"),
    "SELECT Id FROM Lead WHERE Description = 'x'": ("INVALID_FIELD", "can not be filtered"),
    "SELECT Id FROM Lead WHERE OwnerId = 'me'": ("INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: me"),
    "SELECT Company.Name FROM Lead": ("INVALID_FIELD", "Didn't understand relationship 'Company'"),
    "SELECT Id FROM Lead OFFSET 2001": ("NUMBER_OUTSIDE_VALID_RANGE", "2000"),
}


@pytest.mark.parametrize(("text", "refusal"), REFUSED.items(), ids=REFUSED)
def test_what_is_no_query_is_refused(sf: Salesforce, text: str, refusal: tuple[str, str]) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        sf.query(text)

    assert refused.value.content[0]["errorCode"] == refusal[0]
    assert refusal[1] in refused.value.content[0]["message"]


def test_a_value_is_quoted_as_the_client_quotes_it(sf: Salesforce, people: People) -> None:
    lead_id = people.create_lead(LastName="O'Neil \\ Sons")

    found = sf.query(format_soql("SELECT Id FROM Lead WHERE LastName = {}", "O'Neil \\ Sons"))

    assert [one["Id"] for one in found["records"]] == [lead_id]


def test_parents_are_told_inside_their_children(sf: Salesforce, people: People) -> None:
    account = people.create("Account", Name="Analytical")
    people.create_contact("ada@example.com", LastName="Lovelace", AccountId=account)
    people.create_contact("bob@example.com", LastName="Nobody")

    found = sf.query("SELECT LastName, account.name, Account.Owner.Name, Owner.Email FROM Contact ORDER BY LastName")

    first, second = (dict(one) for one in found["records"])
    assert first["Account"]["Name"] == "Analytical"
    assert first["Account"]["Owner"]["Name"] == "Ada Admin"
    assert first["Account"]["attributes"]["type"] == "Account"
    assert first["Owner"]["Email"] == "admin@example.com"
    assert second["Account"] is None


def test_a_leads_owner_may_be_a_queue_and_a_contacts_may_not(sf: Salesforce, crowd: dict[str, str]) -> None:
    found = sf.query("SELECT Owner.Type, Owner.Name FROM Lead WHERE IsConverted = false ORDER BY LastName")

    owners = [one["Owner"] for one in found["records"]]
    assert [(one["Type"], one["Name"]) for one in owners] == [("User", "Ada Admin"), ("Queue", "Inbound")]
    assert owners[1]["attributes"]["type"] == "Name"
    with pytest.raises(SalesforceMalformedRequest, match="No such column 'Type' on entity 'User'"):
        sf.query("SELECT Owner.Type FROM Contact")


def test_references_are_found_by_either_form_of_an_id(sf: Salesforce, people: People) -> None:
    lead_id = people.create_lead()
    task = people.create("Task", Subject="Call", WhoId=lead_id)

    for asked in (lead_id, lead_id[:15]):
        found = sf.query(f"SELECT Id, Who.Type, Who.Name FROM Task WHERE WhoId IN ('{asked}', '00Q5e0000099999')")
        assert [(one["Id"], one["Who"]["Type"]) for one in found["records"]] == [(task, "Lead")]


def test_order_limit_and_offset_choose_the_rows(sf: Salesforce, crowd: dict[str, str]) -> None:
    text = "SELECT Id FROM Lead ORDER BY coltiva__Score__c {} LIMIT {} OFFSET {}"

    def names(*how: Any) -> list[str]:
        return [crowd[one["Id"]] for one in sf.query(text.format(*how))["records"]]

    assert names("ASC", 3, 0) == ["cyd", "bob", "ada"]
    assert names("DESC NULLS LAST", 2, 1) == ["bob", "cyd"]
    assert names("DESC", 10, 0) == ["cyd", "ada", "bob"]


def test_a_count_tells_a_number_alone(sf: Salesforce, crowd: dict[str, str]) -> None:
    found = sf.query("SELECT COUNT() FROM Lead WHERE IsConverted = false")

    assert (found["totalSize"], found["records"]) == (2, [])


def test_what_is_in_the_bin_is_found_by_query_all_only(sf: Salesforce, crowd: dict[str, str]) -> None:
    text = "SELECT Id, IsDeleted FROM Lead WHERE LastName = 'Dee'"

    assert sf.query(text)["totalSize"] == 0
    assert [one["IsDeleted"] for one in sf.query(text, include_deleted=True)["records"]] == [True]


def test_a_merged_record_says_who_took_it_over(sf: Salesforce, people: People) -> None:
    winner, loser = people.create_contact("ada@example.com"), people.create_contact("a@example.com")
    task = people.create("Task", Subject="Call", WhoId=loser)

    people.merge(winner, loser)

    text = "SELECT Id, MasterRecordId FROM Contact WHERE IsDeleted = true AND MasterRecordId != null"
    found = sf.query_all(text, include_deleted=True)["records"]
    assert [(one["Id"], one["MasterRecordId"]) for one in found] == [(loser, winner)]
    assert people.read(task)["WhoId"] == winner


def test_pages_hold_2000_rows_and_lead_to_the_next(world: World, sf: Salesforce, people: People) -> None:
    made = [people.create_lead() for _ in range(4_500)]

    first = sf.query("SELECT Id FROM Lead")
    everything = [one["Id"] for one in sf.query_all_iter("SELECT Id FROM Lead ORDER BY Id")]
    small = world.ask("GET", "query?q=SELECT+Id+FROM+Lead", headers={"Sforce-Query-Options": "batchSize=200"}).json()

    assert (len(first["records"]), first["done"], first["totalSize"]) == (2_000, False, 4_500)
    assert first["nextRecordsUrl"].startswith("/services/data/v66.0/query/01g")
    assert everything == sorted(made)
    assert len(small["records"]) == 200


def test_a_cursor_that_is_gone_is_said_to_be(world: World, sf: Salesforce, people: People) -> None:
    for _ in range(2_001):
        people.create_lead()
    first = sf.query("SELECT Id FROM Lead")
    world.org.cursors.close_all()

    with pytest.raises(SalesforceMalformedRequest, match="INVALID_QUERY_LOCATOR"):
        sf.query_more(first["nextRecordsUrl"], identifier_is_url=True)


def test_a_hidden_field_and_a_hidden_object_are_not_there(world: World, sf: Salesforce, people: People) -> None:
    people.create_lead("ada@example.com")
    rights = world.org.permissions_of(world.org.integration_user)
    rights.take_field("Lead.Email")
    rights.take_right("Campaign", Right.READ)

    with pytest.raises(SalesforceMalformedRequest, match="No such column 'Email'"):
        sf.query("SELECT Email FROM Lead")
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_TYPE"):
        sf.query("SELECT Id FROM Campaign")
    assert "Email" not in sf.Lead.get(people.records("Lead")[0]["Id"])


def test_changed_and_deleted_records_are_told_by_the_minute(world: World, sf: Salesforce, people: People) -> None:
    first = people.create_lead()
    world.platform.advance(timedelta(minutes=5))
    second = people.create_lead()
    people.delete(first)
    world.platform.advance(timedelta(minutes=5, seconds=30))

    changes = sf.Lead.updated(START + timedelta(minutes=1), START + timedelta(hours=1))
    deletions = sf.Lead.deleted(START, START + timedelta(hours=1))

    assert changes["ids"] == [second]
    assert changes["latestDateCovered"] == "2026-11-23T09:10:00.000+0000"
    assert deletions["deletedRecords"] == [{"id": first, "deletedDate": "2026-11-23T09:05:00.000+0000"}]


def test_a_span_that_is_empty_or_long_ago_is_refused(sf: Salesforce) -> None:
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_REPLICATION_DATE"):
        sf.Lead.updated(START + timedelta(seconds=5), START + timedelta(seconds=50))
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_REPLICATION_DATE"):
        sf.Lead.deleted(START - timedelta(days=16), START)


def test_stamps_are_whole_seconds(world: World, sf: Salesforce, people: People) -> None:
    world.platform.clock.set(datetime(2026, 11, 23, 10, 0, 0, 987_000, tzinfo=UTC))

    lead_id = people.create_lead()

    assert sf.Lead.get(lead_id)["SystemModstamp"] == "2026-11-23T10:00:00.000+0000"
