from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.crms.hubspot.errors import RefusedCallError, to_error
from connector.errors import (
    CredentialsError,
    CrmError,
    CrmUnavailableError,
    RateLimitedError,
    RetryableCrmError,
    UnreadableReplyError,
)

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
CALL = "POST /crm/objects/2026-09/{objectType}/batch/update"


def error(status: int, body: object = None, headers: dict[str, str] | None = None) -> CrmError:
    content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    return to_error(CALL, status, headers or {}, content, NOW)


def refusal(body: dict[str, Any]) -> RefusedCallError:
    made = error(400, body)
    assert isinstance(made, RefusedCallError)
    return made


MEANINGS: dict[str, tuple[int, object, type[CrmError]]] = {
    "rate limit": (429, {"errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING"}, RateLimitedError),
    "rate limit without a body": (429, b"", RateLimitedError),
    "locked": (423, {}, CrmUnavailableError),
    "account on the move": (477, {}, CrmUnavailableError),
    **{str(s): (s, b"<html>", CrmUnavailableError) for s in (500, 502, 503, 504, *range(521, 527))},
    "token expired": (401, {"category": "EXPIRED_AUTHENTICATION"}, CredentialsError),
    "token refused by a proxy": (401, b"no", CredentialsError),
    "missing scope": (403, {"category": "MISSING_SCOPES"}, CredentialsError),
    "not allowed in this account": (403, {"category": "FORBIDDEN", "message": "Upgrade."}, RefusedCallError),
    "invalid": (400, {"category": "VALIDATION_ERROR"}, RefusedCallError),
    "not there": (404, {"category": "OBJECT_NOT_FOUND"}, RefusedCallError),
    "exists already": (409, {"category": "CONFLICT"}, RefusedCallError),
    "too long": (414, {"message": "URI too long"}, RefusedCallError),
    "a 404 that is not HubSpot's": (404, b"<html>Not found</html>", UnreadableReplyError),
    "a 400 that says nothing": (400, {}, UnreadableReplyError),
    "a redirect": (302, {"message": "moved"}, UnreadableReplyError),
    "a body of another shape": (400, {"message": ["x"]}, UnreadableReplyError),
    "a body that is no text": (400, b"\xff\xfe", UnreadableReplyError),
    "a body nested too deeply": (400, b'{"context":' + b"[" * 100_000, UnreadableReplyError),
}


@pytest.mark.parametrize(("status", "body", "meaning"), MEANINGS.values(), ids=MEANINGS)
def test_each_answer_has_one_meaning(status: int, body: object, meaning: type[CrmError]) -> None:
    made = error(status, body)

    assert type(made) is meaning
    assert made.status == status
    assert made.operation == CALL


WAITS: dict[str, tuple[int, dict[str, str], dict[str, str], timedelta | None]] = {
    "as told": (429, {}, {"Retry-After": "3"}, timedelta(seconds=3)),
    "at once": (429, {}, {"Retry-After": "0"}, timedelta(0)),
    "ten seconds": (429, {"policyName": "TEN_SECONDLY_ROLLING"}, {}, timedelta(seconds=10)),
    "a second for searches": (429, {"policyName": "SECONDLY"}, {}, timedelta(seconds=1)),
    "an hour for the day": (429, {"policyName": "DAILY"}, {}, timedelta(hours=1)),
    "ten seconds for a new policy": (429, {"policyName": "LUNAR"}, {}, timedelta(seconds=10)),
    "two seconds when locked": (423, {}, {}, timedelta(seconds=2)),
    "as told while the account moves": (477, {}, {"Retry-After": "7200"}, timedelta(hours=2)),
    "at most a day": (477, {}, {"Retry-After": "9999999"}, timedelta(days=1)),
    "as told by a server in trouble": (503, {}, {"Retry-After": "5"}, timedelta(seconds=5)),
    "by our back-off": (500, {}, {}, None),
    "by our back-off, not by nonsense": (503, {}, {"Retry-After": "soon"}, None),
}


@pytest.mark.parametrize(("status", "body", "headers", "wait"), WAITS.values(), ids=WAITS)
def test_we_come_back_when_hubspot_says(
    status: int, body: dict[str, str], headers: dict[str, str], wait: timedelta | None
) -> None:
    made = error(status, body, headers)

    assert isinstance(made, RetryableCrmError)
    assert made.retry_at == (None if wait is None else NOW + wait)


def test_a_missing_scope_is_named() -> None:
    detail = {"context": {"requiredGranularScopes": ["crm.lists.write", "crm.lists.read"]}}

    assert "crm.lists.read, crm.lists.write" in str(error(403, {"category": "MISSING_SCOPES", "errors": [detail]}))


def test_a_refusal_keeps_hubspots_words_apart_from_the_text_that_is_logged() -> None:
    made = refusal({"category": "VALIDATION_ERROR", "message": "Email address ada@example.com is invalid"})

    assert made.words == "Email address ada@example.com is invalid"
    assert "ada@example.com" not in str(made)


def test_the_id_of_the_failed_request_is_kept_for_hubspots_support() -> None:
    assert error(400, {"message": "x", "correlationId": "c-1"}).request_id == "c-1"
    assert error(500, b"", {"X-HubSpot-Correlation-Id": "c-2"}).request_id == "c-2"


UNKNOWN: dict[str, dict[str, Any]] = {
    "in the list of errors": {
        "message": "Property values were not valid",
        "errors": [{"code": "PROPERTY_DOESNT_EXIST", "context": {"propertyName": ["score"]}}],
    },
    "in a list inside the message": {
        "message": 'Property values were not valid: [{"error":"PROPERTY_DOESNT_EXIST","name":"score"}]'
    },
}


@pytest.mark.parametrize("body", UNKNOWN.values(), ids=UNKNOWN)
def test_a_property_that_the_account_lacks_is_known_from_the_refusal(body: dict[str, Any]) -> None:
    assert refusal(body).unknown_properties == {"score"}


NOT_UNKNOWN: dict[str, dict[str, Any]] = {
    "a bad value": {"errors": [{"code": "INVALID_DOUBLE", "context": {"propertyName": ["score"]}}]},
    "no name": {"errors": [{"code": "PROPERTY_DOESNT_EXIST"}]},
    "a message cut short": {"message": 'not valid: [{"error":"PROPERTY_DOESNT_EXIST","na'},
    "a message about something else": {"message": "PROPERTY_DOESNT_EXIST"},
}


@pytest.mark.parametrize("body", NOT_UNKNOWN.values(), ids=NOT_UNKNOWN)
def test_no_other_refusal_blames_a_property(body: dict[str, Any]) -> None:
    assert refusal(body).unknown_properties == frozenset()
