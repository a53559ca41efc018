"""simple-salesforce sends; tokens, time-outs, limits and errors are ours."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Lock
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses

from connector.crms.salesforce import transport
from connector.crms.salesforce.client import SalesforceClient
from connector.crms.salesforce.errors import RefusedCallError
from connector.crms.salesforce.grants import parse_grant
from connector.crms.salesforce.limits import Limits
from connector.crms.salesforce.oauth import App, OAuth
from connector.engine.running.tokens import StoredToken
from connector.errors import (
    CredentialsError,
    CrmUnavailableError,
    RateLimitedError,
    RetryableCrmError,
    UnreadableReplyError,
)
from tests.clocks import HandClock
from tests.office import CONNECTION, Office, clicking_book, sqlite_url
from tests.unit.hubspot.scripted import Script, scripted
from tests.unit.salesforce.org import HeldToken, client, grant, token_answer

EXPIRED = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


@pytest.fixture
def script() -> Iterator[Script]:
    with scripted() as script:
        yield script


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def test_every_call_says_who_we_are_and_that_owners_are_to_stay(script: Script, clock: HandClock) -> None:
    script.answer(200, {})

    client(script.url, clock).send("PATCH", "composite/sobjects", {"records": []})

    method, path, headers, body = script.requests[0]
    assert (method, path) == ("PATCH", "/services/data/v66.0/composite/sobjects")
    assert headers["Authorization"] == "Bearer access-0"
    assert headers["Content-Type"] == "application/json"
    assert headers["Sforce-Call-Options"] == "client=Coltiva"
    assert headers["Sforce-Auto-Assign"] == "FALSE"
    assert "X-PrettyPrint" not in headers
    assert json.loads(body) == {"records": []}


def test_calls_of_one_client_share_a_connection(script: Script, clock: HandClock) -> None:
    for _ in range(3):
        script.answer(200, {})
    one = client(script.url, clock)

    for _ in range(3):
        one.get("limits")

    assert len(script.connections) == 1


def test_a_spent_token_is_renewed_and_the_call_repeated_as_it_was(script: Script, clock: HandClock) -> None:
    script.answer(401, EXPIRED)
    script.answer(200, token_answer(script.url, 1))
    script.answer(200, {"done": "yes"})
    keeper = HeldToken(grant(script.url, clock).to_text())

    body = client(script.url, clock, keeper).send("POST", "composite/sobjects", {"n": 1})

    first, _, second = script.requests
    assert body == b'{"done": "yes"}'
    assert second[3] == first[3] == b'{"n":1}'
    assert second[2]["Authorization"] == "Bearer access-1"
    assert second[2]["Sforce-Auto-Assign"] == "FALSE"
    assert parse_grant(keeper.kept).refresh_token == "refresh-1"


def test_an_org_that_takes_no_new_token_either_is_to_be_connected_again(script: Script, clock: HandClock) -> None:
    script.answer(401, EXPIRED)
    script.answer(200, token_answer(script.url, 1))
    script.answer(401, EXPIRED)

    with pytest.raises(CredentialsError, match="needs to be connected again"):
        client(script.url, clock).get("limits")

    assert len(script.requests) == 3


def test_a_refusal_that_is_no_json_is_a_refusal_all_the_same(script: Script, clock: HandClock) -> None:
    script.answer(401, b"<html>")
    script.answer(200, token_answer(script.url, 1))
    script.answer(401, {"odd": True})

    with pytest.raises(CredentialsError):
        client(script.url, clock).get("limits")


def test_a_grant_that_is_gone_says_so(script: Script, clock: HandClock) -> None:
    script.answer(401, EXPIRED)
    script.answer(400, {"error": "invalid_grant", "error_description": "expired access/refresh token"})

    with pytest.raises(CredentialsError, match=r"expired access/refresh token.*connected again"):
        client(script.url, clock).get("limits")


def test_a_grant_in_use_is_renewed_before_it_dies_of_rest(script: Script, clock: HandClock) -> None:
    one = client(script.url, clock)
    clock.advance(timedelta(days=8))
    script.answer(200, token_answer(script.url, 1))
    script.answer(200, {})
    script.answer(200, {})

    one.get("limits")
    one.get("limits")

    assert [path.split("/")[-1] for path in script.paths] == ["token", "limits", "limits"]


def test_a_connection_without_a_grant_fails_when_it_is_used_and_not_before(clock: HandClock) -> None:
    oauth = OAuth(App("our-key"), clock)

    one = SalesforceClient("no grant", HeldToken("no grant"), oauth, clock, Limits())

    with pytest.raises(CredentialsError):
        one.get("limits")


def test_eight_threads_whose_token_is_spent_renew_it_once(tmp_path: Path) -> None:
    office = Office(sqlite_url(tmp_path), clicking_book("v1")).open()
    clock, start = HandClock(office.clock.now()), Barrier(8)
    host = "https://acme.my.salesforce.com"
    org = RotatingOrg(host)
    token = grant(host, clock).to_text()
    with office.store.transaction() as transaction:
        transaction.connections.replace_token(CONNECTION.id, old=CONNECTION.token, new=token, now=clock.now())

    def work(_: int) -> str:
        keeper = StoredToken(office.store, clock, CONNECTION.id)
        one = SalesforceClient(token, keeper, OAuth(App("our-key", "our-secret"), clock), clock, Limits())
        start.wait(timeout=60)
        try:
            return one.get("limits").decode()
        except RetryableCrmError:
            return "later"

    with responses.RequestsMock() as wire:
        wire.add_callback("GET", f"{host}/services/data/v66.0/limits", org.serve)
        wire.add_callback("POST", f"{host}/services/oauth2/token", org.renew)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(work, range(8), timeout=120))
    office.close()

    assert org.spent == ["refresh-0"]
    assert set(answers) <= {"{}", "later"}
    assert "{}" in answers


class RotatingOrg:
    """Takes the newest access token, and each refresh token once."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.spent: list[str] = []
        self._lock = Lock()

    def serve(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        is_good = self.spent and request.headers["Authorization"] == f"Bearer access-{len(self.spent)}"
        return (200, {}, "{}") if is_good else (401, {}, json.dumps(EXPIRED))

    def renew(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        with self._lock:
            self.spent.append(parse_qs(str(request.body))["refresh_token"][0])
            return 200, {}, json.dumps(token_answer(self.host, len(self.spent)))


# --- limits -----------------------------------------------------------------------------------------------------


def test_an_answer_that_refuses_tells_of_the_limits_too(script: Script, clock: HandClock) -> None:
    script.answer(400, [{"errorCode": "MALFORMED_QUERY", "message": "?"}], **{"Sforce-Limit-Info": "api-usage=96/100"})
    one = client(script.url, clock)

    with pytest.raises(RefusedCallError):
        one.get("query", {"q": "?"})

    assert one.limits.allowed_at(clock.now()) > clock.now()
    with pytest.raises(RateLimitedError, match="share of the org's calls"):
        one.get("limits")
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    ("message", "wait"),
    [
        ("TotalRequests Limit exceeded.", timedelta(hours=1)),
        ("ConcurrentPerOrgLongTxn Limit exceeded.", timedelta(seconds=15)),
        ("SomethingNew Limit exceeded.", timedelta(minutes=5)),
    ],
)
def test_a_limit_that_is_reached_is_waited_for(script: Script, clock: HandClock, message: str, wait: timedelta) -> None:
    script.answer(403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": message}])
    one = client(script.url, clock)

    with pytest.raises(RateLimitedError) as caught:
        one.get("limits")

    assert caught.value.retry_at == one.limits.allowed_at(clock.now()) == clock.now() + wait


# --- what goes wrong --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [420, 429, 500, 502, 503, 504])
def test_trouble_is_tried_again_later(script: Script, clock: HandClock, status: int) -> None:
    script.answer(status, b"<html>trouble</html>")

    with pytest.raises(CrmUnavailableError):
        client(script.url, clock).get("limits")

    assert len(script.requests) == 1


def test_a_connection_that_breaks_is_tried_again_later_and_not_at_once(script: Script, clock: HandClock) -> None:
    with pytest.raises(CrmUnavailableError, match="did not answer POST composite/sobjects"):
        client(script.url, clock).send("POST", "composite/sobjects", {})

    assert len(script.requests) == 1


def test_a_query_that_is_not_answered_names_nobody_in_the_log(clock: HandClock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"

    with pytest.raises(CrmUnavailableError) as caught:
        list(client(url, clock).query("SELECT Id FROM Lead WHERE Email = 'ada@example.com'"))

    assert "ada" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_nobody_waits_for_ever(clock: HandClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "_TIMEOUT", (1.0, 0.05))
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"

        with pytest.raises(CrmUnavailableError, match="ReadTimeout"):
            client(url, clock).get("limits")


@pytest.mark.parametrize("code", ["UNABLE_TO_LOCK_ROW", "QUERY_TIMEOUT", "INVALID_QUERY_LOCATOR"])
def test_some_refusals_are_only_for_now(script: Script, clock: HandClock, code: str) -> None:
    script.answer(400, [{"errorCode": code, "message": "busy"}])

    with pytest.raises(CrmUnavailableError):
        client(script.url, clock).get("limits")


@pytest.mark.parametrize("code", ["API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED"])
def test_an_org_without_an_api_stops_the_connection_and_says_why(script: Script, clock: HandClock, code: str) -> None:
    script.answer(403, [{"errorCode": code, "message": "The REST API is not enabled for this Organization."}])

    with pytest.raises(CredentialsError, match="Enable it"):
        client(script.url, clock).get("limits")


def test_a_refusal_keeps_the_orgs_words_apart_from_what_is_logged(script: Script, clock: HandClock) -> None:
    script.answer(400, [{"errorCode": "INVALID_FIELD", "message": "No such column 'Ada__c'", "fields": ["Ada__c"]}])

    with pytest.raises(RefusedCallError) as caught:
        client(script.url, clock).get("query", {"q": "SELECT Ada__c FROM Lead"})

    assert "Ada" not in str(caught.value)
    assert "No such column 'Ada__c' [Ada__c] (INVALID_FIELD)" in caught.value.words


@pytest.mark.parametrize("body", [b"<html>no</html>", b"[]", b'"text"', b'{"odd": 1}', b"[1]"])
def test_a_refusal_without_a_reason_cannot_be_read(script: Script, clock: HandClock, body: bytes) -> None:
    script.answer(400, body)

    with pytest.raises(UnreadableReplyError):
        client(script.url, clock).get("limits")


def test_another_address_is_not_followed(script: Script, clock: HandClock) -> None:
    script.answer(302, b"", Location="http://127.0.0.1:1/elsewhere")

    with pytest.raises(UnreadableReplyError):
        client(script.url, clock).get("limits")

    assert len(script.requests) == 1


# --- queries ----------------------------------------------------------------------------------------------------


def test_a_query_goes_on_to_its_last_page(script: Script, clock: HandClock) -> None:
    following = "/services/data/v66.0/query/01g5e00000AbCdE-2000"
    script.answer(200, {"done": False, "nextRecordsUrl": following, "records": [{"Id": "1"}]})
    script.answer(200, {"done": True, "records": [{"Id": "2"}]})

    rows = list(client(script.url, clock).query("SELECT Id FROM Lead"))

    assert [row["Id"] for row in rows] == ["1", "2"]
    assert parse_qs(urlsplit(script.requests[0][1]).query) == {"q": ["SELECT Id FROM Lead"]}
    assert script.requests[1][1] == following


def test_a_query_does_not_go_on_elsewhere(script: Script, clock: HandClock) -> None:
    script.answer(200, {"done": False, "nextRecordsUrl": "https://evil.example.com/", "records": []})

    with pytest.raises(UnreadableReplyError):
        list(client(script.url, clock).query("SELECT Id FROM Lead"))


def test_a_query_that_looks_into_the_bin_says_so(script: Script, clock: HandClock) -> None:
    script.answer(200, {"done": True, "records": []})

    assert list(client(script.url, clock).query("SELECT Id FROM Lead", with_deleted=True)) == []
    assert script.requests[0][1].startswith("/services/data/v66.0/queryAll?")


def test_an_answer_that_is_no_page_cannot_be_read(script: Script, clock: HandClock) -> None:
    script.answer(200, b'{"records": "')

    with pytest.raises(UnreadableReplyError):
        list(client(script.url, clock).query("SELECT Id FROM Lead"))
