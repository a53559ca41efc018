"""What orgs may send us, what is refused without effect, and what we answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import create_environ
from werkzeug.wrappers import Response

from app import build_app
from tests.door import NOW, RememberingStore
from tests.integration.test_gateway import head
from tests.org_door import (
    ANA,
    EVENTS,
    NEXT_SECRET,
    ORG,
    OTHER_ORG,
    OUTBOUND,
    SECRET,
    STAMP,
    XML,
    batch,
    bodies,
    build_org_door,
    message,
    notification,
    signed_by_org,
    told,
    without,
)
from webhooks.gateway import Gateway
from webhooks.short_way import ShortWay

ACKNOWLEDGED = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    b'<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>'
    b"</soapenv:Body></soapenv:Envelope>"
)
SPECS = Path(__file__).parents[3] / "shared" / "specs" / "salesforce"


@pytest.fixture
def store() -> RememberingStore:
    return RememberingStore()


@pytest.fixture
def door(store: RememberingStore) -> Any:
    return build_org_door(store)


@pytest.fixture
def client(door: Any) -> FlaskClient:
    return build_app(door).test_client()


# --- outbound messages --------------------------------------------------------------------------------------


def test_a_message_of_a_connected_org_is_kept_and_acknowledged_in_the_exact_words(
    client: FlaskClient, store: RememberingStore
) -> None:
    body = message()

    answer = client.post(OUTBOUND, data=body, headers=XML)

    assert (answer.status_code, answer.mimetype, answer.data) == (200, "text/xml", ACKNOWLEDGED)
    assert bodies(store) == [("salesforce/outbound", body)]


def test_a_message_that_cannot_be_kept_is_not_acknowledged(client: FlaskClient, store: RememberingStore) -> None:
    store.is_away = True

    answer = client.post(OUTBOUND, data=message(), headers=XML)

    assert answer.status_code == 503
    assert b"Ack" not in answer.data


def test_a_message_over_the_short_way_is_answered_in_the_same_words(store: RememberingStore) -> None:
    door = build_org_door(store)
    gateway = Gateway(build_app(door), 10_000_000, short_way=ShortWay(door).take)
    wire = Exchange(message())

    asyncio.run(gateway(head(path=OUTBOUND, **XML), wire))

    assert (wire.status, wire.headers["Content-Type"], wire.answer) == (200, "text/xml; charset=utf-8", ACKNOWLEDGED)
    assert len(store.kept) == 1


class Exchange:
    """A connection that sends one body and keeps the bytes of the answer."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.status, self.headers, self.answer = 0, dict[str, str](), b""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.headers, self.answer = status, dict(headers), body


@pytest.mark.parametrize("org", [ORG, ORG[:15]])
def test_an_org_is_known_by_either_form_of_its_id(client: FlaskClient, org: str) -> None:
    assert client.post(OUTBOUND, data=message(org=org), headers=XML).status_code == 200


