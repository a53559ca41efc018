"""The sandbox as another process or a person meets it: control API, pages, command."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import urllib3

from connector.sandbox.hubspot.sandbox import Sandbox
from connector.sandbox.hubspot.server import running
from connector.sandbox.hubspot.vocabulary import CONTACT
from tests.contract.sandbox.hubspot import specifications
from tests.contract.sandbox.hubspot.conftest import START, World

ROOT = Path(__file__).parents[4]


def asked(world: World, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    with urllib3.PoolManager() as http:
        answer = http.request(method, f"{world.url}/_sandbox{path}", json=body)
        return answer.status, msgspec.json.decode(answer.data)


def act(world: World, action: str, **arguments: Any) -> Any:
    path = f"/portals/{world.portal.id}/actions"
    status, body = asked(world, "POST", path, {"action": action, "arguments": arguments})
    assert status == 200, body
    return body["result"]


def page(world: World, path: str) -> tuple[int, str]:
    with urllib3.PoolManager() as http:
        answer = http.request("GET", world.url + path)
        return answer.status, answer.data.decode()


@pytest.mark.skipif(not specifications.are_at_hand(), reason=specifications.MISSING)
def test_every_exchange_of_these_tests_is_held_against_the_descriptions() -> None:
    batch = specifications.Exchange(
        "POST", "/crm/objects/2026-09/contacts/batch/update", b'{"inputs":[{"guess":1}]}', 200, b'{"results":[]}'
    )

    found = specifications.problems(batch)

    assert any("'guess' was unexpected" in problem for problem in found)
    assert any("'status' is a required property" in problem for problem in found)


def test_the_example_of_the_readme_runs() -> None:
    text = (ROOT / "connector" / "sandbox" / "hubspot" / "README.md").read_text("utf-8")
    example = text.partition("```python\n")[2].partition("```")[0]

    names: dict[str, Any] = {}
    exec(compile(example, "README.md", "exec"), names)

    assert names["portal"].contact(names["ada"])["num_conversion_events"] == "1"


def test_people_act_from_outside(world: World) -> None:
    contact_id = act(world, "create_contact", email="ada@example.com", firstname="Ada")
    other_id = act(world, "create_contact", email="zoe@example.com")
    owner_id = act(world, "add_owner", email="rita@example.com", first_name="Rita", last_name="Rep")
    act(world, "set_properties", contact_id=contact_id, values={"jobtitle": "CEO", "hubspot_owner_id": owner_id})
    act(world, "submit_form", email="ada@example.com", form="Report 2026", values={"city": "Rome"})
    act(world, "create_list", name="Hot")
    act(world, "book_meeting", contact_id=contact_id, title="Demo", starts_at="2026-11-24T10:00:00+00:00")
    act(world, "opt_out", contact_id=contact_id)
    sent = act(world, "send_email", contact_id=contact_id, email_name="Welcome")
    act(world, "delete_contact", contact_id=other_id)

    _, contact = asked(world, "GET", f"/portals/{world.portal.id}/contacts/{contact_id}")
    _, lists = asked(world, "GET", f"/portals/{world.portal.id}/lists")
    assert contact["properties"].items() >= {"jobtitle": "CEO", "city": "Rome", "hs_email_optout": "true"}.items()
    assert contact["properties"]["recent_conversion_event_name"] == "Report 2026"
    assert lists == {"lists": {"Hot": []}}
    assert sent is False
    assert world.portal.contact_ids() == [contact_id]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/actions", {"action": "fly"}),
        ("/actions", {"action": "create_contact", "arguments": {"no_such_property": "1"}}),
        ("/actions", {"action": "merge_contacts", "arguments": {}}),
        ("/limits", {"max_call": 1}),
        ("/connect", {}),
    ],
)
def test_a_command_that_makes_no_sense_is_refused(world: World, path: str, body: dict[str, Any]) -> None:
    status, answer = asked(world, "POST", f"/portals/{world.portal.id}{path}", body)

    assert (status, answer["category"]) == (400, "VALIDATION_ERROR")


WRONG = {
    "an action that is not there": (
        {"action": "fly"},
        "There is no action fly. Choose one of add_owner, associate_deal, book_meeting,",
    ),
    "what is missing": (
        {"action": "merge_contacts", "arguments": {"primary_id": "1"}},
        "merge_contacts: secondary_id is missing. It takes primary_id, secondary_id.",
    ),
    "what it does not take": (
        {"action": "opt_out", "arguments": {"contact_id": "1", "why": "x"}},
        "opt_out: it has no argument why. It takes contact_id.",
    ),
    "what is no text": (
        {"action": "submit_form", "arguments": {"email": "a@example.com", "form": "F", "values": {"city": 7}}},
        "submit_form: values: Expected `str`, got `int`. It takes email, form, page_url (may be left out), values",
    ),
    "what is no moment": (
        {"action": "book_meeting", "arguments": {"contact_id": "1", "title": "T", "starts_at": "noon"}},
        "book_meeting: starts_at: Invalid RFC3339 encoded datetime. It takes contact_id, title, starts_at.",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_an_action_that_cannot_be_done_is_refused_with_what_it_takes(world: World, wrong: str) -> None:
    body, words = WRONG[wrong]

    status, answer = asked(world, "POST", f"/portals/{world.portal.id}/actions", body)

    assert status == 400
    assert answer["message"].startswith(words)


def test_an_action_on_somebody_who_is_not_there_says_who(world: World) -> None:
    body = {"action": "opt_out", "arguments": {"contact_id": "99"}}

    status, answer = asked(world, "POST", f"/portals/{world.portal.id}/actions", body)

    assert (status, answer["message"]) == (404, "opt_out: the portal has nothing with contact_id 99.")


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/portals/1/actions", {"action": "opt_out"}, "There is no portal 1. Choose one of 62515001."),
        ("/apps/1", {}, "There is no app 1. Choose one of 50780459."),
        ("/faults", {"kind": "flood"}, "There is no fault flood. Choose one of status, dropped_before,"),
    ],
)
def test_what_is_not_there_is_answered_with_what_is(world: World, path: str, body: dict[str, Any], words: str) -> None:
    assert asked(world, "POST", path, body)[1]["message"].startswith(words)


def test_properties_are_heard_of_beside_those_heard_of_before(world: World) -> None:
    path = f"/apps/{world.app.app_id}"
    asked(world, "POST", path, {"subscribe": "generic", "properties": ["message"]})
    asked(world, "POST", path, {"properties": ["fax"]})

    assert world.app.is_generic
    assert {"message", "fax", "email"} <= set(world.app.watched(CONTACT))


def test_an_app_can_be_made_to_hear_of_nothing(world: World) -> None:
    world.app.subscribe_broadly()

    asked(world, "POST", f"/apps/{world.app.app_id}", {"subscribe": "none"})

    assert world.app.subscriptions == []


def test_commands_are_taken_as_json_only(world: World) -> None:
    with urllib3.PoolManager() as http:
        answer = http.request("POST", f"{world.url}/_sandbox/faults", body=b'{"kind":"status"}')

    assert answer.status == 415
    assert world.sandbox.faults.faults == []


def test_time_is_moved_and_paced_from_outside(world: World) -> None:
    done = []
    world.portal.plan(timedelta(hours=2), lambda: done.append(world.sandbox.clock.now()))

    _, answer = asked(world, "POST", "/clock", {"advance_seconds": 86_400})

    assert answer["now"] == "2026-11-24T09:00:00Z"
    assert done == [START + timedelta(hours=2)]
    assert asked(world, "POST", "/clock", {"set": "2026-12-01T00:00:00Z"})[1]["now"] == "2026-12-01T00:00:00Z"
    assert asked(world, "POST", "/clock", {"rate": 60})[1]["rate"] == 60


def test_faults_limits_and_habits_are_set_from_outside(world: World) -> None:
    fault = {"kind": "status", "status": 429, "probability": 0.5, "path": "*/search", "delay_seconds": 1.5}

    asked(world, "POST", "/faults", fault)
    asked(world, "POST", f"/portals/{world.portal.id}/limits", {"max_calls": None})
    asked(world, "POST", f"/portals/{world.portal.id}/habits", {"partial_failure_status": 200, "search_lag_seconds": 9})
    _, state = asked(world, "GET", "/state")
    asked(world, "DELETE", "/faults")

    assert state["faults"][0].items() >= fault.items()
    assert world.portal.limits.max_calls is None
    assert world.portal.limits.max_searches_per_second == 5
    assert world.portal.crm.habits.partial_failure_status == 200
    assert world.portal.crm.habits.search_lag == timedelta(seconds=9)
    assert world.sandbox.faults.faults == []


def test_portals_are_opened_connected_and_watched_from_outside(world: World) -> None:
    _, portal = asked(world, "POST", "/portals", {"name": "Other Ltd"})
    _, connected = asked(world, "POST", f"/portals/{portal['portal_id']}/connect", {"app_id": world.app.app_id})
    command = {"target_url": "http://127.0.0.1:9/", "subscribe": "generic", "properties": ["message"]}
    _, app = asked(world, "POST", f"/apps/{world.app.app_id}", command)

    world.client(connected["token"]).crm.contacts.basic_api.get_page()
    _, calls = asked(world, "GET", f"/portals/{portal['portal_id']}/calls")

    assert app["subscriptions"] == len(world.app.subscriptions) > 30
    assert calls == {"total": 1, "operations": {"objects.list": {"statuses": {"200": 1}, "records_written": 0}}}


def test_the_pages_show_what_is_in_the_portal_and_escape_it(world: World) -> None:
    contact_id = world.portal.create_contact("ada@example.com", firstname="<b>Ada</b>")
    world.portal.create_list("Hot leads")
    world.client().crm.contacts.basic_api.update(contact_id, {"properties": {"lifecyclestage": "lead"}})

    shown = [
        page(world, path)
        for path in ("/", f"/portal/{world.portal.id}", f"/portal/{world.portal.id}/contact/{contact_id}")
    ]

    assert [status for status, _ in shown] == [200, 200, 200]
    assert "Example Ltd" in shown[0][1]
    assert all(text in shown[1][1] for text in ("ada@example.com", "Hot leads", "objects.update"))
    assert "INTEGRATION" in shown[2][1]
    assert not any("<b>Ada</b>" in text for _, text in shown)


def test_a_page_that_does_not_exist_is_not_found(world: World) -> None:
    assert page(world, "/portal/1")[0] == 404
    assert page(world, f"/portal/{world.portal.id}/contact/1")[0] == 404


def test_polled_feeds_hold_submissions_and_email_events(world: World) -> None:
    contact_id = world.portal.marketing.submit_form("ada@example.com", "Report 2026", "https://www.example.com/r")
    world.portal.marketing.send_email(contact_id, "Welcome")
    world.sandbox.clock.advance(timedelta(hours=1))
    world.portal.marketing.click_email(contact_id, "Welcome", "https://www.example.com/offer")
    client = world.client()

    forms = client.marketing.forms.forms_api.get_page().to_dict()["results"]
    path = f"/form-integrations/v1/submissions/forms/{forms[0]['id']}"
    (submission,) = client.api_request({"path": path}).json()["results"]
    events = client.api_request({"path": "/email/public/v1/events", "qs": {"eventType": "CLICK"}}).json()["events"]

    assert [form["name"] for form in forms] == ["Report 2026"]
    assert submission["pageUrl"] == "https://www.example.com/r"
    assert submission["values"][0] == {"name": "email", "value": "ada@example.com", "objectTypeId": "0-1"}
    assert [(event["recipient"], event["url"]) for event in events] == [
        ("ada@example.com", "https://www.example.com/offer")
    ]


def test_the_command_says_where_it_serves_and_ends_when_told() -> None:
    command = [sys.executable, "-m", "connector.sandbox", "--portals", "2", "--contacts", "3", "--rate", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        started = json.loads(process.stdout.readline())
        headers = {"Authorization": f"Bearer {started['portals'][1]['token']}"}
        with urllib3.PoolManager() as http:
            answer = http.request("GET", f"{started['url']}/crm/v3/objects/contacts", headers=headers)
        process.send_signal(signal.SIGTERM)
        ended = process.wait(timeout=60)

    assert len(msgspec.json.decode(answer.data)["results"]) == 3
    assert ended == 0


def connected(url: str) -> http.client.HTTPConnection:
    """A connection that shows when the other side ends it."""
    return http.client.HTTPConnection(url.removeprefix("http://"))


def test_a_connection_stays_open_for_the_next_call(world: World) -> None:
    with closing(connected(world.url)) as calls:
        calls.connect()
        opened = calls.sock

        for path in ("/_sandbox/portals", "/nowhere", "/crm/lists/2026-09/search"):
            calls.request("POST", path, body=b'{"never": "looked at"}')
            calls.getresponse().read()

        assert calls.sock is opened


def test_an_open_connection_ends_with_the_sandbox() -> None:
    with running(Sandbox()) as url:
        calls = connected(url)
        calls.request("GET", "/_sandbox/portals")
        calls.getresponse().read()

    with closing(calls):
        assert calls.sock.recv(1) == b""
