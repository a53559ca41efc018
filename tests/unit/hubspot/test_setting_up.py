"""What happens on the way to the properties and lists that our writes need, where the sandbox is too obliging."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from connector.crms.hubspot.portal import HubSpotPortal
from connector.errors import SetupError
from connector.ports import Membership, PropertyWish, ReplyState
from tests.clocks import HandClock
from tests.unit.hubspot.scripted import Script, scripted

SCORE = PropertyWish("coltiva_score", "Coltiva score", "number")
KEY = {"name": "coltiva_key", "type": "string", "hasUniqueValue": True}
NOTHING: dict[str, Any] = {"results": []}
EXISTS = {"category": "OBJECT_ALREADY_EXISTS", "message": "It already exists."}
REFUSED = {"category": "VALIDATION_ERROR", "message": "Your plan does not allow it."}


@pytest.fixture
def hubspot() -> Iterator[Script]:
    with scripted() as script:
        yield script


@pytest.fixture
def portal(hubspot: Script) -> HubSpotPortal:
    return HubSpotPortal("a-secret-token", HandClock(), hubspot.url)


def test_what_another_worker_made_meanwhile_is_as_good_as_ours(hubspot: Script, portal: HubSpotPortal) -> None:
    hubspot.answer(200, NOTHING)
    hubspot.answer(409, EXISTS)
    hubspot.answer(409, EXISTS)
    hubspot.answer(200, {"results": [KEY]})
    hubspot.answer(200, {"results": [KEY]})

    portal.prepare([SCORE])

    assert hubspot.paths == [
        "POST /crm/properties/2026-09/contacts/batch/read",
        "POST /crm/properties/2026-09/contacts/groups",
        "POST /crm/properties/2026-09/contacts",
        "POST /crm/properties/2026-09/tasks/batch/read",
        "POST /crm/properties/2026-09/notes/batch/read",
    ]


def test_an_account_that_does_not_let_us_make_something_is_told_with_its_words(
    hubspot: Script, portal: HubSpotPortal
) -> None:
    hubspot.answer(200, NOTHING)
    hubspot.answer(201, {})
    hubspot.answer(400, REFUSED)
    hubspot.answer(200, {"results": [KEY]})
    hubspot.answer(200, {"results": [KEY]})

    with pytest.raises(SetupError, match=r"coltiva_score on contacts: Your plan does not allow it\."):
        portal.prepare([SCORE])


UNFIT: dict[str, dict[str, Any]] = {
    "another type": {"type": "enumeration"},
    "calculated": {"type": "number", "calculated": True},
    "read only": {"type": "number", "modificationMetadata": {"readOnlyValue": True}},
}


@pytest.mark.parametrize("found", UNFIT.values(), ids=UNFIT)
def test_a_property_that_we_could_not_write_to_is_told_and_the_rest_is_made(
    hubspot: Script, portal: HubSpotPortal, found: dict[str, Any]
) -> None:
    hubspot.answer(200, {"results": [{"name": "coltiva_score", **found}]})
    for _ in ("tasks", "notes"):
        hubspot.answer(200, NOTHING)
        hubspot.answer(201, {})
        hubspot.answer(201, {})

    with pytest.raises(SetupError, match="coltiva_score of contacts"):
        portal.prepare([SCORE])

    made = [json.loads(body) for _, path, _, body in hubspot.requests if path.endswith(("/tasks", "/notes"))]
    assert [(one["name"], one["hasUniqueValue"]) for one in made] == [("coltiva_key", True)] * 2


def test_a_key_that_is_not_unique_would_make_tasks_twice_and_is_told(hubspot: Script, portal: HubSpotPortal) -> None:
    hubspot.answer(200, {"results": [KEY | {"hasUniqueValue": False}]})
    hubspot.answer(200, {"results": [KEY]})

    with pytest.raises(SetupError, match="coltiva_key of tasks in HubSpot does not hold unique values"):
        portal.prepare([])


def test_a_list_that_another_worker_made_meanwhile_is_used(hubspot: Script, portal: HubSpotPortal) -> None:
    missing = {"category": "OBJECT_NOT_FOUND", "message": "List does not exist."}
    hubspot.answer(404, missing)
    hubspot.answer(400, {"category": "VALIDATION_ERROR", "message": "List names must be unique."})
    hubspot.answer(200, {"list": {"listId": "7"}})
    hubspot.answer(200, {"recordsIdsAdded": ["1"]})

    replies = portal.write_membership(Membership("Hot", ["1"], []))

    assert replies["1"].state is ReplyState.DONE
    assert hubspot.paths[-1] == "PUT /crm/lists/2026-09/7/memberships/add-and-remove"


def test_an_account_without_lists_refuses_with_its_words(hubspot: Script, portal: HubSpotPortal) -> None:
    hubspot.answer(403, {"category": "FORBIDDEN", "message": "No lists in this plan."})

    replies = portal.write_membership(Membership("Hot", ["1"], ["2"]))

    assert {reply.words for reply in replies.values()} == {"No lists in this plan."}


def test_a_list_that_cannot_be_made_refuses_with_hubspots_words(hubspot: Script, portal: HubSpotPortal) -> None:
    missing = {"category": "OBJECT_NOT_FOUND", "message": "List does not exist."}
    hubspot.answer(404, missing)
    hubspot.answer(400, {"category": "VALIDATION_ERROR", "message": "Too many lists."})
    hubspot.answer(404, missing)

    replies = portal.write_membership(Membership("Hot", ["1"], []))

    assert replies["1"].words == "Too many lists."


def test_a_list_is_looked_for_once(hubspot: Script, portal: HubSpotPortal) -> None:
    hubspot.answer(200, {"list": {"listId": "7", "processingType": "SNAPSHOT"}})
    for _ in range(3):
        hubspot.answer(200, {})

    for _ in range(3):
        portal.write_membership(Membership("Hot", ["1"], []))

    assert len(hubspot.requests) == 4
