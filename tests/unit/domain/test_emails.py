"""Emails as a lead's facts make them: what is put into the outbox, what stops them, what becomes of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from connector.domain.conditions.condition import AttributeTest, Op, SignalTest
from connector.domain.definitions import EmailRule, ListRule
from connector.domain.fact import CommandName, Fact, FactKind, OutcomeName
from connector.domain.field import Field, FieldRole, FieldType
from connector.domain.history import HistoryKind
from connector.domain.outward.acts import render_email
from connector.domain.outward.change import Act, ChangeKind, Email
from connector.domain.outward.consent import refusal_at_the_door
from connector.domain.programs.enrolment import EnrolmentState
from connector.domain.programs.program import Activity, EmailSend, ListSend, Reminders
from tests.builders import (
    CRM,
    FIELDS,
    START,
    Story,
    activity,
    after,
    archived,
    baseline,
    changed,
    command,
    definitions,
    phase,
    program,
    signal,
    text,
)

OPTED_OUT = Field("opted_out", FieldType.BOOLEAN, {CRM: ("hs_email_optout",)}, role=FieldRole.CONSENT)
REPORT = EmailRule("report", {CRM: 12}, values={"subject": text("For {name}"), "topic": text("{did[read]}")})
MAIL = EmailSend("report")
HARD = SignalTest("bounced", (AttributeTest("kind", Op.EQ, "hard"),))


def story_of(*activities: Activity, **more: object) -> Story:
    parts = {
        "programs": (program("p", phase("one", *activities)),),
        "fields": (*FIELDS, OPTED_OUT),
        "emails": (REPORT,),
        "lists": (ListRule("mail", {CRM: "Send mail"}),),
        "suppress_on": (HARD,),
        "quoted": frozenset({"read"}),
        **more,
    }
    return Story(definitions("v1", **parts)).receive(baseline(firstname="Ada"), signal("came", START))


def outcome(story: Story, name: OutcomeName, key: str = "p:1:1:mail", **data: str) -> Story:
    at = story.lead.position[1] + timedelta(minutes=5)
    data = {"act": key, "email": "report", **data}
    return story.receive(Fact(f"outcome:{key}:{name}", at, FactKind.OUTCOME, name, CRM, data))


def test_an_activity_sends_an_email_rendered_for_its_lead() -> None:
    story = story_of(activity("mail", MAIL, answered="read"))

    (act,) = story.acts.values()
    assert (act.kind, act.key, act.subject) == (ChangeKind.EMAIL, "p:1:1:mail", "For Ada")
    assert act.email is not None
    assert (act.email.name, act.email.number, act.email.to) == ("report", 12, "")
    assert story.told(HistoryKind.SENT)[0].detail["what"] == "email report"


def test_each_reminder_is_an_email_of_its_own() -> None:
    asked = activity("mail", MAIL, answered="read")

    story = story_of(replace(asked, reminders=Reminders(2, timedelta(days=1))))
    for days in (7, 8, 15, 16):
        story.let_pass(after(days=days))

    assert list(story.acts) == ["p:1:1:mail", "p:1:1:mail:2", "p:1:1:mail:3"]


def test_after_an_outage_the_last_reminder_leaves_and_not_all_of_them_at_once() -> None:
    mail = replace(activity("mail", MAIL, answered="read", days=2), reminders=Reminders(3, timedelta(days=1)))
    story = story_of(mail)
    outcome(story, OutcomeName.SENT)

    story.let_pass(after(days=30))

    assert set(story.acts) == {"p:1:1:mail", "p:1:1:mail:4"}


def test_a_text_sees_how_often_a_signal_was_given_and_what_the_last_one_said() -> None:
    story = story_of(activity("mail", MAIL, answered="read", after=timedelta(days=3)))

    story.receive(signal("read", after(days=1), topic="solar"), signal("read", after(days=2), topic="wind"))
    story.receive(signal("seen", after(days=2))).let_pass(after(days=4))

    (act,) = story.acts.values()
    assert act.email is not None
    assert "'topic': 'wind'" in act.email.values["topic"]
    assert "'times': 2" in act.email.values["topic"]
    assert "'at': '2026-09-09T08:00:00.000+00:00'" in act.email.values["topic"]
    assert set(story.lead.latest) == {"read"}


def test_who_opted_out_before_an_email_is_due_leaves_the_program_without_it() -> None:
    story = story_of(activity("mail", MAIL, answered="read", after=timedelta(days=3)))

    story.receive(changed(after(days=1), hs_email_optout="true")).let_pass(after(days=9))

    assert not story.acts
    assert (story.enrolment().state, story.enrolment().reason) == (EnrolmentState.EXITED, "opted out of email")


def test_nobody_is_mailed_where_no_field_says_who_opted_out() -> None:
    story = story_of(activity("mail", MAIL, answered="read"), fields=FIELDS)

    assert not story.acts
    assert story.enrolment().reason == "no field says who opted out of email"


def test_an_email_may_ask_for_consent_that_is_known() -> None:
    careful = EmailRule("report", {CRM: 12}, needs_known_consent=True)
    story = story_of(activity("mail", MAIL, answered="read", after=timedelta(days=1)), emails=(careful,))
    other = story_of(activity("mail", MAIL, answered="read", after=timedelta(days=1)), emails=(careful,))

    story.let_pass(after(days=2))
    other.receive(changed(after(hours=1), hs_email_optout="false")).let_pass(after(days=2))

    assert not story.acts
    assert list(other.acts) == ["p:1:1:mail"]


def test_an_email_is_what_its_rule_says_in_words_for_its_lead() -> None:
    rule = EmailRule(
        "report", {CRM: 12}, is_transactional=True, needs_known_consent=True, sender="Ada <ada@example.com>",
        reply_to="sales@example.com", values={"subject": text("For {name}")}, properties={"sent": text("to {name}")},
    )  # fmt: skip

    assert render_email(rule, {"name": "Bruno"}) == Email(
        "report", 12, is_transactional=True, needs_known_consent=True, sender="Ada <ada@example.com>",
        reply_to="sales@example.com", values={"subject": "For Bruno"}, properties={"sent": "to Bruno"}, crm=CRM,
    )  # fmt: skip


def test_an_email_that_no_crm_knows_yet_has_no_number_and_its_name_for_a_subject() -> None:
    story = story_of(activity("mail", MAIL, answered="read"), emails=(EmailRule("report", {}),))

    (act,) = story.acts.values()
    assert act.email is not None
    assert (act.email.number, act.subject) == (0, "report")


def test_an_email_that_is_about_to_leave_is_refused_where_the_lead_may_not_have_it() -> None:
    def refused(*facts: Fact, fields: tuple[Field, ...] = (*FIELDS, OPTED_OUT), email: Email | None = None) -> str:
        story = Story(definitions(fields=fields, emails=(REPORT,), suppress_on=(HARD,))).receive(*facts)
        return refusal_at_the_door(story.book_of("v1"), story.lead, Act("key", ChangeKind.EMAIL, START, email=email))

    addressed, careful = baseline(email="ada@example.com"), Email("report", 12, needs_known_consent=True)

    assert refused(addressed) == refused(addressed, email=replace(careful, needs_known_consent=False)) == ""
    assert refused(addressed, email=careful) == "whether it opted out of email is not known"
    assert refused(baseline(email="ada@example.com", hs_email_optout="false"), email=careful) == ""
    assert refused(addressed, fields=(OPTED_OUT,)) == refused(baseline()) == "it has no email address"
    assert refused(addressed, changed(after(days=1), hs_email_optout="true")) == "opted out of email"
    assert refused(addressed, signal("bounced", START, kind="hard")) == "messages were stopped by bounced"
    assert refused(addressed, archived(after(days=1))) == "its record is deleted in the CRM"


def test_a_hard_bounce_stops_messages_by_list_and_email_and_a_soft_one_does_not() -> None:
    for kind, names in (("soft", ["list", "mail"]), ("hard", [])):
        story = story_of(
            activity("list", ListSend("mail"), answered="read", after=timedelta(days=1)),
            activity("mail", MAIL, answered="read", after=timedelta(days=1)),
        )

        story.receive(signal("bounced", after(hours=1), kind=kind)).let_pass(after(days=5))

        assert [name for _, name in story.sent()] == names


def test_a_bounce_takes_the_lead_off_the_lists_that_send() -> None:
    story = story_of(activity("list", ListSend("mail"), answered="read"))
    assert story.lead.desired[CRM].lists

    story.receive(signal("bounced", after(hours=1), kind="hard"))

    assert not story.lead.desired[CRM].lists
    assert story.told(HistoryKind.SUPPRESSED)[0].subject == "bounced"


def test_messages_go_on_once_a_person_lifts_it() -> None:
    story = story_of(activity("mail", MAIL, answered="read", after=timedelta(days=2)))
    lift = Fact("lift", after(days=1), FactKind.COMMAND, CommandName.LIFT, "cli")

    story.receive(signal("bounced", after(hours=1), kind="hard"), lift).let_pass(after(days=3))

    assert list(story.acts) == ["p:1:1:mail"]
    assert [entry.subject for entry in story.told(HistoryKind.LIFTED)] == ["bounced"]


def test_lifting_what_is_not_stopped_says_nothing() -> None:
    story = story_of(activity("mail", MAIL, answered="read"))

    story.receive(Fact("lift", after(days=1), FactKind.COMMAND, CommandName.LIFT, "cli"))

    assert not story.told(HistoryKind.LIFTED)


def test_what_became_of_an_email_is_a_line_of_the_timeline() -> None:
    story = outcome(story_of(activity("mail", MAIL, answered="read")), OutcomeName.FAILED, words="MISSING_CONTENT")

    (line,) = story.told(HistoryKind.EMAIL)
    assert (line.subject, dict(line.detail)) == ("report", {"what": "failed", "words": "MISSING_CONTENT"})


def test_the_crms_word_that_an_address_bounced_stops_messages() -> None:
    story = outcome(
        story_of(activity("mail", MAIL, answered="read")), OutcomeName.SUPPRESSED, because="a bounced address"
    )

    assert story.lead.suppressed_by == "a bounced address"


def test_an_email_that_is_closed_is_not_wanted_again_by_a_new_fold() -> None:
    for name, wanted in ((OutcomeName.SENT, []), (OutcomeName.WITHDRAWN, []), (OutcomeName.FAILED, ["p:1:1:mail"])):
        story = outcome(story_of(activity("mail", MAIL, answered="read")), name)
        story.acts.clear()

        story.receive(changed(START + timedelta(seconds=1), industry="x"), now=after(days=1))

        assert list(story.acts) == wanted


def test_an_email_that_left_stands_for_the_same_of_another_program_that_a_late_fact_lets_send_it() -> None:
    late = program("q", phase("one", activity("other", MAIL)), enrol="wrote")
    first = program("p", phase("one", activity("mail", MAIL, answered="read")))
    story = outcome(story_of(programs=(first, late)), OutcomeName.SENT)
    made = set(story.acts)

    story.receive(signal("wrote", START - timedelta(minutes=5)), now=after(days=1))

    assert [entry.subject for entry in story.told(HistoryKind.SENT)] == ["q"]
    assert set(story.acts) == made


def test_what_stops_messages_is_judged_anew_by_a_new_book() -> None:
    strict, lax = (
        definitions(version, fields=(*FIELDS, OPTED_OUT), suppress_on=tests)
        for version, tests in (("v1", (HARD,)), ("v2", ()))
    )
    story = Story(strict, lax).receive(baseline(), signal("bounced", after(hours=1), kind="hard"))
    assert story.lead.suppressed_by == "bounced"

    story.receive(Fact("book v2", after(days=1), FactKind.BOOK, "v2", "cli"))

    assert story.lead.suppressed_by == ""


def test_other_orders_are_carried_out_as_before() -> None:
    story = story_of(activity("mail", MAIL, answered="read")).receive(command("exit", after(hours=1), "p"))

    assert story.enrolment().reason == "by hand"
