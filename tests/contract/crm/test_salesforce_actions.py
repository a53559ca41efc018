"""Alerts, posts and emails of a Salesforce org, against the simulated org over real HTTP: each at most once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.domain.outward.change import Act, ChangeKind, Email
from connector.errors import CredentialsError
from connector.ports import RecordReply, ReplyState
from connector.sandbox.faults import ApiFault, Fault
from tests.contract.crm.rules import NOW, states
from tests.contract.crm.test_salesforce import SalesforceStage, stage

__all__ = ["stage"]

ACTIONS = "*/actions/standard/*"
TYPE = "coltiva__Hot_Lead"
LONG_AFTER = timedelta(minutes=11)


def alert(stage: SalesforceStage, **changes: object) -> Act:
    act = Act("hot:1", ChangeKind.ALERT, NOW, subject="Hot lead", body="<p>82 &amp; up</p>", type=TYPE)
    return replace(act, **{"owner": stage.owner, **changes})  # type: ignore[arg-type]


def post(stage: SalesforceStage, body: str = "<p>Score 82</p>", **changes: object) -> Act:
    return replace(Act("hot:2", ChangeKind.POST, NOW, body=body, owner=stage.owner), **changes)  # type: ignore[arg-type]


def letter(**changes: object) -> Act:
    email = Email("hello", 0, to="ada@example.com", values={"text": "Dear Ada"}, crm="salesforce")
    return Act("p:1:1:mail", ChangeKind.EMAIL, NOW, subject="Hello", email=replace(email, **changes))  # type: ignore[arg-type]


def run(stage: SalesforceStage, act: Act, record_id: str) -> RecordReply:
    (reply,) = stage.crm.write_acts(act.kind, {f"L1|{act.key}": (record_id, act)}).values()
    return reply


def lose_answer(stage: SalesforceStage) -> None:
    stage.platform.faults.add(Fault(ApiFault.DROPPED_AFTER, times=1, path=ACTIONS))


def lose_request(stage: SalesforceStage) -> None:
    stage.platform.faults.add(Fault(ApiFault.DROPPED_BEFORE, times=1, path=ACTIONS))


def doubted(stage: SalesforceStage, act: Act, *, for_long: bool = True) -> Act:
    """The act as it leaves again: its first call began a while ago."""
    since = stage.clock.now()
    if for_long:
        stage.clock.advance(LONG_AFTER)
    return replace(act, in_doubt_since=since)


# --- what is done -----------------------------------------------------------------------------------------------


def test_an_alert_is_shown_to_the_owner_and_leads_to_the_lead(stage: SalesforceStage) -> None:
    stage.org.people.add_notification_type("Hot_Lead", namespace="coltiva")
    ada = stage.org.people.create_lead("ada@example.com")

    reply = run(stage, alert(stage), ada)

    (shown,) = stage.org.sent.notifications
    assert reply.state is ReplyState.DONE
    assert (shown["recipientIds"], shown["targetId"]) == ([stage.owner], ada)
    assert (shown["title"], shown["body"]) == ("Hot lead", "82 & up")


def test_a_queue_may_be_alerted_and_nobody_cannot(stage: SalesforceStage) -> None:
    stage.org.people.add_notification_type("Hot_Lead", namespace="coltiva")
    ada, queue = stage.org.people.create_lead("ada@example.com"), stage.org.people.add_queue("Inbound")

    replies = [run(stage, alert(stage, owner=owner), ada) for owner in (queue, "", "424242")]

    assert [reply.state for reply in replies] == [ReplyState.DONE, ReplyState.REFUSED, ReplyState.REFUSED]
    assert [one["recipientIds"] for one in stage.org.sent.notifications] == [[queue]]


def test_an_alert_that_the_org_does_not_know_is_refused_until_somebody_makes_it(stage: SalesforceStage) -> None:
    ada = stage.org.people.create_lead("ada@example.com")
    before = run(stage, alert(stage), ada)
    stage.org.people.add_notification_type("Hot_Lead", namespace="coltiva")

    after = run(stage, alert(stage), ada)

    assert before.state is ReplyState.REFUSED
    assert TYPE in before.words
    assert after.state is ReplyState.DONE


def test_a_user_who_may_not_send_notifications_is_told_so(stage: SalesforceStage) -> None:
    stage.org.people.add_notification_type("Hot_Lead", namespace="coltiva")
    ada = stage.org.people.create_lead("ada@example.com")
    stage.org.permissions_of(stage.org.integration_user).may_send_notifications = False

    reply = run(stage, alert(stage), ada)

    assert reply.state is ReplyState.REFUSED
    assert "Send Custom Notifications" in reply.words


def test_a_post_stands_on_the_record_and_mentions_the_owner(stage: SalesforceStage) -> None:
    ada = stage.org.people.create_lead("ada@example.com")

    reply = run(stage, post(stage), ada)

    (item,) = stage.org.people.records("FeedItem", ParentId=ada)
    assert (reply.state, reply.remote_id) == (ReplyState.DONE, item["Id"])
    assert item["Body"] == "@Rita Rep Score 82"


def test_what_a_lead_wrote_mentions_nobody(stage: SalesforceStage) -> None:
    ada = stage.org.people.create_lead("ada@example.com")
    act = post(stage, f"From @[{stage.org.admin}] #[deal]", owner="")

    run(stage, act, ada)

    (item,) = stage.org.people.records("FeedItem", ParentId=ada)
    assert item["Body"] == f"From @ [{stage.org.admin}] # [deal]"


@pytest.mark.parametrize("kind", [ChangeKind.ALERT, ChangeKind.POST])
def test_texts_are_cut_to_what_salesforce_takes(stage: SalesforceStage, kind: ChangeKind) -> None:
    stage.org.people.add_notification_type("Hot_Lead", namespace="coltiva")
    ada = stage.org.people.create_lead("ada@example.com")
    long = "so much to say " * 1_000
    act = alert(stage, subject=long, body=long) if kind is ChangeKind.ALERT else post(stage, long)

    assert run(stage, act, ada).state is ReplyState.DONE


def test_an_email_goes_to_the_address_of_the_record_and_is_kept_there(stage: SalesforceStage) -> None:
    ada = stage.org.people.create_lead("ada@example.com")

    reply = run(stage, letter(), ada)

    (sent,) = stage.org.sent.emails
    (message,) = stage.org.people.records("EmailMessage")
    assert reply.state is ReplyState.DONE
    assert (sent["to"], sent["emailSubject"], sent["emailBody"]) == ("ada@example.com", "Hello", "Dear Ada")
    assert (sent["sendRichBody"], message["TextBody"]) == (False, "Dear Ada")


def test_html_is_sent_as_such_from_an_address_of_the_organization(stage: SalesforceStage) -> None:
    stage.org.people.add_sender("rita@example.com")
    ada = stage.org.people.create_lead("ada@example.com")
    act = letter(values={"html": "<p>Dear Ada</p>"}, sender="Rita Rep <rita@example.com>", is_logged=False)

    run(stage, act, ada)

    (sent,) = stage.org.sent.emails
    assert (sent["sendRichBody"], sent["emailBody"]) == (True, "<p>Dear Ada</p>")
    assert sent["senderAddress"] == "rita@example.com"
    assert stage.org.people.records("EmailMessage") == []


def test_an_email_that_cannot_be_sent_is_refused_with_the_orgs_words(stage: SalesforceStage) -> None:
    nameless, ada = stage.org.people.create_lead(), stage.org.people.create_lead("ada@example.com")
    stage.org.people.change(nameless, Email=None)

    unreachable = run(stage, letter(), nameless)
    unknown = run(stage, letter(sender="nobody@example.com"), ada)

    assert (unreachable.state, unknown.state) == (ReplyState.REFUSED, ReplyState.REFUSED)
    assert "no email address" in unreachable.words
    assert "nobody@example.com" in unknown.words
    assert stage.org.sent.emails == []


def test_a_post_for_a_record_that_was_merged_away_reaches_the_one_that_is_left(stage: SalesforceStage) -> None:
    people = stage.org.people
    winner, loser = people.create_lead("a@example.com"), people.create_lead("b@example.com")
    people.merge(winner, loser)

    assert run(stage, post(stage), loser).state is ReplyState.DONE
    assert len(people.records("FeedItem", ParentId=winner)) == 1


# --- what is in doubt -------------------------------------------------------------------------------------------


def test_nothing_is_in_doubt_that_was_never_let_in(stage: SalesforceStage) -> None:
    ada = stage.org.people.create_lead("ada@example.com")
    stage.org.pool.maximum = 100
    stage.crm.account()
    stage.org.pool.use(stage.platform.clock.now(), 94)
    stage.crm.account()

    reply = run(stage, post(stage), ada)

    assert (reply.state, reply.is_untouched) == (ReplyState.LATER, True)
    assert stage.org.sent.posts == []


def test_a_grant_that_is_gone_is_told_before_anything_is_done(stage: SalesforceStage) -> None:
    ada = stage.org.people.create_lead("ada@example.com")
    stage.revoke()

    with pytest.raises(CredentialsError):
        run(stage, post(stage), ada)


def test_after_a_lost_answer_the_others_of_a_batch_are_untouched(stage: SalesforceStage) -> None:
    ada = stage.org.people.create_lead("ada@example.com")
    acts = {f"L1|hot:{number}": (ada, post(stage, f"Post {number}")) for number in range(3)}
    lose_answer(stage)

    replies = stage.crm.write_acts(ChangeKind.POST, acts)

    assert set(states(replies).values()) == {ReplyState.LATER}
    assert [reply.is_untouched for reply in replies.values()] == [False, True, True]
    assert len(stage.org.sent.posts) == 1


def test_a_post_whose_answer_was_lost_is_found_and_not_made_again(stage: SalesforceStage) -> None:
    ada = stage.org.people.create_lead("ada@example.com")
    lose_answer(stage)
    run(stage, post(stage), ada)

    reply = run(stage, doubted(stage, post(stage)), ada)

    (item,) = stage.org.people.records("FeedItem", ParentId=ada)
    assert (reply.state, reply.remote_id) == (ReplyState.DONE, item["Id"])


def test_a_post_whose_request_was_lost_is_made_once_that_is_certain(stage: SalesforceStage) -> None:
    ada = stage.org.people.create_lead("ada@example.com")
    lose_request(stage)
    first = run(stage, post(stage), ada)
    early = run(stage, doubted(stage, post(stage), for_long=False), ada)

    late = run(stage, doubted(stage, post(stage)), ada)

    assert (first.state, first.is_untouched) == (ReplyState.LATER, False)
    assert (early.state, early.retry_at) == (ReplyState.LATER, NOW + timedelta(minutes=10))
    assert late.state is ReplyState.DONE
    assert len(stage.org.people.records("FeedItem", ParentId=ada)) == 1


def test_what_somebody_else_posted_is_no_trace_of_ours(stage: SalesforceStage) -> None:
    ada = stage.org.people.create_lead("ada@example.com")
    other = {"ParentId": ada, "Body": "Score 82", "CreatedById": stage.org.admin}
    stage.org.add_setup_row("FeedItem", other)

    run(stage, doubted(stage, post(stage)), ada)

    assert len(stage.org.people.records("FeedItem", ParentId=ada)) == 2


def test_an_email_whose_answer_was_lost_is_found_by_its_log(stage: SalesforceStage) -> None:
    ada = stage.org.people.create_lead("ada@example.com")
    lose_answer(stage)
    run(stage, letter(), ada)

    reply = run(stage, doubted(stage, letter()), ada)

    (message,) = stage.org.people.records("EmailMessage")
    assert (reply.state, reply.remote_id) == (ReplyState.DONE, message["Id"])
    assert len(stage.org.sent.emails) == 1


@pytest.mark.parametrize("is_logged", [True, False])
def test_an_email_without_a_trace_is_never_sent_again(stage: SalesforceStage, is_logged: bool) -> None:
    ada = stage.org.people.create_lead("ada@example.com")
    lose_request(stage)
    run(stage, letter(is_logged=is_logged), ada)

    reply = run(stage, doubted(stage, letter(is_logged=is_logged)), ada)

    assert reply.state is ReplyState.REFUSED
    assert "may or may not" in reply.words
    assert stage.org.sent.emails == []


def test_an_alert_in_doubt_is_never_shown_again(stage: SalesforceStage) -> None:
    stage.org.people.add_notification_type("Hot_Lead", namespace="coltiva")
    ada = stage.org.people.create_lead("ada@example.com")
    lose_answer(stage)
    run(stage, alert(stage), ada)

    reply = run(stage, doubted(stage, alert(stage)), ada)

    assert reply.state is ReplyState.REFUSED
    assert len(stage.org.sent.notifications) == 1
