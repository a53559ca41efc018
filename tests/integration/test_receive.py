"""What the door keeps, what it refuses, and what it answers."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import create_environ
from werkzeug.wrappers import Response

from app import build_app
from connector import log
from connector.ports import NewDelivery
from tests.door import NOW, PUBLIC_URL, SECRET, TARGET, RememberingStore, build_door, signed

BODY = b'[{"eventId":1,"portalId":123}]'
SECURE = ("Cache-Control", "Content-Security-Policy", "X-Content-Type-Options")


@pytest.fixture
def store() -> RememberingStore:
    return RememberingStore()


@pytest.fixture
def door(store: RememberingStore) -> Any:
    return build_door(store)


@pytest.fixture
def client(door: Any) -> FlaskClient:
    return build_app(door).test_client()


def test_a_genuine_delivery_is_kept_before_it_is_acknowledged(client: FlaskClient, store: RememberingStore) -> None:
    answer = client.post(TARGET, data=BODY, headers=signed(BODY))

    assert (answer.status_code, answer.json) == (200, {"status": "kept"})
    assert store.kept == [NewDelivery("hubspot", NOW, BODY)]
    assert all(name in answer.headers for name in SECURE)


def test_the_same_delivery_twice_is_kept_twice(client: FlaskClient, store: RememberingStore) -> None:
    for _ in range(2):
        client.post(TARGET, data=BODY, headers=signed(BODY))

    assert len(store.kept) == 2


KEPT_AS_THEY_COME = {
    "not JSON": b"hello",
    "JSON cut short": b'[{"eventId":1',
    "not UTF-8": b"\xff\xfe[]",
    "a NUL": b"[\0]",
    "nested deeply": b"[" * 200_000,
    "white space": b"  ",
    "an empty list": b"[]",
    "almost too large": b" " * (8 * 1024 * 1024),
}


@pytest.mark.parametrize("body", KEPT_AS_THEY_COME.values(), ids=KEPT_AS_THEY_COME)
def test_a_genuine_delivery_is_kept_whatever_it_says(client: FlaskClient, store: RememberingStore, body: bytes) -> None:
    answer = client.post(TARGET, data=body, headers=signed(body))

    assert answer.status_code == 200
    assert store.kept[0].body == body


def test_a_query_belongs_to_what_is_signed(client: FlaskClient, store: RememberingStore) -> None:
    url = f"{TARGET}?to=a%2Fb&x=%20"

    genuine = client.post(url, data=BODY, headers=signed(BODY, url=PUBLIC_URL + url))
    stripped = client.post(TARGET, data=BODY, headers=signed(BODY, url=PUBLIC_URL + url))

    assert (genuine.status_code, stripped.status_code) == (200, 401)


def test_the_path_as_sent_is_believed_over_what_a_server_makes_of_it(
    client: FlaskClient, store: RememberingStore
) -> None:
    sent = "/webhooks/hub%73pot?a=1"

    answer = client.post(
        f"{TARGET}?a=1", data=BODY, headers=signed(BODY, url=PUBLIC_URL + sent), environ_overrides={"RAW_URI": sent}
    )

    assert answer.status_code == 200


def stamped(by: timedelta) -> dict[str, str]:
    return signed(BODY, at=NOW + by)


def without(*names: str) -> dict[str, str]:
    return {name: value for name, value in signed(BODY).items() if name not in names}


V3, STAMP = "X-HubSpot-Signature-v3", "X-HubSpot-Request-Timestamp"
SIGNATURES = ("X-HubSpot-Signature", "X-HubSpot-Signature-Version", V3)
FORGED = {
    "no signature at all": without(*SIGNATURES),
    "a signature of other bytes": signed(b"[]"),
    "a signature for another address": signed(BODY, url="https://app.example.com/webhooks/other"),
    "an empty signature": {**signed(BODY), V3: ""},
    "a signature that is no ASCII": {**signed(BODY), V3: "é" * 44},
    "too old": stamped(timedelta(minutes=-5, milliseconds=-1)),
    "too far ahead": stamped(timedelta(minutes=5, milliseconds=1)),
    "no time": without(STAMP),
    "a time that is no number": {**signed(BODY), STAMP: "yesterday"},
    "a time in other digits": {**signed(BODY), STAMP: "١٧٩٠٠٠٠٠٠١٠٠٠"},
    "an endless time": {**signed(BODY), STAMP: "9" * 5_000},
    "a changed time": {**signed(BODY), STAMP: str(int(NOW.timestamp() * 1000) + 1)},
}


@pytest.mark.parametrize("headers", FORGED.values(), ids=FORGED)
def test_what_is_not_genuine_is_refused_and_counted(
    client: FlaskClient, door: Any, store: RememberingStore, headers: dict[str, str]
) -> None:
    answer = client.post(TARGET, data=BODY, headers=headers)
    door.refusals.flush()

    assert (answer.status_code, answer.get_json()["error"]) == (401, "signature")
    assert store.kept == []
    assert store.counted == {"refused.signature": 1}


@pytest.mark.parametrize("minutes", [-5, 5])
def test_a_delivery_at_the_edge_of_its_time_is_taken(client: FlaskClient, minutes: int) -> None:
    assert client.post(TARGET, data=BODY, headers=stamped(timedelta(minutes=minutes))).status_code == 200


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/x-www-form-urlencoded", "json", ";;", "é"])
def test_another_media_type_is_refused(client: FlaskClient, media_type: str) -> None:
    answer = client.post(TARGET, data=BODY, headers={**signed(BODY), "Content-Type": media_type})

    assert (answer.status_code, answer.get_json()["error"]) == (415, "media_type")


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_the_media_type_may_carry_parameters_and_capitals(client: FlaskClient, media_type: str) -> None:
    answer = client.post(TARGET, data=BODY, headers={**signed(BODY), "Content-Type": media_type})

    assert answer.status_code == 200


def test_ten_megabytes_are_refused_before_they_are_verified(client: FlaskClient, store: RememberingStore) -> None:
    body = b" " * 10_000_000

    answer = client.post(TARGET, data=body, headers=signed(body))

    assert (answer.status_code, answer.get_json()["error"]) == (413, "too_large")
    assert store.kept == []


class Endless:
    """A body that never ends."""

    def __init__(self) -> None:
        self.read_bytes = 0

    def read(self, size: int = -1) -> bytes:
        assert size >= 0, "an endless body must not be read to its end"
        self.read_bytes += size
        return b" " * size


def test_a_body_without_end_is_refused_after_the_largest_genuine_size(door: Any) -> None:
    body = Endless()
    environ = create_environ(TARGET, method="POST", headers={"Content-Type": "application/json"})
    environ |= {"wsgi.input": body, "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}

    answer = Response.from_app(build_app(door), environ)

    assert answer.status_code == 413
    assert body.read_bytes < 2 * 8 * 1024 * 1024


def test_a_body_that_is_shorter_than_declared_is_refused(client: FlaskClient, store: RememberingStore) -> None:
    length = {"CONTENT_LENGTH": str(len(BODY) + 1)}

    answer = client.post(TARGET, data=BODY, headers=signed(BODY), environ_overrides=length)

    assert (answer.status_code, answer.get_json()["error"]) == (400, "malformed")
    assert store.kept == []


def test_a_genuine_delivery_without_a_body_is_refused(client: FlaskClient) -> None:
    answer = client.post(TARGET, data=b"", headers=signed(b""))

    assert (answer.status_code, answer.get_json()["error"]) == (400, "malformed")


@pytest.mark.parametrize("path", ["/webhooks/salesforce", "/webhooks/hubspot/", "/webhooks/", "/", "/webhooks/%ff"])
def test_an_unknown_address_is_not_found(client: FlaskClient, path: str) -> None:
    answer = client.post(path, data=BODY, headers=signed(BODY))

    assert (answer.status_code, answer.get_json()["error"]) == (404, "not_found")


def test_another_method_is_told_which_one_to_use(client: FlaskClient) -> None:
    answer = client.get(TARGET)

    assert (answer.status_code, answer.get_json()["error"]) == (405, "method_not_allowed")
    assert "POST" in answer.headers["Allow"]


def test_when_the_database_is_away_the_sender_is_asked_to_come_again(
    client: FlaskClient, store: RememberingStore
) -> None:
    store.is_away = True

    answer = client.post(TARGET, data=BODY, headers=signed(BODY))

    assert (answer.status_code, answer.get_json()["error"]) == (503, "unavailable")


def test_a_defect_of_ours_shows_no_trace(
    client: FlaskClient, store: RememberingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = StringIO()
    log.configure(stream=lines)
    monkeypatch.setattr(store, "keep", lambda delivery: {}["jane@example.com"])

    answer = client.post(TARGET, data=BODY, headers=signed(BODY))

    assert answer.status_code == 500
    assert b"KeyError" not in answer.data
    assert "KeyError" in lines.getvalue()
    assert "jane@example.com" not in lines.getvalue()
    assert all(name in answer.headers for name in SECURE)


def test_refusals_survive_a_database_that_is_away(client: FlaskClient, door: Any, store: RememberingStore) -> None:
    client.post(TARGET, data=BODY, headers=FORGED["too old"])
    store.is_away = True
    door.refusals.flush()
    store.is_away = False
    client.post("/webhooks/salesforce", data=BODY)

    door.refusals.flush()

    assert store.counted == {"refused.signature": 1, "refused.not_found": 1}


def test_nothing_refused_costs_the_database_nothing(door: Any, store: RememberingStore) -> None:
    store.is_away = True

    door.refusals.flush()

    assert store.counted == {}


def test_a_process_that_lives_says_so_without_the_database(client: FlaskClient, store: RememberingStore) -> None:
    store.is_away = True

    assert client.get("/healthz").get_json() == {"status": "alive"}


def test_it_is_ready_when_deliveries_are_kept_and_worked_on(client: FlaskClient, store: RememberingStore) -> None:
    store.leases = {"worker:a": "a"}

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert json.loads(answer.data) == {"status": "ready", "database": True, "schema": True, "worker": True}


UNREADY: dict[str, tuple[dict[str, object], list[str]]] = {
    "no worker": ({}, ["worker"]),
    "only a dispatcher": ({"leases": {"dispatch:C1": "a"}}, ["worker"]),
    "an old schema": ({"leases": {"worker:a": "a"}, "is_old": True}, ["schema", "worker"]),
    "no database": ({"leases": {"worker:a": "a"}, "is_away": True}, ["database", "schema", "worker"]),
}


@pytest.mark.parametrize(("state", "missing"), UNREADY.values(), ids=UNREADY)
def test_it_is_not_ready_while_something_is_missing(
    client: FlaskClient, store: RememberingStore, state: dict[str, object], missing: list[str]
) -> None:
    for name, value in state.items():
        setattr(store, name, value)

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert [name for name, is_so in answer.get_json().items() if is_so is False] == missing


def test_no_answer_shows_a_secret(client: FlaskClient) -> None:
    answers = [client.post(TARGET, data=BODY, headers=headers).data for headers in FORGED.values()]

    assert not any(SECRET.encode() in data for data in answers)
