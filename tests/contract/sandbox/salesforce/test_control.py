"""The org as a driver in another process meets it: what people do there, its time and its faults."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.contract.sandbox.salesforce.conftest import World


def asked(world: World, path: str, body: dict[str, Any] | None, method: str = "POST") -> tuple[int, Any]:
    answer = requests.request(method, f"{world.login_url}/_sandbox{path}", json=body, timeout=60)
    return answer.status_code, answer.json()


def acted(world: World, action: str, **arguments: Any) -> Any:
    status, answer = asked(world, f"/orgs/{world.org.id}/actions", {"action": action, "arguments": arguments})
    assert status == 200, answer
    return answer["result"]


def test_people_can_be_told_to_work_on_a_lead_until_a_deal_is_won(world: World) -> None:
    people = world.org.people
    rita = acted(world, "add_user", login="rita", first_name="Rita", last_name="Riva")
    lead = acted(world, "create_lead", email="ada@example.com", FirstName="Ada")
    acted(world, "set_fields", record_id=lead, values={"OwnerId": rita, "Status": "Working - Contacted"})
    call = acted(world, "log_call", person_id=lead, subject="First call", result="interested")
    became = acted(world, "convert_lead", lead_id=lead, opportunity="Engine")
    acted(world, "set_fields", record_id=became["opportunity_id"], values={"StageName": "Closed Won"})

    assert people.read(became["contact_id"])["OwnerId"] == rita
    assert people.read(became["opportunity_id"])["IsWon"] is True
    assert people.read(call)["Status"] == "Completed"
    assert people.read(call)["WhoId"] == became["contact_id"]


def test_somebody_responds_to_a_campaign_that_a_program_made(world: World) -> None:
    lead = acted(world, "create_lead", email="ada@example.com")
    world.org.people.create("Campaign", Name="Webinar", IsActive=True)

    member = acted(world, "add_to_campaign", campaign="Webinar", person_id=lead)
    assert world.org.people.read(member)["Status"] == "Sent"
    again = acted(world, "add_to_campaign", campaign="Webinar", person_id=lead, status="Responded")

    assert again == member
    assert world.org.people.read(member)["HasResponded"] is True


def test_records_are_merged_deleted_and_restored(world: World) -> None:
    people = world.org.people
    kept, lost = (acted(world, "create_contact", email=f"{name}@example.com") for name in ("ada", "adele"))
    acted(world, "merge_records", winner_id=kept, loser_id=lost)
    acted(world, "delete_record", record_id=kept)
    deal = acted(world, "create_opportunity", contact_ids=[], values={"Amount": 250})

    assert people.read(lost)["MasterRecordId"] == kept
    assert people.read(kept)["IsDeleted"] is True
    acted(world, "restore_record", record_id=kept)
    assert people.read(kept)["IsDeleted"] is False
    assert people.read(deal)["Amount"] == 250


def test_a_task_is_ticked_off(world: World) -> None:
    task = world.org.people.create("Task", Subject="Call Ada")

    acted(world, "complete_task", task_id=task)

    assert world.org.people.read(task)["Status"] == "Completed"


def test_a_campaign_begins_with_the_statuses_that_salesforce_gives_it(world: World) -> None:
    campaign = acted(world, "create_campaign", name="Fair")

    statuses = world.org.people.records("CampaignMemberStatus", CampaignId=campaign)
    assert [(one["Label"], one["HasResponded"]) for one in statuses] == [("Sent", False), ("Responded", True)]


@pytest.mark.parametrize(
    ("action", "arguments", "words"),
    [
        ("convert", {}, "There is no action convert. Choose one of add_to_campaign,"),
        ("convert_lead", {}, "lead_id is missing. It takes lead_id, contact_id (may be left out)"),
        ("complete_task", {"task": "00T"}, "it has no argument task"),
        ("add_to_campaign", {"campaign": "None", "person_id": "00Q"}, "There is no campaign None."),
        ("delete_record", {"record_id": "00Q5e0000000009EAA"}, "The requested resource does not exist"),
        ("create_lead", {"Planet": "Mars"}, "No such column 'Planet'"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(world: World, action: str, arguments: dict[str, Any], words: str) -> None:
    status, answer = asked(world, f"/orgs/{world.org.id}/actions", {"action": action, "arguments": arguments})

    assert status in (400, 404)
    assert words in answer["message"]


def test_an_org_that_is_not_there_names_those_that_are(world: World) -> None:
    status, answer = asked(world, "/orgs/00D/actions", {"action": "create_lead"})

    assert (status, answer["message"]) == (404, f"There is no org 00D. Choose one of {world.org.id}.")


def test_a_form_of_a_browser_can_do_nothing(world: World) -> None:
    url = f"{world.login_url}/_sandbox/orgs/{world.org.id}/actions"

    assert requests.post(url, data={"action": "create_lead"}, timeout=60).status_code == 415


def test_its_time_moves_and_its_faults_begin_and_end(world: World) -> None:
    _, moved = asked(world, "/clock", {"advance_seconds": 86_400, "rate": 0})
    asked(world, "/faults", {"kind": "status", "status": 503})
    _, state = asked(world, "/state", None, "GET")
    asked(world, "/faults", None, "DELETE")

    assert moved == {"now": "2026-11-24T09:00:00Z", "rate": 0}
    assert [one["status"] for one in state["faults"]] == [503]
    assert state["orgs"][0]["instance_url"] == world.org.instance_url
    assert asked(world, "/faults", None, "GET")[1] == {"faults": []}
