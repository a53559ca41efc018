"""The way of an API call: faults, token, version, the day's requests, body, handler, log."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from connector.sandbox.call_log import LoggedCall
from connector.sandbox.exchange import ConnectionDroppedError, Reply, Request
from connector.sandbox.faults import ApiFault, Fault
from connector.sandbox.salesforce.call import Call, parse_body
from connector.sandbox.salesforce.operations import Operation
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.platform import Platform
from connector.sandbox.salesforce.refusals import RefusalError, limit_exceeded, not_found, session_expired
from connector.sandbox.salesforce.tokens import Grant

#: Versions before the first are gone, those after the last are not there yet.
FIRST_VERSION, LAST_VERSION = 31.0, 68.0
#: The status of a call whose connection was dropped, in the log.
DROPPED = 0
_FAULT_ERRORS = {
    400: RefusalError("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record", []),
    401: session_expired(),
    403: limit_exceeded("ConcurrentPerOrgLongTxn"),
    404: not_found(),
    420: RefusalError("TOO_MANY_REQUESTS", "Too many requests", status=420),
    429: RefusalError("TOO_MANY_REQUESTS", "Too many requests", status=429),
    500: RefusalError("UNKNOWN_EXCEPTION", "An unexpected error occurred.", status=500),
    503: RefusalError("SERVER_UNAVAILABLE", "server unavailable", status=503),
}


def answer(platform: Platform, org: Org, operation: Operation, request: Request) -> Reply:
    """Answer one call, or drop it when a fault says so. Every call is logged, with its final status."""
    fault = platform.faults.strikes_call(request.method, request.path)
    if fault is None:
        return _perform(platform, org, operation, request)
    return _perform_with(platform, org, operation, request, fault)


def admit(platform: Platform, org: Org, headers: dict[str, str]) -> Grant:
    """The grant behind a call; a token is good at its own org's address alone. Refuses with 401."""
    grant = platform.tokens.authenticate(headers.get("authorization"))
    if grant.org_id != org.id:
        raise session_expired()
    return grant


def _perform(platform: Platform, org: Org, operation: Operation, request: Request) -> Reply:
    """Do the call and log it."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    with org.lock:
        now = org.clock.now()
        try:
            grant = admit(platform, org, headers)
            if not org.permissions_of(grant.user_id).may_use_api:
                raise RefusalError("API_DISABLED_FOR_ORG", "API is not enabled for this Organization", status=403)
            org.pool.spend(now)
            reply = _run(org, operation, request, grant, headers)
        except RefusalError as refusal:
            reply = Reply(refusal.status, [refusal.as_call_error()])
        org.publish()
        usage = org.pool.header(now)
    _log(platform, org, operation, request, reply.status, reply.written)
    return replace(reply, headers={**reply.headers, "Sforce-Limit-Info": usage})


def _run(org: Org, operation: Operation, request: Request, grant: Grant, headers: dict[str, str]) -> Reply:
    if version := request.arguments.get("version"):
        _check_version(version)
    content_type = headers.get("content-type", "")
    if request.body and content_type.startswith("application/x-www-form-urlencoded"):
        raise RefusalError("UNSUPPORTED_MEDIA_TYPE", f"Content-Type {content_type} is not supported", status=415)
    body = parse_body(request.body, content_type)
    return operation.handler(Call(org, grant, request.arguments, request.query, headers, body, request.body))


def _check_version(text: str) -> None:
    number = text.removeprefix("v")
    if not text.startswith("v") or not number.replace(".", "", 1).isdecimal() or float(number) > LAST_VERSION:
        raise not_found()
    if float(number) < FIRST_VERSION:
        message = f"The requested resource version {text} is retired"
        raise RefusalError("UNSUPPORTED_API_VERSION", message, status=410)


def _log(platform: Platform, org: Org, operation: Operation, request: Request, status: int, written: int = 0) -> None:
    logged = LoggedCall(org.clock.now(), org.id, operation.name, request.method, request.path, status)
    platform.calls.add(logged, written)


def _perform_with(platform: Platform, org: Org, operation: Operation, request: Request, fault: Fault) -> Reply:
    """Do as much of the call as the fault lets happen, and answer what it lets through."""
    match fault.kind:
        case ApiFault.STATUS:
            reply = _fault_reply(org, fault)
            _log(platform, org, operation, request, reply.status)
            return reply
        case ApiFault.DROPPED_BEFORE:
            _log(platform, org, operation, request, DROPPED)
            raise ConnectionDroppedError
        case ApiFault.DROPPED_AFTER:
            _perform(platform, org, operation, request)
            raise ConnectionDroppedError
        case ApiFault.HALF_DONE:
            if (half := _first_half(request)) is not None:
                _perform(platform, org, operation, half)
        case ApiFault.SLOW:
            platform.closing.wait(fault.delay.total_seconds())
            return _perform(platform, org, operation, request)
        case _:
            _perform(platform, org, operation, request)
    return _fault_reply(org, fault)


def _fault_reply(org: Org, fault: Fault) -> Reply:
    headers = {"Sforce-Limit-Info": org.pool.header(org.clock.now())}
    error = _FAULT_ERRORS.get(fault.status)
    if error is None:
        return Reply(fault.status, b"<html><body>Error</body></html>", {**headers, "Content-Type": "text/html"})
    return Reply(fault.status, [error.as_call_error()], headers)


def _first_half(request: Request) -> Request | None:
    """The request with the first half of its records; None when it is no collection."""
    try:
        body: Any = msgspec.json.decode(request.body)
    except msgspec.DecodeError:
        return None
    if not isinstance(body, dict) or not isinstance(body.get("records"), list):
        return None
    records = body["records"]
    return replace(request, body=msgspec.json.encode({**body, "records": records[: len(records) // 2]}))
