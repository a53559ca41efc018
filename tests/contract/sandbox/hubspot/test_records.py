from __future__ import annotations

from datetime import timedelta
from typing import Any

import hubspot
import msgspec
import pytest

from connector.sandbox.hubspot.portal import Portal
from tests.contract.sandbox.hubspot.conftest import World


def refusal(error: Any) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.json.decode(error.value.body)
    return body


def test_a_contact_is_created_read_changed_and_deleted(client: hubspot.HubSpot, portal: Portal) -> None:
    contacts = client.crm.contacts.basic_api

    made = contacts.create({"properties": {"email": "Ada@Example.com", "firstname": "Ada"}, "associations": []})
    contacts.update(made.id, {"properties": {"firstname": "Zoë"}})
    read = contacts.get_by_id(made.id, properties=["firstname", "jobtitle", "no_such_property"])
    contacts.archive(made.id)

    assert int(made.id) > 2**32
    assert made.properties["email"] == "ada@example.com"
    assert read.properties["firstname"] == "Zoë"
    assert read.properties["jobtitle"] is None
    assert "no_such_property" not in read.properties
    assert portal.contact_ids() == []
    assert contacts.get_by_id(made.id, archived=True).archived is True


def test_a_deleted_contact_is_not_found_until_it_is_restored(client: hubspot.HubSpot, portal: Portal) -> None:
    contact_id = portal.create_contact("ada@example.com")
    portal.delete_contact(contact_id)

    with pytest.raises(hubspot.crm.contacts.exceptions.NotFoundException) as error:
        client.crm.contacts.basic_api.get_by_id(contact_id)
    portal.restore_contact(contact_id)

    assert refusal(error)["category"] == "OBJECT_NOT_FOUND"
    assert client.crm.contacts.basic_api.get_by_id(contact_id).properties["email"] == "ada@example.com"


def test_a_contact_is_found_by_its_address(client: hubspot.HubSpot, portal: Portal) -> None:
    contact_id = portal.create_contact("ada@example.com")

    by_address = client.crm.contacts.basic_api.get_by_id("ADA@example.com", id_property="email")
    batch = client.crm.contacts.batch_api.read(
        {"inputs": [{"id": "ada@example.com"}], "idProperty": "email", "properties": [], "propertiesWithHistory": []}
    )

    assert by_address.id == contact_id
    assert [one.id for one in batch.results] == [contact_id]