LAUGHS = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
FETCHES = '<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
NOT_A_MESSAGE = {
    "no XML": b"hello",
    "nothing but a declaration": b'<?xml version="1.0"?>',
    "JSON": b'{"OrganizationId": "00D5e000001AbCdEAK"}',
    "cut short": message()[:-1],
    "an element left open": message().replace(b"</Notification>", b""),
    "a document type": message(prolog="<!DOCTYPE x>"),
    "an entity of its own": message(org="&a;", prolog=LAUGHS),
    "a thousand million laughs": message(org="&c;", prolog=LAUGHS),
    "a file to fetch": message(org="&x;", prolog=FETCHES),
    "a document type to fetch": message(prolog='<!DOCTYPE x SYSTEM "http://localhost/x.dtd">'),
    "parameter entities": message(prolog='<!DOCTYPE x [<!ENTITY % p SYSTEM "http://localhost/x">%p;]>'),
    "an entity that nobody declared": message(org="&nbsp;"),
    "another envelope": message(soap="http://www.w3.org/2003/05/soap-envelope"),
    "another namespace": message().replace(b"2005/09/outbound", b"2006/09/outbound"),
    "no namespace": message().replace(b' xmlns="http://soap.sforce.com/2005/09/outbound"', b""),
    "another call in the body": message().replace(b"notifications", b"notificationsResponse"),
    "the org in another place": message().replace(b"OrganizationId", b"Organisation"),
    "the org in a header": message(org="").replace(
        b"<soapenv:Body>",
        f"<soapenv:Header><OrganizationId>{ORG}</OrganizationId></soapenv:Header><soapenv:Body>".encode(),
    ),
    "no org": message(org=""),
    "an org that is none": message(org="00D"),
    "an org of NULs": message(org="\0" * 18),
    "two orgs": message(org=f"{OTHER_ORG}</OrganizationId><OrganizationId>{ORG}"),
    "XML in the org": message(org=f"<b>{ORG}</b>"),
    "an endless org": message(org="0" * 10_000),
    "UTF-16": message().decode().encode("utf-16"),
    "UTF-16 that does not say so": message().decode().encode("utf-16-le"),
    "no UTF-8": message(org="\xe9").decode().encode("latin-1"),
    "a character that XML does not have": message(org="&#0;"),
    "nested deeply": message("<a>" * 50_000 + "</a>" * 50_000),
    "nested deeply before the org": message(head="<a>" * 50_000 + "</a>" * 50_000),
    "the org behind a wall": message(head=f"<a>{'x' * 100_000}</a>"),
}


@pytest.mark.parametrize("body", NOT_A_MESSAGE.values(), ids=NOT_A_MESSAGE)
def test_what_is_no_message_is_refused_without_effect(
    client: FlaskClient, door: Any, store: RememberingStore, body: bytes
) -> None:
    answer = client.post(OUTBOUND, data=body, headers=XML)
    door.refusals.flush()

    assert (answer.status_code, answer.get_json()["error"]) == (400, "malformed")
    assert (bodies(store), store.counted) == ([], {"refused.malformed": 1})
    assert b"passwd" not in answer.data


def test_an_empty_body_is_refused(client: FlaskClient) -> None:
    assert client.post(OUTBOUND, data=b"", headers=XML).status_code == 400


def test_a_message_of_an_org_that_is_not_connected_is_refused_and_counted(
    client: FlaskClient, door: Any, store: RememberingStore
) -> None:
    answer = client.post(OUTBOUND, data=message(org=OTHER_ORG), headers=XML)
    door.refusals.flush()

    assert (answer.status_code, answer.get_json()["error"]) == (403, "account")
    assert (bodies(store), store.counted) == ([], {"refused.account": 1})


@pytest.mark.parametrize("media_type", ["", "application/json", "application/soap+xml", "text/plain"])
def test_another_media_type_is_refused(client: FlaskClient, media_type: str) -> None:
    answer = client.post(OUTBOUND, data=message(), headers={"Content-Type": media_type})

    assert (answer.status_code, answer.get_json()["error"]) == (415, "media_type")


class Unread:
    """A body whose length alone is looked at."""

    def read(self, size: int = -1) -> bytes:
        raise AssertionError("it was read")


def test_fifty_megabytes_are_refused_before_they_are_read(door: Any, store: RememberingStore) -> None:
    environ = create_environ(OUTBOUND, method="POST", headers=XML)
    environ |= {"wsgi.input": Unread(), "CONTENT_LENGTH": str(50 * 1024 * 1024)}

    answer = Response.from_app(build_app(door), environ)

    assert (answer.status_code, store.kept) == (413, [])


def test_a_hundred_notifications_with_long_texts_are_taken(client: FlaskClient, store: RememberingStore) -> None:
    body = message(*(notification(SystemModstamp=STAMP, Description="é" * 32_000) for _ in range(100)))

    assert client.post(OUTBOUND, data=body, headers=XML).status_code == 200
    assert len(body) > 6_000_000


def test_a_byte_order_mark_before_a_message_does_no_harm(client: FlaskClient) -> None:
    assert client.post(OUTBOUND, data=b"\xef\xbb\xbf" + message(), headers=XML).status_code == 200


FINGERPRINT = "3f5a0c"
CERTIFICATES = {ORG: ("old one", FINGERPRINT), OTHER_ORG: ("another org's",)}


