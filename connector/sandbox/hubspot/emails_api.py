"""Emails sent to one person, and what became of them. HubSpot: Single-send API guides."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from connector.sandbox.exchange import Reply
from connector.sandbox.hubspot.call import Call
from connector.sandbox.hubspot.refusals import invalid
from connector.sandbox.hubspot.shapes import Body, Json
from connector.sandbox.hubspot.single_sends import SingleSend
from connector.sandbox.hubspot.vocabulary import iso


class Envelope(
    msgspec.Struct, forbid_unknown_fields=True, rename={"from_": "from", "send_id": "sendId", "reply_to": "replyTo"}
):
    """Who gets the email, and from whom."""

    to: str
    from_: str | None = None
    send_id: str = ""
    reply_to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()


class SingleSendBody(Body):
    """An email to send to one person."""

    email_id: int
    message: Envelope
    contact_properties: dict[str, str] = msgspec.field(default_factory=dict)
    custom_properties: dict[str, Any] = msgspec.field(default_factory=dict)


def send_marketing(call: Call) -> Reply:
    """Send a marketing email to one person."""
    return _send(call, is_transactional=False)


def send_transactional(call: Call) -> Reply:
    """Send a transactional email to one person."""
    return _send(call, is_transactional=True)


def _send(call: Call, *, is_transactional: bool) -> Reply:
    body = call.read(SingleSendBody)
    sends = call.portal.single_sends
    for name, value in body.custom_properties.items():
        if isinstance(value, list):
            raise invalid(f"Custom properties do not support arrays: {name}.")
    send = sends.ask(
        body.email_id,
        body.message.to,
        body.message.send_id,
        is_transactional=is_transactional,
        custom={name: str(value) for name, value in body.custom_properties.items()},
        properties=body.contact_properties,
        origin=call.origin,
    )
    call.portal.plan(timedelta(0), sends.work_off)
    return Reply(200, _to_json(send), written=1)


def get_status(call: Call) -> Reply:
    """What became of one email."""
    return Reply(200, _to_json(call.portal.single_sends.find(call.path["status_id"])))


def _to_json(send: SingleSend) -> Json:
    body: Json = {"statusId": send.status_id, "status": str(send.state), "requestedAt": iso(send.requested_at)}
    if send.completed_at is not None:
        moment = iso(send.completed_at)
        body |= {"sendResult": send.result, "startedAt": moment, "completedAt": moment}
    return body
