"""However long emails waited: no more of them leave to one lead than the frequency cap allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest

from connector.domain.calendar import SendWindow
from connector.domain.definitions import Definitions, EmailRule, FrequencyCap, SignalSource
from connector.domain.field import Field, FieldRole, FieldType
from connector.domain.outward.change import ChangeKind, ChangeState
from connector.domain.programs.program import EmailSend
from connector.engine.telling.explain import explain
from connector.errors import CrmUnavailableError
from connector.ports import RecordReply, ReplyState
from tests.builders import CRM, FIELDS, START, activity, after, definitions, phase, program, utc
from tests.office import Office, changed, sqlite_url

OPTED_OUT = Field("opted_out", FieldType.BOOLEAN, {CRM: ("hs_email_optout",)}, role=FieldRole.CONSENT)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
MINUTE = timedelta(minutes=1)
ONCE_A_WEEK = FrequencyCap(1, WEEK)


def book(cap: FrequencyCap | None = ONCE_A_WEEK, **email: object) -> Definitions:
    """Three signals, each of which has an email sent."""
    sources = {name: f"hs_{name}" for name in ("first", "second", "third")}
    return definitions(
        "v1",
        fields=(*FIELDS, OPTED_OUT),
        signals=tuple(SignalSource(signal, CRM, property_) for signal, property_ in sources.items()),
        programs=tuple(program(f"p_{name}", phase("one", activity("mail", EmailSend(name))), enrol=name)
                       for name in sources),
        emails=tuple(EmailRule(name, {CRM: 12}, **email) for name in sources),  # type: ignore[arg-type]
        cap=cap,
    )  # fmt: skip


Opening = Callable[[Definitions], Office]


@pytest.fixture
def opening(tmp_path: Path) -> Iterator[Opening]:
    opened: list[Office] = []

    def open_office(defined: Definitions) -> Office:
        opened.append(Office(sqlite_url(tmp_path), defined).open())
        opened[0].crm.records["51"] = {"email": "ada@example.com", "firstname": "Ada"}
        return opened[0]

    yield open_office
    for each in opened:
        each.close()


def gives(office: Office, signal: str, at: datetime, record_id: str = "51") -> None:
    """A signal is given at this moment and judged by; nothing can be sent, for HubSpot is away."""
    office.clock.moment = at
    office.crm.closed_until = None
    office.receive(changed(f"hs_{signal}", "yes", record_id, at=at)).take_in()
    if office.lead(record_id).lead.fields == {}:
        office.calls.run_once()
    office.crm.closed_until = at + timedelta(days=365)
    office.work()


def backlog(office: Office, *signals: str) -> Office:
    """An email a week was decided, and none has left: HubSpot was away. It is there again."""
    for number, signal in enumerate(signals):
        gives(office, signal, START + number * WEEK)
    office.clock.moment = START + len(signals) * WEEK
    office.crm.closed_until = None
    return office


def mailed(office: Office) -> list[str]:
    return [act.email.name for _, act in office.crm.acts.values() if act.email]


def waiting(office: Office) -> dict[str, datetime]:
    emails = [change for change in office.outbox(ChangeState.PENDING) if change.act and change.act.email]
    return {change.act.email.name: change.due_at for change in emails if change.act and change.act.email}


def test_emails_that_waited_through_an_outage_leave_one_by_one_as_the_cap_allows(opening: Opening) -> None:
    office = backlog(opening(book()), "first", "second", "third")
    back_at = office.clock.moment

    office.work()
    assert mailed(office) == ["first"]
    assert waiting(office) == {"second": back_at + WEEK, "third": back_at + WEEK}
    office.let_pass(WEEK - MINUTE)
    assert mailed(office) == ["first"]
    office.let_pass(MINUTE)
    assert mailed(office) == ["first", "second"]
    office.let_pass(WEEK)

    assert mailed(office) == ["first", "second", "third"]


def test_as_many_leave_together_as_the_cap_allows(opening: Opening) -> None:
    office = backlog(opening(book(FrequencyCap(2, 2 * WEEK))), "first", "second", "third")

    office.work()

    assert mailed(office) == ["first", "second"]
    assert waiting(office) == {"third": after(days=21) + 2 * WEEK}


def test_without_a_cap_everything_leaves_that_waited(opening: Opening) -> None:
    office = backlog(opening(book(None)), "first", "second", "third")

    office.work()

    assert mailed(office) == ["first", "second", "third"]


def test_what_left_late_counts_from_the_moment_at_which_it_left(opening: Opening) -> None:
    office = backlog(opening(book()), "first")
    office.work()

    office.receive(changed("hs_second", "yes", at=office.clock.now())).work()

    assert mailed(office) == ["first"]
    assert waiting(office) == {"second": START + 2 * WEEK}


def test_an_email_that_is_put_off_for_the_cap_leaves_in_the_window_on_the_leads_own_clock(opening: Opening) -> None:
    defined = book()
    window = SendWindow(opens=time(9), closes=time(11))
    office = opening(replace(defined, programs=tuple(replace(each, window=window) for each in defined.programs)))
    office.crm.records["51"]["hs_timezone"] = "Asia/Tokyo"
    gives(office, "first", utc("2026-09-07 00:30"))  # 9:30 in Tokyo
    gives(office, "second", utc("2026-09-14 00:30"))
    office.clock.moment = utc("2026-09-14 01:30")
    office.crm.closed_until = None
    office.work()
    gives(office, "third", utc("2026-09-21 00:45"))
    office.crm.closed_until = None

    office.work()

    assert mailed(office) == ["first"]
    assert waiting(office) == {"second": utc("2026-09-21 01:30"), "third": utc("2026-09-21 01:30")}
    office.clock.moment = utc("2026-09-21 03:00")  # too late for that day
    office.work()
    assert waiting(office) == {"second": utc("2026-09-22 00:00"), "third": utc("2026-09-22 00:00")}


def test_putting_off_is_no_attempt_and_is_told(opening: Opening) -> None:
    office = backlog(opening(book()), "first", "second").work()

    (change,) = (one for one in office.outbox(ChangeState.PENDING) if one.kind is ChangeKind.EMAIL)

    assert (change.attempts, change.words) == (0, "put off: no more than 1 messages in 7 days")
    lead = office.lead()
    told = explain(lead, [], [change], office.books["v1"], office.clock.now()).writes
    assert [write.words for write in told] == [change.words]


def test_an_email_that_left_after_all_says_nothing_of_having_waited(opening: Opening) -> None:
    office = backlog(opening(book()), "first", "second").work()

    office.let_pass(WEEK)

    assert {change.words for change in office.outbox(ChangeState.DONE)} == {""}


def test_an_email_that_may_have_left_counts(opening: Opening) -> None:
    office = opening(book())
    gives(office, "first", START)
    office.crm.closed_until = None
    office.crm.after = [CrmUnavailableError("no answer")]
    office.calls.run_once()
    assert {change.state for change in office.outbox() if change.act} == {ChangeState.ATTEMPTED}
    gives(office, "second", START + WEEK)

    office.crm.closed_until = None
    office.work()

    assert mailed(office) == ["first"]
    assert list(waiting(office)) == ["second"]


def test_an_email_of_which_hubspot_has_not_told_yet_whether_it_left_counts(opening: Opening) -> None:
    office = opening(book())
    gives(office, "first", START)
    (key,) = (change.key for change in office.outbox() if change.act)
    office.crm.replies[key] = office.crm.outcomes[key] = RecordReply(ReplyState.LATER, "PENDING", remote_id="s-1")
    gives(office, "second", START + WEEK)
    office.crm.closed_until = None

    office.work()

    assert mailed(office) == []
    assert waiting(office) == {"second": START + 2 * WEEK}


def test_a_transactional_email_counts_as_it_does_when_it_is_decided(opening: Opening) -> None:
    office = backlog(opening(book(is_transactional=True)), "first", "second")

    office.work()

    assert mailed(office) == ["first"]


def test_what_one_lead_was_sent_holds_up_nobody_else(opening: Opening) -> None:
    office = opening(book())
    office.crm.records["52"] = {"email": "bea@example.com"}
    gives(office, "first", START)
    gives(office, "first", START + DAY, "52")
    office.crm.closed_until = None

    office.work()

    assert mailed(office) == ["first", "first"]


def test_emails_that_leave_in_different_calls_count_together(opening: Opening) -> None:
    office = backlog(opening(book()), "first", "second")
    office.crm.batch_sizes = dict.fromkeys(ChangeKind, 1)

    office.work().let_pass(MINUTE)

    assert mailed(office) == ["first"]
