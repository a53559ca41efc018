"""Nothing that a caller sends makes an org fall over."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.sandbox.salesforce.fields import to_stamp
from connector.sandbox.salesforce.ids import IdMaker, to_id, to_long
from connector.sandbox.salesforce.platform import Platform
from connector.sandbox.salesforce.query import Query
from connector.sandbox.salesforce.refusals import RefusalError
from connector.sandbox.salesforce.soql import parse_soql
from connector.sandbox.salesforce.web import create_web
from tests.contract.sandbox.salesforce.conftest import NURTURE_ID, SCORE, START

#: Pairs that public documents show.
KNOWN_IDS = {
    "00D5e000001AbCd": "00D5e000001AbCdEAK",
    "00Q5e000008ZkM3": "00Q5e000008ZkM3EAK",
    "0055e000007UsEr": "0055e000007UsErAAK",
    "005bm000005uORO": "005bm000005uOROAA2",
    "005R0000000LSqt": "005R0000000LSqtIAG",
}

WORDS = st.sampled_from(
    [
        "SELECT",
        "FROM",
        "WHERE",
        "AND",
        "OR",
        "NOT",
        "IN",
        "LIKE",
        "ORDER",
        "BY",
        "LIMIT",
        "OFFSET",
        "NULLS",
        "FIRST",
        "DESC",
        "COUNT",
        "(",
        ")",
        ",",
        "=",
        "!=",
        "<",
        ">=",
        "'x'",
        "'00Q'",
        "1",
        "2.5",
        "null",
        "true",
        "TODAY",
        "LAST_N_DAYS:3",
        "2026-11-23",
        "2026-11-23T09:00:00Z",
        "Lead",
        "Contact",
        "Id",
        "Email",
        "Rating",
        "Owner.Type",
        "Owner.Manager.Name",
        "DoNotCall",
        "CreatedDate",
        "coltiva__Score__c",
        "Description",
        "Account.Name",
    ]
)
NAMES = st.sampled_from(
    [
        "records",
        "attributes",
        "type",
        "id",
        "Id",
        "ids",
        "fields",
        "allOrNone",
        "LastName",
        "Company",
        "Email",
        "OwnerId",
        "compositeRequest",
        "batchRequests",
        "method",
        "url",
        "referenceId",
        "body",
        "httpHeaders",
        "inputs",
        "title",
        "operation",
        "object",
        "query",
        "state",
        "columnDelimiter",
        "coltiva__Nurture_Id__c",
        "coltiva__Score__c",
        "CreatedDate",
        "DoNotCall",
    ]
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["Lead", "insert", "query", "SELECT Id FROM Lead", "00Q5e0000000001", "GET", "a", "@{a.id}", ""]),
    st.text(max_size=20),
)
BODIES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)
RECORDS = st.lists(
    st.fixed_dictionaries(
        {"attributes": st.just({"type": "Lead"}), "id": LEAVES | st.just("00Q5e0000000001")},
        optional=dict.fromkeys(("LastName", "Company", "Email", "OwnerId", "DoNotCall", "CreatedDate"), BODIES)
        | {"coltiva__Nurture_Id__c": BODIES, "coltiva__Score__c": BODIES},
    ),
    max_size=3,
)
URLS = st.sampled_from(["/services/data/v66.0/limits", "/services/data/v66.0/sobjects/Lead", "@{a.b[0].c}", "x"])
CALLS = st.lists(
    st.fixed_dictionaries(
        {"referenceId": st.sampled_from("abcd"), "method": st.sampled_from(["GET", "POST"]), "url": URLS},
        optional={"body": BODIES, "httpHeaders": BODIES},
    )
    | BODIES,
    max_size=3,
)
SHAPED = st.one_of(
    BODIES,
    st.fixed_dictionaries({"records": RECORDS, "allOrNone": st.booleans()}),
    st.fixed_dictionaries({"ids": st.lists(LEAVES, max_size=3), "fields": st.lists(LEAVES, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"compositeRequest": CALLS, "batchRequests": CALLS, "allOrNone": st.booleans()}),
    st.fixed_dictionaries({"inputs": st.lists(BODIES, min_size=1, max_size=2)}),
)
PATHS = (
    ("POST", "sobjects/Lead"),
    ("PATCH", "sobjects/Lead/00Q5e0000000001"),
    ("PATCH", "sobjects/Lead/coltiva__Nurture_Id__c/n1"),
    ("POST", "composite/sobjects"),
    ("PATCH", "composite/sobjects"),
    ("POST", "composite/sobjects/Lead"),
    ("PATCH", "composite/sobjects/Lead/coltiva__Nurture_Id__c"),
    ("POST", "composite"),
    ("POST", "composite/batch"),
    ("POST", "actions/standard/customNotificationAction"),
    ("POST", "actions/standard/chatterPost"),
    ("POST", "actions/standard/emailSimple"),
    ("POST", "jobs/query"),
    ("POST", "jobs/ingest"),
)


@pytest.fixture(scope="module")
def platform() -> Platform:
    made = Platform()
    org = made.create_org()
    org.add_fields("Lead", NURTURE_ID, SCORE)
    org.people.create_lead("ada@example.com", coltiva__Nurture_Id__c="n1")
    org.pool.maximum = None
    return made


def test_the_long_form_of_an_id_is_the_documented_one() -> None:
    assert {short: to_long(short) for short in KNOWN_IDS} == KNOWN_IDS


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", min_size=15, max_size=15))
def test_an_id_is_known_in_either_form_and_the_long_one_in_any_case(short: str) -> None:
    long = to_long(short)

    assert {to_id(short), to_id(long), to_id(long.upper()), to_id(long.lower())} == {long}


@given(st.text(max_size=20) | st.integers() | st.none())
def test_what_is_no_id_is_none(value: Any) -> None:
    found = to_id(value)

    assert found is None or len(found) == 18


def test_ids_are_made_once_only() -> None:
    ids = IdMaker()

    made = [ids.next("00Q") for _ in range(5_000)]

    assert len({one.lower() for one in made}) == 5_000
    assert made == sorted(made, key=lambda one: one[:15])


@given(st.sampled_from(["", "SELECT Id FROM Lead WHERE "]), st.lists(WORDS, max_size=16).map(" ".join))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_a_query_or_is_refused(platform: Platform, head: str, rest: str) -> None:
    org = next(iter(platform.orgs.values()))

    with suppress(RefusalError):
        query = Query(parse_soql(head + rest), org.database, org.permissions_of(org.admin), "/services/data/v66.0")
        answer = query.run()
        assert all(answer.tell(one) for one in answer.record_ids)


@pytest.mark.parametrize(("method", "path"), PATHS)
@given(body=SHAPED)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_body_is_answered(platform: Platform, method: str, path: str, body: Any) -> None:
    org = next(iter(platform.orgs.values()))
    app = platform.create_app() if not platform.apps else next(iter(platform.apps.values()))
    headers = {"Authorization": f"Bearer {platform.connect(app, org)}", "Content-Type": "application/json"}

    reply = (
        create_web(platform, org)
        .test_client()
        .open(f"/services/data/v66.0/{path}", method=method, data=json.dumps(body), headers=headers)
    )

    assert reply.status_code < 500
    assert reply.headers["Sforce-Limit-Info"]


def test_a_stamp_drops_what_is_less_than_a_second() -> None:
    assert to_stamp(START.replace(microsecond=999_000)) == "2026-11-23T09:00:00.000+0000"
