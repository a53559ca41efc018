"""Message texts: what they show, what they refuse, and that none can do harm."""

from __future__ import annotations

import json
import time

import pytest

from connector.mapping.templates import MAX_OUTPUT, Message
from tests.mapping_files import mistakes_in, report_on

VALUES: dict[str, object] = {
    "lead": {
        "firstname": "Ada <b>",
        "employees": 50.0,
        "opted_out": False,
        "renewal": "2026-12-24",
        "seen": "2026-12-24T09:00:00.000+00:00",
        "interests": ("events", "reports"),
    },
    "scores": {"fit": 20},
    "grades": {"fit": "A"},
    "why": [
        {"rule": "industry is software", "points": 20, "score": "fit"},
        {"rule": "called", "points": -5, "score": "engagement"},
    ],
    "program": "welcome",
    "phase": "hello",
    "activity": "call",
    "name": "Ada & Co",
}

PLAIN = {
    "Call {{ name }}": "Call Ada & Co",
    "{{ lead.employees }} people": "50 people",
    "{{ lead.opted_out }}": "no",
    "{{ lead.interests }}": "events, reports",
    "{{ lead.interests|join(' + ') }}": "events + reports",
    "{{ lead.renewal|date }}": "24 December 2026",
    "{{ lead.seen|date }}": "24 December 2026",
    "{{ lead.industry }}": "",
    "{{ lead.industry|default('your industry') }}": "your industry",
    "{{ scores.fit }}/{{ grades.fit }}": "20/A",
    "{{ why[0].rule }}": "industry is software",
    "{{ why[7].rule }}": "",
    "{% for reason in why %}{{ loop.index }}. {{ reason.rule }} {% endfor %}": "1. industry is software 2. called",
    "{% for reason in why[:1] %}{{ reason.points }}{% endfor %}": "20",
    "{% for reason in why if reason.points < 0 %}{{ reason.rule }}{% endfor %}": "called",
    "{% for each in lead.interests %}<{{ each }}>{% endfor %}": "<events><reports>",
    "{% if lead.employees >= 50 %}big{% else %}small{% endif %}": "big",
    "{{ 'big' if scores.fit > 10 else 'small' }}": "big",
    "{{ name|upper|truncate(3, true, '') }}": "ADA",
    "{{ scores.fit + 1 }} {{ 'a' ~ 'b' }}": "21 ab",
    "{{ (why|first).rule }}": "industry is software",
    "two\nlines   here": "two lines here",
}


@pytest.mark.parametrize(("source", "text"), PLAIN.items(), ids=PLAIN)
def test_a_subject_shows_a_lead_in_plain_words(source: str, text: str) -> None:
    assert Message(source)(VALUES) == text


HTML = {
    "Hi {{ name }}": "Hi Ada &amp; Co",
    "<p>{{ name }}</p>": "<p>Ada &amp; Co</p>",
    "one\ntwo & three\n": "one<br>\ntwo &amp; three",
    "<b>{{ lead.firstname }}</b>": "<b>Ada &lt;b&gt;</b>",
    "<i>{{ lead.interests|join(', ')|upper }}</i>": "<i>EVENTS, REPORTS</i>",
}


@pytest.mark.parametrize(("source", "text"), HTML.items(), ids=HTML)
def test_a_body_is_html_in_which_no_value_can_be_markup(source: str, text: str) -> None:
    assert Message(source, html=True)(VALUES) == text


NO_SUCH_VALUE = {
    "{% if lead.seats > 50 %}big{% else %}small{% endif %}": "small",
    "{% if 1 < lead.seats <= 9 %}few{% else %}who knows{% endif %}": "who knows",
    "{% if 1 < lead.employees <= 99 %}few{% endif %}": "few",
    "{% if lead.firstname > 50 %}more{% else %}less{% endif %}": "less",
    "{% if lead.seats in lead.interests %}in{% endif %}{% if 'events' in lead.interests %}there{% endif %}": "there",
    "{% if 'x' not in lead.seats %}not in{% endif %}": "not in",
    "{% if lead.seats is odd %}odd{% else %}even{% endif %}": "even",
    "You have {{ lead.seats + 1 }}.": "You have .",
    "You have {{ -lead.firstname }}.": "You have .",
    "{{ lead.employees + name }}": "",
    "{{ lead.seats|round(2) }}{{ lead.firstname|abs }}{{ 'inf'|float|int }}": "",
    "{{ name|truncate(5, true, '', -1) }}": "",
    "{{ 2.5|round(9999999, 'ceil') }}": "2.5",
}


