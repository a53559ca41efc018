"""Emails and text blocks: what they may say, and what is told of mistakes before anybody is mailed."""

from __future__ import annotations

import pytest

from connector.domain.conditions.condition import SignalTest
from connector.domain.programs.program import EmailSend
from connector.mapping.load import check_mapping
from connector.mapping.templates import MAX_OUTPUT, Message
from tests.mapping_files import BASE, definitions_with, mistakes_in

SENT = "programs:\n  p: {enrol: called, phases: {one: {activities: {mail: {send: {email: hi}}}}}}\n"


def email(text: str) -> str:
    return f"emails:\n  hi: {{hubspot: {{email_id: 12}}, {text}}}\n{SENT}"


def test_an_email_is_a_design_of_the_crm_and_our_words_in_it() -> None:
    defined = definitions_with(
        "emails:\n"
        "  hi:\n"
        "    hubspot: {email_id: 12, transactional: true}\n"
        "    consent: known\n"
        "    from: Ada <ada@example.com>\n"
        "    reply_to: sales@example.com\n"
        '    subject: "Hi {{ name }}"\n'
        '    values: {offer: "A report"}\n'
        "    contact: {last_offer: report}\n"
        f"{SENT}"
    )

    (rule,) = defined.emails
    assert (rule.name, rule.numbers) == ("hi", {"hubspot": 12})
    assert (rule.is_transactional, rule.needs_known_consent) == (True, True)
    assert (rule.sender, rule.reply_to) == ("Ada <ada@example.com>", "sales@example.com")
    shown = {name: text({"name": "Bea"}) for name, text in rule.values.items()}
    assert shown == {"subject": "Hi Bea", "offer": "A report"}
    assert {name: text({}) for name, text in rule.properties.items()} == {"last_offer": "report"}
    assert defined.programs[-1].phases[0].activities[0].send == EmailSend("hi")


def test_signals_that_stop_messages_may_ask_for_attributes() -> None:
    tests = definitions_with("suppress_on: [called, {on: report_read, where: {topic: spam}}]\n").suppress_on

    assert [test.signal for test in tests] == ["called", "report_read"]
    assert tests[0] == SignalTest("called")
    assert tests[1].where


def test_only_signals_that_texts_look_at_are_remembered_for_them() -> None:
    text = "\"{{ did.report_read.topic }} {% if did['called'].times > 1 %}again{% endif %}\""

    assert definitions_with(email(f"subject: {text}")).quoted == {"report_read", "called"}


MISTAKES = {
    email(
        'subject: "{{ did.report_reed.topic }}"'
    ): 'unknown signal "report_reed" in a text; did you mean "report_read"?',
    email('subject: "{{ did.report_read.tpic }}"'): (
        'unknown part of did.report_read: "tpic" in a text; did you mean "topic"?'
    ),
    email('text: "{{ segments.bigg }}"'): 'unknown segment "bigg" in a text; did you mean "big"?',
    email('html: "{{ name|shout }}"'): 'unknown filter "shout"',
    email('html: "{{ texts.footer }}"'): 'unknown text "footer"',
    email("values: {subject: x}"): "`subject` has a key of its own; write subject: beside values:",
    email("consent: maybe"): '"maybe" is not possible here',
    "emails:\n  hi: {subject: Hi}\n"
    + SENT: "nothing says which CRM sends the email; add hubspot: {email_id: 48211734}, or salesforce:",
    "suppress_on: [spammed]\n": 'unknown signal "spammed"',
    "texts: {a: A, b: 'x {{ texts.a }}'}\n": "a text block cannot hold another one; put both into the message",
    "texts: {a: '{{ lead.nobody }}'}\n": 'unknown field "nobody" in a text',
    "emails:\n  alone: {hubspot: {email_id: 1}}\n": 'warning: nothing sends the email "alone"',
}


@pytest.mark.parametrize(("text", "words"), MISTAKES.items(), ids=list(MISTAKES.values()))
def test_a_mistake_in_an_email_is_told_before_anybody_is_mailed(text: str, words: str) -> None:
    (found,) = mistakes_in(text)

    assert words in found


def test_a_mapping_that_mails_must_say_who_opted_out() -> None:
    base = BASE.replace("  opted_out: {hubspot: hs_email_optout, type: boolean, consent: email}\n", "").replace(
        "{list: greeting}", "{note: Hello}"
    )

    report = check_mapping({"base.yaml": base, "here.yaml": "format: 1\n" + email("subject: Hi")})

    assert [problem.message for problem in report.errors] == [
        "a message is sent, but no field says who opted out of email"
    ]


EXTREMES: dict[str, object] = {
    "nothing": {},
    "nobody": {"lead": {}, "did": {}, "segments": {}, "why": [], "name": ""},
    "markup": {"lead": {"firstname": "<script>alert(1)</script>{{ 7*7 }}"}, "name": "{% for %}"},
    "huge": {"lead": {"firstname": "x" * 1_000_000}, "name": "y" * 100_000},
    "other types": {"lead": {"firstname": ("a", "b")}, "did": {"report_read": None}, "segments": {"big": "no"}},
    "other writing": {"lead": {"firstname": "Ælfgifu \u202e\x00 🜚"}, "name": "李"},
}


@pytest.mark.parametrize("values", EXTREMES.values(), ids=EXTREMES)
def test_whatever_a_leads_values_are_a_text_is_rendered_and_bounded(values: dict[str, object]) -> None:
    source = (
        "Dear {{ lead.firstname|default('you', true) }} {% if segments.big %}B{% endif %} {{ did.report_read.topic }}"
    )
    as_html, as_text = Message(f"<p>{source}</p>", html=True)(values), Message(source, keeps_lines=True)(values)

    assert len(as_html) <= MAX_OUTPUT
    assert as_text.startswith("Dear ")
    assert "<script>" not in as_html
    assert "49" not in as_html


def test_the_lines_of_a_letter_are_kept_and_those_of_a_subject_are_not() -> None:
    (rule,) = definitions_with(
        'emails:\n  hi:\n    hubspot: {email_id: 12}\n    subject: "a\\nb"\n    text: "a\\nb"\n' + SENT
    ).emails

    assert (rule.values["subject"]({}), rule.values["text"]({})) == ("a b", "a\nb")
