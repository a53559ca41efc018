"""Emails of the portal's own, sent one by one, each at most once.

HubSpot: Single-send API guide and Transactional single-send API guide. Both take the same body. Our key is the
`sendId`, of which HubSpot promises that no more than one email is sent for each: what a lost answer leaves in doubt is
asked for again. HubSpot sends later and tells the result under a status id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from connector.crms.hubspot.client import VERSION, HubSpotClient, Reply
from connector.crms.hubspot.errors import RefusedCallError
from connector.crms.hubspot.halving import Replies
from connector.crms.hubspot.replies import SendStatus, read
from connector.domain.outward.change import Act, Email
from connector.errors import CredentialsError, RetryableCrmError
from connector.ports import RecordReply, ReplyState

#: Marketing email, which HubSpot withholds from those who opted out; the newest version of this path.
_SEND: Final = "/marketing/email-campaigns/2026-03/single-send"
_SEND_TRANSACTIONAL: Final = f"/marketing/transactional/{VERSION}/single-email/send"
#: The same for both; there is no dated path yet.
_STATUS: Final = "/marketing/v3/email/send-statuses/{}"

_UNSETTLED: Final = frozenset({"PENDING", "PROCESSING"})
#: It left, or had left before under this send id.
_SENT: Final = frozenset({"SENT", "QUEUED", "IDEMPOTENT_IGNORE"})
_BOUNCED: Final = "a bounced address"
_COMPLAINED: Final = "a complaint"
#: HubSpot does not write to this person, and why nobody else should, where that follows.
_SUPPRESSED: Final[Mapping[str, str]] = {
    "PREVIOUSLY_BOUNCED": _BOUNCED,
    "QUARANTINED_ADDRESS": _BOUNCED,
    "INVALID_TO_ADDRESS": _BOUNCED,
    "PREVIOUS_SPAM": _COMPLAINED,
    **dict.fromkeys(
        (
            "ADDRESS_LIST_BOMBED", "ADDRESS_OPTED_OUT", "BLOCKED_ADDRESS", "BLOCKED_DOMAIN",
            "BRAND_RECIPIENT_FATIGUE_SUPPRESSED", "GDPR_DOI_ENABLED", "GRAYMAIL_SUPPRESSED",
            "LOW_CONTACT_QUALITY_SCORE", "NON_MARKETABLE_CONTACT", "PREVIOUSLY_UNSUBSCRIBED_BRAND",
            "PREVIOUSLY_UNSUBSCRIBED_BUSINESS_UNIT", "PREVIOUSLY_UNSUBSCRIBED_MESSAGE",
            "PREVIOUSLY_UNSUBSCRIBED_PORTAL", "RECIPIENT_FATIGUE_SUPPRESSED",
        ),
        "",
    ),
}  # fmt: skip
_UNREACHED: Final = "HubSpot could not be asked for it yet."


def send_emails(client: HubSpotClient, acts: Mapping[str, tuple[str, Act]]) -> Replies:
    """Hand emails over, one call each; one reply a key. A second run with the same key sends nothing twice.

    An account that may not send refuses the emails and nothing else. When HubSpot becomes unavailable half-way, those
    that were handed over stay settled and the rest comes later.
    """
    emails = {key: act.email for key, (_, act) in acts.items() if act.email}
    return _one_by_one({key: _sending(client, key, email) for key, email in emails.items()})


def follow_emails(client: HubSpotClient, sent: Mapping[str, str]) -> Replies:
    """What became of emails that were handed over, key -> status id. Changes nothing."""
    return _one_by_one({key: _asking(client, status_id) for key, status_id in sent.items()})


def _sending(client: HubSpotClient, key: str, email: Email) -> Callable[[], Reply]:
    path = _SEND_TRANSACTIONAL if email.is_transactional else _SEND
    return lambda: client.post(path, _to_body(key, email))


def _asking(client: HubSpotClient, status_id: str) -> Callable[[], Reply]:
    return lambda: client.get(_STATUS.format(status_id))


def _to_body(key: str, email: Email) -> dict[str, Any]:
    message: dict[str, Any] = {"to": email.to, "sendId": key, "cc": [], "bcc": [], "replyTo": []}
    if email.reply_to:
        message["replyTo"] = [email.reply_to]
    if email.sender:
        message["from"] = email.sender
    return {
        "emailId": email.number,
        "message": message,
        "contactProperties": dict(email.properties),
        "customProperties": dict(email.values),
    }


def _one_by_one(calls: Mapping[str, Callable[[], Reply]]) -> Replies:
    replies: Replies = {}
    for key, call in calls.items():
        try:
            replies[key] = _to_reply(read(call(), SendStatus))
        except RefusedCallError as refusal:
            replies[key] = RecordReply(ReplyState.REFUSED, refusal.words)
        except CredentialsError as error:
            if error.status == 403:
                replies[key] = RecordReply(ReplyState.REFUSED, str(error))
                continue
            if not replies:
                raise
            return {**dict.fromkeys(calls, RecordReply(ReplyState.LATER, str(error), is_untouched=True)), **replies}
        except RetryableCrmError as error:
            if not replies:
                raise
            later = RecordReply(ReplyState.LATER, _UNREACHED, retry_at=error.retry_at)
            return {**dict.fromkeys(calls, later), **replies}
    return replies


def _to_reply(status: SendStatus) -> RecordReply:
    result = status.send_result
    words = f"{result}: {status.message}" if status.message and result else result or status.message or status.status
    if status.status in _UNSETTLED:
        return RecordReply(ReplyState.LATER, words, remote_id=status.status_id)
    if status.status == "COMPLETE" and result in _SENT:
        return RecordReply(ReplyState.DONE, remote_id=status.status_id)
    if result in _SUPPRESSED:
        return RecordReply(ReplyState.SUPPRESSED, words, because=_SUPPRESSED[result])
    return RecordReply(ReplyState.REFUSED, words)
