"""Many records in a call, each with its own result."""

from __future__ import annotations

from typing import Any

from connector.sandbox.salesforce.people import People
from connector.sandbox.salesforce.permissions import Right
from connector.sandbox.salesforce.rules import DuplicateRule, Trigger, ValidationRule
from tests.contract.sandbox.salesforce.conftest import World

Json = dict[str, Any]


def lead(**values: Any) -> Json:
    return {"attributes": {"type": "Lead"}, "LastName": "L", "Company": "C", **values}


def changed(record_id: str, **values: Any) -> Json:
    return {"attributes": {"type": "Lead"}, "id": record_id, **values}


def send(world: World, method: str, records: list[Json], path: str = "composite/sobjects", **more: Any) -> Any:
    options = more.pop("headers", {})
    reply = world.ask(method, path, json={"records": records, **more}, headers=options)
    return reply.json()


def code_of(result: Json) -> str:
    code: str = result["errors"][0]["statusCode"]
    return code


def test_a_bad_record_fails_alone_and_the_others_are_saved(world: World, people: People) -> None:
    results = send(world, "POST", [lead(), lead(Email="nobody"), lead(Shoe=1), lead(Rating="Hot")])

    assert [one["success"] for one in results] == [True, False, False, True]
    assert [code_of(one) for one in results[1:3]] == ["INVALID_EMAIL_ADDRESS", "INVALID_FIELD"]
    assert "id" not in results[1]
    assert {row["Id"] for row in people.records("Lead")} == {results[0]["id"], results[3]["id"]}


def test_all_or_none_saves_none_when_one_fails(world: World, people: People) -> None:
    kept = people.create_lead("kept@example.com")
    told = len(world.org.database.happenings)

    results = send(
        world, "PATCH", [changed(kept, Rating="Hot"), changed(kept[:15] + "x", Rating="Hot")], allOrNone=True
    )

    assert code_of(results[0]) == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert "Rating" not in people.read(kept)
    assert len(world.org.database.happenings) == told


def test_all_or_none_takes_back_creations_too(world: World, people: People) -> None:
    results = send(world, "POST", [lead(coltiva__Nurture_Id__c="n1"), lead(LastName=None)], allOrNone=True)

    assert [one["success"] for one in results] == [False, False]
    assert people.records("Lead") == []
    assert send(world, "POST", [lead(coltiva__Nurture_Id__c="n1")])[0]["success"] is True


def test_a_value_of_a_wrong_type_refuses_the_whole_call(world: World, people: People) -> None:
    records = [lead(coltiva__Nurture_Id__c="n1"), lead(coltiva__Nurture_Id__c="n2", DoNotCall="yes")]

    replies = [
        world.ask("POST", "composite/sobjects", json={"records": records}),
        world.ask("PATCH", "composite/sobjects/Lead/coltiva__Nurture_Id__c", json={"records": records}),
    ]

    assert [(one.status_code, one.json()[0]["errorCode"]) for one in replies] == [(400, "JSON_PARSER_ERROR")] * 2
    assert people.records("Lead") == []


def test_an_unknown_field_refuses_the_whole_call_where_the_org_is_of_that_kind(world: World, people: People) -> None:
    world.org.unknown_field_fails_call = True

    reply = world.ask("POST", "composite/sobjects", json={"records": [lead(), lead(Shoe=1)]})

    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, "INVALID_FIELD")
    assert people.records("Lead") == []


def test_a_call_takes_200_records_and_no_more(world: World) -> None:
    fits = send(world, "POST", [lead() for _ in range(200)])
    too_many = send(world, "POST", [lead() for _ in range(201)])

    assert all(one["success"] for one in fits)
    assert too_many[0]["errorCode"] == "EXCEEDED_ID_LIMIT"


def test_mixed_types_make_chunks_of_which_there_may_be_ten(world: World) -> None:
    contact = {"attributes": {"type": "Contact"}, "LastName": "C"}

    fits = send(world, "POST", [lead(), contact] * 5)
    too_many = send(world, "POST", [lead(), contact] * 6)

    assert [one["id"][:3] for one in fits[:2]] == ["00Q", "003"]
    assert too_many[0]["errorCode"] == "LIMIT_EXCEEDED"


