"""What happens to the leads of an org, and how the org tells of it: by outbound messages, while it happens."""

from __future__ import annotations

import http.client
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from queue import SimpleQueue

from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.outbound import DEFAULT_FIELDS, MAX_NOTIFICATIONS
from connector.sandbox.salesforce.outbound_xml import is_acknowledged, write_message

_LEAD = "Lead"
#: What happens to each measured lead, one after the other: a field of its own each time, and its new value.
STORY: Sequence[tuple[str, str | int]] = (
    ("First_Page__c", "https://www.example.com/report"),  # enters
    ("Last_Email__c", "Thank you for reading"),
    ("Last_Open__c", "2026-11-22 10:01"),
    ("Last_Click__c", "2026-11-22 10:02"),  # answers
    ("Title", "Operations manager"),
    ("NumberOfEmployees", 200),
    ("Prices_Seen__c", "https://www.example.com/prices"),
    ("Study_Read__c", "2026-11-22 10:03"),  # answers
    ("Status", "Working - Contacted"),
    ("Country", "Italy"),
)
#: Leads whose changes are under way together.
_TOGETHER = 2 * MAX_NOTIFICATIONS
_CONNECTIONS = 8
_HEADERS = {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""', "Accept": "text/xml"}
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Part:
    """One change of one lead."""

    lead_id: str
    field: str
    value: str | int


def tell_stories(org: Org, lead_ids: Sequence[str], length: int, port: int) -> None:
    """Let the first parts of the story happen to each lead, and tell of each change once.

    So many changes as a message holds happen in one second of the org's time. A message holds no lead twice, and leaves
    as soon as one of a few connections is free; what happens next waits for that. Raises RuntimeError when a message
    is not acknowledged.
    """
    doors = [http.client.HTTPConnection("127.0.0.1", port, timeout=60) for _ in range(_CONNECTIONS)]
    free: SimpleQueue[http.client.HTTPConnection] = SimpleQueue()
    with ExitStack() as stack:
        for door in doors:
            stack.callback(door.close)
            free.put(door)
        sender = stack.enter_context(ThreadPoolExecutor(_CONNECTIONS))
        under_way = [sender.submit(_post, free, free.get(), _happen(org, one)) for one in _messages(lead_ids, length)]
        for one in under_way:
            one.result()


def _messages(lead_ids: Sequence[str], length: int) -> Iterator[Sequence[Part]]:
    """Leads come in groups; of a group first everybody's first change is told, then everybody's second."""
    dice = random.Random(1)
    for start in range(0, len(lead_ids), _TOGETHER):
        group = list(lead_ids[start : start + _TOGETHER])
        for field, value in STORY[:length]:
            dice.shuffle(group)
            for first in range(0, len(group), MAX_NOTIFICATIONS):
                yield [Part(one, field, value) for one in group[first : first + MAX_NOTIFICATIONS]]


def _happen(org: Org, parts: Sequence[Part]) -> bytes:
    """Change the leads, nobody reading meanwhile; the message that tells of it."""
    with org.lock:
        org.clock.advance(_SECOND)
        leads, admin = org.database.tables[_LEAD], org.actor()
        for part in parts:
            org.database.update(leads, leads.rows[part.lead_id], {part.field: part.value}, admin)
        org.publish()
        rows = [leads.rows[part.lead_id] for part in parts]
        told = [(f"04l{row['Id'][3:]}", {name: row[name] for name in DEFAULT_FIELDS}) for row in rows]
    return write_message(
        org_id=org.id,
        action_id=f"04k{org.id[3:]}",
        instance_url=org.instance_url,
        object_name=_LEAD,
        notifications=told,
    )


def _post(free: SimpleQueue[http.client.HTTPConnection], door: http.client.HTTPConnection, message: bytes) -> None:
    try:
        door.request("POST", "/webhooks/salesforce/outbound", message, _HEADERS)
        answer = door.getresponse()
        body = answer.read()
    finally:
        free.put(door)
    if answer.status != 200 or not is_acknowledged(body):
        raise RuntimeError(f"an outbound message was not acknowledged: {answer.status}")
