from __future__ import annotations

from datetime import timedelta

import hubspot
import pytest

from connector.sandbox.hubspot.portal import Portal
from tests.contract.sandbox.hubspot.conftest import World
from tests.contract.sandbox.hubspot.test_records import refusal

HOT = {"name": "Coltiva – hot leads", "objectTypeId": "0-1", "processingType": "MANUAL"}


def test_a_list_is_created_once_and_found_by_name(client: hubspot.HubSpot) -> None:
    lists = client.crm.lists.lists_api

    made = lists.create(HOT).list
    found = lists.get_by_name("Coltiva – hot leads", "0-1").list
    with pytest.raises(hubspot.crm.lists.exceptions.ApiException) as again:
        lists.create(HOT)

    assert (found.list_id, found.processing_type, found.size) == (made.list_id, "MANUAL", 0)
    assert (again.value.status, refusal(again)["subCategory"]) == (400, "ILS.DUPLICATE_LIST_NAMES")


def test_a_list_name_may_hold_a_slash(client: hubspot.HubSpot) -> None:
    made = client.crm.lists.lists_api.create({**HOT, "name": "North / South"}).list

    found = client.crm.lists.lists_api.get_by_name("North / South", "0-1").list

    assert found.list_id == made.list_id


def test_a_list_that_does_not_exist_is_not_found(client: hubspot.HubSpot) -> None:
    with pytest.raises(hubspot.crm.lists.exceptions.NotFoundException):
        client.crm.lists.lists_api.get_by_name("Nobody", "0-1")
    with pytest.raises(hubspot.crm.lists.exceptions.NotFoundException):
        client.crm.lists.memberships_api.add("77", request_body=["1"])


def test_members_come_and_go_and_unknown_ones_are_named(client: hubspot.HubSpot, portal: Portal) -> None:
    ada, zoe = portal.create_contact("ada@example.com"), portal.create_contact("zoe@example.com")
    list_id = client.crm.lists.lists_api.create(HOT).list.list_id
    members = client.crm.lists.memberships_api

    first = members.add(list_id, request_body=[ada, "99"])
    again = members.add(list_id, request_body=[ada])
    both = members.add_and_remove(list_id, {"recordIdsToAdd": [zoe], "recordIdsToRemove": [ada]})

    assert (first.records_ids_added, first.record_ids_missing) == ([ada], ["99"])
    assert again.records_ids_added == []
    assert (both.records_ids_added, both.record_ids_removed) == ([zoe], [ada])
    assert portal.members("Coltiva – hot leads") == {zoe}


def test_members_are_read_in_pages_and_lists_by_record(client: hubspot.HubSpot, portal: Portal) -> None:
    ids = [portal.create_contact(f"person{n}@example.com") for n in range(3)]
    list_id = client.crm.lists.lists_api.create(HOT).list.list_id
    members = client.crm.lists.memberships_api
    members.add(list_id, request_body=ids)

    first = members.get_page(list_id, limit=2)
    second = members.get_page(list_id, limit=2, after=first.paging.next.after)

    assert [one.record_id for one in (*first.results, *second.results)] == ids
    assert [one.list_id for one in members.get_lists("0-1", ids[0]).results] == [list_id]


def test_only_static_lists_take_members(client: hubspot.HubSpot, portal: Portal) -> None:
    computed = portal.create_list("Computed", "DYNAMIC")

    with pytest.raises(hubspot.crm.lists.exceptions.ApiException) as no_filters:
        client.crm.lists.lists_api.create({**HOT, "processingType": "DYNAMIC"})
    with pytest.raises(hubspot.crm.lists.exceptions.ApiException) as by_hand:
        client.crm.lists.memberships_api.add(computed.id, request_body=[portal.create_contact("ada@example.com")])

    assert no_filters.value.status == by_hand.value.status == 400


def test_a_list_that_the_user_deleted_is_gone_and_its_name_free(client: hubspot.HubSpot, portal: Portal) -> None:
    list_id = client.crm.lists.lists_api.create(HOT).list.list_id
    portal.delete_list("Coltiva – hot leads")

    with pytest.raises(hubspot.crm.lists.exceptions.NotFoundException):
        client.crm.lists.memberships_api.add(list_id, request_body=["1"])
    again = client.crm.lists.lists_api.create(HOT).list.list_id

    assert again != list_id


def test_lists_are_searched_renamed_emptied_and_restored(client: hubspot.HubSpot, portal: Portal) -> None:
    lists = client.crm.lists.lists_api
    list_id = lists.create(HOT).list.list_id
    client.crm.lists.memberships_api.add(list_id, request_body=[portal.create_contact("ada@example.com")])

    lists.update_name(list_id, list_name="Warm leads")
    found = lists.do_search(
        {"query": "warm", "additionalProperties": [], "listIds": [], "offset": 0, "processingTypes": []}
    )
    client.crm.lists.memberships_api.remove_all(list_id)
    lists.remove(list_id)
    lists.restore(list_id)

    assert [one.name for one in found.lists] == ["Warm leads"]
    assert lists.get_by_id(list_id).list.size == 0


def test_a_person_who_is_gone_by_then_does_nothing(world: World, portal: Portal) -> None:
    ada = portal.create_contact("ada@example.com")
    done: list[str] = []
    portal.plan(timedelta(hours=1), lambda: portal.marketing.click_email(ada, "Welcome"))
    portal.plan(timedelta(hours=1), lambda: done.append("next"))
    portal.privacy_delete_contact(ada)

    world.sandbox.advance(timedelta(hours=2))

    assert done == ["next"]
    assert portal.marketing.email_events == []


def test_a_workflow_mails_whoever_joins_a_list(world: World, portal: Portal) -> None:
    ada = portal.create_contact("ada@example.com")
    gone = portal.create_contact("zoe@example.com")
    portal.marketing.opt_out(gone)
    portal.send_email_when_joined("Coltiva – hot leads", "Welcome")
    sent: list[tuple[str, str]] = []
    portal.marketing.on_email_sent(lambda contact_id, name: sent.append((contact_id, name)))
    lists = world.client().crm.lists
    list_id = lists.lists_api.create(HOT).list.list_id

    lists.memberships_api.add(list_id, request_body=[ada, gone])
    before = list(sent)
    world.sandbox.tick()

    assert before == []
    assert sent == [(ada, "Welcome")]
    assert portal.contact(ada)["hs_email_last_email_name"] == "Welcome"
