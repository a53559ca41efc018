"""What an app hears, when, and signed how."""

from __future__ import annotations

import http.server
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hubspot.utils.signature import Signature

from connector.sandbox.faults import Fault, WebhookFault
from connector.sandbox.hubspot import signatures
from connector.sandbox.hubspot.apps import App
from connector.sandbox.hubspot.refusals import RefusalError
from connector.sandbox.hubspot.vocabulary import milliseconds
from tests.contract.sandbox.hubspot.conftest import World

Event = dict[str, Any]


@dataclass
class Receiver:
    """A web server that takes webhooks; `answers` are used up first, then 204."""

    url: str = ""
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    @property
    def events(self) -> list[Event]:
        return [event for _, body in self.posts for event in msgspec.json.decode(body)]

    def of(self, subscription_type: str) -> list[Event]:
        return [event for event in self.events if event["subscriptionType"] == subscription_type]


@pytest.fixture
def receiver(world: World) -> Iterator[Receiver]:
    """The target of the app's webhooks; the app subscribes to nothing yet."""
    made = Receiver()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.posts.append((dict(self.headers), body))
            self.send_response(made.answers.pop(0) if made.answers else 204)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        made.url = f"http://127.0.0.1:{server.server_port}/webhooks/hubspot?tenant=a%2Fb"
        world.app.target_url = made.url
        yield made
        server.shutdown()
        thread.join()


def test_a_new_contact_is_told_with_its_watched_properties(world: World, receiver: Receiver) -> None:
    world.app.subscribe_broadly()

    contact_id = world.portal.create_contact("ada@example.com", firstname="Ada", hs_pinned_engagement_id="1")
    world.sandbox.flush()

    created, email, firstname = receiver.events
    assert created == {
        "eventId": created["eventId"],
        "subscriptionId": world.app.subscriptions[0].id,
        "portalId": world.portal.id,
        "appId": world.app.app_id,
        "occurredAt": milliseconds(world.sandbox.clock.now()),
        "subscriptionType": "contact.creation",
        "attemptNumber": 0,
        "objectId": int(contact_id),
        "changeFlag": "CREATED",
        "changeSource": "CRM_UI",
        "sourceId": f"userId:{world.portal.admin.user_id}",
    }
    assert (email["propertyName"], email["propertyValue"]) == ("email", "ada@example.com")
    assert firstname["propertyName"] == "firstname"


def test_the_generic_form_names_the_object_type(world: World, receiver: Receiver) -> None:
    world.app.subscribe_broadly(generic=True)

    world.portal.create_contact("ada@example.com")
    world.sandbox.flush()

    created, email = receiver.events
    assert (created["subscriptionType"], created["objectTypeId"]) == ("object.creation", "0-1")
    assert (email["subscriptionType"], email["isSensitive"]) == ("object.propertyChange", False)


def test_our_own_write_comes_back_marked_as_ours(world: World, receiver: Receiver) -> None:
    contact_id = world.portal.create_contact("ada@example.com")
    world.app.subscribe("contact.propertyChange", property_name="lifecyclestage")

    world.client().crm.contacts.basic_api.update(contact_id, {"properties": {"lifecyclestage": "lead"}})
    world.sandbox.flush()

    (event,) = receiver.events
    assert (event["changeSource"], event["sourceId"]) == ("INTEGRATION", str(world.app.app_id))


def test_a_value_that_does_not_change_is_not_told(world: World, receiver: Receiver) -> None:
    contact_id = world.portal.create_contact("ada@example.com", firstname="Ada")
    world.app.subscribe("contact.propertyChange", property_name="firstname")

    world.portal.set_property(contact_id, "firstname", "Ada")
    world.portal.set_property(contact_id, "firstname", "")
    world.sandbox.flush()

    assert [event["propertyValue"] for event in receiver.events] == [""]


def test_a_form_submission_is_told_only_by_what_is_not_calculated(world: World, receiver: Receiver) -> None:
    world.app.subscribe_broadly(properties=["recent_conversion_date", "recent_conversion_event_name"])

    world.portal.marketing.submit_form("ada@example.com", "Report 2026", firstname="Ada")
    world.sandbox.flush()

    told = {event.get("propertyName") for event in receiver.events}
    assert {"email", "firstname", "hs_latest_source_timestamp"} <= told
    assert not {"recent_conversion_date", "recent_conversion_event_name"} & told
    assert {event["changeSource"] for event in receiver.events} == {"FORM"}


