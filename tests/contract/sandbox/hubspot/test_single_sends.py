"""Single sends, as HubSpot's guides tell of them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from connector.sandbox.faults import ApiFault, Fault
from connector.sandbox.hubspot.apps import DEFAULT_SCOPES
from connector.sandbox.hubspot.portal import Portal
from tests.contract.sandbox.hubspot.conftest import World

MARKETING = ("/marketing/v4/email/single-send", "/marketing/email-campaigns/2026-03/single-send")
TRANSACTIONAL = "/marketing/transactional/2026-09/single-email/send"


def call(world: World, method: str, path: str, body: object = None, token: str = "") -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token or world.token}", "Content-Type": "application/json"}
    request = Request(world.url + path, None if body is None else json.dumps(body).encode(), headers, method=method)
    try:
        with urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def to_ada(email_id: int = 12, **message: object) -> dict[str, object]:
    return {"emailId": email_id, "message": {"to": "ada@example.com", "sendId": "k1", **message}}


def result(world: World, status_id: str) -> str:
    world.sandbox.advance(timedelta(seconds=1))
    _, told = call(world, "GET", f"/marketing/v3/email/send-statuses/{status_id}")
    return f"{told['status']} {told.get('sendResult', '')}".strip()


@pytest.fixture
def mailing(portal: Portal) -> Portal:
    """A portal with an email saved for the single-send API, and a contact."""
    portal.save_email(12, "Report")
    portal.create_contact("ada@example.com")
    return portal


@pytest.mark.parametrize("path", MARKETING)
def test_an_email_is_taken_on_at_once_and_sent_later(world: World, mailing: Portal, path: str) -> None:
    status, told = call(world, "POST", path, {**to_ada(), "customProperties": {"offer": "x"}})

    assert (status, told["status"]) == (200, "PENDING")
    assert mailing.single_sends.sent == []
    assert result(world, told["statusId"]) == "COMPLETE SENT"
    assert [(send.to, send.custom) for send in mailing.single_sends.sent] == [("ada@example.com", {"offer": "x"})]


def test_the_sdk_sends_transactional_emails(world: World, mailing: Portal) -> None:
    mailing.save_email(13, "Receipt", transactional=True)
    api = world.client().marketing.transactional.single_send_api

    told = api.send_email({"emailId": 13, "message": {"to": "ada@example.com", "sendId": "r1"}})

    assert (told.status, result(world, told.status_id)) == ("PENDING", "COMPLETE SENT")


def test_no_more_than_one_email_leaves_for_each_send_id(world: World, mailing: Portal) -> None:
    answers = [call(world, "POST", MARKETING[0], to_ada())[1] for _ in range(2)]

    assert [result(world, one["statusId"]) for one in answers] == ["COMPLETE SENT", "COMPLETE IDEMPOTENT_IGNORE"]
    assert len(mailing.single_sends.sent) == 1


def test_a_call_whose_answer_is_lost_was_done_all_the_same(world: World, mailing: Portal) -> None:
    world.sandbox.faults.add(Fault(ApiFault.STATUS_AFTER, times=1, status=502))

    status, _ = call(world, "POST", MARKETING[0], to_ada())
    again = call(world, "POST", MARKETING[0], to_ada())[1]

    assert status == 502
    assert result(world, again["statusId"]) == "COMPLETE IDEMPOTENT_IGNORE"


def test_opens_and_clicks_of_such_an_email_are_told_like_those_of_any_other(world: World, mailing: Portal) -> None:
    ada = mailing.contact_id("ada@example.com")
    assert ada is not None
    result(world, call(world, "POST", MARKETING[0], to_ada())[1]["statusId"])

    mailing.marketing.click_email(ada, "Report")

    assert mailing.contact(ada)["hs_email_last_email_name"] == "Report"
    assert mailing.contact(ada)["hs_email_last_click_date"]
    _, told = call(world, "GET", "/email/public/v1/events?recipient=ada@example.com")
    assert [event["type"] for event in reversed(told["events"])] == ["SENT", "DELIVERED", "OPEN", "CLICK"]


def test_a_person_who_is_no_contact_becomes_one_with_the_properties_that_were_given(
    world: World, mailing: Portal
) -> None:
    body = {**to_ada(to="bea@example.com"), "contactProperties": {"city": "Turin"}}

    assert result(world, call(world, "POST", MARKETING[0], body)[1]["statusId"]) == "COMPLETE SENT"

    bea = mailing.contact_id("bea@example.com")
    assert bea is not None
    assert mailing.contact(bea)["city"] == "Turin"


REFUSED = {
    "an unknown email": to_ada(99),
    "an unknown field": {**to_ada(), "subject": "Hi"},
    "an unknown field of the message": to_ada(subject="Hi"),
    "no number": {**to_ada(), "emailId": "twelve"},
    "no address": to_ada(to="nobody"),
    "a list among the custom properties": {**to_ada(), "customProperties": {"offers": ["a"]}},
    "an unknown contact property": {**to_ada(), "contactProperties": {"no_such_property": "x"}},
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_what_the_api_does_not_take_is_refused(world: World, mailing: Portal, body: dict[str, object]) -> None:
    status, told = call(world, "POST", MARKETING[0], body)

    assert (status, told["category"]) == (400, "VALIDATION_ERROR")
    world.sandbox.advance(timedelta(seconds=1))
    assert mailing.single_sends.sent == []


def test_a_marketing_email_cannot_be_sent_as_a_transactional_one(world: World, mailing: Portal) -> None:
    assert call(world, "POST", TRANSACTIONAL, to_ada())[0] == 400


def test_an_unknown_status_id_is_not_found(world: World) -> None:
    assert call(world, "GET", "/marketing/v3/email/send-statuses/nothing")[0] == 404


@pytest.mark.parametrize(("path", "enough"), [(MARKETING[0], True), (TRANSACTIONAL, False)])
def test_the_transactional_scope_is_not_had_with_that_of_marketing(
    world: World, mailing: Portal, path: str, enough: bool
) -> None:
    mailing.save_email(13, "Receipt", transactional=True)
    grant = world.sandbox.install(world.app, mailing, [one for one in DEFAULT_SCOPES if one != "transactional-email"])
    token = world.sandbox.tokens.new_access_token(grant)

    status, _ = call(world, "POST", path, to_ada(12 if enough else 13), token)

    assert status == (200 if enough else 403)
