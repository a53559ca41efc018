"""Who opted out of email is sent none, from that moment on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from connector.domain.definitions import ListRule
from connector.domain.field import Field, FieldRole, FieldType
from connector.domain.history import HistoryKind
from connector.domain.programs.enrolment import EnrolmentState
from connector.domain.programs.program import Activity, ListSend, Reminders
from tests.builders import CRM, FIELDS, START, Story, activity, after, baseline, changed, phase, program, signal

OPTED_OUT = Field("opted_out", FieldType.BOOLEAN, {CRM: ("hs_email_optout",)}, role=FieldRole.CONSENT)
MAIL = (ListRule("mail", {CRM: "Send mail"}), ListRule("more", {CRM: "Send more"}))


def story_of(*activities: Activity) -> Story:
    return Story(programs=(program("p", phase("one", *activities)),), lists=MAIL, fields=(*FIELDS, OPTED_OUT)).receive(
        baseline(), signal("came", START)
    )


def test_whoever_opted_out_before_a_mail_was_due_leaves_the_program_unmailed() -> None:
    story = story_of(activity("now"), activity("mail", ListSend("mail"), answered="read", after=timedelta(days=3)))

    story.receive(changed(after(days=1), hs_email_optout="true")).let_pass(after(days=30))

    assert [name for _, name in story.sent()] == ["now"]
    assert (story.enrolment().state, story.enrolment().reason) == (EnrolmentState.EXITED, "opted out of email")
    assert story.lead.desired[CRM].lists == {}


def test_opting_out_takes_the_lead_off_the_lists_that_send_at_once() -> None:
    story = story_of(activity("mail", ListSend("mail"), answered="read"))
    assert list(story.lead.desired[CRM].lists) == ["Send mail"]

    story.receive(changed(after(days=1), hs_email_optout="true"))

    assert story.lead.desired[CRM].lists == {}


def test_a_task_for_the_rep_needs_no_consent() -> None:
    story = story_of(activity("call", after=timedelta(days=3)))

    story.receive(changed(after(days=1), hs_email_optout="true")).let_pass(after(days=30))

    assert [name for _, name in story.sent()] == ["call"]


def test_opting_in_again_lets_the_next_mail_leave() -> None:
    story = story_of(activity("mail", ListSend("mail"), answered="read", after=timedelta(days=3)))

    story.receive(changed(after(days=1), hs_email_optout="true"), changed(after(days=2), hs_email_optout="false"))
    story.let_pass(after(days=4))

    assert [name for _, name in story.sent()] == ["mail"]
    assert not story.told(HistoryKind.EXITED)


def test_whoever_opted_out_while_an_answer_was_awaited_is_not_reminded() -> None:
    asked = replace(activity("mail", ListSend("mail"), answered="read"), reminders=Reminders(1, timedelta(days=1)))
    story = story_of(asked)

    story.receive(changed(after(days=3), hs_email_optout="true")).let_pass(after(days=30))

    assert [name for _, name in story.sent()] == ["mail"]
    assert (story.enrolment().state, story.enrolment().reason) == (EnrolmentState.EXITED, "opted out of email")
