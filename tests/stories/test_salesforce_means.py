"""Sales is told, and leads are written to, by Salesforce's own means: each once, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connector.domain.outward.change import ChangeKind, ChangeState
from connector.ports import OutboxChange
from connector.sandbox.faults import ApiFault, Fault
from tests.org_rehearsal import OrgRehearsal, rehearsed

MAPPING = """
format: 1
workspace: acme
timezone: Europe/Rome
frequency_cap: {messages: 1, per: 7d}
fields:
  email:     {salesforce: [Lead.Email, Contact.Email], identity: true}
  firstname: {salesforce: [Lead.FirstName, Contact.FirstName]}
  industry:  {salesforce: Lead.Industry}
  opted_out: {salesforce: [Lead.HasOptedOutOfEmail, Contact.HasOptedOutOfEmail], type: boolean, consent: email}
  owner:     {salesforce: [Lead.OwnerId, Contact.OwnerId], owner: true}
notifications:
  warm:
    when:  {industry: Technology}
    task:  "Call {{ lead.firstname }}"
    alert: {title: "{{ lead.firstname }} is warm", body: "Technology"}
    post:  "{{ lead.firstname }} is warm"
programs:
  welcome:
    enrol: {when: {email: {known: true}}}
    phases:
      hello:
        activities:
          greeting: {send: {email: greeting}}
          talk:     {after: 1d, send: {email: talk}}
emails:
  greeting: {salesforce: {log: true}, subject: "Hello {{ lead.firstname }}", text: "Dear {{ lead.firstname }}"}
  talk:     {salesforce: {log: true}, subject: "Shall we talk?", html: "<p>Dear {{ lead.firstname }}</p>"}
