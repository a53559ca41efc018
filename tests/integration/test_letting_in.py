"""An administrator lets us in by a browser, and is told on a page what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
import requests
from flask.testing import FlaskClient

from app import create_app
from connector.cli.connect_salesforce import _connect_by_page
from connector.clock import Clock
from connector.crms.salesforce.invitation import Invitation
from connector.engine.running.inviting import GOOD_FOR, Inviting
from connector.errors import SetupError
from connector.ports import InvitationState, KeptInvitation, to_invitation_key
from connector.settings import load_settings
from tests.org_rehearsal import OrgRehearsal, rehearsed

MAPPING = """
format: 1
workspace: acme
timezone: Europe/Rome
fields:
  email: {salesforce: Lead.Email, identity: true}
"""
CALLBACK = "/oauth/salesforce/callback"
STATE = "s" * 32
KEY = to_invitation_key(STATE)


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrgRehearsal]:
    with rehearsed(tmp_path_factory.mktemp("letting"), MAPPING) as started:
        yield started


@pytest.fixture
def browser(rehearsal: OrgRehearsal) -> FlaskClient:
    return create_app(load_settings(rehearsal.environ)).test_client()


@dataclass
class WaitingClock:
    """While somebody waits, something happens; then time passes."""

    clock: Clock
    happens: Callable[[], object]
    passed: timedelta = timedelta()

    def now(self) -> datetime:
        return self.clock.now() + self.passed

    def wait(self, seconds: float) -> None:
        self.happens()
        self.passed += timedelta(seconds=60 * seconds)


def invited(rehearsal: OrgRehearsal, state: str = STATE, *, expires_in: timedelta = GOOD_FOR) -> None:
    expires_at = rehearsal.services.clock.now() + expires_in
    with rehearsal.services.store.transaction() as transaction:
        transaction.invitations.forget_before(expires_at + timedelta(days=1))
        transaction.invitations.add(KeptInvitation(to_invitation_key(state), "salesforce", expires_at))


def closed(rehearsal: OrgRehearsal, state: InvitationState, words: str) -> None:
    with rehearsal.services.store.transaction() as transaction:
        transaction.invitations.close(KEY, state, words)


def test_who_says_yes_in_the_browser_reads_there_that_the_org_is_connected(
    rehearsal: OrgRehearsal, browser: FlaskClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pages: list[str] = []
    rehearsal.platform.apps[rehearsal.environ["COLTIVA_SALESFORCE_CLIENT_ID"]].redirect_urls = (
        rehearsal.environ["COLTIVA_PUBLIC_URL"] + CALLBACK,
    )
    shown: list[str] = []
    monkeypatch.setattr(
        Invitation, "page", property(lambda self, page=Invitation.page.fget: shown.append(page(self)) or shown[-1])
    )

    def say_yes() -> None:
        if not pages:
            sent_to = urlsplit(requests.get(shown[-1], allow_redirects=False, timeout=10).headers["Location"])
            answer = browser.get(f"{sent_to.path}?{sent_to.query}")
            assert answer.status_code == 303
            pages.append(answer.headers["Location"])

    services = replace(rehearsal.services, clock=WaitingClock(rehearsal.services.clock, say_yes))
    connection, _, lacks = _connect_by_page(services, rehearsal.org.instance_url)

    page = browser.get(pages[0])
    assert (connection.account, list(lacks)) == (rehearsal.org.id, [])
    assert page.status_code == 200
    assert f"Org {rehearsal.org.id} is connected to workspace acme." in page.text
    assert "code=" not in pages[0] + page.text
    assert shown[0] in capsys.readouterr().err


def test_who_says_no_reads_there_why_nothing_is_connected(rehearsal: OrgRehearsal, browser: FlaskClient) -> None:
    invitation = rehearsal.services.invite_to_salesforce(rehearsal.org.instance_url)

    def say_no() -> None:
        browser.get(f"{CALLBACK}?error=access_denied&error_description=end-user+denied&state={invitation.state}")

    clock = WaitingClock(rehearsal.services.clock, say_no)
    with Inviting(rehearsal.services.store, clock, "salesforce", invitation) as inviting:
        with pytest.raises(SetupError, match="end-user denied") as refused:
            invitation.accept(inviting.wait())
        inviting.refuse(str(refused.value))

    page = browser.get(f"/oauth/salesforce/connected/{to_invitation_key(invitation.state)}")
    assert "Salesforce was not connected" in page.text
    assert "end-user denied" in page.text


def test_nobody_waits_longer_than_the_invitation_is_good(rehearsal: OrgRehearsal, browser: FlaskClient) -> None:
    invitation = rehearsal.services.invite_to_salesforce(rehearsal.org.instance_url)
    clock = WaitingClock(rehearsal.services.clock, lambda: None)

    with (
        pytest.raises(SetupError, match="quarter of an hour"),
        Inviting(rehearsal.services.store, clock, "salesforce", invitation) as inviting,
    ):
        inviting.wait()

    assert browser.get(f"{CALLBACK}?code=c&state={invitation.state}").status_code == 400


def test_an_answer_is_taken_once(rehearsal: OrgRehearsal, browser: FlaskClient) -> None:
    invited(rehearsal)

    first, second = (browser.get(f"{CALLBACK}?code={code}&state={STATE}") for code in ("one", "two"))

    with rehearsal.services.store.reading() as transaction:
        kept = transaction.invitations.find(KEY)
    assert (first.status_code, second.status_code) == (303, 400)
    assert kept is not None
    assert "code=one" in kept.answer


def test_an_answer_is_sealed_at_rest_and_forgotten_when_it_is_settled(
    rehearsal: OrgRehearsal, browser: FlaskClient
) -> None:
    invited(rehearsal)
    browser.get(f"{CALLBACK}?code=verysecretcode&state={STATE}")
    files = list(rehearsal.services.settings.database_file.parent.glob("rehearsal.sqlite*"))
    at_rest = b"".join(file.read_bytes() for file in files)

    closed(rehearsal, InvitationState.CONNECTED, "Org 1 is connected.")

    with rehearsal.services.store.reading() as transaction:
        kept = transaction.invitations.find(KEY)
    assert b"verysecretcode" not in at_rest
    assert STATE.encode() not in at_rest
    assert kept is not None
    assert kept.answer == ""


@pytest.mark.parametrize(
    "query",
    [
        "",
        "code=c",
        "state=",
        f"state={STATE}x&code=c",
        f"state={STATE}&state={STATE}",
        f"state={STATE}&code={'c' * 9000}",
        "state=%ff",
    ],
    ids=["nothing", "no state", "an empty state", "another state", "two states", "far too long", "no text"],
)
def test_an_answer_that_nobody_asked_for_is_refused(rehearsal: OrgRehearsal, browser: FlaskClient, query: str) -> None:
    invited(rehearsal)

    answer = browser.get(f"{CALLBACK}?{query}")

    assert answer.status_code == 400
    assert "This link is not good any more" in answer.text


def test_an_answer_of_another_crm_or_that_comes_too_late_is_refused(
    rehearsal: OrgRehearsal, browser: FlaskClient
) -> None:
    invited(rehearsal)
    of_another = browser.get(f"/oauth/hubspot/callback?code=c&state={STATE}")
    invited(rehearsal, expires_in=timedelta())
    too_late = browser.get(f"{CALLBACK}?code=c&state={STATE}")

    assert (of_another.status_code, too_late.status_code) == (400, 400)


def test_a_page_shows_words_as_words_and_loads_and_tells_nothing(rehearsal: OrgRehearsal, browser: FlaskClient) -> None:
    invited(rehearsal)
    closed(rehearsal, InvitationState.REFUSED, "<script>alert(1)</script>")

    page = browser.get(f"/oauth/salesforce/connected/{KEY}")

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert "<script" not in page.text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert (page.headers["Cache-Control"], page.headers["Referrer-Policy"]) == ("no-store", "no-referrer")


def test_a_page_looks_again_while_somebody_works_and_not_when_nobody_does(
    rehearsal: OrgRehearsal, browser: FlaskClient
) -> None:
    invited(rehearsal)
    before = browser.get(f"/oauth/salesforce/connected/{KEY}").status_code
    browser.get(f"{CALLBACK}?code=c&state={STATE}")
    working = browser.get(f"/oauth/salesforce/connected/{KEY}").text

    rehearsal.platform.advance(GOOD_FOR)
    left_alone = browser.get(f"/oauth/salesforce/connected/{KEY}").text

    assert before == 404
    assert 'http-equiv="refresh"' in working
    assert "Nobody waited for your answer" in left_alone
    assert 'http-equiv="refresh"' not in left_alone


@pytest.mark.parametrize("key", ["%00", "a%00" + "b" * 62, "A" * 64, "../callback", "%ff" * 64, "0" * 5_000])
def test_what_can_be_no_key_is_not_even_looked_up(
    browser: FlaskClient, rehearsal: OrgRehearsal, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """PostgreSQL answers a zero byte with an error."""
    monkeypatch.setattr(type(rehearsal.services.store), "reading", _fail)

    assert browser.get(f"/oauth/salesforce/connected/{key}").status_code in (400, 404)


def _fail(_: object) -> object:
    raise AssertionError("the database was asked")