def test_records_are_changed_and_deleted_by_id(world: World, people: People) -> None:
    first, second = people.create_lead(), people.create_lead()

    results = send(world, "PATCH", [changed(first, Rating="Hot"), changed(second[:15], Rating="Cold")])
    gone = world.ask("DELETE", f"composite/sobjects?ids={first},{second},003000000000001&allOrNone=false").json()

    assert [one["id"] for one in results] == [first, second]
    assert [one["success"] for one in gone] == [True, True, False]
    assert people.read(second)["Rating"] == "Cold"
    assert people.records("Lead") == []


def test_a_deleted_and_a_converted_lead_are_refused_by_name(world: World, people: People) -> None:
    deleted, converted = people.create_lead(), people.create_lead()
    people.delete(deleted)
    people.convert(converted)

    results = send(world, "PATCH", [changed(deleted, Rating="Hot"), changed(converted, Rating="Hot")])

    assert [code_of(one) for one in results] == ["ENTITY_IS_DELETED", "CANNOT_UPDATE_CONVERTED_LEAD"]


def test_an_upsert_says_what_it_made(world: World, people: People) -> None:
    known = people.create_lead(coltiva__Nurture_Id__c="n1")
    path = "composite/sobjects/Lead/coltiva__Nurture_Id__c"

    results = send(
        world, "PATCH", [lead(coltiva__Nurture_Id__c="n1", Rating="Hot"), lead(coltiva__Nurture_Id__c="n2")], path
    )

    assert [one["created"] for one in results] == [False, True]
    assert results[0]["id"] == known
    assert people.read(known)["Rating"] == "Hot"


def test_one_key_twice_in_an_upsert_fails_both(world: World, people: People) -> None:
    twice = [lead(coltiva__Nurture_Id__c="n1"), lead(coltiva__Nurture_Id__c="n1"), lead(coltiva__Nurture_Id__c="n2")]

    results = send(world, "PATCH", twice, "composite/sobjects/Lead/coltiva__Nurture_Id__c")

    assert [one["success"] for one in results] == [False, False, True]
    assert len(people.records("Lead")) == 1


def test_records_are_read_by_id_and_missing_ones_are_null(world: World, people: People) -> None:
    lead_id, deleted = people.create_lead("ada@example.com"), people.create_lead()
    people.delete(deleted)
    body = {"ids": [lead_id, deleted, "00Q5e0000099999"], "fields": ["Email", "Rating"]}

    read = world.ask("POST", "composite/sobjects/Lead", json=body).json()

    url = f"/services/data/v66.0/sobjects/Lead/{lead_id}"
    attributes = {"type": "Lead", "url": url}
    assert read[0] == {"attributes": attributes, "Email": "ada@example.com", "Rating": None, "Id": lead_id}
    assert read[1:] == [None, None]


def test_two_thousand_records_are_read_in_a_call_and_no_more(world: World, people: People) -> None:
    lead_id = people.create_lead()

    fits = world.ask("POST", "composite/sobjects/Lead", json={"ids": [lead_id] * 2_000, "fields": ["Id"]})
    too_many = world.ask("POST", "composite/sobjects/Lead", json={"ids": [lead_id] * 2_001, "fields": ["Id"]})

    assert (len(fits.json()), too_many.status_code) == (2_000, 400)


def test_a_locked_parent_refuses_for_a_while(world: World, people: People) -> None:
    campaign, lead_id = people.create_campaign("Webinar"), people.create_lead()
    world.org.database.rules.locked[campaign] = 1
    member = {"attributes": {"type": "CampaignMember"}, "CampaignId": campaign, "LeadId": lead_id}

    first, second = send(world, "POST", [member])[0], send(world, "POST", [member])[0]

    assert code_of(first) == "UNABLE_TO_LOCK_ROW"
    assert campaign in first["errors"][0]["message"]
    assert second["success"] is True


def test_a_second_membership_is_refused_and_changes_nothing(world: World, people: People) -> None:
    campaign, lead_id = people.create_campaign("Webinar"), people.create_lead()
    member = {"attributes": {"type": "CampaignMember"}, "CampaignId": campaign, "LeadId": lead_id}

    made = send(world, "POST", [member])[0]
    again = send(world, "POST", [{**member, "Status": "Responded"}])[0]

    assert code_of(again) == "DUPLICATE_VALUE"
    assert people.read(made["id"])["Status"] == "Sent"


