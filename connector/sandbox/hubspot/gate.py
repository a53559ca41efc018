"""The way of an API call: faults, token, rate limit, scope, body, handler, log."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from connector.sandbox.call_log import LoggedCall
from connector.sandbox.exchange import ConnectionDroppedError, Reply, Request
from connector.sandbox.faults import ApiFault, Fault
from connector.sandbox.hubspot import scopes
from connector.sandbox.hubspot.call import Call
from connector.sandbox.hubspot.limits import too_many
from connector.sandbox.hubspot.operations import Operation
from connector.sandbox.hubspot.refusals import RefusalError
from connector.sandbox.hubspot.responses import refusal_reply
from connector.sandbox.hubspot.sandbox import Sandbox
from connector.sandbox.hubspot.tokens import Grant
from connector.sandbox.hubspot.vocabulary import DATE_VERSION

_DATED = f"/{DATE_VERSION}"
#: The status of a call whose connection was dropped, in the log.
DROPPED = 0
_FAULT_MESSAGES = {
    423: "The resource is locked; wait at least two seconds.",
    477: "This account is being migrated to another data centre.",
    500: "internal error",
    502: "Bad gateway",
    503: "Service unavailable",
    504: "Gateway time-out",
}


def answer(sandbox: Sandbox, operation: Operation, request: Request) -> Reply:
    """Answer one call, or drop it when a fault says so. Every call is logged, with its final status."""
    fault = sandbox.faults.strikes_call(request.method, request.path)
    if fault is None:
        return _perform(sandbox, operation, request)
    return _perform_with(sandbox, operation, request, fault)


def _perform(sandbox: Sandbox, operation: Operation, request: Request) -> Reply:
    """Do the call and log it."""
    portal_id = 0
    try:
        grant = sandbox.tokens.authenticate(request.headers.get("Authorization"))
        portal_id = grant.portal_id
        reply = _admit_and_run(sandbox, operation, request, grant)
    except RefusalError as refusal:
        reply = refusal_reply(refusal, sandbox.dice)
    _log(sandbox, operation, request, portal_id, reply.status, reply.written)
    return reply


def _admit_and_run(sandbox: Sandbox, operation: Operation, request: Request, grant: Grant) -> Reply:
    portal = sandbox.portals[grant.portal_id]
    limits = portal.limits
    headers = limits.spend_search() if operation.is_search else limits.spend_call(grant.app.app_id)
    scopes.check(grant, operation.needed, request.arguments.get("object_type"))
    if request.body and not request.headers.get("Content-Type", "").startswith("application/json"):
        raise RefusalError(415, "VALIDATION_ERROR", "Content-Type must be application/json")
    call = Call(sandbox, portal, grant, request.arguments, request.query, request.body, _DATED in request.path)
    with portal.crm.lock:
        reply = operation.handler(call)
    return Reply(reply.status, reply.body, {**headers, **reply.headers}, reply.written)


def _log(
    sandbox: Sandbox, operation: Operation, request: Request, portal_id: int, status: int, written: int = 0
) -> None:
    logged = LoggedCall(sandbox.clock.now(), portal_id, operation.name, request.method, request.path, status)
    sandbox.calls.add(logged, written)


def _portal_of(sandbox: Sandbox, request: Request) -> int:
    try:
        return sandbox.tokens.authenticate(request.headers.get("Authorization")).portal_id
    except RefusalError:
        return 0


def _fault_reply(sandbox: Sandbox, fault: Fault) -> Reply:
    if fault.status == 429:
        return refusal_reply(too_many("ten_secondly_rolling", fault.retry_after, {}), sandbox.dice)
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    message = _FAULT_MESSAGES.get(fault.status, "internal error")
    return refusal_reply(RefusalError(fault.status, "INTERNAL_ERROR", message, headers=headers), sandbox.dice)


def _perform_with(sandbox: Sandbox, operation: Operation, request: Request, fault: Fault) -> Reply:
    """Do as much of the call as the fault lets happen, and answer what it lets through."""
    match fault.kind:
        case ApiFault.STATUS:
            return _refuse(sandbox, operation, request, fault)
        case ApiFault.DROPPED_BEFORE:
            _log(sandbox, operation, request, _portal_of(sandbox, request), DROPPED)
            raise ConnectionDroppedError
        case ApiFault.DROPPED_AFTER:
            _perform(sandbox, operation, request)
            raise ConnectionDroppedError
        case ApiFault.HALF_DONE if (half := _first_half(request)) is not None:
            _perform(sandbox, operation, half)
        case ApiFault.HALF_DONE:
            return _refuse(sandbox, operation, request, fault)
        case ApiFault.SLOW:
            sandbox.closing.wait(fault.delay.total_seconds())
            return _perform(sandbox, operation, request)
        case _:
            _perform(sandbox, operation, request)
    return _fault_reply(sandbox, fault)


def _refuse(sandbox: Sandbox, operation: Operation, request: Request, fault: Fault) -> Reply:
    reply = _fault_reply(sandbox, fault)
    _log(sandbox, operation, request, _portal_of(sandbox, request), reply.status)
    return reply


def _first_half(request: Request) -> Request | None:
    """The request with the first half of its inputs; None when it is no batch."""
    try:
        body: Any = msgspec.json.decode(request.body)
    except msgspec.DecodeError:
        return None
    if not isinstance(body, dict) or not isinstance(body.get("inputs"), list):
        return None
    inputs = body["inputs"]
    return replace(request, body=msgspec.json.encode({**body, "inputs": inputs[: len(inputs) // 2]}))
