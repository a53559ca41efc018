"""Records one at a time, as the client reads and writes them."""

from __future__ import annotations

from typing import Any

import pytest
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest, SalesforceResourceNotFound
from simple_salesforce.format import format_external_id

from connector.sandbox.salesforce.people import People
from tests.contract.sandbox.salesforce.conftest import World


def test_a_lead_is_made_read_changed_and_deleted(sf: Salesforce, people: People) -> None:
    made = sf.Lead.create({"LastName": "Lovelace", "FirstName": "Ada", "Company": "Analytical", "Rating": "Hot"})
    lead_id = made["id"]

    sf.Lead.update(lead_id, {"Rating": None, "coltiva__Score__c": 42})

    read = sf.Lead.get(lead_id)
    assert made["success"] is True
    assert read["attributes"] == {"type": "Lead", "url": f"/services/data/v66.0/sobjects/Lead/{lead_id}"}
    assert (read["Name"], read["Rating"], read["coltiva__Score__c"]) == ("Ada Lovelace", None, 42.0)
    assert read["Status"] == "Open - Not Contacted"
    assert read["SystemModstamp"] == "2026-11-23T09:00:00.000+0000"
    sf.Lead.delete(lead_id)
    with pytest.raises(SalesforceResourceNotFound) as gone:
        sf.Lead.get(lead_id)
    assert gone.value.content[0]["errorCode"] == "ENTITY_IS_DELETED"
    assert people.read(lead_id)["IsDeleted"] is True


def test_ids_are_taken_with_15_and_with_18_characters(sf: Salesforce, people: People) -> None:
    lead_id = people.create_lead("ada@example.com")

    assert len(lead_id) == 18
    assert sf.Lead.get(lead_id[:15])["Id"] == lead_id
    assert sf.Lead.get(lead_id.lower())["Id"] == lead_id


BAD_VALUES: dict[str, tuple[dict[str, Any], str, str]] = {
    "an unknown field": ({"Shoe": "42"}, "INVALID_FIELD", "No such column 'Shoe' on sobject of type Lead"),
    "a long text": ({"FirstName": "x" * 41}, "STRING_TOO_LONG", "max length=40"),
    "a bad address": ({"Email": "nobody"}, "INVALID_EMAIL_ADDRESS", "Email: invalid email address: nobody"),
    "a value outside a list": (
        {"coltiva__Score_Band__c": "Boiling"},
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "Score Band: bad value for restricted picklist field: Boiling",
    ),
    "a text for a number": ({"coltiva__Score__c": "many"}, "JSON_PARSER_ERROR", "double from VALUE_STRING value many"),
    "a number too great": ({"coltiva__Score__c": 1_000_000}, "NUMBER_OUTSIDE_VALID_RANGE", "Nurture Score"),
    "a text for a boolean": ({"DoNotCall": "yes"}, "JSON_PARSER_ERROR", "boolean"),
    "an empty boolean": ({"DoNotCall": None}, "INVALID_TYPE_ON_FIELD_IN_RECORD", "Do Not Call"),
    "a moment without a zone": ({"EmailBouncedDate": "2026-11-23T09:00:00"}, "JSON_PARSER_ERROR", "datetime"),
    "what only Salesforce writes": ({"IsConverted": True}, "INVALID_FIELD_FOR_INSERT_UPDATE", "IsConverted"),
    "what is computed": ({"Name": "Ada"}, "INVALID_FIELD_FOR_INSERT_UPDATE", "security settings"),
    "an owner that is no id": ({"OwnerId": "ada"}, "MALFORMED_ID", "Owner ID"),
    "an owner that is nobody": ({"OwnerId": "0055e0000000099"}, "INVALID_CROSS_REFERENCE_KEY", "invalid cross"),
    "an owner that is no user": ({"OwnerId": "0015e0000000001"}, "FIELD_INTEGRITY_EXCEPTION", "incorrect type"),
}


@pytest.mark.parametrize(("values", "code", "words"), BAD_VALUES.values(), ids=BAD_VALUES)
def test_a_bad_value_is_refused_in_the_words_of_the_platform(
    sf: Salesforce, people: People, values: dict[str, Any], code: str, words: str
) -> None:
    lead_id = people.create_lead("ada@example.com")
    before = people.read(lead_id)

    with pytest.raises(SalesforceMalformedRequest) as refused:
        sf.Lead.update(lead_id, values)

    error = refused.value.content[0]
    assert error["errorCode"] == code
    assert words in error["message"]
    assert people.read(lead_id) == before


def test_a_lead_cannot_be_without_name_and_company(sf: Salesforce) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        sf.Lead.create({"FirstName": "Ada"})

    assert refused.value.content == [
        {
            "message": "Required fields are missing: [LastName, Company]",
            "errorCode": "REQUIRED_FIELD_MISSING",
            "fields": ["LastName", "Company"],
        }
    ]