@pytest.mark.parametrize(("source", "text"), NO_SUCH_VALUE.items(), ids=NO_SUCH_VALUE)
def test_nobody_reads_a_template_where_a_value_is_missing_or_of_another_kind(source: str, text: str) -> None:
    assert Message(source)(VALUES) == text


def test_of_a_text_that_cannot_be_rendered_at_all_comes_what_stands_between_its_tags() -> None:
    assert Message("Hello {{ name }}{% if %}!")(VALUES) == "Hello !"


def test_two_messages_of_one_source_are_equal() -> None:
    assert Message("Hi") == Message("Hi")
    assert Message("Hi") != Message("Hi", html=True)


def subject_mistakes(source: str) -> list[str]:
    """The mistakes of a task's subject, without their place."""
    quoted = source.replace("'", "''")
    lines = f"notifications:\n  x:\n    when: {{segment: big}}\n    task: '{quoted}'\n"
    return [words.split(": ", 1)[1] for words in mistakes_in(lines)]


MISTAKES = {
    "{{ lead.frstname }}": 'unknown field "frstname" in a text; did you mean "firstname"?',
    "{{ lead['frstname'] }}": 'unknown field "frstname" in a text; did you mean "firstname"?',
    "{{ lead[name] }}": "which part of lead is not known beforehand; write lead.name",
    "{{ firstname }}": 'unknown name "firstname" in a text; write lead.firstname',
    "{{ fit }}": 'unknown name "fit" in a text; write scores.fit',
    "{{ scores.fitt }}": 'unknown score "fitt" in a text; did you mean "fit"?',
    "{{ nam }}": 'unknown name "nam" in a text; did you mean "name"?',
    "{{ lead }}": '"lead" is not a value by itself; write lead. and a name',
    "{{ user.name }}": (
        'unknown name "user" in a text; known: activity, '
    ),
    "{% for r in why %}{{ r.rul }}{% endfor %}": 'unknown part of r "rul" in a text; did you mean "rule"?',
    "{% for r in range(9) %}{% endfor %}": (
        "a text may loop over why or a field; write {% for reason in why %}"
    ),
    "{{ name|uper }}": 'unknown filter "uper"; did you mean "upper"?',
    "{{ name is defind }}": 'unknown test "defind"; did you mean "defined"?',
    "{{ name|replace('', name) }}": 'unknown filter "replace"',
    "{{ name.format(1) }}": "calling is not possible in a text; show values, use if and for",
    "{{ ''.__class__ }}": 'unknown part "__class__" in a text',
    "{{ name.upper }}": 'unknown part of name "upper" in a text',
    "{{ why[0].rul }}": 'unknown part of why "rul" in a text; did you mean "rule"?',
    "{{ (why|first).rul }}": 'unknown part of why "rul" in a text; did you mean "rule"?',
    "{{ lead.industry.x }}": 'unknown part "x" in a text',
    "{{ lead.industri.x }}": 'unknown field "industri" in a text; did you mean "industry"?',
    "{{ name * 9 }}": "multiplying is not possible in a text; show values, use if and for",
    "{{ 9 ** 9 }}": "a power is not possible in a text; show values, use if and for",
    "{{ '%9d' % 1 }}": "the % operator is not possible in a text; show values, use if and for",
    "{% set x = name %}{{ name }}": "{% set %} is not possible in a text; show values, use if and for",
    "{% include 'x' %}": "{% include %} is not possible in a text; show values, use if and for",
    "{% macro x() %}{% endmacro %}": "{% macro %} is not possible in a text; show values, use if and for",
    "{% for a in why %}{% for b in why %}{% endfor %}{% endfor %}": (
        "a loop inside a loop is not possible in a text; use one for"
    ),
    "{{ name": "the text is no template: unexpected end of template, expected 'end of print statement'",
    "{% if name %}": "the text is no template: Unexpected end of template",
    "{{ " + "(" * 500 + "1" + ")" * 500 + " }}": "the text is nested too deeply, or has a number that is too long",
    "{{ " + "9" * 5000 + " }}": "the text is nested too deeply, or has a number that is too long",
    "{{ " + "not " * 50 + "name }}": "the text is nested too deeply",
}  # fmt: skip