def test_the_list_of_contacts_is_paged(client: hubspot.HubSpot, portal: Portal) -> None:
    ids = [portal.create_contact(f"person{n}@example.com") for n in range(3)]

    first = client.crm.contacts.basic_api.get_page(limit=2)
    second = client.crm.contacts.basic_api.get_page(limit=2, after=first.paging.next.after)

    assert [one.id for one in (*first.results, *second.results)] == ids
    assert second.paging is None


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        ({"no_such_property": "1"}, "PROPERTY_DOESNT_EXIST"),
        ({"hs_email_optout": "true"}, "READ_ONLY_VALUE"),
        ({"recent_conversion_event_name": "x"}, "READ_ONLY_VALUE"),
        ({"lifecyclestage": "warm"}, "INVALID_OPTION"),
        ({"hubspot_owner_id": "7"}, "INVALID_OWNER_ID"),
        ({"hs_pinned_engagement_id": "first"}, "INVALID_DOUBLE"),
        ({"email": "nobody"}, "INVALID_EMAIL"),
        ({"firstname": "x" * 65_537}, "PROPERTY_VALUE_TOO_LONG"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_its_reason(
    world: World, portal: Portal, properties: dict[str, str], problem: str
) -> None:
    contact_id = portal.create_contact("ada@example.com", firstname="Ada")
    before = portal.contact(contact_id)

    with pytest.raises(hubspot.crm.contacts.exceptions.ApiException) as error:
        world.client().crm.contacts.basic_api.update(contact_id, {"properties": {"jobtitle": "CEO", **properties}})

    body = refusal(error)
    details = msgspec.json.decode(body["message"].partition(": ")[2])
    assert (error.value.status, body["category"]) == (400, "VALIDATION_ERROR")
    assert [(one["error"], one["name"]) for one in details] == [(problem, next(iter(properties)))]
    assert portal.contact(contact_id) == before


@pytest.mark.parametrize(
    "body",
    [
        {"inputs": [{"id": "1", "properties": {"firstname": 1}}]},
        {"inputs": [{"id": 1, "properties": {}}]},
        {"inputs": [{"id": "1", "properties": {}, "surprise": True}]},
        {"inputs": {}},
        {},
    ],
)
def test_a_body_of_another_form_is_refused(world: World, body: dict[str, Any]) -> None:
    with pytest.raises(hubspot.crm.contacts.exceptions.ApiException) as error:
        world.client().crm.contacts.batch_api.update(body)

    assert error.value.status == 400
    assert refusal(error)["message"].startswith("Invalid input JSON")


def test_a_batch_update_names_the_missing_records_and_changes_the_others(
    client: hubspot.HubSpot, portal: Portal
) -> None:
    contact_id = portal.create_contact("ada@example.com")

    reply = client.crm.contacts.batch_api.update(
        {
            "inputs": [
                {"id": contact_id, "properties": {"firstname": "Ada"}},
                {"id": "99", "properties": {"firstname": "Nobody"}},
            ]
        }
    )

    assert [one.id for one in reply.results] == [contact_id]
    assert reply.num_errors == 1
    assert (reply.errors[0].category, reply.errors[0].context) == ("OBJECT_NOT_FOUND", {"ids": ["99"]})
    assert portal.contact(contact_id)["firstname"] == "Ada"


def test_a_portal_may_tell_of_a_partial_failure_under_the_usual_status(world: World, portal: Portal) -> None:
    portal.crm.habits.partial_failure_status = 200

    reply = world.client(dated=True).crm.contacts.batch_api.update({"inputs": [{"id": "99", "properties": {}}]})

    assert world.exchanges[-1].status == 200
    assert reply.num_errors == 1


def test_one_invalid_value_stops_a_whole_batch(client: hubspot.HubSpot, portal: Portal) -> None:
    ids = [portal.create_contact(f"person{n}@example.com") for n in range(2)]
    inputs = [{"id": ids[0], "properties": {"firstname": "Ada"}}, {"id": ids[1], "properties": {"nope": "1"}}]

    with pytest.raises(hubspot.crm.contacts.exceptions.ApiException) as error:
        client.crm.contacts.batch_api.update({"inputs": inputs})

    assert error.value.status == 400
    assert "firstname" not in portal.contact(ids[0])


def test_a_batch_holds_at_most_a_hundred_and_each_record_once(client: hubspot.HubSpot, portal: Portal) -> None:
    contact_id = portal.create_contact("ada@example.com")
    batch = client.crm.contacts.batch_api

    with pytest.raises(hubspot.crm.contacts.exceptions.ApiException) as too_long:
        batch.read({"inputs": [{"id": str(n)} for n in range(101)], "properties": [], "propertiesWithHistory": []})
    with pytest.raises(hubspot.crm.contacts.exceptions.ApiException) as twice:
        batch.update({"inputs": [{"id": contact_id, "properties": {}}] * 2})

    assert too_long.value.status == twice.value.status == 400
    assert "Duplicate IDs" in refusal(twice)["message"]


def test_an_address_in_use_is_a_conflict_that_names_its_holder(client: hubspot.HubSpot, portal: Portal) -> None:
    holder = portal.create_contact("ada@example.com")

    with pytest.raises(hubspot.crm.contacts.exceptions.ApiException) as error:
        client.crm.contacts.basic_api.create({"properties": {"email": "ada@example.com"}, "associations": []})

    assert error.value.status == 409
    assert refusal(error)["message"] == f"Contact already exists. Existing ID: {holder}"
    assert portal.contact_ids() == [holder]


def test_contacts_are_created_and_archived_in_batches(client: hubspot.HubSpot, portal: Portal) -> None:
    batch = client.crm.contacts.batch_api
    inputs = [{"properties": {"email": f"person{n}@example.com"}, "associations": []} for n in range(3)]

    made = batch.create({"inputs": inputs})
    batch.archive({"inputs": [{"id": made.results[0].id}, {"id": "99"}]})

    assert len(made.results) == 3
    assert portal.contact_ids() == [one.id for one in made.results[1:]]


def test_a_lifecycle_stage_only_moves_forward_unless_it_is_cleared(client: hubspot.HubSpot, portal: Portal) -> None:
    contact_id = portal.create_contact("ada@example.com", lifecyclestage="customer")
    contacts = client.crm.contacts.basic_api

    contacts.update(contact_id, {"properties": {"lifecyclestage": "lead"}})
    unmoved = portal.contact(contact_id)["lifecyclestage"]
    contacts.update(contact_id, {"properties": {"lifecyclestage": ""}})
    contacts.update(contact_id, {"properties": {"lifecyclestage": "lead"}})

    assert unmoved == "customer"
    assert portal.contact(contact_id)["lifecyclestage"] == "lead"


def test_the_history_of_a_property_names_its_sources(client: hubspot.HubSpot, portal: Portal) -> None:
    contact_id = portal.create_contact("ada@example.com", firstname="Ada")
    client.crm.contacts.basic_api.update(contact_id, {"properties": {"firstname": "Zoë"}})

    read = client.crm.contacts.basic_api.get_by_id(contact_id, properties_with_history=["firstname"])

    versions = [(one.value, one.source_type) for one in read.properties_with_history["firstname"]]
    assert versions == [("Zoë", "INTEGRATION"), ("Ada", "CRM_UI")]


def test_a_merge_makes_a_new_record_to_which_both_old_ids_lead(client: hubspot.HubSpot, portal: Portal) -> None:
    first = portal.create_contact("ada@example.com", firstname="Ada", lifecyclestage="lead")
    second = portal.create_contact("a.l@example.com", firstname="A.", jobtitle="CEO", lifecyclestage="customer")
    portal.create_list("Newsletter")
    members = client.crm.lists.memberships_api
    list_id = client.crm.lists.lists_api.get_by_name("Newsletter", "0-1").list.list_id
    members.add(list_id, request_body=[second])

    survivor = client.crm.contacts.basic_api.merge({"primaryObjectId": first, "objectIdToMerge": second})

    assert survivor.id not in (first, second)
    for old in (first, second):
        assert client.crm.contacts.basic_api.get_by_id(old).id == survivor.id
    merged = portal.contact(survivor.id)
    assert (merged["email"], merged["hs_additional_emails"]) == ("ada@example.com", "a.l@example.com")
    assert (merged["firstname"], merged["jobtitle"], merged["lifecyclestage"]) == ("Ada", "CEO", "customer")
    assert merged["hs_merged_object_ids"] == f"{first};{second}"
    assert portal.members("Newsletter") == set()


def test_a_merge_may_keep_the_primary_record(world: World, portal: Portal) -> None:
    portal.crm.habits.merge_gives_new_id = False
    first, second = portal.create_contact("ada@example.com"), portal.create_contact("a.l@example.com")

    survivor = world.client().crm.contacts.basic_api.merge({"primaryObjectId": first, "objectIdToMerge": second})

    assert survivor.id == first
    assert portal.contact(second)["hs_object_id"] == first


def test_an_erased_person_is_gone_and_cannot_come_back(client: hubspot.HubSpot, portal: Portal) -> None:
    contact_id = portal.create_contact("ada@example.com")

    client.crm.contacts.basic_api.purge({"objectId": "ada@example.com", "idProperty": "email"})
    with pytest.raises(hubspot.crm.contacts.exceptions.ApiException) as error:
        client.crm.contacts.basic_api.create({"properties": {"email": "ada@example.com"}, "associations": []})

    assert error.value.status == 400
    with pytest.raises(hubspot.crm.contacts.exceptions.NotFoundException):
        client.crm.contacts.basic_api.get_by_id(contact_id, archived=True)


def test_search_finds_by_value_set_text_and_time(client: hubspot.HubSpot, world: World, portal: Portal) -> None:
    ada = portal.create_contact("ada@example.com", firstname="Ada", lifecyclestage="lead")
    world.sandbox.clock.advance(timedelta(hours=1))
    zoe = portal.create_contact("zoe@example.org", firstname="Zoë", lifecyclestage="customer")
    after = str(int(world.sandbox.clock.now().timestamp() * 1000))

    def found(*filters: dict[str, Any]) -> set[str]:
        world.stopwatch.let_pass(1)
        reply = client.crm.contacts.search_api.do_search({"filterGroups": [{"filters": list(filters)}]})
        return {one.id for one in reply.results}

    assert found({"propertyName": "lastmodifieddate", "operator": "GTE", "value": after}) == {zoe}
    assert found({"propertyName": "lifecyclestage", "operator": "IN", "values": ["lead", "other"]}) == {ada}
    assert found({"propertyName": "jobtitle", "operator": "NOT_HAS_PROPERTY"}) == {ada, zoe}
    assert found({"propertyName": "email", "operator": "CONTAINS_TOKEN", "value": "*.org"}) == {zoe}
    assert found({"propertyName": "firstname", "operator": "EQ", "value": "ADA"}) == {ada}
    assert found({"propertyName": "firstname", "operator": "NEQ", "value": "Ada"}) == {zoe}


def test_search_pages_sorts_and_keeps_its_bounds(client: hubspot.HubSpot, world: World, portal: Portal) -> None:
    names = ["Bea", "Ada", "Cid"]
    for name in names:
        portal.create_contact(f"{name}@example.com", firstname=name)
    search = client.crm.contacts.search_api.do_search

    first = search({"sorts": ["-firstname"], "limit": 2, "properties": ["firstname"]})
    rest = search({"sorts": ["-firstname"], "limit": 2, "properties": ["firstname"], "after": first.paging.next.after})
    refused = []
    for body in ({"limit": 201}, {"after": "9999"}, {"filterGroups": [{"filters": []}] * 6}):
        world.stopwatch.let_pass(1)
        with pytest.raises(hubspot.crm.contacts.exceptions.ApiException) as error:
            search(body)
        refused.append(error.value.status)

    assert [one.properties["firstname"] for one in (*first.results, *rest.results)] == ["Cid", "Bea", "Ada"]
    assert first.total == 3
    assert refused == [400, 400, 400]


@pytest.mark.parametrize("after", ["x", "-1"])
def test_a_page_begins_at_a_number(world: World, after: str) -> None:
    with pytest.raises(hubspot.crm.contacts.exceptions.ApiException) as error:
        world.client().crm.contacts.basic_api.get_page(after=after)

    assert error.value.status == 400


def test_search_may_lag_behind_the_records(world: World, portal: Portal) -> None:
    portal.crm.habits.search_lag = timedelta(seconds=30)
    portal.create_contact("ada@example.com")
    search = world.client().crm.contacts.search_api.do_search

    at_once = search({}).total
    world.sandbox.clock.advance(timedelta(seconds=30))

    assert (at_once, search({}).total) == (0, 1)
