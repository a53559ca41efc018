"""A report is read, HubSpot sends its email, and what came of it is known: once, and only to whom it may be sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connector.domain.history import HistoryKind
from connector.ports import LeadSummary
from connector.sandbox.faults import ApiFault, Fault
from tests.stories.stage import ACME, Stage, on_stage

MAPPING = """\
format: 1
workspace: acme
timezone: Europe/Rome
settle: 10m
fields:
  email:     {hubspot: email, identity: true}
  firstname: {hubspot: firstname}
  opted_out: {hubspot: hs_email_optout, type: boolean, consent: email}
signals:
  report_read:   {hubspot: {when_changed: last_report_topic, attributes: {topic: value}}}
  email_clicked: {hubspot: {when_changed: hs_email_last_click_date}}
emails:
  followup:
    hubspot: {email_id: 12}
    subject: "{{ name }}, more on {{ did.report_read.topic }}"
programs:
  readers:
    enrol: report_read
    phases:
      first: {activities: {mail: {send: {email: followup}, answered: email_clicked, within: 7d}}}
"""
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with on_stage(tmp_path / "stage") as staged:
        staged.portal.save_email(12, "Follow-up", needs=("subject",))
        yield staged.connect({"mapping.yaml": MAPPING})


def reads(stage: Stage, name: str) -> str:
    """Somebody reads a report, and the portal tells of it."""
    contact_id = stage.portal.create_contact(f"{name}@example.com", firstname=name.title())
    stage.portal.set_property(contact_id, "last_report_topic", "Energy")
    stage.let_pass(MINUTE, step=MINUTE)
    return contact_id


def let_emails_leave(stage: Stage) -> None:
    """Settling passes, HubSpot sends, and its results are asked for."""
    stage.let_pass(15 * MINUTE, step=5 * MINUTE)
    stage.portal.single_sends.work_off()
    stage.let_pass(HOUR, step=15 * MINUTE)


def sent(stage: Stage) -> list[tuple[str, str]]:
    return [(send.to, send.custom["subject"]) for send in stage.portal.single_sends.sent]


def lead(stage: Stage, name: str) -> LeadSummary:
    found = stage.store.read_models.lead(ACME, f"{name}@example.com")
    assert found is not None
    return found


def became(stage: Stage, name: str) -> list[str]:
    history = stage.store.read_models.history(ACME, lead(stage, name).id)
    return [str(entry.detail["what"]) for entry in history if entry.kind is HistoryKind.EMAIL]


def test_a_reader_is_sent_the_email_and_her_click_completes_the_program(stage: Stage) -> None:
    ada = reads(stage, "ada")

    let_emails_leave(stage)
    stage.portal.marketing.click_email(ada, "Follow-up")
    stage.let_pass(HOUR, step=HOUR)

    assert sent(stage) == [("ada@example.com", "Ada, more on Energy")]
    assert became(stage, "ada") == ["sent"]
    assert str(lead(stage, "ada").lead.enrolments[-1].state) == "completed"


def test_an_answer_of_hubspot_that_is_lost_sends_nobody_two_emails(stage: Stage) -> None:
    reads(stage, "ada")
    stage.sandbox.faults.add(Fault(ApiFault.DROPPED_AFTER, times=2, path="*/single-send"))

    let_emails_leave(stage)
    stage.portal.single_sends.work_off()
    stage.let_pass(HOUR, step=15 * MINUTE)

    assert sent(stage) == [("ada@example.com", "Ada, more on Energy")]
    assert became(stage, "ada") == ["sent"]


def test_who_opts_out_while_webhooks_are_lost_is_not_mailed(stage: Stage) -> None:
    bea = reads(stage, "bea")
    stage.portal.marketing.opt_out(bea)
    stage.webhooks.take()  # lost

    let_emails_leave(stage)

    assert sent(stage) == []
    assert became(stage, "bea") == ["withdrawn"]
    assert stage.sandbox.calls.total(operation="emails.send") == 0


def test_an_address_that_bounced_gets_no_more_messages_at_all(stage: Stage) -> None:
    cleo = reads(stage, "cleo")
    stage.portal.marketing.bounce_email(cleo, "Another")

    let_emails_leave(stage)

    assert became(stage, "cleo") == ["suppressed"]
    assert lead(stage, "cleo").lead.suppressed_by == "a bounced address"
