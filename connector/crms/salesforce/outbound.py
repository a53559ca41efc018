"""Salesforce's outbound messages: whose they are, and what they hint at. Salesforce: Outbound Messaging.

A message is signed by nobody. What it says is therefore believed no further than that these records may have
changed: they are read from the org itself, with our own grant. It must name an org that is connected and, where the
settings ask for that, come over a connection for which a proxy checked the org's own client certificate.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from connector.crms.salesforce.hearing import to_event, to_record
from connector.crms.salesforce.soap import NotAMessageError, Notification, read_message, read_org
from connector.crms.salesforce.translate import COMPANIONS, CONTACT, LEAD, OPPORTUNITY, to_long_id
from connector.domain.records.sources import CompanionKind
from connector.errors import MalformedRequestError, SignatureError, UnknownAccountError
from connector.ports import CrmEvent, EventKind, Parsed, RawRequest, Receipt, Unreadable

#: A message holds at most 100 notifications: each may weigh 80 kB, two long text areas of 32,000 letters and more. Of
#: the fields that we ask an admin to select, 100 take 70 kB.
MAX_BODY: Final = 8 * 1024 * 1024
_MAX_SHOWN: Final = 2_000
#: One Ack is for all notifications. Whatever else is answered, with whatever status, is "send it again".
ACKNOWLEDGED: Final = Receipt(
    "text/xml",
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>'
    "</soapenv:Body></soapenv:Envelope>",
)


class OutboundMessages:
    """The door for outbound messages.

    `knows` tells whether an org, by its id of 18 characters, is connected at a moment. `certificate_header` is the
    header in which a trusted proxy says which client certificate it checked, empty for no such check; `certificates`
    is what it must say, org by org.
    """

    name: str = "salesforce/outbound"
    max_body: int = MAX_BODY
    media_types: frozenset[str] = frozenset({"text/xml"})
    receipt: Receipt = ACKNOWLEDGED
    lead_types: frozenset[str] = frozenset({LEAD, CONTACT})
    deal_type: str = OPPORTUNITY
    companion_types: Mapping[str, CompanionKind] = COMPANIONS

    def __init__(
        self,
        knows: Callable[[str, datetime], bool],
        certificate_header: str = "",
        certificates: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._knows = knows
        self._certificate_header = certificate_header.lower()
        self._certificates = certificates or {}

    def verify(self, request: RawRequest, now: datetime) -> None:
        """Raise a DeliveryError unless it is a message of an org that is connected, over its own certificate if asked.

        Nothing in the message proves that the org sent it.
        """
        try:
            org = to_long_id(read_org(request.body))
        except NotAMessageError as error:
            raise MalformedRequestError(str(error)) from error
        if not org:
            raise MalformedRequestError("It names no org.")
        self._check_certificate(org, request.headers)
        if not self._knows(org, now):
            raise UnknownAccountError

    def parse(self, body: bytes) -> Parsed:
        """The hints in a message. Never raises: what cannot be read is returned as unreadable."""
        try:
            message = read_message(body)
        except NotAMessageError as error:
            return Parsed((), (Unreadable(str(error), _to_text(body[:_MAX_SHOWN])),), is_broken=True)
        org = to_long_id(message.org)
        hints: list[CrmEvent] = []
        unreadable: list[Unreadable] = []
        for notification in message.notifications:
            hint = _to_hint(org, notification)
            if hint is None:
                unreadable.append(Unreadable(_NO_RECORD, _to_raw(notification)))
            else:
                hints.append(hint)
        return Parsed(hints, unreadable)

    def _check_certificate(self, org: str, headers: Mapping[str, str]) -> None:
        """Compared in constant time, and on bytes: a header may hold any character."""
        if not self._certificate_header:
            return
        given = headers.get(self._certificate_header, "").encode("utf-8", "replace")
        matches = [hmac.compare_digest(given, one.encode()) for one in self._certificates.get(org, ())]
        if not any(matches):
            raise SignatureError("The client certificate is not the org's.")


#: Salesforce: Considerations for Outbound Messages. The deletion itself is told by no message.
_NO_RECORD: Final = "it holds no record: that was deleted before the message left"


def _to_hint(org: str, notification: Notification) -> CrmEvent | None:
    """None where nothing is named that could be read."""
    ref = to_record(org, notification.fields.get("Id", ""), notification.sobject)
    if ref is None:
        return None
    type_ = f"{notification.sobject or ref.object_type}.NOTIFICATION"
    return to_event(EventKind.HINTED, ref, notification.fields.get("SystemModstamp", ""), type_, _to_raw(notification))


def _to_raw(notification: Notification) -> str:
    """What of it is kept aside, should it become nothing: no more than whose record it was."""
    shown = {"Notification": notification.id, "object": notification.sobject, **notification.fields}
    return msgspec.json.encode(shown).decode()


def _to_text(raw: bytes) -> str:
    """As text that any database can hold."""
    return raw.decode("utf-8", "replace").replace("\0", "\ufffd")
