from __future__ import annotations

from typing import Any

import hubspot
import pytest

from connector.sandbox.hubspot.portal import Portal
from tests.contract.sandbox.hubspot.conftest import World
from tests.contract.sandbox.hubspot.test_records import refusal

SCORE: dict[str, Any] = {
    "name": "coltiva_score",
    "label": "Coltiva score",
    "groupName": "coltiva",
    "type": "number",
    "fieldType": "number",
}
KEY: dict[str, Any] = {
    "name": "coltiva_key",
    "label": "Coltiva key",
    "groupName": "task",
    "type": "string",
    "fieldType": "text",
    "hasUniqueValue": True,
}


def test_a_portal_has_the_default_contact_properties(client: hubspot.HubSpot) -> None:
    found = {one.name: one for one in client.crm.properties.core_api.get_all("contacts").results}

    assert found["email"].has_unique_value is True
    assert found["hs_email_optout"].modification_metadata.read_only_value is True
    assert found["recent_conversion_date"].calculated is True
    assert [option.value for option in found["lifecyclestage"].options][:2] == ["subscriber", "lead"]


def test_an_app_adds_a_group_and_properties(client: hubspot.HubSpot, portal: Portal) -> None:
    properties = client.crm.properties
    properties.groups_api.create("contacts", {"name": "coltiva", "label": "Coltiva"})
    properties.core_api.create("contacts", SCORE)
    contact_id = portal.create_contact("ada@example.com")

    client.crm.contacts.basic_api.update(contact_id, {"properties": {"coltiva_score": "82.5"}})

    assert portal.contact(contact_id)["coltiva_score"] == "82.5"
    assert properties.groups_api.get_by_name("contacts", "coltiva").label == "Coltiva"
    assert properties.core_api.get_by_name("contacts", "coltiva_score").hubspot_defined is False


def test_a_second_property_of_a_name_is_a_conflict(client: hubspot.HubSpot) -> None:
    properties = client.crm.properties
    properties.groups_api.create("contacts", {"name": "coltiva", "label": "Coltiva"})
    properties.core_api.create("contacts", SCORE)

    with pytest.raises(hubspot.crm.properties.exceptions.ApiException) as property_again:
        properties.core_api.create("contacts", SCORE)
    with pytest.raises(hubspot.crm.properties.exceptions.ApiException) as group_again:
        properties.groups_api.create("contacts", {"name": "coltiva", "label": "Coltiva"})

    assert property_again.value.status == group_again.value.status == 409
    assert refusal(property_again)["category"] == "OBJECT_ALREADY_EXISTS"
    assert refusal(property_again)["subCategory"] == "Properties.PROPERTY_WITH_NAME_EXISTS"


@pytest.mark.parametrize("change", [{"type": "money"}, {"groupName": "nowhere"}, {"name": "Coltiva Score"}])
def test_a_definition_that_makes_no_sense_is_refused(world: World, change: dict[str, str]) -> None:
    world.client().crm.properties.groups_api.create("contacts", {"name": "coltiva", "label": "Coltiva"})

    with pytest.raises(hubspot.crm.properties.exceptions.ApiException) as error:
        world.client().crm.properties.core_api.create("contacts", {**SCORE, **change})

    assert error.value.status == 400


def test_several_properties_are_created_at_once_and_the_existing_are_named(client: hubspot.HubSpot) -> None:
    properties = client.crm.properties
    properties.groups_api.create("contacts", {"name": "coltiva", "label": "Coltiva"})
    grade = {**SCORE, "name": "coltiva_grade", "type": "string", "fieldType": "text"}
    properties.core_api.create("contacts", SCORE)

    reply = properties.batch_api.create("contacts", {"inputs": [SCORE, grade]})

    assert [one.name for one in reply.results] == ["coltiva_grade"]
    assert [one.category for one in reply.errors] == ["OBJECT_ALREADY_EXISTS"]


def test_new_options_replace_the_old_ones(client: hubspot.HubSpot, portal: Portal) -> None:
    options = [{"label": "Hot", "value": "hot", "displayOrder": 0, "hidden": False}]
    client.crm.properties.core_api.update("contacts", "hs_lead_status", {"options": options})

    contact_id = portal.create_contact("ada@example.com", hs_lead_status="hot")
    with pytest.raises(hubspot.crm.contacts.exceptions.ApiException):
        client.crm.contacts.basic_api.update(contact_id, {"properties": {"hs_lead_status": "NEW"}})

    assert portal.contact(contact_id)["hs_lead_status"] == "hot"


def test_an_archived_property_is_restored_by_creating_it_again(client: hubspot.HubSpot) -> None:
    core = client.crm.properties.core_api
    client.crm.properties.groups_api.create("contacts", {"name": "coltiva", "label": "Coltiva"})
    core.create("contacts", SCORE)

    core.archive("contacts", "coltiva_score")
    with pytest.raises(hubspot.crm.properties.exceptions.NotFoundException):
        core.get_by_name("contacts", "coltiva_score")
    core.create("contacts", SCORE)

    assert core.get_by_name("contacts", "coltiva_score").archived is False


def test_a_unique_property_makes_tasks_idempotent(client: hubspot.HubSpot, portal: Portal) -> None:
    client.crm.properties.core_api.create("tasks", KEY)
    tasks = client.crm.objects.tasks
    one = {
        "idProperty": "coltiva_key",
        "id": "acme:hot:51:3",
        "properties": {"hs_timestamp": "2026-11-23T09:00:00Z", "hs_task_subject": "Call Ada"},
    }

    first = tasks.batch_api.upsert({"inputs": [one]})
    second = tasks.batch_api.upsert({"inputs": [one]})
    read = tasks.basic_api.get_by_id("acme:hot:51:3", id_property="coltiva_key")

    assert [reply.results[0].new for reply in (first, second)] == [True, False]
    assert first.results[0].id == second.results[0].id == read.id
    assert len(portal.tasks()) == 1


@pytest.mark.parametrize("status", [409, 400])
def test_a_unique_value_in_use_is_refused_as_the_portal_has_it(world: World, portal: Portal, status: int) -> None:
    portal.crm.habits.unique_conflict_status = status
    client = world.client()
    client.crm.properties.core_api.create("tasks", KEY)
    task = {"properties": {"hs_timestamp": "2026-11-23T09:00:00Z", "coltiva_key": "k"}, "associations": []}
    client.crm.objects.tasks.basic_api.create(task)

    with pytest.raises(hubspot.crm.objects.tasks.exceptions.ApiException) as error:
        client.crm.objects.tasks.basic_api.create(task)

    assert error.value.status == status
    assert refusal(error)["errors"][0]["code"] == "CONFLICTING_UNIQUE_VALUE"
    assert len(portal.tasks()) == 1


def test_an_upsert_needs_a_unique_property(world: World) -> None:
    inputs = [{"idProperty": "firstname", "id": "Ada", "properties": {}}]

    with pytest.raises(hubspot.crm.contacts.exceptions.ApiException) as error:
        world.client().crm.contacts.batch_api.upsert({"inputs": inputs})

    assert error.value.status == 400


def test_an_object_has_at_most_ten_unique_properties(world: World) -> None:
    core = world.client().crm.properties.core_api
    for number in range(10):
        core.create("tasks", {**KEY, "name": f"key{number}"})

    with pytest.raises(hubspot.crm.properties.exceptions.ApiException) as error:
        core.create("tasks", KEY)

    assert error.value.status == 400
