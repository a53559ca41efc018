"""Standard invocable actions: notify, post, mail. Salesforce: Actions Developer Guide."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from connector.sandbox.exchange import Reply
from connector.sandbox.salesforce.call import Call
from connector.sandbox.salesforce.ids import to_id
from connector.sandbox.salesforce.refusals import Json, RefusalError, entity_deleted, not_found
from connector.sandbox.salesforce.standard_objects import EMAIL_MESSAGE, EMAIL_RELATION, FEED_ITEM, SENDER

#: Does what one input asks for, and gives what the result says of it.
Action = Callable[[Call, Json], Json]
_MENTION = re.compile(r"@\[([^\]]*)\]")
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


def _result(call: Call, action: Action, given: Any) -> Json:
    told: Json = {"actionName": call.path["name"], "errors": None, "isSuccess": True, "outputValues": {}}
    try:
        told["outputValues"] = action(call, given if isinstance(given, dict) else {})
    except RefusalError as refusal:
        told |= {"errors": [refusal.as_record_error()], "isSuccess": False, "outputValues": None}
    return told


def _notify(call: Call, given: Json) -> Json:
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
    return {}


def _post(call: Call, given: Json) -> Json:
    """A feed item, in which mentions show as names."""
    _check_known(given, {"subjectNameOrId", "text", "type", "communityId", "visibility"})
    _text(given, "text", _MAX_POST)
    subject = to_id(_text(given, "subjectNameOrId", 255))
    row = call.database.row(subject)
    if subject is None or row is None:
        raise _bad("subjectNameOrId", "is no record, user or group")
    if row["IsDeleted"]:
        raise entity_deleted()
    call.org.sent.posts.append({**given, "at": call.org.clock.now()})
    body = _MENTION.sub(lambda found: f"@{_mentioned(call, found[1])}", given["text"])
    item = {"ParentId": subject, "Body": body, "CreatedById": call.grant.user_id}
    return {"feedItemId": call.org.add_setup_row(FEED_ITEM, item)}


def _mentioned(call: Call, given: str) -> str:
    user = call.database.row(to_id(given))
    if user is None or to_id(given)[:3] not in ("005", "0F9"):  # type: ignore[index]  # a row has an id
        raise _bad("text", f"mentions nobody that there is: {given}")
    return str(user["Name"])


def _mail(call: Call, given: Json) -> Json:
    """An email; where it is to be logged, a record of it that hangs on its recipient, not on addresses."""
    recipients = "recipientAddresses" if call.version >= _RENAMED_IN else "emailAddresses"
    newer = {"ccAddresses", "bccAddresses"} if call.version >= _RENAMED_IN else set()
    _check_known(given, _MAIL_INPUTS | {recipients} | newer)
    if not given.get("emailTemplateId"):
        _text(given, "emailSubject", 255)
        _text(given, "emailBody", 384_000)
    if not given.get(recipients) and not given.get("recipientId"):
        raise _bad(recipients, "is required")
    _check_sender(call, given)
    address = _address(call, given)
    call.org.sent.emails.append({**given, "to": address or given.get(recipients), "at": call.org.clock.now()})
    if given.get("logEmailOnSend") and given.get("recipientId"):
        _log(call, given, address)
    return {}


def _check_sender(call: Call, given: Json) -> None:
    kind = given.get("senderType", "CurrentUser")
    if kind not in ("CurrentUser", "DefaultWorkflowUser", "OrgWideEmailAddress"):
        raise _bad("senderType", f"is none: {kind}")
    if kind == "OrgWideEmailAddress":
        address = _text(given, "senderAddress", 255)
        if not call.database.tables[SENDER].find_by("Address", address):
            raise _bad("senderAddress", f"is no organization-wide email address: {address}")


def _address(call: Call, given: Json) -> str:
    """Where the recipient is reached; empty without one."""
    if not given.get("recipientId"):
        return ""
    known = to_id(_text(given, "recipientId", 18))
    row = call.database.row(known)
    if known is None or known[:3] not in ("00Q", "003", "005") or row is None or row["IsDeleted"]:
        raise _bad("recipientId", "is no lead, contact or user")
    if not row.get("Email"):
        raise _bad("recipientId", "has no email address")
    return str(row["Email"])


def _log(call: Call, given: Json, address: str) -> None:
    by = {"CreatedById": call.grant.user_id}
    body = {"HtmlBody" if given.get("sendRichBody") else "TextBody": given.get("emailBody", "")}
    about = {"Subject": given.get("emailSubject", ""), "ToAddress": address, **body, **by}
    message = call.org.add_setup_row(EMAIL_MESSAGE, about)
    relation = {"EmailMessageId": message, "RelationId": to_id(given["recipientId"]), "RelationAddress": address}
    call.org.add_setup_row(EMAIL_RELATION, {**relation, "RelationType": "ToAddress", **by})


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
_ACTIONS: dict[str, Action] = {
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
