"""Standard invocable actions: notify, post, mail. Salesforce: Actions Developer Guide."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from connector.sandbox.exchange import Reply
from connector.sandbox.salesforce.call import Call
from connector.sandbox.salesforce.ids import to_id
from connector.sandbox.salesforce.refusals import Json, RefusalError, not_found

#: Notifications in an hour; what is more is lost without a word.
HOURLY_NOTIFICATIONS = 10_000
MAX_INPUTS = 200
_MAX_RECIPIENTS, _MAX_TITLE, _MAX_BODY, _MAX_POST = 500, 250, 750, 10_000
#: From this version on recipients of an email have another name.
_RENAMED_IN = 65.0


def invoke(call: Call) -> Reply:
    """`POST /actions/standard/{name}`: one result for each input, in order."""
    action = _ACTIONS.get(call.path["name"])
    if action is None:
        raise not_found()
    inputs = call.json_object().get("inputs")
    if not isinstance(inputs, list) or not inputs or len(inputs) > MAX_INPUTS:
        raise RefusalError("INVALID_API_INPUT", f"inputs must be a list of 1 to {MAX_INPUTS}")
    results = [_result(call, action, one) for one in inputs]
    is_refused = all(not one["isSuccess"] for one in results)
    return Reply(400 if is_refused else 200, results, written=sum(one["isSuccess"] for one in results))


def _result(call: Call, action: Callable[[Call, Json], None], given: Any) -> Json:
    told: Json = {"actionName": call.path["name"], "errors": None, "isSuccess": True, "outputValues": {}}
    try:
        action(call, given if isinstance(given, dict) else {})
    except RefusalError as refusal:
        told |= {"errors": [refusal.as_record_error()], "isSuccess": False, "outputValues": None}
    return told


def _notify(call: Call, given: Json) -> None:
    _check_known(given, {"customNotifTypeId", "recipientIds", "title", "body", "targetId", "targetPageRef", "senderId"})
    if not call.permissions.may_send_notifications:
        message = "The user does not have the Send Custom Notifications permission"
        raise RefusalError("INSUFFICIENT_ACCESS_OR_READONLY", message, [])
    kind = to_id(_text(given, "customNotifTypeId", 18))
    if kind not in call.database.tables["CustomNotificationType"].rows:
        raise _bad("customNotifTypeId", "is no notification type")
    recipients = given.get("recipientIds")
    if not isinstance(recipients, list) or not 0 < len(recipients) <= _MAX_RECIPIENTS:
        raise _bad("recipientIds", f"must be a list of 1 to {_MAX_RECIPIENTS} ids")
    for one in recipients:
        known = to_id(one)
        if known is None or known[:3] not in ("005", "00G", "001", "006") or call.database.row(known) is None:
            raise _bad("recipientIds", f"is no recipient: {one}")
    _text(given, "title", _MAX_TITLE)
    _text(given, "body", _MAX_BODY)
    if not given.get("targetId") and not given.get("targetPageRef"):
        raise _bad("targetId", "is required without a targetPageRef")
    now = call.org.clock.now()
    sent = call.org.sent.notifications
    if sum(1 for one in sent if one["at"] > now - timedelta(hours=1)) < HOURLY_NOTIFICATIONS:
        sent.append({**given, "at": now})


def _post(call: Call, given: Json) -> None:
    _check_known(given, {"subjectNameOrId", "text", "type", "communityId", "visibility"})
    _text(given, "text", _MAX_POST)
    subject = to_id(_text(given, "subjectNameOrId", 255))
    if subject is None or call.database.row(subject) is None:
        raise _bad("subjectNameOrId", "is no record, user or group")
    call.org.sent.posts.append({**given, "at": call.org.clock.now()})


def _mail(call: Call, given: Json) -> None:
    recipients = "recipientAddresses" if call.version >= _RENAMED_IN else "emailAddresses"
    newer = {"ccAddresses", "bccAddresses"} if call.version >= _RENAMED_IN else set()
    _check_known(given, _MAIL_INPUTS | {recipients} | newer)
    if not given.get("emailTemplateId"):
        _text(given, "emailSubject", 255)
        _text(given, "emailBody", 384_000)
    if not given.get(recipients) and not given.get("recipientId"):
        raise _bad(recipients, "is required")
    call.org.sent.emails.append({**given, "at": call.org.clock.now()})


_MAIL_INPUTS = {
    "emailSubject",
    "emailBody",
    "senderType",
    "senderAddress",
    "sendRichBody",
    "relatedRecordId",
    "recipientId",
    "emailTemplateId",
    "logEmailOnSend",
}
_ACTIONS: dict[str, Callable[[Call, Json], None]] = {
    "customNotificationAction": _notify,
    "chatterPost": _post,
    "emailSimple": _mail,
}


def _check_known(given: Json, known: set[str]) -> None:
    if unknown := sorted(set(given) - known):
        raise RefusalError("INVALID_API_INPUT", f"Unknown input parameter: {unknown[0]}", [])


def _text(given: Json, name: str, maximum: int) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value:
        raise RefusalError("MISSING_ARGUMENT", f"Missing required input parameter: {name}", [])
    if len(value) > maximum:
        raise _bad(name, f"is longer than {maximum} characters")
    return value


def _bad(name: str, why: str) -> RefusalError:
    return RefusalError("INVALID_API_INPUT", f"{name} {why}", [])
