"""Why was this lead not contacted on Tuesday? The explanation of that day says so."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from connector.domain.book import compile_book
from connector.domain.decide import fold
from connector.domain.fact import Fact, FactKind, RecordName
from connector.domain.ids import CrmRef, LeadId
from connector.domain.lead import blank
from connector.engine.telling.explain import explain
from connector.mapping.load import parse_mapping
from connector.ports import LeadSummary

MAPPING = """\
format: 1
workspace: tuesday
timezone: Europe/Rome
holidays: 2026-09-15
send_window: {days: mon-fri, hours: "09:00-18:00"}
frequency_cap: {messages: 1, per: 7d}
fields:
  email: {hubspot: email, identity: true}
  opted_out: {hubspot: hs_email_optout, type: boolean, consent: email}
signals:
  report_read: {attributes: [topic]}
  fair_visited:
  call_wanted:
lists: {thanks: Thanks, film: Film, fair: Fair}
programs:
  series:
    enrol: report_read
    phases:
      one:
        activities:
          thanks: {send: {list: thanks}, answered: call_wanted, within: 14d}
          film: {after: 8d, send: {list: film}}
  fair:
    enrol: fair_visited
    phases: {one: {activities: {fair: {send: {list: fair}}}}}
  patience:
    enrol: call_wanted
    phases: {one: {activities: {call: {after: 3d, send: {task: Call}}}}}
"""
BOOK = compile_book(parse_mapping({"mapping.yaml": MAPPING}))
ZONE = BOOK.definitions.zone
MONDAY = datetime(2026, 9, 7, 10, tzinfo=ZONE)
TUESDAY = MONDAY + timedelta(days=1)
WEEK = timedelta(days=7)


def gives(signal: str, at: datetime) -> Fact:
    return Fact(f"{signal}:{at}", at, FactKind.SIGNAL, signal, "api")


def orders(name: str, program: str, at: datetime) -> Fact:
    return Fact(f"{name}:{at}", at, FactKind.COMMAND, name, "cli", {"program": program})


def waits_on(day: datetime, *facts: Fact) -> dict[str, tuple[datetime | None, str]]:
    """What the lead waits for in the evening of that day, until when and why."""
    born = Fact("born", MONDAY - WEEK, FactKind.RECORD, RecordName.BASELINE, "hubspot", {"email": "ada@example.com"})
    evening = day.replace(hour=20)
    decision = fold(lambda _: BOOK, blank(LeadId("L1"), BOOK.version), [born, *facts], evening)
    ref = CrmRef("hubspot", "1", "contact", "51")
    summary = LeadSummary(BOOK.definitions.workspace, decision.lead.id, "ada@example.com", (ref,), decision.lead, 1)
    enrolments = explain(summary, decision.history, (), BOOK, evening).enrolments
    return {wait.what: (wait.until, wait.because) for one in enrolments for wait in one.waits}


def test_it_was_a_holiday() -> None:
    waits = waits_on(TUESDAY + WEEK, gives("report_read", TUESDAY + WEEK))

    assert waits["sending thanks"] == (datetime(2026, 9, 16, 9, tzinfo=ZONE), "the send window is shut until then")


def test_she_had_had_enough_messages_that_week() -> None:
    waits = waits_on(TUESDAY, gives("report_read", MONDAY), gives("fair_visited", TUESDAY))

    until, because = waits["sending fair"]
    assert until == MONDAY + WEEK
    assert because == "no more than 1 messages in 7 days"


def test_the_program_lets_days_pass_first() -> None:
    waits = waits_on(TUESDAY, gives("call_wanted", MONDAY))

    assert waits["sending call"] == (MONDAY + timedelta(days=3), "3 days after what came before")


def test_a_person_let_the_program_stand_still() -> None:
    waits = waits_on(TUESDAY, gives("report_read", MONDAY), orders("pause", "series", MONDAY + timedelta(hours=1)))

    assert [because for _, because in waits.values()] == ["it stands still: by hand"]


@pytest.mark.parametrize("day", [TUESDAY, TUESDAY + timedelta(days=2)])
def test_she_was_and_her_answer_is_awaited(day: datetime) -> None:
    assert "an answer to thanks" in waits_on(day, gives("report_read", MONDAY))
