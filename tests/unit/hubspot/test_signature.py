from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from connector.crms.hubspot.signature import sign_v1, sign_v2, sign_v3, to_signed_uri, verify
from connector.errors import SignatureError
from connector.ports import RawRequest

DOCS_SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
TOOL_SECRET = "f6e94c08-85d0-4608-bcc6-e1850176e7b8"
CARD_SECRET = "12345678-aaaa-bbbb-cccc-ddddeeeeffff"
OUR_SECRET = "test-secret-0001"
DOCS_URI = "https://www.example.com/webhook_uri"
TOOL_URI = "https://www.hubspot.com/webhook"
CARD_URI = "https://hubspot.com/?appId=1&portalId=2&userId=3"
OUR_URI = "https://app.example.com/hubspot/webhooks"
DOCS_BODY = (
    b'[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,'
    b'"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM",'
    b'"changeFlag":"NEW","appId":54321}]'
)
OUR_BODY = (
    '[{"eventId":100,"subscriptionId":5,"portalId":123,"appId":9,"occurredAt":1790000000000,'
    '"subscriptionType":"object.propertyChange","attemptNumber":0,"objectId":51,"objectTypeId":"0-1",'
    '"propertyName":"firstname","propertyValue":"Zoë","changeSource":"CRM_UI","sourceId":"userId:1",'
    '"isSensitive":false}]'
).encode()
SINGLE_QUOTED = b"{'example_field':'example_value'}"
SENT = "1790000001000"
NOW = datetime.fromtimestamp(1790000001, UTC)

V1 = {
    "a creation": (DOCS_SECRET, DOCS_BODY, "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de"),
    "a name with an accent": (
        OUR_SECRET,
        OUR_BODY,
        "cd900ddf1c2b155ca331d0fa3ef8d74f20bd5e71a9e93a84707c3cb57d2aceed",
    ),
}
V2 = {
    "a GET": (
        (DOCS_SECRET, "GET", DOCS_URI, b""),
        "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e",
    ),
    "a POST": (
        (DOCS_SECRET, "POST", DOCS_URI, b'{"example_field":"example_value"}'),
        "9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900",
    ),
    "any text": (
        (TOOL_SECRET, "POST", TOOL_URI, b"REQUEST_BODY"),
        "57bb01a6e6ac92919b5e715d68f40265328701bbf1cf3fd73772887069945766",
    ),
    "no body": (
        (TOOL_SECRET, "POST", TOOL_URI, b""),
        "befaef2b7354f11bf651f6468e8b5cf6bd449048deaf057f712980afb2a682f5",
    ),
    "a card with its query": (
        (CARD_SECRET, "GET", CARD_URI, b""),
        "99080134002180aee8d0884d21ad51288c43b57e9953e4db1e3757999b35c392",
    ),
}
V3 = {
    "HubSpot's own example": (
        (DOCS_SECRET, "POST", DOCS_URI, SINGLE_QUOTED, "1693657560000"),
        "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y=",
    ),
    "the same at another time": (
        (DOCS_SECRET, "POST", DOCS_URI, SINGLE_QUOTED, "1700000300000"),
        "RnbPH7+UMKVkbV32P8bz450N4M56aPmcru1+D3kSDtw=",
    ),
    "any text": (
        (TOOL_SECRET, "POST", TOOL_URI, b"REQUEST_BODY", "1632188626483"),
        "jf872r5vscVcxCiDRHA4rGrqe/8BPLNVkdJSHdMnGTU=",
    ),
    "no body": (
        (TOOL_SECRET, "POST", TOOL_URI, b"", "1632188626483"),
        "csXgk7UbrE9F8ZmMvbpuKBxqIvTSqU1EX9pI/SJtxSE=",
    ),
    "a card with its query": (
        (CARD_SECRET, "GET", CARD_URI, b"", "1111111111"),
        "zTfXjo07jfzGouo4wvyAj3qEMUTVJ0PPYPACrluQtQI=",
    ),
    "a card with a body": (
        (CARD_SECRET, "GET", CARD_URI, b'{"a":1,"b":2}', "1111111111"),
        "aaknaCGCYJ4yqzuf1UKGqAWUfdcilJtm5nc/ZCudR9k=",
    ),
    "a name with an accent": (
        (OUR_SECRET, "POST", OUR_URI, OUR_BODY, SENT),
        "N6v7miuBplOZ9GvYFW+wBlY+W/Rv8tu1UIyYYhD4K+o=",
    ),
}


@dataclass
class Sent:
    """A genuine webhook; a test spoils what it is about."""

    secret: str = OUR_SECRET
    uri: str = OUR_URI
    body: bytes = OUR_BODY
    now: datetime = NOW
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        v3 = sign_v3(OUR_SECRET, "POST", OUR_URI, OUR_BODY, SENT).decode()
        genuine = {
            "x-hubspot-signature": sign_v1(OUR_SECRET, OUR_BODY).decode(),
            "x-hubspot-signature-version": "v1",
            "x-hubspot-signature-v3": v3,
            "x-hubspot-request-timestamp": SENT,
        }
        self.headers = genuine | self.headers

    def without(self, *names: str) -> Sent:
        for name in names:
            del self.headers[name]
        return self

    def check(self) -> None:
        verify(self.secret, self.uri, RawRequest("POST", "/hubspot/webhooks", self.headers, self.body), self.now)


