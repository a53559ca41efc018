"""What an org tells by itself: outbound messages, and events that its triggers sign."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from connector.sandbox.faults import Fault, WebhookFault
from connector.sandbox.salesforce.fields import Field, FieldType
from connector.sandbox.salesforce.people import People
from connector.sandbox.server import create_server
from tests.contract.sandbox.salesforce import wsdl
from tests.contract.sandbox.salesforce.conftest import World

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
OUT = "{http://soap.sforce.com/2005/09/outbound}"
SF = "{urn:sobject.enterprise.soap.sforce.com}"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
ACK = (
    f'<soapenv:Envelope xmlns:soapenv="{SOAP}"><soapenv:Body><notificationsResponse '
    f'xmlns="{OUT[1:-1]}"><Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>'
).encode()


@dataclass
class Received:
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """A server that answers what it is told to."""

    status: str = "200 OK"
    answer: bytes = ACK
    received: list[Received] = field(default_factory=list)
    url: str = ""

    def __call__(self, environ: dict[str, object], start_response: Callable[..., object]) -> list[bytes]:
        headers = {
            key[5:].replace("_", "-").title(): str(value) for key, value in environ.items() if key[:5] == "HTTP_"
        }
        headers["Content-Type"] = str(environ.get("CONTENT_TYPE"))
        body: bytes = environ["wsgi.input"].read()  # type: ignore[attr-defined]
        self.received.append(Received(headers, body))
        start_response(self.status, [("Content-Type", "text/xml"), ("Content-Length", str(len(self.answer)))])
        return [self.answer]

    def records(self) -> list[dict[str, str]]:
        """Every record of every message, as field and text."""
        roots = [ElementTree.fromstring(one.body) for one in self.received]
        objects = [found for root in roots for found in root.iter(f"{OUT}sObject")]
        return [{part.tag.removeprefix(SF): part.text or "" for part in one} for one in objects]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    server = create_server(made)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}/webhooks/salesforce/outbound"
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


FIELDS = (
    "Id",
    "CreatedDate",
    "Email",
    "HasOptedOutOfEmail",
    "LastName",
    "SystemModstamp",
    "coltiva__Score__c",
    "Phone",
)


def test_a_change_is_told_with_the_fields_of_the_message(world: World, people: People, receiver: Receiver) -> None:
    message = world.platform.outbound.add(world.org, "Lead", receiver.url, FIELDS)
    lead_id = people.create_lead("ana@example.com", LastName="O'Neil & Sons", coltiva__Score__c=42)

    delivery = world.platform.flush()[0]

    root = ElementTree.fromstring(receiver.received[0].body)
    told = root.find(f"{{{SOAP}}}Body/{OUT}notifications")
    assert told is not None
    assert told.findtext(f"{OUT}OrganizationId") == world.org.id
    assert told.findtext(f"{OUT}ActionId") == message.action_id
    assert [part.tag.removeprefix(OUT) for part in told] == [
        "OrganizationId", "ActionId", "SessionId", "EnterpriseUrl", "PartnerUrl", "Notification",
    ]  # fmt: skip
    session = told.find(f"{OUT}SessionId")
    assert session is not None
    assert session.get(NIL) == "true"
    assert receiver.records() == [
        {
            "Id": lead_id,
            "CreatedDate": "2026-11-23T09:00:00.000Z",
            "Email": "ana@example.com",
            "HasOptedOutOfEmail": "false",
            "LastName": "O'Neil & Sons",
            "SystemModstamp": "2026-11-23T09:00:00.000Z",
            "coltiva__Score__c": "42.0",
        }
    ]
    assert receiver.received[0].headers["Content-Type"] == "text/xml; charset=UTF-8"
    assert receiver.received[0].headers["Soapaction"] == '""'
    assert delivery.is_accepted
    assert world.platform.outbound.pending == 0


def test_a_message_holds_100_notifications_and_each_record_once(
    world: World, people: People, receiver: Receiver
) -> None:
    world.platform.outbound.add(world.org, "Lead", receiver.url)
    leads = [people.create_lead() for _ in range(150)]
    people.change(leads[0], Rating="Hot")

    deliveries = world.platform.flush()

    assert [one.events for one in deliveries] == [100, 50]
    assert sorted(one["Id"] for one in receiver.records()) == sorted(leads)


@pytest.mark.skipif(not wsdl.is_at_hand(), reason="the description of the message is not at hand")
def test_a_message_fits_the_description_of_its_service(
    world: World, people: People, receiver: Receiver, tmp_path: Path
) -> None:
    fields = ("Company", "CreatedDate", "Email", "HasOptedOutOfEmail", "IsConverted", "LastModifiedById", "LastName")
    more = ("LastModifiedDate", "OwnerId", "Status", "SystemModstamp", "acme__Score__c")
    world.org.add_fields("Lead", Field("acme__Score__c", FieldType.DOUBLE, precision=6, scale=0))
    world.platform.outbound.add(world.org, "Lead", receiver.url, fields + more)
    people.create_lead("ana@example.com", acme__Score__c=42)
    people.create_lead()

    world.platform.flush()

    assert wsdl.problems(receiver.received[0].body, tmp_path) == []
    assert wsdl.problems(ACK, tmp_path) == []
    assert wsdl.problems(ACK.replace(b"true", b"well"), tmp_path) != []


NO_ACKS = {
    "an answer in JSON": ("200 OK", b'{"ok": true}'),
    "an Ack that says no": ("200 OK", ACK.replace(b"true", b"false")),
    "an Ack in another namespace": ("200 OK", ACK.replace(b"2005/09", b"2005/10")),
    "an Ack in another root": ("200 OK", ACK.replace(b"notificationsResponse", b"notifications")),
    "an error": ("500 Internal Server Error", ACK),
    "a blank before the declaration": ("200 OK", b' <?xml version="1.0"?>' + ACK),
}


@pytest.mark.parametrize(("status", "answer"), NO_ACKS.values(), ids=NO_ACKS)
def test_what_is_no_acknowledgement_has_the_message_sent_again(
    world: World, people: People, receiver: Receiver, status: str, answer: bytes
) -> None:
    world.platform.outbound.add(world.org, "Lead", receiver.url)
    receiver.status, receiver.answer = status, answer
    people.create_lead()
    world.platform.flush()

    receiver.status, receiver.answer = "200 OK", ACK
    world.platform.advance(timedelta(minutes=2))

    first, second = (ElementTree.fromstring(one.body) for one in receiver.received)
    assert [next(one.iter(f"{OUT}Id")).text for one in (first, second)] == [next(first.iter(f"{OUT}Id")).text] * 2
    assert world.platform.outbound.pending == 0


def test_a_message_is_tried_for_a_day_with_growing_gaps_and_then_dropped(
    world: World, people: People, receiver: Receiver
) -> None:
    world.platform.outbound.add(world.org, "Lead", receiver.url)
    receiver.status = "503 Service Unavailable"
    people.create_lead()

    world.platform.advance(timedelta(hours=1))
    in_an_hour = len(receiver.received)
    world.platform.advance(timedelta(days=2))

    assert 5 <= in_an_hour <= 7
    assert 15 <= len(receiver.received) <= 22
    assert (world.platform.outbound.pending, world.platform.outbound.given_up) == (0, 1)


def test_a_message_sent_again_has_the_newest_values_and_may_come_after_newer_ones(
    world: World, people: People, receiver: Receiver
) -> None:
    world.platform.outbound.add(world.org, "Lead", receiver.url, ("Id", "Rating"))
    receiver.status = "503 Service Unavailable"
    first = people.create_lead(Rating="Cold")
    world.platform.flush()
    receiver.status = "200 OK"
    second = people.create_lead(Rating="Warm")
    people.change(first, Rating="Hot")

    world.platform.advance(timedelta(minutes=2))

    told = [(one["Id"], one["Rating"]) for one in receiver.records()]
    assert told[0] == (first, "Cold")
    assert told[-1] == (first, "Hot")
    assert (second, "Warm") in told


def test_deletions_and_those_who_may_not_send_are_not_told(world: World, people: People, receiver: Receiver) -> None:
    lead_id, other = people.create_lead(), people.create_lead()
    world.platform.outbound.add(world.org, "Lead", receiver.url)
    world.org.permissions_of(world.org.integration_user).sends_outbound_messages = False

    people.delete(lead_id)
    people.change(other, user=world.org.integration_user, Rating="Hot")

    assert world.platform.flush() == []


def test_messages_come_twice_and_late_when_faults_say_so(world: World, people: People, receiver: Receiver) -> None:
    world.platform.outbound.add(world.org, "Lead", receiver.url)
    world.platform.faults.add(Fault(WebhookFault.DUPLICATED, times=1))
    world.platform.faults.add(Fault(WebhookFault.LATE, times=1, delay=timedelta(minutes=5)))
    people.create_lead()

    at_once = world.platform.flush()
    world.platform.advance(timedelta(minutes=5))

    assert at_once == []
    assert receiver.received[0].body == receiver.received[1].body


def test_a_signed_event_says_what_changed_and_proves_who_says_it(
    world: World, people: People, receiver: Receiver
) -> None:
    lead_id = people.create_lead("ana@example.com", Rating="Hot")
    world.platform.signed_events.add(world.org, receiver.url, b"key", frozenset({"Lead"}))
    people.change(lead_id, Rating=None, coltiva__Score__c=80)

    world.platform.flush()

    headers, body = receiver.received[0].headers, receiver.received[0].body
    told = json.loads(body)
    signed = headers["X-Coltiva-Timestamp"].encode() + b"." + body
    assert headers["X-Coltiva-Signature"] == "v1=" + hmac.new(b"key", signed, hashlib.sha256).hexdigest()
    assert headers["X-Coltiva-Timestamp"] == str(int(world.platform.clock.now().timestamp()))
    assert headers["X-Coltiva-Org"] == told["orgId"] == world.org.id
    assert headers["X-Coltiva-Delivery"] == told["deliveryId"]
    assert told["events"] == [
        {
            "object": "Lead",
            "id": lead_id,
            "change": "UPDATE",
            "changedFields": ["Rating", "coltiva__Score__c"],
            "record": {"coltiva__Score__c": 80.0, "Rating": None},
            "lastModifiedById": world.org.admin,
            "systemModstamp": "2026-11-23T09:00:00.000Z",
        }
    ]


def test_a_merge_is_told_as_deletions_that_name_the_winner(world: World, people: People, receiver: Receiver) -> None:
    winner, loser = people.create_lead("a@example.com"), people.create_lead("b@example.com")
    world.platform.signed_events.add(world.org, receiver.url, b"key", frozenset({"Lead"}))

    people.merge(winner, loser)
    world.platform.flush()

    events = [event for one in receiver.received for event in json.loads(one.body)["events"]]
    assert [(one["change"], one["id"]) for one in events] == [("DELETE", loser), ("UPDATE", winner)]
    assert events[0]["record"] == {"MasterRecordId": winner}


def test_a_callout_that_nobody_takes_is_lost(world: World, people: People, receiver: Receiver) -> None:
    world.platform.signed_events.add(world.org, receiver.url, b"key", frozenset({"Lead"}))
    receiver.status = "503 Service Unavailable"
    people.create_lead()

    world.platform.advance(timedelta(days=1))

    assert len(receiver.received) == 1
    assert world.platform.signed_events.lost == 1