"""
SECONDS = timedelta(seconds=5)
ACTIONS = "*/actions/standard/*"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[OrgRehearsal]:
    with rehearsed(tmp_path, MAPPING) as stage:
        yield stage


def changes(stage: OrgRehearsal, kind: ChangeKind) -> list[OutboxChange]:
    with stage.services.store.reading() as transaction:
        found = transaction.outbox.list(stage.connection.workspace, list(ChangeState), 100)
    return [change for change in found if change.kind is kind]


def states(stage: OrgRehearsal, kind: ChangeKind) -> list[ChangeState]:
    return [change.state for change in changes(stage, kind)]


def test_the_rep_is_told_by_task_alert_and_post_and_the_lead_by_email(stage: OrgRehearsal) -> None:
    mara = stage.org.people.create_lead("mara@example.com", FirstName="Mara", Industry="Technology")

    stage.let_pass(SECONDS)

    (alert,), (post,), (email,) = stage.org.sent.notifications, stage.org.sent.posts, stage.org.sent.emails
    owner = stage.held(mara)["OwnerId"]
    assert len(stage.org.people.records("Task", WhoId=mara)) == 1
    assert (alert["title"], alert["recipientIds"], alert["targetId"]) == ("Mara is warm", [owner], mara)
    assert post["text"] == f"@[{owner}] Mara is warm"
    assert (email["to"], email["emailSubject"], email["emailBody"]) == ("mara@example.com", "Hello Mara", "Dear Mara")
    assert any("greeting" in line for line in stage.told())


def test_the_cap_holds_for_salesforces_emails_as_for_any(stage: OrgRehearsal) -> None:
    stage.org.people.create_lead("mara@example.com", FirstName="Mara")
    stage.let_pass(timedelta(days=2))
    early = len(stage.org.sent.emails)

    stage.let_pass(timedelta(days=6))

    assert (early, len(stage.org.sent.emails)) == (1, 2)


def test_whoever_opted_out_in_the_org_a_moment_ago_is_not_written_to(stage: OrgRehearsal) -> None:
    stage.platform.faults.add(Fault(ApiFault.STATUS, times=3, path=ACTIONS, status=503))
    mara = stage.org.people.create_lead("mara@example.com", FirstName="Mara")
    stage.org.people.change(mara, HasOptedOutOfEmail=True)

    stage.let_pass(timedelta(hours=3))

    assert stage.org.sent.emails == []


@pytest.mark.parametrize("fault", [ApiFault.DROPPED_AFTER, ApiFault.DROPPED_BEFORE])
def test_a_lost_answer_neither_loses_a_post_nor_repeats_it(stage: OrgRehearsal, fault: ApiFault) -> None:
    stage.platform.faults.add(Fault(fault, times=1, path="*/actions/standard/chatterPost"))
    stage.org.people.create_lead("mara@example.com", FirstName="Mara", Industry="Technology")

    stage.let_pass(SECONDS)
    before = states(stage, ChangeKind.POST)
    stage.let_pass(timedelta(minutes=30))

    assert before == [ChangeState.ATTEMPTED]
    assert states(stage, ChangeKind.POST) == [ChangeState.DONE]
    assert len(stage.org.sent.posts) == 1


def test_a_lost_answer_never_sends_an_email_twice(stage: OrgRehearsal) -> None:
    stage.platform.faults.add(Fault(ApiFault.DROPPED_AFTER, times=1, path="*/actions/standard/emailSimple"))
    stage.org.people.create_lead("mara@example.com", FirstName="Mara")

    stage.let_pass(SECONDS)
    stage.let_pass(timedelta(minutes=30))

    assert len(stage.org.sent.emails) == 1
    assert ChangeState.DONE in states(stage, ChangeKind.EMAIL)


def test_an_alert_whose_answer_was_lost_is_left_to_a_person(stage: OrgRehearsal) -> None:
    stage.platform.faults.add(Fault(ApiFault.DROPPED_AFTER, times=1, path="*/actions/standard/custom*"))
    stage.org.people.create_lead("mara@example.com", FirstName="Mara", Industry="Technology")

    stage.let_pass(SECONDS)
    stage.let_pass(timedelta(minutes=30))

    (alert,) = changes(stage, ChangeKind.ALERT)
    assert (alert.state, len(stage.org.sent.notifications)) == (ChangeState.REFUSED, 1)
    assert "may or may not" in alert.words


def test_an_expired_session_leaves_nothing_in_doubt(stage: OrgRehearsal) -> None:
    stage.org.people.create_lead("anna@example.com", FirstName="Anna")
    stage.let_pass(SECONDS)
    stage.platform.tokens.expire_sessions(stage.org.id)
    stage.org.people.create_lead("mara@example.com", FirstName="Mara", Industry="Technology")

    stage.let_pass(SECONDS)

    assert (len(stage.org.sent.posts), len(stage.org.sent.notifications)) == (1, 1)
    assert {*states(stage, ChangeKind.POST), *states(stage, ChangeKind.ALERT)} == {ChangeState.DONE}


def test_with_three_of_ten_calls_failing_nothing_is_done_twice(stage: OrgRehearsal) -> None:
    for fault in (ApiFault.STATUS, ApiFault.DROPPED_BEFORE, ApiFault.DROPPED_AFTER):
        stage.platform.faults.add(Fault(fault, 0.1, None, path="*/services/data/*", status=503))
    for number in range(12):
        stage.org.people.create_lead(f"lead{number}@example.com", FirstName=f"N{number}", Industry="Technology")

    for _ in range(12):
        stage.let_pass(timedelta(minutes=20))
    stage.platform.faults.clear()
    stage.let_pass(timedelta(hours=2))

    for sent, name in ((stage.org.sent.posts, "subjectNameOrId"), (stage.org.sent.notifications, "targetId")):
        records = [one[name] for one in sent]
        assert len(records) == len(set(records))
    greeted = [one["to"] for one in stage.org.sent.emails if one["emailSubject"].startswith("Hello")]
    assert len(greeted) == len(set(greeted))
    closed = {ChangeState.DONE, ChangeState.REFUSED}
    assert {*states(stage, ChangeKind.POST), *states(stage, ChangeKind.ALERT)} <= closed
    assert states(stage, ChangeKind.POST) == [ChangeState.DONE] * 12