def test_a_required_field_cannot_be_emptied(sf: Salesforce, people: People) -> None:
    lead_id = people.create_lead("ada@example.com")

    with pytest.raises(SalesforceMalformedRequest, match="LastName"):
        sf.Lead.update(lead_id, {"LastName": " "})


def test_an_upsert_makes_once_and_then_changes(sf: Salesforce, people: People) -> None:
    key = format_external_id("coltiva__Nurture_Id__c", "a/b c")
    body = {"LastName": "Lovelace", "Company": "Analytical"}

    made = sf.Lead.upsert(key, body, raw_response=True)
    changed = sf.Lead.upsert(key, {**body, "Rating": "Hot"}, raw_response=True)

    assert (made.status_code, made.json()["created"]) == (201, True)
    assert (changed.status_code, changed.json()["created"]) == (200, False)
    assert made.json()["id"] == changed.json()["id"]
    assert len(people.records("Lead")) == 1
    assert people.records("Lead")[0]["coltiva__Nurture_Id__c"] == "a/b c"


def test_an_upsert_with_the_key_in_its_body_is_refused(sf: Salesforce) -> None:
    key = format_external_id("coltiva__Nurture_Id__c", "n1")

    with pytest.raises(SalesforceMalformedRequest, match="should not be specified"):
        sf.Lead.upsert(key, {"LastName": "L", "Company": "C", "coltiva__Nurture_Id__c": "n1"})


def test_an_upsert_by_a_field_that_is_no_external_id_is_refused(sf: Salesforce) -> None:
    with pytest.raises(SalesforceResourceNotFound, match="external ID field"):
        sf.Lead.upsert("Email/ada@example.com", {"LastName": "L", "Company": "C"})


def test_a_unique_value_is_nobody_elses(sf: Salesforce, people: People) -> None:
    first = people.create_lead(coltiva__Nurture_Id__c="n1")

    with pytest.raises(SalesforceMalformedRequest) as refused:
        sf.Lead.create({"LastName": "L", "Company": "C", "coltiva__Nurture_Id__c": "N1"})

    assert refused.value.content[0]["errorCode"] == "DUPLICATE_VALUE"
    assert first in refused.value.content[0]["message"]


def test_two_records_with_one_external_id_are_both_named(world: World, sf: Salesforce, people: People) -> None:
    world.org.add_fields("Contact", _shared_id())
    ids = [people.create_contact(coltiva__Ref__c="r1"), people.create_contact(coltiva__Ref__c="r1")]

    reply = world.ask("GET", "sobjects/Contact/coltiva__Ref__c/r1")

    assert reply.status_code == 300
    assert reply.json() == [f"/services/data/v66.0/sobjects/Contact/{one}" for one in ids]


def _shared_id() -> Any:
    from connector.sandbox.salesforce.fields import Field

    return Field("coltiva__Ref__c", is_external_id=True)


def test_a_converted_lead_is_read_only(sf: Salesforce, people: People) -> None:
    lead_id = people.create_lead("ada@example.com")
    people.convert(lead_id)

    with pytest.raises(SalesforceMalformedRequest) as refused:
        sf.Lead.update(lead_id, {"Rating": "Hot"})

    assert refused.value.content[0]["errorCode"] == "CANNOT_UPDATE_CONVERTED_LEAD"


def test_an_unknown_object_leads_nowhere(world: World) -> None:
    reply = world.ask("GET", "sobjects/Unicorn/describe")

    assert (reply.status_code, reply.json()[0]["errorCode"]) == (404, "INVALID_TYPE")


def test_a_describe_says_what_the_user_may_write(world: World, sf: Salesforce) -> None:
    rights = world.org.permissions_of(world.org.integration_user)
    rights.take_field("Lead.Phone")
    rights.take_edit("Lead.coltiva__Score__c")

    told = {field["name"]: field for field in sf.Lead.describe()["fields"]}

    assert "Phone" not in told
    assert told["coltiva__Score__c"]["updateable"] is False
    assert told["coltiva__Nurture_Id__c"]["updateable"] is True
    assert told["coltiva__Nurture_Id__c"]["externalId"] is True
    assert told["Name"]["createable"] is False
    assert told["IsConverted"]["updateable"] is False
    assert (told["LastName"]["nillable"], told["LastName"]["permissionable"]) == (False, False)
    assert [option["value"] for option in told["Rating"]["picklistValues"]] == ["Hot", "Warm", "Cold"]


def test_an_unchanged_describe_is_not_told_again(world: World) -> None:
    told = world.ask("GET", "sobjects/Lead/describe")
    again = world.ask("GET", "sobjects/Lead/describe", headers={"If-Modified-Since": told.headers["Last-Modified"]})

    assert (told.status_code, again.status_code, again.content) == (200, 304, b"")


def test_every_object_is_listed(sf: Salesforce) -> None:
    described = sf.describe()

    assert described is not None
    assert {"Lead", "Contact", "Task", "CampaignMember"} <= {one["name"] for one in described["sobjects"]}
