from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest

from connector.crms.hubspot.client import HubSpotClient, to_dated_path
from connector.crms.hubspot.errors import RefusedCallError
from connector.crms.hubspot.portal import HubSpotPortal
from connector.domain.outward.change import Act, ChangeKind
from connector.errors import CredentialsError, CrmUnavailableError, RateLimitedError, UnreadableReplyError
from connector.ports import ReplyState
from tests.clocks import HandClock
from tests.unit.hubspot.scripted import Script, scripted

TOKEN = "a-secret-token"
NOW = HandClock().now()
UPDATE = "POST /crm/objects/2026-09/contacts/batch/update"
CHANGES = {"1": {"score": "5"}, "2": {"score": "6"}}
WRITTEN = {"status": "COMPLETE", "results": [{"id": "2"}, {"id": "1"}]}


@pytest.fixture
def hubspot() -> Iterator[Script]:
    with scripted() as script:
        yield script


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def portal(hubspot: Script, clock: HandClock) -> HubSpotPortal:
    return HubSpotPortal(TOKEN, clock, hubspot.url)


PATHS = {
    "/crm/v3/objects/{objectType}/batch/read": "/crm/objects/2026-09/{objectType}/batch/read",
    "/crm/v3/lists/": "/crm/lists/2026-09",
    "/crm/v3/lists/{listId}/memberships/add-and-remove": "/crm/lists/2026-09/{listId}/memberships/add-and-remove",
    "/crm/v3/properties/{objectType}/groups": "/crm/properties/2026-09/{objectType}/groups",
    "/crm/v3/owners/": "/crm/owners/2026-09",
    "/crm/v4/associations/{a}/{b}/batch/create": "/crm/associations/2026-09/{a}/{b}/batch/create",
    "/account-info/2026-09/details": "/account-info/2026-09/details",
    "/crm/objects/2026-09/contacts": "/crm/objects/2026-09/contacts",
}


@pytest.mark.parametrize(("undated", "dated"), PATHS.items())
def test_every_path_of_the_sdk_has_its_dated_successor(undated: str, dated: str) -> None:
    assert to_dated_path(undated) == dated


def test_a_write_goes_to_the_dated_path_with_the_token_as_one_json_batch(
    hubspot: Script, portal: HubSpotPortal
) -> None:
    hubspot.answer(200, WRITTEN)

    replies = portal.write_properties(CHANGES)

    assert {reply.state for reply in replies.values()} == {ReplyState.DONE}
    method, path, headers, body = hubspot.requests[0]
    assert f"{method} {path}" == UPDATE
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body) == {"inputs": [{"id": key, "properties": value} for key, value in CHANGES.items()]}


def test_all_calls_share_one_connection(hubspot: Script, portal: HubSpotPortal) -> None:
    hubspot.answer(200, WRITTEN)
    hubspot.answer(200, {"results": []})
    hubspot.answer(200, {"results": []})
    hubspot.answer(200, {"portalId": 5, "timeZone": "Europe/Rome"})

    portal.write_properties(CHANGES)
    portal.fetch_records(["1"], ["email"])
    account = portal.account()

    assert (account.portal_id, account.time_zone) == (5, "Europe/Rome")
    assert len(hubspot.connections) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_nothing_is_tried_twice_behind_our_back(status: int, hubspot: Script, clock: HandClock) -> None:
    hubspot.answer(status, {}, Retry_After="1")
    hubspot.answer(status, {}, Retry_After="1")

    with pytest.raises((RateLimitedError, CrmUnavailableError)):
        HubSpotPortal(TOKEN, clock, hubspot.url).write_properties(CHANGES)
    with pytest.raises((RateLimitedError, CrmUnavailableError)):
        HubSpotPortal(TOKEN, clock, hubspot.url).account()

    assert hubspot.paths == [UPDATE, "GET /account-info/2026-09/details"]


def test_a_redirect_is_not_followed_with_our_token(hubspot: Script, portal: HubSpotPortal) -> None:
    hubspot.answer(302, {}, Location=f"{hubspot.url}/elsewhere")

    with pytest.raises(UnreadableReplyError):
        portal.account()

    assert len(hubspot.requests) == 1


