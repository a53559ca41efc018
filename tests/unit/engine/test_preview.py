"""A message is seen as a lead would get it before any lead gets it."""

from __future__ import annotations

import pytest

from connector.domain.book import Book, compile_book
from connector.engine.telling.preview import Preview, find_messages, render, sample_words, words_of
from connector.errors import UnknownNameError
from tests.builders import LEAD, START, after, baseline, signal
from tests.mapping_files import definitions_with

MAPPING = """\
texts:
  regards: |
    Yours,
    ACME
emails:
  report:
    hubspot: {email_id: 12}
    subject: "{{ name }}, more on {{ did.report_read.topic|default('our reports', true) }}"
    preview: "{{ did.report_read.times }} times"
    text: |
      Dear {{ lead.firstname|default('reader', true) }},
      {% if segments.big %}
      for large companies
      {% endif %}
      {{ texts.regards }}
    html: "<p>Dear {{ lead.firstname }}</p>"
    values: {offer: "{{ lead.industry }}"}
    contact: {last_offer: "{{ phase }}"}
programs:
  p:
    enrol: called
    phases:
      one: {activities: {mail: {send: {email: report}}, call: {send: {task: "Call {{ name }}"}}}}
"""
FACTS = [
    baseline(email="ada@example.com", firstname="Ada <b>", industry="software", numemployees="900"),
    signal("report_read", after(days=1), topic="solar"),
    signal("report_read", after(days=2), topic="wind"),
]


def book() -> Book:
    return compile_book(definitions_with(MAPPING))


def shown(name: str) -> Preview:
    made = book()
    (found,) = find_messages(made, name)
    return render(found.content, words_of(made, LEAD, FACTS, after(days=3), found.place))


def test_an_email_is_shown_with_the_leads_fields_behaviour_and_segments() -> None:
    preview = shown("report")

    assert preview.subject == "Ada <b>, more on wind"
    assert preview.preview == "2 times"
    assert preview.text == "Dear Ada <b>,\nfor large companies\nYours,\nACME"
    assert preview.html == "<p>Dear Ada &lt;b&gt;</p>"
    assert preview.values == {"offer": "software"}
    assert preview.properties == {"last_offer": "one"}


def test_a_task_is_found_by_its_place() -> None:
    assert shown("p.one.call").subject == "Call Ada <b>"


def test_without_a_lead_every_value_is_a_sample() -> None:
    made = book()
    (found,) = find_messages(made, "p.one.mail")

    preview = render(found.content, sample_words(made, START, found.place))

    assert preview.subject == "Ada Example, more on topic"
    assert "for large companies" in preview.text


def test_a_page_for_the_browser_holds_the_html_and_no_value_as_markup() -> None:
    page = shown("report").page

    assert "<p>Dear Ada &lt;b&gt;</p>" in page
    assert "<title>Ada &lt;b&gt;, more on wind</title>" in page


def test_a_name_that_is_no_message_is_answered_with_those_there_are() -> None:
    with pytest.raises(UnknownNameError, match=r"report, .*p\.one\.mail, p\.one\.call"):
        find_messages(book(), "reprot")


def test_a_list_is_no_message_of_ours() -> None:
    with pytest.raises(UnknownNameError):
        find_messages(book(), "welcome.hello.greeting")
