from __future__ import annotations

from typing import Any

import hubspot
import pytest

from connector.sandbox.hubspot.portal import Portal
from tests.contract.sandbox.hubspot.conftest import World

NOON = "2026-11-23T12:00:00Z"


def to_contact(contact_id: str, type_id: int) -> list[dict[str, Any]]:
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}]
    return [{"to": {"id": contact_id}, "types": types}]


def test_a_task_stands_at_its_contact_and_owner(client: hubspot.HubSpot, portal: Portal) -> None:
    contact_id = portal.create_contact("ada@example.com")
    owner = portal.add_owner("rita@example.com", "Rita", "Rep")
    properties = {
        "hs_timestamp": NOON,
        "hs_task_subject": "Call Ada: score 82",
        "hs_task_status": "NOT_STARTED",
        "hs_task_priority": "HIGH",
        "hs_task_type": "CALL",
        "hs_task_reminders": "1795424400000",
        "hubspot_owner_id": owner.id,
    }

    client.crm.objects.tasks.basic_api.create({"properties": properties, "associations": to_contact(contact_id, 204)})

    (task,) = portal.tasks(contact_id)
    assert task.items() >= properties.items()


def test_a_rep_completes_a_task(world: World, portal: Portal) -> None:
    tasks = world.client().crm.objects.tasks.basic_api
    task = tasks.create({"properties": {"hs_timestamp": NOON}, "associations": []})

    portal.complete_task(task.id)

    properties = tasks.get_by_id(task.id, properties=["hs_task_status", "hs_task_completion_date"]).properties
    assert (properties["hs_task_status"], properties["hs_task_completion_date"]) == (
        "COMPLETED",
        "2026-11-23T09:00:00Z",
    )


def test_a_note_stands_at_its_contact(client: hubspot.HubSpot, portal: Portal) -> None:
    contact_id = portal.create_contact("ada@example.com")
    properties = {"hs_timestamp": NOON, "hs_note_body": "<b>Coltiva</b> moved Ada on"}

    client.crm.objects.notes.basic_api.create({"properties": properties, "associations": to_contact(contact_id, 202)})

    assert [note["hs_note_body"] for note in portal.notes(contact_id)] == ["<b>Coltiva</b> moved Ada on"]


@pytest.mark.parametrize(
    ("properties", "associations"),
    [
        ({"hs_task_subject": "no due date"}, []),
        ({"hs_timestamp": NOON, "hs_task_status": "DONE"}, []),
        ({"hs_timestamp": "tomorrow"}, []),
        ({"hs_timestamp": NOON}, to_contact("1", 202)),
        ({"hs_timestamp": NOON}, to_contact("99", 204)),
    ],
    ids=["no due date", "unknown status", "no time", "association of notes", "contact unknown"],
)
def test_a_task_that_makes_no_sense_is_refused(
    world: World, portal: Portal, properties: dict[str, str], associations: list[dict[str, Any]]
) -> None:
    with pytest.raises(hubspot.crm.objects.tasks.exceptions.ApiException) as error:
        world.client().crm.objects.tasks.basic_api.create({"properties": properties, "associations": associations})

    assert error.value.status in (400, 404)
    assert portal.tasks() == []


def test_moments_are_kept_in_iso_form_whichever_way_they_came(client: hubspot.HubSpot) -> None:
    tasks = client.crm.objects.tasks.basic_api

    kept = [
        tasks.create({"properties": {"hs_timestamp": moment}, "associations": []}).properties["hs_timestamp"]
        for moment in ("1795435200000", NOON, "2026-11-23T13:00:00+01:00", "2026-11-23T12:00:00.000Z")
    ]

    assert kept == [NOON] * 4


def test_records_are_associated_in_batches_by_default_and_by_type(client: hubspot.HubSpot, portal: Portal) -> None:
    contact_id = portal.create_contact("ada@example.com")
    task = client.crm.objects.tasks.basic_api.create({"properties": {"hs_timestamp": NOON}, "associations": []})
    company = client.crm.companies.basic_api.create({"properties": {"name": "Acme"}, "associations": []})
    batch = client.crm.associations.v4.batch_api
    primary = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]

    batch.create_default("tasks", "contacts", {"inputs": [{"from": {"id": task.id}, "to": {"id": contact_id}}]})
    batch.create(
        "contacts",
        "companies",
        {"inputs": [{"from": {"id": contact_id}, "to": {"id": company.id}, "types": primary}]},
    )
    tasks = batch.get_page("contacts", "tasks", {"inputs": [{"id": contact_id}]})
    companies = batch.get_page("contacts", "companies", {"inputs": [{"id": contact_id}, {"id": "99"}]})

    assert [one.to_object_id for one in tasks.results[0].to] == [task.id]
    assert {one.type_id for one in companies.results[0].to[0].association_types} == {1, 279}
    assert companies.num_errors == 1


def test_one_put_associates_two_records_and_one_delete_parts_them(client: hubspot.HubSpot, portal: Portal) -> None:
    contact_id = portal.create_contact("ada@example.com")
    task = client.crm.objects.tasks.basic_api.create({"properties": {"hs_timestamp": NOON}, "associations": []})
    links = client.crm.associations.v4.basic_api

    reply = links.create_default("tasks", task.id, "contacts", contact_id)
    tasks_before = len(portal.tasks(contact_id))
    links.archive("tasks", task.id, "contacts", contact_id)

    assert {one.association_spec.association_type_id for one in reply.results} == {204, 203}
    assert (tasks_before, len(portal.tasks(contact_id))) == (1, 0)


def test_an_association_with_a_missing_record_is_named_and_the_others_are_made(
    client: hubspot.HubSpot, portal: Portal
) -> None:
    contact_id = portal.create_contact("ada@example.com")
    task = client.crm.objects.tasks.basic_api.create({"properties": {"hs_timestamp": NOON}, "associations": []})
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 204}]
    inputs = [{"from": {"id": task.id}, "to": {"id": to}, "types": types} for to in (contact_id, "99")]

    reply = client.crm.associations.v4.batch_api.create("tasks", "contacts", {"inputs": inputs})

    assert [one.to_object_id for one in reply.results] == [contact_id]
    assert reply.num_errors == 1
    assert len(portal.tasks(contact_id)) == 1


def test_owners_are_found_by_address_and_their_two_ids_differ(client: hubspot.HubSpot, portal: Portal) -> None:
    owner = portal.add_owner("rita@example.com", "Rita", "Rep")

    (found,) = client.crm.owners.owners_api.get_page(email="rita@example.com").results

    assert (found.id, found.user_id) == (owner.id, owner.user_id)
    assert found.id != str(found.user_id)
    assert client.crm.owners.owners_api.get_by_id(owner.id).first_name == "Rita"