def test_after_a_rate_limit_nothing_leaves_until_hubspot_says(
    hubspot: Script, portal: HubSpotPortal, clock: HandClock
) -> None:
    hubspot.answer(429, {}, Retry_After="30")
    with pytest.raises(RateLimitedError) as limited:
        portal.write_properties(CHANGES)
    until = clock.now() + timedelta(seconds=30)
    assert limited.value.retry_at == until

    with pytest.raises(RateLimitedError) as refused:
        portal.write_properties(CHANGES)

    assert refused.value.retry_at == portal.calls_allowed_at(clock.now()) == until
    assert len(hubspot.requests) == 1


def test_the_budget_follows_what_hubspot_says_remains(hubspot: Script, portal: HubSpotPortal, clock: HandClock) -> None:
    assert portal.calls_allowed_at(clock.now()) == clock.now()
    hubspot.answer(
        200,
        WRITTEN,
        X_HubSpot_RateLimit_Max="110",
        X_HubSpot_RateLimit_Remaining="0",
        X_HubSpot_RateLimit_Interval_Milliseconds="10000",
    )

    portal.write_properties(CHANGES)

    assert portal.calls_allowed_at(clock.now()) == clock.now() + timedelta(seconds=10)


def test_a_dropped_connection_means_later(portal: HubSpotPortal) -> None:
    with pytest.raises(CrmUnavailableError) as dropped:
        portal.write_properties(CHANGES)

    assert dropped.value.retry_at is None


def test_an_answer_that_is_cut_off_means_later(hubspot: Script, portal: HubSpotPortal) -> None:
    whole = b'{"results": [{"id": "1", "properties": {}}]}'
    hubspot.answer(200, whole[:20], Content_Length=str(len(whole)), Connection="close")

    with pytest.raises(CrmUnavailableError):
        portal.fetch_records(["1"], ["email"])


def test_a_server_that_is_not_there_means_later(clock: HandClock) -> None:
    with pytest.raises(CrmUnavailableError):
        HubSpotPortal(TOKEN, clock, "http://127.0.0.1:1").account()


def test_a_refused_token_pauses_the_connection(hubspot: Script, portal: HubSpotPortal) -> None:
    hubspot.answer(401, {"category": "EXPIRED_AUTHENTICATION", "message": f"The token {TOKEN} expired"})

    with pytest.raises(CredentialsError) as refused:
        portal.account()

    assert TOKEN not in str(refused.value)