@pytest.mark.parametrize(("source", "words"), MISTAKES.items(), ids=[source[:40] for source in MISTAKES])
def test_a_text_that_cannot_be_meant_is_refused_before_anyone_gets_it(source: str, words: str) -> None:
    (found,) = subject_mistakes(source)

    assert found.startswith(words)


def test_a_mistake_in_a_block_of_text_is_told_at_its_line() -> None:
    found = mistakes_in(
        "notifications:\n  x:\n    when: {segment: big}\n    task:\n      subject: Hi\n      body: |\n"
        "        Hello {{ name }},\n        {{ lead.frstname }}\n"
    )

    assert found == ['9:1: unknown field "frstname" in a text; did you mean "firstname"?']


def warnings_about(body: str) -> list[str]:
    indented = "".join(f"        {line}\n" for line in body.splitlines())
    text = f"notifications:\n  x:\n    when: {{segment: big}}\n    task:\n      subject: Hi\n      body: |\n{indented}"
    return [f"{each.line}: {each.message}" for each in report_on(text).problems]


def test_a_line_that_would_run_into_the_next_one_is_pointed_at() -> None:
    body = "{% if lead.firstname %}Dear {{ lead.firstname }}{% else %}Hello{% endif %}\nHere is your report."

    assert Message(body, html=True)({"lead": {"firstname": "Ada"}}) == "Dear AdaHere is your report."
    assert warnings_about(body) == ["8: this line and the next one become one line: the break behind %} is not shown"]


@pytest.mark.parametrize(
    "body",
    [
        "{% if lead.firstname %}\nDear {{ lead.firstname }}\n{% endif %}\nHere it is.",
        "{% if lead.firstname %}Dear {{ lead.firstname }}{% endif %},\nHere it is.",
        "Hello{% if lead.firstname %} {{ lead.firstname }}{% endif %}\n\nHere it is.",
        "<p>{% if lead.firstname %}Dear{% endif %}\nHere it is.</p>",
        "Here it is{% if lead.firstname %}, dear{% endif %}",
    ],
)
def test_lines_that_come_out_as_they_stand_are_not_pointed_at(body: str) -> None:
    assert warnings_about(body) == []


NAMED = '{{ "a" {{ texts.block }} }}'
TOGETHER = {
    "a product in two halves": (NAMED, "*9", "multiplying is not possible in a text"),
    "an attribute in two halves": (NAMED, ".__class__", 'unknown part "__class__" in a text'),
    "a loop in a loop": (
        "{% for a in why %}{{ texts.block }}{% endfor %}",
        "{% for b in why %}{{ b.rule }}{% endfor %}",
        "a loop inside a loop is not possible in a text",
    ),
    "the same block many times": ("{{ texts.block }}" * 500, "x" * 1000, "the text is longer than 20,000 characters"),
}


@pytest.mark.parametrize(("source", "block", "words"), TOGETHER.values(), ids=TOGETHER)
def test_a_text_is_judged_together_with_its_blocks(source: str, block: str, words: str) -> None:
    subject, shared = json.dumps(source), json.dumps(block)
    (found,) = mistakes_in(
        f"notifications:\n  x: {{when: {{segment: big}}, task: {subject}}}\ntexts: {{block: {shared}}}\n"
    )

    assert f"with its blocks of text: {words}" in found


HOSTILE = {
    "joins of joins": "{{ name" + "|join('xxxxxxxxxx')" * 14 + " }}",
    "escapes of escapes": "<p>{{ name" + "|e" * 14 + " }}</p>",
    "many values": "{{ lead.firstname }}" * 490,
    "deep expressions": ("{{ name" + "|e" * 14 + " }}") * 200,
    "a long list": "{% for reason in why %}" + "{{ reason.rule }}" * 400 + "{% endfor %}",
}


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE)
def test_no_text_takes_long_or_grows_beyond_what_a_crm_takes(source: str) -> None:
    values = {**VALUES, "why": [{"rule": "r" * 1000, "points": 1, "score": "s"}] * 1000, "name": "&<" * 1000}
    begun = time.process_time()

    mistakes = subject_mistakes(source)
    text = Message(source, html=True)(values)

    assert not mistakes
    assert len(text) <= MAX_OUTPUT
    assert time.process_time() - begun < 10
