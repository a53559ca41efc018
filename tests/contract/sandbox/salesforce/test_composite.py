"""Several calls in one, actions, and trouble on request."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests

from connector.sandbox.faults import ApiFault, Fault
from connector.sandbox.salesforce.people import People
from connector.sandbox.salesforce.permissions import Right
from tests.contract.sandbox.salesforce.conftest import World

Json = dict[str, Any]
ROOT = "/services/data/v66.0"


def sub(name: str, method: str, url: str, body: Json | None = None, **more: Any) -> Json:
    made = {"referenceId": name, "method": method, "url": f"{ROOT}/{url}", **more}
    return made if body is None else {**made, "body": body}


def composite(world: World, *requests_: Json, **more: Any) -> Any:
    return world.ask("POST", "composite", json={"compositeRequest": list(requests_), **more})


def test_a_later_call_uses_what_an_earlier_one_answered(world: World, people: People) -> None:
    reply = composite(
        world,
        sub("lead", "POST", "sobjects/Lead", {"LastName": "L", "Company": "C"}),
        sub("task", "POST", "sobjects/Task", {"Subject": "Call", "WhoId": "@{lead.id}"}),
        sub("found", "GET", "query?q=SELECT+Id+FROM+Task+WHERE+WhoId='@{lead.id}'"),
    )

    told = reply.json()["compositeResponse"]
    assert reply.status_code == 200
    assert [one["httpStatusCode"] for one in told] == [201, 201, 200]
    assert told[2]["body"]["records"][0]["Id"] == told[1]["body"]["id"]
    assert people.read(told[1]["body"]["id"])["WhoId"] == told[0]["body"]["id"]


def test_a_call_that_refers_to_a_failed_one_is_halted_and_others_go_on(world: World) -> None:
    told = composite(
        world,
        sub("bad", "POST", "sobjects/Lead", {"LastName": "L"}),
        sub("task", "POST", "sobjects/Task", {"WhoId": "@{bad.id}"}),
        sub("good", "POST", "sobjects/Task", {"Subject": "Call"}),
    ).json()["compositeResponse"]

    assert [one["httpStatusCode"] for one in told] == [400, 400, 201]
    assert told[0]["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert told[1]["body"][0]["errorCode"] == "PROCESSING_HALTED"


def test_all_or_none_takes_back_what_went_well(world: World, people: People) -> None:
    told = composite(
        world,
        sub("good", "POST", "sobjects/Lead", {"LastName": "L", "Company": "C"}),
        sub("bad", "POST", "sobjects/Lead", {"LastName": "L"}),
        sub("late", "GET", "limits"),
        allOrNone=True,
    ).json()["compositeResponse"]

    codes = [one["body"][0]["errorCode"] for one in told]
    assert codes == ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING", "PROCESSING_HALTED"]
    assert people.records("Lead") == []


def test_one_bad_record_of_a_collection_takes_back_the_whole_composite(world: World, people: People) -> None:
    records = [{"attributes": {"type": "Lead"}, "LastName": "L", "Company": "C"}, {"attributes": {"type": "Lead"}}]

    told = composite(
        world,
        sub("task", "POST", "sobjects/Task", {"Subject": "Call"}),
        sub("leads", "POST", "composite/sobjects", {"allOrNone": False, "records": records}),
        allOrNone=True,
    ).json()["compositeResponse"]

    assert told[0]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    codes = [one["errors"][0]["statusCode"] for one in told[1]["body"]]
    assert codes == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"]
    assert people.records("Task") + people.records("Lead") == []


def test_a_subrequest_carries_headers_of_its_own(world: World, people: People) -> None:
    world.org.database.rules.assign_lead = lambda _row: people.add_queue("Inbound")
    lead_id = people.create_lead()
    quiet = {"Sforce-Auto-Assign": "FALSE"}

    composite(world, sub("one", "PATCH", f"sobjects/Lead/{lead_id}", {"Rating": "Hot"}, httpHeaders=quiet))

    assert people.read(lead_id)["OwnerId"] == world.org.admin


@pytest.mark.parametrize(
    "requests_",
    [
        [sub(f"r{number}", "GET", "limits") for number in range(26)],
        [sub(f"r{number}", "GET", "query?q=SELECT+Id+FROM+Lead") for number in range(6)],
        [sub("same", "GET", "limits"), sub("same", "GET", "limits")],
        [sub("no dash-es", "GET", "limits")],
    ],
    ids=["too many", "too many queries", "a name twice", "a bad name"],
)
def test_a_composite_that_breaks_the_rules_is_refused_whole(world: World, requests_: list[Json]) -> None:
    assert composite(world, *requests_).status_code == 400


def test_a_composite_counts_as_one_request(world: World) -> None:
    reply = composite(world, *(sub(f"r{number}", "GET", "limits") for number in range(10)))

    assert reply.headers["Sforce-Limit-Info"] == "api-usage=1/15000"


def test_a_batch_goes_on_after_an_error(world: World) -> None:
    asked = [{"method": "GET", "url": "v66.0/unicorns"}, {"method": "GET", "url": "v66.0/limits"}]

    told = world.ask("POST", "composite/batch", json={"batchRequests": asked}).json()

    assert told["hasErrors"] is True
    assert [one["statusCode"] for one in told["results"]] == [404, 200]


def act(world: World, name: str, *inputs: Json, version: str = "66.0") -> requests.Response:
    return world.ask("POST", f"/services/data/v{version}/actions/standard/{name}", json={"inputs": list(inputs)})


def test_a_notification_reaches_whom_it_names(world: World, people: People) -> None:
    kind, lead_id = people.add_notification_type("Hot_Lead", namespace="coltiva"), people.create_lead()
    given = {"customNotifTypeId": kind, "recipientIds": [world.org.admin], "title": "Hot", "body": "Ana reached 80"}

    told = act(world, "customNotificationAction", {**given, "targetId": lead_id}, given)

    assert told.status_code == 200
    assert [one["isSuccess"] for one in told.json()] == [True, False]
    assert told.json()[0] == {
        "actionName": "customNotificationAction", "errors": None, "isSuccess": True, "outputValues": {},
    }  # fmt: skip
    assert [one["title"] for one in world.org.sent.notifications] == ["Hot"]


def test_a_user_without_the_permission_notifies_nobody(world: World, people: People) -> None:
    world.org.permissions_of(world.org.integration_user).may_send_notifications = False
    kind = people.add_notification_type("Hot_Lead")
    given = {"customNotifTypeId": kind, "recipientIds": [world.org.admin], "title": "Hot", "body": "b", "targetId": "x"}

    told = act(world, "customNotificationAction", given)

    assert (told.status_code, told.json()[0]["errors"][0]["statusCode"]) == (400, "INSUFFICIENT_ACCESS_OR_READONLY")


def test_notifications_above_an_hours_are_lost_without_a_word(
    world: World, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connector.sandbox.salesforce.actions_api.HOURLY_NOTIFICATIONS", 2)
    kind, lead_id = people.add_notification_type("Hot_Lead"), people.create_lead()
    given = {
        "customNotifTypeId": kind,
        "recipientIds": [world.org.admin],
        "title": "t",
        "body": "b",
        "targetId": lead_id,
    }

    told = act(world, "customNotificationAction", given, given, given).json()
    world.platform.advance(timedelta(hours=2))
    act(world, "customNotificationAction", given)

    assert all(one["isSuccess"] for one in told)
    assert len(world.org.sent.notifications) == 3


def test_a_post_and_an_email_are_sent(world: World, people: People) -> None:
    lead_id = people.create_lead()
    mail = {"emailSubject": "Hello", "emailBody": "Hi"}

    posted = act(world, "chatterPost", {"subjectNameOrId": lead_id, "text": "Score 80"})
    newer = act(world, "emailSimple", {**mail, "recipientAddresses": "ana@example.com"})
    older_name = act(world, "emailSimple", {**mail, "emailAddresses": "ana@example.com"})
    older = act(world, "emailSimple", {**mail, "emailAddresses": "ana@example.com"}, version="64.0")

    assert [one.status_code for one in (posted, newer, older_name, older)] == [200, 200, 400, 200]
    assert (len(world.org.sent.posts), len(world.org.sent.emails)) == (1, 2)


FAULTS = {
    "the platform is down": (ApiFault.STATUS, 503, "SERVER_UNAVAILABLE", 0),
    "too many long calls": (ApiFault.STATUS, 403, "REQUEST_LIMIT_EXCEEDED", 0),
    "an error after the work": (ApiFault.STATUS_AFTER, 500, "UNKNOWN_EXCEPTION", 4),
    "half of the work": (ApiFault.HALF_DONE, 500, "UNKNOWN_EXCEPTION", 2),
}


@pytest.mark.parametrize(("kind", "status", "code", "made"), FAULTS.values(), ids=FAULTS)
def test_trouble_on_request_does_as_much_as_it_says(
    world: World, people: People, kind: ApiFault, status: int, code: str, made: int
) -> None:
    world.platform.faults.add(Fault(kind, times=1, status=status, path="*/composite/sobjects"))
    lead = {"attributes": {"type": "Lead"}, "LastName": "L", "Company": "C"}

    reply = world.ask("POST", "composite/sobjects", json={"records": [lead] * 4})

    assert (reply.status_code, reply.json()[0]["errorCode"]) == (status, code)
    assert len(people.records("Lead")) == made


@pytest.mark.parametrize(("kind", "made"), [(ApiFault.DROPPED_BEFORE, 0), (ApiFault.DROPPED_AFTER, 1)])
def test_a_dropped_connection_may_have_done_its_work(world: World, people: People, kind: ApiFault, made: int) -> None:
    world.platform.faults.add(Fault(kind, times=1))

    with pytest.raises(requests.ConnectionError):
        world.ask("POST", "sobjects/Lead", json={"LastName": "L", "Company": "C"})

    assert len(people.records("Lead")) == made


def test_a_gateway_error_is_no_json(world: World) -> None:
    world.platform.faults.add(Fault(ApiFault.STATUS, times=1, status=502))

    reply = world.ask("GET", "limits")

    assert (reply.status_code, reply.headers["Content-Type"]) == (502, "text/html")


def test_calls_and_writes_are_counted(world: World, people: People) -> None:
    lead = {"attributes": {"type": "Lead"}, "LastName": "L", "Company": "C"}
    world.ask("POST", "composite/sobjects", json={"records": [lead] * 4})
    world.ask("GET", "unicorns")

    assert world.platform.calls.total(world.org.id) == 1
    assert world.platform.calls.written(world.org.id, "collections.create") == 4


def test_an_object_that_the_user_may_not_read_is_not_described(world: World) -> None:
    world.org.permissions_of(world.org.integration_user).take_right("Campaign", Right.READ)

    told = world.ask("GET", "sobjects/Campaign/describe")

    assert (told.status_code, told.json()[0]["errorCode"]) == (404, "INVALID_TYPE")


def test_what_is_no_json_is_refused(world: World) -> None:
    headers = {"Content-Type": "application/json"}

    broken = world.ask("POST", "sobjects/Lead", data="{", headers=headers)
    form = world.ask("POST", "sobjects/Lead", data={"LastName": "L"})

    assert broken.json()[0]["errorCode"] == "JSON_PARSER_ERROR"
    assert form.status_code == 415