UNREADABLE = {
    "a page": b"<html>maintenance</html>",
    "nothing": b"",
    "another shape": b'{"results": {}}',
    "no text": b'{"results": [{"id": "\xff"}]}',
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_an_answer_that_cannot_be_read_stops_the_batch(content: bytes, hubspot: Script, portal: HubSpotPortal) -> None:
    hubspot.answer(200, content)

    with pytest.raises(UnreadableReplyError):
        portal.write_properties(CHANGES)


def test_a_read_that_is_refused_is_an_answer_new_to_us(hubspot: Script, portal: HubSpotPortal) -> None:
    hubspot.answer(400, {"category": "VALIDATION_ERROR", "message": "no"})

    with pytest.raises(UnreadableReplyError):
        portal.fetch_records(["1"], ["email"])


def test_without_our_key_property_all_tasks_are_refused_by_one_call(hubspot: Script, portal: HubSpotPortal) -> None:
    problem = {"code": "PROPERTY_DOESNT_EXIST", "context": {"propertyName": ["coltiva_key"]}}
    hubspot.answer(400, {"message": "No property coltiva_key", "errors": [problem]})
    act = Act("a", ChangeKind.TASK, NOW, subject="Call")

    replies = portal.write_acts(ChangeKind.TASK, {f"L{number}|a": ("1", act) for number in range(50)})

    assert {reply.words for reply in replies.values()} == {"No property coltiva_key"}
    assert len(hubspot.requests) == 1


def test_a_task_that_the_reply_leaves_out_is_tried_again(hubspot: Script, portal: HubSpotPortal) -> None:
    made = {"id": "7", "properties": {"coltiva_key": "L1|a"}}
    hubspot.answer(201, {"results": [made]})
    act = Act("a", ChangeKind.TASK, NOW, subject="Call")

    replies = portal.write_acts(ChangeKind.TASK, {"L1|a": ("1", act), "L2|a": ("1", act)})

    assert (replies["L1|a"].state, replies["L1|a"].remote_id) == (ReplyState.DONE, "7")
    assert replies["L2|a"].state is ReplyState.LATER


def test_an_association_that_is_refused_keeps_the_task_from_being_done(hubspot: Script, portal: HubSpotPortal) -> None:
    made = [{"id": str(number), "properties": {"coltiva_key": f"L{number}|a"}} for number in (1, 2)]
    hubspot.answer(409, {"category": "CONFLICT", "message": "exists"})
    hubspot.answer(200, {"results": made})
    hubspot.answer(207, {"results": [], "errors": [{"message": "No contact 52", "context": {"ids": ["52"]}}]})
    act = Act("a", ChangeKind.TASK, NOW, subject="Call")

    replies = portal.write_acts(ChangeKind.TASK, {"L1|a": ("51", act), "L2|a": ("52", act)})

    assert [replies[key].state for key in ("L1|a", "L2|a")] == [ReplyState.DONE, ReplyState.REFUSED]
    assert replies["L2|a"].words == "No contact 52"


@pytest.mark.parametrize("status", [200, 207])
def test_a_batch_done_in_part_is_told_record_by_record(status: int, hubspot: Script, portal: HubSpotPortal) -> None:
    gone = {"category": "OBJECT_NOT_FOUND", "message": "It may be deleted.", "context": {"ids": ["2"]}}
    hubspot.answer(status, {"results": [{"id": "1"}], "numErrors": 1, "errors": [gone]})

    replies = portal.write_properties(CHANGES)

    assert [replies[key].state for key in ("1", "2")] == [ReplyState.DONE, ReplyState.REFUSED]
    assert replies["2"].words == "It may be deleted."


def test_an_error_that_names_nobody_concerns_whom_the_results_leave_out(hubspot: Script, portal: HubSpotPortal) -> None:
    hubspot.answer(207, {"results": [{"id": "1"}], "errors": [{"message": "Something is wrong."}]})

    replies = portal.write_properties(CHANGES)

    assert [replies[key].words for key in ("1", "2")] == ["", "Something is wrong."]


def test_a_contact_that_the_reply_leaves_out_is_tried_again(hubspot: Script, portal: HubSpotPortal) -> None:
    hubspot.answer(200, {"results": [{"id": "1"}]})

    replies = portal.write_properties(CHANGES)

    assert [replies[key].state for key in ("1", "2")] == [ReplyState.DONE, ReplyState.LATER]


def test_a_refusal_of_the_whole_call_reaches_the_caller_as_such(hubspot: Script, clock: HandClock) -> None:
    hubspot.answer(404, {"category": "OBJECT_NOT_FOUND", "message": "no such list"})

    with pytest.raises(RefusedCallError):
        HubSpotClient(TOKEN, clock, hubspot.url).crm.lists.lists_api.get_by_id("7")


def test_names_are_written_into_paths_safely(hubspot: Script, clock: HandClock) -> None:
    hubspot.answer(200, {})

    HubSpotClient(TOKEN, clock, hubspot.url).crm.lists.lists_api.get_by_name("a/b?c – {x}", "0-1")

    assert hubspot.paths == [
        "GET /crm/lists/2026-09/object-type-id/0-1/name/a%2Fb%3Fc%20%E2%80%93%20%7Bx%7D",
    ]


def test_no_token_and_no_person_is_logged(
    hubspot: Script, portal: HubSpotPortal, caplog: pytest.LogCaptureFixture
) -> None:
    hubspot.answer(200, {"results": [{"id": "1", "properties": {"email": "ada@example.com"}}]})

    with caplog.at_level(logging.DEBUG):
        portal.fetch_records(["1"], ["email"])

    assert "ada@example.com" not in caplog.text
    assert TOKEN not in caplog.text


def test_who_only_receives_webhooks_does_not_load_the_sdk() -> None:
    code = "import sys, connector.crms.hubspot.inbox; sys.exit('hubspot' in sys.modules or 'urllib3' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
