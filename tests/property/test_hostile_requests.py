"""Whatever is sent to the door, it answers in its own words and nothing forged is kept."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.test import create_environ
from werkzeug.wrappers import Response

from app import build_app
from tests.door import NOW, TARGET, RememberingStore, build_door, signed

#: What a server may hand over in its strings: each character one byte of the wire.
wire = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=40)
SIGNATURE_KEYS = (
    "HTTP_X_HUBSPOT_SIGNATURE",
    "HTTP_X_HUBSPOT_SIGNATURE_VERSION",
    "HTTP_X_HUBSPOT_SIGNATURE_V3",
    "HTTP_X_HUBSPOT_REQUEST_TIMESTAMP",
)
odd_keys = st.sampled_from(
    (
        *SIGNATURE_KEYS,
        "CONTENT_LENGTH",
        "CONTENT_TYPE",
        "HTTP_HOST",
        "HTTP_TRANSFER_ENCODING",
        "HTTP_X_FORWARDED_HOST",
        "HTTP_COOKIE",
        "HTTP_X_ODD",
        "QUERY_STRING",
        "RAW_URI",
        "SCRIPT_NAME",
    )
)
odd_values = wire | st.sampled_from(
    ("v1", "v2", "v3", "application/json", "chunked", "-1", "0", "9" * 30, str(int(NOW.timestamp() * 1000)), "%", "?#")
)
paths = st.just(TARGET) | wire.map(lambda text: f"/webhooks/{text}") | wire.map(lambda text: f"/{text}")
methods = st.sampled_from(("POST", "GET", "HEAD", "PUT", "OPTIONS", "DELETE", "TRACE", "BREW"))


def sent(
    path: str, method: str, body: bytes, headers: dict[str, str], oddities: dict[str, str]
) -> tuple[Response, RememberingStore]:
    store = RememberingStore()
    environ = create_environ("/", method="POST", data=body, headers=headers)
    del environ["RAW_URI"]
    environ |= {"PATH_INFO": path, "REQUEST_METHOD": method, "wsgi.input_terminated": True, **oddities}
    return Response.from_app(build_app(build_door(store)), environ), store


@given(paths, methods, st.binary(max_size=200), st.dictionaries(odd_keys, odd_values))
@example(TARGET, "POST", b"[]", {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": "9" * 30})
@example("/webhooks/\xe2\x82\xac", "POST", b"", {})
@example("//webhooks//hubspot", "POST", b"", {"HTTP_HOST": "["})
def test_no_request_makes_us_stumble(path: str, method: str, body: bytes, oddities: dict[str, str]) -> None:
    answer, store = sent(path, method, body, {}, oddities)

    assert answer.status_code < 500
    assert store.kept == []
    if answer.status_code >= 400 and method != "HEAD":
        assert set(json.loads(answer.data)) == {"error", "message"}


@given(st.binary(min_size=1, max_size=500), st.sampled_from(SIGNATURE_KEYS[2:]), wire)
def test_a_changed_signature_or_time_keeps_nothing(body: bytes, key: str, text: str) -> None:
    answer, store = sent(TARGET, "POST", body, signed(body), {key: text})

    assert (answer.status_code, store.kept) == (401, [])


@given(st.binary(min_size=1, max_size=500), st.data())
def test_a_changed_body_keeps_nothing(body: bytes, data: Any) -> None:
    other = data.draw(st.binary(min_size=1, max_size=500).filter(lambda drawn: drawn != body))

    answer, store = sent(TARGET, "POST", other, signed(body), {})

    assert (answer.status_code, store.kept) == (401, [])


@given(st.binary(min_size=1, max_size=2_000))
def test_every_genuine_body_is_kept_to_the_byte(body: bytes) -> None:
    answer, store = sent(TARGET, "POST", body, signed(body), {})

    assert answer.status_code == 200
    assert [delivery.body for delivery in store.kept] == [body]
