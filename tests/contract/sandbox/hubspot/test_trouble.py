"""Rate limits and injected faults, as a client meets them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import urllib3
from hubspot.crm.contacts.exceptions import ApiException as ContactsError

from connector.sandbox.faults import ApiFault, Fault
from connector.sandbox.hubspot.gate import DROPPED
from connector.sandbox.hubspot.portal import Portal
from tests.contract.sandbox.hubspot.conftest import World
from tests.contract.sandbox.hubspot.test_records import refusal


def page(world: World) -> Any:
    return world.client().crm.contacts.basic_api.get_page()


def update(world: World, contact_ids: list[str], firstname: str = "Ada") -> Any:
    inputs = [{"id": one, "properties": {"firstname": firstname}} for one in contact_ids]
    return world.client().crm.contacts.batch_api.update({"inputs": inputs})


def test_an_app_may_call_110_times_in_ten_seconds(world: World) -> None:
    basic = world.client().crm.contacts.basic_api
    _, _, first = basic.get_page_with_http_info()
    world.stopwatch.let_pass(4)
    for _ in range(109):
        _, _, last = basic.get_page_with_http_info()

    with pytest.raises(ContactsError) as error:
        basic.get_page()
    world.stopwatch.let_pass(6)
    basic.get_page()
    with pytest.raises(ContactsError):
        basic.get_page()

    assert (first["X-HubSpot-RateLimit-Max"], first["X-HubSpot-RateLimit-Remaining"]) == ("110", "109")
    assert last["X-HubSpot-RateLimit-Remaining"] == "0"
    assert first["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    body = refusal(error)
    assert (error.value.status, error.value.headers["Retry-After"]) == (429, "6")
    assert (body["errorType"], body["policyName"]) == ("RATE_LIMIT", "TEN_SECONDLY_ROLLING")


def test_all_apps_together_may_search_five_times_a_second(world: World) -> None:
    search = world.client().crm.contacts.search_api
    for _ in range(5):
        _, _, headers = search.do_search_with_http_info({})

    with pytest.raises(ContactsError) as error:
        search.do_search({})
    world.stopwatch.let_pass(1)

    assert (error.value.status, refusal(error)["policyName"]) == (429, "SECONDLY")
    assert not [name for name in headers if "RateLimit" in name]
    assert search.do_search({}).total == 0


def test_limits_are_a_portals_own_and_can_be_lifted(world: World) -> None:
    world.portal.limits.max_calls = 1
    other = world.sandbox.create_portal("Other Ltd")
    client = world.client(world.sandbox.connect(world.app, other))
    page(world)

    client.crm.contacts.basic_api.get_page()
    with pytest.raises(ContactsError):
        page(world)
    world.portal.limits.max_calls = None

    assert page(world).results == []


@pytest.mark.parametrize("status", [423, 429, 477, 500, 502])
def test_a_call_may_be_answered_with_an_error(world: World, status: int) -> None:
    contact_id = world.portal.create_contact("ada@example.com")
    world.sandbox.faults.add(Fault(ApiFault.STATUS, status=status, retry_after=7, times=1, path="*/batch/update"))

    page(world)
    with pytest.raises(ContactsError) as error:
        update(world, [contact_id])
    unchanged = "firstname" not in world.portal.contact(contact_id)
    update(world, [contact_id])

    assert (error.value.status, error.value.headers["Retry-After"]) == (status, "7")
    assert unchanged
    assert world.portal.contact(contact_id)["firstname"] == "Ada"


def test_a_connection_may_drop_before_the_call_is_done(world: World, portal: Portal) -> None:
    contact_id = portal.create_contact("ada@example.com")
    world.sandbox.faults.add(Fault(ApiFault.DROPPED_BEFORE, times=1))

    with pytest.raises(urllib3.exceptions.HTTPError):
        update(world, [contact_id])

    assert "firstname" not in portal.contact(contact_id)
    assert world.sandbox.calls.total(portal.id, "objects.batch_update", DROPPED) == 1


def test_a_connection_may_drop_after_the_call_is_done(world: World, portal: Portal) -> None:
    contact_id = portal.create_contact("ada@example.com")
    world.sandbox.faults.add(Fault(ApiFault.DROPPED_AFTER, times=1))

    with pytest.raises(urllib3.exceptions.HTTPError):
        update(world, [contact_id])

    assert portal.contact(contact_id)["firstname"] == "Ada"


def test_a_call_may_be_done_and_answered_with_an_error_all_the_same(world: World, portal: Portal) -> None:
    contact_id = portal.create_contact("ada@example.com")
    world.sandbox.faults.add(Fault(ApiFault.STATUS_AFTER, status=502, times=1))

    with pytest.raises(ContactsError) as error:
        update(world, [contact_id])

    assert error.value.status == 502
    assert portal.contact(contact_id)["firstname"] == "Ada"


def test_a_batch_may_be_done_by_half(world: World, portal: Portal) -> None:
    ids = [portal.create_contact(f"person{n}@example.com") for n in range(4)]
    world.sandbox.faults.add(Fault(ApiFault.HALF_DONE, status=500, times=1))

    with pytest.raises(ContactsError) as error:
        update(world, ids)

    assert error.value.status == 500
    assert [portal.contact(one).get("firstname") for one in ids] == ["Ada", "Ada", None, None]


def test_an_answer_may_come_too_late(world: World, portal: Portal) -> None:
    contact_id = portal.create_contact("ada@example.com")
    world.sandbox.faults.add(Fault(ApiFault.SLOW, delay=timedelta(seconds=30), times=1))
    batch = world.client().crm.contacts.batch_api
    inputs = {"inputs": [{"id": contact_id, "properties": {"firstname": "Ada"}}]}

    with pytest.raises(urllib3.exceptions.ReadTimeoutError):
        batch.update(inputs, _request_timeout=(1, 0.05))

    assert "firstname" not in portal.contact(contact_id)


def test_faults_strike_by_chance_but_repeatably(world: World) -> None:
    world.portal.limits.max_calls = None
    fault = world.sandbox.faults.add(Fault(ApiFault.STATUS, status=500, probability=0.3))
    basic = world.client().crm.contacts.basic_api
    struck = []
    for number in range(40):
        try:
            basic.get_page()
        except ContactsError:
            struck.append(number)
    world.sandbox.faults.clear()

    assert 5 <= fault.struck == len(struck) <= 20
    assert basic.get_page().results == []


def test_calls_and_written_records_are_counted(world: World, portal: Portal) -> None:
    ids = [portal.create_contact(f"person{n}@example.com") for n in range(3)]
    update(world, ids)
    with pytest.raises(ContactsError):
        update(world, [ids[0], ids[0]])
    page(world)

    assert world.sandbox.calls.table(portal.id) == [
        ("objects.batch_update", {200: 1, 400: 1}, 3),
        ("objects.list", {200: 1}, 0),
    ]
    world.sandbox.calls.reset()
    assert world.sandbox.calls.total() == 0
