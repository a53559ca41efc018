"""Whatever is sent to the doors of orgs, they answer in their own words and nothing is kept of orgs nobody knows."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.test import create_environ
from werkzeug.wrappers import Response

from app import build_app
from connector.crms.salesforce.events_inbox import SignedEvents
from connector.crms.salesforce.outbound import OutboundMessages
from connector.crms.salesforce.soap import NotAMessageError, read_message, read_org
from connector.ports import EventKind, Parsed
from tests.door import NOW, RememberingStore
from tests.org_door import (
    ANA,
    EVENTS,
    ORG,
    OTHER_ORG,
    OUTBOUND,
    STAMP,
    XML,
    batch,
    build_org_door,
    message,
    notification,
    signed_by_org,
    told,
)

wire = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=40)
SIGNED = ("HTTP_X_COLTIVA_ORG", "HTTP_X_COLTIVA_TIMESTAMP", "HTTP_X_COLTIVA_DELIVERY", "HTTP_X_COLTIVA_SIGNATURE")
odd_keys = st.sampled_from(
    (*SIGNED, "CONTENT_LENGTH", "CONTENT_TYPE", "HTTP_TRANSFER_ENCODING", "HTTP_SOAPACTION", "QUERY_STRING", "RAW_URI")
)
odd_values = wire | st.sampled_from(("chunked", "-1", "9" * 30, str(int(NOW.timestamp())), ORG, "v1=", "text/xml", "%"))
paths = st.sampled_from((OUTBOUND, EVENTS)) | wire.map(lambda text: f"/webhooks/salesforce/{text}")
methods = st.sampled_from(("POST", "GET", "HEAD", "PUT", "OPTIONS", "BREW"))

#: Pieces of which genuine and hostile documents are made.
pieces = st.lists(
    st.sampled_from(
        (
            *re.findall(r"<[^>]*>|[^<]+", message(notification(SystemModstamp=STAMP)).decode()),
            *(
                "<!DOCTYPE x>",
                '<!DOCTYPE x [<!ENTITY a "b">]>',
                "&a;",
                "&lt;",
                "&#0;",
                "<![CDATA[",
                "]]>",
                "<!--",
                "-->",
            ),
            *(
                "<?pi?>",
                "<a>",
                "</a>",
                "<a/>",
                "\0",
                "\ufeff",
                "é",
                "\U0001f600",
                OTHER_ORG,
                'xmlns="x"',
                "<a b='1' b='2'/>",
            ),
        )
    ),
    max_size=40,
).map("".join)
documents = (
    pieces.map(str.encode)
    | st.binary(max_size=300)
    | st.builds(
        lambda body, at, put, taken: body[:at] + put + body[at + taken :],
        st.sampled_from((message(), message(org=OTHER_ORG), message(prolog="<!DOCTYPE x>"))),
        st.integers(0, 1_200),
        st.binary(max_size=20) | pieces.map(str.encode),
        st.integers(0, 60),
    )
)


def sent(
    path: str, method: str, body: bytes, headers: dict[str, str], oddities: dict[str, str]
) -> tuple[Response, RememberingStore]:
    store = RememberingStore()
    environ = create_environ("/", method="POST", data=body, headers=headers)
    del environ["RAW_URI"]
    environ |= {"PATH_INFO": path, "REQUEST_METHOD": method, "wsgi.input_terminated": True, **oddities}
    return Response.from_app(build_app(build_org_door(store)), environ), store


@given(paths, methods, st.binary(max_size=200), st.dictionaries(odd_keys, odd_values))
@example(OUTBOUND, "POST", b"<", {"CONTENT_TYPE": "text/xml", "CONTENT_LENGTH": "9" * 30})
def test_no_request_makes_us_stumble(path: str, method: str, body: bytes, oddities: dict[str, str]) -> None:
    answer, store = sent(path, method, body, {}, oddities)

    assert answer.status_code < 500
    assert store.kept == []
    if answer.status_code >= 400 and method != "HEAD":
        assert set(json.loads(answer.data)) == {"error", "message"}


@given(documents)
@example(message())
@example(message(org=f"{ORG[:15]}\n"))
def test_only_what_is_a_message_of_a_connected_org_is_kept_and_acknowledged(body: bytes) -> None:
    answer, store = sent(OUTBOUND, "POST", body, XML, {})

    assert answer.status_code in (200, 400, 403)
    assert (answer.status_code == 200) == (b"<Ack>true</Ack>" in answer.data) == (len(store.kept) == 1)
    if store.kept:
        assert body == store.kept[0].body
        assert ORG[:15].encode() in body
        assert b"<!DOCTYPE" not in body


@given(documents)
def test_the_head_of_a_message_tells_what_the_whole_does(body: bytes) -> None:
    try:
        org = read_org(body)
    except NotAMessageError:
        org = ""
    try:
        whole = read_message(body).org
    except NotAMessageError:
        whole = ""

    assert org == whole


def all_of(parsed: Parsed) -> None:
    """Whatever was read is what any database holds, and of no other account than it may be."""
    for event in parsed.events:
        assert event.ref.crm == "salesforce"
        assert re.fullmatch(r"[0-9A-Za-z]{18}", event.ref.record_id)
        assert "\0" not in f"{event.type}{event.raw}{event.ref}"
        assert event.at.tzinfo is not None
        event.raw.encode()
    for part in parsed.unreadable:
        assert "\0" not in f"{part.problem}{part.raw}"


@given(documents)
def test_reading_a_message_never_fails_and_only_ever_hints(body: bytes) -> None:
    parsed = OutboundMessages(lambda org, now: True).parse(body)

    all_of(parsed)
    assert {event.kind for event in parsed.events} <= {EventKind.HINTED}
    assert parsed.is_broken <= (not parsed.events)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)
events = json_values | st.builds(
    lambda base, odd: {**base, **odd},
    st.sampled_from(
        (told(), told("DELETE"), told("MERGE", mergedIds=[OTHER_ORG]), told("CONVERT", convertedContactId=ANA))
    ),
    st.dictionaries(
        st.sampled_from(
            ("object", "id", "change", "systemModstamp", "lastModifiedById", "mergedIds", "convertedContactId")
        ),
        json_values | st.sampled_from((ANA, ANA[:15], STAMP, "UPDATE", "MERGE", [ANA, ANA])),
    ),
)


@given(st.lists(events, max_size=5) | json_values | st.binary(max_size=200))
def test_reading_events_never_fails(said: Any) -> None:
    body = said if isinstance(said, bytes) else json.dumps({"orgId": ORG, "deliveryId": "d", "events": said}).encode()

    parsed = SignedEvents(lambda org, now: ()).parse(body)

    all_of(parsed)
    assert all(event.ref.account == ORG for event in parsed.events)


@given(st.binary(min_size=1, max_size=500), st.sampled_from(SIGNED[1:4:2]), wire)
def test_a_changed_signature_or_time_keeps_nothing(body: bytes, key: str, text: str) -> None:
    answer, store = sent(EVENTS, "POST", body, signed_by_org(body), {key: text})

    assert (answer.status_code, store.kept) == (401, [])


@given(st.sampled_from((SIGNED[0], SIGNED[2])), wire.filter(lambda text: text not in (ORG, ORG[:15], "d-1")))
def test_another_org_or_delivery_than_what_was_signed_keeps_nothing(key: str, text: str) -> None:
    body = batch()

    answer, store = sent(EVENTS, "POST", body, signed_by_org(body), {key: text})

    assert (answer.status_code, store.kept) == (401, [])


@given(st.binary(min_size=1, max_size=500), st.data())
def test_a_changed_body_keeps_nothing(body: bytes, data: Any) -> None:
    other = data.draw(st.binary(min_size=1, max_size=500).filter(lambda drawn: drawn != body))

    answer, store = sent(EVENTS, "POST", other, signed_by_org(body), {})

    assert (answer.status_code, store.kept) == (401, [])
