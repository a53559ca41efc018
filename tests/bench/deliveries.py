"""What HubSpot would send: property changes as webhook bodies, and the signed requests around them."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connector.sandbox.hubspot.signatures import webhook_headers

SECRET = "bench-client-secret"
APP_ID = 50_780_459

#: What happens to each measured lead, one after the other: property and new value.
STORY = (
    ("hs_analytics_last_url", "https://www.example.com/report"),  # enters
    ("hs_email_last_email_name", "Thank you for reading"),
    ("hs_email_last_open_date", "1789000000001"),
    ("hs_email_last_click_date", "1789000000002"),  # answers: on to consideration
    ("jobtitle", "Operations manager"),
    ("numemployees", "100-500"),
    ("hs_analytics_last_url", "https://www.example.com/prices"),
    ("hs_email_last_open_date", "1789000000003"),
    ("hs_email_last_click_date", "1789000000004"),  # answers: on to decision
    ("country", "Italy"),
)
#: Leads whose events are under way together.
_TOGETHER = 200


@dataclass(frozen=True, slots=True)
class Happening:
    """One property change of one contact."""

    contact_id: str
    at: datetime
    property: str
    value: str


def tell_stories(contact_ids: Sequence[str], begins_at: datetime, length: int = len(STORY)) -> list[Happening]:
    """The first `length` parts of the story for each contact.

    Contacts come in groups, and within a group everybody's events are mixed, each contact's own in their order.
    """
    dice = random.Random(1)
    told: list[Happening] = []
    for start in range(0, len(contact_ids), _TOGETHER):
        group = contact_ids[start : start + _TOGETHER]
        turns = [contact_id for contact_id in group for _ in range(length)]
        dice.shuffle(turns)
        told += _in_turn(turns, begins_at)
    return told


def _in_turn(turns: Sequence[str], begins_at: datetime) -> Iterator[Happening]:
    parts = dict.fromkeys(turns, 0)
    for contact_id in turns:
        part = parts[contact_id]
        parts[contact_id] += 1
        yield Happening(contact_id, begins_at + timedelta(seconds=part), *STORY[part])


def to_bodies(happenings: Sequence[Happening], portal_id: str, events_a_delivery: int) -> list[bytes]:
    """The happenings as webhook bodies, in their order."""
    events = [_to_event(number, one, portal_id) for number, one in enumerate(happenings)]
    return [
        json.dumps(events[start : start + events_a_delivery]).encode()
        for start in range(0, len(events), events_a_delivery)
    ]


def _to_event(number: int, one: Happening, portal_id: str) -> dict[str, Any]:
    return {
        "eventId": number,
        "subscriptionId": 7_562_001,
        "portalId": int(portal_id),
        "appId": APP_ID,
        "occurredAt": round(one.at.timestamp() * 1000),
        "subscriptionType": "contact.propertyChange",
        "attemptNumber": 0,
        "objectId": int(one.contact_id),
        "propertyName": one.property,
        "propertyValue": one.value,
        "changeSource": "CRM_UI",
        "sourceId": "userId:1",
    }


def sign(port: int, bodies: Sequence[bytes]) -> list[bytes]:
    """Whole HTTP requests, signed now; they are accepted for five minutes."""
    stamp = time.time_ns() // 1_000_000
    uri = f"http://127.0.0.1:{port}/webhooks/hubspot"
    return [_to_request(port, body, webhook_headers(SECRET, uri, body, stamp)) for body in bodies]


def _to_request(port: int, body: bytes, signature: dict[str, str]) -> bytes:
    headers = {
        "Host": f"127.0.0.1:{port}",
        "User-Agent": "HubSpot Connect 2.0",
        "Accept": "*/*",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **signature,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /webhooks/hubspot HTTP/1.1\r\n{lines}\r\n".encode() + body