@pytest.mark.parametrize(
    ("given", "status"),
    [(FINGERPRINT, 200), ("old one", 200), ("another org's", 401), ("", 401), (None, 401), ("é", 401),
     (f"{FINGERPRINT},{FINGERPRINT}", 401)],
)  # fmt: skip
def test_where_the_settings_ask_for_it_a_message_comes_over_the_orgs_own_certificate(
    store: RememberingStore, given: str | None, status: int
) -> None:
    door = build_org_door(store, certificate_header="X-Client-Cert", certificates=CERTIFICATES)
    headers = XML if given is None else {**XML, "X-Client-Cert": given}

    answer = build_app(door).test_client().post(OUTBOUND, data=message(), headers=headers)

    assert (answer.status_code, len(store.kept)) == (status, int(status == 200))


def test_without_that_setting_the_header_means_nothing(client: FlaskClient) -> None:
    assert client.post(OUTBOUND, data=message(), headers={**XML, "X-Client-Cert": "x"}).status_code == 200


def test_the_sample_message_is_taken(store: RememberingStore, client: FlaskClient) -> None:
    file = SPECS / "outbound_message_sample_lead.xml"
    if not file.exists():
        pytest.skip(f"there is no {file}")

    assert client.post(OUTBOUND, data=file.read_bytes(), headers=XML).status_code == 200


def test_the_acknowledgement_is_what_the_published_schema_says() -> None:
    wsdl = SPECS / "outbound_message_shape.wsdl"
    if not wsdl.exists():
        pytest.skip(f"there is no {wsdl}")
    zeep = pytest.importorskip("zeep")
    etree = pytest.importorskip("lxml.etree")
    client = zeep.Client(str(wsdl))
    element = client.get_element("{http://soap.sforce.com/2005/09/outbound}notificationsResponse")

    (inner,) = etree.fromstring(ACKNOWLEDGED)[0]
    answer = element.parse(inner, client.wsdl.types)

    assert inner.tag == element.qname.text
    assert answer is True or answer.Ack is True


# --- signed events ------------------------------------------------------------------------------------------


def test_what_an_org_signed_is_kept(client: FlaskClient, store: RememberingStore) -> None:
    body = batch()

    answer = client.post(EVENTS, data=body, headers=signed_by_org(body))

    assert (answer.status_code, answer.get_json()) == (200, {"status": "kept"})
    assert bodies(store) == [("salesforce/events", body)]


@pytest.mark.parametrize("secret", [SECRET, NEXT_SECRET])
def test_while_a_key_is_changed_either_is_right(client: FlaskClient, secret: str) -> None:
    body = batch()

    assert client.post(EVENTS, data=body, headers=signed_by_org(body, secret=secret)).status_code == 200


@pytest.mark.parametrize("seconds", [-300, 300])
def test_a_request_at_the_edge_of_its_time_is_taken(client: FlaskClient, seconds: int) -> None:
    body = batch()

    headers = signed_by_org(body, at=NOW + timedelta(seconds=seconds))

    assert client.post(EVENTS, data=body, headers=headers).status_code == 200


def test_the_org_may_name_itself_in_either_form(client: FlaskClient) -> None:
    body = batch(org=ORG[:15])

    assert client.post(EVENTS, data=body, headers=signed_by_org(body)).status_code == 200


