"""A small workspace, and scenarios about it as a marketer would write them."""

from __future__ import annotations

from textwrap import dedent, indent

from connector.domain.book import compile_book
from connector.mapping.load import names_in, parse_mapping
from connector.mapping.report import Report
from connector.scenario import Result, Scenario, run
from connector.scenario.reading import read_scenarios

MAPPING = """\
format: 1
workspace: small
timezone: Europe/Rome
settle: 2m
holidays: IT
send_window: {days: mon-fri, hours: "09:00-18:00"}
fields:
  email:     {hubspot: email, identity: true}
  firstname: {hubspot: firstname}
  city:      {hubspot: [city, ip_city]}
  industry:  {hubspot: industry, values: {COMPUTER_SOFTWARE: software}}
  seats:     {hubspot: seats, type: number}
  birthday:  {hubspot: next_birthday, type: date}
  topics:    {hubspot: topics, type: choices}
  opted_out: {hubspot: hs_email_optout, type: boolean, consent: email}
  zone:      {hubspot: hs_timezone, timezone: true}
  imagined:  {}
signals:
  came:     {hubspot: {when_changed: last_form, attributes: {form: value}}}
  clicked:  {hubspot: {when_changed: hs_email_last_click_date}}
  answered: {attributes: [grade]}
  bounced:
personas:
  boss:    {seats: {gte: 500}}
  visitor: otherwise
tags:
  keen_one: {add: clicked, for: 10d}
segments:
  large: {seats: {gte: 500}}
  fond:  {did: clicked, at_least: 2, within: 30d}
scores:
  interest:
    half_life: 30d
    rules: [{on: came, points: 15}, {on: clicked, points: 8}]
    grades: {A: 30, B: 10}
programs:
  welcome:
    enrol: came
    goal: answered
    exit: {when: {opted_out: true}}
    milestones: [goal]
    phases:
      hello:
        activities:
          first:  {send: {list: first}, answered: clicked, within: 7d}
          second: {after: 2d, send: {list: second}, answered: clicked, within: 7d}
        all_answered: {after: 1d, next: call}
        none_answered: exit
      call:
        activities:
          call: {send: {task: "Call {{ name }}"}, answered: clicked, within: 7d}
  care:
    enrol: by_hand
    again: after 1d
    phases: {mail: {activities: {mail: {send: {email: offer}}}}}
lists:
  first: First
  second: Second
  big: {when: {segment: large}, hubspot: Big}
emails:
  offer: {hubspot: {email_id: 4711}, subject: "Hello {{ name }}"}
suppress_on: [bounced]
notifications:
  keen: {when: {interest: {gte: 30}}, task: "{{ name }} is keen", note: "<b>Keen</b> on us"}
write_back:
  hubspot: {our_phase: welcome.phase, our_grade: interest.grade}
"""
_BOOK = compile_book(parse_mapping({"small.yaml": MAPPING}))
_NAMES = names_in({"small.yaml": MAPPING})
#: Monday morning.
HEAD = "format: 1\nbegins: 2026-09-07 09:00\nlead: {email: ada@example.com, firstname: Ada}\n"


def read(text: str) -> tuple[Report, list[Scenario]]:
    """What is wrong with a whole scenario file, and its scenarios."""
    return read_scenarios({"here.yaml": text}, _BOOK, _NAMES)


def mistakes_in(text: str) -> list[str]:
    """Every problem of a file as `line:column: words`."""
    return [str(problem).removeprefix("here.yaml:") for problem in read(text)[0].problems]


def results_of(text: str) -> list[Result]:
    """The results of a file that must be without mistake."""
    report, scenarios = read(text)
    assert [str(problem) for problem in report.problems] == []
    return [run(scenario) for scenario in scenarios]


def result_of(steps: str, never: str = "", head: str = HEAD) -> Result:
    """The result of one scenario: its steps as a list, and what it never expects."""
    body = f"steps:\n{indent(dedent(steps), '  ')}" + (f"\nnever: {never}\n" if never else "")
    (result,) = results_of(f"{head}scenarios:\n  tested:\n{indent(body, '    ')}")
    return result


def passes(steps: str, never: str = "", head: str = HEAD) -> bool:
    """Whether all goes as these steps expect; prints what does not."""
    result = result_of(steps, never, head)
    print(result.text)  # noqa: T201 - shown by pytest when a test fails
    return result.is_right
