"""HubSpot's answers as our errors, as a table, once. HubSpot: API error handling.

An error's own text tells what happened in words that are safe to log. What HubSpot said, which may name a person,
travels apart, in `RefusedCallError.words`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from connector.errors import (
    CredentialsError,
    CrmError,
    CrmUnavailableError,
    RateLimitedError,
    RejectedRecordError,
    UnreadableReplyError,
)

#: Statuses after which the same call may succeed, and how long to wait when HubSpot does not say; None leaves it to
#: our back-off.
_LATER: Final[Mapping[int, timedelta | None]] = {
    408: None,
    423: timedelta(seconds=2),  # locked
    477: timedelta(hours=1),  # the account moves to another data centre
    **dict.fromkeys((500, 501, 502, 503, 504, *range(521, 527)), None),
}
#: How long to wait after a 429 that does not say. The day of the last ends at midnight of the portal.
_POLICIES: Final[Mapping[str, timedelta]] = {
    "TEN_SECONDLY_ROLLING": timedelta(seconds=10),
    "SECONDLY": timedelta(seconds=1),
    "DAILY": timedelta(hours=1),
}
_LONGEST_WAIT: Final = timedelta(days=1)
_MISSING_SCOPES: Final = "MISSING_SCOPES"
_UNKNOWN_PROPERTY: Final = "PROPERTY_DOESNT_EXIST"
_MAX_WORDS: Final = 2_000


class ErrorDetail(msgspec.Struct, rename="camel"):
    """One entry of the `errors` of an error body; every field may be missing."""

    message: str = ""
    code: str = ""
    sub_category: str = ""
    context: dict[str, Any] = {}


class ErrorBody(msgspec.Struct, rename="camel"):
    """What HubSpot says about a failed call; every field may be missing."""

    message: str = ""
    category: str = ""
    sub_category: str = ""
    correlation_id: str = ""
    policy_name: str = ""
    context: dict[str, Any] = {}
    errors: list[ErrorDetail] = []


_BODY: Final = msgspec.json.Decoder(ErrorBody)


class RefusedCallError(RejectedRecordError):
    """HubSpot refused a call for good."""

    def __init__(self, body: ErrorBody, *, operation: str, status: int, request_id: str) -> None:
        what = body.sub_category or body.category or "no category"
        message = f"HubSpot refused {operation}: {what} ({status})."
        super().__init__(message, operation=operation, status=status, request_id=request_id)
        #: HubSpot's own words, for the person who looks at the dead letter.
        self.words = (body.message or message)[:_MAX_WORDS]
        #: Properties that the account does not have.
        self.unknown_properties = frozenset(_unknown_properties(body))


def to_error(operation: str, status: int, headers: Mapping[str, str], content: bytes, now: datetime) -> CrmError:
    """The error that an answer other than 2xx stands for."""
    body = _parse_body(content)
    request_id = headers.get("X-HubSpot-Correlation-Id", "") or (body.correlation_id if body else "")
    where: dict[str, Any] = {"operation": operation, "status": status, "request_id": request_id}
    if status == 429:
        wait = _wait(headers, _POLICIES.get(body.policy_name if body else "", _POLICIES["TEN_SECONDLY_ROLLING"]))
        return RateLimitedError(f"HubSpot's rate limit is reached ({operation}).", retry_at=_at(now, wait), **where)
    if status in _LATER:
        retry_at = _at(now, _wait(headers, _LATER[status]))
        return CrmUnavailableError(f"HubSpot cannot serve {operation} now ({status}).", retry_at=retry_at, **where)
    if status == 401:
        what = (body.category if body else "") or "401"
        return CredentialsError(f"HubSpot no longer accepts the access token ({what}).", **where)
    if body is None or not 400 <= status < 500:
        return UnreadableReplyError(f"HubSpot answered {operation} with {status} and no reason.", **where)
    if status == 403 and body.category == _MISSING_SCOPES:
        return CredentialsError(_missing_scopes(operation, body), **where)
    return RefusedCallError(body, **where)


def _parse_body(content: bytes) -> ErrorBody | None:
    """The body of an error, None when HubSpot did not write it: a proxy's page, or something new."""
    try:
        body = _BODY.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return body if body.message or body.category or body.policy_name or body.errors else None


def _wait(headers: Mapping[str, str], otherwise: timedelta | None) -> timedelta | None:
    said = headers.get("Retry-After", "")
    if said.isascii() and said.isdigit() and len(said) < 8:
        return min(timedelta(seconds=int(said)), _LONGEST_WAIT)
    return otherwise


def _at(now: datetime, wait: timedelta | None) -> datetime | None:
    return None if wait is None else now + wait


def _missing_scopes(operation: str, body: ErrorBody) -> str:
    contexts = [body.context, *(error.context for error in body.errors)]
    named = {str(scope) for context in contexts for scope in _many(context.get("requiredGranularScopes"))}
    which = f": {', '.join(sorted(named))}" if named else ""
    return f"The connection lacks a scope that {operation} needs{which}. Connect the account again and grant it."


def _unknown_properties(body: ErrorBody) -> list[str]:
    """The properties named as unknown, in `errors` or in the JSON that `message` may hold."""
    named = [error for error in body.errors if _UNKNOWN_PROPERTY in (error.code, error.sub_category)]
    names = [str(name) for error in named for name in _many(error.context.get("propertyName"))]
    start = body.message.find("[")
    if _UNKNOWN_PROPERTY in body.message and start >= 0:
        names += _names_in(body.message[start:])
    return names


def _names_in(text: str) -> list[str]:
    try:
        problems = msgspec.json.decode(text, type=list[dict[str, Any]])
    except (msgspec.MsgspecError, RecursionError):
        return []
    return [str(one["name"]) for one in problems if one.get("error") == _UNKNOWN_PROPERTY and one.get("name")]


def _many(value: object) -> list[object]:
    return value if isinstance(value, list) else []