BODY = batch()
GENUINE = signed_by_org(BODY)
NAMES = ("X-Coltiva-Org", "X-Coltiva-Timestamp", "X-Coltiva-Delivery", "X-Coltiva-Signature")
FORGED: dict[str, tuple[dict[str, str], bytes]] = {
    **{f"no {name}": (without(GENUINE, name), BODY) for name in NAMES},
    "another body": (GENUINE, batch(told("DELETE"))),
    "a longer body": (GENUINE, BODY + b" "),
    "another key": (signed_by_org(BODY, secret="MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="), BODY),
    "a key of zeros for an org without one": (
        signed_by_org(batch(org=OTHER_ORG), org=OTHER_ORG, secret="AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        batch(org=OTHER_ORG),
    ),
    "an org that is not connected": (signed_by_org(batch(org=OTHER_ORG), org=OTHER_ORG), batch(org=OTHER_ORG)),
    "another org in the body": (signed_by_org(batch(org=OTHER_ORG)), batch(org=OTHER_ORG)),
    "another delivery in the body": (signed_by_org(batch(delivery="d-2")), batch(delivery="d-2")),
    "another version": ({**GENUINE, "X-Coltiva-Signature": GENUINE["X-Coltiva-Signature"].replace("v1", "v2")}, BODY),
    "capital letters": ({**GENUINE, "X-Coltiva-Signature": GENUINE["X-Coltiva-Signature"].upper()}, BODY),
    "another time": ({**GENUINE, "X-Coltiva-Timestamp": str(int(NOW.timestamp()) + 1)}, BODY),
    "an endless time": ({**GENUINE, "X-Coltiva-Timestamp": "9" * 5_000}, BODY),
    "milliseconds": ({**GENUINE, "X-Coltiva-Timestamp": str(int(NOW.timestamp() * 1000))}, BODY),
    "no number": ({**GENUINE, "X-Coltiva-Timestamp": "now"}, BODY),
    "no ASCII": ({**GENUINE, "X-Coltiva-Signature": "é" * 67}, BODY),
    "too old": (signed_by_org(BODY, at=NOW - timedelta(seconds=301)), BODY),
    "too far ahead": (signed_by_org(BODY, at=NOW + timedelta(seconds=301)), BODY),
}


@pytest.mark.parametrize(("headers", "body"), FORGED.values(), ids=FORGED)
def test_what_is_not_the_orgs_is_refused_in_one_way(
    client: FlaskClient, door: Any, store: RememberingStore, headers: dict[str, str], body: bytes
) -> None:
    answer = client.post(EVENTS, data=body, headers=headers)
    door.refusals.flush()

    assert (answer.status_code, answer.get_json()["error"]) == (401, "signature")
    assert (bodies(store), store.counted) == ([], {"refused.signature": 1})
    assert SECRET.encode() not in answer.data


def test_an_org_that_is_not_connected_is_told_no_more_than_a_forger(client: FlaskClient) -> None:
    other = batch(org=OTHER_ORG)
    answers = [
        client.post(EVENTS, data=body, headers=headers).data
        for headers, body in (FORGED["another key"], (signed_by_org(other, org=OTHER_ORG), other))
    ]

    assert answers[0] == answers[1]


UNREADABLE = {
    "no JSON": b"hello",
    "another form": b'{"events": 1}',
    "nested deeply": b"[" * 100_000,
    "a NUL": b'{"orgId": "\0"}',
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_what_an_org_signed_is_kept_whatever_it_says(client: FlaskClient, store: RememberingStore, body: bytes) -> None:
    assert client.post(EVENTS, data=body, headers=signed_by_org(body)).status_code == 200
    assert bodies(store) == [("salesforce/events", body)]


def test_more_than_a_megabyte_of_events_is_refused(client: FlaskClient) -> None:
    body = b" " * (1024 * 1024 + 1)

    assert client.post(EVENTS, data=body, headers=signed_by_org(body)).status_code == 413


@pytest.mark.parametrize("path", ["/webhooks/salesforce", "/webhooks/salesforce/", f"{EVENTS}/", f"{EVENTS}/more"])
def test_there_are_no_other_doors(client: FlaskClient, path: str) -> None:
    answer = client.post(path, data=BODY, headers=GENUINE)

    assert (answer.status_code, answer.get_json()["error"]) == (404, "not_found")


def test_a_database_that_cannot_say_who_is_connected_asks_to_come_again(store: RememberingStore) -> None:
    from connector.errors import StoreUnavailableError

    def ask(*_: object) -> bool:
        raise StoreUnavailableError

    door = build_org_door(store)
    door.endpoints["salesforce/outbound"]._knows = ask  # type: ignore[attr-defined]
    gateway = Gateway(build_app(door), 10_000_000, short_way=ShortWay(door).take)
    wire = Exchange(message(notification(ANA)))

    asyncio.run(gateway(head(path=OUTBOUND, **XML), wire))

    assert (wire.status, store.kept) == (503, [])