@pytest.mark.parametrize(("secret", "body", "expected"), V1.values(), ids=V1)
def test_version_1_signs_secret_and_body(secret: str, body: bytes, expected: str) -> None:
    assert sign_v1(secret, body) == expected.encode()


@pytest.mark.parametrize(("signed", "expected"), V2.values(), ids=V2)
def test_version_2_signs_method_and_uri_too(signed: tuple[str, str, str, bytes], expected: str) -> None:
    assert sign_v2(*signed) == expected.encode()


@pytest.mark.parametrize(("signed", "expected"), V3.values(), ids=V3)
def test_version_3_signs_the_time_too(signed: tuple[str, str, str, bytes, str], expected: str) -> None:
    assert sign_v3(*signed) == expected.encode()


URIS = {
    "each escape that is decoded": ("/%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B", "/:/?@!$'()*,;"),
    "lower-case digits": ("/%3a%2f", "/:/"),
    "other escapes stay": ("/a%20b%25%26%3D%2B%23", "/a%20b%25%26%3D%2B%23"),
    "an escaped escape stays": ("/%253A", "/%253A"),
    "the query's own mark stays": ("/a%3Fb?c=%3F", "/a?b?c=?"),
    "an accent stays": ("/Zo%C3%AB", "/Zo%C3%AB"),
}


@pytest.mark.parametrize(("sent", "hashed"), URIS.values(), ids=URIS)
def test_of_the_uri_only_twelve_escapes_are_decoded(sent: str, hashed: str) -> None:
    assert to_signed_uri(sent) == hashed


def test_a_genuine_webhook_is_let_in() -> None:
    Sent().check()


@pytest.mark.parametrize("minutes", [-5, 5])
def test_a_webhook_may_be_five_minutes_away(minutes: int) -> None:
    Sent(now=NOW + timedelta(minutes=minutes)).check()


def test_a_body_that_is_not_utf8_can_still_be_signed() -> None:
    body = b"\xff\xfe"
    headers = {"x-hubspot-signature-v3": sign_v3(OUR_SECRET, "POST", OUR_URI, body, SENT).decode()}

    Sent(body=body, headers=headers).check()


def test_version_1_alone_is_let_in_because_hubspot_may_send_it_alone() -> None:
    Sent().without("x-hubspot-signature-v3", "x-hubspot-request-timestamp").check()


FORGED = {
    "another secret": Sent(secret="test-secret-0002"),
    "another address": Sent(uri="https://evil.example.com/hubspot/webhooks"),
    "http instead of https": Sent(uri="http://app.example.com/hubspot/webhooks"),
    "a changed body": Sent(body=OUR_BODY.replace(b"51", b"52")),
    "a body cut short": Sent(body=OUR_BODY[:-1]),
    "no body": Sent(body=b""),
    "a changed time": Sent(headers={"x-hubspot-request-timestamp": "1790000001001"}),
    "an empty signature": Sent(headers={"x-hubspot-signature-v3": ""}),
    "a signature cut short": Sent(headers={"x-hubspot-signature-v3": V3["a name with an accent"][1][:-1]}),
    "a signature beyond ASCII": Sent(headers={"x-hubspot-signature-v3": "ë" * 44}),
    "half a character": Sent(headers={"x-hubspot-signature-v3": "\ud800"}),
    "a good version 1 beside a bad version 3": Sent(headers={"x-hubspot-signature-v3": "A" * 43 + "="}),
    "stale": Sent(now=NOW + timedelta(minutes=5, milliseconds=1)),
    "from the future": Sent(now=NOW - timedelta(minutes=5, milliseconds=1)),
    "no time": Sent().without("x-hubspot-request-timestamp"),
    "an empty time": Sent(headers={"x-hubspot-request-timestamp": ""}),
    "a time in words": Sent(headers={"x-hubspot-request-timestamp": "now"}),
    "a time with a sign": Sent(headers={"x-hubspot-request-timestamp": "+1790000001000"}),
    "a time in other digits": Sent(headers={"x-hubspot-request-timestamp": "１７９０００００１０００"}),
    "a time of a thousand digits": Sent(headers={"x-hubspot-request-timestamp": "1" * 10_000}),
    "version 1 of another body": Sent(body=b"[]").without("x-hubspot-signature-v3"),
    "version 1 that does not say so": Sent().without("x-hubspot-signature-v3", "x-hubspot-signature-version"),
    "version 1 that says 2": Sent(headers={"x-hubspot-signature-version": "v2"}).without("x-hubspot-signature-v3"),
    "version 1 without a signature": Sent().without("x-hubspot-signature-v3", "x-hubspot-signature"),
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_what_hubspot_did_not_just_send_is_refused(forged: Sent) -> None:
    with pytest.raises(SignatureError):
        forged.check()


def test_no_refusal_tells_the_secret_or_the_right_signature() -> None:
    with pytest.raises(SignatureError) as refusal:
        Sent(body=b"[]").check()

    assert OUR_SECRET not in str(refusal.value)
    assert sign_v3(OUR_SECRET, "POST", OUR_URI, b"[]", SENT).decode() not in str(refusal.value)