def test_membership_of_a_list_is_not_told(world: World, receiver: Receiver) -> None:
    contact_id = world.portal.create_contact("ada@example.com")
    world.app.subscribe_broadly()
    lists = world.client().crm.lists
    made = lists.lists_api.create({"name": "Hot", "objectTypeId": "0-1", "processingType": "MANUAL"})

    lists.memberships_api.add(made.list.list_id, request_body=[contact_id])
    world.sandbox.flush()

    assert receiver.events == []


def test_a_click_is_told_with_its_time_in_milliseconds(world: World, receiver: Receiver) -> None:
    contact_id = world.portal.create_contact("ada@example.com")
    world.app.subscribe("contact.propertyChange", property_name="hs_email_last_click_date")

    world.portal.marketing.click_email(contact_id, "Welcome")
    world.sandbox.flush()

    (event,) = receiver.events
    assert event["propertyValue"] == str(milliseconds(world.sandbox.clock.now()))
    assert event["changeSource"] == "EMAIL"


def test_a_merge_is_told_with_three_ids(world: World, receiver: Receiver) -> None:
    first = world.portal.create_contact("ada@example.com", firstname="Ada")
    second = world.portal.create_contact("zoe@example.com", jobtitle="CEO")
    world.app.subscribe_broadly()

    survivor = world.portal.merge_contacts(first, second)
    world.sandbox.flush()

    (event,) = receiver.of("contact.merge")
    assert event["primaryObjectId"] == int(first)
    assert event["mergedObjectIds"] == [int(first), int(second)]
    assert event["newObjectId"] == event["objectId"] == int(survivor)
    assert event["numberOfPropertiesMoved"] > 0


def test_a_merge_by_our_own_call_does_not_carry_our_id(world: World, receiver: Receiver) -> None:
    first, second = world.portal.create_contact("a@example.com"), world.portal.create_contact("b@example.com")
    world.app.subscribe_broadly()

    world.client().crm.contacts.basic_api.merge({"primaryObjectId": first, "objectIdToMerge": second})
    world.sandbox.flush()

    assert receiver.events
    assert not [event for event in receiver.events if event.get("sourceId") == str(world.app.app_id)]


def test_a_privacy_deletion_is_told_as_a_deletion_too(world: World, receiver: Receiver) -> None:
    contact_id = world.portal.create_contact("ada@example.com")
    world.app.subscribe_broadly()

    world.portal.privacy_delete_contact(contact_id)
    world.sandbox.flush()

    assert [event["subscriptionType"] for event in receiver.events] == ["contact.privacyDeletion", "contact.deletion"]


def test_deletion_and_restoring_are_told(world: World, receiver: Receiver) -> None:
    contact_id = world.portal.create_contact("ada@example.com")
    world.app.subscribe_broadly()

    world.portal.delete_contact(contact_id)
    world.portal.restore_contact(contact_id)
    world.sandbox.flush()

    assert [event["subscriptionType"] for event in receiver.events] == ["contact.deletion", "contact.restore"]


def test_an_association_is_told_from_the_contacts_side(world: World, receiver: Receiver) -> None:
    contact_id = world.portal.create_contact("ada@example.com")
    company = world.client().crm.companies.basic_api.create({"properties": {"name": "Acme"}, "associations": []})
    world.app.subscribe("contact.associationChange")

    world.client().crm.associations.v4.basic_api.create_default("contacts", contact_id, "companies", company.id)
    world.sandbox.flush()

    (event,) = receiver.events
    assert "objectId" not in event
    assert (event["associationType"], event["fromObjectId"]) == ("CONTACT_TO_COMPANY", int(contact_id))
    assert (event["toObjectId"], event["associationRemoved"]) == (int(company.id), False)


def test_events_are_sent_a_hundred_at_a_time_and_portals_may_share_a_post(world: World, receiver: Receiver) -> None:
    other = world.sandbox.create_portal("Other Ltd")
    world.sandbox.connect(world.app, other)
    world.app.subscribe("contact.creation")
    for number in range(75):
        world.portal.create_contact(f"person{number}@example.com")
        other.create_contact(f"person{number}@example.com")

    world.sandbox.flush()

    batches = [msgspec.json.decode(body) for _, body in receiver.posts]
    assert [len(batch) for batch in batches] == [100, 50]
    assert Counter(event["portalId"] for event in batches[0]) == {world.portal.id: 50, other.id: 50}


