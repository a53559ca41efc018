"""`POST /api/v1/signals`: who is let in, what is kept, what is answered, and what attackers get."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text
from werkzeug.test import TestResponse

from app import build_app
from connector.domain.ids import WorkspaceId
from connector.engine.inward.batch import MAX_BODY
from connector.engine.running.keys import MadeKey, make_key
from connector.ports import Store
from connector.store.store import open_store
from tests.door import NOW, StandingClock
from tests.office import SECRET_KEY, sqlite_url
from webhooks.door import Door
from webhooks.refusals import Refusals

PATH = "/api/v1/signals"
ACME, BETA = WorkspaceId("acme"), WorkspaceId("beta")
ADA = {"signal": "report_read", "email": "ada@example.com", "at": "2026-11-22T09:00:00Z"}


@dataclass(slots=True)
class Site:
    """A door over a real database, with a key for each of two workspaces."""

    client: FlaskClient
    store: Store
    file: Path
    key: MadeKey
    other: MadeKey
    refusals: Refusals

    def post(self, *signals: Any, key: str | None = None, body: bytes | None = None, **headers: str) -> TestResponse:
        """Send a batch."""
        content = json.dumps({"signals": signals}).encode() if body is None else body
        given = {"Authorization": f"Bearer {self.key.text if key is None else key}", "Content-Type": "application/json"}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(PATH, data=content, headers=given | named)

    def kept(self) -> list[tuple[str, bytes]]:
        """Endpoint and body of what was kept."""
        engine = create_engine(f"sqlite:///{self.file}")
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT endpoint, body FROM deliveries ORDER BY id")).all()
        engine.dispose()
        return [(endpoint, bytes(body)) for endpoint, body in rows]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    file = tmp_path / "coltiva.sqlite"
    store = open_store(sqlite_url(tmp_path), SECRET_KEY)
    store.migrate()
    key, other = make_key(ACME, "website", NOW), make_key(BETA, "shop", NOW)
    with store.transaction() as transaction:
        transaction.api_keys.add(key.key)
        transaction.api_keys.add(other.key)
    refusals = Refusals(store, flush_seconds=3600)
    app = build_app(Door({}, store, StandingClock(), refusals))
    yield Site(app.test_client(), store, file, key, other, refusals)
    store.close()


def test_a_batch_is_durable_as_it_came_before_it_is_acknowledged(site: Site) -> None:
    body = json.dumps({"signals": [ADA]}, indent=3).encode()

    answer = site.post(body=body)

    assert (answer.status_code, answer.json) == (200, {"status": "kept", "signals": 1, "refused": 0, "errors": []})
    assert site.kept() == [("api:acme", body)]
    assert answer.headers["Cache-Control"] == "no-store"


def test_each_signal_that_is_wrong_is_told_by_its_place(site: Site) -> None:
    answer = site.post(ADA, {**ADA, "at": "today"}, {**ADA, "email": 7}, ADA)

    assert answer.status_code == 200
    assert answer.json == {
        "status": "kept",
        "signals": 2,
        "refused": 2,
        "errors": [
            {"place": "signals[1].at", "problem": "is no moment such as 2026-11-22T10:00:00Z"},
            {"place": "signals[2].email", "problem": "Expected `str`, got `int`"},
        ],
    }


def test_a_batch_in_which_nothing_is_right_is_not_kept(site: Site) -> None:
    answer = site.post({**ADA, "email": "ada"})

    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["error"] == "signals"
    assert [one["place"] for one in answer.json["errors"]] == ["signals[0].email"]
    assert site.kept() == []


def test_whoever_sends_many_wrong_signals_is_shown_the_first_hundred(site: Site) -> None:
    answer = site.post(ADA, *([{"signal": "x" * 100_000}] * 8), *([{}] * 300))

    assert answer.json is not None
    assert (answer.json["refused"], len(answer.json["errors"])) == (308, 100)
    assert len(answer.data) < 20_000


# --- sending again --------------------------------------------------------------------------------------------


def test_a_batch_with_a_name_is_kept_once_however_often_it_is_sent(site: Site) -> None:
    answers = [site.post(ADA, Idempotency_Key="batch-1") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert answers[0].json == answers[2].json
    assert len(site.kept()) == 1


def test_the_same_name_for_another_batch_is_refused(site: Site) -> None:
    site.post(ADA, Idempotency_Key="batch-1")

    answer = site.post({**ADA, "signal": "other"}, Idempotency_Key="batch-1")

    assert answer.status_code == 409
    assert len(site.kept()) == 1


def test_two_workspaces_may_use_the_same_name(site: Site) -> None:
    site.post(ADA, Idempotency_Key="batch-1")

    answer = site.post(ADA, key=site.other.text, Idempotency_Key="batch-1")

    assert answer.status_code == 200
    assert [endpoint for endpoint, _ in site.kept()] == ["api:acme", "api:beta"]


@pytest.mark.parametrize("name", ["x" * 201, "two words", "é"])
def test_a_name_that_is_none_is_refused(site: Site, name: str) -> None:
    assert site.post(ADA, Idempotency_Key=name).status_code == 400
    assert site.kept() == []


# --- keys -----------------------------------------------------------------------------------------------------

FORGED = {
    "nothing": "",
    "a word": "letmein",
    "a made-up key": "coltiva_000000000000_" + "A" * 43,
    "a long one": "coltiva_" + "0" * 100_000,
    "SQL": "coltiva_' OR 1=1 --_" + "A" * 43,
    "not ASCII": "coltiva_0000000000é0_" + "A" * 43,
    "a key and more": "coltiva_000000000000_" + "A" * 44,
}


@pytest.mark.parametrize("key", FORGED.values(), ids=FORGED)
def test_a_forged_key_opens_nothing(site: Site, key: str) -> None:
    answer = site.post(ADA, key=key)

    assert answer.status_code == 401
    assert answer.json is not None
    assert answer.json["error"] == "key"
    assert site.kept() == []


def test_a_secret_of_another_key_opens_nothing(site: Site) -> None:
    mixed = f"coltiva_{site.key.key.id}_{site.other.text.split('_', 2)[2]}"
    halves = site.key.text[:40] + site.other.text[40:]

    assert [site.post(ADA, key=key).status_code for key in (mixed, halves)] == [401, 401]
    assert site.kept() == []


def test_every_other_way_to_authenticate_is_refused(site: Site) -> None:
    ways: tuple[dict[str, str], ...] = ({}, {"Authorization": f"Basic {site.key.text}"}, {"X-Api-Key": site.key.text})
    body = json.dumps({"signals": [ADA]})

    answers = [
        site.client.post(f"{PATH}?key={site.key.text}", data=body, headers={"Content-Type": "application/json", **way})
        for way in ways
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 401]


def test_a_key_speaks_for_its_own_workspace_whatever_the_body_says(site: Site) -> None:
    answer = site.post(body=json.dumps({"workspace": "acme", "signals": [ADA]}).encode(), key=site.other.text)
    site.post({**ADA, "workspace": "acme"}, ADA, key=site.other.text)

    assert answer.status_code == 400
    assert [endpoint for endpoint, _ in site.kept()] == ["api:beta"]


def test_a_revoked_key_opens_nothing_and_a_new_one_does(site: Site) -> None:
    fresh = make_key(ACME, "website", NOW)
    with site.store.transaction() as transaction:
        transaction.api_keys.add(fresh.key)
        assert transaction.api_keys.revoke(site.key.key.id, NOW)
        assert not transaction.api_keys.revoke(site.key.key.id, NOW)

    assert site.post(ADA).status_code == 401
    assert site.post(ADA, key=fresh.text).status_code == 200


def test_a_key_is_kept_nowhere(site: Site) -> None:
    site.post(ADA)
    site.store.wipe()

    secret = site.key.text.split("_", 2)[2].encode()
    held = b"".join(path.read_bytes() for path in site.file.parent.iterdir())
    assert secret not in held
    assert site.key.text not in repr(site.key)
    assert site.key.key.secret_hash not in repr(site.key.key)


def test_a_key_is_looked_at_before_the_body(site: Site) -> None:
    assert site.post(body=b"hello", key="wrong").status_code == 401


def test_a_key_of_somebody_who_tampered_with_the_database_is_not_trusted_blindly(site: Site) -> None:
    with site.store.transaction() as transaction:
        transaction.api_keys.add(replace(make_key(ACME, "odd", NOW).key, secret_hash=""))

    assert site.post(ADA, key="coltiva_000000000000_" + "A" * 43).status_code == 401


# --- hostile bodies -------------------------------------------------------------------------------------------

HOSTILE = {
    "empty": (b"", 400),
    "no JSON": (b"hello", 400),
    "no UTF-8": (b"\xff\xfe\x00", 400),
    "a bare list": (b"[]", 400),
    "nested deeply": (b'{"signals": ' + b"[" * 500_000, 400),
    "nested deeply inside": (b'{"signals": [' + b"[" * 100_000 + b"]" * 100_000 + b"]}", 400),
    "nested attributes": (
        b'{"signals": [{"signal": "s", "email": "a@example.com", "attributes": {"a": '
        + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}}]}",
        400,
    ),
    "a thousand and one": (b'{"signals": [' + b",".join([b"{}"] * 1_001) + b"]}", 400),
    "a number without end": (b'{"signals": [{"signal": ' + b"9" * 100_000 + b"}]}", 422),
    "almost too large": (b" " * MAX_BODY, 400),
    "too large": (b" " * (MAX_BODY + 1), 413),
}  # fmt: skip


@pytest.mark.parametrize(("body", "status"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_body_costs_little_and_leaves_nothing(site: Site, body: bytes, status: int) -> None:
    answer = site.post(body=body)

    assert answer.status_code in (status, 422)
    assert site.kept() == []
    assert b"Traceback" not in answer.data
    assert len(answer.data) < 2_000


def test_only_json_is_taken_and_only_by_post(site: Site) -> None:
    assert site.post(ADA, Content_Type="text/plain").status_code == 415
    assert site.client.get(PATH).status_code == 405


def test_the_webhooks_door_does_not_lead_here(site: Site) -> None:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {site.key.text}"}

    answers = [site.client.post(f"/webhooks/{name}", data=b"{}", headers=headers) for name in ("api", "api:acme")]

    assert [answer.status_code for answer in answers] == [404, 404]


def test_refusals_are_counted_by_kind(site: Site) -> None:
    site.post(ADA, key="wrong")
    site.post({})
    site.refusals.flush()

    with site.store.reading() as transaction:
        assert transaction.counts.all() == {"refused.key": 1, "refused.signals": 1}


def test_without_a_database_the_sender_is_asked_to_come_again(site: Site) -> None:
    site.store.close()
    for path in site.file.parent.iterdir():
        path.unlink()
    site.file.mkdir()

    assert site.post(ADA).status_code == 503
