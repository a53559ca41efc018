"""A small workspace for tests of the mapping language: the test's own lines in one file, all they need in another."""

from __future__ import annotations

from connector.domain.conditions.condition import Condition
from connector.domain.definitions import Definitions
from connector.mapping.load import check_mapping, parse_mapping
from connector.mapping.report import Report

BASE = """\
format: 1
workspace: test
timezone: Europe/Rome
fields:
  email: {hubspot: email, identity: true}
  firstname: {hubspot: firstname}
  industry: {hubspot: industry}
  employees: {hubspot: numemployees, type: number}
  opted_out: {hubspot: hs_email_optout, type: boolean, consent: email}
  renewal: {hubspot: renewal_date, type: date}
  seen: {hubspot: last_seen, type: datetime}
  interests: {hubspot: interests, type: choices}
signals:
  email_clicked: {hubspot: {when_changed: hs_email_last_click_date}}
  report_read: {hubspot: {when_changed: last_report_topic, attributes: {topic: value, size: employees}}}
  called:
scores:
  fit: {rules: [{when: {industry: software}, points: 20}], grades: {A: 15, B: 0}}
segments:
  big: {employees: {gte: 500}}
programs:
  welcome:
    enrol: email_clicked
    phases:
      hello: {activities: {greeting: {send: {list: greeting}, answered: email_clicked, within: 7d}}}
      bye: {activities: {farewell: {send: {note: Bye}}}}
lists:
  greeting: Greeting
"""


def files_with(text: str) -> dict[str, str]:
    """The small workspace and a file of the test's own, `here.yaml`, whose first line is its format."""
    return {"base.yaml": BASE, "here.yaml": f"format: 1\n{text}"}


def definitions_with(text: str) -> Definitions:
    """The definitions, which must be without mistake."""
    return parse_mapping(files_with(text))


def report_on(text: str) -> Report:
    """What is wrong with the test's own file and the small workspace together."""
    return check_mapping(files_with(text))


def mistakes_in(text: str) -> list[str]:
    """Every problem as `line:column: words`, for files without problems elsewhere."""
    found = [str(problem) for problem in report_on(text).problems]
    assert all(words.startswith("here.yaml:") for words in found), found
    return [words.removeprefix("here.yaml:") for words in found]


def condition(text: str) -> Condition:
    """One condition, as a segment would have it."""
    segments = definitions_with(f"segments:\n  tested: {text}\n").segments
    return next(segment.when for segment in segments if segment.name == "tested")


def mistake_in_condition(text: str) -> str:
    """The one problem of a condition, without its place."""
    (found,) = mistakes_in(f"segments:\n  tested: {text}\n")
    return found.split(": ", 1)[1]
