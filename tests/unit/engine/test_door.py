"""An email leaves only to whom it may leave at that very moment, and what became of it is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path

import pytest

from connector.domain.calendar import SendWindow
from connector.domain.conditions.condition import SignalTest
from connector.domain.definitions import Definitions, EmailRule, SignalSource
from connector.domain.fact import CommandName
from connector.domain.field import Field, FieldRole, FieldType
from connector.domain.history import HistoryKind
from connector.domain.outward.change import ChangeKind, ChangeState
from connector.domain.programs.program import EmailSend
from connector.engine.judging.orders import give
from connector.errors import CrmUnavailableError
from connector.ports import OutboxChange, RecordReply, ReplyState
from tests.builders import CRM, FIELDS, START, activity, definitions, phase, program, text, utc
from tests.office import ACME, Office, changed, sqlite_url

OPTED_OUT = Field("opted_out", FieldType.BOOLEAN, {CRM: ("hs_email_optout",)}, role=FieldRole.CONSENT)
SETTLE = timedelta(minutes=10)
KEY = "p:1:1:mail"


def book(**email: object) -> Definitions:
    report = EmailRule("report", {CRM: 12}, values={"subject": text("For {name}")}, **email)  # type: ignore[arg-type]
    later = EmailRule("later", {CRM: 13})
    sources = {"came": "hs_came", "back": "hs_back", "bounced": "hs_bounce"}
    return definitions(
        "v1",
        fields=(*FIELDS, OPTED_OUT),
        signals=tuple(SignalSource(signal, CRM, property_) for signal, property_ in sources.items()),
        programs=(
            program("p", phase("one", activity("mail", EmailSend("report"), answered="back"))),
            program("q", phase("one", activity("mail", EmailSend("later"), answered="back")), enrol="back"),
        ),
        emails=(report, later),
        suppress_on=(SignalTest("bounced"),),
        settle=SETTLE,
    )


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    opened = Office(sqlite_url(tmp_path), book()).open()
    opened.crm.records["51"] = {"email": "ada@example.com", "firstname": "Ada"}
    yield opened
    opened.close()


def came(office: Office) -> Office:
    """Ada entered the program; her email is decided and waits."""
    return office.receive(changed("hs_came", "yes")).work()


def email_of(office: Office, key: str = KEY) -> OutboxChange:
    return next(change for change in office.outbox() if change.kind is ChangeKind.EMAIL and change.key.endswith(key))


def told(office: Office) -> list[tuple[str, str]]:
    history = office.store.read_models.history(ACME, office.lead().id)
    return [
        (str(entry.detail["what"]), str(entry.detail["words"])) for entry in history if entry.kind is HistoryKind.EMAIL
    ]


def mailed(office: Office) -> list[str]:
    return [act.email.to for _, act in office.crm.acts.values() if act.email]


def write_calls(office: Office) -> int:
    return sum(name == "write_email" for name, _ in office.crm.calls)


def test_an_email_goes_to_the_address_that_the_crm_has_now(office: Office) -> None:
    came(office)
    office.crm.records["51"]["email"] = "ada@new.example.com"

    office.let_pass(SETTLE)

    assert mailed(office) == ["ada@new.example.com"]
    assert told(office) == [("sent", "")]
    (record_id, act) = next(iter(office.crm.acts.values()))
    assert (record_id, act.subject) == ("51", "For Ada")
    assert act.email is not None
    assert dict(act.email.values) == {"subject": "For Ada"}


def test_who_opts_out_before_the_email_leaves_is_not_mailed(office: Office) -> None:
    came(office)
    office.clock.moment += SETTLE / 2
    office.receive(changed("hs_email_optout", "true", at=office.clock.now()))

    office.let_pass(SETTLE)

    assert mailed(office) == []
    assert email_of(office).state is ChangeState.WITHDRAWN
    assert told(office) == [("withdrawn", "opted out of email")]


def test_who_opted_out_in_the_crm_is_not_mailed_even_if_no_webhook_told_of_it(office: Office) -> None:
    came(office)
    office.crm.records["51"]["hs_email_optout"] = "true"

    office.let_pass(SETTLE)

    assert mailed(office) == []
    assert told(office) == [("withdrawn", "opted out of email")]
    assert office.lead().lead.fields["opted_out"] is True


def test_an_email_that_was_held_up_past_its_window_leaves_when_it_opens_on_the_leads_own_clock(tmp_path: Path) -> None:
    defined = book()
    window = SendWindow(opens=time(9), closes=time(11))
    in_hours = replace(defined, programs=tuple(replace(each, window=window) for each in defined.programs))
    office = Office(sqlite_url(tmp_path), in_hours).open()
    office.crm.records["51"] = {"email": "ada@example.com", "firstname": "Ada", "hs_timezone": "Asia/Tokyo"}
    office.clock.moment = utc("2026-09-07 01:59")  # 10:59 in Tokyo
    came_at = changed("hs_came", "yes", at=office.clock.now())

    office.receive(came_at).work().let_pass(SETTLE)

    assert mailed(office) == []
    assert email_of(office).due_at == utc("2026-09-08 00:00")
    assert email_of(office).attempts == 0
    assert email_of(office).state is ChangeState.PENDING
    office.let_pass(timedelta(hours=22))
    assert mailed(office) == ["ada@example.com"]
    office.close()


def test_a_record_that_is_gone_is_not_mailed(office: Office) -> None:
    came(office)
    office.crm.archived.add("51")

    office.let_pass(SETTLE)

    assert mailed(office) == []
    assert told(office) == [("withdrawn", "its record is gone from the CRM")]


def test_who_has_no_address_is_not_mailed(office: Office) -> None:
    came(office)
    office.crm.records["51"]["email"] = ""

    office.let_pass(SETTLE)

    assert told(office) == [("withdrawn", "it has no email address")]


def test_an_email_waits_until_its_lead_was_judged_by_what_came_in(office: Office) -> None:
    came(office)
    office.clock.moment += SETTLE
    office.receive(changed("hs_bounce", "hard", at=office.clock.now())).take_in()

    for _ in range(5):
        office.calls.run_once()
        office.clock.moment += timedelta(seconds=2)

    assert email_of(office).state is ChangeState.PENDING
    assert email_of(office).attempts == 0
    office.let_pass(timedelta(seconds=5))
    assert mailed(office) == []
    assert told(office) == [("withdrawn", "messages were stopped by bounced")]


def test_an_email_that_needs_known_consent_is_not_sent_without_it(tmp_path: Path) -> None:
    office = Office(sqlite_url(tmp_path), book(needs_known_consent=True)).open()
    office.crm.records["51"] = {"email": "ada@example.com", "hs_email_optout": "false"}
    office.crm.records["52"] = {"email": "bea@example.com"}

    office.receive(changed("hs_came", "yes"), changed("hs_came", "yes", "52")).work().let_pass(SETTLE)

    assert mailed(office) == ["ada@example.com"]
    office.close()


def test_the_result_is_asked_for_until_it_is_known(office: Office) -> None:
    came(office)
    key = email_of(office).key
    office.crm.replies[key] = RecordReply(ReplyState.LATER, "PENDING", remote_id="s-1")
    office.crm.outcomes[key] = RecordReply(ReplyState.LATER, "PROCESSING", remote_id="s-1")
    office.let_pass(SETTLE)
    assert (email_of(office).state, email_of(office).remote_id) == (ChangeState.ATTEMPTED, "s-1")

    office.crm.outcomes[key] = RecordReply(ReplyState.DONE, remote_id="s-1")
    office.let_pass(timedelta(hours=1))

    assert email_of(office).state is ChangeState.DONE
    assert write_calls(office) == 1
    assert told(office) == [("sent", "")]


def test_an_email_in_doubt_is_asked_for_again_by_its_key(office: Office) -> None:
    came(office)
    office.clock.moment += SETTLE
    office.crm.after = [CrmUnavailableError("no answer")]
    office.calls.run_once()
    assert email_of(office).state is ChangeState.ATTEMPTED

    office.let_pass(timedelta(hours=1))

    assert write_calls(office) == 2
    assert set(office.crm.made.values()) == {1}
    assert told(office) == [("sent", "")]


def test_an_email_in_doubt_is_not_asked_for_again_once_the_lead_opted_out(office: Office) -> None:
    came(office)
    office.clock.moment += SETTLE
    office.crm.after = [CrmUnavailableError("no answer")]
    office.calls.run_once()
    office.crm.records["51"]["hs_email_optout"] = "true"

    office.let_pass(timedelta(hours=1))

    assert write_calls(office) == 1
    assert email_of(office).state is ChangeState.REFUSED
    assert email_of(office).words.startswith("it may or may not have left")
    assert told(office)[0][0] == "failed"


def test_what_the_crm_refuses_is_a_dead_letter_and_may_be_sent_again(office: Office) -> None:
    came(office)
    key = email_of(office).key
    office.crm.replies[key] = RecordReply(ReplyState.REFUSED, "MISSING_TEMPLATE_PROPERTIES")
    office.let_pass(SETTLE)
    assert email_of(office).words == "MISSING_TEMPLATE_PROPERTIES"
    del office.crm.replies[key]

    with office.store.transaction() as transaction:
        transaction.outbox.retry([email_of(office).id], office.clock.now())
    office.let_pass(timedelta(hours=1))

    assert told(office) == [("failed", "MISSING_TEMPLATE_PROPERTIES"), ("sent", "")]


def test_a_bounce_that_the_crm_knows_of_stops_all_messages_until_a_person_lifts_it(office: Office) -> None:
    came(office)
    office.crm.replies[email_of(office).key] = RecordReply(
        ReplyState.SUPPRESSED, "PREVIOUSLY_BOUNCED", because="a bounced address"
    )
    office.let_pass(SETTLE)
    assert email_of(office).state is ChangeState.WITHDRAWN
    assert told(office) == [("suppressed", "PREVIOUSLY_BOUNCED")]
    assert office.lead().lead.suppressed_by == "a bounced address"

    office.clock.moment += timedelta(minutes=1)
    office.receive(changed("hs_back", "1", at=office.clock.now())).let_pass(SETTLE)
    assert office.lead().lead.enrolments[-1].reason == "messages were stopped by a bounced address"

    give(office.store, ACME, office.lead().id, CommandName.LIFT, office.clock.now())
    office.let_pass(timedelta(minutes=1))
    assert office.lead().lead.suppressed_by == ""


def test_an_email_that_was_withdrawn_stays_so_when_the_lead_is_folded_anew(office: Office) -> None:
    came(office)
    office.crm.records["51"]["hs_email_optout"] = "true"
    office.let_pass(SETTLE)
    office.crm.records["51"]["hs_email_optout"] = "false"
    office.receive(changed("hs_email_optout", "false", at=office.clock.now())).let_pass(timedelta(days=1))

    office.receive(changed("firstname", "Adele", at=START + timedelta(seconds=1))).let_pass(timedelta(days=1))

    assert mailed(office) == []
    assert email_of(office).state is ChangeState.WITHDRAWN