def test_a_members_status_is_one_of_the_campaigns_and_says_whether_it_responded(world: World, people: People) -> None:
    campaign, lead_id = (
        people.create_campaign("Webinar", statuses={"Invited": False, "Came": True}),
        people.create_lead(),
    )
    member = {"attributes": {"type": "CampaignMember"}, "CampaignId": campaign, "LeadId": lead_id}

    made = send(world, "POST", [member])[0]["id"]
    results = send(world, "PATCH", [{"attributes": {"type": "CampaignMember"}, "id": made, "Status": "Sent"}])
    came = send(world, "PATCH", [{"attributes": {"type": "CampaignMember"}, "id": made, "Status": "Came"}])

    assert code_of(results[0]) == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    assert came[0]["success"] is True
    assert people.read(made)["HasResponded"] is True
    assert people.read(made)["FirstRespondedDate"] == "2026-11-23"


def test_a_duplicate_rule_names_the_record_it_found(world: World, people: People) -> None:
    known = people.create_lead("ada@example.com")
    world.org.database.rules.duplicates.append(DuplicateRule("Lead"))

    refused = send(world, "POST", [lead(Email="ADA@example.com")])[0]["errors"][0]
    allow = {"Sforce-Duplicate-Rule-Header": "allowSave=true; includeRecordDetails=false"}
    allowed = send(world, "POST", [lead(Email="ada@example.com")], headers=allow)[0]

    assert refused["statusCode"] == "DUPLICATES_DETECTED"
    matched = refused["duplicateResut"]["matchResults"][0]["matchRecords"][0]["record"]["Id"]
    assert matched == known
    assert allowed["success"] is True


def test_validation_rules_and_triggers_refuse_in_the_customers_words(world: World, people: People) -> None:
    rules = world.org.database.rules
    rules.validations.append(
        ValidationRule("Lead", lambda row: row.get("Rating") == "Hot" and not row.get("Phone"), "Call first", "Phone")
    )
    rules.triggers.append(Trigger("Lead", lambda row: "Index 3 out of bounds" if row.get("City") == "Bug" else None))

    results = send(world, "POST", [lead(Rating="Hot"), lead(City="Bug"), lead(City="Bari")])

    assert results[0]["errors"] == [
        {"statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "Call first", "fields": ["Phone"]}
    ]
    assert code_of(results[1]) == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    assert results[2]["success"] is True


def test_an_assignment_rule_takes_the_lead_from_its_owner_unless_told_not_to(world: World, people: People) -> None:
    queue = people.add_queue("Inbound")
    world.org.database.rules.assign_lead = lambda _row: queue
    lead_id = people.create_lead()

    send(world, "PATCH", [changed(lead_id, Rating="Hot")], headers={"Sforce-Auto-Assign": "FALSE"})
    kept = people.read(lead_id)["OwnerId"]
    send(world, "PATCH", [changed(lead_id, Rating="Warm")])

    assert kept == world.org.admin
    assert people.read(lead_id)["OwnerId"] == queue


def test_a_user_without_the_right_is_refused(world: World, people: People) -> None:
    lead_id, campaign = people.create_lead(), people.create_campaign("Webinar")
    rights = world.org.permissions_of(world.org.integration_user)
    rights.take_edit("Lead.Rating")
    rights.take_right("Contact", Right.CREATE)
    rights.take_right("Campaign", Right.READ)

    results = send(
        world,
        "PATCH",
        [changed(lead_id, Rating="Hot"), {"attributes": {"type": "Campaign"}, "id": campaign, "Name": "x"}],
    )
    contact = send(world, "POST", [{"attributes": {"type": "Contact"}, "LastName": "C"}])[0]

    assert [code_of(one) for one in results] == ["INVALID_FIELD_FOR_INSERT_UPDATE", "INVALID_TYPE"]
    assert code_of(contact) == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"


def test_a_task_of_a_lead_hangs_on_nothing_else(world: World, people: People) -> None:
    lead_id, campaign = people.create_lead(), people.create_campaign("Webinar")
    task = {"attributes": {"type": "Task"}, "Subject": "Call", "WhoId": lead_id}

    results = send(world, "POST", [task, {**task, "WhatId": campaign}])
    people.close_task(results[0]["id"])

    assert results[1]["success"] is False
    assert people.read(results[0]["id"])["IsClosed"] is True
    assert people.read(results[0]["id"])["CompletedDateTime"] == "2026-11-23T09:00:00.000+0000"


def test_nobody_who_left_is_given_a_record(world: World, people: People) -> None:
    gone = people.add_user("gone", "Gone", "Person")
    people.deactivate_user(gone)

    result = send(world, "POST", [lead(OwnerId=gone)])[0]

    assert code_of(result) == "INACTIVE_OWNER_OR_USER"