def test_every_post_is_signed_in_both_ways(world: World, receiver: Receiver) -> None:
    world.app.subscribe_broadly()
    world.portal.create_contact("zoe@example.com", firstname="Zoë")

    world.sandbox.flush()

    ((headers, body),) = receiver.posts
    timestamp = headers["X-HubSpot-Request-Timestamp"]
    assert timestamp == str(milliseconds(world.sandbox.clock.now()))
    assert headers["X-HubSpot-Signature-Version"] == "v1"
    assert headers["X-HubSpot-Signature"] == signatures.v1(world.app.client_secret, body)
    uri = receiver.url.replace("%2F", "/")
    expected = signatures.v3(world.app.client_secret, "POST", uri, body, int(timestamp))
    assert headers["X-HubSpot-Signature-v3"] == expected


def test_a_failed_delivery_comes_again_with_its_number(world: World, receiver: Receiver) -> None:
    world.app.subscribe("contact.creation")
    receiver.answers = [500, 404]
    world.portal.create_contact("ada@example.com")

    world.sandbox.flush()
    at_once = len(receiver.posts)
    world.sandbox.advance(timedelta(hours=1))

    assert at_once == 1
    assert [event["attemptNumber"] for event in receiver.events] == [0, 1, 2]
    assert len({event["eventId"] for event in receiver.events}) == 1
    assert world.sandbox.sender.pending == 0


def test_a_delivery_is_given_up_after_ten_retries_within_a_day(world: World, receiver: Receiver) -> None:
    world.app.subscribe("contact.creation")
    receiver.answers = [503] * 20
    world.portal.create_contact("ada@example.com")

    world.sandbox.advance(timedelta(hours=24))

    assert [event["attemptNumber"] for event in receiver.events] == list(range(11))
    assert (world.sandbox.sender.pending, world.sandbox.sender.given_up) == (0, 1)


def test_a_receiver_that_is_down_is_tried_again(world: World) -> None:
    world.app.target_url = "http://127.0.0.1:9/"
    world.app.subscribe("contact.creation")
    world.portal.create_contact("ada@example.com")

    (delivery,) = world.sandbox.flush()

    assert delivery.status is None
    assert world.sandbox.sender.pending == 1


def test_webhooks_may_come_twice_late_and_out_of_order(world: World, receiver: Receiver) -> None:
    world.app.subscribe("contact.creation")
    faults = world.sandbox.faults
    faults.add(Fault(WebhookFault.DUPLICATED, times=1, delay=timedelta(minutes=1)))
    faults.add(Fault(WebhookFault.LATE, times=1, delay=timedelta(hours=2)))
    faults.add(Fault(WebhookFault.REORDERED, times=1))
    ids = [int(world.portal.create_contact(f"person{number}@example.com")) for number in range(10)]

    world.sandbox.advance(timedelta(hours=1))
    early = list(receiver.posts)
    world.sandbox.advance(timedelta(hours=2))

    assert early == []
    first, second = (msgspec.json.decode(body) for _, body in receiver.posts)
    assert sorted(event["objectId"] for event in first) == ids
    assert [event["objectId"] for event in first] != ids
    assert [event["objectId"] for event in first] == [event["objectId"] for event in second]
    assert {event["eventId"] for event in first}.isdisjoint(event["eventId"] for event in second)


def test_a_running_sandbox_delivers_by_itself(world: World, receiver: Receiver) -> None:
    world.app.subscribe("contact.creation")
    delivered = threading.Event()
    world.sandbox.sender.on_delivery(lambda delivery: delivered.set())
    world.sandbox.start()

    world.portal.create_contact("ada@example.com")

    assert delivered.wait(10)
    assert [event["subscriptionType"] for event in receiver.events] == ["contact.creation"]


