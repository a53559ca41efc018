"""One email over which we stumble at the door holds up no other."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.domain.decide import Decision, fold
from connector.domain.definitions import Definitions, EmailRule
from connector.domain.draft import Books
from connector.domain.fact import Fact
from connector.domain.field import Field, FieldRole, FieldType
from connector.domain.ids import LeadId, WorkspaceId
from connector.domain.lead import Lead
from connector.domain.outward.change import ChangeKind, ChangeState
from connector.domain.programs.program import EmailSend
from connector.engine.outward import door
from connector.errors import CrmUnavailableError, StoreUnavailableError, UnreadableReplyError
from connector.ports import CrmRecord, CurrentLead, OutboxChange
from connector.store.leads import StoredLeads
from tests.builders import CRM, FIELDS, activity, definitions, phase, program
from tests.office import FakeCrm, Office, clicked, contact, sqlite_url

OPTED_OUT = Field("opted_out", FieldType.BOOLEAN, {CRM: ("hs_email_optout",)}, role=FieldRole.CONSENT)
SETTLE = timedelta(minutes=10)
A_WHILE = timedelta(minutes=15)
BAD = "52"
Break = Callable[[pytest.MonkeyPatch, Office], None]


def book() -> Definitions:
    return definitions(
        "v1",
        fields=(*FIELDS, OPTED_OUT),
        programs=(program("p", phase("one", activity("mail", EmailSend("report"))), enrol="clicked"),),
        emails=(EmailRule("report", {CRM: 12}),),
        settle=SETTLE,
    )


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Three leads, of each of whom an email waits."""
    opened = Office(sqlite_url(tmp_path), book()).open()
    opened.crm.records |= {id_: {"email": f"{id_}@example.com"} for id_ in ("51", BAD, "53")}
    opened.receive(*(clicked("offer", id_) for id_ in ("51", BAD, "53"))).work()
    assert len(opened.outbox(ChangeState.PENDING)) == 3
    yield opened
    opened.close()


def mailed(office: Office) -> set[str]:
    return {record_id for record_id, act in office.crm.acts.values() if act.email}


def waiting(office: Office) -> Sequence[OutboxChange]:
    return office.outbox(ChangeState.PENDING, ChangeState.ATTEMPTED)


def break_folding(patch: pytest.MonkeyPatch, office: Office) -> None:
    """A defect of ours that this lead's record brings to light."""
    bad = office.lead(BAD).id

    def stumble(books: Books, lead: Lead, facts: Sequence[Fact], now: Any) -> Decision:
        if lead.id == bad:
            raise RuntimeError("a defect")
        return fold(books, lead, facts, now)

    patch.setattr(door, "fold", stumble)


def break_reading(patch: pytest.MonkeyPatch, office: Office) -> None:
    """What we keep of this lead cannot be understood."""
    bad, current = office.lead(BAD).id, StoredLeads.current

    def stumble(
        leads: StoredLeads, workspace: WorkspaceId, lead_ids: Collection[LeadId]
    ) -> Mapping[LeadId, CurrentLead]:
        if bad in lead_ids:
            raise ValueError("no lead at all")
        return current(leads, workspace, lead_ids)

    patch.setattr(StoredLeads, "current", stumble)


def break_record(patch: pytest.MonkeyPatch, office: Office) -> None:
    """The CRM refuses every call in which this record is."""
    fetch = FakeCrm.fetch_records

    def refuse(crm: FakeCrm, record_ids: Sequence[str], properties: Sequence[str]) -> Mapping[str, CrmRecord]:
        records = fetch(crm, record_ids, properties)
        if BAD in record_ids:
            raise UnreadableReplyError("400")
        return records

    patch.setattr(FakeCrm, "fetch_records", refuse)


DEFECTS = pytest.mark.parametrize("defect", [break_folding, break_reading, break_record])


@DEFECTS
def test_an_email_over_which_we_stumble_holds_up_no_other(
    office: Office, monkeypatch: pytest.MonkeyPatch, defect: Break
) -> None:
    defect(monkeypatch, office)

    office.let_pass(SETTLE)

    assert mailed(office) == {"51", "53"}
    (change,) = waiting(office)
    assert (change.record_id, change.state, change.attempts) == (BAD, ChangeState.PENDING, 0)
    assert change.due_at == office.clock.now() + A_WHILE
    assert change.words == "put off: it could not be looked at; the log says why"


@DEFECTS
def test_it_leaves_once_the_defect_is_mended(office: Office, defect: Break) -> None:
    with pytest.MonkeyPatch.context() as patch:
        defect(patch, office)
        office.let_pass(SETTLE).let_pass(A_WHILE)
        assert mailed(office) == {"51", "53"}

    office.let_pass(A_WHILE)

    assert mailed(office) == {"51", BAD, "53"}
    assert waiting(office) == []


@DEFECTS
def test_an_email_that_leaves_alone_and_over_which_we_stumble_is_left_alone_for_a_while(
    office: Office, monkeypatch: pytest.MonkeyPatch, defect: Break
) -> None:
    office.crm.batch_sizes = dict.fromkeys(ChangeKind, 1)
    defect(monkeypatch, office)

    office.let_pass(SETTLE).let_pass(timedelta(minutes=1))

    assert mailed(office) == {"51", "53"}
    (change,) = waiting(office)
    assert change.due_at >= office.clock.now() + A_WHILE - timedelta(minutes=1)


@DEFECTS
def test_the_log_says_over_whose_email_we_stumbled(
    office: Office, monkeypatch: pytest.MonkeyPatch, defect: Break, capsys: pytest.CaptureFixture[str]
) -> None:
    defect(monkeypatch, office)
    capsys.readouterr()

    office.let_pass(SETTLE)

    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    (parked,) = (line for line in lines if line["event"] == "email.parked")
    assert parked["level"] == "error"
    assert parked["lead"] == office.lead(BAD).id
    assert parked["exception"]


def test_an_email_in_doubt_over_which_we_stumble_stays_in_doubt(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.crm.after = [CrmUnavailableError("no answer")]
    office.clock.moment += SETTLE
    office.calls.run_once()
    assert {change.state for change in waiting(office)} == {ChangeState.ATTEMPTED}
    break_folding(monkeypatch, office)

    office.let_pass(timedelta(hours=1))

    (change,) = waiting(office)
    assert (change.record_id, change.state, change.attempts) == (BAD, ChangeState.ATTEMPTED, 1)


def test_a_database_that_fails_is_no_defect_of_one_email(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Decision:
        raise StoreUnavailableError("gone")

    office.clock.moment += SETTLE
    with monkeypatch.context() as patch:
        patch.setattr(door, "fold", fail)
        with pytest.raises(StoreUnavailableError):
            office.calls.run_once()

    office.work()
    assert mailed(office) == {"51", BAD, "53"}


def test_records_that_were_not_reached_are_asked_for_again_and_lose_no_email(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch, asked = FakeCrm.fetch_records, []

    def halve(crm: FakeCrm, record_ids: Sequence[str], properties: Sequence[str]) -> Mapping[str, CrmRecord]:
        asked.append(tuple(record_ids))
        if len(asked) == 1:
            raise UnreadableReplyError("400")
        if len(asked) == 3:
            raise CrmUnavailableError("503")
        return fetch(crm, record_ids, properties)

    monkeypatch.setattr(FakeCrm, "fetch_records", halve)
    office.clock.moment += SETTLE
    office.calls.run_once()
    assert mailed(office) == set()

    office.let_pass(timedelta(minutes=1))

    assert mailed(office) == {"51", BAD, "53"}
    assert contact("51") in office.lead("51").refs
