"""Deals of a HubSpot portal: read with their people, and told of by webhooks in every form."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from connector.crms.hubspot.inbox import HubSpotEndpoint
from connector.ports import CrmEvent, EventKind
from connector.sandbox.hubspot import associations_api
from tests.contract.crm import test_hubspot
from tests.contract.crm.test_hubspot import HubSpotStage

stage = test_hubspot.stage

SAID = {"dealstage": "closedwon", "amount": "250", "closedate": "2026-11-20T10:00:00Z", "pipeline": "default"}
PROPERTIES = ("amount", "closedate", "dealstage", "pipeline")


def parsed(*events: dict[str, object]) -> list[CrmEvent]:
    body = json.dumps([{"portalId": 1, "occurredAt": 1_790_000_000_000, **event} for event in events]).encode()
    return list(HubSpotEndpoint("secret", "https://example.com", "").parse(body).events)


def test_deleted_and_merged_deals_are_known_as_such(stage: HubSpotStage) -> None:
    deleted, first, second = (stage.portal.create_deal([], SAID) for _ in range(3))
    stage.portal.delete_deal(deleted)
    survivor = stage.portal.merge_deals(first, second)

    records = stage.crm.fetch_deals([deleted, second], PROPERTIES)

    assert records[deleted].archived
    assert records[second].record_id == survivor


def test_deals_and_people_lead_to_one_another(stage: HubSpotStage) -> None:
    ada, bea, cem = (stage.add_record(email=f"{name}@example.com") for name in ("ada", "bea", "cem"))
    first = stage.portal.create_deal([ada, bea], SAID)
    second = stage.portal.create_deal([ada], SAID)
    lonely = stage.portal.create_deal([], SAID)
    stage.portal.part_deal(first, bea)

    people = stage.crm.fetch_people_of([first, second, lonely])
    deals = stage.crm.fetch_deals_of([ada, bea, cem])

    assert people == {first: [ada], second: [ada]}
    assert {id_: set(found) for id_, found in deals.items()} == {ada: {first, second}}


TO_CONTACT = {"fromObjectTypeId": "0-3", "toObjectTypeId": "0-1", "fromObjectId": 9, "toObjectId": 51}
TO_DEAL = {"fromObjectTypeId": "0-1", "toObjectTypeId": "0-3", "fromObjectId": 51, "toObjectId": 9}


@pytest.mark.parametrize(
    "event",
    [
        {"subscriptionType": "deal.associationChange", "associationType": "DEAL_TO_CONTACT", **TO_CONTACT},
        {"subscriptionType": "contact.associationChange", "associationType": "CONTACT_TO_DEAL", **TO_DEAL},
        {"subscriptionType": "object.associationChange", "objectTypeId": "0-3", **TO_CONTACT},
        {"subscriptionType": "object.associationChange", "objectTypeId": "0-1", **TO_DEAL},
    ],
)
def test_an_association_of_a_deal_and_a_contact_is_news_of_the_deal(event: dict[str, object]) -> None:
    (found,) = parsed(event)

    assert (found.kind, found.ref.object_type, found.ref.record_id) == (EventKind.RELATED, "deal", "9")


@pytest.mark.parametrize("type_", ["CONTACT_TO_COMPANY", "DEAL_TO_COMPANY", ""])
def test_other_associations_mean_nothing(type_: str) -> None:
    (found,) = parsed(
        {"subscriptionType": "deal.associationChange", "associationType": type_, "fromObjectId": 9, "toObjectId": 51}
    )

    assert found.kind is EventKind.OTHER


@pytest.mark.parametrize(
    "event",
    [
        {"subscriptionType": "deal.propertyChange"},
        {"subscriptionType": "object.propertyChange", "objectTypeId": "0-3"},
    ],
)
def test_a_deal_that_changes_is_told_the_same_in_both_forms(event: dict[str, object]) -> None:
    (found,) = parsed({**event, "objectId": 9, "propertyName": "dealstage", "propertyValue": "closedwon"})

    assert (found.kind, found.ref.object_type, found.property, found.value) == (
        EventKind.CHANGED, "deal", "dealstage", "closedwon",
    )  # fmt: skip
    assert found.at == datetime.fromtimestamp(1_790_000_000, UTC)


def test_all_deals_of_a_contact_are_known_however_many_pages_they_take(
    stage: HubSpotStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(associations_api, "PAGE", 3)
    ada, bea, cem = (stage.add_record(email=f"{name}@example.com") for name in ("ada", "bea", "cem"))
    many = [stage.portal.create_deal([ada], SAID) for _ in range(8)]
    few = [stage.portal.create_deal([bea], SAID) for _ in range(4)]
    calls = stage.calls()

    deals = stage.crm.fetch_deals_of([ada, bea, cem])

    assert {id_: list(found) for id_, found in deals.items()} == {ada: many, bea: few}
    assert stage.calls() - calls == 3


def test_all_people_of_a_deal_are_known_however_many_pages_they_take(
    stage: HubSpotStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(associations_api, "PAGE", 2)
    people = [stage.add_record(email=f"buyer{number}@example.com") for number in range(5)]
    deal = stage.portal.create_deal(people, SAID)

    assert stage.crm.fetch_people_of([deal]) == {deal: people}