@pytest.mark.parametrize(
    ("subscription_type", "options"),
    [
        ("contact.listMembership", {}),
        ("form.submission", {}),
        ("contact.propertyChange", {}),
        ("contact.creation", {"property_name": "email"}),
        ("object.creation", {}),
        ("contact.propertyChange", {"property_name": "num_unique_conversion_events"}),
    ],
)
def test_what_hubspot_does_not_tell_can_not_be_subscribed_to(subscription_type: str, options: dict[str, str]) -> None:
    with pytest.raises(RefusalError):
        App().subscribe(subscription_type, **options)


V1_BODY = (
    '[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,'
    '"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM",'
    '"changeFlag":"NEW","appId":54321}]'
)
UTF8_BODY = (
    '[{"eventId":100,"subscriptionId":5,"portalId":123,"appId":9,"occurredAt":1790000000000,'
    '"subscriptionType":"object.propertyChange","attemptNumber":0,"objectId":51,"objectTypeId":"0-1",'
    '"propertyName":"firstname","propertyValue":"Zoë","changeSource":"CRM_UI","sourceId":"userId:1",'
    '"isSensitive":false}]'
)
EXAMPLE_SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
OLD_SECRET = "f6e94c08-85d0-4608-bcc6-e1850176e7b8"
QUERY_SECRET = "12345678-aaaa-bbbb-cccc-ddddeeeeffff"
QUERY_URL = "https://hubspot.com/?appId=1&portalId=2&userId=3"


@pytest.mark.parametrize(
    ("secret", "body", "expected"),
    [
        (EXAMPLE_SECRET, V1_BODY, "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de"),
        ("test-secret-0001", UTF8_BODY, "cd900ddf1c2b155ca331d0fa3ef8d74f20bd5e71a9e93a84707c3cb57d2aceed"),
    ],
)
def test_version_1_signatures_are_hubspots(secret: str, body: str, expected: str) -> None:
    assert signatures.v1(secret, body.encode()) == expected


@pytest.mark.parametrize(
    ("secret", "method", "uri", "body", "timestamp", "expected"),
    [
        (EXAMPLE_SECRET, "POST", "https://www.example.com/webhook_uri", "{'example_field':'example_value'}",
         1693657560000, "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="),
        (EXAMPLE_SECRET, "POST", "https://www.example.com/webhook_uri", "{'example_field':'example_value'}",
         1700000300000, "RnbPH7+UMKVkbV32P8bz450N4M56aPmcru1+D3kSDtw="),
        (OLD_SECRET, "POST", "https://www.hubspot.com/webhook", "REQUEST_BODY",
         1632188626483, "jf872r5vscVcxCiDRHA4rGrqe/8BPLNVkdJSHdMnGTU="),
        (OLD_SECRET, "POST", "https://www.hubspot.com/webhook", "",
         1632188626483, "csXgk7UbrE9F8ZmMvbpuKBxqIvTSqU1EX9pI/SJtxSE="),
        (QUERY_SECRET, "GET", QUERY_URL, "", 1111111111, "zTfXjo07jfzGouo4wvyAj3qEMUTVJ0PPYPACrluQtQI="),
        (QUERY_SECRET, "GET", QUERY_URL, '{"a":1,"b":2}', 1111111111, "aaknaCGCYJ4yqzuf1UKGqAWUfdcilJtm5nc/ZCudR9k="),
        ("test-secret-0001", "POST", "https://app.example.com/hubspot/webhooks", UTF8_BODY,
         1790000001000, "N6v7miuBplOZ9GvYFW+wBlY+W/Rv8tu1UIyYYhD4K+o="),
    ],
)  # fmt: skip
def test_version_3_signatures_are_hubspots(
    secret: str, method: str, uri: str, body: str, timestamp: int, expected: str
) -> None:
    assert signatures.v3(secret, method, uri, body.encode(), timestamp) == expected


def test_the_sdk_accepts_a_delivery(world: World, receiver: Receiver) -> None:
    world.app.target_url = receiver.url.partition("?")[0]
    world.app.subscribe("contact.creation")
    world.sandbox.sender.sign_in_real_time = True
    world.portal.create_contact("ada@example.com")

    world.sandbox.flush()

    ((headers, body),) = receiver.posts
    assert Signature.is_valid(
        headers["X-HubSpot-Signature-v3"],
        world.app.client_secret,
        body.decode(),
        http_uri=world.app.target_url,
        signature_version="v3",
        timestamp=headers["X-HubSpot-Request-Timestamp"],
    )
