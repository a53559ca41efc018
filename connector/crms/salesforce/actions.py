"""Alerts, Chatter posts and emails: what standard actions do at once. Actions Developer Guide.

An action has no external id, so nothing keeps it from being done twice but ourselves. Each takes a call of its own:
of several inputs, the org's settings say whether those that work are done again or undone when another one fails
(Metadata API: InvocableActionSettings). An act that is in doubt is done no more, unless it is certain that it was not:
a post leaves a feed item and an email that is logged an email message, both of which can be found; of an alert and of
an email that is not logged there is no trace.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any, Final

from connector.clock import Clock
from connector.crms.salesforce.batches import Outcome, Replies
from connector.crms.salesforce.catalog import fetch_alerts
from connector.crms.salesforce.client import SalesforceClient
from connector.crms.salesforce.errors import RefusedCallError, to_reply
from connector.crms.salesforce.homes import find_homes
from connector.crms.salesforce.plain import cut, to_plain
from connector.crms.salesforce.replies import ActionResult, read
from connector.crms.salesforce.traces import find_email, find_post
from connector.crms.salesforce.translate import CONTACT, LEAD, QUEUE_PREFIX, USER_PREFIX, object_type_of, to_long_id
from connector.domain.outward.change import Act, ChangeKind, Email
from connector.errors import CredentialsError, RetryableCrmError, UnreadableReplyError
from connector.ports import RecordReply, ReplyState

# Actions Developer Guide: Custom Notification Actions, Post to Chatter Actions, Simple Email Actions.
_MAX_TITLE: Final = 250
_MAX_ALERT: Final = 750
_MAX_POST: Final = 10_000 - len("@[005000000000000AAA] ")
_MAX_SUBJECT: Final = 255
#: After so long a call is over, whether or not its answer arrived. Salesforce Developer Limits: API request limits.
_OVER_AFTER: Final = timedelta(minutes=10)

_NOBODY: Final = RecordReply(ReplyState.REFUSED, "This is no id of a lead or contact.")
_NO_OWNER: Final = RecordReply(ReplyState.REFUSED, "Nobody in the org owns the lead: there is nobody to show it to.")
_NO_EMAIL: Final = RecordReply(ReplyState.REFUSED, "There is no email in it.")
_IN_DOUBT: Final = "It may or may not have been done, and is not done again."
_UNREACHED: Final = "Others of its batch failed first."

_NAMES: Final[Mapping[ChangeKind, str]] = {
    ChangeKind.ALERT: "customNotificationAction",
    ChangeKind.POST: "chatterPost",
    ChangeKind.EMAIL: "emailSimple",
}
#: The input of an action; or why there is none.
_Body = dict[str, Any] | RecordReply


class Actions:
    """Has one org do what standard actions do, each thing at most once."""

    def __init__(self, client: SalesforceClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._alerts: Mapping[str, str] = {}

    def run(self, kind: ChangeKind, acts: Mapping[str, tuple[str, Act]]) -> Replies:
        """Show alerts, make posts or send emails, key -> (record id, act); one reply a key.

        After an answer that was lost, or a refusal of all calls, the others are left untouched. Raises
        CredentialsError where nothing was done.
        """
        replies: Replies = {}
        for key, (record_id, act) in acts.items():
            try:
                replies[key] = self._take(kind, record_id, act)
            except CredentialsError:
                if not replies:
                    raise
                break
            except RetryableCrmError as error:
                is_untouched = not error.may_be_done
                replies[key] = RecordReply(
                    ReplyState.LATER, str(error), retry_at=error.retry_at, is_untouched=is_untouched
                )
                break
            except UnreadableReplyError as error:
                replies[key] = RecordReply(ReplyState.LATER, str(error))
                break
        return {**dict.fromkeys(acts, RecordReply(ReplyState.LATER, _UNREACHED, is_untouched=True)), **replies}

    def _take(self, kind: ChangeKind, record_id: str, act: Act) -> RecordReply:
        if act.in_doubt_since is not None and (reply := self._look(kind, record_id, act, act.in_doubt_since)):
            return reply
        outcome = self._do(kind, to_long_id(record_id), act)
        home = find_homes(self._client, {"": outcome}, {"": record_id}).get("")
        return (self._do(kind, home.record_id, act) if home else outcome).reply

    def _do(self, kind: ChangeKind, who: str, act: Act) -> Outcome:
        if object_type_of(who) not in (LEAD, CONTACT):
            return Outcome(_NOBODY)
        body = self._to_body(kind, who, act)
        return Outcome(body) if isinstance(body, RecordReply) else self._invoke(_NAMES[kind], body)

    def _invoke(self, name: str, body: Mapping[str, Any]) -> Outcome:
        try:
            answer = self._client.send("POST", f"actions/standard/{name}", {"inputs": [body]})
        except RefusedCallError as refusal:
            return Outcome(RecordReply(ReplyState.REFUSED, refusal.words), (refusal.detail,))
        results = read(answer, list[ActionResult])
        if len(results) != 1:
            raise UnreadableReplyError(f"Salesforce answered {len(results)} times for one input of {name}.")
        (result,) = results
        if not result.is_success:
            return Outcome(to_reply(result.errors or ()), result.errors or ())
        return Outcome(RecordReply(ReplyState.DONE, remote_id=_made(result)))

    # --- what is in doubt ---------------------------------------------------------------------------------------

    def _look(self, kind: ChangeKind, record_id: str, act: Act, since: datetime) -> RecordReply | None:
        """What became of an act that is in doubt; None where it was surely not done."""
        if kind is ChangeKind.ALERT or (act.email is not None and not act.email.is_logged):
            return RecordReply(ReplyState.REFUSED, f"{_IN_DOUBT} Salesforce leaves no trace of it.")
        over_at = since + _OVER_AFTER
        if self._clock.now() < over_at:
            return RecordReply(ReplyState.LATER, "It is in doubt, and looked for later.", retry_at=over_at)
        try:
            found = self._find(kind, to_long_id(record_id), act, since)
        except RefusedCallError as refusal:
            return RecordReply(ReplyState.REFUSED, f"{_IN_DOUBT} It cannot be looked for. {refusal.words}")
        if found:
            return RecordReply(ReplyState.DONE, remote_id=found)
        # Whether an email that left is always logged is not told; of a post the feed item is the post itself.
        return None if kind is ChangeKind.POST else RecordReply(ReplyState.REFUSED, f"{_IN_DOUBT} It was not logged.")

    def _find(self, kind: ChangeKind, who: str, act: Act, since: datetime) -> str:
        if kind is ChangeKind.POST:
            return find_post(self._client, who, _said(act), since)
        return find_email(self._client, who, _subject(act), since)

    # --- what is sent -------------------------------------------------------------------------------------------

    def _to_body(self, kind: ChangeKind, who: str, act: Act) -> _Body:
        if kind is ChangeKind.ALERT:
            return self._to_alert(who, act)
        if kind is ChangeKind.POST:
            return _to_post(who, act)
        return _to_email(who, act, act.email) if act.email else _NO_EMAIL

    def _to_alert(self, who: str, act: Act) -> _Body:
        owner = to_long_id(act.owner)
        if not owner.startswith((USER_PREFIX, QUEUE_PREFIX)):
            return _NO_OWNER
        alert = self._alert_id(act.type)
        if not alert:
            words = f"The org has no custom notification type {act.type}: install the Coltiva package, or make one."
            return RecordReply(ReplyState.REFUSED, words)
        return {
            "customNotifTypeId": alert,
            "recipientIds": [owner],
            "title": cut(act.subject, _MAX_TITLE),
            "body": cut(to_plain(act.body) or act.subject, _MAX_ALERT),
            "targetId": who,
        }

    def _alert_id(self, name: str) -> str:
        if name not in self._alerts:
            self._alerts = fetch_alerts(self._client)
        return self._alerts.get(name, "")


def _to_post(who: str, act: Act) -> dict[str, Any]:
    owner = to_long_id(act.owner)
    mention = f"@[{owner}] " if owner.startswith(USER_PREFIX) else ""
    return {"subjectNameOrId": who, "text": mention + _said(act)}


def _to_email(who: str, act: Act, email: Email) -> dict[str, Any]:
    """To the address that the record has; Salesforce looks it up, and keeps the email among its activities."""
    html = email.values.get("html", "")
    address = parseaddr(email.sender)[1]
    sender = {"senderType": "OrgWideEmailAddress", "senderAddress": address} if address else {}
    return {
        "recipientId": who,
        "emailSubject": _subject(act),
        "emailBody": html or email.values.get("text", ""),
        "sendRichBody": bool(html),
        "logEmailOnSend": email.is_logged,
        **sender,
    }


def _said(act: Act) -> str:
    """The text of a post. What a lead wrote mentions nobody and makes no topic."""
    return cut(to_plain(act.body).replace("@[", "@ [").replace("#[", "# ["), _MAX_POST)


def _subject(act: Act) -> str:
    return cut(act.subject, _MAX_SUBJECT)


def _made(result: ActionResult) -> str:
    return str((result.output_values or {}).get("feedItemId") or "")
