"""HubSpot's answers to single sends, in the words of its guides, and what becomes of the email."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connector.crms.hubspot.client import HubSpotClient
from connector.crms.hubspot.emails import follow_emails, send_emails
from connector.domain.outward.change import Act, ChangeKind, Email
from connector.errors import CredentialsError, CrmUnavailableError, UnreadableReplyError
from connector.ports import ReplyState
from tests.clocks import HandClock
from tests.contract.crm.rules import NOW
from tests.unit.hubspot.scripted import Script, scripted

EMAIL = Act("p:1:1:mail", ChangeKind.EMAIL, NOW, email=Email("report", 12, to="ada@example.com"))
TWO = {"L1|mail": ("51", EMAIL), "L2|mail": ("52", EMAIL)}


@pytest.fixture
def script() -> Iterator[Script]:
    with scripted() as script:
        yield script


def client(script: Script) -> HubSpotClient:
    return HubSpotClient("token", HandClock(NOW), script.url)


RESULTS = {
    ("COMPLETE", "SENT"): ReplyState.DONE,
    ("COMPLETE", "QUEUED"): ReplyState.DONE,
    ("COMPLETE", "IDEMPOTENT_IGNORE"): ReplyState.DONE,
    ("PENDING", ""): ReplyState.LATER,
    ("PROCESSING", ""): ReplyState.LATER,
    ("COMPLETE", "PREVIOUSLY_UNSUBSCRIBED_PORTAL"): ReplyState.SUPPRESSED,
    ("COMPLETE", "PREVIOUS_SPAM"): ReplyState.SUPPRESSED,
    ("COMPLETE", "TEMPLATE_RENDER_EXCEPTION"): ReplyState.REFUSED,
    ("COMPLETE", "A_WORD_THAT_IS_NEW"): ReplyState.REFUSED,
    ("COMPLETE", ""): ReplyState.REFUSED,
    ("CANCELED", "CAMPAIGN_CANCELLED"): ReplyState.REFUSED,
}


@pytest.mark.parametrize(("told", "state"), RESULTS.items(), ids=[" ".join(told) for told in RESULTS])
def test_a_result_of_hubspot_is_one_of_ours(script: Script, told: tuple[str, str], state: ReplyState) -> None:
    status, result = told
    script.answer(200, {"statusId": "s1", "status": status, **({"sendResult": result} if result else {})})

    reply = follow_emails(client(script), {"L1|mail": "s1"})["L1|mail"]

    assert reply.state is state
    assert script.paths == ["GET /marketing/v3/email/send-statuses/s1"]
    assert result in reply.words or state is ReplyState.DONE


def test_those_that_were_handed_over_stay_so_when_hubspot_goes_away_half_way(script: Script) -> None:
    script.answer(200, {"statusId": "s1", "status": "PENDING"})
    script.answer(503, {"message": "later"})

    replies = send_emails(client(script), TWO)

    assert [(reply.state, reply.remote_id) for reply in replies.values()] == [
        (ReplyState.LATER, "s1"),
        (ReplyState.LATER, ""),
    ]


def test_a_hubspot_that_is_away_from_the_start_is_told_as_such(script: Script) -> None:
    script.answer(503, {"message": "later"})

    with pytest.raises(CrmUnavailableError):
        send_emails(client(script), TWO)


def test_a_token_that_is_no_good_is_no_refusal_of_an_email(script: Script) -> None:
    script.answer(401, {"category": "INVALID_AUTHENTICATION", "message": "no"})

    with pytest.raises(CredentialsError):
        send_emails(client(script), TWO)


def test_an_answer_that_is_none_says_nothing_of_the_emails(script: Script) -> None:
    script.answer(200, b"<html>")

    with pytest.raises(UnreadableReplyError):
        send_emails(client(script), TWO)
